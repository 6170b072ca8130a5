"""What `fit_replicas` returns."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

import keras
import numpy as np
import pandas as pd

from rnnlab.state import set_state
from rnnlab.training.checks import Run, model_variables
from rnnlab.training.predict import Predictor


class Replica(NamedTuple):
    """One finished replica: weights in the order of trainable, then non-trainable variables; recurrent states; logs; time."""

    run: Run
    weights: list[np.ndarray]
    states: list[np.ndarray]
    logs: np.ndarray  # (passes, names)
    seconds: float = 0.0  # in the compiled program


class Replicas:
    """Trained replicas of one network, in the order of `seeds`.

    Attributes:
        seeds: the seed of each replica that finished.
        history: one row per replica and pass: seed, the varied settings, epoch (from 1), loss, metrics, val_ scores.
        curves: the same, one frame per replica.
        diverged: seeds whose loss or weights became nan or infinite.
        finished: seed, settings, weights, states and logs of each replica; `log_names` names the columns of the logs.
        seconds: wall time spent to "build" the networks, to "compile" the program, to "train", and in "total".
        interrupted: whether Ctrl-C cut the training, so that seeds are missing.

    All `Replicas` of one training share what `predict` compiles.
    """

    def __init__(
        self,
        rebuild: Callable[[Run], keras.Model],
        finished: list[Replica],
        log_names: list[str],
        seconds: dict[str, float],
        interrupted: bool,
        predictor: Predictor | None = None,
    ) -> None:
        self._rebuild, self.finished, self.log_names = rebuild, finished, log_names
        self._predictor = predictor or Predictor(rebuild)
        self.seeds = tuple(replica.run.seed for replica in finished)
        self.seconds, self.interrupted = seconds, interrupted
        self.curves = [_curve(replica, log_names) for replica in finished]
        self.history = pd.concat(self.curves or [pd.DataFrame(columns=["seed", "epoch", *log_names])], ignore_index=True)
        self.diverged = tuple(replica.run.seed for replica in finished if not _finite(replica, log_names))

    @cached_property
    def models(self) -> list[keras.Model]:
        """One plain Keras model per seed with its trained weights (and recurrent state); built when first asked for."""
        return [self._restore(replica) for replica in self.finished]

    def predict(self, x: Any, batch_size: int | None = None) -> np.ndarray:
        """Outputs of every replica for the same inputs: (replicas, samples, ...), as `Model.predict` gives them one by one.

        A stateful network reads `x` in order, from the state that it ended training with (zeros with `reset_state="epoch"`),
        and takes its own batch size; the state of the replica does not move.

        Raises:
            ValueError: the number of samples is no multiple of the batch size of a stateful network.
        """
        if not self.finished:
            raise ValueError("predict: expected at least one finished replica, got none")
        return self._predictor(self.finished, x, batch_size)

    def _restore(self, replica: Replica) -> keras.Model:
        model = self._rebuild(replica.run)
        for variable, weight in zip(model_variables(model), replica.weights, strict=True):
            variable.assign(weight)
        if replica.states:
            set_state(model, replica.states)
        return model


def _finite(replica: Replica, log_names: list[str]) -> bool:
    weights = [weight for weight in replica.weights if np.issubdtype(weight.dtype, np.floating)]
    return all(np.isfinite(array).all() for array in (replica.logs[:, log_names.index("loss")], *weights))


def _curve(replica: Replica, log_names: list[str]) -> pd.DataFrame:
    logs = dict(zip(log_names, replica.logs.T.astype("float64"), strict=True))
    epochs = np.arange(1, len(replica.logs) + 1)
    return pd.DataFrame({"seed": replica.run.seed, **replica.run.settings, "epoch": epochs, **logs})
