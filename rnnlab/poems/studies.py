"""Studies C4 and C5 of the character language model: optimizers, Adam's betas, learning rates."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from rnnlab import datasets, figures, study, verdicts
from rnnlab.poems.corpus import prepare
from rnnlab.poems.training import Recipe, recipe_for
from rnnlab.poems.training import train as train_networks
from rnnlab.study.plan import Job, Setting

EPOCHS = 5  # as published
NUMERIC = ("learning_rate", "beta_1", "beta_2")
MEASURES = ("train_loss", "held_out_perplexity")


def _arm(optimizer: str, rate: float, betas: tuple[float, float] = (0.5, 0.99)) -> dict[str, Setting]:
    # Betas that an optimizer does not have stand at None, so that they are no difference between its arms.
    beta_1, beta_2 = betas if optimizer == "adam" else (None, None)
    return {"optimizer": optimizer, "learning_rate": rate, "beta_1": beta_1, "beta_2": beta_2}


TOPICS: dict[str, tuple[str, dict[str, dict[str, Setting]]]] = {
    "optimizers": (
        "C4: five optimizers",
        {
            name: _arm(name, rate)
            for name, rate in (("adam", 1e-3), ("rmsprop", 1e-2), ("adagrad", 1e-2), ("sgd", 1e-3), ("momentum", 0.1))
        },
    ),
    "betas": (
        "C5: Adam's betas",
        {f"{a:g}, {b:g}": _arm("adam", 1e-3, (a, b)) for a, b in ((0.5, 0.99), (0.9, 0.999))},
    ),
    "rates": (
        "C5: learning rates",
        {
            f"{name}, {rate:g}": _arm(name, rate)
            for name, rate in (("momentum", 0.1), ("momentum", 0.01), ("rmsprop", 0.01), ("rmsprop", 0.001))
        },
    ),
}


def study_of(
    topic: str, seeds: Sequence[int], *, corpus: str, samples: int | None = None, units: int | None = None, epochs: int = EPOCHS
) -> study.Study:
    """The plan of a study.

    Args:
        topic: one of `TOPICS`.
        corpus: see `datasets.corpus`.
        samples, units: other numbers than all samples and those of the corpus's recipe.

    Raises:
        ValueError: the topic is unknown.
        DataError: see `datasets.corpus`.
    """
    if topic not in TOPICS:
        raise ValueError(f"topic: expected one of {', '.join(TOPICS)}, got {topic!r}")
    title, arms = TOPICS[topic]
    recipe = recipe_for(corpus, datasets.corpus(corpus).form)
    common: dict[str, Setting] = {"corpus": corpus, "samples": samples, "epochs": epochs}
    common |= {"embedding_dim": recipe.embedding_dim, "units": units or recipe.units, "batch_size": recipe.batch_size}
    part = f"{corpus}, {samples} samples" if samples else corpus
    return study.Study(topic, arms, tuple(seeds), common, NUMERIC, f"{title} ({part})")


def train(jobs: list[Job], done: Callable[[Job, study.Result], None]) -> None:
    """Trains jobs that differ in their numbers alone; for `rnnlab.study.run`."""
    settings: dict[str, Any] = jobs[0].settings
    text = datasets.corpus(settings["corpus"])
    data = prepare(text.text, text.form, most=settings["samples"])
    recipe = Recipe(
        embedding_dim=settings["embedding_dim"],
        units=settings["units"],
        batch_size=settings["batch_size"],
        epochs=settings["epochs"],
        optimizer=settings["optimizer"],
    )
    varied = [name for name in NUMERIC if settings[name] is not None]
    vary: dict[str, Any] = {name: [job.settings[name] for job in jobs] for name in varied}
    waiting = {(job.seed, *(job.settings[name] for name in varied)): job for job in jobs}

    def finished(one: Any) -> None:
        (replica,) = one.finished
        job = waiting[(replica.run.seed, *(replica.run.settings[name] for name in varied))]
        done(job, result_of(one.curves[0], one.seconds["train"]))

    seeds = [job.seed for job in jobs]
    if train_networks(data, recipe, seeds, patience=None, vary=vary, on_finish=finished, verbose=0).interrupted:
        raise KeyboardInterrupt


def result_of(curve: pd.DataFrame, seconds: float) -> study.Result:
    """Scores after the last pass, and the curve of all."""
    last = curve.iloc[-1]
    scores = {"train_loss": float(last.loss), "held_out_loss": float(last.val_loss)}
    scores |= {"held_out_perplexity": float(last.val_perplexity)}
    columns = {"train_loss": "loss", "held_out_loss": "val_loss", "held_out_perplexity": "val_perplexity"}
    points = {name: curve[column].round(6).tolist() for name, column in columns.items()}
    return study.Result(scores, seconds, {"epoch": curve.epoch.tolist(), **points})


def report_of(topic: str, plan: study.Study, runs: pd.DataFrame, curves: pd.DataFrame, command: str) -> study.Report:
    """The report of a topic, from all or from some of its runs."""
    title = plan.title
    drawn = {"figure": ("Every run", figures.curves_by_arm(curves, MEASURES, title=title))} if not curves.empty else {}
    notes = [
        f"{plan.common['epochs']} passes; the training loss is the mean over the last one, nats per place, padding included.",
        "Within a seed all arms share initial weights and batches.",
    ]
    if topic == "optimizers":
        notes.append("The published losses are of one run each on the whole large set, read off a figure.")
    complete = runs.groupby("arm").seed.nunique().reindex(list(plan.arms)).fillna(0).min() > 1
    claims = CLAIMS[topic](runs) if complete else []
    return study.Report(plan, runs, command, {"After the last pass": scores_table(topic, runs)}, drawn, claims, notes)


def scores_table(topic: str, runs: pd.DataFrame) -> pd.DataFrame:
    """A row per arm: means, s and intervals, ranks, and the published loss where there is one."""
    groups = runs.groupby("arm", sort=False)
    table = pd.DataFrame({"arm": list(groups.groups), "runs": groups.size().tolist()})
    for measure in MEASURES:
        samples = {str(arm): study.summarize(group[measure].to_numpy()) for arm, group in groups}
        name = measure.replace("_", " ")
        table[name] = [sample.mean for sample in samples.values()]
        table[f"s ({name.split()[-1]})"] = [sample.sd for sample in samples.values()]
        if len(runs) > len(samples):
            table[f"rank ({name.split()[-1]})"] = [study.rank(samples)[arm] for arm in samples]
    if topic == "optimizers":
        published = datasets.published("poems_optimizers").set_index("optimizer").train_loss
        table["published loss"] = [published[arm] for arm in table.arm]
    return table


def _losses(runs: pd.DataFrame) -> dict[str, Any]:
    return {str(arm): group.train_loss.to_numpy() for arm, group in runs.groupby("arm", sort=False)}


def _optimizer_claims(runs: pd.DataFrame) -> list[dict[str, str]]:
    losses = _losses(runs)
    published = datasets.published("poems_optimizers").sort_values("train_loss").optimizer.tolist()
    claims = [{"claim": "Adam has the lowest training loss", **verdicts.extreme(losses, "adam", highest=False)}]
    claims += [
        {"claim": f"{better} has a lower training loss than {worse}", **verdicts.lower(losses[better], losses[worse])}
        for better, worse in itertools.pairwise(published)
    ]
    return claims


def _beta_claims(runs: pd.DataFrame) -> list[dict[str, str]]:
    losses = _losses(runs)
    text = "betas of (0.5, 0.99) give a lower training loss than (0.9, 0.999)"
    return [{"claim": text, **verdicts.lower(losses["0.5, 0.99"], losses["0.9, 0.999"])}]


def _rate_claims(runs: pd.DataFrame) -> list[dict[str, str]]:
    losses = _losses(runs)
    pairs = (("momentum, 0.1", "momentum, 0.01"), ("rmsprop, 0.001", "rmsprop, 0.01"))
    return [{"claim": f"{a} gives a lower training loss than {b}", **verdicts.lower(losses[a], losses[b])} for a, b in pairs]


CLAIMS = {"optimizers": _optimizer_claims, "betas": _beta_claims, "rates": _rate_claims}
