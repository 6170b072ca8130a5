"""The image rows example as a user meets it."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

import pandas as pd
import pytest
from helpers import EXAMPLES, check_refusal, load_example

SCRIPT = EXAMPLES / "image_rows.py"
example = load_example("image_rows")
STUDY = ("--study", "forget-bias", "--smoke", "--quiet", "--out")  # one program for all its arms


def run(*arguments):
    example.main([str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    run(*STUDY, out)
    return out


def scores(directory):
    return pd.read_csv(directory / "runs.csv").drop(columns=["seconds", "ms_per_update"])


@pytest.mark.xdist_group("image_rows")
def test_what_a_study_leaves(whole):
    assert sorted(path.name for path in whole.iterdir()) == [
        "curves.csv", "figure_accuracy.png", "figure_bias.png", "figure_loss.png", "figure_scores.png", "report.html",
        "report.md", "runs.csv", "runs.sqlite", "summary.json",
    ]  # fmt: skip
    runs = pd.read_csv(whole / "runs.csv")
    assert runs.columns[:9].tolist() == [
        "study", "arm", "seed", "train_loss", "test_loss", "train_accuracy", "test_accuracy", "ms_per_update", "seconds",
    ]  # fmt: skip
    assert {"forget_bias", "learning_rate", "optimizer", "activation", "updates", "data"} <= set(runs.columns)
    assert runs.groupby("forget_bias").seed.apply(list).tolist() == [[0, 1]] * 19
    summary = json.loads((whole / "summary.json").read_text())
    assert (summary["runs"], summary["missing"]) == (38, 0)
    assert len(summary["claims"]) == 4


@pytest.mark.xdist_group("image_rows")
def test_a_report_again_never_trains(whole, monkeypatch, capsys):
    monkeypatch.setattr(example.image_rows, "train", None)
    before = {path.name: path.read_bytes() for path in whole.glob("*.csv")}
    (whole / "report.html").unlink()
    run(*STUDY, whole)
    run(*(a for a in STUDY if a != "--quiet"), whole, "--report")
    assert (whole / "report.html").exists()
    assert {path.name: path.read_bytes() for path in whole.glob("*.csv")} == before
    assert "results: " in capsys.readouterr().out


@pytest.mark.xdist_group("image_rows")
def test_a_study_goes_on_from_its_csv_files(whole, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(example.image_rows, "train", None)
    for name in ("runs.csv", "curves.csv"):
        (tmp_path / name).write_bytes((whole / name).read_bytes())
    run(*STUDY, tmp_path)
    assert "38 finished runs taken over from" in capsys.readouterr().err
    assert (tmp_path / "runs.csv").read_bytes() == (whole / "runs.csv").read_bytes()
    assert (tmp_path / "curves.csv").read_bytes() == (whole / "curves.csv").read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.xdist_group("image_rows")
@pytest.mark.slow  # the toy study of test_study.py is killed in every run
def test_a_killed_study_ends_with_the_same_rows(whole, tmp_path):
    out = tmp_path / "cut"
    process = subprocess.Popen([sys.executable, str(SCRIPT), *STUDY, str(out)], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    count = 0
    while count < 3 and time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
        if (out / "runs.sqlite").exists():
            connection = sqlite3.connect(out / "runs.sqlite")
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            count = connection.execute("SELECT count(*) FROM runs").fetchone()[0] if tables else 0
            connection.close()
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert not (out / "runs.csv").exists()
    run(*STUDY, out)
    pd.testing.assert_frame_equal(scores(out), scores(whole), check_exact=True)


@pytest.mark.xdist_group("image_rows")
@pytest.mark.slow  # the toy study of test_study.py runs in two processes each time
def test_two_processes_train_the_same_rows(whole, tmp_path):
    run(*STUDY, tmp_path, "--workers", 2)
    pd.testing.assert_frame_equal(scores(tmp_path), scores(whole), check_exact=True)


def test_a_damaged_csv_file_loses_nothing(tmp_path, capsys):
    path = tmp_path / "runs.csv"
    path.write_text("study,arm,seed,seconds,versions,settings\nforget-bias,1,zero,1.0,{},{}\n")
    before = path.read_bytes()
    assert example.command_line.run_main(example.main, [*STUDY, str(tmp_path)]) == 2
    assert "line 2: expected an integer as seed, got 'zero'" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["runs.csv"]
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--study", "gates"], "--study: invalid choice: 'gates'"),
        (["--seeds", "0"], "--seeds: expected an integer of at least 1, got '0'"),
        (["--variant", "as_told"], "--variant: expected as_run or as_claimed for gate, got 'as_told'"),
        (["--study", "extras", "--variant", "as_claimed"], "--variant: expected as_run for extras, got 'as_claimed'"),
        (["--updates", "50"], "--updates: expected at least 100, which are scored, got 50"),
        (["--data", "fashion"], "--data: invalid choice: 'fashion'"),
        (["--cluster", "tcp://127.0.0.1:1", "--workers", "2"], "--workers: expected without --cluster"),
    ],
)
def test_wrong_input_gets_one_line_and_exit_2(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    check_refusal(example, arguments, message, tmp_path, monkeypatch, capsys)


def refused(arguments, capsys):
    assert example.command_line.run_main(example.main, [str(argument) for argument in arguments]) == 2
    text = capsys.readouterr().err
    assert text.count("\n") == 1
    return text


def test_stores_clusters_and_data_that_are_not_there(tmp_path, monkeypatch, capsys):
    (tmp_path / "other.sqlite").write_text("no database " * 100)
    assert "expected a store of rnnlab" in refused([*STUDY, tmp_path, "--store", tmp_path / "other.sqlite"], capsys)
    assert "--report: expected finished runs in" in refused(["--report", "--out", tmp_path / "none"], capsys)
    assert not list((tmp_path / "none").iterdir())
    pytest.importorskip("distributed")
    monkeypatch.setattr("rnnlab.study.runner.PATIENCE", 1)
    text = refused([*STUDY, tmp_path / "c", "--cluster", "tcp://127.0.0.1:9"], capsys)
    assert "--cluster: expected a Dask scheduler at tcp://127.0.0.1:9, got no answer" in text
    monkeypatch.delenv("RNNLAB_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr("rnnlab.datasets.handwriting.MNIST_URL", "http://127.0.0.1:9/mnist.npz")
    assert "mnist.npz: expected it in the folder that RNNLAB_DATA names, or in" in refused(
        ["--data", "mnist", "--quiet", "--out", tmp_path / "m"], capsys
    )
