"""Finished runs of the sequence-to-sequence adder as tables, figures and files; and trained adders as one file."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rnnlab import addition, command_line, figures, verdicts

BLOCKS = 50  # the plane of operands is drawn in that many blocks each way
HARDEST = 10


def row_of(cell: str, units: int, seed: int, history: pd.DataFrame, said: np.ndarray, split: addition.Split) -> dict[str, Any]:
    """What is kept of a run: its scores by pass, and the answers to unseen questions that are wrong."""
    wrong = np.flatnonzero(said != split.unseen.sum(axis=1))
    return {
        "cell": cell,
        "units": units,
        "seed": seed,
        "loss": history.loss.tolist(),
        "exact": history.val_exact.tolist(),
        "wrong": _pack(wrong),
        "said": _pack(said[wrong]),
    }


def _pack(values: np.ndarray) -> str:
    return base64.b64encode(zlib.compress(values.astype("<i4").tobytes())).decode("ascii")


def _unpack(text: str) -> np.ndarray:
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype="<i4").astype(np.int64)


@dataclass(frozen=True)
class Report:
    """Everything that is said of a set of runs.

    Args:
        rows: one dict per run, as `row_of` makes them, with "seconds" of training.
        split: the questions that all runs shared.
    """

    recipe: str
    digits: int
    split: addition.Split
    rows: Sequence[dict[str, Any]]

    @cached_property
    def runs(self) -> pd.DataFrame:
        """A row per run, in the order of the rows."""
        return pd.DataFrame(
            {
                "recipe": self.recipe,
                "cell": row["cell"],
                "units": row["units"],
                "digits": self.digits,
                "seed": row["seed"],
                "exact_heldout": row["exact"][-1],
                "exact_unseen": 1 - len(wrong) / len(self.split.unseen),
                "train_seconds": round(row["seconds"]["train"], 3),
            }
            for row, wrong in zip(self.rows, self._wrong, strict=True)
        )

    @cached_property
    def history(self) -> pd.DataFrame:
        """A row per run and pass: cell, seed, epoch, loss, exact, right_of_ten."""
        frames = []
        for row in self.rows:
            rng = np.random.default_rng([row["seed"], len(row["exact"])])
            frame = pd.DataFrame({"cell": row["cell"], "seed": row["seed"], "loss": row["loss"], "exact": row["exact"]})
            frame.insert(2, "epoch", np.arange(1, len(frame) + 1))
            frame["right_of_ten"] = addition.right_of_ten(row["exact"], len(self.split.held_out), rng)
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    @cached_property
    def by_carries(self) -> pd.DataFrame:
        """Exact-sum accuracy on unseen questions, a row per cell, a column per number of columns that carry."""
        carries = addition.carries(self.split.unseen, self.digits)
        asked = np.bincount(carries, minlength=self.digits + 1)
        shares: dict[str, list[np.ndarray]] = {}
        for row, wrong in zip(self.rows, self._wrong, strict=True):
            missed = np.bincount(carries[wrong], minlength=self.digits + 1)
            shares.setdefault(row["cell"], []).append(1 - missed / np.maximum(asked, 1))
        return pd.DataFrame({cell: np.mean(runs, axis=0) for cell, runs in shares.items()}).T

    @cached_property
    def summary(self) -> list[dict[str, Any]]:
        """A dict per cell."""
        groups = self.runs.groupby("cell", sort=False)
        return [
            {
                "cell": cell,
                "units": int(group.units.iloc[0]),
                "seeds": len(group),
                "exact_heldout": group.exact_heldout.mean(),
                "exact_unseen": group.exact_unseen.mean(),
                "s": group.exact_unseen.std(ddof=1) if len(group) > 1 else float("nan"),
                "min": group.exact_unseen.min(),
                "max": group.exact_unseen.max(),
                "train_seconds": group.train_seconds.mean(),
                "by_carries": self.by_carries.loc[cell].tolist(),
            }
            for cell, group in groups
        ]

    @cached_property
    def hardest(self) -> list[dict[str, Any]]:
        """The questions that most runs get wrong, with the wrong answer that most of them give."""
        said: dict[int, list[int]] = {}
        for row, wrong in zip(self.rows, self._wrong, strict=True):
            for place, answer in zip(wrong.tolist(), _unpack(row["said"]).tolist(), strict=True):
                said.setdefault(place, []).append(answer)
        order = sorted(said, key=lambda place: (-len(said[place]), *self.split.unseen[place].tolist()))[:HARDEST]
        return [
            {
                "question": "{}+{}".format(*self.split.unseen[place]),
                "answer": int(self.split.unseen[place].sum()),
                "said": max(set(said[place]), key=lambda answer: (said[place].count(answer), answer)),
                "wrong": len(said[place]),
                "runs": len(self.rows),
            }
            for place in order
        ]

    @cached_property
    def claims(self) -> list[dict[str, str]]:
        """What was published of the classic recipe, and whether our runs bear it out."""
        published = {"simple_rnn", "lstm", "gru"}
        if (self.recipe, self.digits) != ("classic", 3) or set(self.runs.cell) != published or len(self.rows) < 6:
            return []
        exact = {cell: group.exact_heldout.to_numpy() for cell, group in self.runs.groupby("cell")}
        late = self.history[self.history.epoch > 15].groupby(["cell", "seed"]).right_of_ten
        tens, nines = (late.min() == 10)["lstm"], (late.median() == 9)["simple_rnn"]
        return [
            {"claim": "LSTM is best", **verdicts.extreme(exact, "lstm", highest=True)},
            {"claim": "LSTM has 10 of 10 right after every pass from the 16th on", **verdicts.mostly(tens)},
            {"claim": "simple RNN stays at 9 of 10 (median of the passes from the 16th on)", **verdicts.mostly(nines)},
            {"claim": "GRU is worst", **verdicts.extreme(exact, "gru", highest=False)},
        ]

    def write(self, directory: Path, command: str, seconds: dict[str, float]) -> None:
        """Writes runs.csv, history.csv, summary.json and the figures; each file is whole or absent."""
        command_line.write_results(directory, {"runs.csv": self.runs, "history.csv": self.history}, self._figures())
        command_line.write_json(
            directory / "summary.json",
            {
                "recipe": self.recipe,
                "digits": self.digits,
                "questions": {part: len(getattr(self.split, part)) for part in ("train", "held_out", "unseen")},
                "rows": self.summary,
                "hardest": self.hardest,
                "claims": self.claims,
                "command": command,
                "versions": command_line.versions(),
                "seconds": {name: round(value, 3) for name, value in seconds.items()},
            },
        )

    def show(self, directory: Path) -> None:
        """Prints the tables."""
        from rich import box
        from rich.console import Console
        from rich.table import Table

        def table(title: str, *names: str) -> Table:
            made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
            for place, name in enumerate(names):
                made.add_column(name, justify="right" if place else "left")
            return made

        console = Console()
        asked = f"{len(self.split.unseen):,} unseen questions of up to {self.digits} digits"
        scores = table(
            f"{asked}, recipe {self.recipe}: sums right", "cell", "seeds", "held out", "unseen", "min", "max", "s a seed"
        )
        carried = [f"{n} carries" if n != 1 else "1 carry" for n in range(self.digits + 1)]
        carries = table("unseen sums right, by the number of columns that carry", "cell", *carried)
        for row in self.summary:
            name = figures.LABELS[row["cell"]]
            shares = [_percent(row[key]) for key in ("exact_heldout", "exact_unseen", "min", "max")]
            scores.add_row(name, str(row["seeds"]), *shares, f"{row['train_seconds']:.1f}")
            carries.add_row(name, *map(_percent, row["by_carries"]))
        mistakes = table("hardest mistakes", "question", "answer", "mostly said", "wrong in")
        for row in self.hardest:
            said = str(row["said"]) if row["said"] >= 0 else "no number"
            mistakes.add_row(row["question"], str(row["answer"]), said, f"{row['wrong']} of {row['runs']}")
        for made in (scores, carries, mistakes):
            console.print(made)
        for claim in self.claims:
            console.print(f"{claim['claim']}: {claim['verdict']} ({claim['evidence']})")
        console.print(f"results: {directory}")

    @cached_property
    def _wrong(self) -> list[np.ndarray]:
        return [_unpack(row["wrong"]) for row in self.rows]

    def _figures(self) -> dict[str, Any]:
        wrong = {row["cell"]: 1 - row["exact_unseen"] for row in self.summary}
        what = f"sums of up to {self.digits} digits, recipe {self.recipe}, {self.runs.seed.nunique()} seeds"
        return {
            "figure.png": figures.accuracy_by_epoch(self.history, title=what),
            "figure_map.png": figures.error_map(self._map(), wrong, limit=10**self.digits, title=f"unseen {what}"),
        }

    def _map(self) -> dict[str, np.ndarray]:
        """Share of the sums that are wrong by cell and block of operands, over all runs; the plane is symmetric."""
        size = 10**self.digits / min(BLOCKS, 10**self.digits)
        blocks = (self.split.unseen / size).astype(int)
        shape = (int(10**self.digits / size),) * 2

        def count(places: np.ndarray | slice) -> np.ndarray:
            table = np.zeros(shape)
            np.add.at(table, tuple(blocks[places].T), 1)
            return table + table.T

        asked, missed = count(slice(None)), dict[str, np.ndarray]()
        for row, wrong in zip(self.rows, self._wrong, strict=True):
            missed[row["cell"]] = missed.get(row["cell"], 0) + count(wrong)
        seeds = self.runs.groupby("cell").size()
        return {cell: np.where(asked > 0, m / np.maximum(asked * seeds[cell], 1), np.nan) for cell, m in missed.items()}


def _percent(share: float) -> str:
    """As many digits as it takes not to round a mistake away."""
    return "100 %" if share == 1 else f"{100 * share:.2f} %" if share < 0.99995 else f"{100 * share:.4f} %"
