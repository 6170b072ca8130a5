"""Trained classifiers in a file, back from it, and what they say of new texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnnlab.text.calibration import probabilities
from rnnlab.text.corpus import Encoder
from rnnlab.text.training import logits_of
from rnnlab.text.words import UNKNOWN, Vocabulary

if TYPE_CHECKING:
    from rnnlab.training import Replicas


def save(path: Path, replicas: Replicas, encoder: Encoder, classes: Sequence[str]) -> None:
    """Keeps trained classifiers, and what it takes to put texts to them, in one file."""
    from rnnlab.training import save_replicas

    notes = {"classes": list(classes), "words": list(encoder.vocabulary.words), "length": encoder.length}
    save_replicas(replicas, path, notes, task="text")


def load(path: Path) -> tuple[Replicas, Encoder, tuple[str, ...]]:
    """The networks in a file that `save` wrote, their encoder (without vectors) and classes.

    Raises:
        OSError: there is no such file.
        ValueError: the file holds something else.
    """
    from rnnlab.training import load_replicas

    replicas, notes = load_replicas(path, task="text")
    return replicas, Encoder(Vocabulary(notes["words"]), notes["length"]), tuple(notes["classes"])


def answers(texts: Sequence[str], replicas: Replicas, encoder: Encoder, classes: Sequence[str]) -> list[str]:
    """A line for each text: the class with the largest mean probability, and how many networks say so."""
    words = encoder.encode(texts)
    given = np.stack([probabilities(logits_of(model, words)) for model in replicas.models], axis=1)
    lines = []
    for text, votes in zip(texts, given, strict=True):
        most = int(votes.mean(axis=0).argmax())
        agree = int((votes.argmax(axis=1) == most).sum())
        known = int((encoder.encode([text]) > UNKNOWN).sum())
        unknown = "" if known else "; no word of it is known"
        sure = f"{votes[:, most].mean():.2f} on average; so say {agree} of {len(votes)} networks{unknown}"
        lines.append(f"{text} = {classes[most]} ({sure})")
    return lines
