"""Forecasts of a series by month."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rnnlab.figures.style import ACTUAL, FORECAST, Scale, finish, mean_interval, name_of, set_scale


def forecast_panels(forecasts: pd.DataFrame, series: pd.DataFrame, *, title: str, unit: str) -> Figure:
    """Actual and forecast by month, a panel per cell and size; several cells stand side by side.

    Args:
        forecasts: columns cell, units, seed, month (index into the labels), forecast; months after the series are the future.
        series: columns month, label, actual (nan in the future), part ("train", "test", "future").
        unit: what is forecast, for the vertical axis.
    """
    cells = list(dict.fromkeys(forecasts.cell))
    groups = list(forecasts.groupby(["cell", "units"], sort=False))
    groups.sort(key=lambda group: (group[0][1], cells.index(group[0][0])))
    columns = len(cells) if len(cells) > 1 else min(3, len(groups))
    rows = -(-len(groups) // columns)
    size = (9, 5) if len(groups) == 1 else (5 * columns, 3 * rows + 1)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    runs = [run.forecast.to_numpy(dtype=float) for _, run in forecasts.groupby(["cell", "units", "seed"], sort=False)]
    absurd = set_scale(axes[0, 0], "y", Scale(False), runs, series.actual)
    for axis, ((cell, units), group) in zip(axes.flat, groups, strict=False):
        _forecast_panel(axis, group, series)
        axis.set_title(f"{name_of(cell)}, {units} units: {_scores(group, series)}", fontsize=9.5)
    for axis in axes.flat[len(groups) :]:
        axis.set_visible(False)
    for axis in axes[:, 0]:
        axis.set_ylabel(unit)
    chosen = series.iloc[:: max(1, round(len(series) / 6))]
    axes[0, 0].set_xticks(chosen.month, chosen.label)
    for axis in axes[-1]:
        axis.tick_params(axis="x", rotation=30, labelsize=9)
    note = "thick: mean of the seeds, band: its 95 % t interval, thin: every seed" if forecasts.seed.nunique() > 1 else ""
    note += f"; ↑ {absurd} forecasts leave the panels" if absurd else ""
    handles = [Line2D([], [], color=ACTUAL, marker=".", label="actual"), Line2D([], [], color=FORECAST, label="forecast")]
    return finish(figure, title, note, [*handles, Patch(color="0.95", label="test")])


def _forecast_panel(axis: Axes, group: pd.DataFrame, series: pd.DataFrame) -> None:
    runs = group.pivot(index="month", columns="seed", values="forecast")
    mean, low, high = mean_interval(runs.to_numpy().T)
    if runs.shape[1] > 1:
        axis.plot(runs.index, runs, color=FORECAST, linewidth=0.7, alpha=0.5)
        axis.fill_between(runs.index, low, high, color=FORECAST, alpha=0.25, linewidth=0)
    axis.plot(runs.index, mean, color=FORECAST, linewidth=2)
    axis.plot(series.month, series.actual, color=ACTUAL, linewidth=1.5, marker=".", markersize=5)
    test, future = (series.month[series.part == part] for part in ("test", "future"))
    axis.axvspan(test.min() - 0.5, test.max() + 0.5, color="0.95", zorder=0)
    if len(future):
        axis.axvline(future.min() - 0.5, color="0.5", linewidth=0.8, linestyle=":")
    axis.grid(alpha=0.2)


def _scores(group: pd.DataFrame, series: pd.DataFrame) -> str:
    test = group.drop(columns="actual", errors="ignore").merge(series[series.part == "test"][["month", "actual"]], on="month")
    scores = np.sqrt(((test.forecast - test.actual) ** 2).groupby(test.seed).mean())
    diverged = group.groupby("seed").forecast.apply(lambda run: not np.isfinite(run).all()).sum()
    spread = f" ({scores.min():.0f} to {scores.max():.0f})" if len(scores) > 1 else ""
    return f"test RMSE {scores.mean():.0f}{spread}" + (f", {diverged} diverged" if diverged else "")
