"""Trains language models of letters, each with the textbook's loop: forward, backward, update."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from rnnlab.by_hand import network, optimizers
from rnnlab.by_hand.data import TIME, Letters
from rnnlab.by_hand.lstm import Arrays
from rnnlab.study.plan import Job
from rnnlab.study.store import Result

BATCH, EMBEDDING = 16, 16
LAST = 10  # updates whose mean loss is the score

OPTIMIZERS: dict[str, Callable[[float], Any]] = {
    "SGD": optimizers.SGD,
    "momentum": optimizers.Momentum,
    "AdaGrad": optimizers.AdaGrad,
    "RMSprop": optimizers.RMSprop,
    "Adam": optimizers.Adam,
}


def train(letters: Letters, jobs: list[Job], done: Callable[[Job, Result], None]) -> None:
    """Trains one network after the other; for `rnnlab.study.run`, with the first argument filled in."""
    for job in jobs:
        done(job, train_one(letters, job.settings, job.seed))


def train_one(letters: Letters, settings: dict[str, Any], seed: int) -> Result:
    """A language model; with one seed all arms draw the same weights and see the same batches.

    The curve has the loss of each batch, and the spread: the standard deviation of the outputs h over the units, a mean over
    the batch and its time steps.
    """
    started = time.perf_counter()
    rng = np.random.default_rng(seed)
    p = network.draw(rng, vocabulary_size=letters.kinds, embedding_dim=EMBEDDING, hidden=settings["hidden"])
    p = started_from(settings["start"], p)
    optimizer = OPTIMIZERS[settings["optimizer"]](settings["rate"])
    losses, spreads = [], []
    for _ in range(settings["updates"]):
        places = rng.integers(0, len(letters.codes) - TIME, BATCH)[:, None] + np.arange(TIME + 1)
        batch = letters.codes[places]
        loss, trace = network.forward(batch[:, :-1], batch[:, 1:], p)
        optimizer.update(p, network.backward(trace, p))
        losses.append(loss)
        spreads.append(float(trace.h.std(axis=-1).mean()))
    scores = {"loss": float(np.mean(losses[-LAST:])), "spread": spreads[-1], "largest_spread": max(spreads)}
    curve: dict[str, list[float]] = {"update": list(range(1, len(losses) + 1)), "loss": losses, "spread": spreads}
    return Result(scores, time.perf_counter() - started, curve)


def started_from(start: str, drawn: Arrays) -> Arrays:
    """Initial weights of a start, from those that were drawn."""
    if start == "all zero":
        return {name: np.zeros_like(value) for name, value in drawn.items()}
    if start == "all 0.1":
        return {name: np.full_like(value, 0.1) for name, value in drawn.items()}
    if start == "only LSTM zero":
        return {name: np.zeros_like(value) if name.startswith("layer") else value for name, value in drawn.items()}
    return drawn
