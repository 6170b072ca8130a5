"""Sums that trained networks are asked: far longer ones, which show who learned to add, and a user's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab import questions
from rnnlab.digit_sums.data import carry_chains
from rnnlab.digit_sums.integers import Pair, add, digits_of, first_wrong, number_of
from rnnlab.digit_sums.network import answers, twin_of

if TYPE_CHECKING:
    import keras

    from rnnlab.training import Replicas

KINDS = ("random", "carry chains")
MANY, FEW = 2000, 20  # sums of each kind, up to and beyond MANY_DIGITS
MANY_DIGITS = 2000
LONGEST = 1000  # digits of an operand that a user asks


def examine(twin: keras.Model, lengths: Sequence[int]) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """What a network makes of sums of several lengths, the same sums for every network.

    One that misses a sum is not asked any of more than `MANY_DIGITS` digits.

    Args:
        twin: as `build_streaming_adder` gives it, with the weights of the network.
        lengths: digits of the operands.

    Returns:
        The fraction of right sums by `right_name` of length and kind, nan where the network is not asked; and by
        `wrong_name` of the kind the first wrong column of each sum of `curve_length(lengths)` digits, beyond the last one where
        all are right.
    """
    right: dict[str, float] = {}
    wrong_at: dict[str, np.ndarray] = {}
    for digits in sorted(lengths):
        if digits > MANY_DIGITS and any(fraction != 1 for fraction in right.values()):
            right |= {right_name(digits, kind): np.nan for kind in KINDS}
            continue
        for kind, (a, b) in _asked(digits).items():
            wrong = first_wrong(add(a, b), answers(twin, a, b))
            right[right_name(digits, kind)] = float((wrong > digits).mean())
            if digits == curve_length(lengths):
                wrong_at[wrong_name(kind)] = wrong.astype(np.int32)
    return right, wrong_at


def right_name(digits: int, kind: str) -> str:
    """The name of a score."""
    return f"right_{digits}_{kind}".replace(" ", "_")


def wrong_name(kind: str) -> str:
    """The name of an array."""
    return f"first_wrong_{kind}".replace(" ", "_")


def curve_length(lengths: Sequence[int]) -> int:
    """The longest of the lengths that every network is asked."""
    return max((n for n in lengths if n <= MANY_DIGITS), default=min(lengths))


def _asked(digits: int) -> dict[str, Pair]:
    """Sums to ask, by kind."""
    rng = np.random.default_rng([digits, 1])
    count = MANY if digits <= MANY_DIGITS else FEW
    a, b = (np.pad(rng.integers(10, size=(count, digits), dtype=np.int8), ((0, 0), (0, 1))) for _ in "ab")
    return dict(zip(KINDS, ((a, b), carry_chains(count, digits, rng=rng)), strict=True))


def answered(replicas: Replicas, settings: Mapping[str, Any], asked: Sequence[str]) -> Iterator[str]:
    """A line for each question: the answer that most of the networks give, and whether it is right."""
    pairs = [questions.parse_question(text, LONGEST) for text in asked]
    length = max(len(str(number)) for pair in pairs for number in pair) + 1
    a, b = (digits_of(numbers, length) for numbers in zip(*pairs, strict=True))
    twin, given = twin_of(settings), []
    for model in replicas.models:
        twin.set_weights(model.get_weights())
        given.append(number_of(answers(twin, a, b)))
    return questions.answered(pairs, zip(*given, strict=True))
