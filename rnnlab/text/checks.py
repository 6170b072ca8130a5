"""What every function of the room asks of its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any


def whole(name: str, number: Any, least: int = 1) -> int:
    if isinstance(number, bool) or not isinstance(number, Integral) or number < least:
        raise ValueError(f"{name}: expected an integer of at least {least}, got {number!r}")
    return int(number)


def between(name: str, number: Any, low: float, high: float) -> float:
    """A number above `low` and below `high`."""
    if isinstance(number, bool) or not isinstance(number, Real) or not low < float(number) < high:
        raise ValueError(f"{name}: expected a number between {low:g} and {high:g}, got {number!r}")
    return float(number)


def listed(name: str, texts: Any) -> Sequence[str]:
    """Texts, and not one text that would be read letter by letter, nor the nan of a blank in a data frame."""
    if isinstance(texts, str):
        raise ValueError(f"{name}: expected a sequence of texts, got the text {texts[:40]!r}")
    texts = list(texts)
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(f"{name}: expected texts, got {text!r} at place {place}")
    return texts
