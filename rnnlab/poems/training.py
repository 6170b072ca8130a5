"""Trains language models: the published recipes, perplexity after each epoch, the best weights kept, and poems written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab.checks import one_of
from rnnlab.poems.data import Data
from rnnlab.poems.network import build_language_model
from rnnlab.poems.studies import NUMERIC, Recipe, temperatures_of
from rnnlab.study.plan import Job
from rnnlab.study.store import Result

if TYPE_CHECKING:
    import keras

    from rnnlab.training import Replicas

SCORES = {"loss": "loss", "perplexity": "perplexity", "perplexity_as_run": "perplexity_as_published"}
COLUMNS = {key + name: part + ours for key, part in (("", "train_"), ("val_", "held_out_")) for name, ours in SCORES.items()}


def build(vocabulary_size: int, settings: Mapping[str, Any], seed: int | None) -> keras.Model:
    """The network of a plan."""
    recipe = vars(Recipe.of(settings))
    sizes = {name: recipe[name] for name in ("embedding_dim", "cell", "units", "num_layers", "dropout")}
    return build_language_model(vocabulary_size=vocabulary_size, **sizes, seed=seed)


def optimizer_of(recipe: Recipe) -> keras.optimizers.Optimizer:
    """The optimizer with the settings of the published comparison.

    Raises:
        ValueError: there is no such optimizer.
    """
    import keras

    kinds = {
        "adam": (keras.optimizers.Adam, {"beta_1": recipe.beta_1, "beta_2": recipe.beta_2}),
        "rmsprop": (keras.optimizers.RMSprop, {"rho": 0.99}),
        "adagrad": (keras.optimizers.Adagrad, {}),
        "sgd": (keras.optimizers.SGD, {}),
        "momentum": (keras.optimizers.SGD, {"momentum": 0.9}),
    }
    kind, options = kinds[one_of("optimizer", recipe.optimizer, kinds)]
    return kind(recipe.learning_rate, **options)


def train(data: Data, jobs: list[Job], done: Callable[[Job, Result], None], *, backup: Path | None = None) -> None:
    """Trains jobs that differ in seeds and, without `patience`, in `NUMERIC`; for `rnnlab.study.run`, with `data` filled in.

    The loss is the mean over all places, padding included, as published; `Perplexity` leaves the padding out. With `patience` a
    network stops after so many epochs without a better held-out perplexity, and has the weights of its best epoch; without, it
    trains all epochs and keeps the last.

    Args:
        backup: a folder from which a training that was cut goes on; see `fit_replicas`.
    """
    import keras

    from rnnlab.poems.scores import Perplexity, PublishedPerplexity
    from rnnlab.training import fit_replicas

    settings: dict[str, Any] = jobs[0].settings
    recipe, patience, stopping = Recipe.of(settings), settings.get("patience"), None
    if patience:
        stopping = keras.callbacks.EarlyStopping("val_perplexity", mode="min", patience=patience, restore_best_weights=True)
    # In a comparison alone: numbers that vary are inputs of the program, which may end with other last bits than constants.
    varied = [name for name in NUMERIC if not patience and settings[name] is not None]
    vary: dict[str, Any] = {name: [job.settings[name] for job in jobs] for name in varied}
    replicas = fit_replicas(
        partial(build, len(data.vocabulary), settings),
        *data.pairs,
        seeds=[job.seed for job in jobs],
        vary=vary,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        optimizer=optimizer_of(recipe),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[Perplexity(), PublishedPerplexity()],
        validation_data=data.held_out_pairs,
        early_stopping=stopping,
        on_finish=lambda place, one: done(jobs[place], result_of(one, data, settings)),
        backup=backup,
        verbose=0,
    )
    if replicas.interrupted:
        raise KeyboardInterrupt


def result_of(one: Replicas, data: Data, settings: Mapping[str, Any]) -> Result:
    """Scores of the epoch whose weights are kept, the curve of all epochs, and what the network writes.

    The array "texts" has a row per temperature. With the weights goes what they need to write.
    """
    from rnnlab.training import weights_of

    curve, names = one.curves[0].rename(columns=COLUMNS), list(COLUMNS.values())
    best = settings.get("patience") and curve.held_out_perplexity.notna().any()
    kept = curve.loc[curve.held_out_perplexity.idxmin()] if best else curve.iloc[-1]
    scores = kept[names].astype(float).to_dict()
    if settings.get("patience"):
        scores = {"best_epoch": float(kept.epoch), "trained_epochs": float(len(curve))} | scores
    arrays = {"texts": texts_of(one, data, settings)} if settings.get("count") else {}
    network = weights_of(one) | {"notes": np.array(json.dumps(data.notes))}
    return Result(scores, one.seconds["train"], curve[["epoch", *names]].round(6).to_dict("list"), arrays, network)


def texts_of(one: Replicas, data: Data, settings: Mapping[str, Any]) -> np.ndarray:
    """What a trained network writes, drawn by its own seed: (temperatures, count)."""
    from rnnlab.poems.writing import Taste, writer_of

    write = writer_of(one.models[0], data.notes)
    tastes = [Taste(temperature, settings["top_k"], settings["top_p"]) for temperature in temperatures_of(settings)]
    return np.array([write(settings["count"], taste=taste, seed=one.seeds[0]) for taste in tastes])
