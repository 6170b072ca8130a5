"""Figures of the sales forecaster."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from rnnlab.figures.cells import COLORS, LABELS

REFERENCES = {
    "persistence": "persistence",
    "drift": "drift",
    "seasonal_naive": "seasonal naive",
    "moving_average": "moving average of 3",
    "linear_trend": "linear trend",
    "ar1": "AR(1) on differences",
}
ACTUAL, FORECAST = "tab:blue", "tab:orange"


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
    size = (9, 4.8) if len(groups) == 1 else (5.2 * columns, 3.1 * rows + 0.8)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for axis, ((cell, units), group) in zip(axes.flat, groups, strict=False):
        _forecast_panel(axis, group, series)
        axis.set_title(f"{LABELS.get(cell, cell)}, {units} units: {_scores(group, series)}", fontsize=10)
    for axis in axes.flat[len(groups) :]:
        axis.set_visible(False)
    for axis in axes[:, 0]:
        axis.set_ylabel(unit)
    _month_ticks(axes.flat[0], series)
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False, fontsize=9)
    figure.suptitle(title, fontsize=11)
    return figure


def _forecast_panel(axis: Axes, group: pd.DataFrame, series: pd.DataFrame) -> None:
    runs = group.pivot(index="month", columns="seed", values="forecast")
    if runs.shape[1] > 1:
        for seed in runs:
            axis.plot(runs.index, runs[seed], color=FORECAST, linewidth=0.6, alpha=0.25)
        low, high = runs.quantile(0.1, axis=1), runs.quantile(0.9, axis=1)
        axis.fill_between(runs.index, low, high, color=FORECAST, alpha=0.25, linewidth=0, label="80 % of the seeds")
    axis.plot(runs.index, runs.mean(axis=1), color=FORECAST, linewidth=1.8, label="forecast, mean of the seeds")
    axis.plot(series.month, series.actual, color=ACTUAL, linewidth=1.5, marker=".", markersize=4, label="actual")
    for part, text in (("test", "test"), ("future", "ahead")):
        months = series.month[series.part == part]
        if len(months):
            axis.axvline(months.min() - 0.5, color="0.6", linewidth=0.8, linestyle=":")
            axis.text(months.min() - 0.3, 0.98, text, transform=axis.get_xaxis_transform(), va="top", fontsize=8, color="0.4")
    # A diverged run must not squeeze the others into a line.
    seen = np.concatenate([series.actual.dropna(), runs.mean(axis=1).dropna()])
    margin = 0.2 * np.ptp(seen)
    axis.set_ylim(seen.min() - margin, seen.max() + margin)


def _scores(group: pd.DataFrame, series: pd.DataFrame) -> str:
    test = group.merge(series[series.part == "test"][["month", "actual"]], on="month", suffixes=("", "_true"))
    truth = test.actual_true if "actual_true" in test else test.actual
    scores = np.sqrt(((test.forecast - truth) ** 2).groupby(test.seed).mean())
    spread = f" ({scores.min():.0f} to {scores.max():.0f})" if len(scores) > 1 else ""
    return f"test RMSE {scores.mean():.0f}{spread}"


def _month_ticks(axis: Axes, series: pd.DataFrame) -> None:
    step = max(1, round(len(series) / 6))
    chosen = series.iloc[::step]
    axis.set_xticks(chosen.month, chosen.label, rotation=30, ha="right", fontsize=8)


def score_by_units(
    runs: pd.DataFrame, references: Mapping[str, float], published: pd.DataFrame | None = None, *, title: str, unit: str
) -> Figure:
    """Test RMSE against units: a point per run, a line of means per cell, naive forecasts as lines, published runs as crosses.

    Args:
        runs: columns cell, units, test_rmse (nan for a diverged run), a row per run.
        references: test RMSE of each naive forecast.
        published: columns cell, units, test_rmse.
    """
    figure = Figure(figsize=(9, 5.4), layout="constrained")
    axis = figure.subplots()
    cells = list(dict.fromkeys(runs.cell))
    for place, cell in enumerate(cells):
        shift = 1.0 + 0.07 * (place - (len(cells) - 1) / 2)
        group = runs[runs.cell == cell]
        color = COLORS.get(cell, f"C{place}")
        axis.plot(group.units * shift, group.test_rmse, ".", color=color, alpha=0.45, markersize=6)
        means = group.groupby("units").test_rmse.mean()
        axis.plot(means.index * shift, means, "-o", color=color, markersize=4, label=f"{LABELS.get(cell, cell)}, mean")
    if published is not None:
        published = published[published.units.isin(runs.units)]
        axis.plot(published.units, published.test_rmse, "kx", markersize=8, label="published single LSTM runs")
    _reference_lines(axis, references)
    axis.set_xscale("log", base=2)
    axis.set_yscale("log")
    sizes = sorted(set(runs.units))
    axis.xaxis.set_major_locator(FixedLocator(sizes))
    axis.xaxis.set_major_formatter(ScalarFormatter())
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xlabel("units")
    axis.set_ylabel(f"test RMSE, {unit}")
    axis.yaxis.set_major_formatter(ScalarFormatter())
    axis.yaxis.set_minor_formatter(ScalarFormatter())
    axis.tick_params(axis="y", which="minor", labelsize=8)
    axis.set_title(f"{title}\nevery point is one seed", fontsize=11)
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    return figure


def _reference_lines(axis: Axes, references: Mapping[str, float]) -> None:
    finite = sorted((score, name) for name, score in references.items() if np.isfinite(score))
    previous = 0.0
    for score, name in finite:
        axis.axhline(score, color="0.45", linewidth=0.8, linestyle="--", zorder=0)
        # Two labels closer than this would print over each other.
        apart = previous == 0.0 or score / previous > 1.04
        axis.annotate(
            REFERENCES.get(name, name),
            (1.0, score),
            xycoords=("axes fraction", "data"),
            xytext=(3, 0 if apart else 7),
            textcoords="offset points",
            fontsize=8,
            color="0.35",
            va="center",
        )
        previous = score
