"""Finished runs in an SQLite file: written once, one by one, and never overwritten."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType

import pandas as pd

from rnnlab.command_line import versions
from rnnlab.machine import processors
from rnnlab.study.plan import RESERVED, Job, Study, definition

APPLICATION = 0x726E6E6C  # "rnnl", by which SQLite files of ours are known
VERSION = 1

_TABLE = """
CREATE TABLE runs (
    study TEXT NOT NULL, arm TEXT NOT NULL, settings TEXT NOT NULL, seed INTEGER NOT NULL,
    scores TEXT NOT NULL, seconds REAL NOT NULL, versions TEXT NOT NULL, curve TEXT NOT NULL,
    PRIMARY KEY (study, arm, settings, seed)
) WITHOUT ROWID
"""

_INSERT = "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (study, arm, settings, seed) DO NOTHING"


class StoreError(ValueError):
    """A store that cannot be used; the message is one plain line."""


@dataclass(frozen=True)
class Result:
    """What came of one run: scores by name, wall seconds, and what was seen on the way, lists of one length by name."""

    scores: Mapping[str, float]
    seconds: float
    curve: Mapping[str, list[float]] = field(default_factory=dict)


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
        try:
            self._connection = sqlite3.connect(self.path, isolation_level=None)
        except sqlite3.Error as error:
            raise StoreError(f"store {self.path}: expected a file that can be written to, got none ({error})") from None
        try:
            self._open()
        except (sqlite3.Error, StoreError) as error:
            self._connection.close()
            raise (
                error
                if isinstance(error, StoreError)
                else StoreError(f"store {self.path}: expected a store of rnnlab, got a file that SQLite cannot read ({error})")
            ) from None

    def _open(self) -> None:
        (version,), (application,) = (
            self._connection.execute(f"PRAGMA {name}").fetchone() for name in ("user_version", "application_id")
        )
        if not self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute(_TABLE)
            self._connection.execute(f"PRAGMA application_id = {APPLICATION}")
            self._connection.execute(f"PRAGMA user_version = {VERSION}")
            self._connection.execute("COMMIT")
        elif application != APPLICATION:
            raise StoreError(f"store {self.path}: expected a store of rnnlab, got another SQLite file")
        elif version != VERSION:
            raise StoreError(f"store {self.path}: expected version {VERSION} of the store, got {version}")

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
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
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                new = sum(self._connection.execute(_INSERT, row).rowcount == 1 for row in rows)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        except (sqlite3.Error, OverflowError) as error:
            raise StoreError(f"store {self.path}: expected that runs can be added, got {error}") from None
        return new

    def missing(self, study: Study) -> list[Job]:
        """The runs of the plan that are not there."""
        known = {(arm, settings, seed) for arm, settings, seed, *_ in self._rows(study.name)}
        return [job for job in study.jobs if (job.arm, definition(job.settings), job.seed) not in known]

    def changed(self, study: Study) -> list[str]:
        """A line for each arm that the store knows with other settings than the plan."""
        lines: dict[tuple[str, str], int] = {}
        for arm, settings, *_ in self._rows(study.name):
            if arm in study.arms and settings != definition(study.settings(arm)):
                lines[arm, settings] = lines.get((arm, settings), 0) + 1
        return [
            f"{arm}: {count} runs of another definition are left out ({_difference(json.loads(settings), study.settings(arm))})"
            for (arm, settings), count in lines.items()
        ]

    def runs(self, study: Study) -> list[tuple[Job, Result, dict[str, str]]]:
        """The finished runs of a plan, in its order, each with the versions that made it."""
        known = {(arm, settings, seed): rest for arm, settings, seed, *rest in self._rows(study.name)}
        found = []
        for job in study.jobs:
            if (key := (job.arm, definition(job.settings), job.seed)) in known:
                scores, seconds, made_with, curve = known[key]
                found.append((job, Result(json.loads(scores), seconds, json.loads(curve)), json.loads(made_with)))
        return found

    def frame(self, study: Study) -> pd.DataFrame:
        """The finished runs of a plan, in its order: study, arm, seed, the scores, seconds, the settings, versions."""
        rows = []
        for job, result, made_with in self.runs(study):
            about = "; ".join(f"{name} {version}" for name, version in made_with.items())
            place = {"study": study.name, "arm": job.arm, "seed": job.seed}
            rows.append(place | dict(result.scores) | {"seconds": result.seconds} | job.settings | {"versions": about})
        return pd.DataFrame(rows)

    def curves(self, study: Study) -> pd.DataFrame:
        """The curves of the finished runs of a plan: arm, seed, and the columns of the curve."""
        frames = [
            pd.DataFrame({"arm": job.arm, "seed": job.seed, **result.curve})
            for job, result, _ in self.runs(study)
            if result.curve
        ]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["arm", "seed"])

    def widened(self, study: Study) -> Study:
        """The plan with every seed that the store has of its arms, as they are defined now."""
        arms = {(arm, definition(study.settings(arm))) for arm in study.arms}
        seeds = {seed for arm, settings, seed, *_ in self._rows(study.name) if (arm, settings) in arms}
        return replace(study, seeds=tuple(sorted(seeds | set(study.seeds))))

    def _rows(self, study: str) -> list[tuple]:
        columns = "arm, settings, seed, scores, seconds, versions, curve"
        try:
            return self._connection.execute(f"SELECT {columns} FROM runs WHERE study = ?", (study,)).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"store {self.path}: expected a whole store, got one that SQLite cannot read ({error})") from None


def made_here() -> dict[str, str]:
    """Versions, the backend of Keras, and the cores among which its sums are split, which decides their last bits."""
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    return versions() | {"backend": backend, "cores": str(processors())}


def _row(study: str, job: Job, result: Result, made_with: Mapping[str, str]) -> tuple:
    if clash := set(result.scores) & {*job.settings, *RESERVED}:
        raise ValueError(f"scores: expected names that no setting has, got {', '.join(sorted(clash))}")
    return (
        study,
        job.arm,
        definition(job.settings),
        job.seed,
        json.dumps({name: float(value) for name, value in result.scores.items()}),
        float(result.seconds),
        json.dumps(dict(made_with)),
        json.dumps({name: list(values) for name, values in result.curve.items()}),
    )


def _difference(before: dict, now: dict) -> str:
    names = [name for name in {**before, **now} if before.get(name, ...) != now.get(name, ...)]
    return ", ".join(f"{name} {before.get(name, 'unset')} there, {now.get(name, 'unset')} here" for name in names)
