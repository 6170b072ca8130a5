"""Forecasts in sales units: of the test months, of months ahead, and those that cost no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rnnlab.sales.data import SalesData, supervised_pairs
from rnnlab.state import reset_state

if TYPE_CHECKING:
    import keras

REFERENCES = {
    "persistence": "persistence",
    "drift": "drift",
    "seasonal_naive": "seasonal naive",
    "moving_average": "moving average of 3",
    "linear_trend": "linear trend",
    "ar1": "AR(1) on differences",
}


def walk_forward(data: SalesData, outputs: np.ndarray) -> np.ndarray:
    """Forecasts in sales units from network outputs.

    Args:
        outputs: for every row of `data`, shape (..., n - 1, 1), as `Replicas.predict(data.x)` gives them.

    Returns:
        Forecasts of months 2 to n, each from the true month before it, shape (..., n - 1).
    """
    return data.values[:-1] + data.y_scale.from_unit(np.asarray(outputs, dtype="float64"))[..., 0]


def rmse(forecasts: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Root mean square error over the last axis."""
    return np.sqrt(np.mean((np.asarray(forecasts) - np.asarray(actual)) ** 2, axis=-1))


def reference_forecasts(data: SalesData, season: int | None = 12) -> dict[str, np.ndarray]:
    """One-step forecasts of the test months that cost no network, each of shape (test_size,).

    `persistence`: the month before. `drift`: that plus the mean slope of the training months. `seasonal_naive`: the same month
    one season before; nan where the series does not reach back that far or `season` is None. `moving_average`: the last three
    months. `linear_trend`: a line through all months before, fitted anew each month. `ar1` (`ar<lags>`): a linear regression on
    the training pairs of the network, fitted once.
    """
    values, first = data.values, len(data.values) - data.test_size
    months, before = range(first, len(values)), values[first - 1 : -1]
    slope = (values[first - 1] - values[0]) / (first - 1)
    lags = data.x.shape[-1]
    inputs, targets = supervised_pairs(values, lags)
    design = np.column_stack([np.ones(len(inputs)), inputs])
    coefficients = np.linalg.lstsq(design[: data.train_size], targets[: data.train_size], rcond=None)[0]

    def line(month: int) -> float:
        return float(np.polyval(np.polyfit(np.arange(month), values[:month], 1), month))

    return {
        "persistence": before,
        "drift": before + slope,
        "seasonal_naive": np.array([values[m - season] if season and m >= season else np.nan for m in months]),
        "moving_average": np.array([values[max(0, month - 3) : month].mean() for month in months]),
        "linear_trend": np.array([line(month) for month in months]),
        f"ar{lags}": before + (design[data.train_size :] @ coefficients)[:, 0],
    }


def forecast_ahead(model: keras.Model, data: SalesData, horizon: int) -> np.ndarray:
    """Forecasts of the `horizon` months after the end, in sales units, each from the forecasts before it.

    The network first reads the whole series from a zero state; its state afterwards is the one that it ends with.
    """
    import keras

    reset_state(model)
    for row in data.x:
        model(row[None])
    lags = data.x.shape[-1]
    differences = list(supervised_pairs(data.values, lags)[1][:, 0])
    level, forecasts = float(data.values[-1]), []
    for _ in range(horizon):
        inputs = data.x_scale.to_unit(np.array(([0.0] * lags + differences)[-lags:]))
        output = keras.ops.convert_to_numpy(model(inputs.astype("float32")[None, None]))
        differences.append(float(data.y_scale.from_unit(output.astype("float64"))[0, 0]))
        level += differences[-1]
        forecasts.append(level)
    return np.array(forecasts)
