"""Finished runs of the sales forecaster as tables, figures and files; and a trained forecaster as one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from rnnlab import command_line, datasets, figures, sales
from rnnlab.files import whole_file


@dataclass(frozen=True)
class Report:
    """Everything that is said of a set of runs.

    Args:
        rows: one dict per run: cell, units, seed, forecast (months 2 to n), ahead (months after the end, may be empty).
    """

    series: datasets.Series
    data: sales.SalesData
    rows: Sequence[dict[str, Any]]
    epochs: int

    @cached_property
    def runs(self) -> pd.DataFrame:
        """A row per run: cell, units, epochs, seed, test_rmse, train_rmse (nan where it diverged)."""
        actual, cut = self.data.values[1:], self.data.train_size
        table = [
            {
                "cell": row["cell"],
                "units": row["units"],
                "epochs": self.epochs,
                "seed": row["seed"],
                "test_rmse": float(sales.rmse(np.array(row["forecast"][cut:]), actual[cut:])),
                "train_rmse": float(sales.rmse(np.array(row["forecast"][:cut]), actual[:cut])),
            }
            for row in self._sorted()
        ]
        return pd.DataFrame(table)

    @cached_property
    def references(self) -> dict[str, float]:
        """Test RMSE of each naive forecast; nan where the series is too short for it."""
        forecasts = sales.reference_forecasts(self.data, self.season)
        return {name: float(sales.rmse(f, self.data.test_values)) for name, f in forecasts.items()}

    @property
    def season(self) -> int:
        """Months of a season; a series without dates is taken as monthly."""
        return self.series.season or 12

    @cached_property
    def published(self) -> pd.DataFrame | None:
        """The published single runs, where this is their series and their protocol."""
        same = np.array_equal(self.data.values, datasets.shampoo_sales().values)
        if not same or (self.data.test_size, self.data.x.shape[-1], self.epochs) != (12, 1, 3000):
            return None
        return datasets.published("sales_neurons")

    @cached_property
    def summary(self) -> list[dict[str, Any]]:
        """A dict per cell and size: test RMSE over the seeds that did not diverge, and what it is held against."""
        actual = self.data.test_values
        result = []
        for (cell, units), group in self.runs.groupby(["cell", "units"], sort=False):
            scores = group.test_rmse.dropna().to_numpy()
            forecasts = np.array([r["forecast"][-len(actual) :] for r in self.rows if (r["cell"], r["units"]) == (cell, units)])
            finite = forecasts[np.isfinite(forecasts).all(axis=1)]
            averaged = float(sales.rmse(finite.mean(axis=0), actual)) if len(finite) else float("nan")
            result.append(
                {
                    "cell": cell,
                    "units": int(units),
                    "epochs": self.epochs,
                    "seeds": len(group),
                    "diverged": len(group) - len(scores),
                    **statistics(scores),
                    "averaged_forecast": averaged,
                    **self._against_published(cell, units, scores),
                }
            )
        return result

    @cached_property
    def months(self) -> pd.DataFrame:
        """A row per month, of the series and ahead of it: month (index), label, actual, part."""
        values, horizon = self.data.values, len(self.rows[0]["ahead"]) if self.rows else 0
        labels = [*self.series.labels, *self.series.next_labels(horizon)]
        part = np.array(["train"] * len(labels), dtype=object)
        part[len(values) - self.data.test_size :] = "test"
        part[len(values) :] = "future"
        actual = np.concatenate([values, np.full(horizon, np.nan)])
        return pd.DataFrame({"month": np.arange(len(labels)), "label": labels, "actual": actual, "part": part})

    @cached_property
    def forecasts(self) -> pd.DataFrame:
        """A row per run and month from the second on: cell, units, seed, month, label, part, actual, forecast."""
        frames = []
        for row in self._sorted():
            frame = self.months.iloc[1:][["month", "label", "part", "actual"]].copy()
            frame.insert(0, "cell", row["cell"])
            frame.insert(1, "units", row["units"])
            frame.insert(2, "seed", row["seed"])
            frames.append(frame.assign(forecast=[*row["forecast"], *row["ahead"]]))
        return pd.concat(frames, ignore_index=True)

    @cached_property
    def ahead(self) -> pd.DataFrame:
        """A row per cell, size and month ahead: mean and 10 % and 90 % quantiles over the seeds; empty without a horizon."""
        future = self.forecasts[self.forecasts.part == "future"]
        groups = future.groupby(["cell", "units", "month", "label"], sort=False).forecast
        table = groups.agg(mean="mean", low=lambda f: f.quantile(0.1), high=lambda f: f.quantile(0.9)).reset_index()
        return table.drop(columns="month")

    def write(self, directory: Path, command: str, seconds: dict[str, float]) -> None:
        """Writes runs.csv, forecasts.csv, summary.json, the figures, and forecast.csv where there is a horizon."""
        tables = {"runs.csv": self.runs, "forecasts.csv": self.forecasts.drop(columns="month")}
        if len(self.ahead):
            tables["forecast.csv"] = self.ahead
        for name, table in tables.items():
            with whole_file(directory / name) as path:
                table.to_csv(path, index=False, lineterminator="\n")
        for name, figure in self._figures().items():
            with whole_file(directory / name) as path:
                figure.savefig(path, dpi=130)
        for stale in ({"forecast.csv", "figure_units.png"} - {*tables, *self._figures()}) & {
            p.name for p in directory.iterdir()
        }:
            (directory / stale).unlink()
        command_line.write_json(
            directory / "summary.json",
            {
                "command": command,
                "versions": command_line.versions(),
                "series": self.series.name,
                "test_months": [self.series.labels[-self.data.test_size], self.series.labels[-1]],
                "references": self.references,
                "rows": self.summary,
                "seconds": {name: round(value, 3) for name, value in seconds.items()},
            },
        )

    def show(self, directory: Path) -> None:
        """Prints the tables."""
        from rich import box
        from rich.console import Console
        from rich.table import Table

        console = Console()
        title = f"{self.series.name}: test RMSE over the last {self.data.test_size} rows, {self.epochs} epochs"
        scores = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        against = Table(
            title="averaged forecast of all seeds, published single run, naive forecasts",
            title_justify="left",
            box=box.SIMPLE_HEAD,
            padding=(0, 1, 0, 0),
        )
        for name in ("cell", "units", "seeds", "mean", "s", "min", "median", "max", "95 % interval"):
            scores.add_column(name, justify="left" if name == "cell" else "right", no_wrap=True)
        for name in ("cell", "units", "RMSE of the average", "published run", "seeds better"):
            against.add_column(name, justify="left" if name == "cell" else "right", no_wrap=True)
        for row in self.summary:
            name = figures.LABELS.get(row["cell"], row["cell"])
            scores.add_row(name, str(row["units"]), *_score_cells(row))
            against.add_row(name, str(row["units"]), *_against_cells(row))
        for forecast, score in sorted(self.references.items(), key=lambda item: (np.isnan(item[1]), item[1])):
            text = "too short" if np.isnan(score) else f"{score:.2f}"
            against.add_row(figures.REFERENCES.get(forecast, forecast), "", text, "", "")
        console.print(scores)
        console.print(against)
        console.print(f"results: {directory}", highlight=False, soft_wrap=True)

    def _sorted(self) -> list[dict[str, Any]]:
        order = list(dict.fromkeys(row["cell"] for row in self.rows))
        return sorted(self.rows, key=lambda row: (order.index(row["cell"]), row["units"], row["seed"]))

    def _against_published(self, cell: str, units: int, scores: np.ndarray) -> dict[str, float]:
        if self.published is None:
            return {}
        match = self.published.query("cell == @cell and units == @units").test_rmse
        if match.empty:
            return {}
        single = float(match.iloc[0])
        return {"published": single, "share_better": float(np.mean(scores < single)) if len(scores) else float("nan")}

    def _figures(self) -> dict[str, Any]:
        title = f"{self.series.name}: one step ahead, {self.runs.seed.nunique()} seeds, {self.epochs} epochs"
        drawn = {"figure.png": figures.forecast_panels(self.forecasts, self.months, title=title, unit=self.series.name)}
        if self.runs.units.nunique() > 1:
            heading = f"{self.series.name}: test RMSE against units, {self.runs.seed.nunique()} seeds, {self.epochs} epochs"
            drawn["figure_units.png"] = figures.score_by_units(
                self.runs, self.references, self.published, title=heading, unit=self.series.name
            )
        return drawn


def statistics(scores: np.ndarray) -> dict[str, float]:
    """Mean, sample standard deviation, min, median, max, 95 % interval of the mean by Student's t; nan where undefined."""
    if not len(scores):
        return dict.fromkeys(("mean", "s", "min", "median", "max", "low", "high"), float("nan"))
    mean = float(scores.mean())
    s = float(scores.std(ddof=1)) if len(scores) > 1 else float("nan")
    half = float(stats.t.ppf(0.975, len(scores) - 1)) * s / len(scores) ** 0.5 if len(scores) > 1 else float("nan")
    median = float(np.median(scores))
    return {"mean": mean, "s": s, "min": float(scores.min()), "median": median, "max": float(scores.max())} | {
        "low": mean - half,
        "high": mean + half,
    }


def _score_cells(row: dict[str, Any]) -> list[str]:
    seeds = f"{row['seeds']}" + (f" ({row['diverged']} diverged)" if row["diverged"] else "")
    interval = f"{row['low']:.1f} to {row['high']:.1f}" if np.isfinite(row["low"]) else "–"
    return [seeds, *(_number(row[name], 1) for name in ("mean", "s", "min", "median", "max")), interval]


def _against_cells(row: dict[str, Any]) -> list[str]:
    share = f"{100 * row['share_better']:.0f} %" if "share_better" in row else "–"
    return [_number(row["averaged_forecast"]), _number(row.get("published", np.nan)), share]


def _number(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else "–"


def save(path: Path, replicas: Any, series: datasets.Series, data: sales.SalesData, settings: dict[str, Any]) -> None:
    """Keeps a trained forecaster: networks, states, scale, series, settings."""
    from rnnlab.training import save_replicas

    scales = {name: {"low": s.low.tolist(), "high": s.high.tolist()} for name, s in (("x", data.x_scale), ("y", data.y_scale))}
    stored = asdict(series) | {"values": series.values.tolist()}
    lags = data.x.shape[-1]
    notes = settings | {"test_size": data.test_size, "lags": lags, "scales": scales, "series": stored}
    save_replicas(replicas, path, notes, task="sales")


def load(path: Path, newer: datasets.Series | None = None) -> tuple[Any, datasets.Series, sales.SalesData, dict[str, Any]]:
    """A kept forecaster: replicas, the series that it forecasts (its own, or `newer`), that series as it sees it, settings.

    Raises:
        OSError: there is no such file.
        ValueError: the file holds no sales forecaster.
    """
    from rnnlab.training import load_replicas

    replicas, notes = load_replicas(path, task="sales")
    stored = notes["series"]
    own = datasets.Series(**stored | {"values": np.array(stored["values"]), "labels": tuple(stored["labels"])})
    x_scale, y_scale = (sales.Scale(*(np.array(notes["scales"][n][end]) for end in ("low", "high"))) for n in "xy")
    series = newer or own
    data = sales.prepare(series.values, test_size=notes["test_size"], lags=notes["lags"], scales=(x_scale, y_scale))
    return replicas, series, data, notes
