"""Early stopping inside the compiled program, with the rules of `keras.callbacks.EarlyStopping`, for each replica alone."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops


class Stopping:
    """Reads a Keras EarlyStopping callback and applies it to tensors.

    Its carry is a list: stopped, any score seen, best score, passes waited, then the best weights if they are to be restored.

    Raises:
        ValueError: the monitored name is none of `log_names`, or it does not say whether less or more of it is better.
    """

    def __init__(self, callback: keras.callbacks.EarlyStopping, log_names: list[str], model: keras.Model) -> None:
        if callback.monitor not in log_names:
            raise ValueError(f"early_stopping: expected monitor to be one of {', '.join(log_names)}, got {callback.monitor!r}")
        self.monitor = callback.monitor
        self.patience, self.baseline = callback.patience, callback.baseline
        self.start_from_epoch, self.restores = callback.start_from_epoch, callback.restore_best_weights
        probe = type(callback)(monitor=callback.monitor, mode=callback.mode, min_delta=callback.min_delta)
        probe.set_model(model)
        probe._set_monitor_op()
        self._better, self._min_delta = probe.monitor_op, float(probe.min_delta)

    def start(self, weights: list[np.ndarray]) -> list[Any]:
        best = [np.array(weight) for weight in weights] if self.restores else []
        return [np.bool_(False), np.bool_(False), np.float32(0), np.int32(0), *best]

    def update(self, carry: list, current: Any, epoch: Any, weights: list) -> list:
        _, seen, best, waited, *best_weights = carry
        counts = epoch >= self.start_from_epoch
        improved = ops.logical_and(counts, ops.logical_or(ops.logical_not(seen), self._better(current - self._min_delta, best)))
        restarts = improved
        if self.baseline is not None:
            restarts = ops.logical_and(improved, self._better(current - self._min_delta, self.baseline))
        waited = ops.where(restarts, 0, waited + ops.cast(counts, "int32"))
        late = ops.logical_and(waited >= self.patience, epoch > 0)
        stopped = ops.logical_and(ops.logical_and(counts, ops.logical_not(improved)), late)
        best_weights = [ops.where(improved, new, old) for new, old in zip(weights, best_weights, strict=False)]
        return [stopped, ops.logical_or(seen, counts), ops.where(improved, current, best), waited, *best_weights]

    def final(self, carry: list, weights: list) -> list:
        """The weights to keep: the best ones where they are to be restored and a score was seen, else the last."""
        seen = bool(np.asarray(ops.convert_to_numpy(carry[1])))
        return carry[4:] if self.restores and seen else weights
