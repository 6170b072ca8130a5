"""A study as CSV files that people read and commit, and back."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from rnnlab.command_line import whole_file
from rnnlab.study.plan import RESERVED, Job, Study
from rnnlab.study.store import Result, Store, StoreError


def write_csv(store: Store, study: Study, directory: Path) -> None:
    """Writes runs.csv, a row per finished run, and curves.csv where there are curves; each is whole or absent."""
    runs = store.frame(study)
    for name in study.settings(next(iter(study.arms))):
        if name in runs:
            runs[name] = [_text(value) for value in runs[name]]
    for name, frame in {"runs.csv": runs, "curves.csv": store.curves(study)}.items():
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
    for number, row in _lines(path, ("study", "arm", "seed", "seconds", "versions", *study.settings(next(iter(study.arms))))):
        if row["study"] != study.name:
            raise StoreError(f"{path}, line {number}: expected a run of study {study.name!r}, got one of {row['study']!r}")
        job = Job(row["arm"], _settings(row, study), _number(row["seed"], int, path, number, "seed"))
        scores = {
            name: _number(text, float, path, number, name)
            for name, text in row.items()
            if name not in RESERVED and name not in job.settings
        }
        seconds = _number(row["seconds"], float, path, number, "seconds")
        made_with = dict(part.rsplit(" ", 1) for part in row["versions"].split("; ") if " " in part)
        found.append((job, Result(scores, seconds, curves.get((job.arm, job.seed), {})), made_with))
    return sum(store.add(study.name, job, result, made_with) for job, result, made_with in found)


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


def _settings(row: Mapping[str, str], study: Study) -> dict[str, Any]:
    """Those of the plan where the row says the same, so that no type is guessed; else what the row says."""
    known = study.settings(row["arm"] if row["arm"] in study.arms else next(iter(study.arms)))
    return {name: value if _text(value) == row[name] else _parsed(row[name]) for name, value in known.items()}


def _text(value: Any) -> str:
    return "" if value is None or (isinstance(value, float) and pd.isna(value)) else str(value)


def _parsed(text: str) -> Any:
    if not text:
        return None
    if text in ("True", "False"):
        return text == "True"
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _number(text: str, kind: type, path: Path, line: int, name: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        expected = "an integer" if kind is int else "a number"
        raise StoreError(f"{path}, line {line}: expected {expected} as {name}, got {text!r}") from None
