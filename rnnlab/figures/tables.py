"""Tables as figures: heat maps, and differences with their intervals."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D

from rnnlab.figures.style import BLUE, CROSS, GREEN, GREY, PURPLE, VERMILION, finish, name_of, number_text

VERDICTS = {
    "holds": (GREEN, "o"),
    "does not hold": (VERMILION, "s"),
    "equivalent": (BLUE, "D"),
    "undecided": (GREY, "^"),
    "not tested at full size": (PURPLE, "v"),
}


def heat_map(
    tables: pd.DataFrame | Mapping[str, pd.DataFrame],
    *,
    title: str,
    rows: str,
    columns: str,
    label: str,
    text: pd.DataFrame | Mapping[str, pd.DataFrame] | None = None,
    log: bool = False,
    limits: tuple[float, float] | None = None,
    missing: str = "never",
) -> Figure:
    """Numbers as annotated cells, a panel per table; cells without a number are grey and read `missing`.

    Args:
        tables: one table, or several by the names of their panels, with one scale of colours for all.
        rows, columns: what they are, for the axes.
        label: what the numbers are, with their unit, for the colour bar.
        text: what the cells read, in the shape of the tables; without it their numbers. More than 20 columns have no text.
        limits: lowest and highest number of the colours.
    """
    panels = {"": tables} if isinstance(tables, pd.DataFrame) else dict(tables)
    texts = {"": text} if isinstance(text, pd.DataFrame) else dict(text or {})
    seen = np.concatenate([table.to_numpy(dtype=float).ravel() for table in panels.values()])
    low, high = limits or (np.nanmin(seen, initial=np.inf), np.nanmax(seen, initial=-np.inf))
    low, high = (low, high) if low < high else (low - 0.5, low + 0.5) if np.isfinite(low) else (0.0, 1.0)
    norm = LogNorm(low, high) if log and low > 0 else Normalize(low, high)
    deep, wide = next(iter(panels.values())).shape
    size = (max(7.0, len(panels) * (0.95 * min(wide, 20) + 1.3) + 1.6), max(3.4, 0.55 * min(deep, 20) + 2.2))
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axis, (name, table) in zip(axes, panels.items(), strict=True):
        image = _cells(axis, table, texts.get(name), norm, missing)
        axis.set_xlabel(columns)
        axis.set_title(name_of(name), fontsize=10)
    axes[0].set_ylabel(rows)
    figure.colorbar(image, ax=list(axes), label=label)
    return finish(figure, title)


def _cells(axis: Axes, table: pd.DataFrame, text: pd.DataFrame | None, norm: Normalize, missing: str) -> AxesImage:
    numbers = np.ma.masked_invalid(table.to_numpy(dtype=float))
    colors = matplotlib.colormaps["viridis_r"].with_extremes(bad="0.9")
    image = axis.imshow(numbers, cmap=colors, norm=norm, aspect="auto")
    for row, column in np.ndindex(*numbers.shape) if table.shape[1] <= 20 else ():
        value = float(table.iloc[row, column])
        absent = not np.isfinite(value)
        shown = missing if absent else number_text(float(f"{value:.3g}")) if text is None else str(text.iloc[row, column])
        red, green, blue, _ = colors(0.0 if absent else norm(value))
        light = absent or 0.299 * red + 0.587 * green + 0.114 * blue > 0.5
        axis.text(column, row, shown, ha="center", va="center", fontsize=9, color="black" if light else "white")
    names = [name_of(name) for name in table.columns]
    slanted = max(map(len, names)) > 8
    turned: dict[str, Any] = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if slanted else {}
    axis.set_xticks(range(len(names)), names, fontsize=9, **turned)
    axis.set_yticks(range(len(table)), [name_of(name) for name in table.index], fontsize=9)
    return image


def intervals(frame: pd.DataFrame, *, title: str, label: str, margin: float | None = None) -> Figure:
    """Differences with their intervals, a row each, in the colour and sign of the verdict: a forest plot.

    Args:
        frame: columns claim (or arm), difference, low, high (infinite on one side of a one-sided interval, nan: unknown) and
            verdict; perhaps published, a difference drawn as a cross.
        label: what the differences are, with their unit.
        margin: of equivalence, a grey strip around no difference.
    """
    names = [textwrap.fill(str(name), 60) for name in frame["claim" if "claim" in frame else "arm"]]
    heights = [0.3 + 0.16 * (name.count("\n") + 1) for name in names]
    figure = Figure(figsize=(9.5, 1.8 + sum(heights)), layout="constrained")
    axis = figure.subplots()
    shown = frame[[c for c in ("difference", "low", "high", "published") if c in frame]].to_numpy(dtype=float)
    finite = np.concatenate([shown[np.isfinite(shown)], [0.0], [-margin, margin] if margin else []])
    room = 0.06 * np.ptp(finite) or 1.0
    left, right = finite.min() - room, finite.max() + room
    places = np.cumsum(heights) - np.array(heights) / 2
    for place, row in zip(places, frame.to_dict("records"), strict=True):
        color, marker = VERDICTS.get(row["verdict"], (GREY, "o"))
        for end, sign in (("low", "<"), ("high", ">")):
            if not np.isnan(row[end]):
                at = np.clip(row[end], left, right)
                axis.plot([row["difference"], at], [place, place], color=color, linewidth=2)
                axis.plot(at, place, sign if np.isinf(row[end]) else "|", color=color, markersize=8, clip_on=False)
        axis.plot(row["difference"], place, marker, color=color, markersize=7)
        if not pd.isna(row.get("published")):
            axis.plot(row["published"], place, **CROSS)
    axis.axvline(0, color="0.3", linewidth=0.9, zorder=0)
    if margin:
        axis.axvspan(-margin, margin, color="0.92", zorder=-1)
    axis.set_xlim(left, right)
    axis.set_ylim(sum(heights), 0)
    axis.set_yticks(places, names, fontsize=9)
    axis.set_xlabel(label)
    axis.grid(alpha=0.2, axis="x")
    present = [verdict for verdict in VERDICTS if (frame.verdict == verdict).any()]
    handles = [Line2D([], [], color=VERDICTS[v][0], marker=VERDICTS[v][1], linewidth=2, label=v) for v in present]
    if "published" in frame and frame.published.notna().any():
        handles.append(Line2D([], [], **CROSS, label="published"))
    return finish(figure, title, "", handles)
