"""What `fit_replicas` returns."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import keras
import numpy as np
import pandas as pd
from keras import ops, tree

from rnnlab.machine import cores
from rnnlab.state import set_state, state_variables
from rnnlab.training.backend import load_backend
from rnnlab.training.checks import Run, model_variables
from rnnlab.training.recurrent import merged_products


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
    """

    def __init__(
        self,
        rebuild: Callable[[Run], keras.Model],
        finished: list[Replica],
        log_names: list[str],
        seconds: dict[str, float],
        interrupted: bool,
    ) -> None:
        self._rebuild, self.finished, self.log_names = rebuild, finished, log_names
        self._models: list[keras.Model] | None = None
        self._predictors: dict[Any, _Predictor] = {}
        self.seeds = tuple(replica.run.seed for replica in finished)
        self.seconds, self.interrupted = seconds, interrupted
        self.curves = [_curve(replica, log_names) for replica in finished]
        self.history = pd.concat(self.curves or [pd.DataFrame(columns=["seed", "epoch", *log_names])], ignore_index=True)
        self.diverged = tuple(replica.run.seed for replica in finished if not _finite(replica, log_names))

    @property
    def models(self) -> list[keras.Model]:
        """One plain Keras model per seed with its trained weights (and recurrent state); built when first asked for."""
        if self._models is None:
            self._models = [self._restore(replica) for replica in self.finished]
        return self._models

    def predict(self, x: Any, batch_size: int | None = None) -> np.ndarray:
        """Outputs of every replica for the same inputs: (replicas, samples, ...), as `Model.predict` gives them one by one.

        A stateful network reads `x` in order, from the state that it ended training with (zeros with `reset_state="epoch"`),
        and takes its own batch size; the state of the replica does not move.

        Raises:
            ValueError: the number of samples is no multiple of the batch size of a stateful network.
        """
        if not self.finished:
            raise ValueError("predict: expected at least one finished replica, got none")
        x = tree.map_structure(_as_input, x)
        # Compiled once for all inputs of the same shape, so that many questions can be asked in portions.
        key = (batch_size, str(tree.map_structure(lambda a: (a.shape, a.dtype), x)))
        if key not in self._predictors:
            self._predictors = {key: _Predictor(self._rebuild(self.finished[0].run), x, batch_size)}
        predictor = self._predictors[key]
        batches = predictor.batches(x)
        outputs = [predictor(self.finished[0], batches)]
        with ThreadPoolExecutor(cores()) as pool:
            outputs += pool.map(lambda replica: predictor(replica, batches), self.finished[1:])
        return tree.map_structure(lambda *arrays: np.stack(arrays), *outputs)

    def _restore(self, replica: Replica) -> keras.Model:
        model = self._rebuild(replica.run)
        for variable, weight in zip(model_variables(model), replica.weights, strict=True):
            variable.assign(weight)
        if replica.states:
            set_state(model, replica.states)
        return model


class _Predictor:
    """The forward pass of a model over all batches of inputs like `x`, compiled once for all replicas."""

    def __init__(self, model: keras.Model, x: Any, batch_size: int | None) -> None:
        states = state_variables(model)
        fixed = int(states[0].shape[0]) if states else None
        self.samples = len(tree.flatten(x)[0])
        size = fixed or batch_size or min(self.samples, 256)
        if fixed and self.samples % fixed:
            raise ValueError(
                f"x: expected a multiple of {fixed} samples, the batch size of this stateful network, got {self.samples}"
            )
        batches = -(-self.samples // size)
        # The last batch is filled up by repeating the last sample; its outputs are cut off again.
        index = np.minimum(np.arange(batches * size), self.samples - 1).reshape(batches, size)
        self.index = index
        variables = model_variables(model) + states

        def outputs_of(values, x):
            def batch(i, values):
                with keras.StatelessScope(list(zip(variables, values, strict=True))) as scope, merged_products(model):
                    inputs = tree.map_structure(lambda a: a[i], x)
                    output = model(inputs, training=False) if model._call_has_training_arg else model(inputs)
                new = [ops.reshape(scope.get_current_value(v), v.shape) for v in variables]
                return tree.map_structure(lambda o: ops.cast(o, "float32"), output), new

            output, _ = batch(0, values)
            buffers = tree.map_structure(lambda o: ops.zeros((batches, *o.shape), "float32"), output)

            def body(i, values, buffers):
                output, values = batch(i, values)
                buffers = tree.map_structure(
                    lambda b, o: ops.slice_update(b, ops.stack([i] + [i * 0] * len(o.shape)), o[None]), buffers, output
                )
                return i + 1, values, buffers

            return ops.while_loop(
                lambda i, values, buffers: i < batches, body, (ops.zeros((), "int32"), list(values), buffers)
            )[2]

        self._run = load_backend().compiled(outputs_of)

    def batches(self, x: Any) -> Any:
        return tree.map_structure(lambda a: ops.convert_to_tensor(a[self.index]), x)

    def __call__(self, replica: Replica, batches: Any) -> Any:
        buffers = self._run([*replica.weights, *replica.states], batches)
        return tree.map_structure(lambda b: np.reshape(ops.convert_to_numpy(b), (-1, *b.shape[2:]))[: self.samples], buffers)


def _as_input(values: Any) -> np.ndarray:
    array = np.asarray(values)
    return array.astype(keras.config.floatx()) if np.issubdtype(array.dtype, np.floating) else array


def _finite(replica: Replica, log_names: list[str]) -> bool:
    loss = replica.logs[:, log_names.index("loss")]
    return bool(np.isfinite(loss).all()) and all(
        np.isfinite(weight).all() for weight in replica.weights if np.issubdtype(weight.dtype, np.floating)
    )


def _curve(replica: Replica, log_names: list[str]) -> pd.DataFrame:
    run = replica.run
    frame = pd.DataFrame({"seed": run.seed, **run.settings, "epoch": np.arange(1, len(replica.logs) + 1)})
    for column, name in enumerate(log_names):
        frame[name] = replica.logs[:, column].astype("float64")
    return frame
