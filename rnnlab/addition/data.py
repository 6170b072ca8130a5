"""Sums as text: questions such as "12+345", drawn without repeats, and both sides of them as one-hot arrays.

The protocol of the classic sequence-to-sequence adder: a question is padded with blanks to 2 * digits + 1 characters and
reversed, an answer is padded to digits + 1 and not reversed; both are one-hot over twelve characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rnnlab.characters import CharacterTable
from rnnlab.checks import whole

MAX_DIGITS = 6
MOST_UNSEEN = 1_000_000
TABLE = CharacterTable("0123456789+ ")


def count_questions(digits: int) -> int:
    """Different questions with operands of up to `digits` digits; a+b and b+a are the same one."""
    operands = 10 ** whole("digits", digits, 1, MAX_DIGITS)
    return operands * (operands + 1) // 2


def question(index: np.ndarray, digits: int) -> np.ndarray:
    """Pairs (a, b) with a <= b, shape (n, 2), by number: (0, 0), (0, 1), (1, 1), (0, 2), ...; there are `count_questions`."""
    index = np.asarray(index, dtype=np.int64)
    # b is the largest integer with b (b + 1) / 2 <= index; the root is off by one at most.
    b = ((np.sqrt(8.0 * index + 1) - 1) / 2).astype(np.int64)
    b -= b * (b + 1) // 2 > index
    b += (b + 1) * (b + 2) // 2 <= index
    if len(index) and (index.min() < 0 or b.max() >= 10**digits):
        raise ValueError(f"index: expected numbers from 0 to {count_questions(digits) - 1}, got {index.min()} to {index.max()}")
    return np.stack([index - b * (b + 1) // 2, b], axis=-1)


def question_index(pairs: np.ndarray) -> np.ndarray:
    """The number of each question (a, b), whichever operand comes first; the inverse of `question`."""
    pairs = np.sort(np.asarray(pairs, dtype=np.int64), axis=-1)
    a, b = pairs[..., 0], pairs[..., 1]
    return b * (b + 1) // 2 + a


def draw_questions(count: int, digits: int, rng: np.random.Generator, short: float = 0.0) -> np.ndarray:
    """`count` different questions, shape (count, 2), with the operands of each in random order.

    Args:
        short: 0 draws all questions alike, so that hardly any has an operand of one digit; 1 draws operands of each length
            equally often; in general a length that has 10 times as many operands comes 10 ** (1 - `short`) times as often.

    Raises:
        ValueError: there are not so many.
    """
    total = count_questions(digits)
    if not 1 <= count <= total:
        raise ValueError(f"count: expected from 1 to {total} different questions of {digits} digits, got {count}")
    if short == 0 and total <= 1 << 24:
        return turn(question(rng.permutation(total)[:count], digits), rng)
    index = np.empty(0, dtype=np.int64)
    while len(index) < count:
        more = _draw_operands(2 * (count - len(index)) + 100, digits, rng, short)
        index = pd.unique(np.concatenate([index, question_index(more)]))[:count]
    return turn(question(index, digits), rng)


def _draw_operands(count: int, digits: int, rng: np.random.Generator, short: float) -> np.ndarray:
    """Pairs whose lengths are drawn as `draw_questions` says, shape (count, 2); they may repeat."""
    high = 10 ** np.arange(1, digits + 1)
    low = np.concatenate([[0], high[:-1]])
    chance = (high - low) ** (1.0 - short)
    length = rng.choice(digits, size=(count, 2), p=chance / chance.sum())
    return rng.integers(low[length], high[length])


@dataclass(frozen=True)
class Split:
    """Questions, shape (n, 2) each, without repeats: no question stands in two parts or twice, nor does its mirror image.

    Attributes:
        train: to learn from.
        held_out: looked at after each epoch.
        unseen: all questions that are not trained on, the held-out ones among them; where there are more than `MOST_UNSEEN`,
            a random part of them.
    """

    train: np.ndarray
    held_out: np.ndarray
    unseen: np.ndarray


def split_questions(train: int, held_out: int, digits: int, rng: np.random.Generator, short: float = 0.0) -> Split:
    """Draws a split; where there are fewer questions than asked for, 80 % are trained on and 10 % held out.

    Args:
        short: what `draw_questions` takes, for the questions to train on; of the others all count alike.

    Raises:
        ValueError: a count is below 1, or `digits` is out of range.
    """
    train, held_out, total = whole("train", train), whole("held_out", held_out), count_questions(digits)
    train, held_out = min(train, round(0.8 * total)), min(held_out, max(1, round(0.1 * total)))
    trained = draw_questions(train, digits, rng, short)
    others = draw_questions(min(total, train + max(held_out, MOST_UNSEEN)), digits, rng)
    others = others[~np.isin(question_index(others), question_index(trained))]
    return Split(trained, others[:held_out], others[:MOST_UNSEEN])


def turn(pairs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same questions, each with its operands in random order."""
    return np.where(rng.integers(2, size=(len(pairs), 1)) == 1, pairs[:, ::-1], pairs)


def carries(pairs: np.ndarray, digits: int) -> np.ndarray:
    """How many of the columns of each written sum carry, shape (n,)."""
    pairs = np.asarray(pairs, dtype=np.int64)
    powers = 10 ** np.arange(1, digits + 1)
    return ((pairs[:, :1] % powers + pairs[:, 1:] % powers) >= powers).sum(axis=1)


def question_texts(pairs: np.ndarray, digits: int) -> list[str]:
    """Questions as a person writes them, padded with blanks on the right to 2 * digits + 1 characters."""
    width = 2 * digits + 1
    return [f"{a}+{b}".ljust(width) for a, b in np.asarray(pairs).tolist()]


def answer_texts(pairs: np.ndarray, digits: int) -> list[str]:
    """Answers, padded with blanks on the right to digits + 1 characters."""
    return [str(a + b).ljust(digits + 1) for a, b in np.asarray(pairs).tolist()]


def encode_questions(texts: Sequence[str], digits: int) -> np.ndarray:
    """Network inputs, shape (n, 2 * digits + 1, 12), from padded questions. The one place where they are reversed."""
    return TABLE.encode(texts, 2 * digits + 1)[:, ::-1]


def encode_answers(texts: Sequence[str], digits: int) -> np.ndarray:
    """Network targets, shape (n, digits + 1, 12), from padded answers."""
    return TABLE.encode(texts, digits + 1)


def encode(pairs: np.ndarray, digits: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets of questions (a, b), shape (n, 2)."""
    return encode_questions(question_texts(pairs, digits), digits), encode_answers(answer_texts(pairs, digits), digits)
