"""What the studies of the row classifier say: our scores beside the published ones, findings, figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from rnnlab import datasets, figures, study
from rnnlab.image_rows.findings import CLAIMS, LOSSES, TABLES, Claims, published_scores, samples_of

ACCURACIES = ("train_accuracy", "test_accuracy")


def report_of(topic: str, plan: study.Study, runs: pd.DataFrame, curves: pd.DataFrame, command: str) -> study.Report:
    """The report of a topic, from all or from some of its runs.

    Args:
        runs, curves: as `Store.frame` and `Store.curves` give them; at least one run.
    """
    theirs = published_scores(topic)
    tables = {
        "Losses, mean of the last updates": scores_table(runs, theirs, LOSSES),
        "Accuracies, mean of the last updates": scores_table(runs, theirs, ACCURACIES),
        "Time per update": time_table(runs, theirs),
    }
    whole = runs.groupby("arm").seed.nunique().reindex(list(plan.arms)).fillna(0).min() > 1
    claims: Claims = []
    if whole:
        tables |= TABLES[topic](runs)
        claims = CLAIMS[topic](runs)
    notes = [
        NOTES[topic],
        "Within a seed all arms share initial weights and batches. The tests treat arms as independent, as the published "
        "ones do, which errs on the side of `cannot be decided`.",
    ]
    if plan.common["data"] != "mnist":
        notes.append(
            "These are scikit-learn's small digits (8 x 8): the published figures are of MNIST and stand here for order."
        )
    return study.Report(plan, runs, command, tables, _figures(topic, plan, runs, curves, theirs), claims, notes)


NOTES = {
    "gate": "`as_run` varies what the published code varied, the squashing activation; its gates stayed sigmoid, so that "
    "its tanh is the ordinary LSTM. `as_claimed` varies the activation of the gates.",
    "forget-bias": "The published tables hold misprints: the s of 0.111 at bias 3 (train; probably 0.0111), equal rows for 8 "
    "and 10 (train), 0.1910 at bias 0.7 (test, below its own training loss; 0.2910 fits), equal means for 1 and 2 (test) with "
    "a stated t of 1.1058. The published tests print t without its sign.",
    "optimizer": "The published losses and accuracies come from two different runs of the study.",
    "extras": "The published decay was never connected to the step counter, so that its rate stayed 0.1; ours decays.",
}


def scores_table(runs: pd.DataFrame, theirs: pd.DataFrame, measures: tuple[str, ...]) -> pd.DataFrame:
    """A row per arm: for each measure our mean, s and interval, and the published mean and s."""
    columns: dict[str, Any] = {"arm": list(dict.fromkeys(runs.arm)), "runs": runs.groupby("arm", sort=False).size().tolist()}
    published = theirs.set_index(["arm", "measure"])
    for measure in measures:
        name, samples = measure.replace("_", " "), samples_of(runs, measure).values()
        columns[name] = [sample.mean for sample in samples]
        columns[f"s ({name.split()[0]})"] = [sample.sd for sample in samples]
        columns[f"interval ({name.split()[0]})"] = [_interval(sample) for sample in samples]
        found = [published.loc[arm, measure] if (arm, measure) in published.index else None for arm in columns["arm"]]
        if any(row is not None for row in found):
            columns[f"published ({name.split()[0]})"] = [_published(row) for row in found]
    if runs.groupby("arm", sort=False)[measures[0]].apply(lambda scores: scores.isna().any()).any():
        columns["diverged"] = [sample.diverged for sample in samples_of(runs, measures[0]).values()]
    return pd.DataFrame(columns)


def _published(row: pd.Series | None) -> str:
    if row is None:
        return "–"
    return f"{row['mean']:.4g} ± {row.sd:.2g}" if np.isfinite(row.sd) else f"{row['mean']:.4g}"


def _interval(sample: study.Sample) -> str:
    return f"{sample.low:.4g} to {sample.high:.4g}" if np.isfinite(sample.low) else "–"


def time_table(runs: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """Milliseconds per update, evaluations included, as a run took beside others on its machine."""
    table = runs.groupby("arm", sort=False).ms_per_update.agg(["median", "min", "max"]).reset_index()
    published = theirs[theirs.measure == "ms_per_iteration_gtx1060"].set_index("arm")["mean"]
    if len(published):
        table["published (GTX 1060)"] = [published.get(arm, np.nan) for arm in table.arm]
    return table.rename(columns={"median": "ms per update (median)"})


def _figures(
    topic: str, plan: study.Study, runs: pd.DataFrame, curves: pd.DataFrame, theirs: pd.DataFrame
) -> dict[str, tuple[str, Any]]:
    title = plan.title
    every = figures.every_score(runs, LOSSES, theirs if len(theirs) else None, title=title)
    found = {"figure_scores": ("Every run", every)}
    if curves.empty:
        return found
    if topic == "optimizer":
        settings = runs.drop_duplicates("arm").set_index("arm")[["optimizer", "learning_rate"]]
        curves = curves.join(settings, on="arm")
        for measure in ("test_loss", "test_accuracy"):
            figure = figures.grid_of_rates(curves, measure, title=title)
            found[f"figure_{measure}"] = (f"{figures.NAMES[measure].capitalize()} at each rate", figure)
        return found
    found["figure_loss"] = ("Loss by update", figures.curves_by_update(curves, LOSSES, title=title))
    found["figure_accuracy"] = ("Accuracy by update", figures.curves_by_update(curves, ACCURACIES, title=title))
    if topic == "forget-bias":
        published = datasets.published("forget_bias")
        label = "forget bias at the start"
        figure = figures.score_by_number(runs, "forget_bias", published, title=title, label=label)
        found["figure_bias"] = ("Loss against forget bias", figure)
    return found
