"""Shared drawings: every run is there, means and intervals are right, nothing is hidden."""

import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.container import ErrorbarContainer
from scipy import stats

from rnnlab import figures
from rnnlab.digit_sums.figures import first_perfect_map
from rnnlab.sales.figures import forecast_panels

SEEDS, UPDATES = 5, (10, 20, 30, 40)


def curves_of(*arms: str, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    index = pd.MultiIndex.from_product([arms, range(SEEDS), UPDATES], names=["arm", "seed", "update"])
    frame = pd.DataFrame({"loss": np.exp(rng.normal(-2, 2, len(index))), "accuracy": rng.random(len(index))}, index)
    return frame.reset_index()


def runs_of(*arms: str) -> pd.DataFrame:
    frame = curves_of(*arms).query("update == 40").rename(columns={"loss": "test_loss"})
    return frame.assign(units=4 + 4 * (frame.seed % 2))


def split(axis):
    """Thin lines and thick ones."""
    return [[line for line in axis.lines if (line.get_linewidth() >= 1.5) == thick] for thick in (False, True)]


def png(figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=60)
    return buffer.getvalue()


def published_of(**columns) -> pd.DataFrame:
    return pd.DataFrame({"measure": "test_loss", "mean": [0.9, 1.9], "sd": [0.1, np.nan], "misprint": [False, True], **columns})


DRAWINGS = {
    "curves": lambda: figures.curves(curves_of("lstm", "gru"), "update", ["loss", "accuracy"], title="a $ and a $"),
    "parts": lambda: figures.curves(curves_of("a", "b"), "update", [("loss", "accuracy")], title="t"),
    "direct": lambda: figures.curves(curves_of(*"abcdef"), "update", ["loss"], title="t " * 90),
    "bar": lambda: figures.curves(curves_of(*map(str, range(12))), "update", ["loss"], title="t"),
    "spotlight": lambda: figures.curves(curves_of(*"abcdefghij"), "update", ["loss"], title="t"),
    "scores": lambda: figures.scores(
        runs_of("a $x$ arm", "a very long name of an arm that must stay readable"),
        ["test_loss", "accuracy"],
        title="t",
        published=published_of(arm="a $x$ arm"),
        baselines={"the best of all baselines": {"accuracy": 1.4}},
    ),
    "against_number": lambda: figures.against_number(
        runs_of("a", "b"), "units", ["test_loss"], arm="arm", title="t", marks={"here": 6},
        references={"one": 0.2, "another, close by": 0.201, "too short": np.nan}, published=published_of(arm="a", units=[4, 8]),
    ),
    "heat_map": lambda: figures.heat_map(
        pd.DataFrame([[1, np.nan], [1000, 30.0]], ["a", "b"], [0.1, 0.2]), title="t", rows="r", columns="c", label="l", log=True
    ),
    "intervals": lambda: figures.intervals(
        pd.DataFrame({"claim": ["one " * 30, "two"], "difference": [0.1, -2.0], "low": [0.05, -np.inf], "high": [0.2, -1.0],
                      "verdict": ["holds", "undecided"], "published": [0.3, np.nan]}),
        title="t", label="accuracy", margin=0.02,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DRAWINGS)
def test_all_lies_in_the_figure_and_bytes_are_the_same_twice(name):
    figure = DRAWINGS[name]()
    first = png(figure)
    figure.draw_without_rendering()
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) >= -0.01
    assert drawn.x1 <= width + 0.01
    assert drawn.y1 <= height + 0.01
    assert png(DRAWINGS[name]()) == first


@pytest.mark.parametrize(("measure", "log"), [("loss", True), ("accuracy", False)])
def test_curves_show_every_run_the_mean_and_its_interval(measure, log):
    frame = curves_of("a", "b")
    (axis,) = figures.curves(frame, "update", [measure], title="t").axes
    thin, thick = split(axis)
    assert len(thin) == 2 * SEEDS
    assert axis.get_yscale() == ("log" if log else "linear")
    band = axis.collections[0].get_paths()[0].vertices
    for place, update in enumerate(UPDATES):
        values = frame.query("arm == 'a' and update == @update")[measure]
        values = np.log(values) if log else values
        found = stats.ttest_1samp(values, 0).confidence_interval()
        ends = np.exp([found.low, found.high, values.mean()]) if log else [found.low, found.high, values.mean()]
        here = band[band[:, 0] == update, 1]
        assert [here.min(), here.max(), thick[0].get_ydata()[place]] == pytest.approx(list(ends))
    low, high = axis.get_ylim()
    assert low < frame[measure].min() < frame[measure].max() < high
    assert "geometric" in axis.figure.get_suptitle() if log else "geometric" not in axis.figure.get_suptitle()


def test_arms_that_are_equal_stay_visible():
    one = curves_of("a")
    (axis,) = figures.curves(pd.concat([one, one.assign(arm="b")]), "update", ["loss"], title="t").axes
    first, second = split(axis)[1]
    assert first.get_linewidth() > second.get_linewidth()
    assert first.get_linestyle() == "-" != second.get_linestyle()
    assert first.get_marker() != second.get_marker()


def test_diverged_and_absurd_runs_are_named_and_squeeze_nobody():
    frame = curves_of("a", "b").assign(accuracy=lambda t: t.accuracy / 2)
    frame.loc[(frame.arm == "a") & (frame.seed == 1) & (frame["update"] > 20), "accuracy"] = np.nan
    frame.loc[(frame.arm == "b") & (frame.seed == 0) & (frame["update"] == 40), "accuracy"] = 1e9
    (axis,) = figures.curves(frame, "update", ["accuracy"], title="t").axes
    assert axis.get_title("left") == "a: 1 of 5 diverged; ↑ outside: 1 curve, up to 10⁹"
    assert axis.get_ylim()[1] < 1
    assert np.isnan(split(axis)[1][0].get_ydata()).tolist() == [False, False, True, True]


def test_many_arms_are_told_apart():
    numbers = figures.curves(curves_of(*map(str, range(12))), "update", ["loss"], title="t")
    assert [text.get_text() for text in numbers.axes[-1].get_yticklabels()] == [str(n) for n in range(12)]
    names = figures.curves(curves_of(*"abcdefghij"), "update", ["loss"], title="t")
    assert [axis.get_title() for axis in names.axes if axis.get_visible()] == list("abcdefghij")
    assert all(len(split(axis)[0]) == SEEDS + 10 for axis in names.axes if axis.get_visible())


@pytest.mark.parametrize("highest", [0.0, 2.0, 50.0, 1e3, 1e12])
def test_axes_of_any_span_have_readable_ticks(highest):
    frame = pd.DataFrame({"arm": "a", "seed": 0, "epoch": [1, 2, 3], "perplexity": [1.0, highest / 2, highest]})
    (axis,) = figures.curves(frame, "epoch", ["perplexity"], title="t").axes
    low, high = axis.get_ylim()
    axis.figure.draw_without_rendering()
    shown = [t.get_text() for at, t in zip(axis.get_yticks(), axis.get_yticklabels(), strict=True) if low <= at <= high]
    assert 2 <= len(shown) <= 14
    assert all(shown)


def test_zeros_of_a_logarithmic_axis_lie_on_its_floor():
    frame = curves_of("a").assign(loss=[0.0, 0.004, 0.1, 4.0] * SEEDS)
    (axis,) = figures.curves(frame, "update", ["loss"], title="t").axes
    assert split(axis)[0][0].get_ydata()[0] == pytest.approx(0.002)
    assert "0" in [text.get_text() for text in axis.get_yticklabels()]


def test_scores_show_every_run_means_published_values_and_baselines():
    runs = runs_of("a", "b").reset_index(drop=True)
    runs.loc[(runs.arm == "b") & (runs.seed == 0), "accuracy"] = np.nan
    published = published_of(arm=["a", "b"]).assign(measure="accuracy")
    (axis,) = figures.scores(runs, ["accuracy"], title="t", published=published, baselines={"best": 1.7}).axes
    dots = [line.get_xdata() for line in axis.lines if line.get_alpha() == 0.5]
    np.testing.assert_array_equal(np.concatenate(dots), runs.accuracy)
    values = runs[runs.arm == "a"].accuracy
    bars = [one for one in axis.containers if isinstance(one, ErrorbarContainer)]
    found = stats.ttest_1samp(values, 0).confidence_interval()
    means = [one for one in bars if one.lines[0].get_marker() not in "xX"]
    assert len(means) == 1, "an arm with a run that diverged has no mean"
    assert means[0].lines[0].get_xdata() == pytest.approx([values.mean()])
    (bar,) = means[0].lines[2][0].get_segments()
    assert bar[:, 0] == pytest.approx([found.low, found.high])
    assert [text.get_text() for text in axis.get_yticklabels()] == ["a", "b (1 of 5 diverged)", "best"]
    assert axis.get_xlim()[1] > 1.9, "neither the baseline nor what is published lies under the frame"
    signs = [(line.get_marker(), line.get_markerfacecolor()) for line in axis.lines if line.get_marker() in ("x", "X")]
    assert ("X", "white") in signs


def test_against_number_joins_means_and_keeps_labels_apart():
    runs = runs_of("a")
    (axis,) = figures.against_number(
        runs, "units", ["accuracy"], title="t", references={"one": 0.5, "two": 0.5001}, log_x=False
    ).axes
    means = runs.groupby("units").accuracy.mean()
    (joined,) = [line for line in axis.lines if line.get_linewidth() == 1.6]
    assert joined.get_xdata() == pytest.approx([4, 8])
    assert joined.get_ydata() == pytest.approx(means.to_numpy())
    axis.figure.draw_without_rendering()
    one, two = (text.get_window_extent() for text in axis.texts)
    assert not one.overlaps(two)
    with pytest.raises(ValueError, match="measures: expected one where there are arms, got accuracy, test_loss"):
        figures.against_number(runs, "units", ["accuracy", "test_loss"], arm="arm", title="t")


def test_a_heat_map_is_readable_in_every_cell():
    runs = pd.DataFrame(
        [(0.1, "x", 0, 100.0), (0.1, "x", 1, 300.0), (0.1, "y", 0, np.nan), (0.1, "y", 1, 900.0), (0.5, "x", 0, np.nan),
         (0.5, "x", 1, np.nan), (0.5, "y", 0, 50.0), (0.5, "y", 1, 50.0)],
        columns=["rate", "state", "seed", "first_perfect"],
    )  # fmt: skip
    axis = first_perfect_map(runs, "rate", "state", title="t").axes[0]
    texts = {text.get_text(): text.get_color() for text in axis.texts}
    assert texts == {"200": "black", "900\n1 of 2": "white", "never": "black", "50": "black"}


def test_forecasts_are_not_clipped():
    series = pd.DataFrame({"month": range(6), "label": list("abcdef"), "actual": [1.0, 2, 3, 4, 5, np.nan]})
    series["part"] = ["train"] * 3 + ["test"] * 2 + ["future"]
    index = pd.MultiIndex.from_product([["lstm"], [8], range(3), range(1, 6)], names=["cell", "units", "seed", "month"])
    forecasts = pd.DataFrame({"forecast": np.linspace(-5, 19, 15)}, index).reset_index()
    (axis,) = forecast_panels(forecasts, series, title="t", unit="sales").axes
    assert axis.get_ylim()[0] < -5 < 19 < axis.get_ylim()[1]
    assert len([line for line in axis.lines if line.get_linewidth() == 0.7]) == 3


def test_intervals_take_their_colour_from_the_verdict():
    axis = DRAWINGS["intervals"]().axes[0]
    points = {line.get_marker(): line.get_xdata()[0] for line in axis.lines if line.get_marker() in "o^x"}
    assert points == {"o": 0.1, "^": -2.0, "x": 0.3}
    assert [line.get_marker() for line in axis.lines].count("<") == 1


def test_colours_are_those_of_the_cells_and_differ():
    look = figures.looks(["LSTM", "cell gru", "other", "simple RNN, tanh", "simple RNN, ReLU"])
    assert [look[name].color for name in ("LSTM", "cell gru", "simple RNN, tanh")] == [
        figures.COLORS[cell] for cell in ("lstm", "gru", "simple_rnn")
    ]
    assert len({one.color for one in look.values()}) == 5
