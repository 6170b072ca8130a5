"""What is particular to examples/poems.py: writing again, a training that goes on from its backup, comparisons, refusals."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from helpers import check_refusal, load_example

from rnnlab.poems import training

example = load_example("poems")

pytestmark = pytest.mark.xdist_group("poems")


SMOKE = ["--smoke", "--quiet", "--count", "10", "--out"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("poems")
    example.main([*SMOKE, str(out), "--save", str(out / "kept.zip")])
    return out


def test_a_run_leaves_whole_results_and_no_backup(trained):
    names = {path.name for path in trained.iterdir()}
    assert "figure_temperature.png" in names
    assert "backup" not in names
    summary = json.loads((trained / "summary.json").read_text("utf-8"))
    assert summary["samples"] == {"train": 80, "held_out": 20}
    assert [row["temperature"] for row in summary["tables"]["Poems by temperature"]] == [0.6, 0.8, 1.0]
    curve = pd.read_csv(trained / "curves.csv").train_perplexity
    assert curve.iloc[0] > curve.iloc[1] > 1
    assert (trained / "poems.txt").read_text("utf-8").count("temperature") == 3


@pytest.mark.parametrize("kept", [[], ["--load", "kept.zip"]])
def test_a_kept_network_writes_from_a_prompt_and_from_heads(kept, trained, monkeypatch, capsys):
    monkeypatch.chdir(trained)
    monkeypatch.setattr(training, "train", None)
    example.main(["--write", "月", "--count", "2", "--temperature", "0.5", "1", "--out", ".", *kept])
    written = capsys.readouterr().out.strip().split("\n\n")
    assert len(written) == 4
    assert all(poem.startswith("月") for poem in written)
    example.main(["--heads", "山水", "--count", "1", "--out", ".", *kept])
    assert capsys.readouterr().out.startswith("山")


def test_a_training_that_was_cut_goes_on_from_its_backup(trained, tmp_path, monkeypatch):
    def cut(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training, "result_of", cut)
        with pytest.raises(KeyboardInterrupt):
            example.main([*SMOKE, str(tmp_path)])
    assert len(list((tmp_path / "backup").iterdir())) == 1
    example.main([*SMOKE, str(tmp_path)])
    assert (tmp_path / "poems.txt").read_bytes() == (trained / "poems.txt").read_bytes()
    assert not (tmp_path / "backup").exists()


@pytest.mark.slow
def test_english_text(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = "the cat sat on the mat, and the dog ran to the hat.\n" * 300
    (tmp_path / "text.txt").write_text(text, "utf-8")
    example.main(["--corpus", "text.txt", "--smoke"])
    assert "results: " in capsys.readouterr().out
    assert not list(tmp_path.glob("reports/poems/*/figure_temperature.png"))
    example.main(["--corpus", "text.txt", "--smoke", "--write", "the ", "--count", "1"])
    assert len(capsys.readouterr().out) == 401
    (tmp_path / "text.txt").write_text(text + "more\n", "utf-8")
    with pytest.raises(ValueError, match=r"^--write, --heads: expected the networks of an earlier training in reports/poems/"):
        example.main(["--corpus", "text.txt", "--smoke", "--write", "the "])


def test_a_comparison_below_the_published_size_decides_nothing(tmp_path, capsys):
    example.main(["--study", "betas", "--smoke", "--out", str(tmp_path)])
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("betas of (0.5, 0.99) give a lower"))
    assert "not tested at full size" in line
    (claim,) = json.loads((tmp_path / "summary.json").read_text("utf-8"))["claims"]
    assert claim["test"] == "paired t-test"
    assert claim["note"].startswith("corpus sample, published small; samples 100, published all")
    assert list(pd.read_csv(tmp_path / "runs.csv").groupby("arm").size()) == [2, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--write", "月", "--save", "kept.zip"], "--save: expected without --write"),
        (["--write", "月"], "--write, --heads: expected the networks of an earlier training in reports/poems/sample, got none"),
        (["--corpus", "short.txt"], "corpus: expected at least 2 samples of the form 'text', got 0"),
        (["--study", "betas", "--write", "月"], "--write: expected without --study"),
        (["--write", "龘", "--out", "trained"], "prompt: expected characters that the training text has, got '龘'"),
    ],
)
def test_wrong_input_gets_one_line_and_exit_2(arguments, message, trained, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trained").symlink_to(trained)
    (tmp_path / "short.txt").write_text("short")
    check_refusal(example, arguments, message, tmp_path, monkeypatch, capsys)
