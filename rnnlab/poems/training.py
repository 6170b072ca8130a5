"""Trains language models: the published recipes, perplexity after each pass, the best weights kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rnnlab.poems.corpus import Data
from rnnlab.poems.network import build_language_model

if TYPE_CHECKING:
    import keras

    from rnnlab.training import Replicas

OPTIMIZERS = ("adam", "rmsprop", "adagrad", "sgd", "momentum")


@dataclass(frozen=True)
class Recipe:
    """Sizes of the network and how it is trained."""

    embedding_dim: int
    units: int
    batch_size: int
    epochs: int
    cell: str = "lstm"
    num_layers: int = 1
    dropout: float = 0.0
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    beta_1: float = 0.5
    beta_2: float = 0.99

    def build(self, vocabulary_size: int, seed: int | None) -> keras.Model:
        return build_language_model(
            vocabulary_size=vocabulary_size,
            embedding_dim=self.embedding_dim,
            cell=self.cell,
            units=self.units,
            num_layers=self.num_layers,
            dropout=self.dropout,
            seed=seed,
        )


# As published for the small and the large set; the other two are ours.
RECIPES = {
    "small": Recipe(embedding_dim=256, units=512, batch_size=16, epochs=40),
    "large": Recipe(embedding_dim=512, units=512, batch_size=64, epochs=20),
    "sample": Recipe(embedding_dim=64, units=128, batch_size=16, epochs=60),
    "text": Recipe(embedding_dim=128, units=256, batch_size=64, epochs=20),
}


def recipe_for(name: str, form: str) -> Recipe:
    """The recipe of a corpus by its name, or by its form for a file of the user's own."""
    return RECIPES[name] if name in RECIPES else RECIPES["text" if form == "text" else "large"]


def optimizer_of(recipe: Recipe) -> keras.optimizers.Optimizer:
    """The optimizer with the settings of the published comparison.

    Raises:
        ValueError: the name is none of `OPTIMIZERS`.
    """
    import keras

    rate = recipe.learning_rate
    if recipe.optimizer == "adam":
        return keras.optimizers.Adam(rate, beta_1=recipe.beta_1, beta_2=recipe.beta_2)
    if recipe.optimizer == "rmsprop":
        return keras.optimizers.RMSprop(rate, rho=0.99)
    if recipe.optimizer == "adagrad":
        return keras.optimizers.Adagrad(rate)
    if recipe.optimizer == "sgd":
        return keras.optimizers.SGD(rate)
    if recipe.optimizer == "momentum":
        return keras.optimizers.SGD(rate, momentum=0.9)
    raise ValueError(f"optimizer: expected one of {', '.join(OPTIMIZERS)}, got {recipe.optimizer!r}")


def train(
    data: Data,
    recipe: Recipe,
    seeds: Sequence[int],
    *,
    patience: int | None = 2,
    **options: Any,
) -> Replicas:
    """Trains one network per seed; `history` has loss, perplexity and perplexity_as_run, and the same with val_.

    The loss is the mean over all places, padding included, as published; `Perplexity` leaves the padding out.

    Args:
        patience: passes without a better held-out perplexity after which a network stops, with the weights of its best pass;
            None trains all passes and keeps the last weights.
        **options: more for `fit_replicas`: vary, backup, on_finish, verbose.
    """
    import keras

    from rnnlab.poems.scores import Perplexity, PublishedPerplexity
    from rnnlab.training import fit_replicas

    stopping = None
    if patience is not None:
        stopping = keras.callbacks.EarlyStopping("val_perplexity", mode="min", patience=patience, restore_best_weights=True)
    return fit_replicas(
        lambda seed: recipe.build(len(data.vocabulary), seed),
        *data.pairs,
        seeds=seeds,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        optimizer=optimizer_of(recipe),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[Perplexity(), PublishedPerplexity()],
        validation_data=data.held_out_pairs,
        early_stopping=stopping,
        **options,
    )
