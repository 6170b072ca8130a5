"""A trained language model as tables, figures and files, and back from its file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rnnlab import command_line, datasets, figures
from rnnlab.files import whole_file
from rnnlab.poems.corpus import SPECIAL, Data, Vocabulary
from rnnlab.poems.training import Recipe
from rnnlab.poems.verse import distinct_characters, even, laid_out

if TYPE_CHECKING:
    from rnnlab.poems.writing import Writer
    from rnnlab.training import Replicas

SHOWN = 3  # poems of each temperature on the screen


def notes_of(data: Data, recipe: Recipe, source: str) -> dict[str, Any]:
    """What a saved model needs beside its weights, and what a reader wants to know of it."""
    numbers, counts = np.unique(data.train[:, 0], return_counts=True)
    known = [(number, count) for number, count in zip(numbers.tolist(), counts.tolist(), strict=True) if number >= SPECIAL]
    return {
        "source": source,
        "form": data.form,
        "length": int(data.train.shape[1]) - 1,
        "samples": {"train": len(data.train), "held_out": len(data.held_out)},
        "characters": data.vocabulary.characters,
        "firsts": {data.vocabulary.characters[number - SPECIAL]: count for number, count in known},
        "recipe": vars(recipe),
    }


def writers(replicas: Replicas, notes: dict[str, Any]) -> list[Writer]:
    """A writer per replica."""
    from rnnlab.poems.writing import Writer

    vocabulary = Vocabulary(notes["characters"])
    firsts = "".join(character * count for character, count in notes["firsts"].items())
    return [Writer(model, vocabulary, firsts) for model in replicas.models]


@dataclass(frozen=True)
class Report:
    """What is said of trained networks.

    Args:
        notes: see `notes_of`.
        history: of `Replicas`.
        poems: for each seed and temperature what it wrote.
    """

    notes: dict[str, Any]
    history: pd.DataFrame
    poems: dict[tuple[int, float], list[str]]

    @cached_property
    def runs(self) -> pd.DataFrame:
        """A row per seed: the pass with the best held-out perplexity, its scores, and how many passes there were."""
        rows = []
        for seed, run in self.history.groupby("seed", sort=False):
            best = run.loc[run.val_perplexity.idxmin()] if run.val_perplexity.notna().any() else run.iloc[-1]
            names = ("loss", "val_loss", "perplexity", "val_perplexity", "val_perplexity_as_run")
            scores = {name: float(best[name]) for name in names}
            rows.append({"seed": seed, "passes": len(run), "best_pass": int(best.epoch), **scores})
        return pd.DataFrame(rows)

    @cached_property
    def written(self) -> pd.DataFrame:
        """A row per seed and temperature: poems, the share of even lines, different characters per 100 poems."""
        rows = []
        for (seed, temperature), poems in self.poems.items():
            distinct = distinct_characters(poems) if len(poems) >= 100 else float("nan")
            share = float(np.mean([even(poem) for poem in poems]))
            rows.append({"seed": seed, "temperature": temperature, "poems": len(poems), "even": share, "distinct": distinct})
        return pd.DataFrame(rows)

    @property
    def title(self) -> str:
        recipe, samples = self.notes["recipe"], self.notes["samples"]
        name = figures.LABELS[recipe["cell"]]
        return (
            f"{self.notes['source']}: {samples['train']:,} training and {samples['held_out']:,} held-out samples, "
            f"{SPECIAL + len(self.notes['characters']):,} tokens; {name}, {recipe['embedding_dim']} and {recipe['units']} units"
        )

    def write(self, directory: Path) -> None:
        """Writes runs.csv, history.csv, poems.txt, summary.json and the figures; each file is whole or absent."""
        made = {"figure.png": figures.learning_curves(self.history, self.published, title=self.title)}
        if self.verses:
            made["figure_temperature.png"] = figures.temperatures(self.written, title=self.title)
        command_line.write_results(directory, {"runs.csv": self.runs, "history.csv": self.history}, made)
        with whole_file(directory / "poems.txt") as temporary:
            temporary.write_text(self.anthology(), encoding="utf-8")
        summary = {
            **{name: value for name, value in self.notes.items() if name not in ("characters", "firsts", "task")},
            "vocabulary": SPECIAL + len(self.notes["characters"]),
            "rows": self.runs.to_dict("records"),
            "written": self.written.to_dict("records") if self.verses else [],
        }
        command_line.write_json(directory / "summary.json", summary)

    @property
    def published(self) -> pd.DataFrame | None:
        """The published curve, beside a training on a comparable corpus: any but a small one."""
        large = self.notes["form"] == "titled" and sum(self.notes["samples"].values()) > 10_000
        curve = datasets.published("poems_perplexity")
        return curve[curve["pass"] <= self.history.epoch.max() + 1] if large else None

    @property
    def verses(self) -> bool:
        return self.notes["form"] != "text"

    def anthology(self, most: int | None = None) -> str:
        """What was written, under headings of seed and temperature."""
        parts = []
        for (seed, temperature), poems in self.poems.items():
            parts.append(f"seed {seed}, temperature {temperature:g}\n")
            parts += [laid_out(poem) + "\n" for poem in poems[:most]]
        return "\n".join(parts)

    def show(self, directory: Path) -> None:
        """Prints the tables and some poems."""
        from rich import box
        from rich.console import Console
        from rich.table import Table

        def table(title: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
            made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
            for name in names:
                made.add_column(name, justify="right")
            for row in rows:
                made.add_row(*row)
            return made

        console = Console()
        scores = []
        for row in self.runs.itertuples():
            perplexities = (row.perplexity, row.val_perplexity, row.val_perplexity_as_run)
            scores.append([f"{row.seed}", f"{row.best_pass} of {row.passes}", *(f"{value:.1f}" for value in perplexities)])
        names = ("seed", "best pass", "perplexity (training)", "held out", "as published, padding counted")
        console.print(table(self.title, names, scores))
        if self.verses:
            rows = []
            for row in self.written.itertuples():
                distinct = f"{row.distinct:.0f}" if np.isfinite(row.distinct) else "–"
                rows.append([f"{row.seed}", f"{row.temperature:g}", f"{row.poems}", f"{100 * row.even:.1f} %", distinct])
            names = ("seed", "temperature", "poems", "even lines", "different characters per 100")
            console.print(table("written", names, rows))
        console.print(self.anthology(SHOWN), markup=False, highlight=False)
        console.print(f"results: {directory}")
