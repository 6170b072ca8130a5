"""The addition example as a user meets it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import EXAMPLES, check_refusal, load_example

from rnnlab import addition, addition_report

SCRIPT = EXAMPLES / "addition.py"
example = load_example("addition")


def run(*arguments):
    example.main([str(argument) for argument in arguments])


SWEEP = ("--cell", "gru", "simple_rnn", "--digits", 1, "--seeds", 2, "--epochs", 3, "--units", 12, "--quiet", "--out")


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    out = tmp_path_factory.mktemp("swept")
    run(*SWEEP, out)
    return out


@pytest.mark.xdist_group("addition")
def test_what_a_comparison_leaves(swept):
    assert sorted(path.name for path in swept.iterdir()) == [
        "figure.png", "figure_map.png", "history.csv", "runs.csv", "summary.json",
    ]  # fmt: skip
    runs = pd.read_csv(swept / "runs.csv")
    assert list(runs.columns) == [
        "recipe", "cell", "units", "digits", "seed", "exact_heldout", "exact_unseen", "train_seconds",
    ]  # fmt: skip
    assert list(zip(runs.cell, runs.seed, strict=True)) == [("gru", 0), ("gru", 1), ("simple_rnn", 0), ("simple_rnn", 1)]
    history = pd.read_csv(swept / "history.csv")
    assert history.groupby(["cell", "seed"]).size().tolist() == [3] * 4
    assert history.right_of_ten.between(0, 10).all()
    summary = json.loads((swept / "summary.json").read_text())
    assert summary["questions"] == {"train": 44, "held_out": 6, "unseen": 11}
    assert set(summary["seconds"]) == {"compile", "train", "total"}
    gru, _ = summary["rows"]
    assert gru["exact_unseen"] == pytest.approx(runs[runs.cell == "gru"].exact_unseen.mean())
    for mistake in summary["hardest"]:
        a, b = map(int, mistake["question"].split("+"))
        assert mistake["answer"] == a + b != mistake["said"]


@pytest.mark.slow  # the sweep of sales_forecast.py, with the same journal, is killed in every run
@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.xdist_group("addition")
def test_a_killed_comparison_goes_on_where_it_was(tmp_path, swept):
    out = tmp_path / "cut"
    process = subprocess.Popen([sys.executable, str(SCRIPT), *map(str, SWEEP), str(out)], stderr=subprocess.PIPE)
    journal = out / "runs.partial.jsonl"
    deadline = time.monotonic() + 90
    while not (journal.exists() and len(journal.read_text().splitlines()) >= 3) and time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert not (out / "runs.csv").exists()
    run(*SWEEP, out)
    whole, cut = (pd.read_csv(place / "runs.csv").drop(columns="train_seconds") for place in (swept, out))
    pd.testing.assert_frame_equal(whole, cut, check_exact=True)
    assert not journal.exists()


def test_ask_save_and_load(tmp_path, capsys):
    kept = tmp_path / "kept.zip"
    options = ("--cell", "simple_rnn", "--smoke", "--digits", 1, "--quiet")  # one batch: the program compiles in half the time
    run(*options, "--out", tmp_path, "--save", kept, "--ask", "1+2")
    first = capsys.readouterr().out
    assert first.startswith("1+2 = ")
    assert first.endswith("of 2 networks)\n")
    run("--load", kept, "--ask", "1+2")
    assert capsys.readouterr().out == first
    with pytest.raises(ValueError, match="operands of up to 1 digits, got 12"):
        run("--load", kept, "--ask", "12+4")


def made_up(recipe, exact, digits=3):
    """A report of runs with given accuracies after 30 passes, without any training."""
    split = addition.split_questions(45_000, 5_000, digits, np.random.default_rng(0))
    rows = []
    for cell, shares in exact.items():
        for seed, share in enumerate(shares):
            said = split.unseen.sum(axis=1)
            said[: round((1 - share) * len(said))] += 1
            history = pd.DataFrame({"loss": 0.1, "val_exact": [share] * 30})
            rows.append(addition_report.row_of(cell, 128, seed, history, said, split) | {"seconds": {"train": 1.0}})
    return addition_report.Report(recipe, digits, split, rows)


def test_verdicts_follow_the_runs():
    better = {"simple_rnn": [0.90, 0.91, 0.89], "lstm": [1.0, 0.9998, 1.0], "gru": [0.99, 0.992, 0.991]}
    report = made_up("classic", better)
    best, tens, nines, worst = (claim["verdict"] for claim in report.claims)
    assert (best, worst) == ("holds", "does not hold")
    assert report.claims[1]["evidence"] == "3 of 3 runs"
    assert tens == "cannot be decided"  # three seeds are too few to say it of most
    assert nines in ("holds", "cannot be decided")
    assert made_up("fast", better).claims == []


def test_accuracies_and_hardest_mistakes_come_from_the_answers():
    report = made_up("classic", {"lstm": [0.5, 0.75]}, digits=2)
    assert report.runs.exact_unseen.tolist() == pytest.approx([0.5, 0.75], abs=1e-3)
    carries = addition.carries(report.split.unseen, 2)
    shares = report.by_carries.loc["lstm"].to_numpy()
    assert (shares * np.bincount(carries)).sum() / len(carries) == pytest.approx(0.625, abs=1e-3)
    assert report.hardest[0]["wrong"] == 2
    assert report.hardest[0]["said"] == report.hardest[0]["answer"] + 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--ask", "12+"], "question: expected two whole numbers with a plus between them, such as 12+345, got '12+'"),
        (["--ask", "1234+1"], "question: expected operands of up to 3 digits, got 1234 in '1234+1'"),
        (["--ask", "a+b"], "question: expected two whole numbers"),
        (["--ask=-1+2"], "question: expected two whole numbers"),
        (["--digits", "0"], "--digits: expected an integer from 1 to 6, got '0'"),
        (["--digits", "7"], "--digits: expected an integer from 1 to 6"),
        (["--recipe", "slow"], "--recipe: invalid choice: 'slow'"),
        (["--cell", "rnn"], "--cell: invalid choice: 'rnn'"),
        (["--load", "missing.zip", "--ask", "1+2"], "--load: expected a file that --save wrote, got missing.zip"),
        (["--load", "text.zip", "--ask", "1+2"], "text.zip: expected a file that --save wrote"),
        (["--load", "text.zip"], "--load: expected together with --ask"),
        (["--save", "x.zip", "--cell", "gru", "lstm"], "--save: expected one cell, got several"),
        (["--ask", "1+2", "--cell", "gru", "lstm"], "--ask: expected one cell, got several"),
        (["--out", "text.zip"], "--out: expected a directory that can be written to"),
    ],
)
def test_wrong_input_gets_one_line_and_exit_2(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("text.zip").write_text("no zip")
    check_refusal(example, arguments, message, tmp_path, monkeypatch, capsys)
