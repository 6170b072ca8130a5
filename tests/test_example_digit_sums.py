"""The digit sums example as a user meets it."""

import json

import numpy as np
import pandas as pd
import pytest
from helpers import check_refusal, load_example

from rnnlab.digit_sums import exam
from rnnlab.digit_sums import studies as digit_studies
from rnnlab.digit_sums.report import LongerReport, StudyReport

example = load_example("digit_sums")


def run(*arguments):
    example.main([str(argument) for argument in arguments])


def test_rates_of_one_network_train_together(tmp_path):
    run("--cell", "simple_rnn", "--rate", 0.001, 0.01, "--smoke", "--quiet", "--out", tmp_path)
    runs = pd.read_csv(tmp_path / "runs.csv")
    assert list(zip(runs.arm, runs.seed, strict=True)) == [
        ("rate 0.001", 0),
        ("rate 0.001", 1),
        ("rate 0.01", 0),
        ("rate 0.01", 1),
    ]
    history = pd.read_csv(tmp_path / "history.csv")
    assert history["update"].tolist() == [50, 100] * 4
    slow, fast = (history[history.arm == arm].loss.to_numpy() for arm in ("rate 0.001", "rate 0.01"))
    assert (slow != fast).all()
    assert json.loads((tmp_path / "summary.json").read_text())["study"] == "own"
    assert (tmp_path / "figure.png").stat().st_size > 10_000


def test_longer_sums(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(exam, "MANY", 20)
    run("--longer", 12, 40, "--cell", "simple_rnn", "--layers", 1, "--share", 1, "--smoke", "--out", tmp_path)
    runs = pd.read_csv(tmp_path / "runs.csv")
    assert list(zip(runs.length, runs.kind, strict=True)) == [
        (12, "random"), (12, "carry chains"), (40, "random"), (40, "carry chains"),
    ] * 2  # fmt: skip
    assert runs.exact.between(0, 1).all()
    (row,) = json.loads((tmp_path / "summary.json").read_text())["rows"]
    assert row["algorithm"] + row["look_alike"] == 2
    assert "who adds, by the test of 40 digits" in capsys.readouterr().out


def rows_of(study, exact):
    return [
        {
            "arm": arm,
            "seed": seed,
            "exact": curve,
            "loss": [0.1] * len(curve),
            "train_loss": [0.1] * len(curve),
            "seconds": {"train": 1.0},
        }
        for arm in digit_studies.STUDIES[study].arms
        for seed, curve in enumerate(exact(arm))
    ]


def report(study, exact):
    return StudyReport(study, digit_studies.STUDIES[study], "as_run", rows_of(study, exact))


def test_what_a_study_says():
    found = report("maxlen", lambda arm: [[0.2, 0.89], [0.1, 0.9]] if arm == "maxlen 5" else [[0.5, 1.0], [1.0, 1.0]])
    first, second = found.summary[:2]
    assert (first["published"], first["perfect"]) == (0.89, 0)
    assert (second["first_perfect"], second["perfect"]) == (75, 2)
    assert [claim["verdict"] for claim in found.claims] == ["holds"]
    assert [claim["verdict"] for claim in report("maxlen", lambda arm: [[1.0], [1.0]]).claims] == ["cannot be decided"]


@pytest.mark.parametrize(
    ("tanh", "lstm", "verdict", "evidence"),
    [
        ([0.5, 1.0], [0.5, 0.9], "holds", "5 of 5 runs"),
        ([0.5, 0.9], [0.5, 1.0], "does not hold", "0 of 5 runs"),
        ([0.5, 1.0], [0.5, 1.0], "cannot be decided", "0 runs; in 5 more, others were as early"),
        ([0.5, 0.9], [0.5, 0.9], "does not hold", "0 of 5 runs"),
    ],
)
def test_who_is_right_first(tanh, lstm, verdict, evidence):
    curves = {"simple RNN, tanh": tanh, "LSTM": lstm}
    (claim,) = report("cell", lambda arm: [curves.get(arm, [0.1, 0.2])] * 5).claims
    assert (claim["verdict"], claim["evidence"]) == (verdict, evidence)


@pytest.mark.parametrize("name", digit_studies.STUDIES)
def test_every_study_has_its_figure_and_claims(name, tmp_path):
    rng = np.random.default_rng(0)
    found = report(name, lambda arm: rng.choice([0.3, 1.0], size=(2, 4)).tolist())
    found.write(tmp_path, "command", {"total": 1.0})
    assert (tmp_path / "figure.png").stat().st_size > 10_000
    assert {claim["verdict"] for claim in found.claims} <= {"holds", "does not hold", "cannot be decided"}


@pytest.mark.parametrize("name", digit_studies.STUDIES)
def test_every_arm_has_a_network(name):
    for arm in digit_studies.STUDIES[name].arms.values():
        model = example.network_of(arm, units=3)
        assert model.output_shape[1:] == (arm.maxlen + 1, 10)
        assert arm.updates % digit_studies.EVERY == 0


def test_networks_that_add_are_told_from_look_alikes():
    def network(seed, first_wrong):
        right = float(np.mean([wrong > 100 for wrong in first_wrong]))
        kinds = {"random": right, "carry chains": 1.0}
        return {
            "cell": "gru", "num_layers": 1, "share": 0.5, "seed": seed, "trained": 1.0, "seconds": {"train": 2.0},
            "right": {"100": kinds}, "first_wrong": {"random": first_wrong, "carry chains": [101, 101]},
        }  # fmt: skip

    found = LongerReport([network(0, [101, 101]), network(1, [30, 101])], length=100, digits=10)
    (row,) = found.summary
    assert (row["algorithm"], row["look_alike"]) == (1, 1)
    assert row["first_break"] == 30
    curve = found.curves.query("seed == 1 and kind == 'random'").set_index("column").right
    assert (curve.loc[:30] == 1).all()
    assert (curve.loc[31:] == 0.5).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--study", "none"], "--study: invalid choice: 'none'"),
        (["--study", "cell", "--cell", "gru"], "--study: expected without --cell"),
        (["--study", "cell", "--longer", "100"], "--study: expected without --longer"),
        (["--share", "0.5"], "--share: expected together with --longer"),
        (["--longer", "100", "--share", "2"], "--share: expected a number from 0 to 1, got '2'"),
        (["--longer", "0"], "--longer: expected an integer of at least 1, got '0'"),
        (["--longer", "100", "--rate", "0.1"], "--longer: expected without --maxlen and --rate"),
        (["--maxlen", "1"], "--maxlen: expected an integer of at least 2, got '1'"),
        (["--rate", "0"], "--rate: expected a number above 0, got '0'"),
        (["--rate", "fast"], "--rate: expected a number above 0, got 'fast'"),
        (["--updates", "70"], "--updates: expected a multiple of 50, got 70"),
        (["--cell", "rnn"], "--cell: invalid choice: 'rnn'"),
    ],
)
def test_wrong_input_gets_one_line_and_exit_2(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    check_refusal(example, arguments, message, tmp_path, monkeypatch, capsys)
