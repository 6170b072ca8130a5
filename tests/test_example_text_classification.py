"""examples/text_classification.py as a user runs it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from helpers import check_refusal, load_example

from rnnlab.study import Result

example = load_example("text_classification")

pytestmark = pytest.mark.xdist_group("text_classification")
SMALL = ("--smoke", "--cell", "simple_rnn", "--layers", "1")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("text")
    vectors = out / "vectors.txt"
    words = ("love", "friend", "ball", "game", "happy", "sad", "cry", "food", "eat", "hungry")
    vectors.write_text("".join(f"{word} {place} {-place} 1\n" for place, word in enumerate(words)))
    example.main([*SMALL, "--quiet", "--vectors", str(vectors), "--save", str(out / "kept.zip"), "--out", str(out)])
    return out


def test_a_run_leaves_whole_results_and_no_backup(trained):
    names = {"confusion.csv", "figure.png", "figure_accuracy.png", "figure_confusion.png", "history.csv", "mistakes.csv"}
    assert {path.name for path in trained.iterdir()} == names | {"kept.zip", "runs.csv", "summary.json", "vectors.txt"}
    summary = json.loads((trained / "summary.json").read_text("utf-8"))
    assert summary["texts"] == {"train": 675, "test": 225}
    assert summary["baselines"][0]["name"] == "majority class"
    assert len(summary["baselines"]) == 3
    assert 0.5 < summary["baselines"][1]["accuracy"] < 0.9
    assert len(summary["claims"]) == 2
    runs, history = (pd.read_csv(trained / f"{name}.csv") for name in ("runs", "history"))
    # What was predicted afterwards is what the last pass saw.
    last = history[history.epoch == 2]
    assert runs.seed.tolist() == [0, 1]
    assert runs.test_accuracy.tolist() == pytest.approx(last.test_accuracy.tolist(), abs=1e-6)
    assert runs.test_loss.tolist() == pytest.approx(last.test_loss.tolist(), abs=1e-5)
    confusion = pd.read_csv(trained / "confusion.csv")
    assert confusion.iloc[:, 2:].to_numpy().sum(axis=1).tolist() == [45] * 5
    right = np.trace(confusion.iloc[:, 2:].to_numpy()) / 225
    assert right == pytest.approx(runs.test_accuracy.mean(), abs=1e-6)
    assert len(pd.read_csv(trained / "mistakes.csv")) >= 225 * (1 - runs.test_accuracy.max()) - 1e-6


def test_kept_networks_label_new_texts(trained, capsys):
    example.main(["--load", str(trained / "kept.zip"), "--predict", "I eat food, friend!", "qqq"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("I eat food, friend! = ")
    assert "of 2 networks)" in lines[0]
    assert lines[1].endswith("; no word of it is known)")


def invented(jobs, done):
    """In place of a training: losses that fall with the seed, and a curve."""
    for job in jobs:
        loss = 1.0 + 0.1 * job.seed
        scores = {f"{part}_loss": loss for part in ("train", "held_out", "test")} | {"test_accuracy": 0.5 + loss / 10}
        scores |= {"parameters": 10, "passes": 2, "train_texts": 540, "classes": 5}
        points = {"epoch": [1, 2], "train_loss": [2.0, loss], "held_out_loss": [2.0, loss]}
        done(job, Result(scores, 0.1, points))


def test_advice_is_put_to_the_test_topic_by_topic(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(example.arms, "train", invented)
    topics = {topic: example.studies.TOPICS[topic] for topic in ("activation", "layers")}
    monkeypatch.setattr(example.studies, "TOPICS", topics)
    example.main(["--study", "advice", "--smoke", "--out", str(tmp_path)])
    assert "softsign against tanh: higher test accuracy: cannot be decided" in " ".join(capsys.readouterr().out.split())
    overview = (tmp_path / "report.md").read_text("utf-8")
    assert overview.count("| **cannot be decided** |") == 8
    assert "[Stacked layers](layers/report.md)" in overview
    assert len(json.loads((tmp_path / "summary.json").read_text("utf-8"))["claims"]) == 8
    assert (tmp_path / "layers" / "report.html").exists()
    # A topic alone finds what all of them left in its folder.
    monkeypatch.setattr(example.arms, "train", None)
    example.main(["--study", "layers", "--smoke", "--quiet", "--out", str(tmp_path / "layers")])
    assert list(pd.read_csv(tmp_path / "layers" / "runs.csv").groupby("arm").size()) == [2] * 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--csv", "bad.csv", "--text", "words"], "bad.csv: no column 'words'; its columns are 'text', 'label'"),
        (["--csv", "bad.csv", "--label", "class"], "bad.csv: no column 'class'"),
        (["--csv", "bad.csv"], "bad.csv, line 3: expected a text in column 'text', got a blank"),
        (["--csv", "one.csv"], "one.csv: expected labels of at least two classes, got 'a' in every row"),
        (["--csv", "latin.csv"], "latin.csv, line 2: expected UTF-8, got 0xe9"),
        (["--csv", "good.csv", "new.csv"], "new.csv, line 2: expected a label of the training file (a, b), got 'c'"),
        (["--csv", "nowhere.csv"], "nowhere.csv: cannot be read: No such file or directory"),
        (["--csv", "good.csv", "--data", "emoji"], "--csv: expected one file or two, and no --data"),
        (
            ["--vectors", "mixed.txt"],
            "mixed.txt, line 2: expected a word and 2 numbers as in line 1, got 1 fields after a word",
        ),
        (["--data", "emoji"], "RNNLAB_DATA: expected a folder with train_emoji.csv and tesss.csv, got no folder"),
        (["--load", "none.zip", "--predict", "hello"], "--load: expected a file that --save wrote, got none.zip"),
        (["--load", "good.csv", "--predict", "hello"], "good.csv: expected a file that --save wrote, got something else"),
        (["--load", "kept.zip"], "--load: expected together with --predict, and without --save"),
        (["--predict", "hello", "?!"], "--predict: expected a text with at least one word, got '?!'"),
        (["--cell", "lstm", "gru", "--save", "kept.zip"], "--save, --predict: expected one cell, got several"),
        (["--dropout", "1"], "--dropout: expected a number from 0 to below 1, got '1'"),
        (["--layers", "3", "--units", "8", "4"], "--layers: expected with one number of units, or without --units"),
        (["--trained", "--frozen"], "argument --frozen: not allowed with argument --trained"),
        (["--study", "rate", "--dropout", "0.1"], "--study: expected without --dropout"),
        (["--study", "rate", "--units", "8", "4"], "--units: expected one with --study, got several"),
        (["--study", "layers", "--report"], "--report: expected finished runs in"),
        (["--report"], "--report, --store, --workers, --cluster: expected together with --study"),
    ],
)
def test_wrong_input_gets_one_line_and_exit_2(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RNNLAB_DATA", raising=False)
    (tmp_path / "good.csv").write_text("text,label\ngood,a\nbad,b\n")
    (tmp_path / "bad.csv").write_text("text,label\ngood,a\n ,b\n")
    (tmp_path / "one.csv").write_text("text,label\ngood,a\nbad,a\n")
    (tmp_path / "new.csv").write_text("text,label\nbad,c\n")
    (tmp_path / "latin.csv").write_bytes(b"text,label\ncaf\xe9,a\nbad,b\n")
    (tmp_path / "mixed.txt").write_text("love 1 2\nball 1\n")
    check_refusal(example, arguments, message, tmp_path, monkeypatch, capsys)
