"""A monthly series, a stateful network that forecasts it one step ahead, and the naive forecasts that it must beat.

The protocol: difference at lag 1; pairs of the previous differences (zeros before the first) and this one; both scaled to
[-1, 1] by the training rows only; one sample a step, in order, through a network whose state runs on; then the forecast of
each test month with the true history before it, brought back to sales units.
"""

from rnnlab.sales.data import SalesData, Scale, prepare, supervised_pairs
from rnnlab.sales.forecasts import forecast_ahead, reference_forecasts, rmse, walk_forward
from rnnlab.sales.network import build_sales_forecaster

__all__ = [
    "SalesData",
    "Scale",
    "build_sales_forecaster",
    "forecast_ahead",
    "prepare",
    "reference_forecasts",
    "rmse",
    "supervised_pairs",
    "walk_forward",
]
