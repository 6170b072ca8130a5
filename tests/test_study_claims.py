"""rnnlab.study.claims: each rule at cases worked out by hand. How often the rules are wrong: test_study_simulation.py."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rnnlab.study import claims
from rnnlab.study.claims import Verdict

NAN = math.nan
A, B, C = (pd.Series(each) for each in ([0.9, 0.91, 0.92, 0.9], [0.5, 0.52, 0.49, 0.5], [0.89, 0.92, 0.9, 0.91]))


def test_lower_and_higher_are_paired_tests_of_both_directions():
    found = claims.lower("b is lower", B, A, published="0.5 against 0.9", note="chosen after the runs", id="row 3")
    there = stats.ttest_rel(B, A)
    assert (found.verdict, found.test, found.n, found.ours) == ("holds", "paired t-test", 4, "0.5025 against 0.9075")
    assert (found.p, found.difference) == pytest.approx((there.pvalue, -0.405))
    assert (found.low, found.high) == pytest.approx(there.confidence_interval())
    assert (found.published, found.note, found.id) == ("0.5 against 0.9", "chosen after the runs", "row 3")
    assert [claims.lower("", A, B).verdict, claims.higher("", A, B).verdict] == ["does not hold", "holds"]
    assert [claims.higher("", B, A).verdict, claims.lower("", A, C).verdict] == ["does not hold", "undecided"]
    apart = claims.lower("", B, A.set_axis(range(4, 8)))
    assert (apart.test, apart.n) == ("Welch's t-test", 8)


def test_logs_compare_ratios():
    losses, times = pd.Series([1e-4, 1e-2, 1.0, 100.0]), np.array([0.5, 0.4, 0.45, 0.42])
    found = claims.lower("", losses * times, losses, log=True)
    assert (found.verdict, found.test) == ("holds", "paired t-test of log10")
    assert found.difference == pytest.approx(np.log10(times).mean())
    assert claims.lower("", losses * times, losses).verdict == "undecided"
    assert "of log10" in claims.extreme("", {"a": losses, "b": losses / times}, "a", highest=False, log=True).test
    assert claims.alike("", losses, losses * 1.01 ** np.array([1, -1, 1, 0]), 0.05, log=True).verdict == "equivalent"


@pytest.mark.parametrize(
    ("b", "margin", "verdict"),
    [(C, 0.05, "equivalent"), (B, 0.05, "does not hold"), (B, 0.5, "equivalent"), (C, 0.001, "undecided")],
)
def test_alike(b, margin, verdict):
    found = claims.alike("", A, b, margin)
    assert found.verdict == verdict
    assert found.test.endswith(f"paired{' t-test' * (verdict == 'does not hold')}, margin {margin} (90 % interval)")
    assert (-margin < found.low and found.high < margin) == (verdict == "equivalent")
    if verdict == "does not hold":
        assert found.p == pytest.approx(stats.ttest_rel(A, b).pvalue)


@pytest.mark.parametrize(
    ("scores", "highest", "verdict"),
    [
        ({"a": A, "b": B}, True, "holds"),
        ({"a": A, "b": B}, False, "does not hold"),
        ({"a": A, "b": B, "c": C}, True, "undecided"),
        ({"a": B, "b": A, "c": C}, False, "holds"),
        ({"a": A * 0 + 1, "b": A * 0}, True, "holds"),
        ({"a": A * 0, "b": A * 0}, True, "undecided"),
        ({"a": A * 0, "b": A * 0 + 1}, True, "does not hold"),
        ({"a": A[:1], "b": B[:1]}, True, "undecided"),
    ],
)
def test_extreme(scores, highest, verdict):
    assert claims.extreme("", scores, "a", highest=highest).verdict == verdict


def test_extreme_corrects_for_the_number_of_rivals():
    # One rival is better with a one-sided p of 0.01: p = 2 · 0.01 against it alone, 2 · 3 · 0.01 among three.
    t = stats.t.isf(0.01, 4)
    better = pd.Series([-1, -0.5, 0, 0.5, 1]) * math.sqrt(8)  # of standard error 1
    scores = {"mine": better * 0, "one": better + t, "two": better - 1, "three": better - 1.5}
    assert claims.extreme("", {arm: scores[arm] for arm in ("mine", "one")}, "mine", highest=True).p == pytest.approx(0.02)
    found = claims.extreme("", scores, "mine", highest=True)
    assert (found.p, found.verdict) == (pytest.approx(0.06), "undecided")
    assert found.difference == pytest.approx(-t)
    assert found.test == "paired t-tests against 3 others, nearest one"
    many = {str(arm): pd.Series([arm, arm + 0.1]) for arm in range(10)}
    assert claims.extreme("", many, "0", highest=False).ours.endswith("5 5.05 and 4 others"), "the nearest are named"
    # Best of all takes the largest of the p-values: the nearest rival's, not the farthest's.
    assert claims.extreme("", {**scores, "one": better - 9}, "mine", highest=True).p == pytest.approx(2 * stats.t.sf(1, 4))


def test_diverged_runs():
    bad = A.where(A < 0.92)
    found = claims.extreme("", {"a": bad, "b": B}, "a", highest=True)
    assert (found.verdict, found.ours) == ("does not hold", "1 of 4 runs of a diverged")
    found = claims.extreme("", {"a": A, "b": B, "c": bad}, "a", highest=True, note="ours")
    assert (found.verdict, found.note) == ("holds", "ours; left out, runs diverged: c")
    assert claims.extreme("", {"a": A, "b": bad}, "a", highest=True).ours == "all other arms diverged"
    frame = pd.DataFrame({"arm": [*"aabb"], "loss": [1, 2, 3, NAN]})
    of_variance = claims.from_anova("", frame, "loss", ["arm"], "arm", if_apart="holds")
    for each in (claims.lower("", bad, A), claims.higher("", A, bad), claims.alike("", A, bad, 1), of_variance):
        assert each.verdict == "undecided"
        assert each.ours in ("1 of 8 runs diverged", "1 of 4 runs diverged")
    assert claims.lower("", A[:1], B).ours == "0.9 against 0.5025; fewer than two runs of an arm"


@pytest.mark.parametrize(
    ("count", "n", "verdict", "p"),
    [
        (10, 10, "holds", 2 / 1024),
        (1, 10, "does not hold", 22 / 1024),
        (8, 10, "undecided", 112 / 1024),
        (3, 3, "undecided", 1 / 4),
    ],
)
def test_mostly(count, n, verdict, p):
    found = claims.mostly("", [True] * count + [False] * (n - count))
    assert (found.verdict, found.p, found.ours) == (verdict, pytest.approx(p), f"{count} of {n} runs")
    assert (found.low < 0 < found.high) == (verdict == "undecided")


def test_never():
    assert [claims.never("", [False] * n).verdict for n in (10, 28, 29)] == ["undecided", "undecided", "holds"]
    assert claims.never("", [False] * 10, margin=0.3).p == pytest.approx(0.7**10)
    refuted = claims.never("", [True] + [False] * 99)
    assert (refuted.verdict, refuted.ours) == ("does not hold", "1 of 100 runs")
    assert claims.never("", []).verdict == claims.mostly("", []).verdict == "undecided"


def test_from_anova():
    frame = pd.DataFrame({"arm": np.repeat([*"abc"], 4), "seed": [0, 1, 2, 3] * 3, "loss": np.concatenate([A, B, C])})
    found = claims.from_anova("", frame, "loss", ["arm"], "arm", if_apart="does not hold", block="seed")
    assert (found.verdict, found.n, found.test) == ("does not hold", 12, "one-way analysis of variance within seeds")
    plain = claims.from_anova("", frame, "loss", ["arm"], "arm", if_apart="holds")
    assert (plain.verdict, plain.p) == ("holds", pytest.approx(stats.f_oneway(A, B, C).pvalue))
    assert plain.ours == f"arm: F(2, 9) = {stats.f_oneway(A, B, C).statistic:.4g}"
    with pytest.raises(ValueError, match=r"^if_apart: expected one of holds, does not hold, got 'equivalent'$"):
        claims.from_anova("", frame, "loss", ["arm"], "arm", if_apart="equivalent")


def test_settle_corrects_together_and_decides_anew():
    raw = [claims.mostly("", [True] * 9 + [False]), claims.mostly("", [True] * 10), claims.lower("", B, A)]
    found = claims.settle([*raw, claims.never("", [True])])
    assert [each.verdict for each in raw] == ["holds"] * 3
    assert [each.verdict for each in found] == ["holds", "holds", "holds", "does not hold"]
    found = claims.settle([*raw, *[claims.lower("", A, C)] * 2])
    assert [each.verdict for each in found] == ["undecided", "holds", "holds", "undecided", "undecided"]
    assert found[0].p_corrected == pytest.approx(3 * 22 / 1024)
    assert claims.settle(found)[1:] == found[1:]
    assert claims.settle(raw, level=0.001)[1].verdict == "undecided"


def test_settle_takes_both_tests_of_alike_as_steps():
    pair = claims.alike("", A, B, 0.3), claims.alike("", A, C, 0.05)
    found = claims.settle(pair)
    assert [each.verdict for each in found] == ["does not hold", "equivalent"]
    assert found[1].p_corrected == pytest.approx(2 * found[1].p)  # the first claim still counts: it may yet be within 0.3
    wide = claims.settle([replace(pair[0], decisions=pair[0].decisions[1:]), pair[1]])
    assert wide[1].p_corrected == pytest.approx(wide[1].p)


def test_a_reduced_study_tests_no_published_claim():
    found = claims.settle([claims.lower("", B, A, note="late"), claims.never("", [True])], reduced="4 seeds of 10")
    assert {each.verdict for each in found} == {"not tested at full size"}
    assert [each.here for each in found] == ["holds", "does not hold"]
    assert [each.note for each in found] == ["late; 4 seeds of 10", "4 seeds of 10"]


def test_verdicts_for_screens_and_tables():
    first, second = claims.settle([claims.lower("b", B, A), claims.never("c", [True])])
    assert first.evidence.startswith("0.5025 against 0.9075, difference -0.405 (-0.4326 to -0.3774)")
    assert first.evidence.endswith("), paired t-test, n = 4, corrected p < 0.0001")
    assert second.evidence == "1 of 1 runs, n = 1"
    assert "p = 0.021" in claims.mostly("", [True] * 9 + [False]).evidence
    table = claims.as_frame([first, second, Verdict("by hand", "undecided")])
    assert list(table["verdict"]) == ["holds", "does not hold", "undecided"]
    assert list(table["n"].astype("string").fillna("")) == ["4", "1", ""]
    assert "corrected p" in table
    assert "decisions" not in table
    assert json.loads(json.dumps(asdict(first)))["decisions"] == [["holds", first.p, "paired t-test"]]
    with pytest.raises(ValueError, match=r"^verdict: expected one of holds, .*, got 'perhaps'$"):
        Verdict("", "perhaps")
