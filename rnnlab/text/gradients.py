"""Training update by update in Keras, with the norm of each gradient, which a compiled program of epochs does not show."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rnnlab.text.data import Encoder
from rnnlab.text.recipe import Recipe

if TYPE_CHECKING:
    import keras


class Watched(NamedTuple):
    """One trained network: `norms` of the gradient before clipping and `losses`, both of shape (epochs, updates)."""

    model: keras.Model
    norms: np.ndarray
    losses: np.ndarray
    seconds: float


def watched(
    recipe: Recipe, encoder: Encoder, num_classes: int, data: tuple[np.ndarray, np.ndarray], runs: Sequence[tuple[int, float]]
) -> Iterator[Watched]:
    """Trains one network for each (seed, learning rate) by stochastic gradient descent on whole batches, whose norms compare.

    The model is the same object each time, with other weights, and compiled as in a program of epochs.

    Raises:
        ValueError: the recipe has another optimizer, whose memory would go from one network to the next, or there are fewer
            samples than a batch has.
    """
    import keras

    from rnnlab.training.backend import load_backend
    from rnnlab.training.recurrent import merged_products

    if recipe.optimizer != "sgd" or recipe.decay is not None:
        raise ValueError(f"recipe: expected sgd at one rate, got {recipe.optimizer}, decay {recipe.decay}")
    x, y = data
    updates = len(x) // recipe.batch_size
    if not updates:
        raise ValueError(f"data: expected at least {recipe.batch_size} samples, a batch, got {len(x)}")
    model = recipe.build(encoder, num_classes, runs[0][0])
    optimizer = _watching(recipe)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=True)
    quick_dropout = load_backend().quick_dropout
    for seed, rate in runs:
        started = time.perf_counter()
        for variable, start in zip(model.variables, recipe.build(encoder, num_classes, seed).variables, strict=True):
            variable.assign(start)
        optimizer.learning_rate = rate
        rng = np.random.default_rng(seed)
        norms, losses = np.zeros((2, recipe.epochs, updates))
        for epoch in range(recipe.epochs):
            order = rng.permutation(len(x))[: updates * recipe.batch_size].reshape(updates, -1)
            for update, rows in enumerate(order):
                model.reset_metrics()
                with merged_products(model), quick_dropout():
                    losses[epoch, update] = model.train_on_batch(x[rows], y[rows])
                norms[epoch, update] = float(optimizer.norm)
        yield Watched(model, norms, losses, time.perf_counter() - started)


def _watching(recipe: Recipe) -> Any:
    import keras
    from keras import ops

    class Watching(keras.optimizers.SGD):
        """SGD that remembers the norm of the last gradient of all weights together, before it is clipped."""

        def build(self, variables: Any) -> None:
            super().build(variables)
            self.norm = self.add_variable((), name="norm")

        def apply(self, grads: Any, trainable_variables: Any = None) -> Any:
            # TensorFlow lists the gradient of a word vector once for each place of the word; in such a list, which Keras clips
            # as it is, the norm of the sum is not that of its parts.
            dense = [ops.add(grad, ops.zeros(grad.shape, grad.dtype)) for grad in grads]
            self.norm.assign(ops.sqrt(sum(ops.sum(ops.square(grad)) for grad in dense)))
            return super().apply(dense, trainable_variables)

    return Watching(recipe.learning_rate, global_clipnorm=recipe.clip)
