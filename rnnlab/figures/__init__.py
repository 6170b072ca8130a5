"""Data frames to matplotlib figures. Nothing here saves or shows; every run is drawn, not only a mean."""

from rnnlab.figures.addition import accuracy_by_epoch, error_map
from rnnlab.figures.cells import COLORS, LABELS
from rnnlab.figures.digit_sums import accuracy_by_update, first_perfect_map, mistakes_by_length
from rnnlab.figures.sales import REFERENCES, forecast_panels, score_by_units

__all__ = [
    "COLORS",
    "LABELS",
    "REFERENCES",
    "accuracy_by_epoch",
    "accuracy_by_update",
    "error_map",
    "first_perfect_map",
    "forecast_panels",
    "mistakes_by_length",
    "score_by_units",
]
