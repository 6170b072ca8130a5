"""Figures of the row classifier's studies."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

NAMES = {
    "train_loss": "loss, training batch",
    "test_loss": "loss, test batch",
    "train_accuracy": "accuracy, training batch",
    "test_accuracy": "accuracy, test batch",
}


def curves_by_update(curves: pd.DataFrame, measures: Sequence[str], *, title: str) -> Figure:
    """Measures against updates, a panel each: a line per arm (mean of its seeds) with the band over all seeds.

    Args:
        curves: columns arm, seed, update and the measures. Seeds that diverged (nan) are left out of line and band.
    """
    figure = Figure(figsize=(5.2 * len(measures), 4.6), layout="constrained")
    axes = figure.subplots(1, len(measures), squeeze=False)[0]
    colors = _colors(list(dict.fromkeys(curves.arm)))
    for axis, measure in zip(axes, measures, strict=True):
        _lines(axis, curves, measure, colors)
        axis.set_title(NAMES[measure], fontsize=10)
    _legend(figure, axes[0])
    figure.suptitle(f"{title}\nline: mean of the seeds, band: all of them", fontsize=11)
    return figure


def grid_of_rates(curves: pd.DataFrame, measure: str, *, title: str) -> Figure:
    """A measure against updates, a panel per learning rate, a line per optimizer with the band over its seeds.

    Args:
        curves: columns optimizer, learning_rate, seed, update and the measure.
    """
    rates = sorted(set(curves.learning_rate), reverse=True)
    figure = Figure(figsize=(10, 3.6 * -(-len(rates) // 2)), layout="constrained")
    axes = figure.subplots(-(-len(rates) // 2), 2, squeeze=False, sharex=True, sharey=True).ravel()
    colors = _colors(list(dict.fromkeys(curves.optimizer)))
    for axis, rate in zip(axes, rates, strict=False):
        _lines(axis, curves[curves.learning_rate == rate].assign(arm=lambda part: part.optimizer), measure, colors)
        axis.set_title(f"learning rate {rate:g}", fontsize=10)
    for axis in axes[len(rates) :]:
        axis.set_visible(False)
    _legend(figure, axes[0])
    figure.suptitle(f"{title}: {NAMES[measure]}\nline: mean of the seeds, band: all of them", fontsize=11)
    return figure


def score_by_number(runs: pd.DataFrame, number: str, published: pd.DataFrame, *, title: str, label: str) -> Figure:
    """Train and test loss of every run against a setting that is a number, with their means and the published means.

    Args:
        runs: columns `number`, train_loss, test_loss.
        published: columns split ("train" or "test"), `number`, mean.
    """
    figure = Figure(figsize=(9, 5), layout="constrained")
    axis = figure.subplots()
    for color, split in (("tab:blue", "train"), ("tab:orange", "test")):
        means = runs.groupby(number)[f"{split}_loss"].mean()
        axis.plot(runs[number], runs[f"{split}_loss"], ".", color=color, alpha=0.35, markersize=5)
        axis.plot(means.index, means, "-", color=color, label=f"{split} loss, ours (dots: every run)")
        theirs = published[published.split == split]
        axis.plot(theirs[number], theirs["mean"], "x", color=color, markersize=6, label=f"{split} loss, published means")
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%g"))
    axis.set_xlabel(label)
    axis.set_ylabel("loss, mean of the last updates")
    axis.grid(alpha=0.2)
    axis.legend(frameon=False, fontsize=9)
    axis.set_title(title, fontsize=11)
    return figure


def every_score(runs: pd.DataFrame, measures: Sequence[str], published: pd.DataFrame | None, *, title: str) -> Figure:
    """The score of every run by arm, a panel per measure, beside the published mean and standard deviation.

    Args:
        runs: columns arm and the measures; runs that diverged have no dot.
        published: columns arm, measure, mean, sd; or None.
    """
    arms = list(dict.fromkeys(runs.arm))
    figure = Figure(figsize=(max(4.0, 0.45 * len(arms) + 2.0) * len(measures), 4.6), layout="constrained")
    axes = figure.subplots(1, len(measures), squeeze=False)[0]
    for axis, measure in zip(axes, measures, strict=True):
        for place, arm in enumerate(arms):
            scores = runs.loc[runs.arm == arm, measure].to_numpy()
            spread = np.linspace(-0.15, 0.15, len(scores)) if len(scores) > 1 else np.zeros(len(scores))
            axis.plot(place + spread, scores, ".", color="tab:blue", alpha=0.6, label="every run" if not place else None)
        if published is not None:
            theirs = published[(published.measure == measure) & published.arm.isin(arms)]
            places = [arms.index(arm) + 0.3 for arm in theirs.arm]
            axis.errorbar(
                places, theirs["mean"], theirs.sd, fmt="x", color="tab:red", capsize=2, linewidth=1, label="published, s"
            )
        axis.set_xticks(range(len(arms)), arms, rotation=90 if len(arms) > 5 else 0, fontsize=8)
        axis.set_title(NAMES[measure], fontsize=10)
        axis.grid(alpha=0.2)
        if measure.endswith("loss") and np.nanmax(runs[measure], initial=0) > 20 * np.nanmin(runs[measure], initial=np.inf):
            axis.set_yscale("log")
    _legend(figure, axes[0])
    figure.suptitle(title, fontsize=11)
    return figure


def _colors(arms: list[str]) -> dict[str, object]:
    if len(arms) <= 4:
        return {arm: f"C{place}" for place, arm in enumerate(arms)}
    return dict(zip(arms, matplotlib.colormaps["viridis"](np.linspace(0, 0.92, len(arms))), strict=True))


def _lines(axis: Axes, curves: pd.DataFrame, measure: str, colors: dict[str, object]) -> None:
    diverged = []
    for arm, color in colors.items():
        runs = curves[curves.arm == arm].pivot(index="update", columns="seed", values=measure)
        whole = runs.loc[:, runs.notna().all()]
        if whole.shape[1] < runs.shape[1]:
            diverged.append(f"{arm}: {runs.shape[1] - whole.shape[1]} of {runs.shape[1]} diverged")
        if not whole.empty:
            axis.fill_between(whole.index, whole.min(axis=1), whole.max(axis=1), color=color, alpha=0.15, linewidth=0)
        axis.plot(whole.index, whole.mean(axis=1), color=color, linewidth=1.5, label=arm)
    axis.text(0.98, 0.97, "\n".join(diverged), transform=axis.transAxes, ha="right", va="top", fontsize=8)
    if measure.endswith("loss"):
        axis.set_yscale("log")
    axis.set_xlabel("update")
    axis.grid(alpha=0.2)


def _legend(figure: Figure, axis: Axes) -> None:
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(5, max(1, len(labels))), frameon=False, fontsize=9)
