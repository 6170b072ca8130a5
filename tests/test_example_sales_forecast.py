"""The example as a user meets it: commands, files, figures, one-line errors, interruption."""

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

from rnnlab import datasets, sales_report

SCRIPT = EXAMPLES / "sales_forecast.py"
example = load_example("sales_forecast")


def run(*arguments):
    example.main([str(argument) for argument in arguments])


def test_one_value(tmp_path, capsys):
    run("--neurons", 4, "--seeds", 3, "--epochs", 30, "--out", tmp_path)
    runs = pd.read_csv(tmp_path / "runs.csv")
    assert list(runs.columns) == ["cell", "units", "epochs", "seed", "test_rmse", "train_rmse"]
    assert runs.seed.tolist() == [0, 1, 2]
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert round(summary["references"]["ar1"], 2) == 89.06
    assert set(summary["seconds"]) == {"compile", "train", "total"}
    (row,) = summary["rows"]
    scores = runs.test_rmse
    for name, value in {"mean": scores.mean(), "s": scores.std(), "min": scores.min(), "max": scores.max()}.items():
        assert row[name] == pytest.approx(value)
    forecasts = pd.read_csv(tmp_path / "forecasts.csv").query("part == 'test'")
    averaged = forecasts.groupby("label", sort=False)[["actual", "forecast"]].mean()
    assert row["averaged_forecast"] == pytest.approx(np.sqrt(((averaged.actual - averaged.forecast) ** 2).mean()))
    printed = capsys.readouterr().out
    for text in ("LSTM", f"{scores.mean():.1f}", "persistence", "136.76", "240.47"):
        assert text in printed
    assert sorted(p.name for p in tmp_path.iterdir()) == ["figure.png", "forecasts.csv", "runs.csv", "summary.json"]


def test_several_values_twice_are_the_same_bytes(tmp_path):
    for place in ("a", "b"):
        run("--neurons", 4, 2, "--cell", "gru", "--smoke", "--quiet", "--out", tmp_path / place)
    first = (tmp_path / "a" / "runs.csv").read_bytes()
    assert first == (tmp_path / "b" / "runs.csv").read_bytes()
    runs = pd.read_csv(tmp_path / "a" / "runs.csv")
    assert list(zip(runs.cell, runs.units, runs.seed, strict=True)) == [("gru", n, s) for n in (2, 4) for s in (0, 1)]
    assert (tmp_path / "a" / "figure_units.png").exists()


def test_published_runs_stand_beside_ours_only_where_they_belong():
    series, epochs = datasets.shampoo_sales(), 3000
    data = example.sales.prepare(series.values)
    rows = [
        {"cell": cell, "units": units, "seed": seed, "forecast": list(series.values[1:] + shift), "ahead": []}
        for cell, units in (("lstm", 8), ("lstm", 5), ("gru", 8))
        for seed, shift in enumerate((70.0, 80.0, 90.0, 60.0))
    ]
    unpublished, lstm, gru = sales_report.Report(series, data, rows, epochs).summary
    assert (lstm["published"], lstm["share_better"]) == (76.61, 0.5)
    assert "published" not in unpublished
    assert "published" not in gru
    assert "published" not in sales_report.Report(series, data, rows, 300).summary[1]


def test_a_diverged_run_is_counted_and_left_out_of_the_statistics(tmp_path):
    series = datasets.shampoo_sales()
    data = example.sales.prepare(series.values)
    good = {"cell": "lstm", "units": 8, "seed": 0, "forecast": list(series.values[1:] + 50), "ahead": []}
    bad = good | {"seed": 1, "forecast": [float("nan")] * 35}
    report = sales_report.Report(series, data, [good, bad], 10)
    (row,) = report.summary
    assert (row["diverged"], row["mean"], row["averaged_forecast"]) == (1, pytest.approx(50), pytest.approx(50))
    report.write(tmp_path, "command", {"total": 1.0})
    assert (tmp_path / "figure.png").stat().st_size > 10_000


def test_own_series_horizon_save_and_load(tmp_path):
    rng = np.random.default_rng(0)
    months = pd.period_range("2018-01", periods=40, freq="M").astype(str)
    table = pd.DataFrame({"month": months, "revenue": np.round(1000 + 10 * np.arange(40) + rng.normal(0, 50, 40), 1)})
    table.iloc[:-1].to_csv(tmp_path / "mine.csv", sep=";", index=False)
    table.to_csv(tmp_path / "newer.csv", index=False)
    common = ("--quiet", "--horizon", 3)
    run(
        "--csv", tmp_path / "mine.csv", "--column", "revenue", "--test-size", 6, "--lags", 2, "--epochs", 20, "--seeds", 2,
        "--save", tmp_path / "kept.zip", "--out", tmp_path / "trained", *common,
    )  # fmt: skip
    ahead = pd.read_csv(tmp_path / "trained" / "forecast.csv")
    assert ahead.label.tolist() == ["2021-04", "2021-05", "2021-06"]
    assert (ahead.low <= ahead["mean"]).all()
    run("--load", tmp_path / "kept.zip", "--out", tmp_path / "loaded", *common)
    for name in ("runs.csv", "forecast.csv", "forecasts.csv"):
        assert (tmp_path / "trained" / name).read_bytes() == (tmp_path / "loaded" / name).read_bytes()
    run("--load", tmp_path / "kept.zip", "--csv", tmp_path / "newer.csv", "--out", tmp_path / "newer", *common)
    assert pd.read_csv(tmp_path / "newer" / "forecast.csv").label.tolist()[0] == "2021-05"


BAD_FILES = {
    "empty.csv": "",
    "words.csv": "a,b\nx,y\n",
    "two.csv": "a,b\n" + "".join(f"{i * i % 7}.5,{i * 3 % 5}.5\n" for i in range(30)),
    "gap.csv": "month,a\n2020-01,1\n2020-02,5\n2020-04,2\n" + "".join(f"2021-{m:02d},{m * m % 7}\n" for m in range(1, 13)),
    "text.csv": "a\n1\n2\nn/a\n4\n5\n",
    "short.csv": "a\n1\n2\n3\n",
    "constant.csv": "a\n" + "7\n" * 30,
}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--csv", "missing.csv"], "missing.csv"),
        (["--csv", "empty.csv"], "empty.csv"),
        (["--csv", "words.csv"], "words.csv"),
        (["--csv", "two.csv"], "--column"),
        (["--csv", "gap.csv"], "line 4"),
        (["--csv", "text.csv"], "line 4"),
        (["--csv", "short.csv"], "expected at least 16 rows"),
        (["--csv", "constant.csv"], "constant"),
        (["--neurons", "0"], "--neurons: expected an integer of at least 1, got '0'"),
        (["--cell", "rnn"], "--cell: invalid choice: 'rnn'"),
        (["--seeds", "-3"], "--seeds: expected an integer of at least 1"),
        (["--load", "text.csv"], "text.csv: expected a file that --save wrote"),
        (["--load", "missing.zip"], "missing.zip"),
        (["--column", "a"], "--column: expected together with --csv"),
        (["--save", "x.zip", "--neurons", "2", "4"], "--save: expected one cell and one size"),
        (["--out", "text.csv"], "--out: expected a directory that can be written to"),
    ],
)
def test_wrong_input_gets_one_line_and_exit_2(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, text in BAD_FILES.items():
        Path(name).write_text(text)
    check_refusal(example, arguments, message, tmp_path, monkeypatch, capsys)


SWEEP = ("--seeds", 3, "--epochs", 60, "--cell", "simple_rnn", "--quiet", "--neurons", 2, 300, "--out")


@pytest.fixture(scope="module")
def whole_sweep(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    run(*SWEEP, out)
    return (out / "runs.csv").read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.xdist_group("sweep")
@pytest.mark.parametrize("blow", [pytest.param(signal.SIGINT, marks=pytest.mark.slow), signal.SIGKILL])
def test_a_stopped_sweep_goes_on_where_it_was(blow, tmp_path, whole_sweep):
    out = tmp_path / "cut"
    command = [sys.executable, str(SCRIPT), *map(str, SWEEP), str(out)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    journal = out / "runs.partial.jsonl"
    deadline = time.monotonic() + 90
    while not (journal.exists() and len(journal.read_text().splitlines()) >= 4) and time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    process.send_signal(blow)
    _, printed = process.communicate(timeout=60)
    assert process.returncode == (130 if blow == signal.SIGINT else -signal.SIGKILL)
    assert "Traceback" not in printed
    assert not (out / "runs.csv").exists()
    kept = len(journal.read_text().splitlines())
    assert kept >= 4
    run(*SWEEP, out)
    assert (out / "runs.csv").read_bytes() == whole_sweep
    assert not journal.exists()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="a process cannot be replaced")
@pytest.mark.xdist_group("sweep")
def test_a_long_sweep_goes_on_in_a_fresh_process(tmp_path, whole_sweep):
    driver = tmp_path / "driver.py"
    driver.write_text(
        f"import sys; sys.path.insert(0, {str(SCRIPT.parent)!r})\n"
        "import sales_forecast as example\n"
        "example.command_line.RENEW = 0\n"
        "sys.exit(example.command_line.run_main(example.main))\n"
    )
    out = tmp_path / "renewed"
    command = [sys.executable, str(driver), *(str(a) for a in SWEEP if a != "--quiet"), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("going on after") == done.stderr.count(" seeds, ") - 1 > 0
    assert (out / "runs.csv").read_bytes() == whole_sweep
    assert json.loads((out / "summary.json").read_text())["seconds"]["train"] > 0
