"""The example of the LSTM by hand as a user meets it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import check_refusal, load_example

from rnnlab import figures

example = load_example("lstm_by_hand")


@pytest.fixture(scope="module")
def smoked(tmp_path_factory):
    out = tmp_path_factory.mktemp("smoked")
    example.main(["--smoke", "--quiet", "--out", str(out)])
    return out


def test_what_a_run_leaves(smoked):
    assert sorted(path.name for path in smoked.iterdir()) == [
        "figure.png", "figure_gradients.png", "figure_start.png", "gradients.csv", "history.csv", "runs.csv", "summary.json",
    ]  # fmt: skip
    runs = pd.read_csv(smoked / "runs.csv")
    assert list(zip(runs.start, runs.optimizer, strict=True))[::2] == example.ARMS
    assert runs.seed.tolist() == [0, 1] * len(example.ARMS)
    history = pd.read_csv(smoked / "history.csv")
    assert len(history) == 12 * len(runs)
    last = history[history["update"] > 2].groupby(["start", "optimizer", "seed"], sort=False).loss.mean()
    np.testing.assert_allclose(last, runs.loss, rtol=1e-6)
    summary = json.loads((smoked / "summary.json").read_text())
    assert (summary["hidden"], summary["updates"], summary["kinds"]) == (4, 12, 28)
    assert len(summary["trainings"]) == len(example.ARMS)


def test_gradients_are_right_and_those_of_keras(smoked):
    gradients = pd.read_csv(smoked / "gradients.csv")
    assert set(gradients.parameter) >= {"embedding", "layer_1.W_f", "layer_1.c0", "output.W", "x"}
    assert gradients.groupby("seed").numbers.sum().tolist() == [8 + 4 * 15 + 4 * 3 + 2 * 3 + 12 + 4 + 8] * 2
    assert gradients.mean_error.between(0, 1e-4, inclusive="neither").all()
    assert gradients.keras_difference.max() < 1e-14
    summary = json.loads((smoked / "summary.json").read_text())
    assert summary["mean_error_by_step"]["1e-05"] < 1e-7
    assert summary["largest_output_difference_to_keras"] < 1e-14


def test_units_stay_alike_where_all_start_alike(smoked):
    runs = pd.read_csv(smoked / "runs.csv").set_index("start")
    assert runs.loc[["all zero", "all 0.1"]].largest_spread.max() < 1e-12
    assert runs.loc[["random", "only LSTM zero"]].spread.min() > 0.01
    history = pd.read_csv(smoked / "history.csv")
    assert history[(history.start == "only LSTM zero") & (history["update"] == 1)].spread.tolist() == [0, 0]


def test_arms_of_a_seed_share_weights_and_batches(smoked):
    history = pd.read_csv(smoked / "history.csv")
    first = history[(history.start == "random") & (history["update"] == 1)].groupby("seed").loss
    assert first.nunique().tolist() == [1, 1]


def test_an_interrupted_run_on_a_text_of_ones_own_goes_on_where_it_was(tmp_path, capsys, monkeypatch):
    (tmp_path / "text.txt").write_text("abc" * 20)
    arguments = ["--smoke", "--text", str(tmp_path / "text.txt"), "--out", str(tmp_path / "out")]
    train, trained = example.train, []

    def counted(*about):
        if len(trained) == 3:
            raise KeyboardInterrupt
        trained.append(about[:3])
        return train(*about)

    monkeypatch.setattr(example, "train", counted)
    with pytest.raises(KeyboardInterrupt):
        example.main(arguments)
    trained[:] = [("before", "", 0)] * 4
    example.main(arguments)
    assert trained[4:] == [(start, optimizer, seed) for start, optimizer in example.ARMS for seed in (0, 1)][3:]
    printed = capsys.readouterr().out
    assert "[h₋, x] at one t" in printed
    assert "published 3.2e-07" in printed
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["kinds"] == 3
    assert not (tmp_path / "out" / "runs.partial.jsonl").exists()


def test_figures_draw_every_seed():
    history = pd.DataFrame(
        [(arm, seed, update, 1.0, 0.1) for arm in "ab" for seed in range(3) for update in (1, 2)],
        columns=["arm", "seed", "update", "loss", "spread"],
    )
    (axis,) = figures.loss_by_update(history, title="t").axes
    assert len(axis.lines) == 2 * (3 + 1)
    left, right = figures.spread_between_units(history, title="t").axes
    assert len(right.lines) == 2 * (3 + 1)
    assert left.get_ylabel() == "standard deviation of h over the units"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--text", "missing.txt"], "missing.txt"),
        (["--text", "short.txt"], "--text: expected at least 17 letters of two kinds or more, got 3 of 3 kinds"),
        (["--text", "same.txt"], "--text: expected at least 17 letters of two kinds or more, got 99 of 1 kinds"),
        (["--text", "bytes.txt"], "--text: expected a text in UTF-8, got bytes.txt"),
        (["--hidden", "0"], "--hidden: expected an integer of at least 1, got '0'"),
        (["--updates", "x"], "--updates: expected an integer of at least 1, got 'x'"),
        (["--out", "short.txt"], "--out: expected a directory that can be written to"),
    ],
)
def test_wrong_input_gets_one_line_and_exit_2(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, text in {"short.txt": b"abc", "same.txt": b"a" * 99, "bytes.txt": b"\xff\xfe" * 40}.items():
        Path(name).write_bytes(text)
    check_refusal(example, arguments, message, tmp_path, monkeypatch, capsys)
