"""Sums that somebody types, and what trained networks answer together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

NO_NUMBER = -1  # the answer of a network that writes something else


def parse_question(text: str, digits: int) -> tuple[int, int]:
    """The operands of a question that somebody typed, such as "12 + 345".

    Raises:
        ValueError: it is not two whole numbers with a plus between them, or one has more than `digits` digits.
    """
    match = re.fullmatch(r"\s*0*([0-9]+)\s*\+\s*0*([0-9]+)\s*", text)
    if not match:
        raise ValueError(f"question: expected two whole numbers with a plus between them, such as 12+345, got {text[:40]!r}")
    for operand in match.groups():
        if len(operand) > digits:
            raise ValueError(f"question: expected operands of up to {digits} digits, got {operand[:40]} in {text[:40]!r}")
    return int(match[1]), int(match[2])


def most_frequent(numbers: Sequence[int]) -> int:
    """The answer that most networks give; the largest of several such."""
    return max(set(numbers), key=lambda number: (numbers.count(number), number))


def written(number: int) -> str:
    """An answer as people read it."""
    return "no number" if number == NO_NUMBER else str(number)


def answered(pairs: Iterable[Sequence[int]], given: Iterable[Sequence[int]]) -> Iterator[str]:
    """A line for each question (a, b), from the answers of all networks: the one that most of them give, and its verdict."""
    for (a, b), numbers in zip(pairs, given, strict=True):
        most = most_frequent(numbers)
        verdict = "right" if most == a + b else f"wrong, it is {a + b}"
        yield f"{a}+{b} = {written(most)} ({verdict}; the answer of {numbers.count(most)} of {len(numbers)} networks)"
