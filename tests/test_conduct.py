"""A study as a command: folders by plan, going on, results that are never replaced, kept networks."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rnnlab import conduct, study
from rnnlab.command_line import add_common
from rnnlab.conduct import Networks, folder_of

FULL = study.Study("toy", study.grid(cell=["lstm", "gru"], units=[4, 8]), tuple(range(5)), {"epochs": 10, "data": "own"})


def plan(cells=("lstm", "gru"), units=(4, 8), seeds=5, **common):
    return study.Study("toy", study.grid(cell=cells, units=units), tuple(range(seeds)), {**FULL.common, **common})


def train(jobs, done):
    for job in jobs:
        loss = job.seed + job.settings["units"] / job.settings["epochs"]
        network = {"weight_0": np.full(3, loss), "logs": np.array([[loss]]), "log_names": np.array(["loss"])}
        arrays = {"forecast": np.arange(job.seed + 2.0)}
        done(job, study.Result({"loss": loss}, 0.5, {"epoch": [1, 2], "loss": [1.0, loss]}, arrays, network))


def never(jobs, done):
    raise AssertionError("nothing was to be trained")


def report_of(of, runs, command):
    assert set(runs.arrays) == {(arm, seed) for arm, seed in zip(runs.frame.arm, runs.frame.seed, strict=True)}
    tables = {"Losses": runs.frame.groupby("arm", sort=False).loss.agg(["size", "mean"]).reset_index()}
    return study.Report(of, runs.frame, command, tables, files={"long.csv": runs.curves, "text.txt": "a\n"})


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(conduct.command_line, "import_keras", lambda: None)


def run(of, *flags, training=train, **options):
    parser = argparse.ArgumentParser()
    add_common(parser, seeds=5)
    arguments = parser.parse_args(["--quiet", *map(str, flags)])
    options = {"home": "toy", "full": FULL, **options}
    return conduct.conduct(of, training, report_of, arguments, list(flags), **options)


@pytest.mark.parametrize(
    ("changed", "folder"),
    [
        ({}, "toy"),
        ({"seeds": 7}, "toy"),
        ({"seeds": 2}, "toy_2_seeds"),
        ({"epochs": 3}, "toy_epochs_3"),
        ({"cells": ("gru",)}, "toy_cell_gru"),
        ({"cells": ("gru",), "epochs": 3, "data": "a/b c"}, "toy_epochs_3_data_a_b_c_cell_gru"),
        ({"units": (4, 16)}, "toy_units_4_16"),
    ],
)
def test_only_the_full_plan_is_at_home(changed, folder):
    assert folder_of(Path("reports/toy"), plan(**changed), FULL) == Path("reports", folder)


def test_long_names_are_cut_and_stay_apart():
    one, other = (folder_of(Path("toy"), plan(data="x" * 200 + end), FULL).name for end in "ab")
    assert one != other
    assert max(len(one), len(other)) < 100


def copied(folder, to):
    Path(to).mkdir()
    kept = {name: Path(folder, name).read_bytes() for name in ("runs.csv", "curves.csv", "arrays.npz")}
    for name, content in kept.items():
        Path(to, name).write_bytes(content)
    return kept


def test_what_a_study_leaves_and_a_second_command_finds():
    out = run(plan())
    files = {"runs.csv", "curves.csv", "arrays.npz", "runs.sqlite", "report.md", "report.html", "summary.json", "long.csv"}
    assert {path.name for path in out.iterdir()} == files | {"text.txt"}
    kept = copied(out, "copy")
    assert run(plan(), training=never) == out
    run(plan(), "--out", "copy", training=never)
    for folder in (out, Path("copy")):
        assert {name: (folder / name).read_bytes() for name in kept} == kept


def test_more_seeds_and_arms_grow_a_folder_and_fewer_leave_it_whole():
    run(plan(("lstm",), (4,), seeds=4), "--out", "grown")
    run(plan(seeds=2), "--out", "grown")
    assert len(pd.read_csv("grown/runs.csv")) == 10
    assert "8 runs" in Path("grown/report.md").read_text(), "a seed that one arm lacks stays in the files alone"
    seen = []
    run(plan(), "--out", "grown", training=lambda jobs, done: seen.extend(jobs) or train(jobs, done))
    assert len(seen) == 10
    run(plan(seeds=3), "--out", "grown", training=never)
    assert len(pd.read_csv("grown/runs.csv")) == 20
    assert "20 runs" in Path("grown/report.md").read_text()


@pytest.mark.parametrize("changed", [{"epochs": 3}, {"cells": ("gru",)}, {"units": (4, 16)}])
def test_results_are_never_replaced_by_those_of_another_plan(changed):
    run(plan(), "--out", "kept")
    before = {path.name: path.read_bytes() for path in Path("kept").iterdir()}
    with pytest.raises(ValueError, match="--out: expected a folder without results, or with some of this study; kept holds"):
        run(plan(**changed), "--out", "kept")
    assert {path.name: path.read_bytes() for path in Path("kept").iterdir()} == before


def test_an_error_keeps_what_is_finished_and_the_next_command_goes_on():
    def fails(jobs, done):
        train(jobs[:1], done)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        run(plan(seeds=3), training=fails)
    out = Path("reports/toy_3_seeds")
    (out / ".rnnlab-left.png").write_text("of a killed process")
    whole = run(plan(seeds=3), "--out", "whole")
    assert run(plan(seeds=3)) == out
    assert not list(out.glob(".rnnlab-*"))
    columns = ["arm", "seed", "loss"]
    pd.testing.assert_frame_equal(pd.read_csv(out / "runs.csv")[columns], pd.read_csv(whole / "runs.csv")[columns])


def test_two_commands_in_one_folder():
    def meanwhile(jobs, done):
        with pytest.raises(BlockingIOError, match="--out: expected a folder that no other command works in, got both"):
            run(plan(), "--out", "both")
        train(jobs, done)

    run(plan(), "--out", "both", training=meanwhile)
    assert len(pd.read_csv("both/runs.csv")) == 20


def test_networks_are_kept_where_there_is_one_arm_and_never_trained_again():
    networks, one = Networks("toy", lambda seed: None, {"a": 1}), plan(("gru",), (8,), seeds=2)
    found = []
    run(one, "--out", "one", networks=networks, use=found.append)
    run(one, "--out", "one", networks=networks, use=found.append, training=never)
    assert [replicas.seeds for replicas in found] == [(0, 1), (0, 1)]
    np.testing.assert_array_equal(found[1].finished[1].weights[0], np.full(3, 1.8))
    with pytest.raises(ValueError, match="--save: expected one kind of network, got 4: lstm, 4, lstm, 8, gru, 4, gru, 8"):
        run(plan(), "--save", "kept.zip", networks=networks)
    copied("one", "moved")
    with pytest.raises(ValueError, match="networks: expected those of finished runs to be kept, got none for seed 0"):
        run(one, "--out", "moved", "--save", "kept.zip", networks=networks, training=never)


def test_a_report_needs_runs():
    with pytest.raises(ValueError, match="--report: expected finished runs in none"):
        run(plan(), "--out", "none", "--report", training=never)
    assert not list(Path("none").iterdir())


def test_runs_without_their_arrays_are_refused():
    run(plan(), "--out", "whole")
    Path("cut").mkdir()
    Path("cut/runs.csv").write_bytes(Path("whole/runs.csv").read_bytes())
    expected = "cut/runs.csv, line 2: expected the array 'forecast' in cut/arrays.npz, got none"
    with pytest.raises(study.StoreError, match=expected):
        run(plan(), "--out", "cut", training=never)
