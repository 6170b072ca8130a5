"""Labelled texts in two parts, and the numbers that a network reads of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab import datasets
from rnnlab.datasets import WordVectors
from rnnlab.datasets.public_texts import OPINIONS, TOPICS
from rnnlab.text.splits import split_texts
from rnnlab.text.words import Vocabulary, embedding_matrix, tokenize

if TYPE_CHECKING:
    import pandas as pd

    from rnnlab.datasets.texts import Column

EMOJI = {"0": "heart", "1": "ball sport", "2": "smile", "3": "sad", "4": "food"}
# What others published, and the names of its labels.
PUBLIC = {
    "emoji": (datasets.emoji_sentences, EMOJI),
    "imdb": (datasets.imdb_reviews, OPINIONS),
    "ag_news": (datasets.ag_news, TOPICS),
}
SOURCES = ("sentences", *PUBLIC)
HELD_OUT = 0.2  # share of one file to test on, and of the training texts that stopping and temperatures may look at
LONGEST = 200  # words that are read of a text at most
MAX_WORDS = 20_000


@dataclass(frozen=True, eq=False)
class Part:
    """Texts and the numbers of their classes, shape (texts,)."""

    texts: tuple[str, ...]
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)

    def rows(self, chosen: np.ndarray) -> Part:
        return Part(tuple(self.texts[row] for row in chosen), self.labels[chosen])


@dataclass(frozen=True, eq=False)
class Labelled:
    """Texts to train on and texts to test on; `classes` names the class of each number."""

    source: str
    classes: tuple[str, ...]
    train: Part
    test: Part

    def divided(self) -> tuple[Part, Part]:
        """The training texts without a fifth of them, and that fifth, the same ones always; copies stay together."""
        kept, aside = split_texts(self.train.texts, self.train.labels.tolist(), share=HELD_OUT)
        return self.train.rows(kept), self.train.rows(aside)


def by_name(source: str) -> Labelled:
    """ "sentences", the package's own; "emoji", "imdb" or "ag_news": see `datasets.emoji_sentences`, `imdb_reviews`, `ag_news`.

    Raises:
        ValueError: it is none of these.
        DataError: its files are not there or wrong.
    """
    if source == "sentences":
        frame = datasets.sentences()
        return _labelled(source, frame[frame.split == "train"], frame[frame.split == "test"])
    if source not in PUBLIC:
        raise ValueError(f"source: expected one of {', '.join(SOURCES)}, got {source!r}")
    load, names = PUBLIC[source]
    return _labelled(source, *(frame.replace({"label": names}) for frame in load()))


def from_files(
    train: Path, test: Path | None = None, *, text: Column | Sequence[Column] = "text", label: Column = "label"
) -> Labelled:
    """One's own labelled texts, see `datasets.read_texts`; without a file to test on, a fifth of each class is set aside.

    Raises:
        DataError: a file is wrong, or the test file has a label that the training file lacks.
        ValueError: there are too few texts to set any aside.
    """
    frame = datasets.read_texts(train, text=text, label=label)
    if test is not None:
        other = datasets.read_texts(test, text=text, label=label, classes=set(frame.label))
        return _labelled(train.stem, frame, other)
    kept, aside = split_texts(frame.text, frame.label, share=HELD_OUT)
    return _labelled(train.stem, frame.iloc[kept], frame.iloc[aside])


def _labelled(source: str, train: pd.DataFrame, test: pd.DataFrame) -> Labelled:
    classes = tuple(sorted(set(train.label)))
    number = {label: place for place, label in enumerate(classes)}
    parts = (Part(tuple(frame.text), np.array([number[label] for label in frame.label], "int32")) for frame in (train, test))
    return Labelled(source, classes, *parts)


@dataclass(frozen=True, eq=False)
class Encoder:
    """What texts become: indices of the words of `vocabulary`, the first `length` of each text, and their `vectors`.

    `vectors` has shape (len(vocabulary), dim), or is None where they are drawn.
    """

    vocabulary: Vocabulary
    length: int
    vectors: np.ndarray | None = None

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Word indices, int32 of shape (texts, length)."""
        return self.vocabulary.encode(texts, self.length)

    def means(self, texts: Sequence[str]) -> np.ndarray:
        """The mean vector of the known words of each text, shape (texts, dim), zeros where none is known.

        Raises:
            ValueError: there are no vectors.
        """
        if self.vectors is None:
            raise ValueError("vectors: expected vectors of words, got none")
        words = self.encode(texts)
        known = np.any(self.vectors != 0, axis=-1)[words]
        return self.vectors[words].sum(axis=1) / np.maximum(known.sum(axis=1, keepdims=True), 1)


def encoder_of(data: Labelled, train: Part, vectors: WordVectors | None = None) -> Encoder:
    """Vocabulary and length by the texts to train on, up to `MAX_WORDS` and `LONGEST`.

    With vectors the vocabulary has the first `MAX_WORDS` words of their file, which stand in order of frequency, and the other
    words of our texts that have a vector: those of the test too, as in a network that holds the whole file.
    """
    length = min(LONGEST, max(len(tokenize(text)) for text in train.texts) or 1)
    if vectors is None:
        return Encoder(Vocabulary.from_texts(train.texts, MAX_WORDS), length)
    ours = {word for part in (data.train, data.test) for text in part.texts for word in tokenize(text)}
    known = [word for place, word in enumerate(vectors.words) if place < MAX_WORDS or word in ours]
    vocabulary = Vocabulary.from_words(known)
    return Encoder(vocabulary, length, embedding_matrix(vocabulary, vectors.words, vectors.values))


def beside(files: Sequence[str]) -> str | None:
    """Files of word vectors as one setting of a study."""
    return " + ".join(files) or None


def files_of(setting: Any) -> list[str]:
    """The files of a setting that `beside` made."""
    return str(setting).split(" + ") if setting else []


def vectors_of(setting: str | None) -> WordVectors | None:
    """The word vectors of a setting that `beside` made; see `datasets.word_vectors`."""
    return datasets.word_vectors(*files_of(setting)) if setting else None
