"""Wall times by name, and a progress line for training."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Clock:
    """Adds up wall time by name: `with clock("compile"): ...`; names may nest and overlap."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[name] = self._seconds.get(name, 0.0) + time.perf_counter() - started

    def seconds(self) -> dict[str, float]:
        """The sums so far, and under "total" the time since the clock was made."""
        return {**self._seconds, "total": time.perf_counter() - self._started}


@contextmanager
def progress(replicas: int, epochs: int, verbose: str | int) -> Iterator[Callable[[int, int], None]]:
    """Yields `show(passes done in all replicas, replicas finished)`.

    Raises:
        ValueError: `verbose` is not "auto", 0 or 1.
    """
    if verbose not in ("auto", 0, 1):
        raise ValueError(f'verbose: expected "auto", 0 or 1, got {verbose!r}')
    if verbose == 0 or (verbose == "auto" and not sys.stderr.isatty()):
        yield lambda passes, finished: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    count = f"{{task.fields[finished]}} of {replicas} replicas"
    columns = ("training", BarColumn(), count, TimeElapsedColumn(), "left", TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=verbose == "auto") as bar:
        task = bar.add_task("training", total=replicas * epochs, finished=0)
        yield lambda passes, finished: bar.update(task, completed=passes, finished=finished)
