"""Labelled texts from anybody's CSV or TSV file, or one line that says, with the line number, why not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from os import PathLike
from typing import TYPE_CHECKING

from rnnlab.datasets.tables import DataError, check_widths, column_named, read_text, records

if TYPE_CHECKING:
    import pandas as pd

Column = str | int


def read_texts(
    path: str | PathLike[str],
    *,
    text: Column | Sequence[Column] = "text",
    label: Column = "label",
    separator: str | None = None,
    classes: Collection[str] | None = None,
) -> pd.DataFrame:
    """Texts and their labels from a UTF-8 file.

    Columns are chosen by their names, or, in a file without a header, by their positions from 1. Every row has as many fields
    as the first, for a text with a comma and without quotes would put another word in the label's place; blank lines and blanks
    around a field do not count.

    Args:
        text: the column of the texts; of several the fields are joined by a blank.
        label: the column of the labels.
        separator: what stands between fields; None is a tab in files whose name ends in .tsv, a comma in all others.
        classes: the labels of the training file, where this is one to test on.

    Returns:
        A row for each text: `text` and `label`, stripped str; `line`, where it begins in the file.

    Raises:
        ValueError: columns are chosen partly by name and partly by position.
        DataError: the file cannot be read, is not UTF-8 or holds no text; a column is missing or its name stands twice; a row
            has another length; a text or a label is blank; all labels are the same; or, with `classes`, a label is not among
            them.
    """
    import pandas as pd

    chosen = [*([text] if isinstance(text, (str, int)) else text), label]
    named = all(isinstance(column, str) for column in chosen)
    if not named and not all(isinstance(column, int) and not isinstance(column, bool) for column in chosen):
        raise ValueError(f"text, label: expected names of columns, or positions for a file without a header, got {chosen}")
    separator = separator or ("\t" if str(path).lower().endswith(".tsv") else ",")
    rows = [(line, fields) for line, fields in records(path, read_text(path), separator) if any(fields)]
    if not rows:
        raise DataError(f"{path}: expected texts and labels, got an empty file")
    check_widths(path, rows, "; a text that holds the separator needs quotes")
    *places, last = (_place(path, rows[0][1], column) for column in chosen)
    found = [
        (" ".join(part for place in places if (part := fields[place])), fields[last], line) for line, fields in rows[named:]
    ]
    if not found:
        raise DataError(f"{path}: expected texts and labels, got a header only")
    frame = pd.DataFrame(found, columns=["text", "label", "line"])
    for name, column in (("text", chosen[0]), ("label", label)):
        if (blank := frame[name] == "").any():
            raise DataError(f"{path}, line {frame.line[blank.idxmax()]}: expected a {name} in column {column!r}, got a blank")
    _check_classes(path, frame, classes)
    return frame


def _place(path: str | PathLike[str], first: list[str], column: Column) -> int:
    if isinstance(column, str):
        return column_named(path, first, column)
    if not 1 <= column <= len(first):
        raise DataError(f"{path}: no column {column}; it has {len(first)}")
    return column - 1


def _check_classes(path: str | PathLike[str], frame: pd.DataFrame, classes: Collection[str] | None) -> None:
    if classes is None:
        if frame.label.nunique() == 1:
            raise DataError(f"{path}: expected labels of at least two classes, got {frame.label[0]!r} in every row")
        return
    for row in frame[~frame.label.isin(classes)].itertuples():
        listed = ", ".join(sorted(classes)[:20]) + (", ..." if len(classes) > 20 else "")
        raise DataError(f"{path}, line {row.line}: expected a label of the training file ({listed}), got {row.label[:60]!r}")
