"""Text files and their records, with errors that name the line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from os import PathLike

from rnnlab.datasets.errors import DataError


def read_text(path: str | PathLike[str]) -> str:
    """The text of a UTF-8 file, without the mark of byte order that some programs put first; DataError if there is none."""
    try:
        with open(path, "rb") as file:
            data = file.read()
        return data.decode("utf-8").removeprefix("\ufeff")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
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
