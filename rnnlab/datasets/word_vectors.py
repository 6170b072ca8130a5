"""Word vectors in the text format of GloVe: a line for each word, its numbers after it, blanks between them."""

from __future__ import annotations

from array import array
from collections.abc import Collection
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np

from rnnlab.datasets.downloads import own_copy
from rnnlab.datasets.tables import DataError, check_readable, unreadable


@dataclass(frozen=True, eq=False)
class WordVectors:
    """Words in the order of their file, and their vectors, float32 of shape (words, dim)."""

    words: tuple[str, ...]
    values: np.ndarray


def read_word_vectors(path: str | PathLike[str], words: Collection[str] | None = None) -> WordVectors:
    """Word vectors from a file of GloVe (Pennington, Socher and Manning 2014), read line by line.

    Numbers are read only where they are needed, but every line must have as many as the first. Of a word that stands twice the
    first line counts. Some files hold words with blanks inside; their last fields are the numbers.

    Args:
        words: those that are wanted; None reads all.

    Raises:
        DataError: the file cannot be read; it holds none of the words; or, with the line, a line has another number of numbers,
            a vector that is wanted has something else than finite numbers, or a word is not UTF-8.
    """
    wanted = None if words is None else {word.encode() for word in words}
    lines: dict[bytes, int] = {}
    values = array("f")
    dim = 0
    check_readable(path, most=None)  # it is read line by line
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                word, _, numbers = line.rstrip().partition(b" ")
                if number == 1:
                    word, dim = word.removeprefix(b"\xef\xbb\xbf"), len(numbers.split())
                if numbers.count(b" ") != dim - 1 or not (word and dim):
                    word, numbers = _divided(path, number, line, dim)
                word.decode()
                if number == 1 or ((wanted is None or word in wanted) and word not in lines):
                    vector = _floats(path, number, numbers)
                    if wanted is None or word in wanted:
                        lines[word] = number
                        values.extend(vector)
    except OSError as error:
        raise unreadable(path, error) from None
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise DataError(f"{path}, line {number}: expected UTF-8, got 0x{byte:02x} at byte {error.start} of the line") from None
    if not lines:
        sought = "a word and its numbers in each line" if wanted is None else f"vectors of some of {len(wanted)} words"
        raise DataError(f"{path}: expected {sought}, got none")
    found = np.frombuffer(values, dtype=np.float32).reshape(len(lines), dim)
    wrong = ~np.isfinite(found).all(axis=1)
    if wrong.any():
        raise DataError(f"{path}, line {list(lines.values())[int(wrong.argmax())]}: expected finite numbers, got nan or inf")
    return WordVectors(tuple(word.decode() for word in lines), found)


def _divided(path: str | PathLike[str], number: int, line: bytes, dim: int) -> tuple[bytes, bytes]:
    """Word and numbers of a line that has not one blank for each number."""
    fields = line.split()
    if dim and len(fields) > dim and (len(fields) == dim + 1 or not _is_number(fields[-dim - 1])):
        return b" ".join(fields[:-dim]), b" ".join(fields[-dim:])
    expected = f"{dim} numbers as in line 1" if number > 1 else "numbers"
    raise DataError(f"{path}, line {number}: expected a word and {expected}, got {max(0, len(fields) - 1)} fields after a word")


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _floats(path: str | PathLike[str], number: int, numbers: bytes) -> list[float]:
    fields = numbers.split()
    try:
        return [float(field) for field in fields]
    except ValueError:
        wrong = next(field for field in fields if not _is_number(field)).decode(errors="replace")
        raise DataError(f"{path}, line {number}: expected numbers after the word, got {wrong[:40]!r}") from None


def word_vectors(*files: str | PathLike[str]) -> WordVectors:
    """All words of one file or of several, with the vectors of each file side by side; zeros stand where a file lacks the word.

    Words keep the order of the first file, then that of the next. A file that is not there is sought in the folder that the
    environment variable RNNLAB_DATA names.

    Raises:
        DataError: see `read_word_vectors`.
    """
    sought = [Path(file) for file in files]
    parts = [read_word_vectors(path if path.exists() else own_copy(path) or path) for path in sought]
    words = dict.fromkeys(word for part in parts for word in part.words)
    place = {word: row for row, word in enumerate(words)}
    values = np.zeros((len(words), sum(part.values.shape[1] for part in parts)), dtype=np.float32)
    column = 0
    for part in parts:
        end = column + part.values.shape[1]
        values[[place[word] for word in part.words], column:end] = part.values
        column = end
    return WordVectors(tuple(words), values)
