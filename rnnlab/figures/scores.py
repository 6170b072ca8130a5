"""Scores of finished runs, by arm or against a setting that is a number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rnnlab.figures import style
from rnnlab.figures.style import BLACK, CROSS, Look, Scale

MISPRINT: dict[str, Any] = CROSS | {"marker": "X", "markerfacecolor": "white", "markeredgewidth": 1}


def scores(
    runs: pd.DataFrame,
    measures: Sequence[str],
    *,
    title: str,
    arm: str = "arm",
    published: pd.DataFrame | None = None,
    baselines: Mapping[str, float | Mapping[str, float]] | None = None,
    labels: Mapping[Any, str] | None = None,
    units: Mapping[str, str] | None = None,
    log: bool | str = "auto",
) -> Figure:
    """Every run a dot by arm, a panel per measure, with the mean of the arm and its 95 % Student t interval.

    On a logarithmic axis the mean is geometric. An arm with a run that diverged has no mean, and its name says how many did.

    Args:
        runs: a row per run: columns arm and the measures.
        published: columns arm, measure, mean, and perhaps sd, drawn as a bar of one s, and misprint (true: drawn hollow).
        baselines: scores by name, each a row and a line across all arms; where measures differ, by measure.
        labels, units, log: as of `curves`.
    """
    look = style.looks(runs[arm])
    order = [*look, *(baselines or {})]
    figure = Figure(figsize=(max(7.5, 4.1 * len(measures) + 1.6), 1.9 + 0.44 * len(order)), layout="constrained")
    axes = figure.subplots(1, len(measures), squeeze=False, sharey=True)[0]
    scales = []
    for axis, measure in zip(axes, measures, strict=True):
        scale = style.scale_of([measure], runs[measure], log)
        scales.append(scale)
        also = list(_published(axis, published, measure, list(look), arm))
        for place, (name, (color, _, marker)) in enumerate(look.items()):
            values = runs.loc[runs[arm] == name, measure].to_numpy(dtype=float)
            heights = place - 0.12 + np.linspace(-0.2, 0.2, len(values) + 2)[1:-1]
            axis.plot(scale.shown(values), heights, linestyle="", marker="o", markersize=4, color=color, alpha=0.5, linewidth=0)
            also += _mean(axis, values[:, None], scale, place + 0.2, color, marker, "x")
        for place, score in enumerate((baselines or {}).values(), len(look)):
            value = score.get(measure, np.nan) if isinstance(score, Mapping) else score
            axis.axvline(value, color="0.45", linewidth=1, linestyle="--", zorder=0)
            axis.plot(value, place, "D", color="0.3", markersize=5)
            also.append(value)
        style.set_scale(axis, "x", scale, list(runs[measure].to_numpy(dtype=float)[:, None]), also)
        axis.set_xlabel(style.label_of(measure, labels, units))
        axis.grid(alpha=0.2)
        if not scale.log:
            axis.locator_params(axis="x", nbins=5)
    diverged = (~np.isfinite(runs[list(measures)])).any(axis=1).groupby(runs[arm])
    ends = {name: f" ({bad.sum()} of {len(bad)} diverged)" if bad.any() else "" for name, bad in diverged}
    axes[0].set_yticks(range(len(order)), [style.name_of(name) + ends.get(name, "") for name in order], fontsize=9)
    axes[0].set_ylim(len(order) - 0.4, -0.6)
    return style.finish(figure, title, *_legend(scales, published, bool(baselines)))


def against_number(
    runs: pd.DataFrame,
    number: str,
    measures: Sequence[str],
    *,
    title: str,
    arm: str | None = None,
    published: pd.DataFrame | None = None,
    references: Mapping[str, float] | None = None,
    marks: Mapping[str, float] | None = None,
    labels: Mapping[Any, str] | None = None,
    units: Mapping[str, str] | None = None,
    log: bool | str = "auto",
    log_x: bool = True,
) -> Figure:
    """Every run against a setting that is a number, the means joined, each with its 95 % Student t interval.

    Args:
        runs: a row per run: columns number, the measures and, where given, arm; nan for a run that diverged.
        measures: share the panel; several of them, or the arms of one, differ in colour.
        published: columns number, measure, mean, and perhaps arm, sd and misprint, as of `scores`.
        references: heights of lines across the panel by name, labelled at its right.
        marks: places on the axis of numbers by name, labelled at the top.
    """
    if arm is not None and len(measures) > 1:
        raise ValueError(f"measures: expected one where there are arms, got {', '.join(measures)}")
    if arm:
        drawn, kind = runs.assign(line=runs[arm], score=runs[measures[0]]), "arm"
    else:
        drawn, kind = runs.melt(number, measures, "line", "score"), "measure"
    names = {line: (labels or {}).get(line, style.name_of(line).replace("_", " ")) for line in drawn.line.unique()}
    look = dict(zip(names, style.looks(names.values()).values(), strict=True))
    scale = style.scale_of(measures, drawn.score, log)
    numbers = sorted(set(drawn[number]))
    lines = {name: value for name, value in (references or {}).items() if np.isfinite(value)}
    also = list(lines.values())
    figure = Figure(figsize=(10, 5.8), layout="constrained")
    axis = figure.subplots()
    places = np.log(numbers) if log_x else np.array(numbers, dtype=float)
    step = 0.36 * np.min(np.diff(places), initial=1.0) / max(2, len(names))
    for place, (line, part) in enumerate(drawn.groupby("line", sort=False)):
        shift = step * (place - (len(names) - 1) / 2)
        shifted = {n: n * np.exp(shift) if log_x else n + shift for n in numbers}
        also += _joined(axis, part, number, scale, look[line], shifted)
        if published is not None and kind in published:
            theirs = published[(published[kind] == line) & published.measure.isin(measures)]
            color = look[line].color if len(names) > 1 else BLACK
            also += _crosses(axis, theirs, theirs[number].map(lambda n, known=shifted: known.get(n, n)), "y", color)
    reach = step * (len(names) - 1) / 2
    ends = [n * np.exp(side * reach) if log_x else n + side * reach for n in (numbers[0], numbers[-1]) for side in (-1, 1)]
    style.set_scale(axis, "x", Scale(log_x), [np.array([*ends, *numbers], dtype=float)], (marks or {}).values())
    style.set_scale(axis, "y", scale, list(drawn.score.to_numpy(dtype=float)[:, None]), also)
    if len(numbers) <= 10:
        style.number_ticks(axis.xaxis, numbers)
    _reference_lines(axis, lines, marks or {})
    axis.set(xlabel=style.label_of(number, labels, units), ylabel=style.label_of(tuple(measures), labels, units))
    axis.grid(alpha=0.2)
    several = look.items() if len(look) > 1 else ()
    handles = [Line2D([], [], color=c, linestyle=d, marker=m, label=names[line]) for line, (c, d, m) in several]
    note, more = _legend([scale], published, False)
    return style.finish(figure, title, note, [*handles, *more])


def _joined(axis: Axes, part: pd.DataFrame, number: str, scale: Scale, look: Look, at: Mapping[float, float]) -> list[float]:
    """Draws the runs of a line, and its means joined; gives what must be seen."""
    color, dash, marker = look
    dots: dict[str, Any] = {"markersize": 4, "markeredgewidth": 0, "alpha": 0.4}
    axis.plot(part[number].map(at), scale.shown(part.score), "o", color=color, **dots)
    groups = part.groupby(number)[["score"]]
    means = [_mean(axis, group.to_numpy(dtype=float), scale, at[value], color, marker, "y") for value, group in groups]
    axis.plot([at[value] for value, _ in groups], [mean[0] for mean in means], color=color, linestyle=dash, linewidth=1.6)
    return [end for mean in means for end in mean]


def _reference_lines(axis: Axes, heights: Mapping[str, float], places: Mapping[str, float]) -> None:
    line: dict[str, Any] = {"color": "0.45", "linewidth": 0.9, "linestyle": "--", "zorder": 0}
    above: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "xytext": (0, 3), "textcoords": "offset points"}
    for height in heights.values():
        axis.axhline(height, **line)
    end = axis.get_xlim()[1]
    style.side_labels(axis, [(name, end, height, "0.3") for name, height in heights.items()], 4.3)
    for name, place in places.items():
        axis.axvline(place, **line)
        axis.annotate(name, (place, 1), **above, ha="center", fontsize=9, color="0.3")


def _mean(axis: Axes, values: np.ndarray, scale: Scale, place: float, color: str, marker: str, way: str) -> tuple[float, ...]:
    """Draws the mean of the values, shape (runs, 1), with its interval along an axis; gives the mean and what must be seen.

    That leaves out intervals of two runs, whose t is 13.
    """
    mean, low, high = (float(end[0]) for end in style.mean_interval(values, scale))
    if np.isfinite(mean):
        bars: dict[str, Any] = {} if np.isnan(low) else {f"{way}err": [[mean - low], [high - mean]]}
        x, y = (mean, place) if way == "x" else (place, mean)
        axis.errorbar(x, y, **bars, fmt=marker, color=color, markeredgecolor=BLACK, markersize=6, capsize=3, zorder=4)
    return (mean, low, high) if len(values) > 2 else (mean,)


def _published(axis: Axes, published: pd.DataFrame | None, measure: str, arms: list[Any], arm: str) -> Iterator[float]:
    if published is None:
        return
    theirs = published[(published.measure == measure) & published[arm].isin(arms)]
    yield from _crosses(axis, theirs, pd.Series([arms.index(name) + 0.38 for name in theirs[arm]], theirs.index), "x", BLACK)


def _crosses(axis: Axes, theirs: pd.DataFrame, places: pd.Series, way: str, color: str) -> list[float]:
    """Draws published means with bars of one s; gives the numbers that must be seen."""
    misprints = theirs.misprint.fillna(False).astype(bool) if "misprint" in theirs else pd.Series(False, theirs.index)
    spread = theirs.sd.fillna(0.0) if "sd" in theirs else pd.Series(0.0, theirs.index)
    shown = spread.where(~misprints, 0)
    for sign, chosen in ((CROSS, ~misprints), (MISPRINT, misprints)):
        means, at = theirs["mean"][chosen], places[chosen]
        x, y = (means, at) if way == "x" else (at, means)
        bars: dict[str, Any] = {f"{way}err": shown[chosen], "elinewidth": 1, "zorder": 5}
        axis.errorbar(x, y, **sign | {"color": color} | bars)
    return [*(theirs["mean"] - shown), *(theirs["mean"] + shown)]


def _legend(scales: Sequence[Scale], published: pd.DataFrame | None, baselines: bool) -> tuple[str, list[Line2D]]:
    handles = []
    if published is not None and len(published):
        spread = " mean ± s" if "sd" in published and published.sd.notna().any() else ""
        handles.append(Line2D([], [], **CROSS, label=f"published{spread}"))
        if "misprint" in published and published.misprint.fillna(False).any():
            handles.append(Line2D([], [], **MISPRINT, label="published, probably a misprint"))
    if baselines:
        handles.append(Line2D([], [], color="0.45", linestyle="--", marker="D", label="baselines"))
    return f"dots: every run, edged: {style.mean_name(scales)} with its 95 % t interval", handles
