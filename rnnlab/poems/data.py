"""From a text to the samples that a character language model reads: filters, split, vocabulary, token numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Any

import numpy as np

PAD, UNKNOWN, END = 0, 1, 2
SPECIAL = 3
# What stands for the numbers above where a text is shown.
SIGNS = ("", "□", "")
MAX_CHARACTERS, MIN_COUNT = 6000, 2
HELD_OUT = 0.2
# In content that holds one of them, something other than verses stands: notes, gaps, other titles.
NOT_VERSE = frozenset(":_(（《[")
LENGTHS = {"titled": 48, "lines": 24, "text": 100}
TEXT_LENGTH = 400  # characters of a text that is written and is not a poem


def samples_of(text: str, form: str, length: int | None = None) -> list[str]:
    """The samples of a text, with the filters of the published models.

    "titled" gives the contents of at least 20 characters without any of `NOT_VERSE`, cut at `length`; "lines" the lines of 10
    to `length` characters, a blank line being nothing; "text" the pieces of `length` + 1 characters that lie end to end, so
    that each predicts `length`.

    Args:
        form: "titled", "lines" or "text".
        length: characters of a sample at most; None is 48, 24 and 100.

    Raises:
        ValueError: no sample is left.
    """
    length = length or LENGTHS[form]
    if form == "titled":
        contents = [line.partition(":")[2] for line in text.split("\n")]
        found = [content[:length] for content in contents if len(content) >= 20 and not NOT_VERSE & set(content)]
    elif form == "lines":
        found = [line for line in map(str.strip, text.split("\n")) if 10 <= len(line) <= length]
    else:
        found = [text[start : start + length + 1] for start in range(0, len(text) - length, length)]
    if len(found) < 2:
        raise ValueError(f"corpus: expected at least 2 samples of the form {form!r}, got {len(found)} after the filters")
    return found


def split(samples: Sequence[str], seed: int = 0, held_out: float = HELD_OUT) -> tuple[list[str], list[str]]:
    """Training and held-out samples, drawn at random; copies of one sample never straddle the split."""
    different = list(dict.fromkeys(samples))
    order = np.random.default_rng(seed).permutation(len(different))
    held = {different[place] for place in order[: max(1, round(held_out * len(different)))]}
    return [sample for sample in samples if sample not in held], [sample for sample in samples if sample in held]


@dataclass(frozen=True)
class Vocabulary:
    """Characters and their numbers from 3 on; 0 pads, 1 is any other character, 2 ends a sample.

    Args:
        characters: each once, in the order of their numbers.

    Raises:
        ValueError: a character stands twice.
    """

    characters: str

    def __post_init__(self) -> None:
        if len(set(self.characters)) != len(self.characters):
            raise ValueError("characters: expected each character once")

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {character: number for number, character in enumerate(self.characters, SPECIAL)}

    @classmethod
    def of(cls, samples: Sequence[str], most: int = MAX_CHARACTERS, least: int = MIN_COUNT) -> Vocabulary:
        """The characters of training samples, the commonest first: at most `most`, each at least `least` times."""
        counts = Counter(character for sample in samples for character in sample)
        ranked = sorted(counts, key=lambda character: (-counts[character], character))
        return cls("".join(character for character in ranked[:most] if counts[character] >= least))

    def __len__(self) -> int:
        return SPECIAL + len(self.characters)

    def __contains__(self, character: object) -> bool:
        return character in self._numbers

    def number(self, character: str) -> int:
        """The number of a character, UNKNOWN for one that the vocabulary lacks."""
        return self._numbers.get(character, UNKNOWN)

    def encode(self, samples: Sequence[str], *, end: bool = True) -> np.ndarray:
        """Numbers of shape (samples, longest sample), int32, padded at the end; with `end` each has an end mark."""
        rows = [[self.number(character) for character in sample] + [END] * end for sample in samples]
        codes = np.full((len(rows), max(map(len, rows), default=0)), PAD, np.int32)
        for row, numbers in zip(codes, rows, strict=True):
            row[: len(numbers)] = numbers
        return codes

    def decode(self, codes: np.ndarray) -> list[str]:
        """Texts of rows of numbers, each up to its end mark; what stands for an unknown character is `SIGNS[UNKNOWN]`."""
        table, rows = [*SIGNS, *self.characters], np.asarray(codes).tolist()
        return ["".join(table[number] for number in takewhile(END.__ne__, row)) for row in rows]


@dataclass(frozen=True, eq=False)
class Data:
    """Samples as numbers, int32 of shape (samples, length): each sample without its last character, and without its first."""

    vocabulary: Vocabulary
    form: str
    train: np.ndarray
    held_out: np.ndarray

    @property
    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets to train on, the sequence and the same shifted by one: (samples, length - 1) each."""
        return self.train[:, :-1], self.train[:, 1:]

    @property
    def held_out_pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """The same of the held-out samples."""
        return self.held_out[:, :-1], self.held_out[:, 1:]

    @property
    def notes(self) -> dict[str, Any]:
        """What a network needs besides its weights to write, as values that survive a round trip through JSON."""
        firsts = np.sort(self.train[:, 0])
        return {
            "form": self.form,
            "length": TEXT_LENGTH if self.form == "text" else self.train.shape[1] - 1,
            "characters": self.vocabulary.characters,
            "firsts": "".join(self.vocabulary.characters[number - SPECIAL] for number in firsts[firsts >= SPECIAL]),
        }


def prepare(text: str, form: str, *, length: int | None = None, most: int | None = None, seed: int = 0) -> Data:
    """A text as data: filtered, split, its vocabulary taken from the training part alone.

    Args:
        length: see `samples_of`.
        most: take only so many samples, drawn at random.
        seed: of the draw and of the split.

    Raises:
        ValueError: see `samples_of`.
    """
    samples = samples_of(text, form, length)
    if most is not None and most < len(samples):
        chosen = np.sort(np.random.default_rng([seed, 1]).permutation(len(samples))[:most])
        samples = [samples[place] for place in chosen]
    train, held_out = split(samples, seed)
    vocabulary = Vocabulary.of(train)
    both = vocabulary.encode([*train, *held_out], end=form != "text")
    return Data(vocabulary, form, *np.split(both, [len(train)]))
