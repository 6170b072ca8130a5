"""Trained classifiers as tables, figures and files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from textwrap import shorten
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from rnnlab import command_line, figures, study, verdicts
from rnnlab.text.baselines import TFIDF
from rnnlab.text.calibration import accuracy, log_loss, probabilities
from rnnlab.text.corpus import PUBLIC, Labelled
from rnnlab.text.splits import find_copies
from rnnlab.text.training import Recipe

SHOWN = 8  # mistakes on the screen
WIDTH = 100  # characters of them
LEVEL = 0.05
# Test accuracies that others published for the data of "emoji".
PUBLISHED = {"stacked LSTM": "0.82 to 0.875", "mean word vectors": "0.857"}


class Run(NamedTuple):
    """One trained network: its logits of the training and of the test texts, and the seconds it took."""

    cell: str
    seed: int
    train_logits: np.ndarray
    test_logits: np.ndarray
    seconds: float


@dataclass(frozen=True)
class Report:
    """What is said of trained networks.

    Args:
        data, recipe: what they were trained on, and how; of `recipe` the cell is that of the first.
        runs_of: the networks.
        history: columns cell, seed, epoch, loss, accuracy, test_loss, test_accuracy.
        said: class numbers of the test texts by baseline.
        about: command, seconds, versions and more for summary.json.
    """

    data: Labelled
    recipe: Recipe
    runs_of: Sequence[Run]
    history: pd.DataFrame
    said: dict[str, np.ndarray]
    about: dict[str, Any]

    @cached_property
    def copies(self) -> pd.DataFrame:
        """Test texts that stand in training too, or nearly; see `find_copies`."""
        return find_copies(self.data.train.texts, self.data.test.texts)

    @cached_property
    def new(self) -> np.ndarray:
        """Which test texts do not occur in training, bool of shape (texts,)."""
        known = np.zeros(len(self.data.test), dtype=bool)
        known[self.copies.test[self.copies["copy"].astype(bool)].astype(int)] = True
        return ~known

    @cached_property
    def runs(self) -> pd.DataFrame:
        """A row per network; `low` and `high` are the Wilson interval of its test accuracy."""
        train, test = self.data.train.labels, self.data.test.labels
        rows = []
        for run in self.runs_of:
            score = accuracy(run.test_logits, test)
            low, high = wilson(score, len(test))
            row = {"cell": run.cell, "units": " ".join(map(str, self.recipe.units)), "seed": run.seed}
            row |= {"train_accuracy": accuracy(run.train_logits, train), "train_loss": log_loss(run.train_logits, train)}
            row |= {"test_accuracy": score, "low": low, "high": high, "test_loss": log_loss(run.test_logits, test)}
            row |= {"test_accuracy_without_copies": accuracy(run.test_logits[self.new], test[self.new])}
            rows.append(row | {"train_seconds": round(run.seconds, 3)})
        return pd.DataFrame(rows)

    @cached_property
    def baselines(self) -> pd.DataFrame:
        """A row per baseline: name, test accuracy with its Wilson interval, and the same without copies."""
        rows = []
        for name, said in self.said.items():
            right = said == self.data.test.labels
            low, high = wilson(right.mean(), len(right))
            rows.append({"name": name, "accuracy": right.mean(), "low": low, "high": high, "new": right[self.new].mean()})
        return pd.DataFrame(rows)

    @cached_property
    def cells(self) -> list[dict[str, Any]]:
        """A dict per cell: mean test accuracy, its bootstrap interval over seeds, and the Wilson interval of one test set."""
        found = []
        for cell, group in self.runs.groupby("cell", sort=False):
            over = study.summarize(group.test_accuracy.to_numpy())
            new = study.summarize(group.test_accuracy_without_copies.to_numpy())
            row = {"cell": cell, "seeds": len(group), "train_accuracy": group.train_accuracy.mean()}
            row |= {"test_accuracy": over.mean, "s": over.sd, "seeds_low": over.low, "seeds_high": over.high}
            row |= dict(zip(("test_low", "test_high"), wilson(over.mean, len(self.data.test)), strict=True))
            row |= {"test_loss": group.test_loss.mean(), "without_copies": new.mean, "without_copies_s": new.sd}
            found.append(row | {"train_seconds": group.train_seconds.mean()})
        return found

    @cached_property
    def confusion(self) -> dict[str, np.ndarray]:
        """By cell, test texts of each class by the class that was said, shape (classes, classes), mean of the seeds."""
        found: dict[str, list[np.ndarray]] = {}
        size = len(self.data.classes)
        for run in self.runs_of:
            table = np.zeros((size, size))
            np.add.at(table, (self.data.test.labels, run.test_logits.argmax(axis=1)), 1)
            found.setdefault(run.cell, []).append(table)
        return {cell: np.mean(tables, axis=0) for cell, tables in found.items()}

    @cached_property
    def mistakes(self) -> pd.DataFrame:
        """A row per test text that a network got wrong: in how many, what most of these said, and how sure they were of it.

        The worst first: most networks, then the greatest mean probability of the wrong answer. `row` counts from 1.
        """
        given = np.stack([probabilities(run.test_logits) for run in self.runs_of])
        said, sure = given.argmax(axis=2), given.max(axis=2)
        rows = []
        for place, label in enumerate(self.data.test.labels):
            wrong = said[:, place] != label
            if wrong.any():
                most = np.bincount(said[wrong, place]).argmax()
                row = {"row": place + 1, "text": self.data.test.texts[place], "label": self.data.classes[label]}
                row |= {"said": self.data.classes[most], "wrong": int(wrong.sum()), "networks": len(wrong)}
                rows.append(row | {"confidence": sure[wrong, place].mean()})
        columns = ["row", "text", "label", "said", "wrong", "networks", "confidence"]
        frame = pd.DataFrame(rows, columns=columns)
        return frame.sort_values(["wrong", "confidence"], ascending=False, kind="stable").reset_index(drop=True)

    @cached_property
    def claims(self) -> list[dict[str, str]]:
        """Whether each cell is above logistic regression on words: over seeds on these test texts, and over test texts."""
        labels = self.data.test.labels
        theirs = self.said[TFIDF] == labels
        found = []
        for row in self.cells:
            runs = [run.test_logits.argmax(axis=1) == labels for run in self.runs_of if run.cell == row["cell"]]
            scores, name = np.mean(runs, axis=1), figures.LABELS[row["cell"]]
            # The regression has no seed: as often as there are networks it says the same.
            claim = f"{name} is above {TFIDF} on these test texts, whichever the seed"
            verdict = verdicts.lower(np.full(len(scores), theirs.mean()), scores)["verdict"]
            evidence = f"{scores.mean():.4g}, mean of {len(scores)} networks, against {theirs.mean():.4g}"
            found.append({"claim": claim, "verdict": verdict, "evidence": evidence})
            claim = f"{name} is above {TFIDF} on other texts like these"
            found.append({"claim": claim, **_paired(np.mean(runs, axis=0) - theirs)})
        return found

    @property
    def title(self) -> str:
        way = ", both directions" if self.recipe.bidirectional else ""
        units = " and ".join(map(str, self.recipe.units))
        parts = f"{len(self.data.train):,} training and {len(self.data.test):,} test texts, {len(self.data.classes)} classes"
        return f"{self.data.source}: {parts}; {units} units{way}"

    def write(self, directory: Path) -> None:
        """Writes runs.csv, history.csv, confusion.csv, mistakes.csv, summary.json and the figures; each is whole or absent."""
        tables = {cell: pd.DataFrame(table, columns=list(self.data.classes)) for cell, table in self.confusion.items()}
        for cell, table in tables.items():
            table.insert(0, "true", self.data.classes)
            table.insert(0, "cell", cell)
        # Texts without a licence to pass them on are not spread in results.
        mistakes = self.mistakes.drop(columns="text") if self.data.source in PUBLIC else self.mistakes
        frames = {"runs.csv": self.runs, "history.csv": self.history, "mistakes.csv": mistakes}
        frames["confusion.csv"] = pd.concat(tables.values())
        intervals = {row["cell"]: (row["test_accuracy"], row["seeds_low"], row["seeds_high"]) for row in self.cells}
        lines = dict(zip(self.baselines.name, self.baselines.accuracy, strict=True))
        made = {
            "figure.png": figures.curves_of_cells(self.history, title=self.title),
            "figure_accuracy.png": figures.accuracy_by_cell(self.runs, intervals, lines, title=self.title),
            "figure_confusion.png": figures.confusion_of_cells(self.confusion, self.data.classes, title=self.title),
        }
        command_line.write_results(directory, frames, made)
        command_line.write_json(directory / "summary.json", self.summary)

    @property
    def summary(self) -> dict[str, Any]:
        return {
            "source": self.data.source,
            "classes": list(self.data.classes),
            "texts": {"train": len(self.data.train), "test": len(self.data.test)},
            "copies": {"same": int((~self.new).sum()), "near": len(self.copies) - int((~self.new).sum())},
            "recipe": vars(self.recipe),
            "rows": self.cells,
            "baselines": self.baselines.to_dict("records"),
            "claims": self.claims,
            **self.about,
        }

    def show(self, directory: Path) -> None:
        """Prints the tables, the claims and the worst mistakes."""
        from rich.console import Console

        console = Console()
        rows = []
        for cell in self.cells:
            seeds = f"{cell['seeds_low']:.3f} to {cell['seeds_high']:.3f}" if cell["seeds"] > 1 else "–"
            test = f"{cell['test_low']:.3f} to {cell['test_high']:.3f}"
            scores = [f"{cell[name]:.3f}" for name in ("train_accuracy", "test_accuracy")]
            rows.append([figures.LABELS[cell["cell"]], *scores, seeds, test, f"{cell['without_copies']:.3f}"])
        for base in self.baselines.itertuples():
            test = f"{base.low:.3f} to {base.high:.3f}"
            rows.append([base.name, "", f"{base.accuracy:.3f}", "", test, f"{base.new:.3f}"])
        if self.data.source == "emoji":
            rows += [[f"published: {name}", "", score, "", "", ""] for name, score in PUBLISHED.items()]
        names = ["", "training", "test", "95 % over seeds", "95 % of one test set", "without copies"]
        console.print(_table(f"{self.title}: accuracy", names, rows))
        same, near = (self.summary["copies"][name] for name in ("same", "near"))
        console.print(f"test texts that occur in training: {same}; another {near} nearly")
        for claim in self.claims:
            console.print(f"{claim['claim']}: {claim['verdict']} ({claim['evidence']})", markup=False, highlight=False)
        shown = [
            [shorten(row.text, WIDTH), row.label, row.said, f"{row.wrong} of {row.networks}", f"{row.confidence:.2f}"]
            for row in self.mistakes.head(SHOWN).itertuples()
        ]
        if shown:
            console.print(_table("worst mistakes", ["text", "true", "said", "networks", "confidence"], shown))
        console.print(f"results: {directory}")


def wilson(share: float, count: int) -> tuple[float, float]:
    """The 95 % interval (Wilson) of a share of `count` texts; a mean of shares is rounded to whole texts."""
    from scipy.stats import binomtest

    interval = binomtest(round(share * count), count).proportion_ci(1 - LEVEL, method="wilson")
    return float(interval.low), float(interval.high)


def _paired(differences: np.ndarray) -> dict[str, str]:
    """Whether differences text by text are above 0 on average, by one-sided t-tests at 5 % in either direction."""
    verdict = verdicts.lower(np.zeros(len(differences)), differences)["verdict"]
    ours, zero = study.summarize(differences), study.summarize(np.zeros(len(differences)))
    test = study.t_test(ours, zero, confidence=1 - 2 * LEVEL)  # the interval that leaves out 0 where one of the two tests does
    interval = f"{100 - 200 * LEVEL:.0f} % interval {100 * test.low:+.1f} to {100 * test.high:+.1f}"
    return {"verdict": verdict, "evidence": f"{100 * test.difference:+.1f} points, {interval}, {len(differences)} texts"}


def _table(title: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for place, name in enumerate(names):
        table.add_column(name, justify="right" if place else "left")
    for row in rows:
        table.add_row(*map(Text, row))
    return table
