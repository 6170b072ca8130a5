"""The digit sums example: what its own flags mean."""

import pandas as pd
from helpers import load_example

from rnnlab.digit_sums import exam

example = load_example("digit_sums")


def run(*arguments):
    example.main([str(argument) for argument in arguments])


def test_rates_of_one_network(tmp_path):
    run("--cell", "simple_rnn", "--rate", 0.001, 0.01, "--smoke", "--quiet", "--out", tmp_path)
    runs, curves = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("runs", "curves"))
    assert list(zip(runs.arm, runs.seed, strict=True)) == [(f"rate {rate}", seed) for rate in (0.001, 0.01) for seed in (0, 1)]
    assert curves["update"].tolist() == [50, 100] * 4
    slow, fast = (curves[curves.arm == arm].loss.to_numpy() for arm in ("rate 0.001", "rate 0.01"))
    assert (slow != fast).all()
    assert runs.loss.tolist() == curves.groupby(["arm", "seed"]).loss.last().tolist()


def test_longer_sums_by_networks_that_are_kept_and_asked(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(exam, "MANY", 20)
    flags = ("--longer", 12, 3000, "--cell", "simple_rnn", "--layers", 1, "--chains", 1, "--smoke", "--out", tmp_path)
    run(*flags, "--ask", "12+345", "--save", tmp_path / "kept.zip")
    (*_, answer) = capsys.readouterr().out.splitlines()
    runs = pd.read_csv(tmp_path / "runs.csv")
    assert runs[["right_12_random", "right_12_carry_chains"]].to_numpy().max() < 1
    assert runs[["right_3000_random", "right_3000_carry_chains"]].isna().all(axis=None), "asked of those that add"
    run("--load", tmp_path / "kept.zip", "--ask", "12+345")
    assert capsys.readouterr().out.splitlines() == [answer]
    assert answer.startswith("12+345 = ")
    assert answer.endswith(" of 2 networks)")
