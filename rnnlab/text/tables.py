"""Tables of finished runs: accuracies, mistakes and confusions of a classification, scores of arms and of networks."""

from __future__ import annotations

import shlex
from typing import Any

import numpy as np
import pandas as pd

from rnnlab import study
from rnnlab.text.calibration import probabilities
from rnnlab.text.data import FOLDS, Labelled
from rnnlab.text.recipe import Recipe

MEASURES = ["train_loss", "held_out_loss", "test_loss", "test_accuracy"]
# Test accuracies that others published for the data of "emoji", from the lowest to the highest.
PUBLISHED = {"published: stacked LSTM": (0.82, 0.875), "published: mean word vectors": (0.857,)}
TEMPERED = ["fitted_temperature", "test_loss", "tempered_test_loss", "calibration_error", "tempered_calibration_error"]
CLIPPED = ["largest_norm", "clipped_fraction"]
LEVEL = 0.05
Logits = dict[str, dict[int, np.ndarray]]  # of the test texts, shape (texts, classes), by cell and seed


def right(data: Labelled, logits: dict[int, np.ndarray]) -> pd.DataFrame:
    """Whether each network classifies each test text rightly: a row per seed, a column per text."""
    finite = {seed: np.isfinite(each).all(axis=1) for seed, each in logits.items()}
    return pd.DataFrame({seed: (each.argmax(axis=1) == data.test.labels) & finite[seed] for seed, each in logits.items()}).T


def accuracy_table(
    data: Labelled, runs: pd.DataFrame, logits: Logits, predicted: dict[str, np.ndarray], new: np.ndarray
) -> pd.DataFrame:
    """A row per cell, per baseline and, for "emoji", per published accuracy; `new` marks test texts not seen in training."""

    def of_texts(correct: np.ndarray, mean: float) -> dict[str, Any]:
        return {"95 % over texts": wilson(mean, len(new)), "without copies": correct[..., new].mean()}

    rows: list[dict[str, Any]] = []
    for cell, group in runs.groupby("cell", sort=False):
        over = study.summarize(group.test_accuracy)
        row = {"method": cell, "training": group.train_accuracy.mean(), "test": over.mean, "s": over.sd}
        row["95 % over seeds"] = f"{over.low:.3f} to {over.high:.3f}" if over.n > 1 else None
        rows.append(row | of_texts(right(data, logits[cell]).to_numpy(), over.mean))
    for name, classes in predicted.items():
        correct = classes == data.test.labels
        rows.append({"method": name, "test": correct.mean(), **of_texts(correct, correct.mean())})
    for name, ends in PUBLISHED.items() if data.source == "emoji" else ():
        rows.append({"method": name, "test": " to ".join(map(str, ends))})
    return pd.DataFrame(rows)


def wilson(fraction: float, count: int) -> str:
    """The 95 % interval (Wilson) of a fraction of `count` texts as text; a mean of fractions is rounded to whole texts."""
    from scipy.stats import binomtest

    interval = binomtest(round(fraction * count), count).proportion_ci(1 - LEVEL, method="wilson")
    return f"{interval.low:.3f} to {interval.high:.3f}"


def confusion(data: Labelled, logits: Logits) -> dict[str, pd.DataFrame]:
    """By cell, test texts of each class (rows) by the predicted class (columns), mean of the seeds."""
    found = {}
    for cell, each in logits.items():
        counts = np.zeros((len(data.classes),) * 2)
        for one in each.values():
            np.add.at(counts, (data.test.labels, one.argmax(axis=1)), 1 / len(each))
        found[cell] = pd.DataFrame(counts, index=list(data.classes), columns=list(data.classes))
    return found


def mistakes(data: Labelled, logits: Logits) -> pd.DataFrame:
    """A row per test text that a network got wrong: in how many, what most of these predict, their mean confidence in it.

    The worst first: most networks, then the greatest confidence. `row` counts from 1.
    """
    given = np.stack([probabilities(one) for each in logits.values() for one in each.values()])
    predicted, confidence = given.argmax(axis=2), given.max(axis=2)
    wrong = predicted != data.test.labels
    rows = []
    for place in np.flatnonzero(wrong.any(axis=0)):
        missed = wrong[:, place]
        most = np.bincount(predicted[missed, place]).argmax()
        row = {"text": data.test.texts[place], "row": place + 1, "true": data.classes[data.test.labels[place]]}
        row |= {"predicted": data.classes[most], "wrong": int(missed.sum()), "networks": len(missed)}
        rows.append(row | {"confidence": confidence[missed, place].mean()})
    columns = ["text", "row", "true", "predicted", "wrong", "networks", "confidence"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(["wrong", "confidence"], ascending=False, kind="stable").reset_index(drop=True)


def scores_table(runs: pd.DataFrame) -> pd.DataFrame:
    """A row per arm: parameters, epochs, and mean scores, with s, interval and rank of the test accuracy."""
    groups = runs.groupby("arm", sort=False)
    columns = {
        "runs": groups.size(),
        "diverged": groups.test_loss.agg(lambda losses: int((~np.isfinite(losses)).sum())),
        "parameters": groups.parameters.first().astype(int),
        "epochs": groups.epochs_trained.mean(),
    }
    table = pd.DataFrame(columns).reset_index().merge(means_table(runs, MEASURES), on="arm")
    return _with_spread(table, study.by_arm(runs, "test_accuracy"), " (accuracy)")


def _with_spread(table: pd.DataFrame, scores: dict[str, pd.Series], about: str = "") -> pd.DataFrame:
    samples = [study.summarize(each) for each in scores.values()]
    table[f"s{about}"] = [sample.sd for sample in samples]
    table[f"interval{about}"] = [f"{sample.low:.3f} to {sample.high:.3f}" for sample in samples]
    if max(sample.n for sample in samples) > 1:
        table[f"rank{about}"] = table.arm.map(study.rank(scores, lowest_first=False))
    return table


def means_table(runs: pd.DataFrame, measures: list[str]) -> pd.DataFrame:
    """A row per arm: the mean of each measure, nan where a run diverged."""
    means = runs.groupby("arm", sort=False)[measures].agg(lambda scores: scores.mean(skipna=False))
    return means.rename(columns=lambda name: name.replace("_", " ")).reset_index()


def networks_table(runs: pd.DataFrame) -> pd.DataFrame:
    """A row per arm, the best first: accuracy on texts that were held out, its s, interval and rank, and the losses.

    s, interval and rank go by the accuracy without what makes a fold hard or easy: less its mean, plus that of all runs.
    """
    scores = runs.held_out_accuracy
    within = scores - scores.groupby(runs.seed % FOLDS).transform("mean") + scores.mean()
    groups = runs.groupby("arm", sort=False)
    columns = {
        "runs": groups.size(),
        "parameters": groups.parameters.first().astype(int),
        "held-out accuracy": groups.held_out_accuracy.mean(),
    }
    table = _with_spread(pd.DataFrame(columns).reset_index(), study.by_arm(runs.assign(within=within), "within"))
    for measure in ("train_loss", "held_out_loss"):
        table[measure.replace("_", " ")] = groups[measure].mean().tolist()
    return table.sort_values("held-out accuracy", ascending=False, kind="stable").reset_index(drop=True)


def command_of(plan: study.Study, arm: str) -> str:
    """The command that trains an arm on all training texts and tests it."""
    settings: dict[str, Any] = plan.settings(arm)
    words = ["python", "examples/text_classification.py", "--data", settings["data"], "--cell", settings["cell"]]
    if settings["vectors"]:
        files = settings["vectors"].rsplit(" ", 1)[0].split(" + ")
        words += ["--vectors", *files, "--trained" if settings["trained"] else "--frozen"]
    words += ["--units", *[settings["units"]] * settings["layers"], "--dropout", settings["dropout"]]
    words += ["--input-dropout", settings["input_dropout"]] if settings["input_dropout"] else []
    words += ["--bidirectional"] if settings["bidirectional"] else []
    words += ["--pooling", settings["pooling"]] if settings["pooling"] != "last" else []
    words += ["--epochs", settings["epochs"]] if settings["epochs"] != Recipe.epochs else []
    return shlex.join(str(word) for word in [*words, "--seeds", 20])
