"""examples/poems.py as a user runs it."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from helpers import check_refusal, load_example

from rnnlab import figures

example = load_example("poems")

pytestmark = pytest.mark.xdist_group("poems")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("poems")
    example.main(["--smoke", "--quiet", "--out", str(out)])
    return out


def test_a_run_leaves_whole_results_and_no_backup(trained):
    names = {"figure.png", "figure_temperature.png", "history.csv", "model.zip", "poems.txt", "runs.csv", "summary.json"}
    assert {path.name for path in trained.iterdir()} == names
    summary = json.loads((trained / "summary.json").read_text("utf-8"))
    assert summary["samples"] == {"train": 80, "held_out": 20}
    assert [row["temperature"] for row in summary["written"]] == [0.6, 0.8, 1.0]
    assert summary["command"].startswith("python examples/")
    history = pd.read_csv(trained / "history.csv")
    assert history.perplexity.iloc[0] > history.perplexity.iloc[1] > 1
    assert (trained / "poems.txt").read_text("utf-8").count("temperature") == 3


def test_a_report_again_trains_nothing(trained, monkeypatch):
    before = {path.name: path.read_bytes() for path in trained.glob("*.[ctj]*")}
    monkeypatch.setattr(example.poems, "train", None)
    example.main(["--smoke", "--quiet", "--report", "--out", str(trained)])
    assert {path.name: path.read_bytes() for path in trained.glob("*.[ctj]*")} == before


def test_a_saved_model_writes_from_a_prompt_and_from_heads(trained, capsys):
    example.main(["--write", "月", "--count", "2", "--out", str(trained)])
    poems = capsys.readouterr().out.strip().split("\n\n")
    assert len(poems) == 2
    assert all(poem.startswith("月") for poem in poems)
    example.main(["--heads", "山水", "--count", "1", "--temperature", "1.0", "--out", str(trained)])
    assert capsys.readouterr().out.startswith("山")


@pytest.mark.slow
def test_english_text(tmp_path, capsys):
    text = tmp_path / "text.txt"
    text.write_text("the cat sat on the mat, and the dog ran to the hat.\n" * 300, "utf-8")
    example.main(["--corpus", str(text), "--smoke", "--out", str(tmp_path / "out")])
    assert "results: " in capsys.readouterr().out
    assert not (tmp_path / "out" / "figure_temperature.png").exists()
    example.main(["--write", "the ", "--count", "1", "--out", str(tmp_path / "out")])
    assert len(capsys.readouterr().out) == 401


def test_a_study_is_compared_and_reported(tmp_path, capsys):
    example.main(["--study", "betas", "--smoke", "--out", str(tmp_path)])
    printed = capsys.readouterr().out
    assert "betas of (0.5, 0.99) give a lower training loss" in printed
    runs = pd.read_csv(tmp_path / "runs.csv")
    assert list(runs.groupby("arm").size()) == [2, 2]
    assert (tmp_path / "report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--temperature", "0"], "--temperature: expected a number above 0, got '0'"),
        (["--temperature", "-1"], "--temperature: expected a number above 0, got '-1'"),
        (["--top-p", "2"], "--top-p: expected a number above 0 and at most 1, got 2"),
        (["--write", "月", "--heads", "月"], "--heads: expected without --write"),
        (["--write", ""], "--write, --heads: expected at least one character"),
        (["--write", "月"], "--model: expected the file of an earlier training, got none at reports/poems/sample/model.zip"),
        (["--corpus", "nowhere.txt"], "nowhere.txt: cannot be read: No such file or directory"),
        (["--corpus", "empty.txt"], "empty.txt: expected a text, got an empty file"),
        (["--corpus", "latin.txt"], "latin.txt, line 2: expected UTF-8, got 0xe9 at byte 7"),
        (["--corpus", "short.txt"], "corpus: expected at least 2 samples of the form 'text', got 0"),
        (["--study", "betas", "--rate", "1"], "--study: expected without --rate"),
        (["--study", "everything"], "--study: invalid choice: 'everything'"),
    ],
)
def test_wrong_input_gets_one_line_and_exit_2(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "latin.txt").write_bytes(b"abc\nabc\xe9")
    (tmp_path / "short.txt").write_text("short")
    check_refusal(example, arguments, message, tmp_path, monkeypatch, capsys)


def test_an_unknown_first_character_is_named(trained, tmp_path, monkeypatch, capsys):
    arguments = ["--write", "龘", "--model", str(trained / "model.zip")]
    message = "prompt: expected characters that the training text has, got '龘'"
    check_refusal(example, arguments, message, tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize("highest", [2.0, 50.0, 1e3, 1e12])
def test_perplexities_of_any_span_have_ticks(highest):
    curves = pd.DataFrame({"arm": "a", "seed": 0, "epoch": [1, 2, 3], "perplexity": [1.0, highest / 2, highest]})
    (axis,) = figures.curves_by_arm(curves, ["perplexity"], title="t").axes
    low, high = axis.get_ylim()
    assert 2 <= sum(low <= tick <= high for tick in axis.get_yticks()) <= 14
