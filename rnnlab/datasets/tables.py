"""Text files and their records, with errors that name the line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from os import PathLike

from rnnlab.files import LARGEST, check_ordinary


class DataError(ValueError):
    """Wrong input data; the message is one plain line: where, what was expected, what came."""


def check_readable(path: str | PathLike[str], most: int | None = LARGEST) -> None:
    """DataError where there is no file, or one that never ends; see `check_ordinary`."""
    try:
        check_ordinary(path, most)
    except OSError as error:
        raise unreadable(path, error) from None
    except ValueError as error:  # among them a path with a zero byte
        raise DataError(str(error)) from None


def unreadable(path: str | PathLike[str], error: OSError) -> DataError:
    return DataError(f"{path}: cannot be read: {error.strerror}")


def read_text(path: str | PathLike[str]) -> str:
    """The text of a UTF-8 file, without the mark of byte order that some programs put first; DataError if there is none."""
    check_readable(path)
    try:
        with open(path, "rb") as file:
            data = file.read()
        return data.decode("utf-8").removeprefix("\ufeff")
    except OSError as error:
        raise unreadable(path, error) from None
    except UnicodeDecodeError as error:
        line, byte = data.count(b"\n", 0, error.start) + 1, data[error.start]
        raise DataError(f"{path}, line {line}: expected UTF-8, got 0x{byte:02x} at byte {error.start}") from None


def records(path: str | PathLike[str], text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """(line where the record begins, stripped fields) of each record; `path` is for the message of a DataError."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True)
    line = 1
    try:
        for record in reader:
            yield line, [field.strip() for field in record]
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}, line {line}: expected fields in balanced quotes: {error}") from None


def check_widths(path: str | PathLike[str], rows: Sequence[tuple[int, list[str]]], hint: str = "") -> None:
    """DataError at the first record with another number of fields than the first."""
    first, head = rows[0]
    for line, fields in rows:
        if len(fields) != len(head):
            raise DataError(f"{path}, line {line}: expected {len(head)} fields as in line {first}, got {len(fields)}{hint}")


def column_named(path: str | PathLike[str], names: Sequence[str], name: str) -> int:
    """The place of a column; DataError where none has the name, or several have it."""
    if names.count(name) != 1:
        problem = "no column" if name not in names else "more than one column"
        raise DataError(f"{path}: {problem} {name!r}; its columns are {', '.join(repr(each[:40]) for each in names)}")
    return names.index(name)
