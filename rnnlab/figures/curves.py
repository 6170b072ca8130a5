"""Measures against epochs, updates or any other course: every run, the mean of each arm and its interval."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rnnlab.figures import style
from rnnlab.figures.style import DASHES, MANY, Look, Scale

Measure = str | tuple[str, ...]


def curves(
    frame: pd.DataFrame,
    x: str,
    measures: Sequence[Measure],
    *,
    title: str,
    arm: str = "arm",
    seed: str = "seed",
    panels: str | None = None,
    labels: Mapping[Any, str] | None = None,
    units: Mapping[str, str] | None = None,
    log: bool | str = "auto",
    log_x: bool = False,
    published: pd.DataFrame | None = None,
    direct: bool | None = None,
    mean: bool = True,
) -> Figure:
    """A panel per measure: every run thin, the mean of each arm thick, its 95 % Student t interval as a band.

    On a logarithmic axis the mean is geometric and the interval is of the logs; zeros lie on its lowest tick. The mean goes as
    far as all runs of the arm go. Runs that diverged (nan, inf) are named over the panel, absurd ones that would squeeze the
    others leave it and are counted there. Arms that are numbers run through a sequential map; more than eight of these get
    a colour bar and no bands, more than eight names a panel each, with the means of the others in grey.

    Args:
        frame: a row per run and x: columns arm, seed, x and the measures.
        measures: columns; several in a tuple share a panel and differ in their line style.
        panels: a column; each of its values gets a panel of its own.
        labels, units: of columns, for axes and legend; a tuple of `measures` may have a label too.
        log: whether the measures have logarithmic axes; "auto" for losses and the like that span more than a power of ten.
        published: columns x and some of the measures, drawn as crosses.
        direct: whether names stand at the ends of the lines; without it where there is one panel and five arms or more.
        mean: False draws the runs alone.
    """
    look = style.looks(frame[arm])
    ordered = style.numbers_of(look)
    spotlight = panels is None and len(look) > MANY and not ordered
    panels = arm if spotlight else panels
    values = [None] if panels is None else list(dict.fromkeys(frame[panels]))
    direct = (len(values) * len(measures) == 1 and 4 < len(look) <= MANY) if direct is None else direct
    figure, grid, height = _grid(len(measures), len(values) if panels else 0, direct)
    wide = grid.shape[1] if panels else 1
    scales = []
    for axes, measure in zip(grid.reshape(len(measures), -1), measures, strict=True):
        columns = (measure,) if isinstance(measure, str) else measure
        scales.append(style.scale_of(columns, frame[list(columns)], log))
        one = _Course(frame, x, columns, arm, seed, scales[-1])
        for place, (axis, value) in enumerate(zip(axes, values, strict=False)):
            axis.set_visible(True)
            part = frame if panels is None else frame[frame[panels] == value]
            if spotlight:
                one.draw(axis, frame, {name: Look("0.8", "-", "") for name in look}, "means")
            ends = one.draw(axis, part, {a: look[a] for a in look if (part[arm] == a).any()}, "both" if mean else "runs")
            one.frame_of(axis, part, "" if value is None else str(value), published, log_x)
            axis.set_ylabel(style.label_of(measure, labels, units) if place % wide == 0 else "")
            if lowest := place + wide >= len(values):
                axis.set_xlabel(style.label_of(x, labels, units))
            axis.tick_params(labelbottom=lowest)
            if direct:
                style.side_labels(axis, ends, height)
    if bar := len(ordered) > MANY:
        _color_bar(figure, list(grid.ravel()), look, ordered, style.label_of(arm, labels, units))
    handles = _handles({} if direct or bar or spotlight else look, measures, labels, published is not None)
    note = _note(frame.groupby(arm)[seed].nunique(), scales, spotlight, band=len(look) <= MANY or spotlight)
    return style.finish(figure, title, note if mean else "every line is a run", handles)


def _grid(measures: int, panels: int, direct: bool) -> tuple[Figure, np.ndarray, float]:
    """Axes, none visible yet, for the measures, each with a number of panels (0: a single one); and the height of a panel."""
    wide = {1: 1, 2: 2, 4: 2}.get(panels, 3 if panels <= 9 else 4) if panels else measures
    deep = -(-panels // wide) * measures if panels else 1
    height = 4.2 if deep == 1 else 2.9
    size = (max(7.5, (5.4 if wide < 3 else 4.4) * wide + 1.6 * direct), height * deep + 1)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(deep, wide, squeeze=False, sharex=True, subplot_kw={"visible": False})
    return figure, grid, height


@dataclass(frozen=True)
class _Course:
    """What all panels of a measure share."""

    frame: pd.DataFrame
    x: str
    columns: Sequence[str]
    arm: str
    seed: str
    scale: Scale

    def draw(self, axis: Axes, part: pd.DataFrame, look: Mapping[Any, Look], what: str) -> list[tuple[str, float, float, str]]:
        """Draws "runs", "means" or "both" of all arms; gives where the means end. Equal lines show: earlier ones are wider."""
        ends = []
        many = len(look) > MANY
        for place, (name, (color, own, marker)) in enumerate(look.items()):
            for dash, column in zip(DASHES if len(self.columns) > 1 else [own], self.columns, strict=False):
                runs = part[part[self.arm] == name].pivot(index=self.x, columns=self.seed, values=column)
                line: dict[str, Any] = {"color": color, "linestyle": dash}
                thin = {"linestyle": "-", "linewidth": 0.6, "alpha": 0.2 if many else 0.4}
                thin = {"linewidth": 1.1, "alpha": 0.65} if what == "runs" else thin
                if what == "runs" or (what == "both" and runs.shape[1] > 1):
                    for run in (runs[seed].dropna() for seed in runs):
                        axis.plot(run.index, self.scale.shown(run), **line | thin)
                mean, low, high = style.mean_interval(runs.to_numpy().T, self.scale)
                known = np.flatnonzero(np.isfinite(mean))
                if what == "both" and not many:
                    axis.fill_between(runs.index, low, high, color=color, alpha=0.15, linewidth=0)
                if what == "both":
                    every = max(1, len(runs) // 7)
                    line |= {"linewidth": max(1.5, 3 - 0.25 * place), "marker": "" if many else marker, "zorder": 3}
                    line |= {"markevery": (place * every // len(look) % len(runs), every), "markeredgecolor": "white"}
                if what != "runs":
                    axis.plot(runs.index, mean, **{"linewidth": 1, "markeredgewidth": 0.6} | line)
                if len(known) and column == self.columns[0]:
                    end = known[-1]
                    ends.append((style.name_of(name), float(runs.index[end]), float(mean[end]), color))
        return ends

    def frame_of(self, axis: Axes, part: pd.DataFrame, title: str, published: pd.DataFrame | None, log_x: bool) -> None:
        """Limits, equal in all panels, published crosses, and over a panel the runs that diverged or leave it."""
        groups = [group for _, group in self.frame.groupby([self.arm, self.seed], sort=False)]
        runs = [group[column].to_numpy(dtype=float) for group in groups for column in self.columns]
        also = []
        for column in self.columns:
            if published is not None and column in published:
                axis.plot(published[self.x], published[column], **style.CROSS, zorder=5)
                also += list(published[column])
        absurd = style.set_scale(axis, "y", self.scale, runs, also)
        lines = []
        for name, group in part.groupby(self.arm, sort=False):
            diverged = group[~np.isfinite(group[list(self.columns)]).all(axis=1)][self.seed].nunique()
            if diverged:
                lines.append(f"{style.name_of(name)}: {diverged} of {group[self.seed].nunique()} diverged")
        if absurd:
            highest = max(run[np.isfinite(run)].max(initial=-np.inf) for run in runs)
            lines.append(f"↑ outside: {absurd} curve{'s' * (absurd > 1)}, up to {style.number_text(float(f'{highest:.2g}'))}")
        text = textwrap.fill("; ".join(lines), 60)
        axis.set_title(f"{title}\n{text}".strip(), fontsize=9.5 if title else 8.5, loc="center" if title else "left")
        axis.grid(alpha=0.2)
        if log_x:
            style.set_scale(axis, "x", Scale(True), [self.frame[self.x].to_numpy(dtype=float)])
        elif pd.api.types.is_integer_dtype(self.frame[self.x]):
            axis.locator_params(axis="x", integer=True)


def _handles(
    look: Mapping[Any, Look], measures: Sequence[Measure], labels: Mapping[Any, str] | None, published: bool
) -> list[Line2D]:
    several = [measure for measure in measures if not isinstance(measure, str)]
    handles = [
        Line2D([], [], color=color, linestyle="-" if several else dash, marker=marker, linewidth=2, label=style.name_of(name))
        for name, (color, dash, marker) in (look.items() if len(look) > 1 else ())
    ]
    for dash, column in zip(DASHES, sorted(several, key=len)[-1] if several else (), strict=False):
        handles.append(
            Line2D([], [], color="0.3", linestyle=dash, linewidth=2, label=style.label_of(column, labels, {column: ""}))
        )
    return [*handles, Line2D([], [], **style.CROSS, label="published")] if published else handles


def _color_bar(figure: Figure, axes: list[Axes], look: Mapping[Any, Look], ordered: Mapping[Any, float], label: str) -> None:
    colors = ListedColormap([look[arm].color for arm in ordered])
    bounds = np.arange(len(ordered) + 1) - 0.5
    bar = figure.colorbar(ScalarMappable(BoundaryNorm(bounds, colors.N), colors), ax=axes, label=label, pad=0.01)
    bar.set_ticks(list(range(len(ordered))), labels=[f"{number:g}" for number in ordered.values()], fontsize=8)


def _note(counts: pd.Series, scales: Sequence[Scale], spotlight: bool, band: bool) -> str:
    if counts.max() == 1:
        return ""
    number = f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    interval = "band: its 95 % t interval, " if band else ""
    ending = "; grey: means of the other arms" if spotlight else ""
    return f"thick: {style.mean_name(scales)} of {number} runs, {interval}thin: every run{ending}"
