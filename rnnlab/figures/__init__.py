"""Data frames to matplotlib figures. Nothing here saves or shows; every run is drawn, not only a mean."""

from rnnlab.figures.addition import accuracy_by_epoch, error_map
from rnnlab.figures.by_hand import gradient_errors, loss_by_update, spread_between_units
from rnnlab.figures.cells import COLORS, LABELS
from rnnlab.figures.digit_sums import accuracy_by_update, first_perfect_map, mistakes_by_length
from rnnlab.figures.image_rows import NAMES, curves_by_update, every_score, grid_of_rates, score_by_number
from rnnlab.figures.poems import curves_by_arm, learning_curves, temperatures
from rnnlab.figures.sales import REFERENCES, forecast_panels, score_by_units
from rnnlab.figures.texts import (
    accuracy_by_cell,
    confusion_of_cells,
    curves_of_cells,
    losses_by_size,
    norms_by_pass,
    reliability_diagram,
    scores_by_arm,
)

__all__ = [
    "COLORS",
    "LABELS",
    "NAMES",
    "REFERENCES",
    "accuracy_by_cell",
    "accuracy_by_epoch",
    "accuracy_by_update",
    "confusion_of_cells",
    "curves_by_arm",
    "curves_by_update",
    "curves_of_cells",
    "error_map",
    "every_score",
    "first_perfect_map",
    "forecast_panels",
    "gradient_errors",
    "grid_of_rates",
    "learning_curves",
    "loss_by_update",
    "losses_by_size",
    "mistakes_by_length",
    "norms_by_pass",
    "reliability_diagram",
    "score_by_number",
    "score_by_units",
    "scores_by_arm",
    "spread_between_units",
    "temperatures",
]
