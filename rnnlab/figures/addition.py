"""Figures of the sequence-to-sequence adder."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from rnnlab.figures.cells import COLORS, LABELS


def accuracy_by_epoch(history: pd.DataFrame, *, title: str) -> Figure:
    """Right out of ten questions, and the share of sums that are wrong, after each pass: a line per cell over all its runs.

    Args:
        history: columns cell, seed, epoch, right_of_ten (0 to 10), exact (share of the held-out sums that are right).
    """
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    published, wrong = figure.subplots(1, 2)
    floor = 0.5 * (1 - history.exact[history.exact < 1]).min() if (history.exact < 1).any() else 1e-4
    for place, (cell, group) in enumerate(history.groupby("cell", sort=False)):
        color, label = COLORS.get(str(cell), f"C{place}"), LABELS.get(str(cell), str(cell))
        _runs(published, group, "right_of_ten", color, label)
        _runs(wrong, group.assign(wrong=(1 - group.exact).clip(lower=floor)), "wrong", color, label)
    published.set_ylabel("right out of 10 random held-out questions")
    published.set_ylim(-0.3, 10.3)
    wrong.set_ylabel("held-out sums that are wrong")
    wrong.set_yscale("log")
    wrong.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
    wrong.axhline(floor, color="0.7", linewidth=0.8, linestyle=":")
    wrong.text(0.99, floor, "none", transform=wrong.get_yaxis_transform(), ha="right", va="bottom", fontsize=8, color="0.4")
    for axis in (published, wrong):
        axis.set_xlabel("pass")
        axis.grid(alpha=0.2)
    figure.legend(*published.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    figure.suptitle(f"{title}\nline: median of the seeds, band: 80 % of them, thin lines: each", fontsize=11)
    return figure


def _runs(axis: Axes, group: pd.DataFrame, name: str, color: str, label: str) -> None:
    runs = group.pivot(index="epoch", columns="seed", values=name)
    if runs.shape[1] > 1:
        for seed in runs:
            axis.plot(runs.index, runs[seed], color=color, linewidth=0.5, alpha=0.3)
        low, high = runs.quantile(0.1, axis=1), runs.quantile(0.9, axis=1)
        axis.fill_between(runs.index, low, high, color=color, alpha=0.2, linewidth=0)
    axis.plot(runs.index, runs.median(axis=1), color=color, linewidth=2, marker=".", label=label)


def error_map(shares: Mapping[str, np.ndarray], wrong: Mapping[str, float], *, limit: int, title: str) -> Figure:
    """Where in the plane of operands the sums are wrong: a panel per cell.

    Args:
        shares: for each cell the share of sums that are wrong, shape (n, n), first operand along axis 0; nan where none was
            asked.
        wrong: for each cell the share of all sums that are wrong.
        limit: operands run from 0 to `limit` - 1.
    """
    figure = Figure(figsize=(4.6 * len(shares) + 1.2, 4.9), layout="constrained")
    axes = figure.subplots(1, len(shares), squeeze=False)[0]
    seen = np.concatenate([share[np.isfinite(share) & (share > 0)] for share in shares.values()] or [np.empty(0)])
    norm = LogNorm(seen.min() if len(seen) else 1e-4, max(seen.max(), 2 * seen.min()) if len(seen) else 1)
    for axis, (cell, share) in zip(axes, shares.items(), strict=True):
        extent = (0.0, float(limit), 0.0, float(limit))
        image = axis.imshow(share.T, origin="lower", extent=extent, norm=norm, cmap="magma_r", interpolation="nearest")
        axis.set_title(f"{LABELS.get(cell, cell)}: {wrong[cell]:.3%} wrong", fontsize=10)
        axis.set_xlabel("one operand")
        axis.set_facecolor("0.96")
    axes[0].set_ylabel("the other")
    bar = figure.colorbar(image, ax=list(axes), shrink=0.8, label="share of the sums that are wrong; grey: none")
    bar.ax.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
    bar.ax.yaxis.set_minor_formatter(NullFormatter())
    figure.suptitle(title, fontsize=11)
    return figure
