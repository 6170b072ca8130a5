"""A Keras model with its optimizer, loss and metrics as functions of tensors, of one batch each.

Everything that `fit` keeps in variables travels as a list of tensors, one per variable: weights, recurrent states, optimizer
slots, metrics.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from rnnlab.state import state_variables
from rnnlab.training.backend import load_backend
from rnnlab.training.checks import model_variables, structure
from rnnlab.training.recurrent import merged_products


class Functional:
    """Compiles `model` for batches like `batch`, with a copy of `optimizer`; the weights of the model are not touched.

    Args:
        hyperparameters: names of optimizer attributes whose values are given per replica.
    """

    def __init__(
        self,
        model: keras.Model,
        batch: tuple[Any, Any],
        optimizer: keras.optimizers.Optimizer,
        loss: Any,
        metrics: list[Any],
        hyperparameters: tuple[str, ...],
    ) -> None:
        self.model, self.hyperparameters = model, hyperparameters
        self._loss, self._metrics, self._backend = loss, metrics, load_backend()
        self.optimizer = _pure_copy(optimizer, self._backend)
        with _named(f"loss {_label(loss)}, metrics {', '.join(map(_label, metrics)) or 'none'}"):
            model.compile(optimizer=self.optimizer, loss=loss, metrics=metrics)
            model._symbolic_build(data_batch=batch)
        self.states = state_variables(model)
        self.weights = model_variables(model)
        self.variables = self.weights + self.states + list(self.optimizer.variables) + list(model.metrics_variables)
        self.score_names = sorted(model.get_metrics_result())

    def start(self, weights: list[np.ndarray], hyperparameters: dict[str, float]) -> list[np.ndarray]:
        """The values before the first update; a learning rate is an optimizer variable and is set here."""
        rate = self.optimizer._learning_rate
        values = list(weights)
        for variable in self.variables[len(weights) :]:
            value = ops.convert_to_numpy(variable)
            if variable is rate and "learning_rate" in hyperparameters:
                value = np.asarray(hyperparameters["learning_rate"], dtype=value.dtype)
            values.append(np.zeros_like(value) if any(variable is state for state in self.states) else value)
        return values

    def describe(self) -> list[str]:
        """Network (without its start), optimizer, loss and metrics in words, with all their numbers."""
        configs = [_config(part) for part in (self.optimizer, self._loss, *self._metrics)]
        return [repr(part) for part in (structure(self.model), *configs)]

    def update(self, values: list, x: Any, y: Any, numbers: list) -> list:
        """One step of the optimizer, with `numbers` for the hyperparameters."""
        count = len(self.model.trainable_variables)

        def loss_and_rest(trainable):
            with self._scope([*trainable, *values[count:]]) as scope:
                loss = self._forward(x, y, training=True)
                loss = self.optimizer.scale_loss(loss)
            return loss, [scope.get_current_value(v) for v in self.variables[count:]]

        rest, gradients = self._backend.value_and_gradients(loss_and_rest, list(values[:count]))
        with (
            _named(f"optimizer {self.optimizer.name}"),
            self._set_hyperparameters(numbers),
            self._scope([*values[:count], *rest]) as scope,
        ):
            self.optimizer.apply(gradients)
        return self._same_shapes(scope)

    def evaluate(self, values: list, x: Any, y: Any) -> list:
        """Adds a batch to the metrics and moves the recurrent states."""
        with self._scope(values) as scope:
            self._forward(x, y, training=False)
        return self._same_shapes(scope)

    def _forward(self, x, y, training: bool):
        """Loss of one batch, with every metric updated, in the order of Keras' own train_step."""
        model = self.model
        with merged_products(model):
            prediction = model(x, training=training) if model._call_has_training_arg else model(x)
        loss = model.compute_loss(x=x, y=y, y_pred=prediction, sample_weight=None, training=training)
        model._loss_tracker.update_state(loss, sample_weight=tree.flatten(x)[0].shape[0])
        model.compute_metrics(x, y, prediction, None)
        return loss

    def _scope(self, values) -> keras.StatelessScope:
        return keras.StatelessScope(list(zip(self.variables, values, strict=True)), collect_losses=True)

    def _same_shapes(self, scope):
        # A loop needs fixed shapes; tracing loses some of them, on TensorFlow, although they never change.
        return [
            ops.reshape(ops.cast(scope.get_current_value(v), v.dtype), v.shape) if v.ndim else scope.get_current_value(v)
            for v in self.variables
        ]

    def reset_states(self, values: list) -> list:
        # Times 0 rather than a constant: a state that is nan stays visible as the diverged replica that it is.
        first = len(self.weights)
        return [value * 0 if first <= place < first + len(self.states) else value for place, value in enumerate(values)]

    def reset_metrics(self, values: list) -> list:
        with self._scope(values) as scope:
            self.model.reset_metrics()
        return self._same_shapes(scope)

    def scores(self, values: list) -> list:
        """Loss and metrics, float32, in the order of `score_names`."""
        with self._scope(values):
            results = self.model.get_metrics_result()
        return [ops.reshape(ops.cast(results[name], "float32"), ()) for name in self.score_names]

    @contextmanager
    def _set_hyperparameters(self, numbers) -> Iterator[None]:
        """Puts tensors in the place of the optimizer's numbers while the update is traced."""
        given = dict(zip(self.hyperparameters, numbers, strict=True))
        given.pop("learning_rate", None)  # see start
        before = {name: getattr(self.optimizer, name) for name in given}
        try:
            for name, number in given.items():
                setattr(self.optimizer, name, number)
            yield
        finally:
            for name, number in before.items():
                setattr(self.optimizer, name, number)


@contextmanager
def _named(part: str) -> Iterator[None]:
    """Says which part of the user's settings does not run as a function of tensors."""
    try:
        yield
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ValueError(f"{part}: expected parts that run in a compiled program; {reason}") from error


def _label(part: Any) -> str:
    return part if isinstance(part, str) else str(getattr(part, "name", None) or getattr(part, "__name__", part))


def _config(part: Any) -> Any:
    if not hasattr(part, "get_config"):
        return _label(part)
    return type(part).__name__, {name: value for name, value in part.get_config().items() if name != "name"}


def _pure_copy(optimizer, backend):
    """A fresh copy of `optimizer`, not yet built, that updates plain tensors."""
    config = optimizer.get_config()
    if isinstance(optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule):
        # As it is, so that a schedule class of the user's own needs no registration.
        config["learning_rate"] = optimizer._learning_rate
    return backend.functional_optimizer(type(optimizer)).from_config(config)
