"""Where the sequence-to-sequence adder is wrong."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from rnnlab.figures.style import finish, name_of


def error_map(fractions: Mapping[str, np.ndarray], wrong: Mapping[str, float], *, limit: int, title: str) -> Figure:
    """Where in the plane of operands the sums are wrong: a panel per cell.

    Args:
        fractions: for each cell the fraction of sums that are wrong, shape (n, n), first operand along axis 0; nan where none
            was asked.
        wrong: for each cell the fraction of all sums that are wrong.
        limit: operands run from 0 to `limit` - 1.
    """
    figure = Figure(figsize=(max(7.5, 4.6 * len(fractions) + 1.2), 5), layout="constrained")
    axes = figure.subplots(1, len(fractions), squeeze=False, sharey=True)[0]
    seen = np.concatenate([each[np.isfinite(each) & (each > 0)] for each in fractions.values()] or [np.empty(0)])
    lowest = seen.min() if len(seen) else 1e-4
    norm = LogNorm(lowest, max(seen.max(), 2 * lowest) if len(seen) else 1)
    colors = colormaps["viridis_r"].with_extremes(under="0.8", bad="white")
    for axis, (cell, fraction) in zip(axes, fractions.items(), strict=True):
        shown = np.where(fraction == 0, lowest / 2, fraction).T
        image = axis.imshow(shown, origin="lower", extent=(0, limit, 0, limit), norm=norm, cmap=colors, interpolation="nearest")
        axis.set_title(f"{name_of(cell)}: {100 * wrong[cell]:.4g} % wrong", fontsize=10)
        axis.set_xlabel("one operand")
    axes[0].set_ylabel("the other operand")
    label = "sums that are wrong (%); grey: none, white: none asked"
    bar = figure.colorbar(image, ax=list(axes), shrink=0.8, label=label, ticks=LogLocator(subs=(1, 2, 5)))
    bar.ax.yaxis.set_major_formatter(lambda fraction, _: f"{100 * fraction:g}")
    bar.ax.yaxis.set_minor_formatter(NullFormatter())
    return finish(figure, title)
