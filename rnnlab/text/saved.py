"""What kept classifiers need besides their networks, and what they predict of new texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab.study.plan import Study
from rnnlab.text.calibration import probabilities
from rnnlab.text.data import Encoder, Labelled, encoder_of
from rnnlab.text.recipe import recipe_of
from rnnlab.text.training import logits_of
from rnnlab.text.words import UNKNOWN, Vocabulary

if TYPE_CHECKING:
    import keras

    from rnnlab.training import Replicas


def parts_of(data: Labelled, plan: Study) -> tuple[Callable[[int], keras.Model], dict[str, Any]]:
    """What the networks of a plan with one arm become models by, and what else they need, which survives JSON."""
    encoder, settings = encoder_of(data, data.train), plan.settings(next(iter(plan.arms)))
    notes = {"classes": list(data.classes), "words": list(encoder.vocabulary.words), "length": encoder.length}
    return partial(recipe_of(settings).build, encoder, len(data.classes)), notes


def load(path: Path) -> tuple[Replicas, dict[str, Any]]:
    """The networks in a file that --save wrote, and the notes of `parts_of`; see `rnnlab.training.load_replicas`."""
    from rnnlab.training import load_replicas

    return load_replicas(path, task="text")


def predictions(texts: Sequence[str], replicas: Replicas, notes: dict[str, Any]) -> list[str]:
    """A line for each text: the class with the largest mean probability, and how many networks predict it."""
    encoder = Encoder(Vocabulary(notes["words"]), notes["length"])
    words = encoder.encode(texts)
    given = np.stack([probabilities(logits_of(model, words)) for model in replicas.models], axis=1)
    lines = []
    for text, indices, votes in zip(texts, words, given, strict=True):
        most = int(votes.mean(axis=0).argmax())
        agree = f"probability {votes[:, most].mean():.2f}, {(votes.argmax(axis=1) == most).sum()} of {len(votes)} networks"
        unknown = "" if (indices > UNKNOWN).any() else "; no word of it is known"
        lines.append(f"{text} = {notes['classes'][most]} ({agree}{unknown})")
    return lines
