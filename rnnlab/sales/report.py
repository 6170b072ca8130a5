"""What the finished runs of the forecaster say: scores beside naive forecasts and published runs, forecasts, figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from rnnlab import datasets, figures, study
from rnnlab.sales.data import SalesData
from rnnlab.sales.figures import forecast_panels
from rnnlab.sales.forecasts import REFERENCES, reference_forecasts, rmse
from rnnlab.sales.studies import published

SCORES, OTHERS = "Test RMSE", "Other forecasts of the same months"
NOTE = (
    "Every month of the test part is forecast one step ahead, from the true months before it. A dot of a figure, a row of "
    "runs.csv, is one seed; the RMSE of the average is that of the forecasts averaged over the seeds."
)


def report_of(series: datasets.Series, data: SalesData, plan: study.Study, runs: study.Runs, command: str) -> study.Report:
    """The report of a plan; `conduct` takes it with the first two arguments, the series and what networks see, filled in."""
    naive = reference_forecasts(data, series.season or 12)
    references = {REFERENCES.get(name, name): float(rmse(forecast, data.test_values)) for name, forecast in naive.items()}
    months = months_of(series, data, int(plan.common["horizon"] or 0))
    forecasts, theirs = forecasts_of(runs, months), published(plan)
    files = {"forecasts.csv": forecasts.drop(columns="month")}
    if plan.common["horizon"]:
        files["forecast.csv"] = ahead_of(forecasts)
    return study.Report(
        plan,
        runs.frame,
        command,
        tables={SCORES: scores_table(runs, data, theirs), OTHERS: references_table(references)},
        figures=_figures(plan, runs.frame, forecasts, months, references, theirs, series.name),
        notes=[NOTE],
        files=files,
        shown=(SCORES, OTHERS),
        summary={"series": series.name, "test_months": [series.labels[-data.test_size], series.labels[-1]]},
    )


def scores_table(runs: study.Runs, data: SalesData, theirs: pd.DataFrame | None) -> pd.DataFrame:
    """A row per cell and size: test RMSE over the seeds that did not diverge, and the published run beside them."""
    rows = []
    for (cell, units), group in runs.frame.groupby(["cell", "units"], sort=False):
        scores = group.test_rmse.dropna().to_numpy()
        row: dict[str, Any] = {"network": f"{figures.LABELS[cell]}, {units} units", "seeds": len(group)}
        row |= {"diverged": len(group) - len(scores), **_statistics(scores)}
        kept = [runs.arrays[arm, seed]["forecast"][data.train_size :] for arm, seed in zip(group.arm, group.seed, strict=True)]
        finite = [forecast for forecast in kept if np.isfinite(forecast).all()]
        row["RMSE of the average"] = float(rmse(np.mean(finite, axis=0), data.test_values)) if finite else np.nan
        if theirs is not None:
            single = theirs[(theirs.cell == cell) & (theirs.units == units)].test_rmse
            row["published run"] = float(single.iloc[0]) if len(single) else np.nan
            row["seeds better"] = f"{int((scores < single.iloc[0]).sum())} of {len(group)}" if len(single) else "–"
        rows.append(row)
    table = pd.DataFrame(rows)
    return table if table.diverged.any() else table.drop(columns="diverged")


def _statistics(scores: np.ndarray) -> dict[str, Any]:
    if not len(scores):
        return {**dict.fromkeys(("mean", "s", "min", "median", "max"), np.nan), "95 % interval": "–"}
    sample = study.summarize(scores)
    spread = {"min": scores.min(), "median": float(np.median(scores)), "max": scores.max()}
    interval = f"{sample.low:.1f} to {sample.high:.1f}" if len(scores) > 1 else "–"
    return {"mean": sample.mean, "s": sample.sd, **spread, "95 % interval": interval}


def references_table(references: dict[str, float]) -> pd.DataFrame:
    """A row per forecast that costs no network, the best first; nan where the series is too short for it."""
    return pd.Series(references, name="RMSE").rename_axis("forecast").sort_values(kind="stable").reset_index()


def months_of(series: datasets.Series, data: SalesData, horizon: int) -> pd.DataFrame:
    """A row per month, of the series and ahead of it: month (index), label, actual, part (train, test or future)."""
    size = len(data.values)
    part = np.array(["train"] * (size - data.test_size) + ["test"] * data.test_size + ["future"] * horizon)
    actual = np.concatenate([data.values, np.full(horizon, np.nan)])
    labels = [*series.labels, *series.next_labels(horizon)]
    return pd.DataFrame({"month": np.arange(len(labels)), "label": labels, "actual": actual, "part": part})


def forecasts_of(runs: study.Runs, months: pd.DataFrame) -> pd.DataFrame:
    """A row per run and month from the second on: cell, units, seed, month, label, part, actual, forecast."""
    columns = ["cell", "units", "seed"]
    table = runs.frame[["arm", *columns]].merge(months.iloc[1:], how="cross")
    kept = [runs.arrays[arm, seed] for arm, seed in zip(runs.frame.arm, runs.frame.seed, strict=True)]
    table["forecast"] = np.concatenate([arrays[part] for arrays in kept for part in ("forecast", "ahead") if part in arrays])
    return table[[*columns, "month", "label", "part", "actual", "forecast"]]


def ahead_of(forecasts: pd.DataFrame) -> pd.DataFrame:
    """A row per cell, size and month ahead: mean of the seeds, and their 10 % and 90 % quantiles."""
    future = forecasts[forecasts.part == "future"]
    groups = future.groupby(["cell", "units", "month", "label"], sort=False).forecast
    names = {"mean": "mean", "seeds_low": lambda f: f.quantile(0.1), "seeds_high": lambda f: f.quantile(0.9)}
    return groups.agg(**names).reset_index().drop(columns="month")


def _figures(
    plan: study.Study,
    runs: pd.DataFrame,
    forecasts: pd.DataFrame,
    months: pd.DataFrame,
    references: dict[str, float],
    theirs: pd.DataFrame | None,
    unit: str,
) -> dict[str, tuple[str, Any]]:
    about = f"{runs.seed.nunique()} seeds, {plan.common['epochs']} epochs"
    panels = forecast_panels(forecasts, months, title=f"{unit}: one step ahead, {about}", unit=unit)
    drawn = {"figure": ("Actual and forecast", panels)}
    if runs.units.nunique() > 1:
        if theirs is not None:
            theirs = theirs[theirs.units.isin(runs.units)].assign(arm=theirs.cell, measure="test_rmse", mean=theirs.test_rmse)
        by_size = figures.against_number(
            runs,
            "units",
            ["test_rmse"],
            arm="cell",
            published=theirs,
            references=references,
            title=f"{unit}: test RMSE against units, {about}",
            labels={"test_rmse": "test RMSE"},
            units={"test_rmse": unit},
            log=True,
        )
        drawn["figure_units"] = ("Score by size", by_size)
    return drawn
