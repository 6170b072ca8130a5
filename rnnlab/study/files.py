"""A study as CSV files that people read and commit, and back."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pandas as pd

from rnnlab.files import whole_file
from rnnlab.study.plan import RESERVED, Job, Study, definition
from rnnlab.study.store import Result, Store, StoreError


def write_csv(store: Store, study: Study, directory: Path) -> None:
    """Writes runs.csv, a row per finished run, and curves.csv where there are curves; each is whole or absent.

    All seeds are written that the store has of the arms, also those that the plan does not ask for. The column `settings` is
    what `read_csv` goes by; the settings have columns of their own for people.
    """
    study = store.widened(study)
    rows = []
    for job, result, made_with in store.runs(study):
        place = {"study": study.name, "arm": job.arm, "seed": job.seed}
        shown = {name: "" if value is None else str(value) for name, value in job.settings.items()}
        about = {"versions": json.dumps(made_with), "settings": definition(job.settings)}
        rows.append(place | dict(result.scores) | {"seconds": result.seconds} | shown | about)
    # Curves first: runs.csv alone says which runs there are.
    for name, frame in {"curves.csv": store.curves(study), "runs.csv": pd.DataFrame(rows)}.items():
        if len(frame):
            with whole_file(directory / name) as temporary:
                frame.to_csv(temporary, index=False, na_rep="nan", lineterminator="\n")


def read_csv(store: Store, study: Study, directory: Path) -> int:
    """Takes the runs of a directory that `write_csv` wrote into the store; returns how many were new.

    Nothing is taken from a damaged file.

    Raises:
        StoreError: a line is not what `write_csv` writes, or the files are those of another study.
        OSError: runs.csv is missing.
    """
    curves = _curves(directory / "curves.csv") if (directory / "curves.csv").exists() else {}
    path = directory / "runs.csv"
    found = []
    for number, row in _lines(path, RESERVED):
        if row["study"] != study.name:
            raise StoreError(f"{path}, line {number}: expected a run of study {study.name!r}, got one of {row['study']!r}")
        settings, made_with = (_object(row[name], path, number, name) for name in ("settings", "versions"))
        job = Job(row["arm"], settings, _number(row["seed"], int, path, number, "seed"))
        scores = {
            name: _number(text, float, path, number, name)
            for name, text in row.items()
            if name not in RESERVED and name not in settings
        }
        seconds = _number(row["seconds"], float, path, number, "seconds")
        found.append((job, Result(scores, seconds, curves.get((job.arm, job.seed), {})), made_with))
    return store.add_all(study.name, found)


def _lines(path: Path, needed: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        try:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            if absent := [name for name in needed if name not in header]:
                raise StoreError(
                    f"{path}, line 1: expected the column {absent[0]!r}, got {', '.join(header) or 'an empty file'}"
                )
            rows = []
            for row in reader:
                if len(row) != len(header):
                    raise StoreError(f"{path}, line {reader.line_num}: expected {len(header)} fields, got {len(row)}")
                rows.append((reader.line_num, dict(zip(header, row, strict=True))))
            return rows
        except (csv.Error, UnicodeDecodeError) as error:
            raise StoreError(f"{path}: expected a CSV file in UTF-8, got one that cannot be read ({error})") from None


def _curves(path: Path) -> dict[tuple[str, int], dict[str, list[float]]]:
    found: dict[tuple[str, int], dict[str, list[float]]] = {}
    for number, row in _lines(path, ("arm", "seed")):
        key = row.pop("arm"), _number(row.pop("seed"), int, path, number, "seed")
        curve = found.setdefault(key, {name: [] for name in row})
        for name, text in row.items():
            curve[name].append(_number(text, int if text.isdigit() else float, path, number, name))
    return found


def _object(text: str, path: Path, line: int, name: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise StoreError(f"{path}, line {line}: expected a JSON object as {name}, got {text!r}")
    return found


def _number(text: str, kind: type, path: Path, line: int, name: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        expected = "an integer" if kind is int else "a number"
        raise StoreError(f"{path}, line {line}: expected {expected} as {name}, got {text!r}") from None
