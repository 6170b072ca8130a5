"""A text as numbers of its letters."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np

TEXT = """\
a wave comes in and a wave goes out, and the sand forgets them both. the gull on the wall forgets the wave and keeps the fish.
what shall a small machine keep? it reads one letter, then the next, and for each it has three gates. the first gate asks what
to forget, the second asks what to write, the third asks what to say. between the letters there is one line of numbers, and
along that line the past is carried, a little less of it with each step, or all of it, if the first gate stays open. when the
machine is wrong the error walks back along the same line, gate by gate and letter by letter, and every weight learns how much
of the wrong was its own. then the wave comes in again, and the machine reads it again, and is a little less wrong than before.
"""
TIME = 16  # letters of a training sequence


class Letters(NamedTuple):
    """A text: what it is known as, the number of each of its letters, shape (n,), and how many kinds of letters there are."""

    name: str
    codes: np.ndarray
    kinds: int


def read_letters(path: Path | None = None) -> Letters:
    """The letters of a UTF-8 file, or of the text that comes with this room.

    Raises:
        DataError: there is no such file, or it is not UTF-8.
        ValueError: the text has fewer letters than a sequence and the letter after it, or one kind of letters alone.
    """
    from rnnlab.datasets.tables import read_text

    text = read_text(path) if path else TEXT
    letters = sorted(set(text))
    if len(text) <= TIME or len(letters) < 2:
        what = f"{len(text)} of {len(letters)} kinds"
        raise ValueError(f"text: expected at least {TIME + 1} letters of two kinds or more, got {what}")
    numbers = {letter: number for number, letter in enumerate(letters)}
    # Its name and the first digits of its hash tell two texts apart.
    name = f"{path.stem} {sha256(text.encode()).hexdigest()[:8]}" if path else "the wave"
    return Letters(name, np.array([numbers[letter] for letter in text]), len(letters))
