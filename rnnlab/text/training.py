"""Trains text classifiers: on all training texts, without those held out, and fold by fold."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from rnnlab.study.plan import Job
from rnnlab.study.store import Result
from rnnlab.text.calibration import accuracy, calibration_error, fit_temperature, log_loss, probabilities, reliability
from rnnlab.text.data import FOLDS, Encoder, Labelled, Part, divided, encoder_of, fold_of
from rnnlab.text.gradients import Watched, watched
from rnnlab.text.recipe import Recipe, optimizer_of, recipe_of

if TYPE_CHECKING:
    import keras

    from rnnlab.training import Replicas

Pair = tuple[np.ndarray, np.ndarray]  # word indices (texts, length) and class numbers (texts,)
Done = Callable[[Job, Result], None]
ResultOf = Callable[["Replicas", Pair, Pair], Result]

AT_ONCE = 1024  # texts that are classified together
# What a curve keeps of the logs of `fit_replicas`, under which name.
OF_TEST = {"loss": "loss", "accuracy": "accuracy", "test_loss": "val_loss", "test_accuracy": "val_accuracy"}
OF_HELD_OUT = {"train_loss": "loss", "held_out_loss": "val_loss", "held_out_accuracy": "val_accuracy"}


def train(data: Labelled, jobs: list[Job], done: Done, *, backup: Path | None = None) -> None:
    """Trains networks of one cell on all training texts, and scores them by the test texts, by which nothing is chosen.

    For `rnnlab.study.run`, with the first argument filled in, like the other two below.

    Args:
        backup: a folder from which a training that was cut goes on; see `fit_replicas`.
    """
    _trained_on(data, (data.train, data.test), jobs, done, classified, backup)


def cross_validate(data: Labelled, jobs: list[Job], done: Done, *, backup: Path | None = None) -> None:
    """Trains networks of one arm, each without the texts of a fold, and scores it by these."""
    for fold in sorted({job.seed % FOLDS for job in jobs}):
        mine = [job for job in jobs if job.seed % FOLDS == fold]
        _trained_on(data, fold_of(data, fold), mine, done, validated, backup)


def _trained_on(
    data: Labelled, parts: tuple[Part, Part], jobs: list[Job], done: Done, result_of: ResultOf, backup: Path | None
) -> None:
    encoder = encoder_of(data, parts[0])
    pairs = encoder.pair(parts[0]), encoder.pair(parts[1])

    def finish(place: int, one: Replicas) -> None:
        done(jobs[place], result_of(one, *pairs))

    fit(recipe_of(jobs[0].settings), encoder, len(data.classes), *pairs, jobs, on_finish=finish, backup=backup)


def classified(one: Replicas, train: Pair, test: Pair) -> Result:
    """Loss and accuracy of a trained network without dropout, its logits of the test texts, its course and its weights."""
    from rnnlab.training import weights_of

    scores: dict[str, float] = {}
    for part, (words, labels) in {"train": train, "test": test}.items():
        logits = logits_of(one.models[0], words)
        scores |= {f"{part}_accuracy": accuracy(logits, labels), f"{part}_loss": log_loss(logits, labels)}
    arrays = {"test_logits": logits.astype("float32")}
    return Result(scores, one.seconds["train"], curve_of(one.curves[0], OF_TEST), arrays, weights_of(one))


def validated(one: Replicas, _: Pair, held_out: Pair) -> Result:
    """Accuracy of a trained network on the texts of its fold, and what the last epoch saw."""
    (model,), (logs,) = one.models, one.curves
    right = logits_of(model, held_out[0]).argmax(axis=1) == held_out[1]
    scores = {"parameters": parameters(model), "held_out_accuracy": float(right.mean())}
    scores |= {"train_loss": float(logs.loss.iloc[-1]), "held_out_loss": float(logs.val_loss.iloc[-1])}
    return Result(scores, one.seconds["train"], curve_of(logs, OF_HELD_OUT))


def advice(data: Labelled, jobs: list[Job], done: Done, *, backup: Path | None = None) -> None:
    """Trains networks that differ in their learning rate alone, without the texts held out, and scores them by all parts."""
    settings: dict[str, Any] = jobs[0].settings
    texts = texts_of(data, settings["frozen"])
    if settings["curve"] == "norms":
        _update_by_update(texts, jobs, done)
    elif settings["decay"] is None:
        rates = [job.settings["learning_rate"] for job in jobs]
        _epoch_by_epoch(texts, jobs, done, backup=backup, vary={"learning_rate": rates})
    else:  # a rate that decays is part of the program
        for rate in dict.fromkeys(job.settings["learning_rate"] for job in jobs):
            _epoch_by_epoch(texts, [job for job in jobs if job.settings["learning_rate"] == rate], done, backup=backup)


class Texts(NamedTuple):
    """Training texts without those held out, these, by which stopping and temperatures are chosen, and the test texts."""

    train: Pair
    held_out: Pair
    test: Pair
    classes: int
    encoder: Encoder


@lru_cache(maxsize=2)
def texts_of(data: Labelled, frozen: bool) -> Texts:
    """The texts of a piece of advice; drawn word vectors that stay as they are, are the same in all its networks."""
    kept, aside = divided(data)
    encoder = encoder_of(data, kept)
    if frozen and encoder.vectors is None:
        vectors = np.random.default_rng(0).normal(size=(len(encoder.vocabulary), Recipe.embedding_dim))
        encoder = replace(encoder, vectors=vectors.astype("float32"))
    return Texts(encoder.pair(kept), encoder.pair(aside), encoder.pair(data.test), len(data.classes), encoder)


def _epoch_by_epoch(texts: Texts, jobs: list[Job], done: Done, **options: Any) -> None:
    settings: dict[str, Any] = jobs[0].settings

    def finish(place: int, one: Replicas) -> None:
        (model,), (logs,) = one.models, one.curves
        scores = scores_of(model, texts) | {"epochs_trained": len(logs)}
        curve = curve_of(logs, OF_HELD_OUT)
        if settings["curve"] == "bins":
            curve = bins_of(logits_by_part(model, texts)[2], texts.test[1], scores["fitted_temperature"])
        done(jobs[place], Result(scores, one.seconds["train"], curve))

    options |= {"patience": settings["patience"], "on_finish": finish}
    fit(recipe_of(settings), texts.encoder, texts.classes, texts.train, texts.held_out, jobs, **options)


def _update_by_update(texts: Texts, jobs: list[Job], done: Done) -> None:
    settings: dict[str, Any] = jobs[0].settings
    runs = [(job.seed, float(job.settings["learning_rate"] or 0)) for job in jobs]
    networks = watched(recipe_of(settings), texts.encoder, texts.classes, texts.train, runs)
    for job, found in zip(jobs, networks, strict=True):
        scores = scores_of(found.model, texts) | {"epochs_trained": settings["epochs"]}
        clipped = np.mean(found.norms > (settings["clip"] or np.inf))
        scores |= {"largest_norm": found.norms.max(), "clipped_fraction": clipped}
        done(job, Result(scores, found.seconds, norms_of(found, settings["clip"])))


def fit(
    recipe: Recipe,
    encoder: Encoder,
    num_classes: int,
    data: Pair,
    validation_data: Pair,
    jobs: Sequence[Job],
    *,
    patience: int | None = None,
    **options: Any,
) -> Replicas:
    """Trains one network per job; the logs have loss and accuracy, with dropout, and the same with val_, without.

    Args:
        patience: epochs without a lower val_loss after which a network stops, with the weights of its best epoch; None trains
            all epochs and keeps the last weights, and nothing follows from `validation_data`.
        **options: more for `fit_replicas`: vary, backup, on_finish.
    """
    import keras

    from rnnlab.training import fit_replicas

    stopping = keras.callbacks.EarlyStopping("val_loss", mode="min", patience=patience or 0, restore_best_weights=True)
    replicas = fit_replicas(
        lambda seed: recipe.build(encoder, num_classes, seed),
        *data,
        seeds=[job.seed for job in jobs],
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        optimizer=optimizer_of(recipe),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        validation_data=validation_data,
        early_stopping=None if patience is None else stopping,
        verbose=0,
        **options,
    )
    if replicas.interrupted:
        raise KeyboardInterrupt
    return replicas


def logits_of(model: keras.Model, words: np.ndarray) -> np.ndarray:
    """The logits of word indices, without dropout: shape (texts, classes).

    Nothing is compiled for it, which for some thousand short texts would take longer than the rest.
    """
    from keras import ops

    portions = np.split(words, range(AT_ONCE, len(words), AT_ONCE))
    return np.concatenate([ops.convert_to_numpy(model(portion, training=False)) for portion in portions])


def logits_by_part(model: keras.Model, texts: Texts) -> list[np.ndarray]:
    """Logits of the training, held-out and test texts."""
    words = [pair[0] for pair in texts[:3]]
    return np.split(logits_of(model, np.concatenate(words)), np.cumsum([len(part) for part in words])[:-1])


def parameters(model: keras.Model) -> int:
    """Numbers that training changes."""
    return sum(math.prod(variable.shape) for variable in model.trainable_variables)


def scores_of(model: keras.Model, texts: Texts) -> dict[str, float]:
    """Losses and accuracies of each part; the temperature that fits the held-out texts, and what it does to the test."""
    scores: dict[str, float] = {"parameters": parameters(model), "train_texts": len(texts.train[1]), "classes": texts.classes}
    _, held_out, test = given = logits_by_part(model, texts)
    for name, logits, (_, labels) in zip(Texts._fields, given, texts[:3], strict=False):
        scores |= {f"{name}_loss": log_loss(logits, labels), f"{name}_accuracy": accuracy(logits, labels)}
    temperature, (_, labels) = fit_temperature(held_out, texts.held_out[1]), texts.test
    return scores | {
        "fitted_temperature": temperature,
        "tempered_test_loss": log_loss(test, labels, temperature),
        "calibration_error": calibration_error(probabilities(test), labels),
        "tempered_calibration_error": calibration_error(probabilities(test, temperature), labels),
    }


def curve_of(logs: pd.DataFrame, names: dict[str, str]) -> dict[str, list[float]]:
    """Columns of the logs after each epoch, to six places, under other names."""
    return {"epoch": logs.epoch.tolist(), **{name: logs[column].round(6).tolist() for name, column in names.items()}}


def bins_of(logits: np.ndarray, labels: np.ndarray, temperature: float) -> dict[str, list[float]]:
    """Reliability at temperature 1 and, with tempered_ before the names, at the fitted one."""
    plain = reliability(probabilities(logits), labels)
    tempered = reliability(probabilities(logits, temperature), labels).drop(columns="bin").add_prefix("tempered_")
    return plain.join(tempered).round(6).to_dict("list")


def norms_of(found: Watched, clip: float | None) -> dict[str, list[float]]:
    """Mean loss, and median and largest norm of the gradient before clipping, of each epoch."""
    columns = {"train_loss": found.losses.mean(axis=1), "norm_median": np.median(found.norms, axis=1)}
    columns |= {"norm_max": found.norms.max(axis=1)}
    table = pd.DataFrame(columns).round(6).assign(clip_norm=np.nan if clip is None else clip)
    return table.rename_axis("epoch").rename(index=lambda epoch: epoch + 1).reset_index().to_dict("list")
