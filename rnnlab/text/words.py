"""Words of texts, their indices, and the vectors that stand for them."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np

from rnnlab.checks import texts as checked
from rnnlab.checks import whole

# Numbers that a network reads where there is no word, and where there is one that the vocabulary lacks.
PADDING, UNKNOWN = 0, 1
_PUNCTUATION = string.punctuation.encode()


def tokenize(text: str) -> list[str]:
    """The words of a text, as the layer TextVectorization of Keras gives them, so that a saved network reads strings as we do.

    The 32 signs of ASCII punctuation are deleted, not replaced by a blank ("don't" is "dont", "good...bad" is "goodbad"); A to
    Z become small letters; ASCII white space separates the words. All other characters stay as they are, also capital letters
    beyond ASCII, typographic apostrophes and emoji.
    """
    return [word.decode() for word in text.encode().translate(None, _PUNCTUATION).lower().split()]


class Vocabulary:
    """Words and their indices: the first word is 2, after `PADDING`, 0, and `UNKNOWN`, 1.

    `len(vocabulary)` counts these two, so that it is the `vocabulary_size` of a network.

    Args:
        words: each once, as `tokenize` gives them.

    Raises:
        ValueError: a word stands twice or is none that `tokenize` gives, or there is no word.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.words = tuple(checked("words", words))
        if not self.words:
            raise ValueError("words: expected at least one word, got none")
        self._index = {word: index for index, word in enumerate(self.words, UNKNOWN + 1)}
        for index, word in enumerate(self.words, UNKNOWN + 1):
            if self._index[word] != index:
                raise ValueError(f"words: expected each word once, got {word!r} twice")
            if tokenize(word) != [word]:
                raise ValueError(f"words: expected words as tokenize gives them, got {word!r}")

    @classmethod
    def from_texts(cls, texts: Sequence[str], max_words: int | None = None) -> Vocabulary:
        """The words of training texts, the most frequent first, equally frequent ones in the order of the alphabet.

        Args:
            max_words: keeps this many of the most frequent words; None keeps all.

        Raises:
            ValueError: the texts hold no word, or `max_words` is below 1.
        """
        kept = None if max_words is None else whole("max_words", max_words)
        counts = Counter(chain.from_iterable(map(tokenize, checked("texts", texts))))
        return cls(sorted(counts, key=lambda word: (-counts[word], word))[:kept])

    @classmethod
    def from_words(cls, words: Iterable[str]) -> Vocabulary:
        """The words of a file of word vectors, without those that `tokenize` never gives, such as "," and "n't".

        Raises:
            ValueError: a word stands twice, or no word is left.
        """
        return cls(word for word in words if tokenize(word) == [word])

    def __len__(self) -> int:
        return len(self.words) + UNKNOWN + 1

    def __contains__(self, word: str) -> bool:
        return word in self._index

    def encode(self, texts: Sequence[str], length: int | None = None) -> np.ndarray:
        """Word indices, int32 of shape (texts, length): the first `length` words of each text (None: all), padded on the right.

        Raises:
            ValueError: something else than texts came, or `length` is below 1.
        """
        rows = [[self._index.get(word, UNKNOWN) for word in tokenize(text)] for text in checked("texts", texts)]
        width = max([1, *map(len, rows)]) if length is None else whole("length", length)
        encoded = np.full((len(rows), width), PADDING, dtype=np.int32)
        for target, row in zip(encoded, rows, strict=True):
            target[: len(row)] = row[:width]
        return encoded


def embedding_matrix(vocabulary: Vocabulary, words: Sequence[str], values: np.ndarray) -> np.ndarray:
    """The vectors of a vocabulary, float32 of shape (len(vocabulary), dim): row i belongs to index i.

    Padding, the unknown word and words without a vector get zeros; `values` has shape (len(words), dim), and of a word that
    stands twice the first counts.

    Raises:
        ValueError: the shapes do not agree, or no word of the vocabulary is among the words.
    """
    values = np.asarray(values)
    if values.ndim != 2 or len(values) != len(words):
        raise ValueError(f"values: expected shape ({len(words)}, dim), a row for each word, got {values.shape}")
    row_of = {word: row for row, word in reversed(list(enumerate(words)))}
    found = [(index, row_of[word]) for index, word in enumerate(vocabulary.words, UNKNOWN + 1) if word in row_of]
    if not found:
        raise ValueError(f"words: expected some of the {len(vocabulary.words)} words of the vocabulary, got none of them")
    indices, rows = np.transpose(found)
    matrix = np.zeros((len(vocabulary), values.shape[1]), dtype=np.float32)
    matrix[indices] = values[rows]
    return matrix
