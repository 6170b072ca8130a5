"""examples/text_classification.py: what its flags mean, and its studies of advice."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from helpers import load_example

from rnnlab.study import Result

example = load_example("text_classification")

pytestmark = pytest.mark.xdist_group("text_classification")
FILES = ("runs", "curves", "confusion", "mistakes")
SMALL = ("--smoke", "--cell", "simple_rnn", "--layers", "1", "--quiet")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("text")
    words = ("love", "friend", "ball", "game", "happy", "sad", "cry", "food", "eat", "hungry")
    (out / "vectors.txt").write_text("".join(f"{word} {place} {-place} 1\n" for place, word in enumerate(words)))
    options = (*SMALL, "--vectors", str(out / "vectors.txt"), "--out", str(out / "run"))
    example.main([*options, "--save", str(out / "kept.zip")])
    return out, options


def test_what_was_predicted_afterwards_is_what_the_last_epoch_saw(trained):
    out = trained[0] / "run"
    assert not (out / "backup").exists()
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    table = summary["tables"]["Accuracy"]
    assert ([row["method"] for row in table][:2], len(table)) == (["simple_rnn", "majority class"], 4)
    assert 0.5 < table[2]["test"] < 0.9
    assert len(summary["claims"]) == 4
    runs, curves, confusion, mistakes = (pd.read_csv(out / f"{name}.csv") for name in FILES)
    last = curves[curves.epoch == 2]
    assert runs.seed.tolist() == last.seed.tolist() == [0, 1]
    assert runs.test_accuracy.tolist() == pytest.approx(last.test_accuracy.tolist(), abs=1e-6)
    assert runs.test_loss.tolist() == pytest.approx(last.test_loss.tolist(), abs=1e-5)
    counts = confusion.drop(columns=["true", "cell"]).to_numpy()
    assert counts.sum(axis=1).tolist() == pytest.approx([45] * 5)
    assert np.trace(counts) / 225 == pytest.approx(runs.test_accuracy.mean(), abs=1e-6)
    assert len(mistakes) >= 225 * (1 - runs.test_accuracy.max()) - 1e-6


def test_networks_label_new_texts_without_being_trained_again(trained, monkeypatch, capsys):
    out, options = trained
    monkeypatch.setattr(example.training, "fit", None)
    texts = ("--predict", "I eat food, friend!", "qqq")
    example.main(["--load", str(out / "kept.zip"), *texts])
    lines = capsys.readouterr().out.splitlines()
    assert re.match(r"I eat food, friend! = .* of 2 networks\)", lines[0])
    assert lines[1].endswith("; no word of it is known)")
    example.main([*options, *texts])
    assert capsys.readouterr().out.splitlines() == lines


def invented(data, jobs, done, *, backup=None):
    """In place of a training: losses that fall with the seed, and a curve."""
    for job in jobs:
        loss = 1.0 + 0.1 * job.seed
        scores = {f"{part}_loss": loss for part in ("train", "held_out", "test")} | {"test_accuracy": 0.5 + loss / 10}
        scores |= {"parameters": 10, "epochs_trained": 2, "train_texts": 540, "classes": 5}
        points = {"epoch": [1, 2], "train_loss": [2.0, loss], "held_out_loss": [2.0, loss]}
        done(job, Result(scores, 0.1, points))


def test_all_advice_is_put_to_the_test_piece_by_piece(tmp_path, monkeypatch):
    monkeypatch.setattr(example.training, "advice", invented)
    pieces = {name: example.studies.ADVICE[name] for name in ("activation", "layers")}
    monkeypatch.setattr(example.studies, "ADVICE", pieces)
    example.main(["--study", "advice", "--smoke", "--quiet", "--out", str(tmp_path)])
    summary = json.loads((tmp_path / "summary.json").read_text("utf-8"))
    assert (summary["runs"], summary["missing"], len(summary["claims"])) == (12, 0, 12)
    assert {claim["verdict"] for claim in summary["claims"]} == {"not tested at full size"}
    assert "Stacked layers" in (tmp_path / "report.md").read_text("utf-8")
    assert (tmp_path / "layers" / "report.html").exists()
    # A piece alone finds what all of them left in its folder.
    monkeypatch.setattr(example.training, "advice", lambda *_, **__: pytest.fail("trained again"))
    example.main(["--study", "layers", "--smoke", "--quiet", "--out", str(tmp_path / "layers")])
    assert list(pd.read_csv(tmp_path / "layers" / "runs.csv").groupby("arm").size()) == [2] * 4
