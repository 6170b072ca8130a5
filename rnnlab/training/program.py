"""One training run of one Keras model as a pure function of tensors, compiled whole.

The functions of `Functional` run in nested while loops: passes, inside them batches. Nothing returns to Python between two
updates, which is where `fit` spends its time on small recurrent models. One program serves every seed, and because each
replica runs alone in it, its result cannot depend on the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops, tree

from rnnlab.training.backend import following, load_backend
from rnnlab.training.functional import Functional
from rnnlab.training.order import Order
from rnnlab.training.stopping import Stopping


class Carry(NamedTuple):
    """What one chunk of passes hands to the next."""

    values: list  # one tensor per variable of the program
    stopping: list  # early stopping: see Stopping.start


@dataclass(frozen=True)
class Settings:
    """What all replicas of a training have in common; see `fit_replicas`."""

    data: tuple[Any, Any]  # possibly nested, of NumPy arrays with the samples along axis 0
    validation_data: tuple[Any, Any] | None
    batch_size: int
    steps: list[int] | None  # updates of each pass, where a pass is not one through the data
    optimizer: keras.optimizers.Optimizer
    loss: Any
    metrics: list[Any]
    shuffle: bool
    reset_state: str | None
    validation_batches: int | None
    look_back: bool
    early_stopping: keras.callbacks.EarlyStopping | None


class Program:
    """The compiled training of the networks that `build` makes: same structure, different weights.

    Args:
        model: the template; its weights are not touched.
        hyperparameters: names of optimizer attributes whose values are given per replica.
    """

    def __init__(self, model: keras.Model, settings: Settings, hyperparameters: tuple[str, ...]) -> None:
        self.model, self.settings, self.hyperparameters = model, settings, hyperparameters
        size, validation_data = settings.batch_size, settings.validation_data
        batch = tree.map_structure(lambda a: a[:size], settings.data)
        self._network = Functional(model, batch, settings.optimizer, settings.loss, settings.metrics, hyperparameters)
        self.variables = self._network.variables
        self._data = tree.map_structure(ops.convert_to_tensor, settings.data)
        self._validation_data = validation_data and tree.map_structure(ops.convert_to_tensor, validation_data)
        rotating = _samples(validation_data) if settings.validation_batches else None
        self.order = Order(_samples(self._data), size, settings.shuffle, settings.steps, rotating)
        prefixes = {"": True, "batch_": settings.look_back, "val_": validation_data is not None}
        self.log_names = [prefix + name for prefix, used in prefixes.items() if used for name in self._network.score_names]
        self._stopping = Stopping(settings.early_stopping, self.log_names, model) if settings.early_stopping else None
        self._vectors = multiplies_vectors(settings.data, size)
        self._run = load_backend().compiled(self._passes)

    def start(self, weights: list[np.ndarray], hyperparameters: dict[str, float]) -> Carry:
        """The carry before the first pass, from a replica's initial weights: trainable, then the others."""
        values = self._network.start(weights, hyperparameters)
        return Carry(values, self._stopping.start(weights) if self._stopping else [])

    def decisive(self) -> list[Any]:
        """All that decides what becomes of a replica besides its start and its hyperparameters: arrays and printable values."""
        s, stopping = self.settings, None
        if self._stopping:
            stopping = {name: value for name, value in vars(self._stopping).items() if name != "_better"}
        words = [*self._network.describe(), repr(self.log_names), repr(stopping)]
        numbers = [s.batch_size, s.steps, s.shuffle, s.reset_state, s.validation_batches, s.look_back]
        return [s.data, s.validation_data, *numbers, words]

    def compile(self) -> None:
        """Traces and compiles, so that the first call of `run` finds the program ready."""
        numbers = dict.fromkeys(self.hyperparameters, 0.0)
        weights = [np.array(ops.convert_to_numpy(variable)) for variable in self._network.weights]
        self.run(self.start(weights, numbers), 0, 0, 0, numbers)

    def run(self, carry: Carry, first: int, passes: int, seed: int, hyperparameters: dict[str, float]) -> tuple[Carry, Any]:
        """Trains for up to `passes` passes (fewer with early stopping; 0 only compiles); `first` counts those done before.

        Returns the carry and the logs of shape (passes done, len(log_names)).
        """
        order, plan = self.order.of(seed, first, passes), self.order.plan(first, passes)
        numbers = [np.float32(hyperparameters[name]) for name in self.hyperparameters]
        count = np.int32(first), np.int32(passes)
        lists = list(carry.values), list(carry.stopping)
        values, stopping, logs, done = self._run(*lists, self._data, self._validation_data, order, plan, numbers, *count)
        return Carry(values, stopping), np.asarray(ops.convert_to_numpy(logs))[: int(done)]

    def final(self, carry: Carry) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Weights (trainable, then the others) and recurrent states that a replica ends with."""
        count = len(self._network.weights)
        weights, states = carry.values[:count], carry.values[count : count + len(self._network.states)]
        if self._stopping:
            weights = self._stopping.final(carry.stopping, weights)
        weights, states = ([np.array(ops.convert_to_numpy(value)) for value in values] for values in (weights, states))
        return weights, [np.zeros_like(state) for state in states] if self.settings.reset_state else states

    def _passes(self, values, stopping, data, validation_data, order, plan, numbers, first, passes):
        logs = ops.zeros((self.order.passes_per_call, len(self.log_names)), dtype="float32")

        def go_on(done, values, stopping, logs):
            return ops.logical_and(done < passes, ops.logical_not(stopping[0])) if self._stopping else done < passes

        def one_pass(done, values, stopping, logs):
            row = ops.minimum(done, self.order.rows - 1)
            values, scores = self._pass(values, data, validation_data, order[row], plan[row], numbers)
            logs = ops.slice_update(logs, ops.stack([done, ops.zeros_like(done)]), ops.stack(scores)[None])
            if self._stopping:
                current = scores[self.log_names.index(self._stopping.monitor)]
                stopping = self._stopping.update(stopping, current, first + done, values[: len(self._network.weights)])
            return done + 1, values, stopping, logs

        start = ops.zeros_like(passes), list(values), list(stopping), logs
        done, values, stopping, logs = ops.while_loop(go_on, one_pass, start)
        return values, stopping, logs, done

    def _pass(self, values, data, validation_data, order, plan, numbers):
        network, size = self._network, self.settings.batch_size

        def batch(start, size):
            index = ops.slice(order, (start,), (size,))
            return tree.map_structure(lambda a: ops.take(a, index, axis=0), data)

        def update(values, start, size):
            x, y = batch(start, size)
            return network.update(values, x, y, numbers)

        values = network.reset_metrics(network.reset_states(values) if self.settings.reset_state else values)
        if self.settings.steps is not None:
            done, values = self._full_batches(values, plan[0], update)
        else:
            values = self._batches(values, self.order.samples, update)
        scores = network.scores(values)
        if self.settings.look_back:
            # From where the loop ended: XLA's CPU compiler made a pass 20 times slower that took this from the plan.
            values = network.evaluate(network.reset_metrics(values), *batch((done - 1) * size, size))
            scores += network.scores(values)
        if validation_data is not None:
            values = self._validate(network.reset_metrics(values), validation_data, plan[1])
            scores += network.scores(values)
        return values, scores

    def _validate(self, values, data, first):
        rotating = self.settings.validation_batches

        def batch(start, size):
            if rotating:
                index = (first + start + ops.arange(size)) % _samples(data)
                return tree.map_structure(lambda a: ops.take(a, index, axis=0), data)
            return tree.map_structure(lambda a: ops.slice(a, (start,) + (0,) * (len(a.shape) - 1), (size, *a.shape[1:])), data)

        samples = rotating * self.settings.batch_size if rotating else _samples(data)
        return self._batches(values, samples, lambda values, *part: self._network.evaluate(values, *batch(*part)))

    def _batches(self, values, samples, step: Callable):
        """Calls `step(values, start, size)` for the full batches in a loop, then for the smaller last one, as `fit` does."""
        full, rest = divmod(samples, self.settings.batch_size)
        if full:
            _, values = self._full_batches(values, full, step)
        return step(values, samples - rest, rest) if rest else values

    def _full_batches(self, values, count, step: Callable):
        size = self.settings.batch_size
        return ops.while_loop(
            lambda index, values: index < count,
            lambda index, values: (following(index, self._vectors), step(values, index * size, size)),
            (ops.zeros((), dtype="int32"), list(values)),
        )


def multiplies_vectors(data: tuple[Any, Any], batch_size: int) -> bool:
    """Whether the products of a network of such inputs are of a matrix by one vector: batches of one sample of one step."""
    inputs = tree.flatten(data[0])
    one_step = all(math.prod(a.shape[1:-1]) == 1 and np.issubdtype(a.dtype, np.floating) for a in inputs)
    return batch_size == 1 and one_step


def _samples(data) -> int:
    return int(tree.flatten(data)[0].shape[0])
