"""The habits of every example: what it leaves, going on where it was, results that stay, networks that are kept."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from helpers import EXAMPLES, load_example

from rnnlab import conduct, study

# The smallest command of each example that goes through all of its rooms, with one kind of network.
SMOKE = {
    "sales_forecast": ["--horizon", "2"],
    "addition": ["--cell", "simple_rnn"],
    "digit_sums": ["--cell", "simple_rnn"],
    "image_rows": ["--study", "forget-bias"],
    "poems": ["--seeds", "2"],
    "text_classification": ["--cell", "simple_rnn"],
    "lstm_by_hand": [],
}
KEPT = ("runs.csv", "curves.csv", "arrays.npz")
each = pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in SMOKE])


def command(name, out):
    return [*SMOKE[name], "--smoke", "--out", str(out)]


def run(name, *arguments):
    load_example(name).main([str(argument) for argument in arguments])


def scores(out):
    """Rows without what differs between two machines or moments."""
    frame = pd.read_csv(out / "runs.csv")
    return frame[[column for column in frame if not column.endswith(("seconds", "_per_update", "versions"))]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The results of an example by its name, trained once."""
    made = {}

    def results(name):
        if name not in made:
            made[name] = tmp_path_factory.mktemp(name) / "whole"
            run(name, *command(name, made[name]), "--quiet")
        return made[name]

    return results


@each
def test_what_an_example_leaves(name, whole):
    out = whole(name)
    names = {path.name for path in out.iterdir()}
    assert {"runs.csv", "runs.sqlite", "report.md", "report.html", "summary.json"} <= names
    assert any(name.startswith("figure") and name.endswith(".png") for name in names)
    assert not {name for name in names if name.startswith(".")}
    runs = pd.read_csv(out / "runs.csv")
    assert {"study", "arm", "seed", "seconds", "versions", "settings"} <= set(runs.columns)
    assert sorted(set(runs.seed)) == [0, 1]
    assert all(json.loads(text)["keras"] for text in runs.versions)
    summary = json.loads((out / "summary.json").read_text())
    assert (summary["runs"], summary["missing"]) == (len(runs), 0)
    assert summary["command"].startswith(f"python examples/{os.path.basename(sys.argv[0])}")
    assert not {claim["verdict"] for claim in summary["claims"]} - set(study.claims.VERDICTS)
    text = (out / "report.md").read_text()
    assert all(f"({path})" in text for path in names if path.endswith(".png"))


@each
def test_a_report_again_never_trains_and_writes_the_same(name, whole, monkeypatch, capsys):
    monkeypatch.setattr(conduct, "run", None)
    out = whole(name)
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.suffix in (".csv", ".npz", ".png", ".txt")}
    run(name, *command(name, out), "--report")
    assert {name: (out / name).read_bytes() for name in before} == before
    assert f"results: {out / 'report.html'}" in capsys.readouterr().out


@each
def test_an_example_goes_on_from_its_files_on_another_machine(name, whole, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(conduct, "run", None)
    kept = {file: (whole(name) / file).read_bytes() for file in KEPT if (whole(name) / file).exists()}
    for file, content in kept.items():
        (tmp_path / file).write_bytes(content)
    run(name, *command(name, tmp_path), "--quiet")
    assert " finished runs taken over from " in capsys.readouterr().err
    assert {file: (tmp_path / file).read_bytes() for file in kept} == kept


@each
def test_a_short_run_has_a_folder_of_its_own(name, whole, tmp_path, monkeypatch):
    """The committed report of a full run is not where a smaller one goes."""
    committed = {path.parent for path in (EXAMPLES.parent / "reports").rglob("runs.csv")}
    monkeypatch.chdir(tmp_path)
    found = []
    monkeypatch.setattr(conduct.command_line, "check_writable", lambda out: found.append(out) or sys.exit(7))
    with pytest.raises(SystemExit):
        run(name, *SMOKE[name], "--smoke")
    (out,) = found
    assert out.parts[0] == "reports"
    assert EXAMPLES.parent / out not in committed


@each
@pytest.mark.slow
def test_two_processes_train_the_same_rows(name, whole, tmp_path):
    run(name, *command(name, tmp_path), "--quiet", "--workers", "2")
    pd.testing.assert_frame_equal(scores(tmp_path), scores(whole(name)), check_exact=True)


@each
@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGTERM])
def test_stopped_at_random_moments_an_example_ends_with_the_same_rows(name, blow, whole, tmp_path):
    """Ten blows, spread over what the example takes; then the same command once more."""
    arguments = [sys.executable, str(EXAMPLES / f"{name}.py"), *command(name, tmp_path), "--quiet"]
    started = time.monotonic()
    subprocess.run([*arguments[:-3], "--out", str(tmp_path / "timed"), "--quiet"], check=True, capture_output=True)
    usual, moment = time.monotonic() - started, random.Random(0)
    for _ in range(10):
        process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
        time.sleep(moment.uniform(0.1, 1) * usual)
        process.send_signal(blow)
        printed = process.communicate(timeout=120)[1]
        assert "Traceback" not in printed
        assert process.returncode in (0, -blow, 128 + blow)
    run(name, *command(name, tmp_path), "--quiet")
    assert not list(tmp_path.glob(".rnnlab-*"))
    pd.testing.assert_frame_equal(scores(tmp_path), scores(whole(name)), check_exact=True)
