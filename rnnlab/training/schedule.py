"""Which replica trains when: several threads, each calling the compiled program for one replica at a time."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import keras
import numpy as np
from keras import ops

from rnnlab.training import checks
from rnnlab.training.program import Program
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
        build: Callable[[int], keras.Model],
        seeds: Sequence[int],
        hyperparameters: dict[int, dict[str, float]],
        epochs: int,
    ) -> None:
        self.program, self.build, self.seeds, self.epochs = program, build, list(seeds), epochs
        self.hyperparameters = hyperparameters
        self.structure = checks.structure(program.model)
        self.interrupted = False
        self._stop = threading.Event()
        self._passes = dict.fromkeys(self.seeds, 0)
        self._pace = 1.0  # passes per second of the latest call, whichever replica made it

    def run(self, show: Callable[[int, int], None], clock: Clock) -> dict[int, Replica]:
        """Trains all replicas, in blocks that fit into memory; returns those that finished, by seed."""
        finished: dict[int, Replica] = {}
        block, workers = self.sizes()
        try:
            for start in range(0, len(self.seeds), block):
                seeds = self.seeds[start : start + block]
                initial = {seed: self._initial(seed) for seed in seeds}
                with clock("train"):
                    self._run_block(initial, workers, finished, show)
        except KeyboardInterrupt:
            self.interrupted = True
        return finished

    def sizes(self) -> tuple[int, int]:
        """Replicas in a block, and threads: one per core, fewer where the replicas would not fit into memory together."""
        bytes_each = sum(int(np.prod(v.shape)) * 4 for v in self.program.variables)
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        workers = max(1, min(cores, len(self.seeds), MEMORY_BYTES // (COPIES * bytes_each)))
        return max(workers, MEMORY_BYTES // (COPIES * bytes_each)), workers

    def _run_block(self, initial: dict, workers: int, finished: dict, show: Callable[[int, int], None]) -> None:
        pool = ThreadPoolExecutor(workers, thread_name_prefix="replica")
        try:
            running = {pool.submit(self._train, seed, weights): seed for seed, weights in initial.items()}
            while running:
                done, _ = wait(running, timeout=0.1, return_when=FIRST_COMPLETED)
                for future in done:
                    finished[running.pop(future)] = future.result()
                show(sum(self._passes.values()), len(finished))
        finally:
            # Replicas in training end with the call that they are in; after a clean block none is left.
            self._stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            self._stop.clear()

    def _initial(self, seed: int) -> list[np.ndarray]:
        if seed == self.seeds[0]:
            return [np.array(ops.convert_to_numpy(v)) for v in self.program.model_variables]
        model = self.build(seed)
        checks.check_same_structure(self.structure, checks.structure(model), seed)
        return [np.array(ops.convert_to_numpy(v)) for v in checks.model_variables(model)]

    def _train(self, seed: int, weights: list[np.ndarray]) -> Replica:
        numbers = self.hyperparameters[seed]
        carry = self.program.start(weights, numbers)
        logs: list[np.ndarray] = []
        done = 0
        while done < self.epochs and not self._stop.is_set():
            passes = min(self.epochs - done, self.program.max_passes, max(1, int(CALL_SECONDS * self._pace)))
            started = time.perf_counter()
            carry, scores = self.program.run(carry, done, passes, self.program.order(seed, done, passes), numbers)
            logs.append(scores)
            self._pace = len(scores) / (time.perf_counter() - started)
            done += len(scores)
            if len(scores) < passes:  # stopped early
                break
            self._passes[seed] = done
        self._passes[seed] = self.epochs
        if self._stop.is_set() and done < self.epochs:
            raise InterruptedError(f"replica {seed} was cut after {done} of {self.epochs} passes")
        final, states = self.program.final(carry)
        return Replica(final, states, np.concatenate(logs), {})
