"""Trains text classifiers: the published recipe, and the numbers and options that the advice is about."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab.text.corpus import Encoder
from rnnlab.text.network import build_text_classifier

if TYPE_CHECKING:
    import keras

    from rnnlab.training import Replicas

OPTIMIZERS = ("adam", "rmsprop", "adagrad", "sgd")
# Starts of the kernels that nobody recommends; all others are those of `build_text_classifier`.
STARTS = ("zeros", "large_normal")
DECAY_STEPS = 100
AT_ONCE = 1024  # texts that are answered together


@dataclass(frozen=True)
class Recipe:
    """The network and how it is trained; the defaults are the published ones.

    `initializer` is one of `network.INITIALIZERS`, "zeros", or "large_normal" (standard normal). `decay` multiplies the rate
    after every 100 updates. `clip` is the largest norm of the gradient of all weights together.
    """

    cell: str = "lstm"
    units: tuple[int, ...] = (128, 128)
    bidirectional: bool = False
    pooling: str = "last"
    masked: bool = True
    dropout: float = 0.5
    input_dropout: float = 0.0
    trainable_vectors: bool | None = None
    embedding_dim: int = 50
    activation: str = "tanh"
    initializer: str = "glorot_uniform"
    temperature: float = 1.0
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    decay: float | None = None
    clip: float | None = None
    epochs: int = 50
    batch_size: int = 32

    def build(self, encoder: Encoder, num_classes: int, seed: int | None) -> keras.Model:
        """The network; see `build_text_classifier`."""
        drawn = self.initializer not in STARTS
        model = build_text_classifier(
            vocabulary_size=len(encoder.vocabulary),
            embedding_dim=self.embedding_dim if encoder.vectors is None else encoder.vectors.shape[1],
            num_classes=num_classes,
            cell=self.cell,
            units=self.units,
            bidirectional=self.bidirectional,
            activation=self.activation,
            kernel_initializer=self.initializer if drawn else "glorot_uniform",
            pooling=self.pooling,
            masked=self.masked,
            dropout=self.dropout,
            input_dropout=self.input_dropout,
            temperature=self.temperature,
            vectors=encoder.vectors,
            trainable_vectors=self.trainable_vectors,
            seed=seed,
        )
        if not drawn:
            _restart(model, self.initializer, seed)
        return model


def optimizer_of(recipe: Recipe) -> keras.optimizers.Optimizer:
    """The optimizer with Keras' other defaults.

    Raises:
        ValueError: the name is none of `OPTIMIZERS`.
    """
    import keras

    kinds = {
        "adam": keras.optimizers.Adam,
        "rmsprop": keras.optimizers.RMSprop,
        "adagrad": keras.optimizers.Adagrad,
        "sgd": keras.optimizers.SGD,
    }
    if recipe.optimizer not in kinds:
        raise ValueError(f"optimizer: expected one of {', '.join(OPTIMIZERS)}, got {recipe.optimizer!r}")
    rate: Any = recipe.learning_rate
    if recipe.decay is not None:
        rate = keras.optimizers.schedules.ExponentialDecay(rate, DECAY_STEPS, recipe.decay, staircase=True)
    return kinds[recipe.optimizer](rate, global_clipnorm=recipe.clip)


def train(
    recipe: Recipe,
    encoder: Encoder,
    num_classes: int,
    data: tuple[np.ndarray, np.ndarray],
    validation_data: tuple[np.ndarray, np.ndarray],
    seeds: Sequence[int],
    *,
    patience: int | None = None,
    **options: Any,
) -> Replicas:
    """Trains one network per seed; `history` has loss and accuracy, with dropout, and the same with val_, without.

    Args:
        data, validation_data: word indices and class numbers. Without `patience` nothing follows from the second pair.
        patience: passes without a lower val_loss after which a network stops, with the weights of its best pass; None trains
            all passes and keeps the last weights.
        **options: more for `fit_replicas`: vary, backup, on_finish, verbose.
    """
    import keras

    from rnnlab.training import fit_replicas

    stopping = None
    if patience is not None:
        stopping = keras.callbacks.EarlyStopping("val_loss", mode="min", patience=patience, restore_best_weights=True)
    return fit_replicas(
        lambda seed: recipe.build(encoder, num_classes, seed),
        *data,
        seeds=seeds,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        optimizer=optimizer_of(recipe),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        validation_data=validation_data,
        early_stopping=stopping,
        **options,
    )


def logits_of(model: keras.Model, words: np.ndarray) -> np.ndarray:
    """What a trained network says of word indices, without dropout: shape (texts, classes).

    Nothing is compiled for it, which for some thousand short texts would take longer than the answers.
    """
    from keras import ops

    portions = np.split(words, range(AT_ONCE, len(words), AT_ONCE))
    return np.concatenate([ops.convert_to_numpy(model(portion, training=False)) for portion in portions])


def untrained_vectors(encoder: Encoder, dim: int) -> Encoder:
    """The encoder with standard normal vectors, the same ones always, for networks that are to leave them as they are."""
    vectors = np.random.default_rng(0).normal(size=(len(encoder.vocabulary), dim)).astype("float32")
    return Encoder(encoder.vocabulary, encoder.length, vectors)


def parameters(model: keras.Model) -> int:
    """Numbers that training changes."""
    return sum(math.prod(variable.shape) for variable in model.trainable_variables)


def _restart(model: keras.Model, start: str, seed: int | None) -> None:
    """Sets the kernels of the recurrent layers and of the last one; recurrent kernels stay orthogonal."""
    rng = np.random.default_rng(seed)
    for variable in model.trainable_variables:
        if variable.name == "kernel":
            drawn = rng.normal(size=tuple(variable.shape))
            variable.assign(np.zeros_like(drawn) if start == "zeros" else drawn)
