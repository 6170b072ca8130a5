"""What the training program needs of TensorFlow: gradients, compilation, and optimizers as pure functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras.src.optimizers.base_optimizer import BaseOptimizer

from rnnlab.training.random_tensorflow import quick_dropout


class _Pure(keras.optimizers.Optimizer):
    """Keras' TensorFlow optimizers write through tf.Variable and tf.distribute.

    These methods of the backend-neutral base class write through Keras variables instead, which a StatelessScope turns into
    plain tensors.
    """

    assign = BaseOptimizer.assign
    _apply_weight_decay = BaseOptimizer._apply_weight_decay
    _backend_update_step = BaseOptimizer._backend_update_step
    _var_key = BaseOptimizer._var_key

    def assign_add(self, variable: Any, value: Any) -> None:
        BaseOptimizer.assign_add(self, variable, _fixed_shape(value, variable))

    def assign_sub(self, variable: Any, value: Any) -> None:
        BaseOptimizer.assign_sub(self, variable, _fixed_shape(value, variable))


def functional_optimizer(optimizer_class: type[keras.optimizers.Optimizer]) -> type[keras.optimizers.Optimizer]:
    """A subclass of a Keras optimizer whose `apply` works inside a `keras.StatelessScope`."""
    # Behind the class itself, so that what the class overrides stays in force and its super() arrives at _Pure.
    return type(optimizer_class.__name__, (optimizer_class, _Pure), {})


def value_and_gradients(function: Callable[[list], tuple[Any, Any]], values: list) -> tuple[Any, list]:
    """`function(values) -> (loss, other)`; returns `other` and d loss / d values, None where the loss does not depend.

    The gradient of an `Embedding` stays a list of slices: with them Keras' optimizers take other steps than with their sum, and
    `fit` hands them slices.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        loss, other = function(values)
    return other, tape.gradient(loss, values)


def _fixed_shape(value: Any, like: Any) -> Any:
    """Slices with a shape that XLA knows, without which it cannot sum them; Keras' operations on slices may lose it."""
    if not isinstance(value, tf.IndexedSlices):
        return value
    return tf.IndexedSlices(value.values, value.indices, tf.constant(tuple(like.shape), value.indices.dtype))


def compiled(function: Callable) -> Callable:
    """`function` of tensors as one XLA program per combination of shapes."""

    def traced(*arguments):
        with quick_dropout():
            return function(*arguments)

    return tf.function(traced, jit_compile=True, autograph=False)
