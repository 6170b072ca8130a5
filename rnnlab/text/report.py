"""What finished runs show: of a classification, of pieces of advice on training, of networks in a cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from textwrap import shorten
from typing import Any

import numpy as np
import pandas as pd

from rnnlab import figures, study
from rnnlab.study import claims
from rnnlab.text import figures as drawings
from rnnlab.text import findings, tables
from rnnlab.text.baselines import baselines
from rnnlab.text.data import FOLDS, PUBLIC, Labelled, encoder_of
from rnnlab.text.splits import find_copies
from rnnlab.text.studies import ADVICE, PUBLISHED, SEEDS, advice_of, reduced, study_of, together

SHOWN, WIDTH = 8, 100  # mistakes in the table, and characters of them
DRAWN = 3  # curves of so many of the best networks; more would hide one another
ACCURACY, MISTAKES = "Accuracy", "Worst mistakes"
ABOUT = (
    "An interval over seeds is that of the mean of networks on these test texts, one over texts (Wilson) that of a network "
    "on as many other texts like these. Losses are without dropout, in nats; a text whose logits are nan counts as wrong."
)
MEANS = {
    "temperature": {"Before and after the fitted temperature": tables.TEMPERED},
    "clipping": {"Norms of the gradient, and the fraction of updates that were clipped": tables.CLIPPED},
}
NOTES = {
    "rate": "Adam at each rate. The perplexity is exp(loss): a network that knows nothing has that of the number of classes.",
    "temperature": "The fitted temperature has the lowest log-loss on the held-out sentences; it changes no prediction, only "
    "its confidence. Arms that are trained at another temperature divide their logits by it in training and afterwards.",
    "size": "One layer, no dropout, and word vectors that are not trained, so that there are networks with fewer parameters "
    "than training sentences.",
    "optimizer": "Of each optimizer the rate with the highest mean held-out accuracy speaks for it. By the held-out loss, "
    "which was to choose, a rate at which AdaGrad learns nothing would speak for it; a network without confidence loses less "
    "than one with too much. The decay multiplies the rate by 0.8 after every 100 updates.",
    "initializer": "The name says where the kernels of the recurrent layers and of the last one start; glorot is Xavier's, "
    "random_normal has s 0.05, large_normal s 1. Recurrent kernels start orthogonal.",
    "clipping": "Stochastic gradient descent, trained update by update; norms are those of the gradient of all weights "
    "together, before it is rescaled to the threshold.",
    "direction": "The wider network in one direction has about as many parameters as the one in both.",
}
NOTE = (
    "Arms and claims were fixed before the runs, unless a note says otherwise. A fifth of the training sentences is held out: "
    "stopping, temperatures and rates are chosen by them; the test sentences only score. Losses are those without dropout, in "
    "nats; a network that diverged has no loss, and none of its predictions counts as right. Within a seed all arms of the "
    "same shape share initial weights and batches."
)


def report_of(data: Labelled, plan: study.Study, runs: study.Runs, command: str) -> study.Report:
    """The report of a classification; `conduct` takes it, like the others, with the first argument filled in."""
    predicted = baselines(data, encoder_of(data, data.train))
    copies = find_copies(data.train.texts, data.test.texts)
    new = ~np.isin(np.arange(len(data.test)), copies.test[copies["copy"].astype(bool)])
    same, near = int((~new).sum()), len(copies) - int((~new).sum())
    logits = {
        str(cell): {seed: runs.arrays[arm, seed]["test_logits"] for arm, seed in zip(group.arm, group.seed, strict=True)}
        for cell, group in runs.frame.groupby("cell", sort=False)
    }
    counts, wrong = tables.confusion(data, logits), tables.mistakes(data, logits)
    # Texts without a licence to pass them on are not spread in results.
    wrong = wrong.drop(columns="text") if data.source in PUBLIC else wrong
    worst = wrong.head(SHOWN)
    shown = {
        ACCURACY: tables.accuracy_table(data, runs.frame, logits, predicted, new),
        MISTAKES: worst.assign(text=[shorten(text, WIDTH) for text in worst.text]) if "text" in worst else worst,
    }
    smaller = reduced(plan, study_of(data, range(SEEDS), cells=tuple(plan.arms)), runs.frame.seed.nunique(), ("epochs",))
    named = [table.rename_axis("true").reset_index().assign(cell=cell) for cell, table in counts.items()]
    drawn = _figures(data, plan, runs, predicted, counts)
    found = claims.settle(findings.above_baselines(data, logits, predicted), reduced=smaller)
    notes = [f"Test texts that occur in training: {same}; another {near} nearly.", ABOUT]
    files = {"confusion.csv": pd.concat(named), "mistakes.csv": wrong}
    summary = {"classes": list(data.classes), "copies": {"same": same, "near": near}}
    return study.Report(plan, runs.frame, command, shown, drawn, found, notes, files, tuple(shown), summary)


def _figures(
    data: Labelled, plan: study.Study, runs: study.Runs, predicted: dict[str, np.ndarray], counts: dict[str, pd.DataFrame]
) -> dict[str, tuple[str, Any]]:
    lines = {name: float((classes == data.test.labels).mean()) for name, classes in predicted.items()}
    for name, ends in tables.PUBLISHED.items() if data.source == "emoji" else ():
        lines |= {f"{name}, {end}": end for end in ends}
    title, history = plan.title, runs.curves.rename(columns={"arm": "cell"})
    accuracy = figures.scores(runs.frame, ["test_accuracy"], arm="cell", baselines=lines, title=title)
    return {
        "figure": ("Loss and accuracy after each epoch", drawings.curves_of_cells(history, title=title)),
        "figure_accuracy": ("Test accuracy of every run", accuracy),
        "figure_confusion": ("Classes and predictions", drawings.confusion(counts, title=title)),
    }


def advice_report(data: Labelled, plan: study.Study, runs: study.Runs, command: str) -> study.Report:
    """The report of a piece of advice, from all or from some of its runs; `conduct` takes it with the first filled in."""
    name, frame = plan.name, runs.frame
    shown, found = {"Scores": tables.scores_table(frame)}, []
    fewest = int(frame.groupby("arm").seed.nunique().reindex(list(plan.arms)).fillna(0).min())
    if fewest > 1:
        smaller = reduced(plan, advice_of(name, data, range(SEEDS)), fewest)
        found = claims.settle(findings.advised(name, frame), reduced=smaller)
        shown |= {title: tables.means_table(frame, measures) for title, measures in MEANS.get(name, {}).items()}
    notes = [*([NOTES[name]] if name in NOTES else []), NOTE]
    return study.Report(plan, frame, command, shown, _advice_figures(plan, frame, runs.curves), found, notes)


def _advice_figures(plan: study.Study, runs: pd.DataFrame, curves: pd.DataFrame) -> dict[str, tuple[str, Any]]:
    title, measures = plan.title, ["train_loss", "held_out_loss"]
    scores = ("train_loss", "test_loss", "test_accuracy")
    found = {"figure_scores": ("Every run", figures.scores(runs, scores, title=title))}
    if plan.name == "temperature":
        return found | {"figure": ("Accuracy by confidence, test sentences", drawings.reliability_diagram(curves, title=title))}
    if plan.name == "clipping":
        return found | {"figure": ("Norms of the gradient", drawings.norms_by_epoch(curves, title=title))}
    if plan.name == "size":
        samples = int(runs.train_texts.iloc[0])
        labels = {"parameters": "trained parameters", ("train_loss", "test_loss"): "loss"}
        marks = {f"{samples} training texts": samples}
        sizes = figures.against_number(runs, "parameters", scores[:2], marks=marks, title=title, labels=labels)
        found["figure"] = ("Losses by size", sizes)
    if plan.name == "optimizer":
        # Of fifteen arms those that speak for their optimizer.
        present = [name for name in findings.ARMS_OF if runs.arm.str.startswith(f"{name}, ").any()]
        curves = curves[curves.arm.isin([findings.chosen(runs, name) for name in present])]
    if plan.name == "rate":
        with np.errstate(over="ignore"):
            curves = curves.assign(**{name.replace("loss", "perplexity"): np.exp(curves[name]) for name in measures})
        measures = [name.replace("loss", "perplexity") for name in measures]
    return found | {"figure_curves": ("Epoch by epoch", figures.curves(curves, "epoch", measures, title=title))}


def overview(reports: Sequence[study.Report], command: str) -> study.Report:
    """The verdicts of several pieces of advice in one report, each as its own report has it."""
    plan = together([report.study for report in reports])
    runs = pd.concat([report.frame.assign(arm=report.study.name + ": " + report.frame.arm) for report in reports])
    titles = {report.study.name: ADVICE[report.study.name].title for report in reports}
    rows = [
        {"advice": titles[report.study.name], "folder": report.study.name, "runs": report.runs}
        | {verdict: sum(claim.verdict == verdict for claim in report.claims) for verdict in claims.VERDICTS}
        for report in reports
    ]
    found = [
        replace(claim, claim=f"{titles[report.study.name]}: {claim.claim}") for report in reports for claim in report.claims
    ]
    note = "Each piece of advice has a report of its own, in a folder here; p-values are corrected together within each."
    return study.Report(plan, runs, command, {"Verdicts on each piece of advice": pd.DataFrame(rows)}, {}, found, [note, NOTE])


def networks_report(data: Labelled, plan: study.Study, runs: study.Runs, command: str) -> study.Report:
    """The report of a cross-validation, from all or from some of the runs; `conduct` takes it with the first filled in."""
    table = tables.networks_table(runs.frame)
    notes = [
        f"Each network is trained on {FOLDS - 1} of {FOLDS} parts of the training texts and scored by the other; the texts to "
        "test on are not looked at. Within a seed all arms of the same shape share initial weights and batches.",
        "Folds differ more than networks do: s, interval and rank go by accuracies less the mean of their fold.",
        f"All of them leave out the padding, {PUBLISHED} too, which as published reads it. The order is that of the means; "
        "nothing is claimed of the first, which is the best of many.",
        f"The first of the table is trained on all training texts by: `{tables.command_of(plan, str(table.arm[0]))}`",
    ]
    shown, measures = {PUBLISHED, *table.arm[:DRAWN]}, ["train_loss", "held_out_loss", "held_out_accuracy"]
    curves = figures.curves(runs.curves[runs.curves.arm.isin(shown)], "epoch", measures, title=plan.title)
    drawn = {
        "figure_scores": ("Every run", figures.scores(runs.frame, measures, title=plan.title)),
        "figure_curves": ("Epoch by epoch: the published network and the best", curves),
    }
    return study.Report(plan, runs.frame, command, {"By cross-validation": table}, drawn, [], notes)
