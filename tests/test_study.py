"""rnnlab.study: plans, the store, CSV files, and runs in this process, in several, and on a cluster."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rnnlab import study
from rnnlab.study import Job, Result, Store, StoreError, Study, runner


def plan(**changes):
    settings = {"arms": study.grid(cell=["lstm", "gru"], rate=[0.1, 0.01]), "seeds": (0, 1, 2), "numeric": ("rate",)}
    return Study("tiny", **{**settings, "common": {"updates": 5, "decay": None, "bias": True}, **changes})


def train(jobs, done):
    """A training whose result follows from the job alone."""
    for job in jobs:
        drawn = np.random.default_rng([job.seed, len(job.settings["cell"]), round(1000 * job.settings["rate"])]).normal(size=3)
        scores = {"loss": float(drawn[0]), "accuracy": float("nan") if job.seed == 1 else float(drawn[1])}
        done(job, Result(scores, 0.5, {"update": [1, 2], "loss": drawn[:2].tolist()}))


def trained(path, of=None):
    with Store(path) as store:
        study.run(of or plan(), train, store, quiet=True)
        return store.frame(of or plan())


# Plans


def test_a_plan_is_a_value():
    assert plan() == plan()
    assert Study.from_json(plan().to_json()) == plan()
    assert list(plan().arms) == ["lstm, 0.1", "lstm, 0.01", "gru, 0.1", "gru, 0.01"]
    assert plan().jobs[1] == Job("lstm, 0.1", {"updates": 5, "decay": None, "bias": True, "cell": "lstm", "rate": 0.1}, 1)
    assert len(plan().jobs) == 12
    assert plan().table.columns.tolist() == ["arm", "updates", "decay", "bias", "cell", "rate"]


def test_arms_that_differ_in_numbers_share_a_program():
    programs = plan().programs(plan().jobs)
    assert [sorted({job.arm for job in program}) for program in programs] == [
        ["lstm, 0.01", "lstm, 0.1"],
        ["gru, 0.01", "gru, 0.1"],
    ]
    assert len(plan(numeric=()).programs(plan().jobs)) == 4


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"arms": {}}, "arms: expected at least one in study 'tiny', got none"),
        ({"seeds": ()}, "seeds: expected at least one, each once"),
        ({"seeds": (1, 1)}, "seeds: expected at least one, each once"),
        ({"arms": {"a": {"rate": 1}, "b": {"rates": 1}}}, "arms: expected the settings rate in 'b', got rates"),
        ({"arms": {"a": {"rate": float("nan")}}}, "arms: expected a text, a finite number or None for 'rate', got nan"),
        ({"arms": {"a": {"rate": [1]}}}, "arms: expected a text"),
        ({"arms": {"a": {"seed": 1}}, "numeric": ()}, "arms: expected settings with names other than"),
        ({"common": {"rate": 1}}, "common: expected settings that no arm has, got rate"),
        ({"numeric": ("speed",)}, "numeric: expected settings of the arms, got speed"),
    ],
)
def test_plans_refused(wrong, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        plan(**wrong)


# The store


def test_runs_come_back_in_the_order_of_the_plan(tmp_path):
    frame = trained(tmp_path / "s.sqlite")
    assert list(zip(frame.arm, frame.seed, strict=True)) == [(job.arm, job.seed) for job in plan().jobs]
    assert frame.columns.tolist()[:6] == ["study", "arm", "seed", "loss", "accuracy", "seconds"]
    assert frame.accuracy.isna().tolist() == [job.seed == 1 for job in plan().jobs]
    assert frame.versions.str.contains("numpy").all()
    with Store(tmp_path / "s.sqlite") as store:
        curves = store.curves(plan())
    assert curves.columns.tolist() == ["arm", "seed", "update", "loss"]
    assert len(curves) == 24


def test_a_run_is_written_once(tmp_path):
    job = plan().jobs[0]
    with Store(tmp_path / "s.sqlite") as store:
        assert store.add("tiny", job, Result({"loss": 1.0}, 1.0)) is True
        assert store.add("tiny", job, Result({"loss": 2.0}, 1.0)) is False
        assert store.frame(plan()).loss.tolist() == [1.0]
        assert store.missing(plan()) == plan().jobs[1:]


def test_more_seeds_and_arms_go_on_from_what_is_there(tmp_path):
    first = trained(tmp_path / "s.sqlite", plan(seeds=(0,)))
    seen = []
    with Store(tmp_path / "s.sqlite") as store:
        study.run(plan(), lambda jobs, done: seen.extend(jobs) or train(jobs, done), store, quiet=True)
        everything = store.frame(plan())
    assert {job.seed for job in seen} == {1, 2}
    pd.testing.assert_frame_equal(everything[everything.seed == 0].reset_index(drop=True), first)


def test_a_changed_arm_is_another_arm_and_says_so(tmp_path):
    trained(tmp_path / "s.sqlite")
    changed = plan(common={"updates": 6, "decay": None, "bias": True})
    with Store(tmp_path / "s.sqlite") as store:
        assert len(store.missing(changed)) == 12
        assert store.frame(changed).empty
        assert store.changed(plan()) == []
        lines = store.changed(changed)
        assert len(lines) == 4
        assert lines[0] == "gru, 0.01: 3 runs of another definition are left out (updates 5 there, 6 here)"
        assert store.missing(plan()) == []


def test_a_score_is_no_setting(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        with pytest.raises(ValueError, match="scores: expected names that no setting has, got rate, seconds"):
            store.add("tiny", plan().jobs[0], Result({"rate": 1.0, "seconds": 1.0, "loss": 1.0}, 1.0))
        with pytest.raises(StoreError, match="expected that runs can be added"):
            store.add("tiny", plan().jobs[0], Result({"loss": 1.0}, float("nan")))
        assert len(store.missing(plan())) == 12


def test_stores_refused(tmp_path):
    text, other, later = (tmp_path / name for name in ("text", "other", "later"))
    text.write_text("no database at all, but long enough to be looked at as one " * 20)
    for path, statement in ((other, "CREATE TABLE runs (a)"), (later, "PRAGMA user_version = 9")):
        if path is later:
            Store(path).close()
        connection = sqlite3.connect(path)
        connection.execute(statement)
        connection.commit()
        connection.close()
    with pytest.raises(StoreError, match="expected a file that can be written to, got none"):
        Store(tmp_path)
    for path, message in (
        (text, "expected a store of rnnlab, got a file that SQLite cannot read"),
        (other, "expected a store of rnnlab, got another SQLite file"),
        (later, "expected version 1 of the store, got 9"),
    ):
        before = path.read_bytes()
        with pytest.raises(StoreError, match=message):
            Store(path)
        assert path.read_bytes() == before


# CSV files


def test_csv_files_are_the_store_again(tmp_path):
    frame = trained(tmp_path / "s.sqlite")
    with Store(tmp_path / "s.sqlite") as store:
        study.write_csv(store, plan(), tmp_path / "out")
    with Store(tmp_path / "again.sqlite") as store:
        assert study.read_csv(store, plan(), tmp_path / "out") == 12
        pd.testing.assert_frame_equal(store.frame(plan()), frame)
        assert store.missing(plan()) == []
        assert study.read_csv(store, plan(), tmp_path / "out") == 0
        study.write_csv(store, plan(), tmp_path / "twice")
    for name in ("runs.csv", "curves.csv"):
        assert (tmp_path / "twice" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_csv_files_keep_the_seeds_that_a_plan_leaves_out(tmp_path):
    trained(tmp_path / "s.sqlite")
    with Store(tmp_path / "s.sqlite") as store:
        study.write_csv(store, plan(seeds=(1,)), tmp_path)
    assert len(pd.read_csv(tmp_path / "runs.csv")) == 12


def test_csv_files_keep_types_and_settings_that_the_plan_has_no_more(tmp_path):
    arms = {"a": {"units": 8, "dropout": None}, "b": {"units": None, "dropout": 0.2}, "c": {"units": 0.5, "dropout": True}}
    before = Study("typed", arms, (0,))
    with Store(tmp_path / "s.sqlite") as store:
        for job in before.jobs:
            store.add("typed", job, Result({"loss": 1.0}, 1.0))
        study.write_csv(store, before, tmp_path)
    now = Study("typed", {arm: {"units": settings["units"]} for arm, settings in arms.items()}, (0,))
    with Store(tmp_path / "again.sqlite") as store:
        assert study.read_csv(store, now, tmp_path) == 3
        assert store.missing(before) == []
        assert len(store.missing(now)) == 3
        assert store.changed(now)[0] == "a: 1 runs of another definition are left out (dropout None there, unset here)"


def test_csv_files_of_a_changed_arm(tmp_path):
    trained(tmp_path / "s.sqlite")
    with Store(tmp_path / "s.sqlite") as store:
        study.write_csv(store, plan(), tmp_path)
    changed = plan(common={"updates": 6, "decay": 0.5, "bias": True})
    with Store(tmp_path / "again.sqlite") as store:
        study.read_csv(store, changed, tmp_path)
        assert len(store.missing(changed)) == 12
        assert store.missing(plan()) == [], "typed as in the plan that it came from"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda lines: [lines[0].replace("seed", "sead"), *lines[1:]], "line 1: expected the column 'seed'"),
        (lambda lines: [*lines[:3], lines[3].split(",", 1)[1], *lines[4:]], "line 4: expected 13 fields, got 12"),
        (lambda lines: [*lines[:2], lines[2].replace(",1,", ",one,", 1), *lines[3:]], "line 3: expected an integer as seed"),
        (lambda lines: [*lines[:2], lines[2].replace(",0.5,", ",half,"), *lines[3:]], "line 3: expected a number as seconds"),
        (
            lambda lines: [lines[0], lines[1].replace("tiny", "huge")],
            "line 2: expected a run of study 'tiny', got one of 'huge'",
        ),
        (lambda lines: ['"' + lines[0]], "expected a CSV file in UTF-8"),
        (lambda lines: [], "line 1: expected the column 'study', got an empty file"),
    ],
)
def test_damaged_csv_files_are_refused_whole(tmp_path, damage, message):
    trained(tmp_path / "s.sqlite")
    with Store(tmp_path / "s.sqlite") as store:
        study.write_csv(store, plan(), tmp_path)
    path = tmp_path / "runs.csv"
    path.write_text("\n".join(damage(path.read_text().splitlines())))
    with Store(tmp_path / "again.sqlite") as store:
        with pytest.raises(StoreError, match=message):
            study.read_csv(store, plan(), tmp_path)
        assert len(store.missing(plan())) == 12


# Runs


def fails_late(jobs, done):
    train(jobs[:-1], done)
    raise RuntimeError("out of luck")


@pytest.mark.filterwarnings("ignore:.*tasks which were still being processed:UserWarning")
def test_an_error_in_a_process_keeps_what_is_finished(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        with pytest.raises(RuntimeError, match="out of luck"):
            study.run(plan(), fails_late, store, workers=2, quiet=True)
        assert len(store.frame(plan())) >= 5


def dies(jobs, done):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.filterwarnings("ignore")
def test_a_process_that_dies(tmp_path):
    with (
        Store(tmp_path / "s.sqlite") as store,
        pytest.raises(ChildProcessError, match="--workers: expected processes that live"),
    ):
        study.run(plan(), dies, store, workers=2, quiet=True)


def test_an_error_keeps_what_is_finished(tmp_path):
    def fails(jobs, done):
        train(jobs[:2], done)
        raise RuntimeError("out of luck")

    with Store(tmp_path / "s.sqlite") as store:
        with pytest.raises(RuntimeError, match="out of luck"):
            study.run(plan(), fails, store, quiet=True)
        assert len(store.frame(plan())) == 2


def test_processes_do_the_same(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        study.run(plan(), train, store, workers=2, quiet=True)
        frame = store.frame(plan())
    pd.testing.assert_frame_equal(frame, trained(tmp_path / "one.sqlite"))


def test_progress_says_what_is_left(tmp_path, capsys):
    with Store(tmp_path / "s.sqlite") as store:
        study.run(plan(), train, store)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 12
    assert lines[0].startswith("1 of 12: lstm, 0.1, seed 0; about ")
    assert lines[-1] == "12 of 12: gru, 0.01, seed 2; about 0 s left"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"workers": 0}, "workers: expected an integer of at least 1, got 0"),
        ({"workers": 2, "cluster": "tcp://127.0.0.1:1"}, "workers: expected 1 where a cluster is given, got 2"),
    ],
)
def test_runs_refused(tmp_path, wrong, message):
    with Store(tmp_path / "s.sqlite") as store, pytest.raises(ValueError, match=message):
        study.run(plan(), train, store, **wrong)


KILLED = """
import sys, time
sys.path.insert(0, {tests!r})
from test_study import plan, study, train
def slow(jobs, done):
    for job in jobs:
        time.sleep(0.02)
        train([job], done)
with study.Store({path!r}) as store:
    print("ready", flush=True)
    study.run(plan(), slow, store, quiet=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_killed_at_random_moments_ends_with_the_same_rows(tmp_path):
    path, moment = tmp_path / "s.sqlite", random.Random(0)
    script = KILLED.format(tests=str(Path(__file__).parent), path=str(path))
    kept = []
    for _ in range(4):
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"
        time.sleep(moment.uniform(0.0, 0.12))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        with Store(path) as store:
            kept.append(len(store.frame(plan())))
    assert kept == sorted(kept)
    assert kept[-1] > 0
    pd.testing.assert_frame_equal(trained(path), trained(tmp_path / "whole.sqlite"))


def slow(jobs, done):
    for job in jobs:
        time.sleep(0.05)
        train([job], done)


# A port that is free: the tests of another process may hold Dask's usual one.
CLUSTER = {"dashboard_address": "127.0.0.1:0", "silence_logs": 50}


def test_a_cluster_does_the_same_though_a_worker_dies(tmp_path):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, **CLUSTER) as cluster,
        Store(tmp_path / "s.sqlite") as store,
    ):
        victim = next(iter(cluster.workers.values())).pid
        killed = []

        def keep_and_kill(*run, add=store.add):
            if not killed:
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)
            return add(*run)

        store.add = keep_and_kill
        study.run(plan(seeds=range(12)), slow, store, cluster=cluster.scheduler_address, quiet=True)
        frame = store.frame(plan(seeds=range(12)))
    assert killed
    pd.testing.assert_frame_equal(frame, trained(tmp_path / "one.sqlite", plan(seeds=range(12))))


def test_a_cluster_without_workers(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(runner, "PATIENCE", 1)
    expected = pytest.raises(ConnectionError, match="--cluster: expected workers at the scheduler")
    with distributed.LocalCluster(n_workers=0, **CLUSTER) as cluster, Store(tmp_path / "s.sqlite") as store, expected:
        study.run(plan(), train, store, cluster=cluster.scheduler_address, quiet=True)


@pytest.mark.parametrize("address", ["nonsense", "foo://x:1", "tcp://127.0.0.1"])
def test_addresses_refused(tmp_path, address):
    with Store(tmp_path / "s.sqlite") as store, pytest.raises(ConnectionError, match="--cluster: expected an address such as"):
        study.run(plan(), train, store, cluster=address, quiet=True)


def test_a_cluster_that_does_not_answer(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(runner, "PATIENCE", 1)
    with Store(tmp_path / "s.sqlite") as store, pytest.raises(ConnectionError, match="expected a Dask scheduler at tcp://"):
        study.run(plan(), train, store, cluster="tcp://127.0.0.1:9", quiet=True)


# The README


def test_the_study_in_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
    (code,) = [part.split("```")[0] for part in text.split("```python\n")[1:] if "study.Study(" in part]
    trained = []

    def my_training(seed, cell, units):
        trained.append((seed, cell, units))
        return np.random.default_rng([seed, units]).normal(), 0.1

    exec(code, {"my_training": my_training})
    assert len(trained) == 40
    assert "## Variance" in (tmp_path / "out" / "report.md").read_text()
