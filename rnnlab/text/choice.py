"""Chooses a network by cross-validation on the training texts alone, as a study; the texts to test on are not looked at."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from rnnlab import figures, study
from rnnlab.study.plan import Job, Setting
from rnnlab.text.arms import curve_of
from rnnlab.text.corpus import Encoder, Part, beside, by_name, encoder_of, files_of, vectors_of
from rnnlab.text.training import Recipe, logits_of, parameters
from rnnlab.text.training import train as train_networks
from rnnlab.text.words import tokenize

FOLDS = 5
NAME = "network"
PUBLISHED = "lstm 128 128"
DRAWN = 3  # curves of so many of the best; more would hide one another
MEASURES = ("train_loss", "held_out_loss", "held_out_accuracy")


_PUBLISHED: dict[str, Setting] = {
    "cell": "lstm",
    "units": 128,
    "layers": 2,
    "bidirectional": False,
    "pooling": "last",
    "trained": False,
    "dropout": 0.5,
    "input_dropout": 0.0,
    "passes": 1.0,
}


def _arm(**changes: Setting) -> dict[str, Setting]:
    return _PUBLISHED | changes


_GRU: dict[str, Setting] = {"cell": "gru", "units": 64, "layers": 1, "bidirectional": True}
ARMS: dict[str, dict[str, Setting]] = {
    PUBLISHED: _arm(),
    "lstm 128": _arm(layers=1),
    "gru 128 128": _arm(cell="gru"),
    "simple_rnn 128": _arm(cell="simple_rnn", layers=1),
    "both directions, lstm 64": _arm(**_GRU | {"cell": "lstm"}),
    "both directions, gru 64": _arm(**_GRU),
    "both directions, gru 64, vectors trained": _arm(**_GRU, trained=True),
    "both directions, gru 64, mean": _arm(**_GRU, pooling="mean"),
    "both directions, gru 64, mean, twice the passes": _arm(**_GRU, pooling="mean", passes=2.0),
    "both directions, gru 256, mean": _arm(**_GRU | {"units": 256}, pooling="mean"),
    "both directions, gru 64, mean, vectors trained": _arm(**_GRU, pooling="mean", trained=True),
    "both directions, gru 64, mean, dropout 0.7": _arm(**_GRU, pooling="mean", dropout=0.7),
    "both directions, gru 64, mean, input dropout 0.3": _arm(**_GRU, pooling="mean", input_dropout=0.3),
    "both directions, gru 64, mean, input dropout 0.5": _arm(**_GRU, pooling="mean", input_dropout=0.5),
    "both directions, gru 32, mean": _arm(**_GRU | {"units": 32}, pooling="mean"),
    "both directions, lstm 64, mean": _arm(**_GRU | {"cell": "lstm"}, pooling="mean"),
}


def study_of(seeds: Sequence[int], *, data: str, vectors: Sequence[str] = (), epochs: int | None = None) -> study.Study:
    """The plan: seed s of an arm is trained without the texts of fold s mod `FOLDS`, and scored by them.

    Args:
        data: see `corpus.by_name`.
        vectors: see `datasets.word_vectors`.
        epochs: other passes than the published 50.

    Raises:
        ValueError: there are not as many seeds of each fold.
    """
    if np.ptp(np.bincount(np.mod(seeds, FOLDS), minlength=FOLDS)):
        raise ValueError(f"seeds: expected a multiple of {FOLDS}, the number of folds, got {len(seeds)}")
    common: dict[str, Setting] = {"data": data, "vectors": beside(vectors)}
    # Without given vectors all are trained, and two arms would be one.
    told = {name: arm for name, arm in ARMS.items() if vectors or not arm["trained"]}
    networks = {name: {k: v for k, v in arm.items() if k != "passes"} for name, arm in told.items()}
    for name, arm in networks.items():
        arm["epochs"] = max(1, round(float(ARMS[name]["passes"] or 1) * (epochs or Recipe.epochs)))
    title = f"Networks by cross-validation in {FOLDS} folds ({data})"
    return study.Study(NAME, networks, tuple(seeds), common, (), title)


@lru_cache(maxsize=FOLDS)
def fold_of(data: str, vectors: str | None, fold: int) -> tuple[Part, Part, int, Encoder]:
    """Texts to train on, texts of the fold, the number of classes, and what a network reads; copies share a fold."""
    from sklearn.model_selection import StratifiedGroupKFold

    labelled = by_name(data)
    groups = [" ".join(tokenize(text)) for text in labelled.train.texts]
    parts = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0).split(groups, labelled.train.labels, groups)
    kept, aside = list(parts)[fold]
    train = labelled.train.rows(kept)
    encoder = encoder_of(labelled, train, vectors_of(vectors))
    return train, labelled.train.rows(aside), len(labelled.classes), encoder


def train(jobs: list[Job], done: Callable[[Job, study.Result], None]) -> None:
    """Trains jobs of one arm; for `rnnlab.study.run`."""
    for fold in sorted({job.seed % FOLDS for job in jobs}):
        _train([job for job in jobs if job.seed % FOLDS == fold], fold, done)


def _train(jobs: list[Job], fold: int, done: Callable[[Job, study.Result], None]) -> None:
    settings: dict[str, Any] = jobs[0].settings
    kept, aside, classes, encoder = fold_of(settings["data"], settings["vectors"], fold)
    recipe = Recipe(
        cell=settings["cell"],
        units=(settings["units"],) * settings["layers"],
        bidirectional=settings["bidirectional"],
        pooling=settings["pooling"],
        dropout=settings["dropout"],
        input_dropout=settings["input_dropout"],
        trainable_vectors=settings["trained"] or None,
        epochs=settings["epochs"],
    )
    waiting = {job.seed: job for job in jobs}
    data, held_out = ((encoder.encode(part.texts), part.labels) for part in (kept, aside))

    def finished(one: Any) -> None:
        (replica,), (model,), (logs,) = one.finished, one.models, one.curves
        right = logits_of(model, held_out[0]).argmax(axis=1) == aside.labels
        scores = {"parameters": parameters(model), "held_out_accuracy": float(right.mean())}
        scores |= {"train_loss": float(logs.loss.iloc[-1]), "held_out_loss": float(logs.val_loss.iloc[-1])}
        done(waiting[replica.run.seed], study.Result(scores, replica.seconds, curve_of(logs)))

    replicas = train_networks(recipe, encoder, classes, data, held_out, list(waiting), on_finish=finished, verbose=0)
    if replicas.interrupted:
        raise KeyboardInterrupt


def within_folds(runs: pd.DataFrame) -> pd.Series:
    """The held-out accuracy without what makes a fold hard or easy: less the mean of its fold, plus that of all runs."""
    fold = runs.seed % FOLDS
    return runs.held_out_accuracy - runs.held_out_accuracy.groupby(fold).transform("mean") + runs.held_out_accuracy.mean()


def scores_table(runs: pd.DataFrame) -> pd.DataFrame:
    """A row per arm, the best first: accuracy on texts that were held out, its s, interval and rank, and the losses."""
    runs = runs.assign(within=within_folds(runs))
    groups = runs.groupby("arm", sort=False)
    samples = {str(arm): study.summarize(group.within.to_numpy()) for arm, group in groups}
    table = pd.DataFrame({"arm": list(samples), "runs": groups.size().tolist()})
    table["parameters"] = groups.parameters.first().astype(int).tolist()
    table["held-out accuracy"] = groups.held_out_accuracy.mean().tolist()
    table["s"] = [sample.sd for sample in samples.values()]
    table["interval"] = [f"{sample.low:.3f} to {sample.high:.3f}" for sample in samples.values()]
    if len(runs) > len(samples):
        ranks = study.rank(samples, lowest_first=False)
        table["rank"] = [ranks[arm] for arm in samples]
    for measure in ("train_loss", "held_out_loss"):
        table[measure.replace("_", " ")] = groups[measure].mean().tolist()
    return table.sort_values("held-out accuracy", ascending=False, kind="stable").reset_index(drop=True)


def report_of(plan: study.Study, runs: pd.DataFrame, curves: pd.DataFrame, command: str) -> study.Report:
    """The report, from all or from some of the runs."""
    table = scores_table(runs)
    best = str(table.arm[0])
    notes = [
        f"Each network is trained on {FOLDS - 1} of {FOLDS} parts of the training texts and scored by the other; the texts to "
        "test on are not looked at. Within a seed all arms of the same shape share initial weights and batches.",
        "Folds differ more than networks do: s, interval and rank go by accuracies less the mean of their fold.",
        f"All of them pass over the padding, {PUBLISHED} too, which as published reads it. The order is that of the means; "
        "nothing is claimed of the first, which is the best of many.",
        f"The first of the table is trained on all training texts by: `{command_of(plan, best)}`",
    ]
    title = plan.title
    shown = {PUBLISHED, *table.arm[:DRAWN]}
    drawn = {
        "figure_scores": ("Every run", figures.scores_by_arm(runs, MEASURES, title=title)),
        "figure_curves": (
            "Pass by pass: the published network and the best",
            figures.curves_by_arm(curves[curves.arm.isin(shown)], list(MEASURES), title=title),
        ),
    }
    return study.Report(plan, runs, command, {"By cross-validation": table}, drawn, [], notes)


def command_of(plan: study.Study, arm: str) -> str:
    """The command that trains an arm on all training texts and tests it."""
    settings = plan.settings(arm)
    words = ["python", "examples/text_classification.py", "--data", settings["data"], "--cell", settings["cell"]]
    if settings["vectors"]:
        words += ["--vectors", *files_of(settings["vectors"]), "--trained" if settings["trained"] else "--frozen"]
    words += ["--units", *[settings["units"]] * int(settings["layers"] or 1), "--dropout", settings["dropout"]]
    words += ["--input-dropout", settings["input_dropout"]] if settings["input_dropout"] else []
    words += ["--bidirectional"] if settings["bidirectional"] else []
    words += ["--pooling", settings["pooling"]] if settings["pooling"] != "last" else []
    words += ["--epochs", settings["epochs"]] if settings["epochs"] != Recipe.epochs else []
    return shlex.join(str(word) for word in [*words, "--seeds", 20])
