"""What the training program needs of JAX: gradients, compilation, and optimizers as pure functions."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import jax
import keras

quick_dropout = nullcontext  # drawn quickly as it is


def functional_optimizer(optimizer_class: type[keras.optimizers.Optimizer]) -> type[keras.optimizers.Optimizer]:
    """The class itself: Keras' JAX optimizers work inside a `keras.StatelessScope` as they are."""
    return optimizer_class


def value_and_gradients(function: Callable[[list], tuple[Any, Any]], values: list) -> tuple[Any, list]:
    """`function(values) -> (loss, other)`; returns `other` and d loss / d values."""
    (_, other), gradients = jax.value_and_grad(function, has_aux=True)(values)
    return other, gradients


def compiled(function: Callable) -> Callable:
    """`function` of arrays as one XLA program per combination of shapes."""
    return jax.jit(function)
