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


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        yield store


@pytest.fixture
def another(tmp_path):
    with Store(tmp_path / "another.sqlite") as store:
        yield store


def trained(store, of=None, **options):
    study.run(of or plan(), train, store, quiet=True, **options)
    return store.frame(of or plan())


def test_a_plan_is_a_value():
    assert plan() == plan()
    assert Study.from_json(plan().to_json()) == plan()
    assert list(plan().arms) == ["lstm, 0.1", "lstm, 0.01", "gru, 0.1", "gru, 0.01"]
    assert plan().jobs[1] == Job("lstm, 0.1", {"updates": 5, "decay": None, "bias": True, "cell": "lstm", "rate": 0.1}, 1)
    assert len(plan().jobs) == 12
    assert plan().table.columns.tolist() == ["arm", "updates", "decay", "bias", "cell", "rate"]


def test_arms_that_differ_in_numbers_share_a_program():
    programs = plan().programs(plan().jobs)
    assert [{job.arm for job in program} for program in programs] == [{"lstm, 0.01", "lstm, 0.1"}, {"gru, 0.01", "gru, 0.1"}]
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


def test_runs_come_back_in_the_order_of_the_plan(store):
    frame = trained(store)
    assert list(zip(frame.arm, frame.seed, strict=True)) == [(job.arm, job.seed) for job in plan().jobs]
    assert frame.columns.tolist()[:6] == ["study", "arm", "seed", "loss", "accuracy", "seconds"]
    assert frame.accuracy.isna().tolist() == [job.seed == 1 for job in plan().jobs]
    assert frame.versions.str.contains("numpy").all()
    assert store.curves(plan()).columns.tolist() == ["arm", "seed", "update", "loss"]
    assert len(store.curves(plan())) == 24


def test_a_run_is_written_once(store):
    job = plan().jobs[0]
    assert [store.add("tiny", job, Result({"loss": loss}, 1.0)) for loss in (1.0, 2.0)] == [True, False]
    assert store.frame(plan()).loss.tolist() == [1.0]
    assert store.missing(plan()) == plan().jobs[1:]


def test_more_seeds_and_arms_go_on_from_what_is_there(store):
    first, seen = trained(store, plan(seeds=(0,))), []
    study.run(plan(), lambda jobs, done: seen.extend(jobs) or train(jobs, done), store, quiet=True)
    everything = store.frame(plan())
    assert {job.seed for job in seen} == {1, 2}
    pd.testing.assert_frame_equal(everything[everything.seed == 0].reset_index(drop=True), first)


def test_a_changed_arm_is_another_arm_and_says_so(store):
    trained(store)
    changed = plan(common={"updates": 6, "decay": None, "bias": True})
    assert len(store.missing(changed)) == 12
    assert store.frame(changed).empty
    assert store.changed(plan()) == store.missing(plan()) == []
    lines = store.changed(changed)
    assert len(lines) == 4
    assert lines[0] == "gru, 0.01: 3 runs of another definition are left out (updates 5 there, 6 here)"


def test_a_score_is_no_setting(store):
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
        (later, "expected version 2 of the store, got 9"),
    ):
        before = path.read_bytes()
        with pytest.raises(StoreError, match=message):
            Store(path)
        assert path.read_bytes() == before


def test_csv_files_are_the_store_again(store, another, tmp_path):
    frame = trained(store)
    study.write_csv(store, plan(seeds=(1,)), tmp_path / "out")  # with all seeds that there are
    assert study.read_csv(another, plan(), tmp_path / "out") == 12
    pd.testing.assert_frame_equal(another.frame(plan()), frame)
    assert another.missing(plan()) == []
    assert study.read_csv(another, plan(), tmp_path / "out") == 0
    study.write_csv(another, plan(), tmp_path / "twice")
    for name in ("runs.csv", "curves.csv"):
        assert (tmp_path / "twice" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_csv_files_keep_types_and_settings_that_the_plan_has_no_more(store, another, tmp_path):
    arms = {"a": {"units": 8, "dropout": None}, "b": {"units": None, "dropout": 0.2}, "c": {"units": 0.5, "dropout": True}}
    before = Study("typed", arms, (0,))
    for job in before.jobs:
        store.add("typed", job, Result({"loss": 1.0}, 1.0, arrays={"grid": np.eye(2)} if job.arm == "b" else {}))
    study.write_csv(store, before, tmp_path)
    now = Study("typed", {arm: {"units": settings["units"]} for arm, settings in arms.items()}, (0,))
    assert study.read_csv(another, now, tmp_path) == 3
    assert another.missing(before) == []
    assert len(another.missing(now)) == 3
    assert another.changed(now)[0] == "a: 1 runs of another definition are left out (dropout None there, unset here)"
    arrays = another.runs(before).arrays
    assert (arrays["a", 0], arrays["b", 0]["grid"].tolist()) == ({}, np.eye(2).tolist())


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
def test_damaged_csv_files_are_refused_whole(store, another, tmp_path, damage, message):
    trained(store)
    study.write_csv(store, plan(), tmp_path)
    path = tmp_path / "runs.csv"
    path.write_text("\n".join(damage(path.read_text().splitlines())))
    with pytest.raises(StoreError, match=message):
        study.read_csv(another, plan(), tmp_path)
    assert len(another.missing(plan())) == 12


def fails(jobs, done):
    train(jobs[:2], done)
    raise RuntimeError("out of luck")


@pytest.mark.filterwarnings("ignore:.*tasks which were still being processed:UserWarning")
@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_keeps_what_is_finished(store, workers):
    with pytest.raises(RuntimeError, match="out of luck"):
        study.run(plan(), fails, store, workers=workers, quiet=True)
    assert len(store.frame(plan())) >= 2


def dies(jobs, done):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.filterwarnings("ignore")
def test_a_process_that_dies(store):
    with pytest.raises(ChildProcessError, match="--workers: expected processes that live"):
        study.run(plan(), dies, store, workers=2, quiet=True)


def test_processes_do_the_same(store, another):
    pd.testing.assert_frame_equal(trained(store, workers=2), trained(another))


def test_progress_says_what_is_left(store, capsys):
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
        ({"cluster": "nonsense"}, "--cluster: expected an address such as"),
        ({"cluster": "foo://x:1"}, "--cluster: expected an address such as"),
        ({"cluster": "tcp://127.0.0.1"}, "--cluster: expected an address such as"),
    ],
)
def test_runs_refused(store, wrong, message):
    with pytest.raises((ValueError, ConnectionError), match=message):
        study.run(plan(), train, store, quiet=True, **wrong)


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
def test_killed_at_random_moments_ends_with_the_same_rows(store, another):
    moment = random.Random(0)
    script = KILLED.format(tests=str(Path(__file__).parent), path=str(store.path))
    kept = []
    for _ in range(4):
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"
        time.sleep(moment.uniform(0.0, 0.12))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        kept.append(len(store.frame(plan())))
    assert kept == sorted(kept)
    assert kept[-1] > 0
    pd.testing.assert_frame_equal(trained(store), trained(another))


def slow(jobs, done):
    for job in jobs:
        time.sleep(0.05)
        train([job], done)


def cluster_of(workers):
    # A port that is free: the tests of another process may hold Dask's usual one.
    distributed = pytest.importorskip("distributed")
    options = {"threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "silence_logs": 50}
    return distributed.LocalCluster(n_workers=workers, **options)


def test_a_cluster_does_the_same_though_a_worker_dies(store, another, monkeypatch):
    killed, many = [], plan(seeds=range(12))
    with cluster_of(2) as cluster:
        victim = next(iter(cluster.workers.values())).pid

        def keep_and_kill(*run, add=store.add):
            if not killed:
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)
            return add(*run)

        monkeypatch.setattr(store, "add", keep_and_kill)
        study.run(many, slow, store, cluster=cluster.scheduler_address, quiet=True)
    assert killed
    pd.testing.assert_frame_equal(store.frame(many), trained(another, many))


def test_a_cluster_without_workers(store, monkeypatch):
    monkeypatch.setattr(runner, "PATIENCE", 1)
    expected = pytest.raises(ConnectionError, match="--cluster: expected workers at the scheduler")
    with cluster_of(0) as cluster, expected:
        study.run(plan(), train, store, cluster=cluster.scheduler_address, quiet=True)


def test_a_cluster_that_does_not_answer(store, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(runner, "PATIENCE", 1)
    with pytest.raises(ConnectionError, match="expected a Dask scheduler at tcp://"):
        study.run(plan(), train, store, cluster="tcp://127.0.0.1:9", quiet=True)


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
