"""Digit sums as studies: plans, claims, reports of finished runs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rnnlab import study
from rnnlab.digit_sums import report, studies, training

RNG = np.random.default_rng(0)


def runs_of(plan, exact):
    """Finished runs whose fractions of right sums go the way of `exact(arm)[seed]`."""
    rows, curves = [], []
    for arm, settings, seed in plan.jobs:
        way = exact(arm)[seed]
        updates = studies.EVERY * np.arange(1, len(way) + 1)
        first = min(updates[np.array(way) == 1], default=np.nan)
        scores = {"exact": way[-1], "loss": 0.1, "train_loss": 0.2, "first_perfect": first, "seconds": 1.0}
        rows.append({"study": plan.name, "arm": arm, "seed": seed} | scores | settings | {"versions": "keras 3"})
        curves.append(pd.DataFrame({"arm": arm, "seed": seed, "update": updates, "exact": way, "loss": 0.1, "train_loss": 0.2}))
    return study.Runs(pd.DataFrame(rows), pd.concat(curves, ignore_index=True), {})


def report_of(name, exact, seeds=5, **changes):
    plan = studies.study_of(name, range(seeds), **changes)
    return report.report_of(plan, runs_of(plan, exact), "command")


@pytest.mark.parametrize("name", studies.STUDIES)
def test_every_study_has_networks_figures_and_verdicts(name, tmp_path):
    plan = studies.study_of(name, range(2))
    for settings in map(plan.settings, plan.arms):
        model = training.network_of(settings | {"units": 3}, 0)
        assert model.output_shape[1:] == (settings["maxlen"] + 1, 10)
    found = report_of(name, lambda arm: RNG.choice([0.3, 1.0], size=(2, 4)).tolist(), 2)
    found.write(tmp_path)
    assert (tmp_path / "figure.png").stat().st_size > 10_000
    small = studies.STUDIES[name].runs > 2
    assert {claim.verdict == "not tested at full size" for claim in found.claims} <= {small}


def test_arms_that_differ_in_their_rate_alone_train_together():
    plan = studies.study_of("rate", range(2))
    assert [len(jobs) for jobs in plan.programs(plan.jobs)] == [12, 2], "the halved rate has a program of its own"
    own = studies.comparison_of([0], cell=["gru", "lstm"], rate=[0.1, 0.01])
    assert list(own.arms) == ["cell gru, rate 0.1", "cell gru, rate 0.01", "cell lstm, rate 0.1", "cell lstm, rate 0.01"]
    assert len(own.programs(own.jobs)) == 2


def test_plans_refuse():
    with pytest.raises(ValueError, match="updates: expected a multiple of 50, got 70"):
        studies.study_of("cell", [0], updates=70)
    with pytest.raises(ValueError, match="maxlen, updates: expected a product of at most 1,000,000, for memory"):
        studies.comparison_of([0], maxlen=[9999], updates=1000)


def test_ends_of_a_study():
    ways = {"maxlen 5": [[0.2, 0.89], [0.1, 0.9], [0.1, 0.91], [0.1, 0.9], [0.1, 0.9]]}
    found = report_of("maxlen", lambda arm: ways.get(arm, [[0.5, 1.0], [1.0, 0.9999], [1.0, 1.0], [0.5, 1.0], [0.5, 0.9]]))
    table = found.tables[report.RIGHT].set_index("arm")
    assert (table.published["maxlen 5"], table["right (%)"]["maxlen 5"]) == (89, 90)
    assert table["seeds that get there"].tolist()[:2] == ["0 of 5", "4 of 5"]
    assert table["all right at update"]["maxlen 10"] == 75, "the median of those that get there"
    assert table.highest["maxlen 10"] == 100
    assert report._percent(0.99996) == 99.99


@pytest.mark.parametrize(
    ("name", "exact", "verdict"),
    [
        ("maxlen", lambda arm: [[0.9 if arm == "maxlen 5" else 1.0]] * 5, "holds"),
        ("maxlen", lambda arm: [[1.0]] * 5, "undecided"),
        ("rate", lambda arm: [[0.0]] * 15, "holds"),
        ("rate", lambda arm: [[0.0]] * 14 + [[0.01]], "does not hold"),
        ("state", lambda arm: [[0.0]] * 15, "holds"),
        ("state", lambda arm: [[0.0]] * 14 + [[0.0005]], "does not hold"),
    ],
)
def test_claims(name, exact, verdict):
    (claim,) = report_of(name, exact, len(exact("")) if name != "maxlen" else 5).claims
    assert claim.verdict == verdict


@pytest.mark.parametrize(
    ("tanh", "lstm", "verdict", "ours", "note"),
    [
        ([0.5, 1.0], [0.5, 0.9], "holds", "8 of 8 runs", ""),
        ([0.5, 0.9], [0.5, 1.0], "does not hold", "0 of 8 runs", ""),
        ([0.5, 1.0], [0.5, 1.0], "undecided", "no runs", "8 of 8 seeds undecided: others as early, or none there"),
        ([0.5, 0.9], [0.5, 0.9], "undecided", "no runs", "8 of 8 seeds undecided: others as early, or none there"),
    ],
)
def test_who_is_right_first(tanh, lstm, verdict, ours, note):
    ways = {"simple RNN, tanh": tanh, "LSTM": lstm}
    (claim,) = report_of("cell", lambda arm: [ways.get(arm, [0.1, 0.2])] * 8, 8).claims
    assert (claim.verdict, claim.ours, claim.note) == (verdict, ours, note)


def test_a_smaller_study_tests_no_claim():
    (claim,) = report_of("maxlen", lambda arm: [[0.9 if arm == "maxlen 5" else 1.0]] * 3, 3, updates=100).claims
    assert (claim.verdict, claim.here, claim.note) == ("not tested at full size", "holds", "updates 100, 3 seeds of 5")


def test_networks_that_add_and_those_that_only_look_like_it():
    plan = studies.longer_of(range(2), lengths=[100, 5000], cell=["gru"], layers=[1], chains=[0.5])
    wrong = {0: [101, 101], 1: [30, 101]}
    rows, arrays = [], {}
    for arm, settings, seed in plan.jobs:
        scores = {"trained_exact": 1.0, "right_100_random": np.mean(np.array(wrong[seed]) > 100), "right_100_carry_chains": 1.0}
        scores |= {f"right_5000_{kind}": 1.0 if seed == 0 else np.nan for kind in ("random", "carry_chains")}
        rows.append({"arm": arm, "seed": seed, "seconds": 1.0} | scores | settings)
        arrays[arm, seed] = {"first_wrong_random": np.array(wrong[seed]), "first_wrong_carry_chains": np.array([101, 101])}
    runs = study.Runs(pd.DataFrame(rows), pd.DataFrame(), arrays)
    (row,) = report.adds_table(runs, [100, 5000]).to_dict("records")
    assert (row["add"], row["first break"]) == ("1 of 2", 30)
    assert (row["100 digits (%)"], row["5,000 digits (%)"]) == ("75, 100", "100, 100")
    right = report.mistakes_of(runs, 100).query("seed == 1 and kind == 'random'").set_index("column").right
    assert (right.loc[:30] == 1).all()
    assert (right.loc[31:] == 0.5).all()
