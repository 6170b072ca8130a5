"""A study as CSV files that people read and commit, and back."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rnnlab.files import whole_file, write_whole
from rnnlab.study.plan import RESERVED, Job, Study, definition
from rnnlab.study.store import Result, Store, StoreError, packed, unpacked

ARRAYS = "arrays.npz"


def write_csv(store: Store, study: Study, directory: Path) -> None:
    """Writes runs.csv, a row per finished run, curves.csv and arrays.npz where there are any; each is whole or absent.

    All seeds are written that the store has of the arms, also those that the plan does not ask for. The column `settings` is
    what `read_csv` goes by; the settings have columns of their own for people. An array of row 3 (from 0) of runs.csv
    stands in arrays.npz under a name such as "3 forecast".
    """
    study = store.widened(study)
    rows, arrays, results = [], dict[str, np.ndarray](), store.results(study)
    any_arrays = any(result.arrays for _, result, _ in results)
    for row, (job, result, made_with) in enumerate(results):
        place = {"study": study.name, "arm": job.arm, "seed": job.seed}
        shown = {name: "" if value is None else str(value) for name, value in job.settings.items()}
        about = {"versions": json.dumps(made_with), "settings": definition(job.settings)}
        about |= {"arrays": ";".join(result.arrays)} if any_arrays else {}
        rows.append(place | dict(result.scores) | {"seconds": result.seconds} | shown | about)
        arrays |= {f"{row} {name}": array for name, array in result.arrays.items()}
    if content := packed(arrays):
        write_whole(directory / ARRAYS, content)
    # runs.csv last: it alone says which runs there are.
    for name, frame in {"curves.csv": store.curves(study), "runs.csv": pd.DataFrame(rows)}.items():
        if len(frame):
            write_frame(frame, directory / name)


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Writes a CSV file, which is whole or absent."""
    with whole_file(path) as temporary:
        frame.to_csv(temporary, index=False, na_rep="nan", lineterminator="\n")


def read_csv(store: Store, study: Study, directory: Path) -> int:
    """Takes the runs of a directory that `write_csv` wrote into the store; returns how many were new.

    Nothing is taken from a damaged file.

    Raises:
        StoreError: a line is not what `write_csv` writes, or the files are those of another study.
        OSError: runs.csv is missing.
    """
    return store.add_all(study.name, read_runs(directory, study.name))


def read_runs(directory: Path, name: str) -> list[tuple[Job, Result, dict[str, Any]]]:
    """The runs of study `name` in a directory that `write_csv` wrote, each with the versions that made it.

    Raises:
        StoreError, OSError: see `read_csv`.
    """
    curves = _curves(directory / "curves.csv") if (directory / "curves.csv").exists() else {}
    path, arrays = directory / "runs.csv", _arrays(directory / ARRAYS)
    found: dict[tuple[str, str, int], tuple[Job, Result, dict[str, Any]]] = {}
    for place, (number, row) in enumerate(_lines(path, RESERVED)):
        if row["study"] != name:
            raise StoreError(f"{path}, line {number}: expected a run of study {name!r}, got one of {row['study']!r}")
        settings, made_with = (_object(row[column], path, number, column) for column in ("settings", "versions"))
        job = Job(row["arm"], settings, _number(row["seed"], int, path, number, "seed"))
        if (key := (job.arm, definition(settings), job.seed)) in found:
            raise StoreError(f"{path}, line {number}: expected each run once, got {job.arm}, seed {job.seed} again")
        columns = [column for column in row if column not in (*RESERVED, "arrays") and column not in settings]
        scores = {column: _number(row[column], float, path, number, column) for column in columns}
        if absent := [name for name in row.get("arrays", "").split(";") if name and name not in arrays.get(place, {})]:
            raise StoreError(f"{path}, line {number}: expected the array {absent[0]!r} in {directory / ARRAYS}, got none")
        seconds = _number(row["seconds"], float, path, number, "seconds")
        result = Result(scores, seconds, curves.get((job.arm, job.seed), {}), arrays.get(place, {}))
        found[key] = job, result, made_with
    return list(found.values())


def _arrays(path: Path) -> dict[int, dict[str, np.ndarray]]:
    """Arrays by row of runs.csv; none where there is no file."""
    found: dict[int, dict[str, np.ndarray]] = {}
    try:
        for key, array in unpacked(path.read_bytes() if path.exists() else None).items():
            row, name = key.split(" ", 1)
            found.setdefault(int(row), {})[name] = array
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise StoreError(f"{path}: expected arrays as they were written, got a damaged file ({error})") from None
    return found


def _lines(path: Path, needed: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        try:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            if absent := [name for name in needed if name not in header]:
                got = ", ".join(header) or "an empty file"
                raise StoreError(f"{path}, line 1: expected the column {absent[0]!r}, got {got}")
            if twice := [name for place, name in enumerate(header) if name in header[:place]]:
                raise StoreError(f"{path}, line 1: expected each column once, got {twice[0]!r} twice")
            rows = [(reader.line_num, row) for row in reader]
        except (csv.Error, UnicodeDecodeError) as error:
            raise StoreError(f"{path}: expected a CSV file in UTF-8, got one that cannot be read ({error})") from None
    for number, row in rows:
        if len(row) != len(header):
            raise StoreError(f"{path}, line {number}: expected {len(header)} fields, got {len(row)}")
    return [(number, dict(zip(header, row, strict=True))) for number, row in rows]


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
    if not isinstance(found, dict) or not all(isinstance(value, str | int | float | None) for value in found.values()):
        raise StoreError(f"{path}, line {line}: expected a JSON object of plain values as {name}, got {text!r}")
    return found


def _number(text: str, kind: type, path: Path, line: int, name: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        expected = "an integer" if kind is int else "a number"
        raise StoreError(f"{path}, line {line}: expected {expected} as {name}, got {text!r}") from None
