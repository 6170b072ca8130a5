"""Metrics that answer the question: whole answers right, not characters."""

from __future__ import annotations

from typing import Any


def exact(y_true: Any, y_pred: Any) -> Any:
    """1.0 for each sample whose positions are all right, for Keras' `metrics=`.

    Args:
        y_true: one-hot targets of the shape of `y_pred`, or class numbers of shape (samples, ..., positions).
        y_pred: scores, shape (samples, ..., positions, classes); the largest counts.

    Returns:
        float32 of shape (samples,).
    """
    from keras import ops

    given = ops.argmax(y_pred, axis=-1)
    true = ops.argmax(y_true, axis=-1) if len(y_true.shape) == len(y_pred.shape) else ops.cast(y_true, given.dtype)
    right = ops.equal(true, given)
    return ops.cast(ops.all(right, axis=tuple(range(1, len(right.shape)))), "float32")
