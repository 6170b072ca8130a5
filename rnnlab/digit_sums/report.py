"""Finished runs of the aligned digit adder as tables, figures and files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rnnlab import command_line, figures
from rnnlab.digit_sums.exam import KINDS, MANY_DIGITS
from rnnlab.digit_sums.studies import EVERY, Study


@dataclass(frozen=True)
class StudyReport:
    """A study of the adder.

    Args:
        name: of the study.
        rows: a dict per run: arm, seed; exact and loss on held-out sums, and train_loss, after each `EVERY` updates; seconds.
    """

    name: str
    study: Study
    variant: str
    rows: Sequence[dict[str, Any]]

    @cached_property
    def runs(self) -> pd.DataFrame:
        """A row per run: settings of the arm, seed, final accuracy and loss, the first update with every sum right (or nan)."""
        table = []
        for row in self.rows:
            perfect = np.flatnonzero(np.array(row["exact"]) == 1)
            settings = {key: "none" if value is None else value for key, value in asdict(self.study.arms[row["arm"]]).items()}
            table.append(
                {"study": self.name, "variant": self.variant, "arm": row["arm"], **settings, "seed": row["seed"]}
                | {
                    "updates": EVERY * len(row["exact"]),
                    "exact": row["exact"][-1],
                    "train_loss": row["train_loss"][-1],
                    "loss": row["loss"][-1],
                    "first_perfect": EVERY * (perfect[0] + 1) if len(perfect) else np.nan,
                    "train_seconds": round(row["seconds"]["train"], 3),
                }
            )
        return pd.DataFrame(table)

    @cached_property
    def history(self) -> pd.DataFrame:
        """A row per run and evaluation: arm, seed, update, exact, loss."""
        frames = [
            pd.DataFrame(
                {
                    "arm": row["arm"],
                    "seed": row["seed"],
                    "update": EVERY * np.arange(1, len(row["exact"]) + 1),
                    "exact": row["exact"],
                    "loss": row["loss"],
                }
            )
            for row in self.rows
        ]
        return pd.concat(frames, ignore_index=True)

    @cached_property
    def summary(self) -> list[dict[str, Any]]:
        """A dict per arm."""
        return [
            {
                "arm": arm,
                "seeds": len(group),
                "exact": group.exact.mean(),
                "min": group.exact.min(),
                "max": group.exact.max(),
                "train_loss": group.train_loss.mean(),
                "loss": group.loss.mean(),
                "first_perfect": group.first_perfect.median(),
                "perfect": int(group.first_perfect.notna().sum()),
                "published": self.study.published.get(str(arm), np.nan),
            }
            for arm, group in self.runs.groupby("arm", sort=False)
        ]

    @cached_property
    def claims(self) -> list[dict[str, str]]:
        """What was claimed of the study, and whether our runs bear it out; needs two seeds."""
        return self.study.claims(self.runs) if self.runs.seed.nunique() > 1 else []

    def write(self, directory: Path, command: str, seconds: dict[str, float]) -> None:
        """Writes runs.csv, history.csv, summary.json and figure.png; each file is whole or absent."""
        title = f"{self.study.title}, {self.variant}, {self.runs.seed.nunique()} seeds"
        if self.study.rows and self.study.columns:
            figure = figures.first_perfect_map(self.runs, self.study.rows, self.study.columns, title=title)
        else:
            figure = figures.accuracy_by_update(self.history, title=title)
        summary = {"study": self.name, "variant": self.variant, "rows": self.summary, "claims": self.claims}
        _write(directory, {"runs.csv": self.runs, "history.csv": self.history}, figure, summary, command, seconds)

    def show(self, directory: Path) -> None:
        """Prints the table."""
        from rich import box
        from rich.console import Console
        from rich.table import Table

        console = Console()
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for name in ("arm", "right", "from, to", "publ.", "train loss", "all at", "in"):
            table.add_column(name, justify="left" if name == "arm" else "right", no_wrap=True)
        for row in self.summary:
            table.add_row(
                row["arm"].replace("num_layers", "layers"),
                _percent(row["exact"]),
                f"{_percent(row['min'])}, {_percent(row['max'])}",
                _percent(row["published"]),
                f"{row['train_loss']:.2g}",
                "never" if not row["perfect"] else f"{row['first_perfect']:.0f}",
                f"{row['perfect']}/{row['seeds']}",
            )
        console.print(f"{self.study.title}: % of whole sums right; first update with all {self.study.held_out:,} right")
        console.print(table)
        for claim in self.claims:
            console.print(f"{claim['claim']}: {claim['verdict']} ({claim['evidence']})")
        console.print(f"results: {directory}")


@dataclass(frozen=True)
class LongerReport:
    """Sums far longer than those that were trained on.

    Args:
        rows: a dict per network: cell, num_layers, share, seed, trained (accuracy on sums of the trained lengths), right (by
            length and kind: the share that is right), first_wrong (by kind: the first wrong column of each sum of `length`
            digits, beyond the last one where all are right), seconds.
        length: digits of the sums that the curves are drawn from.
        digits: of the longest operand in training.
    """

    rows: Sequence[dict[str, Any]]
    length: int
    digits: int

    @cached_property
    def runs(self) -> pd.DataFrame:
        """A row per network, length and kind of sums."""
        table = [
            {
                **{name: row[name] for name in ("cell", "num_layers", "share", "seed")},
                "trained_exact": row["trained"],
                "length": int(length),
                "kind": kind,
                "exact": right,
                "train_seconds": round(row["seconds"]["train"], 3),
            }
            for row in self.rows
            for length, kinds in row["right"].items()
            for kind, right in kinds.items()
        ]
        return pd.DataFrame(table)

    @cached_property
    def curves(self) -> pd.DataFrame:
        """Share of sums right up to a column, at columns spread evenly on a logarithmic scale."""
        columns = np.unique(np.geomspace(1, self.length, 60).round().astype(int))
        frames = []
        for row in self.rows:
            for kind in KINDS:
                wrong = np.array(row["first_wrong"][kind])
                frame = {name: row[name] for name in ("cell", "num_layers", "share", "seed")} | {"kind": kind}
                right = (wrong[None, :] >= columns[:, None]).mean(axis=1)
                frames.append(pd.DataFrame(frame | {"column": columns, "right": right}))
        return pd.concat(frames, ignore_index=True)

    @cached_property
    def summary(self) -> list[dict[str, Any]]:
        """A dict per cell, layers and share: how many of the networks add, and where the others first break."""
        table = []
        longest = self.runs[self.runs.length == self.length].groupby(["cell", "num_layers", "share", "seed"]).exact.min()
        for key, group in pd.DataFrame(self.rows).groupby(["cell", "num_layers", "share"], sort=False):
            perfect = [bool(longest[(*key, seed)] == 1) for seed in group.seed]
            breaks = [
                float(np.median([w for kind in KINDS for w in row["first_wrong"][kind] if w <= self.length]))
                for row, good in zip(group.to_dict("records"), perfect, strict=True)
                if not good
            ]
            table.append(
                dict(zip(("cell", "num_layers", "share"), key, strict=True))
                | {
                    "seeds": len(group),
                    "algorithm": sum(perfect),
                    "look_alike": len(group) - sum(perfect),
                    "first_break": float(np.median(breaks)) if breaks else np.nan,
                    "trained_exact": group.trained.mean(),
                    "train_seconds": float(np.mean([seconds["train"] for seconds in group.seconds])),
                    "right": self._right(key),
                }
            )
        return table

    def write(self, directory: Path, command: str, seconds: dict[str, float]) -> None:
        """Writes runs.csv, curves.csv, summary.json and figure.png; each file is whole or absent."""
        title = f"Trained on sums of up to {self.digits} digits, asked sums of {self.length:,}: who learned to add?"
        asked = max(len(wrong) for row in self.rows for wrong in row["first_wrong"].values())
        figure = figures.mistakes_by_length(self.curves, trained=self.digits, asked=asked, title=title)
        summary = {"length": self.length, "digits": self.digits, "rows": self.summary}
        _write(directory, {"runs.csv": self.runs, "curves.csv": self.curves}, figure, summary, command, seconds)

    def show(self, directory: Path) -> None:
        """Prints the table."""
        from rich import box
        from rich.console import Console
        from rich.table import Table

        lengths = sorted(set(self.runs.length))
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for name in ("cell, layers", "rich", "s/seed", "add", "break at"):
            table.add_column(name, justify="left" if name == "cell, layers" else "right", no_wrap=True)
        for length in lengths:
            table.add_column(f"{length:,}" + "*" * (length > MANY_DIGITS), justify="right", no_wrap=True)
        for row in self.summary:
            breaks = f"{row['first_break']:.0f}" if np.isfinite(row["first_break"]) else "–"
            right = [" ".join(_percent(row["right"].get(f"{n} {kind}", np.nan)) for kind in KINDS) for n in lengths]
            table.add_row(
                f"{figures.LABELS[row['cell']]} {row['num_layers']}", f"{row['share']:.0%}", f"{row['train_seconds']:.1f}",
                f"{row['algorithm']}/{row['seeds']}", breaks, *right,
            )  # fmt: skip
        console = Console()
        console.print(f"who adds, by the test of {self.length:,} digits; % right of random sums and of carry chains by length")
        console.print(table)
        if lengths[-1] > MANY_DIGITS:
            console.print("* asked of those that got all shorter sums right")
        console.print(
            "rich: share of carry-rich sums in training; break at: median first wrong column of those that do not add"
        )
        console.print(f"results: {directory}")

    def _right(self, key: tuple) -> dict[str, float]:
        cell, layers, share = key
        runs = self.runs[(self.runs.cell == cell) & (self.runs.num_layers == layers) & (self.runs.share == share)]
        return {f"{length} {kind}": group.exact.mean() for (length, kind), group in runs.groupby(["length", "kind"])}


def _write(
    directory: Path,
    frames: dict[str, pd.DataFrame],
    figure: Any,
    summary: dict[str, Any],
    command: str,
    seconds: dict[str, float],
) -> None:
    command_line.write_results(directory, frames, {"figure.png": figure})
    spent = {name: round(value, 3) for name, value in seconds.items()}
    about = {"command": command, "versions": command_line.versions(), "seconds": spent}
    command_line.write_json(directory / "summary.json", summary | about)


def _percent(value: float) -> str:
    """Four digits, cut off rather than rounded: what is not all right does not read 100."""
    return f"{np.floor(1e4 * value + 1e-3) / 100:.4g}" if np.isfinite(value) else "–"
