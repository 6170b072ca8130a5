"""Which replica trains when: several threads, each calling the compiled program for one replica at a time."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

import keras
import numpy as np
from keras import ops

from rnnlab.machine import cores
from rnnlab.training import checks
from rnnlab.training.backup import Backup, Progress
from rnnlab.training.program import Program
from rnnlab.training.progress import Clock
from rnnlab.training.result import Replica

# Seconds that one call of the compiled program should take: Ctrl-C is answered, and progress shown, between calls.
CALL_SECONDS = 1.0
# Memory that the replicas in training at the same time may take in all.
MEMORY_BYTES = 1 << 30
# A program holds the values of a replica several times over: arguments, loop state, temporaries, results.
COPIES = 5

Finish = Callable[[int, Replica], None]


class Schedule:
    """Trains the replicas of `seeds`; `interrupted` tells afterwards whether Ctrl-C ended it early."""

    def __init__(
        self, program: Program, build: Callable[..., keras.Model], runs: list[checks.Run], epochs: int, backup: Backup | None
    ) -> None:
        self.program, self.build, self.runs, self.epochs, self.backup = program, build, runs, epochs, backup
        self.structure = checks.structure(program.model)
        self.interrupted = False
        self._stop = threading.Event()
        self._passes = [0] * len(self.runs)
        self._pace = 1.0  # passes per second of the latest call, whichever replica made it

    def run(self, show: Callable[[int, int], None], clock: Clock, finish: Finish) -> dict[int, Replica]:
        """Trains all replicas, in blocks that fit into memory; returns those that finished, by their place in `runs`.

        `finish(place, replica)` is called in this thread as soon as each has finished; Ctrl-C waits until it has ended.
        """
        finished: dict[int, Replica] = {}
        block, workers = self.sizes()
        try:
            for start in range(0, len(self.runs), block):
                initial = {place: self._initial(place) for place in range(start, min(start + block, len(self.runs)))}
                with clock("train"):
                    self._run_block(initial, workers, finished, show, finish)
        except KeyboardInterrupt:
            self.interrupted = True
        return finished

    def sizes(self) -> tuple[int, int]:
        """Replicas in a block, and threads: one per core, fewer where the replicas would not fit into memory together."""
        bytes_each = sum(int(np.prod(v.shape)) * 4 for v in self.program.variables)
        workers = max(1, min(cores(), len(self.runs), MEMORY_BYTES // (COPIES * bytes_each)))
        return max(workers, MEMORY_BYTES // (COPIES * bytes_each)), workers

    def _run_block(self, initial: dict, workers: int, finished: dict, show: Callable[[int, int], None], finish: Finish) -> None:
        def hand_over(futures: Iterable[Future]) -> None:
            for future in futures:
                replica = future.result()
                with until_the_end():
                    place = running.pop(future)
                    finished[place] = replica
                    finish(place, replica)

        pool = ThreadPoolExecutor(workers, thread_name_prefix="replica")
        running: dict[Future, int] = {}
        try:
            running |= {pool.submit(self._train, place, weights): place for place, weights in initial.items()}
            while running:
                hand_over(wait(running, timeout=0.1, return_when=FIRST_COMPLETED).done)
                show(sum(self._passes), len(finished))
        except BaseException:
            self._stop.set()  # replicas in training end with the call that they are in
            raise
        finally:
            try:
                pool.shutdown(wait=True, cancel_futures=True)
            finally:  # also after another Ctrl-C: what ended in its last call has finished all the same
                hand_over([f for f in running if f.done() and not f.cancelled() and f.exception() is None])

    def _initial(self, place: int) -> list[np.ndarray]:
        model = self.program.model if place == 0 else self.build(self.runs[place])
        checks.check_same_structure(self.structure, checks.structure(model), self.runs[place])
        return [np.array(ops.convert_to_numpy(v)) for v in checks.model_variables(model)]

    def _train(self, place: int, weights: list[np.ndarray]) -> Replica:
        run, program = self.runs[place], self.program
        at = Progress(program.start(weights, run.to_optimizer), np.zeros((0, len(program.log_names)), "float32"), 0.0)
        path = self.backup.path(run, weights) if self.backup else None
        if self.backup and path:
            at = self.backup.load(path, at)
        done, stopped = min(len(at.logs), self.epochs), False
        while done < self.epochs and not stopped and not self._stop.is_set():
            passes = min(self.epochs - done, program.order.passes_per_call, max(1, int(CALL_SECONDS * self._pace)))
            started = time.perf_counter()
            carry, scores = program.run(at.carry, done, passes, run.seed, run.to_optimizer)
            spent = time.perf_counter() - started
            at = Progress(carry, np.concatenate([at.logs, scores]), at.seconds + spent)
            self._pace = len(scores) / spent
            done += len(scores)
            stopped = len(scores) < passes
            if self.backup and path:
                self.backup.save(path, at, last=stopped or done == self.epochs)
            self._passes[place] = self.epochs if stopped else done
        if done < self.epochs and not stopped:
            raise InterruptedError(f"replica of {run} was cut after {done} of {self.epochs} passes")
        return Replica(run, *program.final(at.carry), at.logs[: self.epochs], at.seconds)


@contextmanager
def until_the_end() -> Iterator[None]:
    """Ctrl-C inside is answered at the end; in the main thread, the only one that answers it."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is None:
        yield
        return
    asked: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: asked.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if asked:
            signal.raise_signal(signal.SIGINT)
