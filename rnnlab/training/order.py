"""Which samples each update of a training run sees."""

from __future__ import annotations

import numpy as np

# Passes per call of the compiled program at most, so that its buffers for logs and orders stay small.
MAX_PASSES = 4096
MAX_ORDER = 1 << 22


class Order:
    """The endless sequence of samples that passes through the data make, and where each pass of the program cuts it.

    It follows from the seed and the number of a pass alone, so that it is the same wherever training was cut.

    Args:
        samples: of the data.
        steps: updates of each pass of the program, where that is not one pass through the data.
        validation_samples: of the validation data, where evaluations rotate through it.
    """

    def __init__(self, samples: int, batch_size: int, shuffle: bool, steps: list[int] | None, validation_samples: int | None):
        self._total, self._batch_size, self._shuffle = samples, batch_size, shuffle
        self._validation_samples = validation_samples
        self._updates = None if steps is None else np.cumsum([0, *steps])  # before each pass
        self.samples = max(steps) * batch_size if steps else samples  # of one pass
        same = not shuffle and steps is None
        fit_in = max(1, min(MAX_PASSES, MAX_ORDER // self.samples))
        self.rows = 1 if same else min(fit_in, len(steps) if steps else MAX_PASSES)
        self.passes_per_call = MAX_PASSES if same else self.rows

    def of(self, seed: int, first: int, passes: int) -> np.ndarray:
        """The order of the samples in `passes` passes from `first` on, in an array of shape (rows, samples)."""
        orders = np.zeros((self.rows, self.samples), dtype=np.int32)
        total = self._total
        through, whole = -1, np.arange(total)
        for row in range(max(passes, 1) if self.rows > 1 else 1):
            start, end = self._span(first + row)
            for place in range(start // total, -(-end // total)):
                if self._shuffle and place != through:
                    through, whole = place, np.random.default_rng([seed, place]).permutation(total)
                low, high = max(start, place * total), min(end, (place + 1) * total)
                orders[row, low - start : high - start] = whole[low - place * total : high - place * total]
        return orders

    def plan(self, first: int, passes: int) -> np.ndarray:
        """For each pass of a call: its updates, and the validation sample that its evaluation starts at."""
        plan = np.zeros((self.rows, 2), dtype=np.int32)
        if self._updates is not None:
            ends = self._updates[first + 1 : first + 1 + max(passes, 1)]
            plan[: len(ends), 0] = np.diff(self._updates)[first : first + len(ends)]
            if self._validation_samples:
                plan[: len(ends), 1] = (ends - 1) * self._batch_size % self._validation_samples
        return plan

    def _span(self, number: int) -> tuple[int, int]:
        """Where a pass starts and ends in the sequence."""
        if self._updates is None:
            return number * self.samples, (number + 1) * self.samples
        start, end = self._updates[number : number + 2].tolist()
        return start * self._batch_size, end * self._batch_size
