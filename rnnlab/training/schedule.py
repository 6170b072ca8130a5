"""Which replica trains when: several threads, each calling the compiled program for one replica at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import keras
import numpy as np
from keras import ops

from rnnlab.machine import cores
from rnnlab.training import checks
from rnnlab.training.backup import Backup, Progress
from rnnlab.training.program import Carry, Program
from rnnlab.training.progress import Clock
from rnnlab.training.result import Replica

# Seconds that one call of the compiled program should take: Ctrl-C is answered, and progress shown, between calls.
CALL_SECONDS = 1.0
# Memory that the replicas in training at the same time may take in all.
MEMORY_BYTES = 1 << 30
# A program holds the values of a replica several times over: arguments, loop state, temporaries, results.
COPIES = 5


class Schedule:
    """Trains the replicas of `seeds`; `interrupted` tells afterwards whether Ctrl-C ended it early."""

    def __init__(
        self,
        program: Program,
        build: Callable[[checks.Run], keras.Model],
        runs: Sequence[checks.Run],
        epochs: int,
        backup: Backup | None = None,
    ) -> None:
        self.program, self.build, self.runs, self.epochs, self.backup = program, build, list(runs), epochs, backup
        self.structure = checks.structure(program.model)
        self.interrupted = False
        self._stop = threading.Event()
        self._passes = [0] * len(self.runs)
        self._pace = 1.0  # passes per second of the latest call, whichever replica made it

    def run(
        self, show: Callable[[int, int], None], clock: Clock, finish: Callable[[Replica], None] = lambda replica: None
    ) -> dict[int, Replica]:
        """Trains all replicas, in blocks that fit into memory; returns those that finished, by their place in `runs`."""
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

    def _run_block(
        self,
        initial: dict,
        workers: int,
        finished: dict,
        show: Callable[[int, int], None],
        finish: Callable[[Replica], None],
    ) -> None:
        pool = ThreadPoolExecutor(workers, thread_name_prefix="replica")
        try:
            running = {pool.submit(self._train, place, weights): place for place, weights in initial.items()}
            while running:
                done, _ = wait(running, timeout=0.1, return_when=FIRST_COMPLETED)
                for future in done:
                    place = running.pop(future)
                    finished[place] = future.result()
                    finish(finished[place])
                show(sum(self._passes), len(finished))
        finally:
            # Replicas in training end with the call that they are in; after a clean block none is left.
            self._stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            self._stop.clear()

    def _initial(self, place: int) -> list[np.ndarray]:
        if place == 0:
            return [np.array(ops.convert_to_numpy(v)) for v in self.program.model_variables]
        model = self.build(self.runs[place])
        checks.check_same_structure(self.structure, checks.structure(model), self.runs[place])
        return [np.array(ops.convert_to_numpy(v)) for v in checks.model_variables(model)]

    def _train(self, place: int, weights: list[np.ndarray]) -> Replica:
        seed, numbers = self.runs[place].seed, self.runs[place].to_optimizer
        carry, logs, seconds = self._begin(place, weights)
        done = len(logs)
        while done < self.epochs and not self._stop.is_set():
            passes = min(self.epochs - done, self.program.order.passes_per_call, max(1, int(CALL_SECONDS * self._pace)))
            started = time.perf_counter()
            carry, scores = self.program.run(carry, done, passes, self.program.order.of(seed, done, passes), numbers)
            logs = np.concatenate([logs, scores])
            spent = time.perf_counter() - started
            seconds += spent
            self._pace = len(scores) / spent
            done += len(scores)
            stopped = len(scores) < passes
            if self.backup:
                progress = Progress(carry.values, carry.stopping, logs, seconds)
                self.backup.save(self._path(place, weights), progress, last=stopped or done == self.epochs)
            if stopped:
                break
            self._passes[place] = done
        self._passes[place] = self.epochs
        if self._stop.is_set() and done < self.epochs:
            raise InterruptedError(f"replica of {self.runs[place]} was cut after {done} of {self.epochs} passes")
        final, states = self.program.final(carry)
        return Replica(self.runs[place], final, states, logs, seconds)

    def _begin(self, place: int, weights: list[np.ndarray]) -> tuple[Carry, np.ndarray, float]:
        """Carry, logs and seconds of a replica at its start, or where its backup stands."""
        carry = self.program.start(weights, self.runs[place].to_optimizer)
        start = Progress(carry.values, carry.stopping, np.zeros((0, len(self.program.log_names)), "float32"), 0.0)
        found = self.backup.load(self._path(place, weights), start) if self.backup else start
        return Carry(found.values, found.stopping), found.logs[: self.epochs], found.seconds

    def _path(self, place: int, weights: list[np.ndarray]) -> Path:
        assert self.backup is not None
        return self.backup.path(self.runs[place], weights)
