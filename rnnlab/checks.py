"""What public functions ask of their arguments: each returns the value, or raises a ValueError that names the argument."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from numbers import Integral, Real
from typing import Any


def whole(name: str, number: Any, least: int = 1, most: int | None = None) -> int:
    """An integer from `least` on, up to `most`; True and 2.0 are none."""
    if isinstance(number, bool) or not isinstance(number, Integral) or number < least or number > (most or number):  # type: ignore[operator]
        span = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name}: expected an integer {span}, got {number!r}")
    return int(number)


def real(name: str, number: Any) -> float:
    """A finite number."""
    if isinstance(number, bool) or not isinstance(number, Real) or not math.isfinite(number):
        raise ValueError(f"{name}: expected a finite number, got {number!r}")
    return float(number)


def between(name: str, number: Any, low: float, high: float) -> float:
    """A number above `low` and below `high`."""
    if isinstance(number, bool) or not isinstance(number, Real) or not low < float(number) < high:
        raise ValueError(f"{name}: expected a number between {low:g} and {high:g}, got {number!r}")
    return float(number)


def one_of(name: str, choice: Any, choices: Collection[Any]) -> Any:
    """One of the `choices`."""
    if choice not in choices:
        raise ValueError(f"{name}: expected one of {', '.join(map(str, choices))}, got {choice!r}")
    return choice


def texts(name: str, values: Any) -> Sequence[str]:
    """Texts, and not one text that would be read letter by letter, nor the nan of a blank in a data frame."""
    if isinstance(values, str):
        raise ValueError(f"{name}: expected a sequence of texts, got the text {values[:40]!r}")
    values = list(values)
    for place, text in enumerate(values):
        if not isinstance(text, str):
            raise ValueError(f"{name}: expected texts, got {text!r} at place {place}")
    return values
