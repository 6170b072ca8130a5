"""Finished runs of the LSTM by hand as tables, figures and files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rnnlab import command_line, figures

PUBLISHED_MEAN = 3.2e-7  # mean relative error of a published course report: input 2, hidden 3, T = 4, step 1e-7
PUBLISHED_STEP = 1e-7
LAST = 10  # updates whose mean is the loss of a run


@dataclass(frozen=True)
class Report:
    """Everything that is said of the gradient checks and of the trained language models.

    Args:
        checks: a dict per seed: seed; parameters, of which each has numbers, mean_error, worst_error, keras_difference;
            by_step, the mean error of all numbers by the step of the differences; output_difference, from Keras' outputs.
        trainings: a dict per run: start, optimizer, rate, seed, seconds; loss and spread after each update.
        shapes: rows of quantity, formula, shape.
        about: sizes of the language model and its text.
    """

    checks: Sequence[dict[str, Any]]
    trainings: Sequence[dict[str, Any]]
    shapes: Sequence[tuple[str, str, str]]
    about: dict[str, Any]

    @cached_property
    def gradients(self) -> pd.DataFrame:
        """A row per seed and parameter."""
        return pd.DataFrame(
            {"seed": check["seed"], "parameter": name, **errors}
            for check in self.checks
            for name, errors in check["parameters"].items()
        )

    @cached_property
    def runs(self) -> pd.DataFrame:
        """A row per trained network, diverged ones with nan."""
        return pd.DataFrame(
            {
                **{key: run[key] for key in ("start", "optimizer", "rate", "seed")},
                "updates": len(run["loss"]),
                "loss": np.mean(run["loss"][-LAST:]),
                "spread": run["spread"][-1],
                "largest_spread": max(run["spread"]),
                "train_seconds": round(run["seconds"]["train"], 3),
            }
            for run in self.trainings
        )

    @cached_property
    def history(self) -> pd.DataFrame:
        """A row per run and update."""
        return pd.concat(
            [
                pd.DataFrame(
                    {
                        **{key: run[key] for key in ("start", "optimizer", "seed")},
                        "update": np.arange(1, len(run["loss"]) + 1),
                        "loss": run["loss"],
                        "spread": run["spread"],
                    }
                )
                for run in self.trainings
            ],
            ignore_index=True,
        )

    @cached_property
    def by_step(self) -> pd.DataFrame:
        """A row per seed and step of the differences: their mean relative error over all numbers."""
        return pd.DataFrame(
            {"seed": check["seed"], "step": float(step), "mean_error": error}
            for check in self.checks
            for step, error in check["by_step"].items()
        )

    @cached_property
    def parameters(self) -> list[dict[str, Any]]:
        """A dict per parameter: errors over the seeds."""
        return [
            {
                "parameter": name,
                "numbers": int(group.numbers.iloc[0]),
                "mean_error": group.mean_error.mean(),
                "worst_error": group.worst_error.max(),
                "keras_difference": group.keras_difference.max(),
            }
            for name, group in self.gradients.groupby("parameter", sort=False)
        ]

    @cached_property
    def summary(self) -> dict[str, Any]:
        groups = self.runs.groupby(["start", "optimizer", "rate"], sort=False)
        means = self.by_step.groupby("step").mean_error.mean()
        return {
            "mean_error": means[PUBLISHED_STEP],
            "worst_error": self.gradients.worst_error.max(),
            "published_mean_error": PUBLISHED_MEAN,
            "mean_error_by_step": {f"{step:g}": value for step, value in means.items()},
            "largest_output_difference_to_keras": max(check["output_difference"] for check in self.checks),
            "largest_gradient_difference_to_keras": self.gradients.keras_difference.max(),
            "parameters": self.parameters,
            "trainings": [
                {
                    "start": start,
                    "optimizer": optimizer,
                    "rate": rate,
                    "seeds": len(group),
                    "loss": group.loss.mean(),
                    "min": group.loss.min(),
                    "max": group.loss.max(),
                    "spread": group.spread.mean(),
                    "largest_spread": group.largest_spread.max(),
                    "train_seconds": group.train_seconds.mean(),
                }
                for (start, optimizer, rate), group in groups
            ],
        }

    def write(self, directory: Path, command: str, seconds: dict[str, float]) -> None:
        """Writes runs.csv, history.csv, gradients.csv, summary.json and the figures; each file is whole or absent."""
        frames = {"runs.csv": self.runs, "history.csv": self.history, "gradients.csv": self.gradients}
        command_line.write_results(directory, frames, self._figures())
        command_line.write_json(
            directory / "summary.json",
            {
                **self.about,
                **self.summary,
                "command": command,
                "versions": command_line.versions(),
                "seconds": {name: round(value, 3) for name, value in seconds.items()},
            },
        )

    def _figures(self) -> dict[str, Any]:
        size = f"{self.about['hidden']} units, {self.runs.seed.nunique()} seeds"
        from_random, by_adam = (
            self.history[self.history[key] == arm] for key, arm in (("start", "random"), ("optimizer", "Adam"))
        )
        rates = self.runs.set_index("optimizer").rate.to_dict()
        arms = from_random.optimizer.map(lambda name: f"{name}, rate {rates[name]:g}")
        return {
            "figure.png": figures.loss_by_update(from_random.assign(arm=arms), title=f"Language models by hand, {size}"),
            "figure_start.png": figures.spread_between_units(
                by_adam.assign(arm=by_adam.start), title=f"Starts of a language model, {size}, Adam"
            ),
            "figure_gradients.png": figures.gradient_errors(
                self.gradients, self.by_step, published=PUBLISHED_MEAN, step=PUBLISHED_STEP
            ),
        }

    def show(self, directory: Path) -> None:
        """Prints the tables."""
        from rich.console import Console

        console = Console(markup=False)
        shapes = _table("forward and backward, line by line", "quantity", "formula", "shape")
        for line in self.shapes:
            shapes.add_row(*line)
        gradients = _table(
            f"gradients against central differences with step {PUBLISHED_STEP:g}, and against Keras",
            "parameter", "numbers", "mean error", "worst error", "largest difference to Keras",
        )  # fmt: skip
        for row in self.parameters:
            errors = [f"{row[key]:.1e}" for key in ("mean_error", "worst_error", "keras_difference")]
            gradients.add_row(row["parameter"], str(row["numbers"]), *errors)
        trainings = _table(
            f"language models after {self.runs.updates.max()} updates",
            "start", "optimizer", "rate", "seeds", "loss", "min", "max", "spread of units",
        )  # fmt: skip
        for row in self.summary["trainings"]:
            losses = [f"{row[key]:.3f}" for key in ("loss", "min", "max")]
            trainings.add_row(
                row["start"], row["optimizer"], f"{row['rate']:g}", str(row["seeds"]), *losses, f"{row['spread']:.3g}"
            )
        for table in (shapes, gradients, trainings):
            console.print(table)
        steps = self.summary["mean_error_by_step"]
        best = min(steps, key=steps.__getitem__)
        console.print(
            f"mean relative error {self.summary['mean_error']:.1e} at step {PUBLISHED_STEP:g} (published {PUBLISHED_MEAN:g}), "
            f"{steps[best]:.1e} at step {best}; "
            f"outputs differ from Keras' by at most {self.summary['largest_output_difference_to_keras']:.1e}",
            highlight=False,
        )
        console.print(f"results: {directory}")


def _table(title: str, *names: str) -> Any:
    from rich import box
    from rich.table import Table

    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in names:
        made.add_column(name, justify="left" if name in ("quantity", "formula", "parameter", "start", "optimizer") else "right")
    return made
