"""Data frames to matplotlib figures. Nothing here saves or shows; every run is drawn, not only a mean."""

from rnnlab.figures.curves import curves
from rnnlab.figures.scores import against_number, scores
from rnnlab.figures.style import COLORS, LABELS, PALETTE, finish, looks, mean_interval
from rnnlab.figures.tables import heat_map, intervals

__all__ = [
    "COLORS",
    "LABELS",
    "PALETTE",
    "against_number",
    "curves",
    "finish",
    "heat_map",
    "intervals",
    "looks",
    "mean_interval",
    "scores",
]
