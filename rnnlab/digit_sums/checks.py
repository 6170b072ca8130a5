"""What every function of the room asks of its arguments."""

from __future__ import annotations

from collections.abc import Collection
from numbers import Integral
from typing import Any

import numpy as np


def valid_digits(name: str, digits: np.ndarray) -> np.ndarray:
    digits = np.asarray(digits)
    if digits.ndim != 2 or not digits.size or digits.dtype.kind not in "iu":
        raise ValueError(f"{name}: expected integers of shape (n, length), got {digits.dtype} of shape {digits.shape}")
    if digits.min() < 0 or digits.max() > 9:
        raise ValueError(f"{name}: expected digits from 0 to 9, got numbers from {digits.min()} to {digits.max()}")
    return digits.astype(np.int8, copy=False)


def operands(a: np.ndarray, b: np.ndarray, names: tuple[str, str] = ("a", "b")) -> tuple[np.ndarray, np.ndarray]:
    a, b = valid_digits(names[0], a), valid_digits(names[1], b)
    if a.shape != b.shape:
        raise ValueError(f"{names[1]}: expected the shape of {names[0]}, {a.shape}, got {b.shape}")
    return a, b


def whole(name: str, number: Any, least: int = 1) -> int:
    if isinstance(number, bool) or not isinstance(number, Integral) or number < least:
        raise ValueError(f"{name}: expected an integer of at least {least}, got {number!r}")
    return int(number)


def one_of(name: str, choice: Any, choices: Collection[str]) -> None:
    if choice not in choices:
        raise ValueError(f"{name}: expected one of {', '.join(choices)}, got {choice!r}")
