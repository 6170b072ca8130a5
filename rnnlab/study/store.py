"""Finished runs in an SQLite file: written once, one by one, and never overwritten."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from rnnlab.machine import made_here
from rnnlab.study.plan import RESERVED, Job, Study, definition

APPLICATION = 0x726E6E6C  # "rnnl", by which SQLite files of ours are known
VERSION = 2

_TABLE = """
CREATE TABLE runs (
    study TEXT NOT NULL, arm TEXT NOT NULL, settings TEXT NOT NULL, seed INTEGER NOT NULL,
    scores TEXT NOT NULL, seconds REAL NOT NULL, versions TEXT NOT NULL, curve TEXT NOT NULL,
    arrays BLOB, network BLOB,
    PRIMARY KEY (study, arm, settings, seed)
) WITHOUT ROWID
"""
# Version 1 had scores and curves alone.
_UPGRADE = ("ALTER TABLE runs ADD COLUMN arrays BLOB", "ALTER TABLE runs ADD COLUMN network BLOB")

_INSERT = "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (study, arm, settings, seed) DO NOTHING"


class StoreError(ValueError):
    """A store that cannot be used; the message is one plain line."""


@dataclass(frozen=True)
class Result:
    """What came of one run.

    Attributes:
        scores: numbers by name, the same names in all runs of a study.
        seconds: wall time.
        curve: what was seen on the way, lists of one length by name.
        arrays: more of it, such as forecasts or wrong answers, arrays of any shape by name.
        network: the trained weights, arrays by name; see `rnnlab.training.weights_of`.
    """

    scores: Mapping[str, float]
    seconds: float
    curve: Mapping[str, list[float]] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    network: Mapping[str, np.ndarray] = field(default_factory=dict)


class Runs(NamedTuple):
    """The finished runs of a plan, in its order.

    Attributes:
        frame: a row per run: study, arm, seed, the scores, seconds, the settings, versions.
        curves: arm, seed, and the columns of the curves.
        arrays: by (arm, seed) what each run keeps beside them.
    """

    frame: pd.DataFrame
    curves: pd.DataFrame
    arrays: dict[tuple[str, int], dict[str, np.ndarray]]


class Store:
    """The finished runs of any number of studies.

    A run is known by its study, its arm, the settings of the arm, and its seed. An arm whose settings were changed is
    another arm: its earlier runs stay, but `frame` and `curves` leave them out and `changed` names them.

    Args:
        path: the file; it is made where there is none.

    Raises:
        StoreError: the file is not a store, or one of another version.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._explained("a file that can be written to, got none"):
            self._connection = sqlite3.connect(self.path, isolation_level=None)
        try:
            with self._explained("a store of rnnlab, got a file that SQLite cannot read"), self._connection:
                self._open()
        except StoreError:
            self.close()
            raise

    @contextmanager
    def _explained(self, expected: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OverflowError) as error:
            raise StoreError(f"store {self.path}: expected {expected} ({error})") from None

    def _open(self) -> None:
        execute = self._connection.execute
        (version,), (application,) = (execute(f"PRAGMA {name}").fetchone() for name in ("user_version", "application_id"))
        if not execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            statements = ("BEGIN IMMEDIATE", _TABLE, f"PRAGMA application_id = {APPLICATION}")
        elif application != APPLICATION:
            raise StoreError(f"store {self.path}: expected a store of rnnlab, got another SQLite file")
        elif version == VERSION:
            return
        elif version == 1:
            statements = ("BEGIN IMMEDIATE", *_UPGRADE)
        else:
            raise StoreError(f"store {self.path}: expected version {VERSION} of the store, got {version}")
        for statement in (*statements, f"PRAGMA user_version = {VERSION}"):
            execute(statement)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def add(self, study: str, job: Job, result: Result, made_with: Mapping[str, str] | None = None) -> bool:
        """Keeps a run, unless it is there already; true where it was new. After the call it survives a kill.

        Args:
            made_with: what decided the result beside the job; see `made_here`, the default.

        Raises:
            ValueError: a score has the name of a setting or of a column that every run has.
            StoreError: the file cannot be written to.
        """
        return self.add_all(study, [(job, result, made_here() if made_with is None else made_with)]) == 1

    def add_all(self, study: str, runs: Iterable[tuple[Job, Result, Mapping[str, str]]]) -> int:
        """Keeps all of these runs or, where one of them is wrong, none; returns how many were new. See `add`."""
        rows = [_row(study, *run) for run in runs]
        with self._explained("that runs can be added"), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            return sum(self._connection.execute(_INSERT, row).rowcount == 1 for row in rows)

    def missing(self, study: Study) -> list[Job]:
        """The runs of the plan that are not there."""
        known = {row[:3] for row in self._rows(study.name)}
        return [job for job in study.jobs if _key(job) not in known]

    def changed(self, study: Study) -> list[str]:
        """A line for each arm that the store knows with other settings than the plan."""
        found = Counter((arm, settings) for arm, settings, *_ in self._rows(study.name) if arm in study.arms)
        now = {arm: study.settings(arm) for arm in study.arms}
        return [
            f"{arm}: {count} runs of another definition are left out ({_difference(json.loads(settings), now[arm])})"
            for (arm, settings), count in found.items()
            if settings != definition(now[arm])
        ]

    def results(self, study: Study) -> list[tuple[Job, Result, dict[str, str]]]:
        """The finished runs of a plan, in its order, without their networks, each with the versions that made it."""
        known = {row[:3]: row[3:] for row in self._rows(study.name)}
        found = []
        for job in study.jobs:
            if (key := _key(job)) in known:
                try:
                    found.append((job, *_parsed(*known[key])))
                except (ValueError, TypeError, AttributeError, zipfile.BadZipFile) as error:
                    what = f"expected a run as it was written, got a damaged one: {job.arm}, seed {job.seed} ({error})"
                    raise StoreError(f"store {self.path}: {what}") from None
        return found

    def runs(self, study: Study) -> Runs:
        """The finished runs of a plan, in its order."""
        rows, curves, arrays = [], [pd.DataFrame(columns=["arm", "seed"])], {}
        for job, result, made_with in self.results(study):
            about = "; ".join(f"{name} {version}" for name, version in made_with.items())
            place = {"study": study.name, "arm": job.arm, "seed": job.seed}
            rows.append(place | dict(result.scores) | {"seconds": result.seconds} | job.settings | {"versions": about})
            arrays[job.arm, job.seed] = dict(result.arrays)
            if result.curve:
                curves.append(pd.DataFrame({"arm": job.arm, "seed": job.seed, **result.curve}))
        return Runs(pd.DataFrame(rows), pd.concat(curves[1:] or curves, ignore_index=True), arrays)

    def frame(self, study: Study) -> pd.DataFrame:
        """`runs(study).frame`."""
        return self.runs(study).frame

    def curves(self, study: Study) -> pd.DataFrame:
        """`runs(study).curves`."""
        return self.runs(study).curves

    def network(self, study: Study, job: Job) -> dict[str, np.ndarray]:
        """The trained weights of a run; empty where they were not kept."""
        key = study.name, *_key(job)
        sql = "SELECT network FROM runs WHERE (study, arm, settings, seed) = (?, ?, ?, ?)"
        return unpacked((self._connection.execute(sql, key).fetchone() or [None])[0])

    def widened(self, study: Study, *, whole: bool = False) -> Study:
        """The plan with every seed that the store has of its arms, as they are defined now.

        Args:
            whole: only with those seeds that all arms have.
        """
        arms = {(arm, definition(study.settings(arm))) for arm in study.arms}
        counts = Counter(seed for arm, settings, seed, *_ in self._rows(study.name) if (arm, settings) in arms)
        seeds = {seed for seed, count in counts.items() if count == len(arms) or not whole}
        return replace(study, seeds=tuple(sorted(seeds | set(study.seeds))))

    def _rows(self, study: str) -> list[tuple]:
        columns = "arm, settings, seed, scores, seconds, versions, curve, arrays"
        with self._explained("a whole store, got one that SQLite cannot read"):
            return self._connection.execute(f"SELECT {columns} FROM runs WHERE study = ?", (study,)).fetchall()


def _parsed(scores: str, seconds: float, made_with: str, curve: str, arrays: bytes | None) -> tuple[Result, dict[str, str]]:
    numbers = {name: float(value) for name, value in json.loads(scores).items()}
    lists = {name: [value + 0 for value in values] for name, values in json.loads(curve).items()}
    if len({len(values) for values in lists.values()}) > 1:
        raise ValueError("lists of a curve differ in length")
    return Result(numbers, float(seconds), lists, unpacked(arrays)), dict(json.loads(made_with))


def packed(arrays: Mapping[str, np.ndarray]) -> bytes | None:
    """Arrays as the bytes of an npz file, the same for the same arrays; None for none."""
    if not arrays:
        return None
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def unpacked(content: bytes | None) -> dict[str, np.ndarray]:
    """The arrays that `packed` put together."""
    if content is None:
        return {}
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _row(study: str, job: Job, result: Result, made_with: Mapping[str, str]) -> tuple:
    if clash := set(result.scores) & {*job.settings, *RESERVED}:
        raise ValueError(f"scores: expected names that no setting has, got {', '.join(sorted(clash))}")
    return (
        study,
        *_key(job),
        json.dumps({name: float(value) for name, value in result.scores.items()}),
        float(result.seconds),
        json.dumps(dict(made_with)),
        json.dumps({name: list(values) for name, values in result.curve.items()}),
        packed(result.arrays),
        packed(result.network),
    )


def _key(job: Job) -> tuple[str, str, int]:
    return job.arm, definition(job.settings), job.seed


def _difference(before: dict, now: dict) -> str:
    names = [name for name in {**before, **now} if before.get(name, ...) != now.get(name, ...)]
    return ", ".join(f"{name} {before.get(name, 'unset')} there, {now.get(name, 'unset')} here" for name in names)
