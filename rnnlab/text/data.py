"""Labelled texts in two parts, and the numbers that a network reads of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab import datasets
from rnnlab.checks import one_of
from rnnlab.datasets import WordVectors
from rnnlab.datasets.public_texts import OPINIONS, TOPICS
from rnnlab.text.splits import split_texts
from rnnlab.text.words import Vocabulary, embedding_matrix, tokenize

if TYPE_CHECKING:
    import pandas as pd

EMOJI = {"0": "heart", "1": "ball sport", "2": "smile", "3": "sad", "4": "food"}
# What others published, and the names of its labels.
PUBLIC = {
    "emoji": (datasets.emoji_sentences, EMOJI),
    "imdb": (datasets.imdb_reviews, OPINIONS),
    "ag_news": (datasets.ag_news, TOPICS),
}
SOURCES = ("sentences", *PUBLIC)
HELD_OUT = 0.2  # fraction of one file to test on, and of the training texts that stopping and temperatures may look at
FOLDS = 5  # of a cross-validation
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
    """Texts to train on and texts to test on; `classes` names the class of each number.

    `source` and `vectors_source` name public texts, and files with the first digits of a hash of what was read from them, which
    tell two of one name apart.
    """

    source: str
    classes: tuple[str, ...]
    train: Part
    test: Part
    vectors: WordVectors | None = None
    vectors_source: str | None = None


def by_name(source: str) -> Labelled:
    """ "sentences", the package's own; "emoji", "imdb" or "ag_news": see `datasets.emoji_sentences`, `imdb_reviews`, `ag_news`.

    Raises:
        ValueError: it is none of these.
        DataError: its files are not there or wrong.
    """
    if one_of("source", source, SOURCES) == "sentences":
        frame = datasets.sentences()
        return _labelled(source, frame[frame.split == "train"], frame[frame.split == "test"])
    load, names = PUBLIC[source]
    return _labelled(source, *(frame.replace({"label": names}) for frame in load()))


def from_files(
    train: Path, test: Path | None = None, *more: Path, text: Sequence[str] = ("text",), label: str = "label"
) -> Labelled:
    """One's own labelled texts, see `datasets.read_texts`; without a file to test on, a fifth of each class is set aside.

    `text` and `label` are names of columns, or their positions as digits.

    Raises:
        DataError: a file is wrong, or the test file has a label that the training file lacks.
        ValueError: there are too few texts to set any aside, or more than two files.
    """
    if more:
        raise ValueError(f"csv: expected one file or two, got {2 + len(more)}")
    *columns, last = (int(name) if name.isdecimal() else name for name in (*text, label))
    chosen: Any = {"text": columns, "label": last}
    frame = datasets.read_texts(train, **chosen)
    if test is not None:
        parts = frame, datasets.read_texts(test, **chosen, classes=set(frame.label))
    else:
        kept, aside = split_texts(frame.text, frame.label, fraction=HELD_OUT)
        parts = frame.iloc[kept], frame.iloc[aside]
    content = "\0".join(text for part in parts for column in (part.text, part.label) for text in column)
    return _labelled(f"{train.stem} {_digits(content.encode())}", *parts)


def with_vectors(data: Labelled, *files: str) -> Labelled:
    """The texts with the word vectors of files, see `datasets.word_vectors`.

    The first `MAX_WORDS` words of a file are kept, which stand in order of frequency, and the other words of our texts that
    have a vector: those of the test too, as in a network that holds the whole file.
    """
    found = datasets.word_vectors(*files)
    ours = {word for part in (data.train, data.test) for text in part.texts for word in tokenize(text)}
    rows = [place for place, word in enumerate(found.words) if place < MAX_WORDS or word in ours]
    vectors = WordVectors(tuple(found.words[row] for row in rows), found.values[rows])
    names = " + ".join(Path(file).name for file in files)
    return replace(data, vectors=vectors, vectors_source=f"{names} {_digits(vectors.values.tobytes())}")


def _labelled(source: str, train: pd.DataFrame, test: pd.DataFrame) -> Labelled:
    classes = tuple(sorted(set(train.label)))
    number = {label: place for place, label in enumerate(classes)}
    parts = [Part(tuple(frame.text), frame.label.map(number).to_numpy("int32")) for frame in (train, test)]
    return Labelled(source, classes, parts[0], parts[1])


def _digits(content: bytes) -> str:
    return sha256(content).hexdigest()[:8]


@dataclass(frozen=True, eq=False)
class Encoder:
    """The words of a text that are read, the first `length`, and their vectors, shape (len(vocabulary), dim); None: drawn."""

    vocabulary: Vocabulary
    length: int
    vectors: np.ndarray | None = None

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Word indices, int32 of shape (texts, length)."""
        return self.vocabulary.encode(texts, self.length)

    def pair(self, part: Part) -> tuple[np.ndarray, np.ndarray]:
        """Word indices, and class numbers of shape (texts,)."""
        return self.encode(part.texts), part.labels


def encoder_of(data: Labelled, train: Part) -> Encoder:
    """Vocabulary and length by the texts to train on, up to `MAX_WORDS` and `LONGEST`; with vectors, all words of theirs."""
    length = min(LONGEST, max(len(tokenize(text)) for text in train.texts) or 1)
    if data.vectors is None:
        return Encoder(Vocabulary.from_texts(train.texts, MAX_WORDS), length)
    vocabulary = Vocabulary.from_words(data.vectors.words)
    return Encoder(vocabulary, length, embedding_matrix(vocabulary, data.vectors.words, data.vectors.values))


def divided(data: Labelled) -> tuple[Part, Part]:
    """The training texts without a fifth of them, and that fifth, the same ones always; copies stay together."""
    kept, aside = split_texts(data.train.texts, data.train.labels.tolist(), fraction=HELD_OUT)
    return data.train.rows(kept), data.train.rows(aside)


@lru_cache(maxsize=FOLDS)
def fold_of(data: Labelled, fold: int) -> tuple[Part, Part]:
    """The training texts without those of a fold (0 to `FOLDS` - 1), and these; copies share a fold."""
    from sklearn.model_selection import StratifiedGroupKFold

    groups = [" ".join(tokenize(text)) for text in data.train.texts]
    parts = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0).split(groups, data.train.labels, groups)
    kept, aside = list(parts)[fold]
    return data.train.rows(kept), data.train.rows(aside)
