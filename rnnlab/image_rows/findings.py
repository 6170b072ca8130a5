"""What the topics ask of the scores: tests, tables of variance, ranks, and what was claimed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from rnnlab import datasets, study, verdicts
from rnnlab.image_rows.studies import FORGET_BIASES, OPTIMIZERS, RATES

LOSSES = ("train_loss", "test_loss")
PUBLISHED_SEEDS = 10

Claims = list[dict[str, str]]


def published_scores(topic: str) -> pd.DataFrame:
    """Published means and standard deviations (n - 1) by arm and measure; empty where there are none."""
    if topic == "gate":
        found = datasets.published("gate_activation").rename(columns={"gate": "arm"})
    elif topic == "forget-bias":
        found = datasets.published("forget_bias")
        # Both sweeps have an arm 1.0; the arm stands for the first of them.
        found = found.drop_duplicates(["split", "forget_bias"]).assign(arm=lambda t: [f"{b:g}" for b in t.forget_bias])
    elif topic == "optimizer":
        found = datasets.published("optimizers")
        found["arm"] = [f"{name}, {rate:g}" for name, rate in zip(found.optimizer, found.learning_rate, strict=True)]
    else:
        return datasets.published("extras").assign(sd=np.nan)
    if "measure" not in found:
        found["measure"] = found.split + "_loss"
    samples = [study.from_figures(m, s, PUBLISHED_SEEDS, ddof=0) for m, s in zip(found["mean"], found.sd, strict=True)]
    return found.assign(sd=[sample.sd for sample in samples])[["arm", "measure", "mean", "sd"]].reset_index(drop=True)


def samples_of(runs: pd.DataFrame, measure: str) -> dict[str, study.Sample]:
    """Arms by name."""
    return {str(arm): study.summarize(group[measure].to_numpy()) for arm, group in runs.groupby("arm", sort=False)}


def t_tests(runs: pd.DataFrame, pairs: list[tuple[str, str]]) -> pd.DataFrame:
    """Welch's test of pairs of arms in both losses, with Holm's correction over all of them."""
    rows = []
    for measure in LOSSES:
        samples = samples_of(runs, measure)
        for a, b in pairs:
            test = study.t_test(samples[a], samples[b])
            row = {"loss": measure.split("_")[0], "a": a, "b": b, "difference": test.difference, "low": test.low}
            row |= {"high": test.high, "t": test.statistic, "df": test.df, "p": test.p, "Hedges' g": test.effect}
            rows.append(row)
    table = pd.DataFrame(rows)
    table.insert(table.columns.get_loc("p") + 1, "p (Holm)", study.holm(table.p))
    return table


def _gate_tables(runs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    theirs = published_scores("gate").set_index(["arm", "measure"])
    rows = []
    for measure in LOSSES:
        figures_of = (theirs.loc[(arm, measure)] for arm in ("sigmoid", "tanh"))
        a, b = (study.from_figures(row["mean"], row.sd, PUBLISHED_SEEDS) for row in figures_of)
        stated = datasets.published("gate_activation_ttest").set_index("split").loc[measure.split("_")[0]]
        rows.append(
            {
                "loss": measure.split("_")[0],
                "t that the report states": stated.t,
                "t of its table": study.t_test(a, b).statistic,
            }
        )
    return {
        "Welch's tests": t_tests(runs, [("sigmoid", "tanh")]),
        "The published test of sigmoid against tanh": pd.DataFrame(rows),
    }


def _gate_claims(runs: pd.DataFrame) -> Claims:
    scores = {measure: _by_arm(runs, measure) for measure in LOSSES}
    claims = [
        {"claim": f"tanh has a lower {measure.replace('_', ' ')} than sigmoid", **verdicts.lower(by["tanh"], by["sigmoid"])}
        for measure, by in scores.items()
    ]
    return [*claims, {"claim": "ReLU diverges", **verdicts.mostly(~np.isfinite(scores["train_loss"]["relu"]))}]


def _bias_tables(runs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    pairs = [("1", "2"), ("2", "3")]
    stated = datasets.published("forget_bias_ttest")
    tests = t_tests(runs, pairs)
    tests["published t (no sign)"], tests["published p"] = stated.t.to_numpy(), stated.p.to_numpy()
    tables = {"Welch's tests of neighbours": tests}
    for name, sweep in FORGET_BIASES.items():
        for measure in LOSSES:
            part = _converged(runs[runs.forget_bias.isin(sweep)], measure)
            if part.forget_bias.nunique() > 1:
                caption = f"One-way analysis of variance, {name.replace('_', ' ')}: {measure.replace('_', ' ')}"
                tables[caption] = study.anova(part, measure, ["forget_bias"])
    return tables


def _bias_claims(runs: pd.DataFrame) -> Claims:
    train, test = (_by_arm(runs, measure) for measure in LOSSES)
    return [
        {"claim": "train loss: forget biases 1 and 2 make no difference", **verdicts.alike(train["1"], train["2"])},
        {"claim": "train loss: 2 is better than 3", **verdicts.lower(train["2"], train["3"])},
        {"claim": "test loss: forget biases 1 and 2 make no difference", **verdicts.alike(test["1"], test["2"])},
        {"claim": "test loss: forget biases 2 and 3 make no difference", **verdicts.alike(test["2"], test["3"])},
    ]


def _optimizer_tables(runs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    tables = {}
    stated = datasets.published("optimizers_anova").set_index("split")
    for measure in LOSSES:
        name, split = measure.replace("_", " "), measure.split("_")[0]
        whole = _converged(runs, measure)
        if len(whole) == len(runs):
            theirs = stated.loc[split].set_index("term")
            ours = study.anova(runs, measure, ["optimizer", "learning_rate"])
            ours["published f"] = [theirs.f.get(term, np.nan) for term in ours.term]
            ours["published p"] = [theirs.p.get(term, np.nan) for term in ours.term]
            tables[f"Two-way analysis of variance: {name}"] = ours
        rows = []
        for rate in RATES:
            part = whole[whole.learning_rate == rate]
            if part.optimizer.nunique() > 1:
                found = study.anova(part, measure, ["optimizer"]).iloc[0]
                key = f"{split} at lr {rate:g}"
                published = stated.f[key] if key in stated.index else np.nan
                compared = ", ".join(dict.fromkeys(part.optimizer))
                rows.append({"learning rate": f"{rate:g}", "of": compared, **found, "published f": published})
        tables[f"One-way analysis of variance at each rate: {name}"] = pd.DataFrame(rows)
        tables[f"Ranks: {name}"] = _ranks(runs, measure)
    return tables


def _ranks(runs: pd.DataFrame, measure: str) -> pd.DataFrame:
    split = measure.split("_")[0]
    overall = study.rank(samples_of(runs, measure))
    theirs = {kind: datasets.published(kind) for kind in ("optimizers_rank", "optimizers_rank_within")}
    published = {
        kind: {
            f"{row.optimizer}, {row.learning_rate:g}": int(row[-1])
            for row in table[table.split == split].itertuples(index=False)
        }
        for kind, table in theirs.items()
    }
    within: dict[str, int] = {}
    for name in OPTIMIZERS:
        within |= study.rank(samples_of(runs[runs.optimizer == name], measure))
    rows = [
        {
            "arm": arm,
            "rank": place,
            "published": published["optimizers_rank"].get(arm, np.nan),
            "rank within optimizer": within[arm],
            "published within": published["optimizers_rank_within"].get(arm, np.nan),
        }
        for arm, place in overall.items()
    ]
    return pd.DataFrame(rows)


def _optimizer_claims(runs: pd.DataFrame) -> Claims:
    claims: Claims = []
    for measure in LOSSES:
        name = measure.replace("_", " ")
        for term, text, if_apart in (
            ("optimizer", "on the whole the optimizer makes no difference", "does not hold"),
            ("learning_rate", "the learning rate makes a difference", "holds"),
            ("interaction", "which optimizer is better depends on the rate", "holds"),
        ):
            claims.append({"claim": f"{name}: {text}", **_of_variance(runs, measure, term, if_apart)})
    train, test = (_by_arm(runs, measure) for measure in LOSSES)
    best = "rmsprop, 0.001"
    return [
        *claims,
        {"claim": "train loss: RMSprop at 0.001 is the best of all", **verdicts.extreme(train, best, highest=False)},
        {"claim": "test loss: Adam and RMSprop at 0.001 do not differ", **verdicts.alike(test["adam, 0.001"], test[best])},
    ]


def _of_variance(runs: pd.DataFrame, measure: str, term: str, if_apart: str) -> dict[str, str]:
    if diverged := len(runs) - int(np.isfinite(runs[measure]).sum()):
        return {"verdict": "cannot be decided", "evidence": f"{diverged} of {len(runs)} runs diverged"}
    row = study.anova(runs, measure, ["optimizer", "learning_rate"]).set_index("term").loc[term]
    verdict = if_apart if row.p < verdicts.LEVEL else "cannot be decided"
    return {"verdict": verdict, "evidence": f"two-way analysis of variance: F = {row.f:.4g}, p = {row.p:.2g}"}


def _extras_tables(runs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {"Welch's tests": t_tests(runs, [("sgd, 0.1", "sgd, 0.1, decayed"), ("adam, 0.001", "adam, 0.001, beta_1 0.5")])}


def _extras_claims(runs: pd.DataFrame) -> Claims:
    claims: Claims = []
    for measure in LOSSES:
        name, by = measure.replace("_", " "), _by_arm(runs, measure)
        claims.append(
            {
                "claim": f"{name}: an exponential decay makes no difference",
                **verdicts.alike(by["sgd, 0.1, decayed"], by["sgd, 0.1"]),
            }
        )
        claims.append(
            {
                "claim": f"{name}: Adam is better with beta_1 0.5 than 0.9",
                **verdicts.lower(by["adam, 0.001, beta_1 0.5"], by["adam, 0.001"]),
            }
        )
    return claims


def _by_arm(runs: pd.DataFrame, measure: str) -> dict[str, np.ndarray]:
    return {str(arm): group[measure].to_numpy() for arm, group in runs.groupby("arm", sort=False)}


def _converged(runs: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Without the arms in which a run diverged, which have no mean."""
    return runs[runs.groupby("arm")[measure].transform(lambda scores: np.isfinite(scores).all())]


TABLES: dict[str, Callable[[pd.DataFrame], dict[str, pd.DataFrame]]] = {
    "gate": _gate_tables,
    "forget-bias": _bias_tables,
    "optimizer": _optimizer_tables,
    "extras": _extras_tables,
}
CLAIMS: dict[str, Callable[[pd.DataFrame], Claims]] = {
    "gate": _gate_claims,
    "forget-bias": _bias_claims,
    "optimizer": _optimizer_claims,
    "extras": _extras_claims,
}
