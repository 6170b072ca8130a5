"""Figures of the LSTM by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter


def gradient_errors(errors: pd.DataFrame, by_step: pd.DataFrame, *, published: float, step: float) -> Figure:
    """Relative errors of gradients against central differences: by parameter at one step, and their mean by step.

    Args:
        errors: columns seed, parameter, mean_error, worst_error, at `step`.
        by_step: columns seed, step, mean_error, the mean over all numbers of all parameters.
        published: a mean relative error to draw beside ours.
    """
    figure = Figure(figsize=(12.5, 5.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    names = list(dict.fromkeys(errors.parameter))
    places = errors.parameter.map(names.index)
    spread = (errors.seed.rank(method="dense") / (errors.seed.nunique() + 1) - 0.5) * 0.5
    left.plot(errors.worst_error, places + spread, "x", color="tab:red", alpha=0.7, markersize=5, label="worst, one seed")
    left.plot(errors.mean_error, places + spread, "o", color="tab:blue", alpha=0.7, markersize=4, label="mean, one seed")
    left.set_yticks(range(len(names)), names, fontsize=9)
    left.invert_yaxis()
    left.axvline(published, color="0.3", linestyle="--", linewidth=1, label=f"published mean, {published:g}")
    left.set_xscale("log")
    left.set_xlabel("relative error (no unit)")
    left.set_ylabel("parameter")
    left.set_title(f"against differences with step {step:g}", fontsize=11)

    curves = by_step.pivot(index="step", columns="seed", values="mean_error")
    for seed in curves:
        right.plot(curves.index, curves[seed], ".-", color="tab:blue", linewidth=0.8, alpha=0.6)
    right.plot(step, published, "D", color="0.3", label=f"published, {published:g} at step {step:g}")
    right.plot([], [], ".-", color="tab:blue", label="ours, a line per seed")
    large, small = np.array(curves.index[-3:]), np.array(curves.index[:3])
    right.plot(large, 2 * curves.iloc[-1].max() * (large / large[-1]) ** 2, ":", color="0.4", label="slope of step²")
    right.plot(small, 2 * curves.iloc[0].max() * small[0] / small, "--", color="0.4", label="slope of 1 / step")
    right.set_xscale("log")
    right.set_yscale("log")
    right.set_xlabel("step of the differences (units of the parameter)")
    right.set_ylabel("mean relative error (no unit)")
    right.set_title("too large a step is inexact, too small a one rounds", fontsize=11)
    right.legend(frameon=False, fontsize=9)
    for axis in (left, right):
        axis.grid(alpha=0.2)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower left", ncols=3, frameon=False, fontsize=9)
    return figure


def loss_by_update(history: pd.DataFrame, *, title: str) -> Figure:
    """Training loss against updates, a line per arm (mean of its seeds), every seed thin.

    Args:
        history: columns arm, seed, update, loss.
    """
    figure = Figure(figsize=(9, 5.4), layout="constrained")
    axis = figure.subplots()
    _curves(axis, history, "loss")
    axis.set_ylabel("cross-entropy of the batch (nats a letter)")
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter(NullFormatter())
    axis.set_title(f"{title}\nline: mean of the seeds, thin lines: each seed", fontsize=11)
    axis.legend(frameon=False, fontsize=9)
    return figure


def spread_between_units(history: pd.DataFrame, *, title: str) -> Figure:
    """How far the outputs of the units lie apart, and the loss, against updates: a line per arm, every seed thin.

    Args:
        history: columns arm, seed, update, spread, loss.
    """
    figure = Figure(figsize=(12, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    styles = ("-", "-", "--")  # arms without any spread coincide, and must both be seen
    _curves(left, history, "spread", styles)
    left.axhline(0, color="0.7", linewidth=0.8, zorder=0)
    left.set_ylabel("standard deviation of h over the units")
    left.set_title("how far the units lie apart (h runs from -1 to 1)", fontsize=11)
    _curves(right, history, "loss", styles)
    right.set_ylim(bottom=0)
    right.set_ylabel("cross-entropy of the batch (nats a letter)")
    right.set_title("what they learn", fontsize=11)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    figure.suptitle(f"{title}\nline: mean of the seeds, thin lines: each seed", fontsize=11)
    return figure


def _curves(axis: Axes, history: pd.DataFrame, measure: str, styles: Sequence[str] = ("-",)) -> None:
    for place, (arm, group) in enumerate(history.groupby("arm", sort=False)):
        runs = group.pivot(index="update", columns="seed", values=measure)
        for seed in runs:
            axis.plot(runs.index, runs[seed], color=f"C{place}", linewidth=0.6, alpha=0.45)
        axis.plot(
            runs.index, runs.mean(axis=1), color=f"C{place}", linewidth=2, linestyle=styles[place % len(styles)], label=arm
        )
    axis.set_xlabel("update")
    axis.grid(alpha=0.2)
