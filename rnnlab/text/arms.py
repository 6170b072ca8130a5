"""Trains the arms of the studies of advice, and scores what they learned."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from rnnlab.study.plan import Job
from rnnlab.study.store import Result
from rnnlab.text.calibration import accuracy, calibration_error, fit_temperature, log_loss, probabilities, reliability
from rnnlab.text.corpus import Encoder, Labelled, Part, by_name, encoder_of, vectors_of
from rnnlab.text.gradients import Watched, watched
from rnnlab.text.training import Recipe, logits_of, parameters, untrained_vectors
from rnnlab.text.training import train as train_networks

if TYPE_CHECKING:
    import keras

Done = Callable[[Job, Result], None]


class Texts(NamedTuple):
    """Training texts without those held out, the held-out ones, which stopping and temperatures look at, and the test texts."""

    train: Part
    held_out: Part
    test: Part
    classes: int
    encoder: Encoder

    def pair(self, part: Part) -> tuple[np.ndarray, np.ndarray]:
        return self.encoder.encode(part.texts), part.labels


@lru_cache(maxsize=2)
def texts_of(data: str, vectors: str | None, frozen: bool) -> Texts:
    """The texts of a study; drawn word vectors that stay as they are, are the same in all its networks."""
    labelled: Labelled = by_name(data)
    train, held_out = labelled.divided()
    encoder = encoder_of(labelled, train, vectors_of(vectors))
    if frozen and encoder.vectors is None:
        encoder = untrained_vectors(encoder, Recipe.embedding_dim)
    return Texts(train, held_out, labelled.test, len(labelled.classes), encoder)


def train(jobs: list[Job], done: Done) -> None:
    """Trains jobs that differ in their learning rate alone; for `rnnlab.study.run`."""
    settings: dict[str, Any] = jobs[0].settings
    texts = texts_of(settings["data"], settings["vectors"], settings["frozen"])
    if settings["curve"] == "norms":
        _train_watched(jobs, texts, done)
        return
    # A rate that decays is part of the program.
    groups = [[job for job in jobs if job.settings["learning_rate"] == rate] for rate in _rates(jobs)]
    for group in groups if settings["decay"] is not None else [jobs]:
        _train(group, texts, done)


def _train(jobs: list[Job], texts: Texts, done: Done) -> None:
    settings: dict[str, Any] = jobs[0].settings
    waiting = {(job.seed, job.settings["learning_rate"]): job for job in jobs}
    decays = settings["decay"] is not None

    def finished(one: Any) -> None:
        (replica,) = one.finished
        rate = settings["learning_rate"] if decays else replica.run.settings["learning_rate"]
        done(waiting[replica.run.seed, rate], result_of(one.models[0], texts, settings, one.curves[0], replica.seconds))

    vary: dict[str, Any] = {} if decays else {"learning_rate": [job.settings["learning_rate"] for job in jobs]}
    replicas = train_networks(
        recipe_of(settings),
        texts.encoder,
        texts.classes,
        texts.pair(texts.train),
        texts.pair(texts.held_out),
        [job.seed for job in jobs],
        patience=settings["patience"],
        vary=vary,
        on_finish=finished,
        verbose=0,
    )
    if replicas.interrupted:
        raise KeyboardInterrupt


def _train_watched(jobs: list[Job], texts: Texts, done: Done) -> None:
    settings: dict[str, Any] = jobs[0].settings
    runs = [(job.seed, float(job.settings["learning_rate"] or 0)) for job in jobs]
    recipe, data = recipe_of(settings), texts.pair(texts.train)
    for job, found in zip(jobs, watched(recipe, texts.encoder, texts.classes, data, runs), strict=True):
        scores = scores_of(found.model, texts) | {"passes": settings["epochs"]}
        scores |= {"largest_norm": found.norms.max(), "clipped_share": np.mean(found.norms > (settings["clip"] or np.inf))}
        done(job, Result(scores, found.seconds, norms_curve(found, settings["clip"])))


def recipe_of(settings: dict[str, Any]) -> Recipe:
    return Recipe(
        cell=settings["cell"],
        units=(settings["units"],) * settings["layers"],
        bidirectional=settings["bidirectional"],
        dropout=settings["dropout"],
        trainable_vectors=False if settings["frozen"] else None,
        activation=settings["activation"],
        initializer=settings["initializer"],
        temperature=settings["temperature"],
        optimizer=settings["optimizer"],
        learning_rate=settings["learning_rate"],
        decay=settings["decay"],
        clip=settings["clip"],
        epochs=settings["epochs"],
        batch_size=settings["batch_size"],
    )


def result_of(model: keras.Model, texts: Texts, settings: dict[str, Any], logs: pd.DataFrame, seconds: float) -> Result:
    """Scores of a trained network, and its losses after each pass or, for the topic "temperature", its reliability."""
    scores = scores_of(model, texts) | {"passes": len(logs)}
    if settings["curve"] == "bins":
        return Result(
            scores, seconds, bins_curve(logits_by_part(model, texts)[2], texts.test.labels, scores["fitted_temperature"])
        )
    return Result(scores, seconds, curve_of(logs))


def curve_of(logs: pd.DataFrame) -> dict[str, list[float]]:
    """Training and held-out losses, and the held-out accuracy, after each pass."""
    names = {"train_loss": "loss", "held_out_loss": "val_loss", "held_out_accuracy": "val_accuracy"}
    return {"epoch": logs.epoch.tolist(), **{name: logs[column].round(6).tolist() for name, column in names.items()}}


def logits_by_part(model: keras.Model, texts: Texts) -> list[np.ndarray]:
    """Logits of the training, held-out and test texts."""
    parts = (texts.train, texts.held_out, texts.test)
    words = np.concatenate([texts.encoder.encode(part.texts) for part in parts])
    return np.split(logits_of(model, words), np.cumsum([len(part) for part in parts])[:-1])


def scores_of(model: keras.Model, texts: Texts) -> dict[str, float]:
    """Losses and accuracies of each part; the temperature that the held-out texts ask for, and what it does to the test."""
    parts = {"train": texts.train, "held_out": texts.held_out, "test": texts.test}
    logits = dict(zip(parts, logits_by_part(model, texts), strict=True))
    scores: dict[str, float] = {"parameters": parameters(model), "train_texts": len(texts.train), "classes": texts.classes}
    for name, part in parts.items():
        scores[f"{name}_loss"] = log_loss(logits[name], part.labels)
        scores[f"{name}_accuracy"] = accuracy(logits[name], part.labels)
    temperature = fit_temperature(logits["held_out"], texts.held_out.labels)
    labels = texts.test.labels
    scores["fitted_temperature"] = temperature
    scores["tempered_test_loss"] = log_loss(logits["test"], labels, temperature)
    scores["calibration_error"] = calibration_error(probabilities(logits["test"]), labels)
    scores["tempered_calibration_error"] = calibration_error(probabilities(logits["test"], temperature), labels)
    return scores


def bins_curve(logits: np.ndarray, labels: np.ndarray, temperature: float) -> dict[str, list[float]]:
    """Reliability at temperature 1 and, with tempered_ before the names, at the fitted one."""
    plain = reliability(probabilities(logits), labels)
    tempered = reliability(probabilities(logits, temperature), labels).drop(columns="bin").add_prefix("tempered_")
    return plain.join(tempered).round(6).to_dict("list")


def norms_curve(found: Watched, clip: float | None) -> dict[str, list[float]]:
    """Mean loss, and median and largest norm of the gradient before clipping, of each pass."""
    passes = len(found.norms)
    columns = {
        "train_loss": found.losses.mean(axis=1),
        "norm_median": np.median(found.norms, axis=1),
        "norm_max": found.norms.max(axis=1),
        "clip_norm": np.full(passes, np.nan if clip is None else clip),
    }
    return {"epoch": list(range(1, passes + 1)), **{name: np.round(values, 6).tolist() for name, values in columns.items()}}


def _rates(jobs: list[Job]) -> list[Any]:
    return list(dict.fromkeys(job.settings["learning_rate"] for job in jobs))
