"""What networks answer to questions, as numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab import questions
from rnnlab.addition.data import TABLE, encode_questions, question_texts

if TYPE_CHECKING:
    from rnnlab.training import Replicas

PORTION = 1 << 15  # questions asked at a time


def answers(predict: Callable[[np.ndarray], np.ndarray], pairs: np.ndarray, digits: int) -> np.ndarray:
    """What networks answer to questions (a, b), shape (n, 2), as numbers of shape (networks, n); -1 where it is no number.

    A number counts as written in the protocol: without leading zeros, blanks behind it.

    Args:
        predict: probabilities of shape (networks, n, digits + 1, 12) from inputs, such as `Replicas.predict`.
    """
    portions = []
    for start in range(0, len(pairs), PORTION):
        part = pairs[start : start + PORTION]
        # The last portion is filled up, so that only one shape is compiled.
        filled = np.resize(part, (min(PORTION, len(pairs)), 2))
        outputs = predict(encode_questions(question_texts(filled, digits), digits))
        portions.append(_numbers(outputs.argmax(axis=-1)[:, : len(part)]))
    return np.concatenate(portions, axis=1)


def _numbers(codes: np.ndarray) -> np.ndarray:
    """Numbers from codes of `TABLE`, shape (..., length), whose first ten characters are the digits; -1 where there is none."""
    is_digit = codes < 10
    length = is_digit.sum(axis=-1)
    place = np.arange(codes.shape[-1])
    written = np.where(place < length[..., None], is_digit, codes == TABLE.characters.index(" ")).all(axis=-1)
    written &= (length > 0) & ((codes[..., 0] > 0) | (length == 1))
    powers = 10 ** np.maximum(length[..., None] - 1 - place, 0)
    return np.where(written, (np.where(is_digit, codes, 0) * powers).sum(axis=-1), questions.NO_NUMBER)


def answered(replicas: Replicas, settings: Mapping[str, Any], asked: Sequence[str]) -> Iterator[str]:
    """A line for each question: the answer that most of the networks give, and whether it is right."""
    pairs = np.array([questions.parse_question(text, settings["digits"]) for text in asked])
    return questions.answered(pairs.tolist(), answers(replicas.predict, pairs, settings["digits"]).T.tolist())


def right_of_ten(exact: Sequence[float] | np.ndarray, held_out: int, rng: np.random.Generator) -> np.ndarray:
    """The published measure, how many of ten random held-out questions are right, for each fraction `exact` that is right.

    Ten questions drawn out of `held_out` of which a known number is answered right: that number is hypergeometric.
    """
    right = np.round(np.asarray(exact) * held_out).astype(int)
    return rng.hypergeometric(right, held_out - right, min(10, held_out))
