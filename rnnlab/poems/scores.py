"""Perplexity, as it is meant and as it was published."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from rnnlab.poems.data import PAD


class Perplexity(keras.metrics.Mean):
    """exp of the mean negative log-likelihood of all tokens but the padding."""

    def __init__(self, name: str = "perplexity", dtype: str | None = None) -> None:
        super().__init__(name, dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        counted = ops.cast(ops.not_equal(y_true, PAD), self.dtype)
        self.total.assign_add(ops.sum(surprise(y_true, y_pred) * counted))
        self.count.assign_add(ops.sum(counted))

    def result(self) -> Any:
        return ops.exp(self.total / ops.maximum(self.count, 1))


class PublishedPerplexity(keras.metrics.Mean):
    """The mean over samples of exp(mean negative log-likelihood), padding included, which flatters short samples."""

    def __init__(self, name: str = "perplexity_as_run", dtype: str | None = None) -> None:
        super().__init__(name, dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        each = ops.exp(ops.mean(surprise(y_true, y_pred), axis=-1))
        self.total.assign_add(ops.sum(each))
        self.count.assign_add(ops.sum(ops.ones_like(each)))

    def result(self) -> Any:
        return self.total / ops.maximum(self.count, 1)


def surprise(y_true: Any, y_pred: Any) -> Any:
    """Negative log-likelihood of each token: targets (samples, length) and logits (samples, length, tokens)."""
    return ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=True)
