"""One column of anybody's text file as a series, or one line that says, with the line number, why not.

The rules for what can be read in two ways:

*Fields.* They are separated by the first of tab, `;` and `,` in the first line. The first row is a header unless
all its fields are numbers or dates, or one is a date or plainly a value ("266.0"); columns without a header are called
"1", "2", ... Blank lines at the ends do not count.

*Numbers.* A column has one decimal mark, the one that reads more of its rows; the other mark, blanks or apostrophes
group thousands. Where both read as many ("1.234" beside whole numbers), it is the comma in a `;` file ("1.234" is 1234,
"1,234" is 1.234), the point in all others ("1.234" is 1.234, "1,234" is 1234).

*Dates.* See `rnnlab.datasets.dates`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from os import PathLike

import numpy as np

from rnnlab.datasets.dates import SEASONS, Dates, follows, is_date, recognise, recognise_column
from rnnlab.datasets.tables import DataError, check_widths, column_named, read_text, records

LARGEST_VALUE = 1e100  # beyond it squares of errors overflow
_SPACES = " '\u00a0\u202f"
_NUMBERS = {
    mark: re.compile(
        rf"[+-]?(?:(?:\d+|[1-9]\d{{0,2}}(?P<g>[{other}{_SPACES}])\d{{3}}(?:(?P=g)\d{{3}})*)(?:[{mark}]\d*)?|[{mark}]\d+)"
        r"(?:e[+-]?\d+)?",
        re.IGNORECASE | re.ASCII,
    )
    for mark, other in (".,", ",.")
}


@dataclass(frozen=True, eq=False)
class Series:
    """A series at equal steps of time.

    `name` is the column's name; `values` is float64 of shape (n,); `labels` holds one text a row, as in the file's date
    column or "1" ... "n" without one; `frequency` is one of `SEASONS`, or None without dates.
    """

    name: str
    values: np.ndarray
    labels: tuple[str, ...]
    frequency: str | None

    @property
    def season(self) -> int | None:
        """Steps in the usual cycle: 12 for months, 4 quarters, 52 weeks, 7 days, 5 business days, 1 year; or None."""
        return SEASONS[self.frequency] if self.frequency else None

    def next_labels(self, count: int) -> tuple[str, ...]:
        """Labels of the `count` steps beyond the end, written as the file writes its own."""
        if self.frequency is None:
            return tuple(str(int(self.labels[-1]) + step) for step in range(1, count + 1))
        dates = recognise(self.labels)
        if dates is None:
            raise DataError(f"series {self.name!r}: expected dates as labels, got {self.labels[-1]!r}")
        return dates.next_labels(self.frequency, count)


def read_series(path: str | PathLike[str], column: str | None = None, date_column: str | None = None) -> Series:
    """One column of a UTF-8 text file as a Series, a row for each step of time; the module's page has the fine print.

    `column` names the values; without it they are the only column of numbers, not counting a first column that counts
    the rows from 0 or 1, nor a column of years. `date_column` names the dates; without it they are the first of the
    columns that hold the most dates (at least half of the rows); without dates a first column that counts the rows
    gives the labels, and without that they are "1" ... "n".

    Raises DataError for a file that cannot be read; a column that is missing or in doubt; a row of another length; a
    value that is blank, text or not finite; dates that are doubled, run backwards, leave gaps or have no regular step.
    """
    table = _read_table(path)
    chosen = None if date_column is None else column_named(path, table.names, date_column)
    value_column = _value_column(table, column, chosen)
    if value_column == chosen:
        raise DataError(f"{path}: expected different columns for values and dates, got {column!r} for both")
    values = _values(table, value_column)
    labels, frequency = _labels(table, value_column, chosen)
    return Series(table.names[value_column], values, labels, frequency)


@dataclass(frozen=True)
class _Table:
    path: str
    separator: str
    names: tuple[str, ...]
    lines: tuple[int, ...]
    columns: tuple[tuple[str, ...], ...]

    def error(self, column: int, row: int, expected: str) -> DataError:
        came = repr(self.columns[column][row][:60]) if self.columns[column][row] else "a blank"
        return DataError(f"{self.path}, line {self.lines[row]}, column {self.names[column]!r}: expected {expected}, got {came}")


def _read_table(path: str | PathLike[str]) -> _Table:
    text = read_text(path)
    first = re.split("[\r\n]", re.sub('"[^"]*"', "quoted", text).lstrip("\r\n "), maxsplit=1)[0]
    # Without any of them there is one column, and a comma further down belongs to a number.
    separator = next((mark for mark in "\t;," if mark in first), "\t")
    rows = _rows(path, text, separator)
    check_widths(path, rows)
    names = [str(position) for position in range(1, len(rows[0][1]) + 1)]
    if _is_header(rows[0][1]):
        names = [field or name for field, name in zip(rows.pop(0)[1], names, strict=True)]
    if not rows:
        raise DataError(f"{path}: expected rows of data, got a header only")
    lines, records = zip(*rows, strict=True)
    return _Table(str(path), separator, tuple(names), lines, tuple(zip(*records, strict=True)))


def _rows(path: str | PathLike[str], text: str, separator: str) -> list[tuple[int, list[str]]]:
    """(line where the record begins, stripped fields) of each record, without the blank records at both ends."""
    rows = list(records(path, text, separator))
    filled = [i for i, (_, fields) in enumerate(rows) if any(fields)]
    if not filled:
        raise DataError(f"{path}: expected a column of numbers, got an empty file")
    blank = [""] * len(rows[filled[0]][1])
    return [(line, fields if any(fields) else blank) for line, fields in rows[filled[0] : filled[-1] + 1]]


def _is_header(fields: list[str]) -> bool:
    data = [field for field in fields if any(_number(field, mark) is not None for mark in ".,") or is_date(field)]
    return len(data) < len(fields) and all(field.isdigit() for field in data)


def _number(text: str, mark: str) -> float | None:
    if re.fullmatch(r"[+-]?(nan|inf(inity)?)", text, re.IGNORECASE):
        return math.nan
    if not _NUMBERS[mark].fullmatch(text):
        return None
    return float(re.sub(rf"[{_SPACES}{'.,'.replace(mark, '')}]", "", text).replace(mark, "."))


def _decimal_mark(cells: Sequence[str], separator: str) -> tuple[str, int]:
    """The decimal mark of a column, and how many of its cells are numbers with it."""
    reads = {mark: sum(_number(cell, mark) is not None for cell in cells) for mark in ".,"}
    if reads["."] == reads[","]:
        return "," if separator == ";" else ".", reads["."]
    return max(reads.items(), key=lambda item: item[1])


def _is_numeric(cells: Sequence[str], separator: str) -> bool:
    _, numbers = _decimal_mark(cells, separator)
    return 0 < numbers >= sum(cell != "" for cell in cells) - numbers


def _counts(cells: Sequence[str]) -> bool:
    """Whether the cells count the rows from 0 or from 1."""
    return any(list(cells) == [str(row + start) for row in range(len(cells))] for start in (0, 1))


def _value_column(table: _Table, column: str | None, taken: int | None) -> int:
    if column is not None:
        return column_named(table.path, table.names, column)
    numeric = [i for i, cells in enumerate(table.columns) if i != taken and _is_numeric(cells, table.separator)]
    if not numeric:
        raise DataError(f"{table.path}: no numeric column; its columns are {', '.join(map(repr, table.names))}")
    index = 0 if _counts(table.columns[0]) else None
    free = [i for i in numeric if i != index and not recognise_column(table.columns[i])] or numeric[-1:]
    if len(free) > 1:
        names = ", ".join(repr(table.names[i]) for i in free)
        raise DataError(f"{table.path}: expected one numeric column, got {len(free)}: {names}; choose with --column")
    return free[0]


def _values(table: _Table, column: int) -> np.ndarray:
    cells = table.columns[column]
    mark, _ = _decimal_mark(cells, table.separator)
    values = [_number(cell, mark) for cell in cells]
    for row, value in enumerate(values):
        if value is None:
            raise table.error(column, row, "a number")
        if not math.isfinite(value):
            raise table.error(column, row, "a finite number")
        if abs(value) > LARGEST_VALUE:
            raise table.error(column, row, f"a number of at most {LARGEST_VALUE:g}")
    return np.array(values, dtype=np.float64)


def _labels(table: _Table, values: int, chosen: int | None) -> tuple[tuple[str, ...], str | None]:
    column = _date_column(table, values) if chosen is None else chosen
    if column is None:
        return tuple(str(row) for row in range(1, len(table.lines) + 1)), None
    texts = table.columns[column]
    if _counts(texts):
        return texts, None
    dates = recognise(texts)
    if dates is None:
        raise table.error(column, 0, "dates")
    if None in dates.days:
        raise table.error(column, dates.days.index(None), f"a date such as {texts[dates.days.index(dates.known[0])]!r}")
    _check_steps(table, column, dates)
    return texts, dates.frequency


def _date_column(table: _Table, values: int) -> int | None:
    others = enumerate(table.columns)
    read = {i: len(dates.known) for i, texts in others if i != values and (dates := recognise_column(texts))}
    if read:
        return max(read, key=read.__getitem__)
    return 0 if values != 0 and _counts(table.columns[0]) else None


def _check_steps(table: _Table, column: int, dates: Dates) -> None:
    for row, (before, after) in enumerate(pairwise(dates.known), 1):
        if follows(dates.frequency, before, after):
            continue
        if after <= before:
            wrong = "the same date twice" if after == before else "the dates run backwards"
        elif 2 * dates.regular < len(dates.known) - 1:
            wrong = "no regular step of a day, business day, week, month, quarter or year"
        else:
            wrong = f"a gap or a step out of line, expected the next {dates.frequency}"
        texts = table.columns[column]
        raise DataError(
            f"{table.path}, line {table.lines[row]}, column {table.names[column]!r}: "
            f"{texts[row]!r} follows {texts[row - 1]!r}: {wrong}"
        )
