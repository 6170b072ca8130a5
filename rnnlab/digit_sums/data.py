"""Questions to train on and to ask, as arrays: operands from half a range, sums in which carries travel far, encoded digits."""

from __future__ import annotations

from numbers import Real

import numpy as np

from rnnlab.checks import one_of, whole
from rnnlab.digit_sums.integers import Pair, operands

HALVES = {"lower": (0, 5), "upper": (5, 10), "all": (0, 10)}  # the leading digits of each half of a range
VARIANTS = {"as_run": 1, "as_claimed": 0}  # by how many digits operands are shorter than maxlen
FULL = 0.8

_STARTERS = np.argwhere(np.add.outer(np.arange(10), np.arange(10)) >= 10).astype(np.int8)


def draw_operands(count: int, maxlen: int, *, half: str, rng: np.random.Generator, variant: str = "as_run") -> Pair:
    """Operands drawn uniformly from half a range, two arrays of shape (count, maxlen + 1).

    Args:
        half: "lower" (to train on), "upper" (to evaluate on) or "all".
        variant: "as_run" draws from [0, 10**(maxlen - 1)) as int(U * 10**(maxlen - 1)) does, with U below or above 0.5;
            "as_claimed" from [0, 10**maxlen). Digits are drawn one by one, so all of them are random at any length.

    Raises:
        ValueError: `half` or `variant` is unknown, `count` is below 1, or `maxlen` is too small for one digit.
    """
    one_of("half", half, HALVES)
    one_of("variant", variant, VARIANTS)
    count, maxlen = whole("count", count), whole("maxlen", maxlen, 1 + VARIANTS[variant])
    length = maxlen - VARIANTS[variant]
    a, b = (np.zeros((count, maxlen + 1), dtype=np.int8) for _ in range(2))
    for digits in (a, b):
        digits[:, : length - 1] = rng.integers(10, size=(count, length - 1), dtype=np.int8)
        digits[:, length - 1] = rng.integers(*HALVES[half], size=count)
    return a, b


def carry_chains(count: int, length: int, *, rng: np.random.Generator) -> Pair:
    """Questions in which carries travel far, two arrays of shape (count, length + 1).

    The first is 99...9 + 1 with `length` nines. In the others the digits of a column sum to 9, which passes a carry on, but for
    columns here and there that start one (10 or more) or stop it (8 or less). The lowest column starts one. The mean stretch
    from one such column to the next differs between questions: from 1 to `length`, uniform on a logarithmic scale.

    Raises:
        ValueError: `count` or `length` is below 1.
    """
    count, length = whole("count", count), whole("length", length)
    a, b = _chains(np.full(count, length), length + 1, rng)
    a[0, :length], b[0], b[0, 0] = 9, 0, 1
    return a, b


def carry_rich(count: int, maxlen: int, chains: float, *, rng: np.random.Generator) -> Pair:
    """Mixed questions in random order: the fraction `chains` of them carry chains, in the others all digits are random.

    `FULL` of them fill `maxlen` columns, the others 1 to `maxlen` of them. With lengths that are all drawn alike two columns
    of five are empty, and of four GRUs trained on such sums of up to 10 digits none got all sums of 1,000 digits right.

    Returns:
        Two arrays of shape (count, maxlen + 1).

    Raises:
        ValueError: `count` or `maxlen` is below 1, or `chains` is not from 0 to 1.
    """
    count, maxlen = whole("count", count), whole("maxlen", maxlen)
    if not isinstance(chains, Real) or not 0 <= chains <= 1:
        raise ValueError(f"chains: expected a number from 0 to 1, got {chains!r}")
    lengths = np.where(rng.random(count) < FULL, maxlen, rng.integers(1, maxlen + 1, size=count))
    within = np.arange(maxlen + 1) < lengths[:, None]
    a, b = (rng.integers(10, size=within.shape, dtype=np.int8) * within for _ in "ab")
    rows = rng.permutation(count)[: round(float(chains) * count)]
    a[rows], b[rows] = _chains(lengths[rows], maxlen + 1, rng)
    return a, b


def encode(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Network inputs from operands of shape (n, length): int32, shape (n, length, 2).

    Raises:
        ValueError: the operands are not digits of one shape.
    """
    return np.stack(operands(a, b), axis=-1).astype(np.int32)


def _chains(lengths: np.ndarray, width: int, rng: np.random.Generator) -> Pair:
    a = rng.integers(10, size=(len(lengths), width), dtype=np.int8)
    b = 9 - a
    breaks = rng.random(a.shape) < (lengths ** -rng.random(len(lengths)))[:, None]
    breaks[:, 0] = True
    starts = rng.integers(2, size=a.shape, dtype=np.int8)
    starts[:, 0] = 1
    pairs = _STARTERS[rng.integers(len(_STARTERS), size=np.count_nonzero(breaks))]
    # The complements of two digits that sum to 10 or more sum to 8 or less.
    a[breaks], b[breaks] = np.where(starts[breaks][:, None] == 1, pairs, 9 - pairs).T
    within = np.arange(width) < lengths[:, None]
    return a * within, b * within
