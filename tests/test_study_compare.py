"""rnnlab.study.compare and rnnlab.study.variance: against SciPy and statsmodels, by hand, and against published tables."""

from __future__ import annotations

import json
import math
import os
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rnnlab import datasets
from rnnlab.study.compare import ALTERNATIVES, Comparison, Sample, from_figures, holm, rank, summarize, t_test
from rnnlab.study.variance import anova, one_way, two_way

RUNS = {
    "a": [0.31, 0.35, 0.29, 0.33, 0.36, 0.30, 0.34],
    "b": [0.42, 0.31, 0.55, 0.38, 0.47],
    "c": [0.36, 0.35, 0.37, 0.36, 0.34, 0.38],
}
NAN = math.nan


def cells(seed: int = 3, runs: int = 6) -> dict[tuple[str, float], np.ndarray]:
    """Runs of a 3 × 2 design whose main effects and interaction are there, but not beyond all doubt."""
    noise = np.random.default_rng(seed)
    keys = [(optimizer, rate) for optimizer in ("adam", "rmsprop", "sgd") for rate in (0.1, 0.01)]
    return {key: noise.normal(place * (place % 3) / 8, 0.5 + place / 10, runs) for place, key in enumerate(keys)}


def frame_of(runs: dict[tuple[str, float], np.ndarray]) -> pd.DataFrame:
    rows = [{"optimizer": key[0], "learning rate": key[1], "loss": run} for key, values in runs.items() for run in values]
    return pd.DataFrame(rows)


# Samples


def test_summarize_two_runs_by_hand():
    # Resamples of (0, 1) have the means 0, 1/2 and 1 with the chances 1/4, 1/2 and 1/4.
    assert summarize([0, 1]) == Sample(2, 0.5, math.sqrt(0.5), 0.0, 1.0, 0)
    assert astuple(summarize([0, 1], confidence=0.4))[3:5] == (0.5, 0.5)


def test_the_interval_is_the_bootstrap_of_the_mean():
    values = np.array(RUNS["b"])
    found = summarize(values)
    means = np.random.default_rng(99).choice(values, (20000, len(values))).mean(axis=1)
    assert (found.low, found.high) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.004)
    wide = summarize(values, confidence=0.99)
    assert wide.low < found.low < found.mean < found.high < wide.high


def test_chance_comes_from_the_generator_handed_over_and_leaves_the_global_one_alone():
    before = np.random.get_state()[1].copy()
    assert summarize(RUNS["a"]) == summarize(RUNS["a"])
    rng = np.random.default_rng(5)
    first, second = (summarize(RUNS["a"], rng=rng) for _ in range(2))
    assert first != second
    assert first == summarize(RUNS["a"], rng=np.random.default_rng(5))
    assert np.array_equal(before, np.random.get_state()[1])


@pytest.mark.parametrize(
    ("values", "diverged"), [([1.0, NAN, 2.0], 1), ([NAN, NAN], 2), ([math.inf, 1.0, -math.inf, NAN], 3), ([NAN], 1)]
)
def test_an_arm_that_diverged_has_no_mean(values, diverged):
    found = summarize(values)
    assert (found.n, found.diverged) == (len(values), diverged)
    assert np.isnan([found.mean, found.sd, found.low, found.high]).all()


def test_one_run_has_no_spread_and_equal_runs_have_exactly_none():
    assert np.array_equal(astuple(summarize([2.5])), (1, 2.5, NAN, NAN, NAN, 0), equal_nan=True)
    assert np.std([0.1] * 3, ddof=1) > 0
    assert summarize([0.1] * 3) == Sample(3, 0.1, 0.0, 0.1, 0.1, 0)


@pytest.mark.parametrize("ddof", [0, 1])
def test_figures_give_the_sample_of_their_runs(ddof):
    whole = summarize(RUNS["a"])
    figures = from_figures(np.mean(RUNS["a"]), np.std(RUNS["a"], ddof=ddof), 7, ddof=ddof)
    assert (figures.n, figures.mean, figures.sd) == pytest.approx((whole.n, whole.mean, whole.sd), rel=1e-14)
    assert math.isnan(figures.low)
    assert math.isnan(figures.high)
    assert figures.diverged == 0


def test_figures_of_nan_and_of_one_run():
    assert np.isnan([from_figures(NAN, NAN, 10).mean, from_figures(NAN, 0.1, 10).sd]).all()
    assert from_figures(NAN, NAN, 10).diverged is None
    for ddof in (0, 1):
        assert math.isnan(from_figures(76.61, 0.0, 1, ddof=ddof).sd)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: summarize([]), r"values: expected at least one number, shape \(n,\), got shape \(0,\)"),
        (lambda: summarize(np.ones((2, 2))), r"values: expected at least one number, shape \(n,\), got shape \(2, 2\)"),
        (lambda: summarize([1, 2], confidence=95), "confidence: expected a number between 0 and 1, got 95"),
        (lambda: from_figures(1, 0.1, 0), "n: expected an integer of at least 1, got 0"),
        (lambda: from_figures(1, 0.1, 2.0), "n: expected an integer of at least 1, got 2.0"),
        (lambda: from_figures(1, -0.1, 3), "sd: expected a number of at least 0, or nan, got -0.1"),
        (lambda: from_figures(1, 0.1, 3, ddof=2), "ddof: expected 0 or 1, got 2"),
        (lambda: holm([0.1, 1.2]), r"pvalues: expected numbers from 0 to 1, shape \(m,\), got \[0.1, 1.2\]"),
        (lambda: rank({}), "samples: expected at least one arm, got none"),
        (lambda: rank({"a": summarize([1])}, level=5), "level: expected a number between 0 and 1, got 5"),
    ],
)
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        call()


# Two arms


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("equal_var", [False, True])
@pytest.mark.parametrize(("first", "second"), [("a", "b"), ("a", "c"), ("b", "c")])
def test_t_test_from_figures_is_that_of_scipy_on_the_runs(first, second, equal_var, alternative):
    a, b = (from_figures(np.mean(RUNS[arm]), np.std(RUNS[arm]), len(RUNS[arm]), ddof=0) for arm in (first, second))
    found = t_test(a, b, equal_var=equal_var, alternative=alternative, confidence=0.9)
    there = stats.ttest_ind(RUNS[first], RUNS[second], equal_var=equal_var, alternative=alternative)
    interval = there.confidence_interval(0.9)
    assert (found.statistic, found.df, found.p) == pytest.approx((there.statistic, there.df, there.pvalue), rel=1e-9)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9)
    assert found.difference == pytest.approx(np.mean(RUNS[first]) - np.mean(RUNS[second]))
    assert found.n == (len(RUNS[first]), len(RUNS[second]))
    assert found == t_test(a, b, equal_var=equal_var, alternative=alternative, confidence=0.9)


def test_t_test_by_hand():
    # Means 2 and 4, variances 1 and 4: t = -2 / sqrt(1/3 + 4/3); Welch's df = (5/3)² / ((1/9 + 16/9) / 2) = 50/17.
    # Hedges' g = -2 / sqrt(5/2) · (1 - 3 / (4 · 6 - 9)).
    found = t_test(summarize([1, 2, 3]), summarize([2, 4, 6]))
    assert (found.difference, found.statistic, found.df) == pytest.approx((-2, -2 / math.sqrt(5 / 3), 50 / 17))
    assert found.effect == pytest.approx(-2 / math.sqrt(2.5) * 0.8)
    assert t_test(summarize([1, 2, 3]), summarize([2, 4, 6]), equal_var=True).df == 4


@pytest.mark.parametrize(
    ("a", "alternative", "statistic", "p"),
    [
        (1.0, "two-sided", 0, 1),
        (1.0, "greater", 0, 0.5),
        (1.0, "less", 0, 0.5),
        (2.0, "two-sided", math.inf, 0),
        (2.0, "greater", math.inf, 0),
        (2.0, "less", math.inf, 1),
        (0.5, "two-sided", -math.inf, 0),
        (0.5, "greater", -math.inf, 1),
        (0.5, "less", -math.inf, 0),
    ],
)
@pytest.mark.parametrize("equal_var", [False, True])
def test_arms_without_any_spread_are_equal_or_apart_without_doubt(a, alternative, statistic, p, equal_var):
    found = t_test(summarize([a] * 4), summarize([1.0] * 3), equal_var=equal_var, alternative=alternative)
    low, high = {"two-sided": (a - 1, a - 1), "greater": (a - 1, math.inf), "less": (-math.inf, a - 1)}[alternative]
    assert found == Comparison(a - 1, low, high, statistic, 5, p, statistic, (4, 3))


def test_one_arm_without_spread_is_tested_against_the_other_alone():
    found = t_test(summarize(RUNS["a"]), summarize([0.3] * 5))
    alone = stats.ttest_1samp(RUNS["a"], 0.3)
    assert (found.statistic, found.df, found.p) == pytest.approx((alone.statistic, 6, alone.pvalue))


@pytest.mark.parametrize("other", [summarize([1.0, NAN]), summarize([1.0]), from_figures(1, NAN, 5)])
def test_an_arm_that_diverged_or_has_one_run_cannot_be_told_from_another(other):
    for found in (t_test(summarize(RUNS["a"]), other), t_test(other, summarize(RUNS["a"]), alternative="less")):
        assert np.isnan([found.low, found.high, found.statistic, found.df, found.p, found.effect]).all()
        assert math.isnan(found.difference) == math.isnan(other.mean)


def test_t_test_refuses():
    a, b = summarize(RUNS["a"]), summarize(RUNS["b"])
    with pytest.raises(ValueError, match=r"^alternative: expected one of two-sided, greater, less, got 'larger'$"):
        t_test(a, b, alternative="larger")
    with pytest.raises(ValueError, match=r"^confidence: expected a number between 0 and 1, got 0$"):
        t_test(a, b, confidence=0)


# Many arms


def test_holm_by_hand():
    # In order 0.005 · 4, 0.01 · 3, 0.03 · 2, and 0.04 · 1, which may not fall below the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.01, NAN, 0.04]) == pytest.approx([0.02, NAN, 0.04], nan_ok=True)
    assert np.isnan(holm([NAN])).all()
    assert holm([]).shape == (0,)


def arms(**means: float) -> dict[str, Sample]:
    return {name: from_figures(mean, 0.01, 10) for name, mean in means.items()}


def test_rank_in_both_directions():
    samples = arms(far=0.5, first=0.1, twin=0.101, third=0.2)
    assert list(rank(samples).items()) == [("first", 1), ("twin", 1), ("third", 2), ("far", 3)]
    assert rank(samples, lowest_first=False) == {"far": 1, "third": 2, "twin": 3, "first": 3}


def test_arms_that_cannot_be_told_apart_share_a_rank_even_across_one_that_can():
    # p of neighbours is above 0.05, of the ends below 0.01: one rank all the same.
    chain = arms(a=0.1, b=0.108, c=0.116)
    assert t_test(chain["a"], chain["c"]).p < 0.01 < 0.05 < t_test(chain["a"], chain["b"]).p
    assert set(rank(chain, corrected=False).values()) == {1}
    # "wide", beyond c, is apart neither from c nor from b; tests of neighbours alone would leave b a rank of its own.
    wide = arms(a=0.1, b=0.2, c=0.3, d=0.9) | {"wide": from_figures(0.305, 0.16, 10)}
    assert t_test(wide["b"], wide["c"]).p < 1e-10
    assert rank(wide, corrected=False) == {"a": 1, "b": 2, "c": 2, "wide": 2, "d": 3}


def test_correction_keeps_equal_arms_together():
    # Four pairs of arms of one mean, far from the other pairs. A border is false within a pair: by chance in one study of
    # 1 - 0.95^4 = 18.5 % without correction, in at most 5 % with it.
    noise = np.random.default_rng(0)
    studies = [noise.normal(np.repeat([0, 10, 20, 30], 2), 1, (10, 8)).T for _ in range(20)]
    samples = [{arm: from_figures(runs.mean(), runs.std(ddof=1), 10) for arm, runs in enumerate(study)} for study in studies]
    borders = {
        corrected: [max(rank(study, corrected=corrected).values()) - 4 for study in samples] for corrected in (False, True)
    }
    assert min(borders[True]) == min(borders[False]) == 0
    assert 2 <= np.count_nonzero(borders[False]) <= 8
    assert np.count_nonzero(borders[True]) <= 1


def test_a_border_that_the_correction_takes():
    # Neighbours have p = 0.038, the ends p = 0.0003: by Holm's steps the neighbours get 2 · 0.038.
    samples = arms(a=0.1, b=0.11, c=0.12)
    assert t_test(samples["a"], samples["b"]).p == pytest.approx(0.038, abs=0.001)
    assert rank(samples, corrected=False) == {"a": 1, "b": 2, "c": 3}
    assert rank(samples) == {"a": 1, "b": 1, "c": 1}
    assert rank(samples, level=0.08) == {"a": 1, "b": 2, "c": 3}


def test_arms_that_diverged_come_last_in_one_rank():
    samples = {"nan": from_figures(NAN, NAN, 10)} | arms(a=0.2, b=0.1) | {"one": summarize([0.05, NAN])}
    assert rank(samples) == {"b": 1, "a": 2, "nan": 3, "one": 3}
    assert rank(samples, lowest_first=False) == {"a": 1, "b": 2, "nan": 3, "one": 3}
    assert rank({"nan": from_figures(NAN, NAN, 10)}) == {"nan": 1}


def test_rank_tells_nothing_from_single_runs():
    assert rank({"a": summarize([1.0]), "b": summarize([9.0])}) == {"a": 1, "b": 1}


# Analysis of variance


def test_one_way_from_figures_is_that_of_scipy_on_the_runs():
    samples = {name: summarize(values) for name, values in RUNS.items()}
    found = one_way(samples, "cell").set_index("term")
    there = stats.f_oneway(*RUNS.values())
    assert list(found.index) == ["cell", "residual"]
    assert list(found["df"]) == [2, 15]
    assert (found["f"]["cell"], found["p"]["cell"]) == pytest.approx((there.statistic, there.pvalue), rel=1e-10)
    assert found["ss"].sum() == pytest.approx(np.var(np.concatenate(list(RUNS.values()))) * 18, rel=1e-12)
    assert found["partial_eta_squared"]["cell"] == pytest.approx(found["ss"]["cell"] / found["ss"].sum())
    assert found.loc["residual", ["f", "p", "partial_eta_squared"]].isna().all()


def test_two_way_from_figures_is_that_of_statsmodels_on_the_runs():
    runs = cells()
    figures = {key: from_figures(values.mean(), values.std(), len(values), ddof=0) for key, values in runs.items()}
    found, there = two_way(figures), anova(frame_of(runs), "loss", ["optimizer", "learning rate"])
    assert list(found["term"]) == ["optimizer", "learning rate", "interaction", "residual"]
    pd.testing.assert_frame_equal(found, there, rtol=1e-10)
    assert found["p"][:3].between(1e-6, 0.9).all()


def test_two_way_by_hand():
    runs = cells()
    y = np.array(list(runs.values())).reshape(3, 2, 6)
    mean, cell, row, column = y.mean(), y.mean(axis=2), y.mean(axis=(1, 2)), y.mean(axis=(0, 2))
    ss = np.array([
        12 * np.sum((row - mean) ** 2),
        18 * np.sum((column - mean) ** 2),
        6 * np.sum((cell - row[:, None] - column + mean) ** 2),
        np.sum((y - cell[:, :, None]) ** 2),
    ])  # fmt: skip
    df = np.array([2, 1, 2, 30])
    found = two_way({key: summarize(values) for key, values in runs.items()})
    assert list(found["df"]) == list(df)
    assert found["ss"].to_numpy() == pytest.approx(ss, rel=1e-10)
    assert found["ms"].to_numpy() == pytest.approx(ss / df, rel=1e-10)
    f = (ss / df)[:3] / (ss[3] / 30)
    assert found["f"][:3].to_numpy() == pytest.approx(f, rel=1e-10)
    assert found["p"][:3].to_numpy() == pytest.approx(stats.f.sf(f, df[:3], 30), rel=1e-8)
    assert found["partial_eta_squared"][:3].to_numpy() == pytest.approx(ss[:3] / (ss[:3] + ss[3]), rel=1e-10)


def test_runs_of_unequal_number_get_sums_of_squares_of_type_two():
    # Type II of a factor: what it takes from the residual of a model with the other one, without interaction.
    frame = frame_of(cells()).drop(index=[0, 1, 2, 8, 30])
    found = anova(frame, "loss", ["optimizer", "learning rate"]).set_index("term")
    by_optimizer = (frame["optimizer"].to_numpy()[:, None] == ["adam", "rmsprop", "sgd"]).astype(float)
    by_rate = (frame["learning rate"].to_numpy()[:, None] == [0.1]).astype(float)

    def residual(*columns):
        design = np.hstack(columns)
        return np.sum((frame["loss"] - design @ np.linalg.lstsq(design, frame["loss"])[0]) ** 2)

    both = residual(by_optimizer, by_rate)
    assert found["ss"]["learning rate"] == pytest.approx(residual(by_optimizer) - both)
    assert found["ss"]["optimizer"] == pytest.approx(residual(np.ones((31, 1)), by_rate) - both)


def test_settings_may_be_numbers_or_none():
    frame = frame_of(cells()).assign(clip=lambda rows: [None if rate == 0.1 else rate for rate in rows["learning rate"]])
    clip, rate = (anova(frame, "loss", [column]) for column in ("clip", "learning rate"))
    assert np.array_equal(clip["f"], rate["f"], equal_nan=True)
    assert list(clip["df"]) == [1, 34]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda cell: cell | {("sgd", 0.1): from_figures(1, 0.1, 5)}, "samples: expected the same n in all cells, got 5, 6"),
        (lambda cell: dict(list(cell.items())[1:]), r"frame: expected runs for each combination of .*, got none for .*'0.1'\)"),
        (lambda cell: dict(list(cell.items())[:1]), "samples: expected at least two arms, got 1"),
        (lambda cell: dict(list(cell.items())[:2]), r"optimizer: expected at least two settings, got \['adam'\]"),
        (
            lambda cell: cell | {("sgd", 0.1): from_figures(NAN, NAN, 6)},
            r"samples: expected a mean and s for each arm, got mean nan, s nan for \('sgd', 0.1\)",
        ),
        (
            lambda cell: {key: replace(sample, sd=0.0) for key, sample in cell.items()},
            "score: expected runs that differ within an arm, got none",
        ),
    ],
)
def test_two_way_refuses(change, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        two_way(change({key: summarize(values) for key, values in cells().items()}))


@pytest.mark.parametrize(
    ("value", "factors", "message"),
    [
        ("loss", [], r"factors: expected a list of one or two columns other than 'loss', got \[\]"),
        ("loss", ["loss"], r"factors: expected a list of one or two columns other than 'loss', got \['loss'\]"),
        ("loss", "ab", "factors: expected a list of one or two columns other than 'loss', got 'ab'"),
        ("score", ["optimizer"], "frame: expected a column 'score', got 'optimizer', 'learning rate', 'loss'"),
        ("loss", ["cell"], "frame: expected a column 'cell', got 'optimizer', 'learning rate', 'loss'"),
    ],
)
def test_anova_refuses(value, factors, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        anova(frame_of(cells()), value, factors)


def test_anova_does_not_drop_runs_that_diverged():
    frame = frame_of(cells())
    frame.loc[[3, 4], "loss"] = [NAN, math.inf]
    with pytest.raises(ValueError, match=r"^loss: expected finite scores, got 2 that are not$"):
        anova(frame, "loss", ["optimizer"])


# Published tables: 10 runs an arm, s with ddof 0


def published_arms(name: str, *keys: str, **where: str) -> dict[tuple, Sample]:
    table = datasets.published(name)
    for column, value in where.items():
        table = table[table[column] == value]
    return {
        tuple(row[key] for key in keys) if len(keys) > 1 else row[keys[0]]: from_figures(row["mean"], row["sd"], 10, ddof=0)
        for _, row in table.iterrows()
    }


@pytest.mark.parametrize(("split", "stated", "t"), [("train", 20.3751, 42.7), ("test", 18.0084, 35.9)])
def test_published_gate_tests_do_not_follow_from_their_table(split, stated, t):
    table = datasets.published("gate_activation_ttest").set_index("split")
    assert (table["t"][split], table["alternative"][split]) == (stated, "greater")
    arms = published_arms("gate_activation", "gate", split=split)
    found = t_test(arms["sigmoid"], arms["tanh"], alternative="greater")
    assert found.statistic == pytest.approx(t, abs=0.05)
    assert found.p < 1e-11
    assert found.effect > 14
    assert math.isnan(t_test(arms["relu"], arms["tanh"]).p)
    assert rank(arms) == {"tanh": 1, "sigmoid": 2, "relu": 3}


def test_published_forget_bias_tests_follow_from_their_table_in_two_of_four_cases():
    table = datasets.published("forget_bias_ttest").set_index(["split", "a", "b"])
    found = {}
    for split, a, b in table.index:
        arms = published_arms("forget_bias", "forget_bias", sweep="1_to_10", split=split)
        found[split, a, b] = t_test(arms[a], arms[b])
    # Welch, two-sided, signs dropped. A mean of four digits moves t by about 1 %: 1.685 for 1.674 and 1.594 for 1.600.
    for key in [("train", 1, 2), ("test", 2, 3)]:
        assert abs(found[key].statistic) == pytest.approx(table["t"][key], rel=0.01)
        assert found[key].p == pytest.approx(table["p"][key], rel=0.02)
    # These two means are printed as equal; the stated t and p need the degrees of freedom that their s give, and a
    # difference of 0.0093: one of the means is a misprint.
    key = ("test", 1, 2)
    assert (found[key].statistic, found[key].p) == (0, 1)
    assert 2 * stats.t.sf(table["t"][key], found[key].df) == pytest.approx(table["p"][key], abs=0.0001)


@pytest.mark.parametrize(("sd", "t", "p"), [(0.111, -0.665, 0.523), (0.0111, -4.916, 0.0001)])
def test_published_forget_bias_test_that_follows_from_no_reading_of_its_table(sd, t, p):
    # Forget bias 3.0, train: s is printed as 0.111 and was probably 0.0111; stated are t = 2.1224 and p = 0.0499.
    arms = published_arms("forget_bias", "forget_bias", sweep="1_to_10", split="train")
    found = t_test(arms[2.0], from_figures(arms[3.0].mean, sd, 10, ddof=0))
    assert (found.statistic, found.p) == pytest.approx((t, p), abs=0.0006)


@pytest.mark.parametrize("split", ["train", "test"])
def test_published_analysis_of_variance_follows_from_the_published_losses(split):
    stated = datasets.published("optimizers_anova")
    stated = stated[stated["split"] == split].reset_index(drop=True)
    losses = published_arms("optimizers", "optimizer", "learning_rate", measure=f"{split}_loss")
    found = two_way(losses, ["optimizer", "learning_rate"])
    assert list(found["term"]) == list(stated["term"])
    assert list(found["df"]) == list(stated["df"])
    # Losses printed with four digits give sums of squares and F to 0.1 % (the farthest are 0.07 % off).
    for column in ("ss", "f"):
        assert found[column].to_numpy() == pytest.approx(stated[column].to_numpy(), rel=1e-3, nan_ok=True)
    assert found["ms"].to_numpy() == pytest.approx(stated["ms"].to_numpy(), abs=1e-4, rel=1e-3)
    assert found["p"].to_numpy() == pytest.approx(stated["p"].to_numpy(), abs=3e-4, nan_ok=True)


def test_published_one_way_analysis_follows_from_the_published_losses():
    losses = published_arms("optimizers", "optimizer", "learning_rate", measure="train_loss")
    found = one_way({arm: sample for arm, sample in losses.items() if arm[1] == 0.01})
    assert found["f"][0] == pytest.approx(140.1897, rel=1e-3)


@pytest.mark.parametrize("split", ["train", "test"])
def test_published_ranking_follows_without_correction(split):
    stated = datasets.published("optimizers_rank").set_index(["split", "optimizer", "learning_rate"])["rank"]
    losses = published_arms("optimizers", "optimizer", "learning_rate", measure=f"{split}_loss")
    assert rank(losses, corrected=False) == stated[split].to_dict()


@pytest.mark.parametrize("corrected", [False, True])
@pytest.mark.parametrize("split", ["train", "test"])
def test_published_ranking_within_each_optimizer_follows_with_correction_too(split, corrected):
    table = datasets.published("optimizers_rank_within").set_index(["split", "optimizer", "learning_rate"])
    stated = table["rank_within_optimizer"][split]
    losses = published_arms("optimizers", "optimizer", "learning_rate", measure=f"{split}_loss")
    for optimizer in ("adam", "rmsprop", "adagrad", "sgd"):
        arms = {rate: sample for (name, rate), sample in losses.items() if name == optimizer}
        assert rank(arms, corrected=corrected) == stated[optimizer].to_dict()


def test_correction_takes_one_border_from_the_published_ranking():
    stated = datasets.published("optimizers_rank").set_index(["split", "optimizer", "learning_rate"])["rank"]
    for split in ("train", "test"):
        found = rank(published_arms("optimizers", "optimizer", "learning_rate", measure=f"{split}_loss"))
        joined = stated[split].map(lambda place: place - (split == "test" and place > 2))  # noqa: B023
        assert found == joined.to_dict()


# The published study repeat by repeat


@pytest.fixture(scope="module")
def repeats():
    file = "image_rows_published_by_repeat.json"
    path = Path(os.environ.get("RNNLAB_DATA", "")) / file
    if "RNNLAB_DATA" not in os.environ or not path.is_file():
        pytest.skip(f"RNNLAB_DATA names no folder with {file}")
    return json.loads(path.read_text("utf-8"))


@pytest.mark.data
@pytest.mark.parametrize("split", ["train", "test"])
def test_gate_study_by_repeat(repeats, split):
    runs = {name: summarize(values) for name, values in repeats[f"loss_means_{split}_diffGate"].items()}
    stated = published_arms("gate_activation", "gate", split=split)
    for name, gate in {"sig": "sigmoid", "tanh": "tanh"}.items():
        assert (runs[name].mean, runs[name].sd) == pytest.approx((stated[gate].mean, stated[gate].sd), abs=6e-5)
        assert runs[name].low < stated[gate].mean < runs[name].high
    assert runs["relu"].diverged == 10
    by_runs, by_figures = t_test(runs["sig"], runs["tanh"]), t_test(stated["sigmoid"], stated["tanh"])
    assert by_runs.statistic == pytest.approx(by_figures.statistic, rel=0.002)


@pytest.mark.data
def test_analysis_of_variance_by_repeat_is_that_of_the_published_accuracies(repeats):
    # The losses of the same file come from the other run of the study: they give F = 157.4 at 0.01, the table's 140.2.
    names = {"Adam": "adam", "RMS": "rmsprop", "AdaGD": "adagrad", "GD": "sgd"}
    runs = {
        (names[name], rate): np.array(values)
        for rate in (0.1, 0.01, 0.001, 0.0001)
        for name, values in repeats[f"accu_means_train_diffOP_lr{rate:.4f}".rstrip("0")].items()
    }
    stated = published_arms("optimizers", "optimizer", "learning_rate", measure="train_accuracy")
    by_runs = anova(frame_of(runs), "loss", ["optimizer", "learning rate"])
    pd.testing.assert_frame_equal(two_way(stated), by_runs, rtol=2e-3, atol=1e-12)
    losses = repeats["loss_means_train_diffOP_lr0.01"]
    found = one_way({name: summarize(values) for name, values in losses.items()})
    assert found["f"][0] == pytest.approx(stats.f_oneway(*losses.values()).statistic, rel=1e-9)
    assert found["f"][0] == pytest.approx(157.384, abs=0.001)
