"""A study as a command: what is missing is trained and kept run by run, then all of it is written up."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnlab import command_line
from rnnlab.files import sweep
from rnnlab.machine import resident_bytes
from rnnlab.study.files import read_csv, read_runs, write_csv
from rnnlab.study.plan import Job, Study, definition
from rnnlab.study.runner import Train, run
from rnnlab.study.store import Result, Runs, Store

if TYPE_CHECKING:
    import keras

    from rnnlab.study.report import Report
    from rnnlab.training import Replicas

# From a plan, its finished runs and the command: what there is to say.
ReportOf = Callable[[Study, Runs, str], "Report"]

RENEW = 1 << 30  # bytes, see `_renew`
LONGEST_NAME = 80  # characters of a folder's name


@dataclass(frozen=True)
class Networks:
    """How the trained networks of a plan with one arm become models again.

    Attributes:
        task: what they are for; `load_replicas` asks for it.
        build: a model from a seed, as it was built for training.
        notes: what is kept beside them by --save, anything that survives a round trip through JSON.
    """

    task: str
    build: Callable[[int], keras.Model]
    notes: dict[str, Any]


def conduct(
    plan: Study,
    train: Train,
    report_of: ReportOf,
    arguments: Namespace,
    argv: Sequence[str] | None,
    *,
    home: Path | str,
    full: Study | None = None,
    prepare: Callable[[], object] = lambda: None,
    networks: Networks | None = None,
    use: Callable[[Replicas], None] | None = None,
) -> Path:
    """Trains what is missing (nothing with --report), then writes the files of the study and shows what it says.

    Args:
        arguments: with the flags of `command_line.add_common`.
        home: the folder of results where no --out is given, under reports/, for the plan `full`; another plan gets a folder
            of its own beside it, named by the differences. Without `full` every plan is at home there.
        prepare: called before training begins, in this process.
        networks: needed for --save and `use`.
        use: called with the trained networks at the end, where the plan has one arm.

    Returns:
        The folder of results.

    Raises:
        ValueError: --report finds no finished runs, the folder holds results of another plan, --save has nothing to keep, or
            a file is not as it was written.
        OSError: the folder or the store cannot be written to, or another command is at work there.
    """
    started = time.perf_counter()
    out = arguments.out or folder_of(Path("reports", home), plan, full or plan)
    if arguments.save and len(plan.arms) > 1:
        raise ValueError(f"--save: expected one kind of network, got {len(plan.arms)}: {', '.join(plan.arms)}")
    command_line.check_writable(out)
    if arguments.save:
        command_line.check_target("--save", arguments.save)
    with at_work(out), _opened(plan, out, arguments) as store:
        if not arguments.report and store.missing(plan):
            command_line.import_keras()
            prepare()
            _train_missing(plan, train, store, arguments, argv)
        # A seed that other commands brought counts where all arms have it; single runs stay in runs.csv.
        whole = store.widened(plan, whole=True)
        runs = store.runs(whole)
        if runs.frame.empty:
            raise ValueError(f"--report: expected finished runs of {plan.name} in {store.path}, got none")
        write_csv(store, plan, out)
        report = report_of(whole, runs, command_line.command(argv).replace(" --report", ""))
        report.write(out, {"train": runs.frame.seconds.sum(), "total": time.perf_counter() - started})
        if networks and (arguments.save or use):
            replicas = _replicas(plan, store, networks, arguments.save)
    if not arguments.quiet:
        report.show(out)
    if networks and use:
        use(replicas)
    return out


def _train_missing(plan: Study, train: Train, store: Store, arguments: Namespace, argv: Sequence[str] | None) -> None:
    missing = store.missing(plan)
    if (done := len(plan.jobs) - len(missing)) and not arguments.quiet:
        print(f"going on after {done} finished runs", file=sys.stderr)
    if arguments.workers > 1 or arguments.cluster:
        train = partial(_quietly, train)
    places = {"workers": arguments.workers, "cluster": arguments.cluster, "quiet": arguments.quiet}
    run(plan, train, store, **places, networks=len(plan.arms) == 1, between=lambda: _renew(argv))


def _quietly(train: Train, jobs: list[Job], done: Callable[[Job, Result], None]) -> None:
    """Trains in another process, where what the libraries print at their first import is not to be seen either."""
    command_line.import_keras()
    train(jobs, done)


@contextlib.contextmanager
def _opened(plan: Study, out: Path, arguments: Namespace) -> Iterator[Store]:
    """The store, with what a runs.csv from another machine has and it lacks."""
    path, known = arguments.store or out / "runs.sqlite", out / "runs.csv"
    if arguments.report and not path.exists() and not known.exists():
        raise ValueError(f"--report: expected finished runs in {path} or {known}, got neither")
    if known.exists():
        _check_same(plan, out)
    with Store(path) as store:
        if known.exists() and store.missing(plan) and (new := read_csv(store, plan, out)):
            print(f"{new} finished runs taken over from {known}", file=sys.stderr)
        for line in store.changed(plan):
            print(line, file=sys.stderr)
        yield store


def _check_same(plan: Study, out: Path) -> None:
    """Results are not replaced by those of another plan."""
    mine = {(arm, definition(plan.settings(arm))) for arm in plan.arms}
    for job, *_ in read_runs(out, plan.name):
        if (job.arm, definition(job.settings)) not in mine:
            what = f"{out} holds results with other settings, among them {job.arm}"
            raise ValueError(f"--out: expected a folder without results, or with some of this study; {what}")


def _replicas(plan: Study, store: Store, networks: Networks, save: Path | None) -> Replicas:
    command_line.import_keras()
    from rnnlab.training import replicas_of, save_replicas

    kept = {job.seed: store.network(plan, job) for job in plan.jobs}
    if lost := [seed for seed, arrays in kept.items() if not arrays]:
        why = "which was trained beside other arms or on another machine; another --out trains it anew"
        raise ValueError(f"networks: expected those of finished runs to be kept, got none for seed {lost[0]}, {why}")
    replicas = replicas_of(networks.build, kept)
    if save:
        save_replicas(replicas, save, networks.notes, task=networks.task)
    return replicas


def folder_of(home: Path, plan: Study, full: Study) -> Path:
    """`home` for `full`, or for more seeds of it; for another plan a folder beside it, named by what is different."""
    words = plan.differences(full)
    if not words:
        return home
    name = re.sub(r"[^\w.-]+", "_", "_".join(words)).strip("_.")
    if len(name) > LONGEST_NAME:
        name = f"{name[:LONGEST_NAME].rstrip('_')}_{sha256(' '.join(words).encode()).hexdigest()[:6]}"
    return home.with_name(f"{home.name}_{name}")


@contextlib.contextmanager
def at_work(out: Path) -> Iterator[None]:
    """Keeps other commands out of a folder, and sweeps up what a killed one left behind.

    Raises:
        BlockingIOError: another command is at work there.
    """
    try:
        import fcntl
    except ImportError:  # a system without such locks
        yield
        return
    handle = os.open(out, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BlockingIOError(f"--out: expected a folder that no other command works in, got {out}") from None
        sweep(out)
        yield
    finally:
        os.close(handle)


def _renew(argv: Sequence[str] | None) -> None:
    """Puts a fresh process that runs the same command in the place of one that holds more than `RENEW` bytes.

    TensorFlow keeps all that it ever compiled. Does nothing where `main` was called with an `argv` of its own, from a process
    that is more than this command, or where the system cannot replace one.
    """
    if argv is None and os.name == "posix" and resident_bytes() > RENEW:
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(sys.executable, sys.orig_argv)
