"""Does what a study lacks: in this process, in several on this machine, or on a Dask cluster."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import NamedTuple

from rnnlab.checks import whole
from rnnlab.study.plan import Job, Study
from rnnlab.study.store import Result, Store, made_here

# Trains jobs whose arms differ in numeric settings alone, and hands each over as soon as it has finished.
Train = Callable[[list[Job], Callable[[Job, Result], None]], None]
Keep = Callable[[Job, Result, dict[str, str]], None]

LARGEST = 10  # jobs of a task at most: a task that is lost is done anew
PATIENCE = 10  # seconds to wait for a cluster's answer


def run(
    study: Study,
    train: Train,
    store: Store,
    *,
    workers: int = 1,
    cluster: str | None = None,
    quiet: bool = False,
    networks: bool = False,
    between: Callable[[], None] = lambda: None,
) -> None:
    """Trains what the store lacks of the study, and keeps each run as soon as it is here.

    In this process a run is kept when it has finished; from other processes up to `LARGEST` runs come home together. A study
    that was killed goes on with what is missing, and with the same results, as long as those of `train` follow from the job
    (networks that Keras trains end with other last bits on a machine with another number of cores; each row says how many).

    Args:
        train: takes jobs and a function to hand over each job with its result. With workers or a cluster it runs in other
            processes, which must be able to import it.
        workers: processes on this machine; 1 trains in this one.
        cluster: address of a Dask scheduler, such as "tcp://127.0.0.1:8786", whose workers can import rnnlab.
        quiet: show no progress.
        networks: whether trained weights are kept, too.
        between: called between two programs that are trained in this process.

    Raises:
        ConnectionError: the cluster does not answer, has no workers, or lost them again and again.
        ChildProcessError: a process on this machine died.
        ValueError: `workers` is below 1, or given together with a cluster.
    """
    if whole("workers", workers) > 1 and cluster is not None:
        raise ValueError(f"workers: expected 1 where a cluster is given, got {workers}")
    jobs = store.missing(study)
    with _progress(study, len(jobs), quiet) as advance:

        def keep(job: Job, result: Result, made_with: dict[str, str] | None = None) -> None:
            store.add(study.name, job, result if networks else replace(result, network={}), made_with)
            advance(job)

        if cluster is not None:
            _on_cluster(_tasks(study, jobs, LARGEST), train, keep, cluster)
        elif workers > 1:
            _on_processes(_tasks(study, jobs, -(-len(jobs) // workers)), train, keep, workers)
        else:
            for place, group in enumerate(study.programs(jobs)):
                if place:
                    between()
                train(group, keep)


def _tasks(study: Study, jobs: list[Job], size: int) -> list[list[Job]]:
    size = max(1, min(size, LARGEST))
    return [group[start : start + size] for group in study.programs(jobs) for start in range(0, len(group), size)]


class Collected(NamedTuple):
    """What a task brought home: the runs that finished, the versions that made them, and what stopped it, if anything."""

    done: list[tuple[Job, Result]]
    made_with: dict[str, str]
    error: Exception | None


def _collect(train: Train, jobs: list[Job], cores: int | None) -> Collected:
    if cores is not None:
        os.environ["RNNLAB_CORES"] = str(cores)
    done: list[tuple[Job, Result]] = []
    error = None
    try:
        train(jobs, lambda job, result: done.append((job, result)))
    except Exception as stopped:
        error = stopped
    return Collected(done, made_here(), error)


def _keep(collected: Collected, keep: Keep) -> None:
    for job, result in collected.done:
        keep(job, result, collected.made_with)
    if collected.error is not None:
        raise collected.error


def _on_processes(tasks: list[list[Job]], train: Train, keep: Keep, workers: int) -> None:
    from joblib import Parallel, cpu_count, delayed
    from joblib.externals.loky import get_reusable_executor
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    each = max(1, cpu_count() // workers)
    parallel = Parallel(n_jobs=workers, return_as="generator_unordered")
    try:
        with closing(parallel(delayed(_collect)(train, task, each) for task in tasks)) as home:
            for collected in home:
                _keep(collected, keep)
    except KeyboardInterrupt:
        # Nobody waits for the tasks in progress, which may take minutes.
        get_reusable_executor().shutdown(wait=False, kill_workers=True)
        raise
    except TerminatedWorkerError:
        raise ChildProcessError("--workers: expected processes that live, got one that died; is there enough memory?") from None


def _on_cluster(tasks: list[list[Job]], train: Train, keep: Keep, address: str) -> None:
    if not re.fullmatch(r"(tcp|tls|ws|wss|ucx)://[^/\s]+:\d+/?", address):
        raise ConnectionError(f"--cluster: expected an address such as tcp://127.0.0.1:8786, got {address!r}")
    try:
        from distributed import Client, KilledWorker, as_completed
        from distributed.client import FutureCancelledError
    except ImportError:
        raise ConnectionError("--cluster: expected Dask to be installed, got none; pip install rnnlab[cluster]") from None

    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ConnectionError(f"--cluster: expected a Dask scheduler at {address}, got no answer ({error})") from None
    with client, client.as_current():
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise ConnectionError(f"--cluster: expected workers at the scheduler {address}, got none") from None
        cores = min(client.nthreads().values())
        futures = [client.submit(_collect, train, task, cores, pure=False) for task in tasks]
        try:
            for future in as_completed(futures):
                _keep(future.result(), keep)
        except KilledWorker as error:
            what = f"expected workers that live, got several that died in one task ({error})"
            raise ConnectionError(f"--cluster: {what}") from None
        except FutureCancelledError:
            raise ConnectionError(f"--cluster: expected the scheduler at {address} to go on, got no answer any more") from None
        finally:
            client.cancel(futures)


@contextmanager
def _progress(study: Study, count: int, quiet: bool) -> Iterator[Callable[[Job], None]]:
    """A bar with the time left on a terminal, a line a run elsewhere."""
    done, started = 0, time.perf_counter()

    def line(job: Job) -> None:
        nonlocal done
        done += 1
        left = (time.perf_counter() - started) / done * (count - done)
        print(f"{done} of {count}: {job.arm}, seed {job.seed}; about {_span(left)} left", file=sys.stderr)

    if quiet or not count:
        yield lambda job: None
    elif not sys.stderr.isatty():
        yield line
    else:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        columns = (TextColumn(study.name), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"))
        bar = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True))
        with bar:
            task = bar.add_task(study.name, total=count)
            yield lambda job: bar.update(task, advance=1)


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
