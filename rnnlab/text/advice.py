"""What the studies say of the advice: tables, tests, a verdict on each piece, figures."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rnnlab import command_line, figures, study, verdicts
from rnnlab.files import whole_file
from rnnlab.text.studies import CLIPS, HIGH_RATES, OPTIMIZER_RATES, TOPICS

MEASURES = ("train_loss", "held_out_loss", "test_loss", "test_accuracy")
TEMPERED = ["fitted_temperature", "test_loss", "tempered_test_loss", "calibration_error", "tempered_calibration_error"]
CLIPPED = ["largest_norm", "clipped_share"]
ARMS_OF = (*OPTIMIZER_RATES, "adagrad decayed")
Claims = list[dict[str, str]]

NOTES = {
    "rate": "Adam at each rate. The perplexity is exp(loss): a network that knows nothing has that of the number of classes.",
    "temperature": "The fitted temperature has the lowest log-loss on the held-out sentences; it changes no answer, only how "
    "sure it is. Arms that are trained at another temperature divide their logits by it in training and afterwards.",
    "size": "One layer, no dropout, and word vectors that are not trained, so that there are networks with fewer parameters "
    "than training sentences.",
    "optimizer": "Of each optimizer the rate with the highest mean held-out accuracy speaks for it. Only this rule was made "
    "after the runs: by the held-out loss, which was to choose, a rate at which AdaGrad learns nothing would speak for it; "
    "a network that is sure of nothing loses less than one that is too sure. The decay multiplies the rate by 0.8 after every "
    "100 updates.",
    "initializer": "The name says where the kernels of the recurrent layers and of the last one start; glorot is Xavier's, "
    "random_normal has s 0.05, large_normal s 1. Recurrent kernels start orthogonal.",
    "clipping": "Stochastic gradient descent, trained update by update; norms are those of the gradient of all weights "
    "together, before it is rescaled to the threshold.",
    "direction": "The wider network in one direction has about as many parameters as the one in both.",
}


def report_of(topic: str, plan: study.Study, runs: pd.DataFrame, curves: pd.DataFrame, command: str) -> study.Report:
    """The report of a topic, from all or from some of its runs.

    Args:
        runs, curves: as `Store.frame` and `Store.curves` give them; at least one run.
    """
    notes = [
        *([NOTES[topic]] if topic in NOTES else []),
        "Arms and claims were fixed beforehand. A fifth of the training sentences is held out: stopping, temperatures and "
        "rates are chosen by them; the test sentences only score. Losses are those without dropout, in nats; a network that "
        "diverged has no loss, and none of its answers counts as right.",
        "Within a seed all arms of the same shape share initial weights and batches. The tests treat arms as independent, "
        "which errs on the side of `cannot be decided`.",
    ]
    tables = {"Scores": scores_table(runs)}
    claims: Claims = []
    if runs.groupby("arm").seed.nunique().reindex(list(plan.arms)).fillna(0).min() > 1:
        claims = CLAIMS[topic](runs)
        if topic == "temperature":
            tables["Before and after the fitted temperature"] = means_table(runs, TEMPERED)
        if topic == "clipping":
            tables["Norms of the gradient, and the share of updates that were clipped"] = means_table(runs, CLIPPED)
    return study.Report(plan, runs, command, tables, figures_of(topic, plan, runs, curves), claims, notes)


def scores_table(runs: pd.DataFrame) -> pd.DataFrame:
    """A row per arm: parameters, passes, and mean scores, with s, interval and rank of the test accuracy."""
    groups = runs.groupby("arm", sort=False)
    table = pd.DataFrame({"arm": list(groups.groups), "runs": groups.size().tolist()})
    table["diverged"] = groups.test_loss.apply(lambda losses: int((~np.isfinite(losses)).sum())).tolist()
    table["parameters"] = groups.parameters.first().astype(int).tolist()
    table["passes"] = groups.passes.mean().tolist()
    for measure in MEASURES:
        # Not pandas' own mean, which passes over a run that diverged.
        table[measure.replace("_", " ")] = groups[measure].apply(lambda scores: scores.mean(skipna=False)).tolist()
    samples = {str(arm): study.summarize(group.test_accuracy.to_numpy()) for arm, group in groups}
    table["s (accuracy)"] = [sample.sd for sample in samples.values()]
    table["interval (accuracy)"] = [f"{sample.low:.3f} to {sample.high:.3f}" for sample in samples.values()]
    if len(runs) > len(samples):
        ranks = study.rank(samples, lowest_first=False)
        table["rank (accuracy)"] = [ranks[arm] for arm in samples]
    return table


def means_table(runs: pd.DataFrame, measures: list[str]) -> pd.DataFrame:
    """A row per arm: the mean of each measure."""
    means = runs.groupby("arm", sort=False)[measures].agg(lambda scores: scores.mean(skipna=False))
    return means.rename(columns=lambda name: name.replace("_", " ")).reset_index()


def figures_of(topic: str, plan: study.Study, runs: pd.DataFrame, curves: pd.DataFrame) -> dict[str, tuple[str, Any]]:
    title = plan.title
    scores = ("train_loss", "test_loss", "test_accuracy")
    found = {"figure_scores": ("Every run", figures.scores_by_arm(runs, scores, title=title))}
    if topic == "temperature":
        drawn = figures.reliability_diagram(curves, title=title)
        return found | {"figure": ("As often right as sure? Test sentences by the confidence of the answer", drawn)}
    if topic == "clipping":
        return found | {"figure": ("Norms of the gradient", figures.norms_by_pass(curves, title=title))}
    if topic == "size":
        samples = int(runs.train_texts.iloc[0])
        found["figure"] = ("Losses by size", figures.losses_by_size(runs, samples, title=title))
    if topic == "optimizer":
        # Of fifteen arms those that speak for their optimizer.
        present = [name for name in ARMS_OF if runs.arm.str.startswith(f"{name}, ").any()]
        curves = curves[curves.arm.isin([chosen(runs, name) for name in present])]
    measures = ["train_loss", "held_out_loss"]
    if topic == "rate":
        with np.errstate(over="ignore"):
            curves = curves.assign(**{name.replace("loss", "perplexity"): np.exp(curves[name]) for name in measures})
        measures = [name.replace("loss", "perplexity") for name in measures]
    return found | {"figure_curves": ("Pass by pass", figures.curves_by_arm(curves, measures, title=title))}


def _of(runs: pd.DataFrame, measure: str) -> dict[str, np.ndarray]:
    return {str(arm): group[measure].to_numpy() for arm, group in runs.groupby("arm", sort=False)}


def _better(runs: pd.DataFrame, first: str, second: str, said: str | None = None) -> Claims:
    """The first arm has the higher test accuracy, and the lower test loss, than the second."""
    scores, losses = _of(runs, "test_accuracy"), _of(runs, "test_loss")
    text = said or f"{first} against {second}"
    # The lower accuracy is that of the second arm; its mean stands first in the evidence.
    found = verdicts.lower(scores[second], scores[first])
    means = f"means: {scores[first].mean():.4g} against {scores[second].mean():.4g}"
    return [
        {
            "claim": f"{text}: higher test accuracy",
            **found,
            "evidence": means if "means" in found["evidence"] else found["evidence"],
        },
        {"claim": f"{text}: lower test loss", **verdicts.lower(losses[first], losses[second])},
    ]


def _rate_claims(runs: pd.DataFrame) -> Claims:
    losses, test = _of(runs, "train_loss"), _of(runs, "test_loss")
    start = math.log(int(runs.classes.iloc[0]))
    found = [
        {
            "claim": f"at a rate of {rate} the training perplexity diverges (ends above that of knowing nothing, or as nan)",
            **verdicts.mostly(~(losses[rate] <= start)),
        }
        for rate in ("0.1", "1")
    ]
    return [*found, {"claim": "0.001 has the lowest test loss", **verdicts.extreme(test, "0.001", highest=False)}]


def _temperature_claims(runs: pd.DataFrame) -> Claims:
    plain = runs[runs.arm == "trained at 1"]
    found = []
    for name, measure in (("log-loss", "test_loss"), ("calibration error", "calibration_error")):
        before, after = plain[measure].to_numpy(), plain[f"tempered_{measure}"].to_numpy()
        # The same networks before and after: their differences are tested.
        verdict = verdicts.lower(after - before, np.zeros(len(before)))["verdict"]
        evidence = f"means: {after.mean():.4g} after, {before.mean():.4g} before"
        found.append({"claim": f"the fitted temperature lowers the test {name}", "verdict": verdict, "evidence": evidence})
    for arm in ("trained at 0.25", "trained at 4"):
        found += _better(runs, arm, "trained at 1")
    return found


def _size_claims(runs: pd.DataFrame) -> Claims:
    samples = int(runs.train_texts.iloc[0])
    counts = runs.groupby("arm", sort=False).parameters.first()
    few, many = (counts[counts <= samples], counts[counts > samples])
    if few.empty or many.empty:
        return []
    gaps, test, scores = (
        _of(runs.assign(gap=runs.test_loss - runs.train_loss), name) for name in ("gap", "test_loss", "test_accuracy")
    )
    small, large = str(few.idxmax()), str(many.idxmax())
    about = f"{large} ({counts[large]:,.0f} parameters) against {small} ({counts[small]:,.0f}; {samples} samples)"
    return [
        {"claim": f"{about}: a wider gap between test and training loss", **verdicts.lower(gaps[small], gaps[large])},
        {"claim": f"{about}: a higher test loss", **verdicts.lower(test[small], test[large])},
        {"claim": f"{about}: a lower test accuracy", **verdicts.lower(scores[large], scores[small])},
    ]


def _patience_claims(runs: pd.DataFrame) -> Claims:
    stopped = _better(runs, "stopped, patience 10", "2 of the passes", "stopping early against twice the passes")
    passes = _better(runs, "1 of the passes", "2 of the passes", "the passes against twice as many")
    return [*stopped, *passes, *_better(runs, "stopped, patience 10", "1 of the passes", "stopping early against the passes")]


def chosen(runs: pd.DataFrame, name: str) -> str:
    """The arm of an optimizer with the highest mean held-out accuracy."""
    arms = runs[runs.arm.str.startswith(f"{name}, ")]
    return str(arms.groupby("arm", sort=False).held_out_accuracy.mean().idxmax())


def _optimizer_claims(runs: pd.DataFrame) -> Claims:
    best = {name: chosen(runs, name) for name in ARMS_OF}
    pairs = (("rmsprop", "sgd"), ("rmsprop", "adagrad"), ("rmsprop", "adam"), ("adagrad decayed", "adagrad"))
    return [claim for first, second in pairs for claim in _better(runs, best[first], best[second])]


def _initializer_claims(runs: pd.DataFrame) -> Claims:
    others = ("he_normal", "random_normal", "large_normal", "zeros")
    return [claim for other in others for claim in _better(runs, "glorot_uniform", other)]


def _clipping_claims(runs: pd.DataFrame) -> Claims:
    found = []
    for rate in HIGH_RATES:
        plain = f"rate {rate:g}, not clipped"
        for clip in filter(None, CLIPS):
            found += _better(runs, f"rate {rate:g}, norm {clip:g}", plain)
    return found


def _direction_claims(runs: pd.DataFrame) -> Claims:
    both = "both directions"
    return [claim for one in ("one direction", "one direction, wider") for claim in _better(runs, both, one)]


CLAIMS: dict[str, Callable[[pd.DataFrame], Claims]] = {
    "rate": _rate_claims,
    "temperature": _temperature_claims,
    "activation": lambda runs: _better(runs, "softsign", "tanh"),
    "size": _size_claims,
    "layers": lambda runs: [
        claim
        for more, fewer in (("2 layers", "1 layer"), ("3 layers", "2 layers"), ("4 layers", "3 layers"))
        for claim in _better(runs, more, fewer)
    ],
    "patience": _patience_claims,
    "optimizer": _optimizer_claims,
    "initializer": _initializer_claims,
    "clipping": _clipping_claims,
    "direction": _direction_claims,
}


def write_overview(directory: Path, topics: list[str], command: str) -> None:
    """Writes report.md and summary.json: the verdicts of all topics, from the summary.json in the folder of each."""
    lines = [
        "# Advice, put to the test",
        "",
        f"    {command}",
        "",
        "| advice | claim | verdict | evidence |",
        "|---|---|---|---|",
    ]
    claims = []
    for topic in topics:
        summary = json.loads((directory / topic / "summary.json").read_text(encoding="utf-8"))
        claims += [{"topic": topic, **claim} for claim in summary["claims"]]
        for claim in summary["claims"]:
            link = f"[{TOPICS[topic][0]}]({topic}/report.md)"
            lines.append(f"| {link} | {claim['claim']} | **{claim['verdict']}** | {claim['evidence']} |")
    with whole_file(directory / "report.md") as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    about = {"command": command, "versions": command_line.versions()}
    command_line.write_json(directory / "summary.json", {"claims": claims, **about})
