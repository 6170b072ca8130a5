"""Whole numbers of any length as rows of digits: exact sums, and how far their carries travel."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from rnnlab.checks import whole

Pair = tuple[np.ndarray, np.ndarray]


def digits_of(numbers: Sequence[int], length: int) -> np.ndarray:
    """Digits of whole numbers of any size, shape (n, length).

    Raises:
        ValueError: a number is not an integer, negative, or has more than `length` digits; or there is none.
    """
    length = whole("length", length)
    # Python itself converts no more than 4,300 digits to or from text.
    rows = [str(Decimal(whole(f"numbers[{place}]", number, 0))) for place, number in enumerate(numbers)]
    if not rows:
        raise ValueError("numbers: expected at least one, got none")
    if (longest := max(map(len, rows))) > length:
        raise ValueError(f"numbers: expected at most {length} digits, got {longest}")
    text = "".join(row.zfill(length) for row in rows)
    points = np.frombuffer(text.encode("ascii"), dtype=np.int8).reshape(len(rows), length)
    return np.ascontiguousarray(points[:, ::-1] - ord("0"))


def number_of(digits: np.ndarray) -> list[int]:
    """The Python integers that rows of digits, shape (n, length), stand for; the inverse of `digits_of`.

    Raises:
        ValueError: `digits` is not such an array.
    """
    points = valid_digits("digits", digits)[:, ::-1] + np.int8(ord("0"))
    return [int(Decimal(row.tobytes().decode("ascii"))) for row in points]


def add(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Exact sums of numbers given as digits: (n, length) and (n, length) -> (n, length).

    Raises:
        ValueError: the operands are not digits of one shape, or a sum needs one more column.
    """
    a, b = operands(a, b)
    carry = _carries(a + b) & 1
    if carry[:, -1].any():
        raise ValueError(f"a, b: expected sums of at most {a.shape[1]} digits, got a carry out of the last column")
    total = a + b
    total[:, 1:] += carry[:, :-1].astype(np.int8)
    return total % np.int8(10)


def carry_lengths(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Through how many columns the carry that travels farthest in each sum goes, shape (n,); 0 where nothing carries.

    That is the column where it starts, whose digits sum to 10 or more, and those after it that pass it on, which sum to 9.

    Raises:
        ValueError: the operands are not digits of one shape.
    """
    a, b = operands(a, b)
    source = _carries(a + b)
    lengths = np.arange(2, a.shape[1] + 2, dtype=np.int32) - source // 2
    return np.where(source & 1, lengths, 0).max(axis=1)


def _carries(total: np.ndarray) -> np.ndarray:
    """For each column of digit sums, (n, length): twice the number, from 1, of the column that decides, + 1 if it carries.

    The last column up to here whose sum is not 9 decides, for those between only pass on what comes: a running maximum.
    """
    column = np.arange(1, total.shape[1] + 1, dtype=np.int32)
    return np.maximum.accumulate(np.where(total == 9, 0, 2 * column + (total > 9)), axis=1)


def first_wrong(right: np.ndarray, given: np.ndarray) -> np.ndarray:
    """The lowest column in which each answer is wrong, shape (n,), from digits of shape (n, length); `length` where none is.

    Raises:
        ValueError: right and given answers are not digits of one shape.
    """
    right, given = operands(right, given, ("right", "given"))
    wrong = right != given
    return np.where(wrong.any(axis=1), wrong.argmax(axis=1), right.shape[1])


def valid_digits(name: str, digits: np.ndarray) -> np.ndarray:
    """Digits as int8, shape (n, length)."""
    digits = np.asarray(digits)
    if digits.ndim != 2 or not digits.size or digits.dtype.kind not in "iu":
        raise ValueError(f"{name}: expected integers of shape (n, length), got {digits.dtype} of shape {digits.shape}")
    if digits.min() < 0 or digits.max() > 9:
        raise ValueError(f"{name}: expected digits from 0 to 9, got numbers from {digits.min()} to {digits.max()}")
    return digits.astype(np.int8, copy=False)


def operands(a: np.ndarray, b: np.ndarray, names: tuple[str, str] = ("a", "b")) -> Pair:
    """Both operands as `valid_digits`, of one shape."""
    a, b = valid_digits(names[0], a), valid_digits(names[1], b)
    if a.shape != b.shape:
        raise ValueError(f"{names[1]}: expected the shape of {names[0]}, {a.shape}, got {b.shape}")
    return a, b
