"""Sums far longer than those that were trained on: who learned to add, and who only looks like it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab.digit_sums.integers import Pair, add, first_wrong
from rnnlab.digit_sums.network import answers
from rnnlab.digit_sums.questions import carry_chains

if TYPE_CHECKING:
    import keras

KINDS = ("random", "carry chains")
MANY, FEW = 2000, 20  # sums of each kind, up to and beyond MANY_DIGITS
MANY_DIGITS = 2000


def examine(twin: keras.Model, lengths: Sequence[int]) -> dict[str, Any]:
    """What a network makes of sums of several lengths, the same sums for every network.

    One that misses a sum is not asked any of more than `MANY_DIGITS` digits.

    Args:
        twin: as `build_streaming_adder` gives it, with the weights of the network.
        lengths: digits of the operands.

    Returns:
        "right": the share of right sums by length and kind; "first_wrong": by kind, the first wrong column of each sum of
        `curve_length(lengths)` digits, beyond the last one where all are right.
    """
    right: dict[str, dict[str, float]] = {}
    wrong_at: dict[str, list[int]] = {}
    for digits in sorted(lengths):
        if digits > MANY_DIGITS and any(share < 1 for kinds in right.values() for share in kinds.values()):
            continue
        right[str(digits)] = {}
        for kind, (a, b) in questions(digits).items():
            wrong = first_wrong(add(a, b), answers(twin, a, b))
            right[str(digits)][kind] = float((wrong > digits).mean())
            if digits == curve_length(lengths):
                wrong_at[kind] = wrong.tolist()
    return {"right": right, "first_wrong": wrong_at}


def curve_length(lengths: Sequence[int]) -> int:
    """The longest of the lengths that every network is asked."""
    return max((n for n in lengths if n <= MANY_DIGITS), default=min(lengths))


def questions(digits: int) -> dict[str, Pair]:
    """Sums to ask, by kind."""
    rng = np.random.default_rng([digits, 1])
    count = MANY if digits <= MANY_DIGITS else FEW
    a, b = (np.pad(rng.integers(10, size=(count, digits), dtype=np.int8), ((0, 0), (0, 1))) for _ in "ab")
    return dict(zip(KINDS, ((a, b), carry_chains(count, digits, rng=rng)), strict=True))
