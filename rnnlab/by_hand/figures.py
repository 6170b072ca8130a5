"""Drawings of the LSTM by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rnnlab import figures
from rnnlab.figures.style import BLUE, VERMILION, Scale, set_scale


def gradient_errors(errors: pd.DataFrame, by_step: pd.DataFrame, *, published: float, step: float) -> Figure:
    """Relative errors of gradients against central differences: by parameter at one step, and their mean by step.

    Args:
        errors: columns seed, parameter, mean_error, worst_error, at `step`.
        by_step: columns seed, step, mean_error, the mean over all numbers of all parameters.
        published: a mean relative error to draw with ours.
    """
    figure = Figure(figsize=(12.5, 5.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    names = list(dict.fromkeys(errors.parameter))
    spread = (errors.seed.rank(method="dense") / (errors.seed.nunique() + 1) - 0.5) * 0.5
    dashed: dict[str, Any] = {"color": "0.3", "linestyle": "--", "linewidth": 1}
    places = errors.parameter.map(names.index) + spread
    handles = left.plot(errors.worst_error, places, "x", color=VERMILION, alpha=0.8, label="worst of a parameter")
    handles += left.plot(errors.mean_error, places, "o", color=BLUE, alpha=0.7, markersize=5, label="mean of a parameter")
    left.axvline(published, **dashed)
    left.set_yticks(range(len(names)), names, fontsize=9)
    set_scale(left, "x", Scale(True), list(errors[["mean_error", "worst_error"]].to_numpy().reshape(-1, 1)), [published])
    left.set(xlabel="relative error (no unit)", ylabel="parameter", ylim=(len(names) - 0.5, -0.5))
    left.set_title(f"differences with step {step:g}", fontsize=10)

    runs = by_step.pivot(index="step", columns="seed", values="mean_error")
    handles += right.plot(runs.index, runs, ".-", color=BLUE, linewidth=0.8, alpha=0.6, label="mean of all numbers")[:1]
    handles += right.plot(step, published, "D", label=f"published mean, {published:g}", **dashed)
    large, small = np.array(runs.index[-3:]), np.array(runs.index[:3])
    slopes = [2 * runs.iloc[-1].max() * (large / large[-1]) ** 2, 2 * runs.iloc[0].max() * small[0] / small]
    handles += right.plot(large, slopes[0], ":", color="0.4", label="slope of step²")
    handles += right.plot(small, slopes[1], "-.", color="0.4", label="slope of 1 / step")
    set_scale(right, "x", Scale(True), [runs.index.to_numpy()])
    set_scale(right, "y", Scale(True), [runs.to_numpy().ravel()], [published, *slopes[0], *slopes[1]])
    right.set(xlabel="step of the differences (units of the parameter)", ylabel="mean relative error (no unit)")
    right.set_title("too large a step is inexact, too small a one rounds", fontsize=10)
    for axis in (left, right):
        axis.grid(alpha=0.2)
    return figures.finish(figure, "Gradients by hand against central differences: every seed", "", handles)
