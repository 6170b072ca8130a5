"""How every figure looks: colours, line styles, names, scales, and what stands around the panels."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FixedLocator, LogLocator, NullFormatter
from scipy.optimize import isotonic_regression

from rnnlab.intervals import t_interval

# Okabe and Ito's colours, which colour-blind people can tell from each other. Grey stands for their yellow, too faint on white.
BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, GREY, BLACK = "#E69F00", "#56B4E9", "#7F7F7F", "#000000"
PALETTE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK, GREY)
SEQUENTIAL = matplotlib.colormaps["viridis"]
COLORS = {"simple_rnn": VERMILION, "lstm": GREEN, "gru": BLUE}
LABELS = {"simple_rnn": "simple RNN", "lstm": "LSTM", "gru": "GRU"}
ACTUAL, FORECAST = BLUE, ORANGE
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)))
MARKERS = "osD^vP*X"
MANY = len(PALETTE)
UNITS = {"loss": "nats", "accuracy": "fraction right"}
_SPANS = re.compile("loss|perplexity|rmse|error|norm|wrong")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
CROSS: dict[str, Any] = {"linestyle": "", "color": BLACK, "marker": "x", "markersize": 7, "markeredgewidth": 1.6}


class Look(NamedTuple):
    """How an arm is drawn; the colour alone never tells it."""

    color: str
    dash: Any
    marker: str


class Scale(NamedTuple):
    """Of a measure: whether logarithmic, and then where its zeros are drawn (nan: there are none)."""

    log: bool
    floor: float = np.nan

    def shown(self, values: Any) -> np.ndarray:
        """The values as drawn."""
        values = np.asarray(values, dtype=float)
        return np.maximum(values, self.floor) if self.log and np.isfinite(self.floor) else values


def name_of(arm: Any) -> str:
    return LABELS.get(str(arm), f"{arm:g}" if isinstance(arm, float) else str(arm))


def numbers_of(arms: Iterable[Any]) -> dict[Any, float]:
    """The number of each arm, from the lowest, where three arms or more differ in one number alone; else nothing."""
    found = {arm: _NUMBER.findall(name_of(arm)) for arm in arms}
    templates = {_NUMBER.sub("#", name_of(arm)).rstrip("s") for arm in found}
    if len(templates) > 1 or len(found) < 3 or any(len(numbers) != 1 for numbers in found.values()):
        return {}
    return dict(sorted(((arm, float(numbers[0])) for arm, numbers in found.items()), key=lambda item: item[1]))


def looks(arms: Iterable[Any]) -> dict[Any, Look]:
    """A look for each arm: cells keep their colours, numbers run through a sequential map, over eight names are blue."""
    arms = list(dict.fromkeys(arms))
    styles = [(DASHES[place % len(DASHES)], MARKERS[place % len(MARKERS)]) for place in range(len(arms))]
    if ordered := numbers_of(arms):
        colors = SEQUENTIAL(np.linspace(0, 0.88, len(ordered)))
        return {arm: Look(to_hex(color), *style) for arm, color, style in zip(ordered, colors, styles, strict=True)}
    if len(arms) > MANY:
        return {arm: Look(BLUE, "-", "o") for arm in arms}
    taken: dict[Any, str] = {}
    for arm in arms:
        cells = [cell for cell, label in LABELS.items() if cell in str(arm).lower() or label in str(arm)]
        if cells and COLORS[cells[0]] not in taken.values():
            taken[arm] = COLORS[cells[0]]
    spare = [color for color in PALETTE if color not in taken.values()]
    colors_of = {arm: taken[arm] if arm in taken else spare.pop(0) for arm in arms}
    return {arm: Look(colors_of[arm], *style) for arm, style in zip(arms, styles, strict=True)}


def label_of(column: Any, labels: Mapping[Any, str] | None, units: Mapping[Any, str] | None = None) -> str:
    """What stands at an axis: name and unit of a column, or of several columns that share a panel."""
    columns = (column,) if isinstance(column, str) else tuple(column)
    named = labels or {}
    name = named.get(column) or named.get(columns) or " and ".join(named.get(c, c.replace("_", " ")) for c in columns)
    unit = (units or {}).get(columns[0], next((unit for end, unit in UNITS.items() if columns[0].endswith(end)), ""))
    return f"{name} ({unit})" if unit else name


def scale_of(columns: Sequence[str], values: Any, log: bool | str = "auto") -> Scale:
    """With "auto" logarithmic where losses, errors and the like span more than a power of ten."""
    positive = np.asarray(values, dtype=float).ravel()
    positive, zeros = positive[np.isfinite(positive) & (positive > 0)], bool((positive <= 0).any())
    if log == "auto":
        log = bool(_SPANS.search(columns[0])) and len(positive) > 0 and positive.max() > 10 * positive.min()
    return Scale(bool(log) and len(positive) > 0, positive.min() / 2 if log and zeros and len(positive) else np.nan)


def mean_interval(runs: Any, scale: Scale = Scale(False)) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # noqa: B008
    """Mean of the runs, shape (runs, points), and both ends of its 95 % interval by Student's t: three arrays (points,).

    Of logs, that is the geometric mean, where the scale is logarithmic. A point without all runs has no mean, for the others
    would flatter it; one run has no interval.
    """
    values = scale.shown(runs)
    values = np.where(np.isfinite(values), values, np.nan)
    values = np.log(values) if scale.log else values
    mean = values.mean(axis=0)
    ends = (mean, *t_interval(mean, values.std(axis=0, ddof=1) if len(values) > 1 else np.nan, len(values)))
    return tuple(np.exp(end) for end in ends) if scale.log else ends


def mean_name(scales: Iterable[Scale]) -> str:
    """What the means of some panels are called."""
    logs = {scale.log for scale in scales}
    return "mean (geometric on logarithmic axes)" if len(logs) > 1 else "geometric mean" if logs == {True} else "mean"


def set_scale(axis: Axes, way: str, scale: Scale, runs: Sequence[np.ndarray], also: Iterable[float] = ()) -> int:
    """Scale, ticks and limits of an axis ("x" or "y") that hold every run: how many absurd ones they leave out.

    A run is absurd where it lies more than ten times the spread of all away from them, as one on its way to divergence does.
    Intervals of few runs may be cut by the frame.
    """
    finite = [scale.shown(run)[np.isfinite(run)] for run in runs]
    ends = np.array([[run.min(), run.max()] for run in finite if len(run)]).reshape(-1, 2)
    also = np.array([value for value in also if np.isfinite(value) and (value > 0 or not scale.log)])
    if not len(ends) + len(also):
        return 0
    ends = np.log10(ends) if scale.log else ends
    kept = _without_absurd(ends)
    held = np.concatenate([kept.ravel(), np.log10(also) if scale.log else also])
    low, high = held.min(), held.max()
    margin = 0.05 * (high - low) or (0.1 if scale.log else max(abs(low) * 0.05, 0.05))
    limits = np.array([low - margin, high + margin])
    if scale.log:
        getattr(axis, f"set_{way}scale")("log")
        limits = 10**limits
        _log_ticks(getattr(axis, f"{way}axis"), limits, scale)
    getattr(axis, f"set_{way}lim")(*limits)
    return len(ends) - len(kept)


def _without_absurd(ends: np.ndarray) -> np.ndarray:
    if len(ends) < 3:
        return ends
    first, third = np.quantile(ends, [0.25, 0.75])
    reach = 10 * max(third - first, np.median(ends[:, 1] - ends[:, 0]))
    kept = ends[(ends[:, 0] >= first - reach) & (ends[:, 1] <= third + reach)] if reach > 0 else ends
    return kept if len(kept) else ends


def _log_ticks(axis: Any, limits: np.ndarray, scale: Scale) -> None:
    decades = np.log10(limits[1] / limits[0])
    subs = (1, 1.5, 2, 3, 5, 7) if decades < 0.8 else (1, 2, 5) if decades < 2.5 else (1,)
    ticks = LogLocator(subs=subs, numticks=8 if decades >= 2.5 else 20).tick_values(*limits)
    number_ticks(axis, [tick for tick in ticks if limits[0] <= tick <= limits[1] and not tick < 1.6 * scale.floor])
    if np.isfinite(scale.floor):
        axis.set_ticks([*axis.get_majorticklocs(), scale.floor], [*axis.get_major_formatter().seq, "0"])


def number_text(value: float) -> str:
    """Plain from 0.001 to 999,999, powers of ten beyond."""
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        return f"{value:,.6g}"
    mantissa, power = f"{value:.3e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{raised}" if mantissa == "1" else f"{mantissa}·10{raised}"


def number_ticks(axis: Any, numbers: Sequence[float]) -> None:
    """A tick at each of a few numbers."""
    axis.set_major_locator(FixedLocator(list(numbers)))
    axis.set_major_formatter(FixedFormatter([number_text(number) for number in numbers]))
    axis.set_minor_formatter(NullFormatter())
    axis.set_minor_locator(FixedLocator([]))


def side_labels(axis: Axes, ends: Sequence[tuple[str, float, float, str]], height: float) -> None:
    """Labels to the right of a panel, each at its (text, x, y, colour), moved apart where they would overlap.

    Args:
        height: of the panel, in inches.
    """
    low, high = axis.transData.transform([(1, limit) for limit in axis.get_ylim()])[:, 1]
    places = np.array([(axis.transData.transform((x, y))[1] - low) / (high - low) for _, x, y, _ in ends])
    order, gap = np.argsort(places, kind="stable"), 0.165 / height * np.arange(len(ends))
    apart = isotonic_regression(places[order] - gap).x + gap
    apart = np.clip(apart, None, 1.02 - gap[::-1]) if len(ends) else apart
    for place, rank in zip(order, apart, strict=True):
        text, x, y, color = ends[place]
        axis.annotate(
            text, (x, y), xytext=(1.04, rank), textcoords="axes fraction", va="center", color=color, fontsize=9,
            annotation_clip=False, arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.6, "shrinkA": 1, "shrinkB": 0},
        )  # fmt: skip


def finish(figure: Figure, title: str, note: str = "", handles: Sequence[Any] = ()) -> Figure:
    """Puts the title over the panels and the legend below them; signs in names are text, never formulas."""
    width = int(11 * figure.get_figwidth())
    lines = [textwrap.fill(text, width) for text in (title, note) if text]
    figure.suptitle("\n".join(lines), fontsize=10.5)
    if handles:
        longest = max(len(str(handle.get_label())) for handle in handles)
        columns = max(1, min(len(handles), int(figure.get_figwidth() / (0.075 * longest + 0.65))))
        figure.legend(handles=list(handles), loc="outside lower center", ncols=columns, frameon=False, fontsize=9)
    for text in figure.findobj(Text):
        text.set_parse_math(False)
    return figure
