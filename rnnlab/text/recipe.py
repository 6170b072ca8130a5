"""The network of a run and how it is trained: the published numbers, and the options that the advice is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab.checks import one_of
from rnnlab.text.data import Encoder
from rnnlab.text.network import build_text_classifier

if TYPE_CHECKING:
    import keras

OPTIMIZERS = {"adam": "Adam", "rmsprop": "RMSprop", "adagrad": "Adagrad", "sgd": "SGD"}
# Starts of the kernels that nobody recommends; all others are those of `build_text_classifier`.
STARTS = ("zeros", "large_normal")
DECAY_STEPS = 100
_OF_BUILDER = (
    "cell", "units", "bidirectional", "activation", "pooling", "masked", "dropout", "input_dropout", "temperature",
    "trainable_vectors",
)  # fmt: skip


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
        model = build_text_classifier(
            vocabulary_size=len(encoder.vocabulary),
            embedding_dim=self.embedding_dim if encoder.vectors is None else encoder.vectors.shape[1],
            num_classes=num_classes,
            kernel_initializer="glorot_uniform" if self.initializer in STARTS else self.initializer,
            vectors=encoder.vectors,
            seed=seed,
            **{name: getattr(self, name) for name in _OF_BUILDER},
        )
        rng = np.random.default_rng(seed)
        for variable in model.trainable_variables if self.initializer in STARTS else ():
            # Of the recurrent layers and of the last one; recurrent kernels stay orthogonal.
            if variable.name == "kernel":
                shape = tuple(variable.shape)
                variable.assign(np.zeros(shape) if self.initializer == "zeros" else rng.normal(size=shape))
        return model


def recipe_of(settings: Mapping[str, Any]) -> Recipe:
    """The recipe of an arm: `units` is a number for each of `layers`, or a text with one for each layer, such as "128 64"."""
    own = {field.name: settings[field.name] for field in fields(Recipe) if field.name in settings}
    units = tuple(map(int, str(settings["units"]).split())) * settings.get("layers", 1)
    trainable = False if settings.get("frozen") else settings.get("trained")
    return Recipe(**own | {"units": units, "trainable_vectors": trainable})


def optimizer_of(recipe: Recipe) -> keras.optimizers.Optimizer:
    """The optimizer with Keras' other defaults.

    Raises:
        ValueError: the name is none of `OPTIMIZERS`.
    """
    import keras

    kind = getattr(keras.optimizers, OPTIMIZERS[one_of("optimizer", recipe.optimizer, OPTIMIZERS)])
    rate: Any = recipe.learning_rate
    if recipe.decay is not None:
        rate = keras.optimizers.schedules.ExponentialDecay(rate, DECAY_STEPS, recipe.decay, staircase=True)
    return kind(rate, global_clipnorm=recipe.clip)
