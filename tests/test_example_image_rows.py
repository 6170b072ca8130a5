"""The image rows example: what its flags mean, old results, kept networks."""

import shutil

import pandas as pd
import pytest
from helpers import EXAMPLES, check_refusal, load_example

example = load_example("image_rows")
REPORTS = EXAMPLES.parent / "reports" / "image_rows"


def run(*arguments):
    example.main([str(argument) for argument in arguments])


@pytest.mark.parametrize(("study", "data"), [("gate", "mnist"), ("forget-bias", "digits")])
def test_committed_results_are_written_up_anew_without_training(study, data, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(example.image_rows, "train", None)
    committed = next(REPORTS.glob(f"{study}*_{data}"))
    for name in ("runs.csv", "curves.csv"):
        shutil.copy(committed / name, tmp_path)
    run("--study", study, "--data", data, "--report", "--out", tmp_path)
    before, after = (pd.read_csv(folder / "runs.csv") for folder in (committed, tmp_path))
    pd.testing.assert_frame_equal(before, after, check_exact=True)
    printed = capsys.readouterr()
    assert f"{len(before)} finished runs taken over from" in printed.err
    assert ("tanh has a lower train loss than sigmoid: holds" in printed.out) == (study == "gate")
    assert ("not tested at full size" in printed.out) == (data == "digits")


def test_kept_networks_are_evaluated_without_training(tmp_path, capsys):
    run("--arm", "tanh", "--smoke", "--quiet", "--save", tmp_path / "kept.zip", "--out", tmp_path / "out")
    runs = pd.read_csv(tmp_path / "out" / "runs.csv")
    assert list(zip(runs.arm, runs.seed, strict=True)) == [("tanh", 0), ("tanh", 1)]
    capsys.readouterr()
    run("--load", tmp_path / "kept.zip")
    assert capsys.readouterr().out.startswith("gate-as_run, tanh: 2 seeds, 360 test images of digits: accuracy 0.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--arm", "sigmoid", "swish"], "arms: expected one of sigmoid, relu, tanh, got 'swish'"),
        (["--data", "mnist", "--quiet"], "mnist.npz: expected it in the folder that RNNLAB_DATA names, or in"),
    ],
)
def test_wrong_input_gets_one_line_and_exit_2(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RNNLAB_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr("rnnlab.datasets.handwriting.MNIST_URL", "http://127.0.0.1:9/mnist.npz")
    check_refusal(example, arguments, message, tmp_path, monkeypatch, capsys)
