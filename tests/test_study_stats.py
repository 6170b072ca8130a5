"""rnnlab.study.stats and rnnlab.study.variance: against SciPy and statsmodels, by hand, and against published tables."""

from __future__ import annotations

import json
import math
import os
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.anova import AnovaRM
from statsmodels.stats.meta_analysis import effectsize_smd
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_ind, ttost_paired

from rnnlab import datasets
from rnnlab.study import (
    Comparison,
    Sample,
    anova,
    by_arm,
    equivalence,
    from_figures,
    holm,
    logs,
    one_way,
    rank,
    spans_decades,
    summarize,
    t_test,
    two_way,
)
from rnnlab.study.stats import ALTERNATIVES

RUNS = {
    "a": [0.31, 0.35, 0.29, 0.33, 0.36, 0.30, 0.34],
    "b": [0.42, 0.31, 0.55, 0.38, 0.47],
    "c": [0.36, 0.35, 0.37, 0.36, 0.34, 0.38],
}
NAN = math.nan
REPEATS = Path(os.environ.get("RNNLAB_DATA", "")) / "image_rows_published_by_repeat.json"
PAIR = (
    pd.Series([0.31, 0.35, 0.29, 0.33, 0.36], index=[4, 3, 2, 1, 0]),
    pd.Series([0.40, 0.33, 0.31, 0.36, 0.35], index=[0, 1, 2, 3, 4]),
)


def cells(seed: int = 3, runs: int = 6) -> dict[tuple[str, float], np.ndarray]:
    """Runs of a 3 × 2 design whose main effects and interaction are there, but not beyond all doubt."""
    noise = np.random.default_rng(seed)
    keys = [(optimizer, rate) for optimizer in ("adam", "rmsprop", "sgd") for rate in (0.1, 0.01)]
    return {key: noise.normal(place * (place % 3) / 8, 0.5 + place / 10, runs) for place, key in enumerate(keys)}


def frame_of(runs: dict[tuple[str, float], np.ndarray]) -> pd.DataFrame:
    rows = [(*key, run) for key, values in runs.items() for run in values]
    return pd.DataFrame(rows, columns=["optimizer", "learning rate", "loss"])


def test_the_interval_is_that_of_student():
    for values in RUNS.values():
        found, figures = summarize(values), from_figures(np.mean(values), np.std(values), len(values), ddof=0)
        there = stats.ttest_1samp(values, 0)
        assert (found.mean, found.sd) == pytest.approx((np.mean(values), np.std(values, ddof=1)), rel=1e-14)
        assert (found.low, found.high) == pytest.approx(there.confidence_interval(), rel=1e-12)
        assert astuple(figures) == pytest.approx(astuple(found), rel=1e-12)
        assert summarize(values, confidence=0.9).low == pytest.approx(there.confidence_interval(0.9).low)
    # 0 and 1: mean 1/2, standard error 1/2, and t of one degree of freedom is tan(0.475 pi).
    assert summarize([0, 1]).high == pytest.approx(0.5 + math.tan(0.475 * math.pi) / 2)


@pytest.mark.parametrize(
    ("found", "n", "diverged"),
    [
        (summarize([1.0, NAN, 2.0]), 3, 1),
        (summarize([math.inf, 1.0, -math.inf, NAN]), 4, 3),
        (summarize([NAN]), 1, 1),
        (from_figures(NAN, NAN, 10), 10, None),
    ],
)
def test_an_arm_that_diverged_has_no_mean(found, n, diverged):
    assert (found.n, found.diverged) == (n, diverged)
    assert np.isnan([found.mean, found.sd, found.low, found.high]).all()


def test_one_run_has_no_spread_and_equal_runs_have_exactly_none():
    for one in (summarize([2.5]), from_figures(2.5, 0.0, 1), from_figures(2.5, 0.0, 1, ddof=0)):
        assert np.array_equal(astuple(one), (1, 2.5, NAN, NAN, NAN, 0), equal_nan=True)
    assert math.isnan(from_figures(NAN, 0.1, 10).sd)
    assert np.std([0.1] * 3, ddof=1) > 0
    assert summarize([0.1] * 3) == Sample(3, 0.1, 0.0, 0.1, 0.1, 0)


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
        (lambda: holm([[0.1]]), r"pvalues: expected numbers from 0 to 1, shape \(m,\), got \[\[0.1\]\]"),
        (lambda: rank({}), "scores: expected at least one arm, got none"),
        (lambda: rank({"a": summarize([1])}, level=5), "level: expected a number between 0 and 1, got 5"),
        (lambda: t_test(*PAIR, alternative="larger"), "alternative: expected one of two-sided, greater, less, got 'larger'"),
        (lambda: t_test(*PAIR, confidence=0), "confidence: expected a number between 0 and 1, got 0"),
        (
            lambda: t_test(PAIR[0], summarize(PAIR[1]), paired=True),
            "paired: expected two Series with the same seeds, two or more",
        ),
        (lambda: equivalence(*PAIR, 0), "margin: expected a positive number, got 0"),
        (lambda: equivalence(*PAIR, 1, confidence=0.5), "confidence: expected a number between 0.5 and 1, got 0.5"),
        (lambda: logs({"a": PAIR[0] - 0.3}), r"scores: expected positive numbers to take logs of, got .* in 'a'"),
        (
            lambda: by_arm(pd.DataFrame({"arm": ["a", "a"], "seed": [3, 3], "loss": [1, 2]}), "loss"),
            "runs: expected one run for each arm and seed, got several of 'a', seed 3",
        ),
    ],
)
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        call()


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("equal_var", [False, True])
@pytest.mark.parametrize(("first", "second"), [("a", "b"), ("a", "c"), ("b", "c")])
def test_t_test_from_figures_is_that_of_scipy_on_the_runs(first, second, equal_var, alternative):
    a, b = (from_figures(np.mean(RUNS[arm]), np.std(RUNS[arm]), len(RUNS[arm]), ddof=0) for arm in (first, second))
    found = t_test(a, b, equal_var=equal_var, alternative=alternative, confidence=0.9)
    there = stats.ttest_ind(RUNS[first], RUNS[second], equal_var=equal_var, alternative=alternative)
    interval = there.confidence_interval(0.9)
    assert (found.statistic, found.df, found.p) == pytest.approx((there.statistic, there.df, there.pvalue), rel=1e-9)
    assert (found.low, found.high) == pytest.approx(interval, rel=1e-9)
    assert found.difference == pytest.approx(np.mean(RUNS[first]) - np.mean(RUNS[second]))
    assert (found.n, found.test) == ((a.n, b.n), "Student's t-test" if equal_var else "Welch's t-test")
    assert found.effect == pytest.approx(effectsize_smd(a.mean, a.sd, a.n, b.mean, b.sd, b.n)[0])


@pytest.mark.parametrize("a", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("equal_var", [False, True])
def test_arms_without_any_spread_are_equal_or_apart_without_doubt(a, equal_var):
    t = math.copysign(math.inf, a - 1) if a != 1 else 0.0
    greater = {0.5: 1.0, 1: 0.5, 2: 0.0}[a]
    found = (t_test(summarize([a] * 4), summarize([1.0] * 3), equal_var=equal_var, alternative=each) for each in ALTERNATIVES)
    ends = (a - 1, a - 1), (a - 1, math.inf), (-math.inf, a - 1)
    for one, (low, high), p in zip(found, ends, (float(a == 1), greater, 1 - greater), strict=True):
        name = "Student's t-test" if equal_var else "Welch's t-test"
        assert one == Comparison(a - 1, low, high, t, 5, p, t, (4, 3), name)


@pytest.mark.parametrize("other", [summarize([1.0, NAN]), summarize([1.0]), from_figures(1, NAN, 5)])
def test_an_arm_that_diverged_or_has_one_run_is_compared_with_no_other(other):
    for found in (t_test(summarize(RUNS["a"]), other), t_test(other, summarize(RUNS["a"]), alternative="less")):
        assert np.isnan([found.low, found.high, found.statistic, found.df, found.p, found.effect]).all()
        assert math.isnan(found.difference) == math.isnan(other.mean)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_arms_with_the_same_seeds_are_paired_by_seed(alternative):
    a, b = PAIR
    found = t_test(a, b, alternative=alternative, confidence=0.9)
    there = stats.ttest_rel(a.sort_index(), b, alternative=alternative)
    interval = there.confidence_interval(0.9)
    assert (found.statistic, found.df, found.p) == pytest.approx((there.statistic, 4, there.pvalue), rel=1e-9)
    assert (found.low, found.high) == pytest.approx(interval, rel=1e-9)
    assert (found.n, found.test, found.difference) == ((5, 5), "paired t-test", pytest.approx(a.mean() - b.mean()))
    assert found.effect == pytest.approx(t_test(a, b, paired=False).effect)


def test_arms_without_shared_seeds_are_not_paired():
    a, b = PAIR
    welch = t_test(summarize(a), summarize(b))
    assert welch.test == "Welch's t-test"
    apart = b.set_axis(range(1, 6))
    double = [each.set_axis([0, 0, 1, 2, 3]) for each in PAIR]
    for other in ((a, apart), (a, summarize(b)), double):
        assert t_test(*other) == welch
    assert t_test(a, b, paired=False) == welch
    assert t_test(a, b, equal_var=True).test == "Student's t-test"
    assert t_test(a[:1], b[4:]).test == "Welch's t-test"


def test_pairs_with_one_difference_are_apart_without_doubt():
    whole = pd.Series([1.0, 2.0, 4.0])
    found = t_test(whole + 1, whole)
    assert (found.statistic, found.p, found.low, found.high) == (math.inf, 0, 1, 1)
    assert (t_test(whole, whole).statistic, t_test(whole, whole).p) == (0, 1)
    found = t_test(whole, whole.where(whole < 4))
    assert np.isnan([found.difference, found.low, found.high, found.p, found.statistic, found.df, found.effect]).all()
    assert (equivalence(whole + 1, whole, 2).p, equivalence(whole + 1, whole, 0.5).p) == (0, 1)


def test_equivalence_is_that_of_statsmodels():
    a, b = PAIR
    for margin in (0.01, 0.03, 0.1):
        found = equivalence(a, b, margin)
        assert found.p == pytest.approx(ttost_paired(a.sort_index(), b, -margin, margin)[0], rel=1e-9)
        assert (found.p < 0.05) == (-margin < found.low and found.high < margin)
        welch = equivalence(summarize(RUNS["a"]), summarize(RUNS["b"]), margin)
        assert welch.p == pytest.approx(ttost_ind(RUNS["a"], RUNS["b"], -margin, margin, usevar="unequal")[0], rel=1e-9)
        assert (found.test, welch.test) == ("TOST, paired", "TOST, Welch")
    assert (found.low, found.high) == pytest.approx(stats.ttest_rel(a.sort_index(), b).confidence_interval(0.9))


def test_scores_by_arm_and_their_logs():
    runs = pd.DataFrame({"arm": ["b", "a", "b"], "seed": [7, 7, 2], "loss": [1.0, 0.001, 100.0]})
    scores = by_arm(runs, "loss")
    assert list(scores) == ["b", "a"]
    assert scores["b"].to_dict() == {7: 1.0, 2: 100.0}
    assert logs(scores)["b"].to_dict() == {7: 0.0, 2: 2.0}
    assert np.array_equal(logs({"a": pd.Series([NAN, math.inf])})["a"], [NAN, math.inf], equal_nan=True)
    assert spans_decades(*scores.values())
    assert not spans_decades(scores["b"])  # two powers of ten, not more
    assert not spans_decades(pd.Series([0.0, 1e9]))
    assert not spans_decades(pd.Series([1.0, math.inf, NAN]))


def test_holm_leaves_out_what_is_not_known():
    assert holm([0.01, NAN, 0.04]) == pytest.approx([0.02, NAN, 0.04], nan_ok=True)
    assert np.isnan(holm([NAN])).all()
    assert holm([]).shape == (0,)


@settings(max_examples=20, deadline=None)  # statsmodels takes its time
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_that_of_statsmodels(pvalues):
    assert holm(pvalues) == pytest.approx(multipletests(pvalues, method="holm")[1], rel=1e-12)
    assert holm(pvalues, range(len(pvalues))) == pytest.approx(holm(pvalues))


def test_exclusive_hypotheses_count_as_one_until_both_are_rejected():
    # Two families: 0.001 and 0.02 of the first, 0.01 and 0.5 of the second. The first is done after the third step.
    assert holm([0.001, 0.01, 0.02, 0.5], "abab") == pytest.approx([0.002, 0.02, 0.04, 0.5])
    assert holm([0.04, NAN, 0.03], "aba") == pytest.approx([0.04, NAN, 0.03], nan_ok=True)


def arms(**means: float) -> dict[str, Sample]:
    return {name: from_figures(mean, 0.01, 10) for name, mean in means.items()}


def test_rank_in_both_directions():
    samples = arms(far=0.5, first=0.1, twin=0.101, third=0.2)
    assert list(rank(samples).items()) == [("first", 1), ("twin", 1), ("third", 2), ("far", 3)]
    assert rank(samples, lowest_first=False) == {"far": 1, "third": 2, "twin": 3, "first": 3}


def test_arms_that_no_test_sets_apart_share_a_rank_even_across_one_that_it_does():
    # p of neighbours is above 0.05, of the ends below 0.01: one rank all the same.
    chain = arms(a=0.1, b=0.108, c=0.116)
    assert t_test(chain["a"], chain["c"]).p < 0.01 < 0.05 < t_test(chain["a"], chain["b"]).p
    assert set(rank(chain, corrected=False).values()) == {1}
    # "wide", beyond c, is apart neither from c nor from b; tests of neighbours alone would leave b a rank of its own.
    wide = arms(a=0.1, b=0.2, c=0.3, d=0.9) | {"wide": from_figures(0.305, 0.16, 10)}
    assert t_test(wide["b"], wide["c"]).p < 1e-10
    assert rank(wide, corrected=False) == {"a": 1, "b": 2, "c": 2, "wide": 2, "d": 3}
    # Neighbours have p = 0.038, the ends p = 0.0003: by Holm's steps the neighbours get 2 · 0.038.
    samples = arms(a=0.1, b=0.11, c=0.12)
    assert rank(samples, corrected=False) == rank(samples, level=0.08) == {"a": 1, "b": 2, "c": 3}
    assert rank(samples) == {"a": 1, "b": 1, "c": 1}


def test_arms_that_diverged_come_last_in_one_rank():
    samples = {"nan": from_figures(NAN, NAN, 10)} | arms(a=0.2, b=0.1) | {"one": summarize([0.05, NAN])}
    assert rank(samples) == {"b": 1, "a": 2, "nan": 3, "one": 3}
    assert rank(samples, lowest_first=False) == {"a": 1, "b": 2, "nan": 3, "one": 3}
    assert rank({"nan": from_figures(NAN, NAN, 10)}) == {"nan": 1}
    assert rank({"a": summarize([1.0]), "b": summarize([9.0])}) == {"a": 1, "b": 1}, "no test parts single runs"


def test_rank_pairs_arms_that_share_seeds():
    hard = pd.Series([1.0, 5.0, 9.0, 13.0])  # seeds differ far more than arms
    scores = {"worse": hard + np.array([0.5, 0.6, 0.4, 0.5]), "better": hard}
    assert rank(scores) == {"better": 1, "worse": 2}
    assert rank({arm: summarize(each) for arm, each in scores.items()}) == {"better": 1, "worse": 1}


@given(st.permutations(list("abcde")), st.lists(st.floats(-3, 3), min_size=5, max_size=5))
def test_ranks_follow_the_means_in_whatever_order_the_arms_come(order, means):
    samples = {arm: from_figures(mean, 1.0, 10) for arm, mean in zip("abcde", means, strict=True)}
    ranks = rank({arm: samples[arm] for arm in order})
    places = [ranks[arm] for arm in sorted(samples, key=lambda arm: samples[arm].mean)]
    assert places == sorted(places)
    assert ranks == rank(samples)
    assert set(places) == set(range(1, max(places) + 1))


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


@pytest.mark.parametrize("arms", [2, 3])
def test_blocks_of_seeds_are_those_of_a_repeated_measures_analysis(arms):
    noise = np.random.default_rng(1)
    scores = noise.normal(size=6) * 3 + noise.normal(np.arange(arms)[:, None] / 2, 1, (arms, 6))
    rows = [{"arm": arm, "seed": seed, "loss": scores[arm, seed]} for arm in range(arms) for seed in range(6)]
    found = anova(pd.DataFrame(rows), "loss", ["arm"], block="seed").set_index("term")
    there = AnovaRM(pd.DataFrame(rows), "loss", "seed", within=["arm"]).fit().anova_table.iloc[0]
    assert list(found.index) == ["arm", "seed", "residual"]
    assert list(found["df"]) == [arms - 1, 5, 5 * (arms - 1)]
    assert (found["f"]["arm"], found["p"]["arm"]) == pytest.approx((there["F Value"], there["Pr > F"]), rel=1e-9)
    if arms == 2:
        assert found["f"]["arm"] == pytest.approx(stats.ttest_rel(*scores).statistic ** 2)


def test_blocks_beside_two_factors_take_the_seeds_from_the_residual():
    frame = frame_of(cells()).assign(seed=list(range(6)) * 6)
    plain, found = (anova(frame, "loss", ["optimizer", "learning rate"], block=block) for block in (None, "seed"))
    assert list(found["term"]) == ["optimizer", "learning rate", "interaction", "seed", "residual"]
    assert found["ss"][:3].to_numpy() == pytest.approx(plain["ss"][:3].to_numpy())
    assert found["ss"][3:].sum() == pytest.approx(plain["ss"][3])
    by_seed = frame.groupby("seed")["loss"].mean()
    assert found["ss"][3] == pytest.approx(36 * by_seed.var(ddof=0))


def test_settings_may_be_numbers_or_none():
    frame = frame_of(cells()).assign(clip=lambda rows: [None if rate == 0.1 else rate for rate in rows["learning rate"]])
    clip, rate = (anova(frame, "loss", [column]) for column in ("clip", "learning rate"))
    assert np.array_equal(clip["f"], rate["f"], equal_nan=True)
    assert list(clip["df"]) == [1, 34]


CELLS = {key: summarize(values) for key, values in cells().items()}
FRAME = frame_of(cells()).assign(gone=[NAN, math.inf, *[1] * 34])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: two_way(CELLS | {("sgd", 0.1): from_figures(1, 0.1, 5)}),
            "samples: expected the same n in all cells, got 5, 6",
        ),
        (lambda: two_way(dict([*CELLS.items()][1:])), r"frame: expected runs for each combination .*, got none for .*'0.1'\)"),
        (lambda: two_way(dict([*CELLS.items()][:1])), "samples: expected at least two arms, got 1"),
        (lambda: two_way(dict([*CELLS.items()][:2])), r"optimizer: expected at least two settings, got \['adam'\]"),
        (
            lambda: two_way(CELLS | {("sgd", 0.1): from_figures(NAN, NAN, 6)}),
            r"samples: expected a mean and s for each arm, got mean nan, s nan for \('sgd', 0.1\)",
        ),
        (lambda: two_way({key: replace(each, sd=0.0) for key, each in CELLS.items()}), "score: expected runs that differ .*"),
        (lambda: anova(FRAME, "loss", []), r"factors: expected a list of one or two columns other than 'loss', got \[\]"),
        (lambda: anova(FRAME, "loss", ["loss"]), r"factors: expected a list .* columns other than 'loss', got \['loss'\]"),
        (lambda: anova(FRAME, "loss", "ab"), "factors: expected a list of one or two columns other than 'loss', got 'ab'"),
        (
            lambda: anova(FRAME, "score", ["optimizer"]),
            "frame: expected a column 'score', got 'optimizer', 'learning rate', .*",
        ),
        (lambda: anova(FRAME, "loss", ["cell"]), "frame: expected a column 'cell', got 'optimizer', 'learning rate', .*"),
        (lambda: anova(FRAME, "gone", ["optimizer"]), "gone: expected finite scores, got 2 that are not"),
        (
            lambda: anova(FRAME.assign(seed=1), "loss", ["optimizer"], block="seed"),
            r"seed: expected at least two settings, got \['1'\]",
        ),
    ],
)
def test_analyses_of_variance_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        call()


def published_arms(name: str, *keys: str, **where: str) -> dict[tuple, Sample]:
    """Arms of 10 runs, published with s of ddof 0."""
    table = datasets.published(name)
    for column, value in where.items():
        table = table[table[column] == value]
    names = table[keys[0]] if len(keys) == 1 else zip(*(table[key] for key in keys), strict=True)
    return {name: from_figures(*row, 10, ddof=0) for name, row in zip(names, table[["mean", "sd"]].to_numpy(), strict=True)}


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


@pytest.mark.parametrize("split", ["train", "test"])
def test_published_analysis_of_variance_follows_from_the_published_losses(split):
    stated = datasets.published("optimizers_anova")
    stated = stated[stated["split"] == split].reset_index(drop=True)
    losses = published_arms("optimizers", "optimizer", "learning_rate", measure=f"{split}_loss")
    found = two_way(losses, ["optimizer", "learning_rate"])
    assert list(found["term"]) == list(stated["term"])
    assert list(found["df"]) == list(stated["df"])
    # Losses printed with four digits give sums of squares and F to 0.1 % (the farthest are 0.07 % off).
    for column, tolerance in {"ss": 0, "f": 0, "ms": 1e-4}.items():
        assert found[column].to_numpy() == pytest.approx(stated[column].to_numpy(), rel=1e-3, abs=tolerance, nan_ok=True)
    assert found["p"].to_numpy() == pytest.approx(stated["p"].to_numpy(), abs=3e-4, nan_ok=True)


@pytest.mark.parametrize("split", ["train", "test"])
def test_published_rankings_follow_and_correction_takes_one_border(split):
    keys = ["split", "optimizer", "learning_rate"]
    stated = datasets.published("optimizers_rank").set_index(keys)["rank"][split]
    within = datasets.published("optimizers_rank_within").set_index(keys)["rank_within_optimizer"][split]
    losses = published_arms("optimizers", *keys[1:], measure=f"{split}_loss")
    assert rank(losses, corrected=False) == stated.to_dict()
    assert rank(losses) == {arm: place - (split == "test" and place > 2) for arm, place in stated.items()}
    for optimizer in ("adam", "rmsprop", "adagrad", "sgd"):
        arms = {rate: sample for (name, rate), sample in losses.items() if name == optimizer}
        assert rank(arms, corrected=False) == rank(arms) == within[optimizer].to_dict()


@pytest.mark.data
@pytest.mark.skipif(not REPEATS.is_file(), reason=f"RNNLAB_DATA names no folder with {REPEATS.name}")
def test_analysis_of_variance_by_repeat_is_that_of_the_published_accuracies():
    repeats = json.loads(REPEATS.read_text("utf-8"))
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
