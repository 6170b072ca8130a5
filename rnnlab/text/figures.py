"""Drawings of the text classifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rnnlab import figures
from rnnlab.figures.style import BLUE, VERMILION

PANELS = {("loss", "test_loss"): "loss", ("accuracy", "test_accuracy"): "accuracy"}


def curves_of_cells(history: pd.DataFrame, *, title: str) -> Figure:
    """Loss and accuracy after each epoch, in training and on test texts.

    Args:
        history: columns cell, seed, epoch, loss, accuracy, test_loss, test_accuracy.
    """
    labels = {name: word for pair in PANELS for name, word in zip(pair, ("training, with dropout", "test"), strict=True)}
    options: dict[str, Any] = {"labels": labels | PANELS, "units": {"accuracy": "fraction right"}}
    return figures.curves(history, "epoch", list(PANELS), arm="cell", title=title, **options)


def confusion(counts: Mapping[str, pd.DataFrame], *, title: str) -> Figure:
    """A panel per cell: test texts of each class (row) by the predicted class (column), mean of the seeds.

    Args:
        counts: by cell, shape (classes, classes).
    """
    fractions = {cell: table.div(np.maximum(table.sum(axis=1), 1), axis=0) for cell, table in counts.items()}
    text = {cell: table.map("{:.3g}".format) for cell, table in counts.items()}
    return figures.heat_map(
        fractions, title=f"{title}: test texts, mean of the seeds", rows="true class", columns="predicted class",
        label="fraction of the class", text=text, limits=(0, 1),
    )  # fmt: skip


def norms_by_epoch(curves: pd.DataFrame, *, title: str) -> Figure:
    """The norm of the gradient before clipping in each epoch, a panel per arm: the largest, the median, the threshold.

    Args:
        curves: columns arm, seed, epoch, norm_median, norm_max, clip_norm (nan where nothing is clipped).
    """
    norms = ("norm_max", "norm_median")
    labels = {"norm_max": "largest of the epoch", "norm_median": "median", norms: "norm of the gradient"}
    look: dict[str, Any] = {"title": f"{title}; dashed in red: what it is clipped to", "labels": labels, "log": True}
    figure = figures.curves(curves.assign(all="network"), "epoch", [norms], arm="all", panels="arm", **look)
    for axis, (_, part) in zip(figure.axes, curves.groupby("arm", sort=False), strict=False):
        if np.isfinite(clip := part.clip_norm.iloc[0]):
            axis.axhline(clip, color=VERMILION, linestyle="--", linewidth=1)
    return figure


def reliability_diagram(bins: pd.DataFrame, *, title: str) -> Figure:
    """Accuracy against confidence, before and after the fitted temperature, a panel per arm; every run thin, all runs thick.

    The area of a point is the fraction of the predictions that have this confidence.

    Args:
        bins: columns arm, seed, bin, and count, confidence, accuracy, with and without tempered_ before them.
    """
    arms = list(dict.fromkeys(bins.arm))
    figure = Figure(figsize=(max(7.5, 3.7 * len(arms) + 0.6), 4.8), layout="constrained")
    axes = figure.subplots(1, len(arms), squeeze=False, sharey=True)[0]
    sides = {"": ("as trained", VERMILION, "o"), "tempered_": ("with the fitted temperature", BLUE, "s")}
    for axis, arm in zip(axes, arms, strict=True):
        axis.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle=":")
        for prefix, (_, color, marker) in sides.items():
            part = bins.assign(**{name: bins[f"{prefix}{name}"] for name in ("count", "confidence", "accuracy")})
            part = part[(part.arm == arm) & (part["count"] > 0)]
            for _, run in part.groupby("seed"):
                axis.plot(run.confidence, run.accuracy, color=color, linewidth=0.6, alpha=0.4)
            weights = part["count"].groupby(part.bin).sum()
            means = part[["confidence", "accuracy"]].mul(part["count"], axis=0).groupby(part.bin).sum().div(weights, axis=0)
            axis.plot(means.confidence, means.accuracy, color=color, linewidth=2)
            axis.scatter(means.confidence, means.accuracy, 4 + 200 * weights / weights.sum(), color=color, marker=marker)
        axis.set_title(arm, fontsize=10)
        axis.set(xlabel="confidence (probability)", xlim=(0, 1.05), ylim=(-0.05, 1.05))
        axis.grid(alpha=0.2)
    axes[0].set_ylabel("accuracy (fraction right)")
    handles = [Line2D([], [], color=color, marker=marker, linewidth=2, label=name) for name, color, marker in sides.values()]
    note = "thick: all runs together, the larger a point the more predictions; thin: every run"
    return figures.finish(figure, title, note, handles)
