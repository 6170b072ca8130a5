"""The forward passes of trained replicas, compiled once for all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from rnnlab.machine import cores
from rnnlab.state import state_variables
from rnnlab.training.backend import following, load_backend
from rnnlab.training.checks import Run, as_arrays, model_variables
from rnnlab.training.recurrent import merged_products, write


class Predictor:
    """Outputs of replicas for any inputs. What is compiled is kept until inputs of another shape come; threads may share it."""

    def __init__(self, rebuild: Callable[[Run], keras.Model]) -> None:
        self._rebuild = rebuild
        self._lock = threading.Lock()
        self._key: Any = None
        self._forward: _Forward | None = None

    def __call__(self, replicas: list, x: Any, batch_size: int | None) -> Any:
        """Outputs of every replica for the same inputs: (replicas, samples, ...)."""
        x = as_arrays("x", x)
        key = (batch_size, str(tree.map_structure(lambda a: (a.shape, a.dtype), x)))
        with self._lock:
            if self._forward is None or key != self._key:
                self._forward, self._key = _Forward(self._rebuild(replicas[0].run), x, batch_size), key
            forward = self._forward
            batches = forward.batches(x)
            outputs = [forward(replicas[0], batches)]  # the first call compiles
        with ThreadPoolExecutor(cores()) as pool:
            outputs += pool.map(lambda replica: forward(replica, batches), replicas[1:])
        return tree.map_structure(lambda *arrays: np.stack(arrays), *outputs)


class _Forward:
    """The forward pass of a model over all batches of inputs like `x`."""

    def __init__(self, model: keras.Model, x: Any, batch_size: int | None) -> None:
        states = state_variables(model)
        fixed = int(states[0].shape[0]) if states else None
        self._samples = len(tree.flatten(x)[0])
        size = fixed or batch_size or min(self._samples, 256)
        if fixed and self._samples % fixed:
            raise ValueError(f"x: expected a multiple of {fixed} samples, the batch size of the network, got {self._samples}")
        count = -(-self._samples // size)
        # The last batch is filled up by repeating the last sample; its outputs are cut off again.
        self._index = np.minimum(np.arange(count * size), self._samples - 1).reshape(count, size)
        self._model, self._variables = model, model_variables(model) + states
        self._run = load_backend().compiled(self._all_batches)

    def batches(self, x: Any) -> Any:
        return tree.map_structure(lambda a: ops.convert_to_tensor(a[self._index]), x)

    def __call__(self, replica: Any, batches: Any) -> Any:
        outputs = self._run([*replica.weights, *replica.states], batches)
        return tree.map_structure(lambda o: np.reshape(ops.convert_to_numpy(o), (-1, *o.shape[2:]))[: self._samples], outputs)

    def _all_batches(self, values, batches):
        count, size = self._index.shape
        output, _ = self._batch(values, tree.map_structure(lambda a: a[0], batches))
        buffers = tree.map_structure(lambda o: ops.zeros((count, *o.shape), "float32"), output)

        def body(i, values, buffers):
            output, values = self._batch(values, tree.map_structure(lambda a: a[i], batches))
            buffers = tree.map_structure(lambda buffer, rows: write(buffer, i, rows), buffers, output)
            return following(i, size == 1), values, buffers

        start = (ops.zeros((), "int32"), list(values), buffers)
        return ops.while_loop(lambda i, values, buffers: i < count, body, start)[2]

    def _batch(self, values, x):
        model = self._model
        with keras.StatelessScope(list(zip(self._variables, values, strict=True))) as scope, merged_products(model):
            output = model(x, training=False) if model._call_has_training_arg else model(x)
        new = [ops.reshape(scope.get_current_value(v), v.shape) for v in self._variables]
        return tree.map_structure(lambda o: ops.cast(o, "float32"), output), new
