"""What can be counted in written poems: even lines, how varied the characters are."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

INNER, OUTER = "，？！；", "。？！；"
_EVEN = re.compile("|".join(f"(?:[^{INNER}。]{{{n}}}[{INNER}][^{INNER}。]{{{n}}}[{OUTER}])+" for n in (5, 7)))


def even(poem: str) -> bool:
    """Whether a poem is pairs of lines, all of 5 or all of 7 characters, with a comma inside each pair and a stop behind it.

    A question mark, an exclamation mark or a semicolon may stand in either place.
    """
    return _EVEN.fullmatch(poem) is not None


def distinct_characters(poems: Sequence[str], each: int = 100) -> float:
    """Different characters in so many poems: the mean over the groups that the poems make, in their order.

    Raises:
        ValueError: there are fewer poems than one group.
    """
    if len(poems) < each:
        raise ValueError(f"poems: expected at least {each}, got {len(poems)}")
    starts = range(0, len(poems) - each + 1, each)
    return float(np.mean([len(set("".join(poems[start : start + each]))) for start in starts]))


def laid_out(poem: str) -> str:
    """A poem with a line break behind each stop."""
    return re.sub(f"([{OUTER}])(?!$)", r"\1\n", poem)
