"""What the studies of the row classifier come to: our scores with the published ones, tests, claims, figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from rnnlab import datasets, figures, study
from rnnlab.image_rows.claims import CLAIMS
from rnnlab.image_rows.published import scores_of
from rnnlab.image_rows.studies import FORGET_BIASES, OPTIMIZERS, RATES, SEEDS, arms_of, reduced_by

LOSSES, ACCURACIES = ("train_loss", "test_loss"), ("train_accuracy", "test_accuracy")
NAMES = {
    "train_loss": "loss, training batch",
    "test_loss": "loss, test batch",
    "train_accuracy": "accuracy, training batch",
    "test_accuracy": "accuracy, test batch",
    "forget_bias": "forget bias at the start",
    LOSSES: "loss, mean of the last updates",
}
OVERVIEW = "Means of the last updates"
NOTES = {
    "gate-as_run": "The published code varied the activation of candidate and output; its gates stayed sigmoid, so that its "
    "tanh is the ordinary LSTM. The variant `as_claimed` varies the activation of the gates.",
    "gate-as_claimed": "What the published text says and its code never ran: here the activation of the gates varies.",
    "forget-bias": "The published tables hold misprints, marked here with what the published code gave. The tests that they "
    "print as 2 against 3 are of 1 against 3, without their sign.",
    "optimizer": "The published losses and accuracies come from two different runs of the study.",
    "extras": "The published decay was never connected to the step counter, so that its rate stayed 0.1; ours decays.",
}
PAIRED = (
    "Within a seed all arms share initial weights and batches, so that they are compared paired. The published tests treat "
    "arms as independent; they stand in columns of their own."
)


def report_of(plan: study.Study, runs: study.Runs, command: str) -> study.Report:
    """The report of a study, from all or from some of its runs; tests and claims need two seeds of every arm."""
    frame, theirs = runs.frame, scores_of(plan)
    study_name, _, variant = plan.name.partition("-as_")
    seeds = frame.groupby("arm").seed.nunique().reindex(arms_of(study_name, f"as_{variant or 'run'}"), fill_value=0).min()
    reduced = reduced_by(plan, seeds)
    tables = {OVERVIEW: overview(frame), "Losses": scores_table(frame, theirs, LOSSES)}
    tables |= {"Accuracies": scores_table(frame, theirs, ACCURACIES), "Time per update": time_table(frame, theirs)}
    claims = []
    if seeds > 1:
        tables |= TABLES[study_name](frame, theirs)
        claims = study.claims.settle(CLAIMS[plan.name](frame), reduced=reduced)
    notes = [NOTES[plan.name], PAIRED, *([f"Less than published: {reduced}."] if reduced else [])]
    return study.Report(plan, frame, command, tables, _figures(plan, runs, theirs), claims, notes, shown=(OVERVIEW,))


def overview(runs: pd.DataFrame) -> pd.DataFrame:
    """A row per arm: means of the seeds, nan where one diverged, and how many did."""
    groups = runs.groupby("arm", sort=False)
    # Not pandas' own mean, which skips a run that diverged.
    means = groups[[*LOSSES, *ACCURACIES]].agg(lambda scores: scores.mean(skipna=False))
    means.insert(0, "runs", groups.size())
    means.insert(1, "diverged", groups.train_loss.agg(lambda scores: int((~np.isfinite(scores)).sum())))
    return means.rename(columns=lambda column: column.replace("_", " ")).reset_index()


def scores_table(runs: pd.DataFrame, theirs: pd.DataFrame, measures: tuple[str, ...]) -> pd.DataFrame:
    """A row per arm: for each measure our mean, s and interval, and the published mean and s."""
    columns: dict[str, Any] = {"arm": list(dict.fromkeys(runs.arm))}
    for measure in measures:
        split, samples = measure.split("_")[0], [study.summarize(scores) for scores in study.by_arm(runs, measure).values()]
        columns[measure.replace("_", " ")] = [one.mean for one in samples]
        columns[f"s ({split})"] = [one.sd for one in samples]
        intervals = [f"{one.low:.4g} to {one.high:.4g}" if np.isfinite(one.low) else "–" for one in samples]
        columns[f"95 % interval ({split})"] = intervals
        printed = theirs[theirs.measure == measure].drop_duplicates("arm").set_index("arm")
        if printed.index.isin(columns["arm"]).any():
            texts = dict(zip(printed.index, map(_as_text, printed.itertuples()), strict=True))
            columns[f"published ({split})"] = [texts.get(arm, "–") for arm in columns["arm"]]
    return pd.DataFrame(columns)


def _as_text(row: Any) -> str:
    spread = f" ± {row.sd:.2g}" if np.isfinite(row.sd) else ""
    return f"{row.mean:.4g}{spread}" + (f" (misprint of {row.instead})" if row.misprint else "")


def time_table(runs: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """Milliseconds per update, evaluations included, of a run that shares its machine with others."""
    table = runs.groupby("arm", sort=False).ms_per_update.agg(["median", "min", "max"]).reset_index()
    published = theirs[theirs.measure == "ms_per_iteration_gtx1060"].set_index("arm")["mean"]
    if len(published):
        table["published (GTX 1060)"] = [published.get(arm, np.nan) for arm in table.arm]
    return table.rename(columns={"median": "ms per update (median)"})


def t_tests(runs: pd.DataFrame, pairs: list[tuple[str, str]]) -> pd.DataFrame:
    """Paired tests of pairs of arms in both losses, corrected together, and Welch's as published."""
    rows = []
    for measure in LOSSES:
        scores = study.by_arm(runs, measure)
        for a, b in pairs:
            test, welch = study.t_test(scores[a], scores[b]), study.t_test(scores[a], scores[b], paired=False)
            row = {"loss": measure.split("_")[0], "a": a, "b": b, "difference": test.difference, "low": test.low}
            row |= {"high": test.high, "test": test.test, "t": test.statistic, "df": test.df, "Hedges' g": test.effect}
            rows.append(row | {"p": test.p, "corrected p": np.nan, "Welch's t": welch.statistic, "Welch's p": welch.p})
    table = pd.DataFrame(rows)
    return table.assign(**{"corrected p": study.holm(table.p)})


def variance_table(runs: pd.DataFrame, measure: str, factors: list[str]) -> pd.DataFrame:
    """Analysis of variance as published, within seeds, and within seeds of the logs where losses span decades."""
    table = study.anova(runs, measure, factors)
    analyses = {"within seeds": runs}
    if study.spans_decades(runs[measure]):
        analyses["of logs, within seeds"] = runs.assign(**{measure: np.log10(runs[measure])})
    for name, frame in analyses.items():
        within = study.anova(frame, measure, factors, block="seed").set_index("term").reindex(table.term)
        table[f"f {name}"], table[f"p {name}"] = within.f.to_numpy(), within.p.to_numpy()
    return table


def _gate_tables(runs: pd.DataFrame, theirs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    tables = {"Sigmoid against tanh": t_tests(runs, [("sigmoid", "tanh")])}
    if theirs.empty:
        return tables
    printed, table = theirs.set_index(["arm", "measure"]), datasets.published("gate_activation_ttest")
    table = table[["split", "t"]].set_axis(["loss", "t that is printed"], axis=1)
    arms = [[printed.loc[arm, f"{split}_loss"] for arm in ("sigmoid", "tanh")] for split in table.loss]
    samples = [[study.from_figures(row["mean"], row.sd, SEEDS) for row in pair] for pair in arms]
    table["t of the printed table"] = [study.t_test(a, b).statistic for a, b in samples]
    return tables | {"The published test of sigmoid against tanh": table}


def _bias_tables(runs: pd.DataFrame, theirs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    stated = datasets.published("forget_bias_ttest")
    tests = t_tests(runs, [("1", "2"), ("2", "3")])
    tables = {"Neighbours": tests.assign(**{"published t (no sign)": stated.t, "published p": stated.p})}
    for name, sweep in FORGET_BIASES.items():
        for measure in LOSSES:
            part = converged(runs[runs.forget_bias.isin(sweep)], measure)
            if part.forget_bias.nunique() > 1:
                caption = f"One-way analysis of variance, {name.replace('_', ' ')}: {measure.replace('_', ' ')}"
                tables[caption] = variance_table(part, measure, ["forget_bias"])
    return tables


def _optimizer_tables(runs: pd.DataFrame, theirs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    tables = {}
    stated = datasets.published("optimizers_anova").set_index("split")
    for measure in LOSSES:
        name, split = measure.replace("_", " "), measure.split("_")[0]
        whole = converged(runs, measure)
        if len(whole) == len(runs):
            ours, printed = variance_table(runs, measure, ["optimizer", "learning_rate"]), stated.loc[split].set_index("term")
            ours[["published f", "published p"]] = printed[["f", "p"]].reindex(ours.term).to_numpy()
            tables[f"Two-way analysis of variance: {name}"] = ours
        rows = []
        for rate in RATES:
            part = whole[whole.learning_rate == rate]
            if part.optimizer.nunique() > 1:
                found = variance_table(part, measure, ["optimizer"]).iloc[0]
                about = {"learning rate": f"{rate:g}", "of": ", ".join(dict.fromkeys(part.optimizer))}
                rows.append({**about, **found, "published f": stated.f.get(f"{split} at lr {rate:g}", np.nan)})
        tables[f"One-way analysis of variance at each rate: {name}"] = pd.DataFrame(rows)
        tables[f"Ranks: {name}"] = ranks(runs, measure)
    return tables


def ranks(runs: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Ranks of all arms and within each optimizer, by corrected paired tests, and the published ones, by Welch's."""
    split, scores = measure.split("_")[0], study.by_arm(runs, measure)
    columns = {"rank": study.rank(scores), "published": _printed("optimizers_rank", split)}
    within = [{arm: values for arm, values in scores.items() if arm.split(", ")[0] == name} for name in OPTIMIZERS]
    columns["rank within optimizer"] = {arm: place for arms in within for arm, place in study.rank(arms).items()}
    columns["published within"] = _printed("optimizers_rank_within", split)
    table = pd.DataFrame({name: pd.Series(found, dtype="Int64") for name, found in columns.items()})
    return table.reindex(list(columns["rank"])).rename_axis("arm").reset_index()


def _printed(kind: str, split: str) -> dict[str, int]:
    table = datasets.published(kind).query("split == @split")
    return {f"{row.optimizer}, {row.learning_rate:g}": int(row[-1]) for row in table.itertuples(index=False)}


def _extras_tables(runs: pd.DataFrame, theirs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    pairs = [("sgd, 0.1", "sgd, 0.1, decayed"), ("adam, 0.001", "adam, 0.001, beta_1 0.5")]
    return {"With and without": t_tests(runs, pairs)}


# By study, from its runs and what was published of it.
TABLES = {"gate": _gate_tables, "forget-bias": _bias_tables, "optimizer": _optimizer_tables, "extras": _extras_tables}


def converged(runs: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Without the arms in which a run diverged, which have no mean."""
    return runs[runs.groupby("arm")[measure].transform(lambda scores: np.isfinite(scores).all())]


def _figures(plan: study.Study, runs: study.Runs, theirs: pd.DataFrame) -> dict[str, tuple[str, Any]]:
    frame, curves, of_bias = runs.frame, runs.curves, plan.name == "forget-bias"
    about: dict[str, Any] = {"title": plan.title, "labels": NAMES | ({"arm": NAMES["forget_bias"]} if of_bias else {})}
    published = theirs[theirs.measure.isin(LOSSES)].drop_duplicates(["arm", "measure"])
    dots = figures.scores(frame, LOSSES, published=published if len(published) else None, **about)
    found = {"figure_scores": ("Every run", dots)}
    if plan.name == "optimizer":
        curves = curves.join(plan.table.set_index("arm")[["optimizer", "learning_rate"]], on="arm")
        curves = curves.sort_values("learning_rate", ascending=False, kind="stable")
        curves["panel"] = "learning rate " + curves.learning_rate.map("{:g}".format)
        for measure in ("test_loss", "test_accuracy"):
            drawn = figures.curves(curves, "update", [measure], arm="optimizer", panels="panel", **about)
            found[f"figure_{measure}"] = (f"{NAMES[measure].capitalize()} at each rate", drawn)
        return found
    found["figure_loss"] = ("Loss by update", figures.curves(curves, "update", LOSSES, **about))
    found["figure_accuracy"] = ("Accuracy by update", figures.curves(curves, "update", ACCURACIES, **about))
    if of_bias:
        drawn = figures.against_number(frame, "forget_bias", LOSSES, published=theirs, **about)
        found["figure_bias"] = ("Loss against forget bias", drawn)
    return found
