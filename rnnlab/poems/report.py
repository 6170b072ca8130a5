"""What finished runs say: perplexities, what the networks wrote, and verdicts on what was claimed of optimizers."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd

from rnnlab import datasets, study
from rnnlab import figures as shared
from rnnlab.poems import figures
from rnnlab.poems.data import Data
from rnnlab.poems.studies import smaller_than_published, temperatures_of
from rnnlab.poems.verse import distinct_characters, even, laid_out
from rnnlab.study import claims

SCORES, WRITTEN, SOME = "Perplexity of the best epoch", "Poems by temperature", "Some of what was written"
SHOWN, WIDTH = 3, 100  # texts of each temperature, and characters of each, in a table
MEASURES = {"train_loss": "training loss", "held_out_perplexity": "held-out perplexity"}
ADAGRAD = "AdaGrad's accumulator starts at 0.1, as in Keras; in the published runs it started at 0"
BETAS = "betas of ({}) give a lower training loss than ({})"
PADDING = (
    "The perplexity leaves the padding out; as published, it is a mean over samples with the padding counted. "
    "The weights kept are those of the epoch with the lowest held-out perplexity."
)
# Claims without published figures: the arm that is said to end lower, the other, and the row of the list of claims.
LOWER = {
    "betas": [("0.5, 0.99", "0.9, 0.999", "poems/betas/low-betas-end-lower")],
    "rates": [
        ("momentum, 0.1", "momentum, 0.01", ""),
        ("rmsprop, 0.001", "rmsprop, 0.01", "poems/optimizers/rmsprop-better-at-0.001"),
    ],
}


def report_of(data: Data, plan: study.Study, runs: study.Runs, command: str) -> study.Report:
    """The report of one language model; `conduct` takes it with the first argument filled in."""
    texts, tables = texts_of(plan, runs), {SCORES: scores_table(runs.frame)}
    published = published_curve(data, int(runs.curves.epoch.max()))
    curves = figures.learning_curves(runs.curves, published, title=plan.title)
    drawn = {"figure": ("Loss and perplexity after each epoch; a circle is the best epoch of a run", curves)}
    if data.form != "text":
        tables[WRITTEN] = written_table(texts)
        about = f"{plan.title}: {plan.common['count']} poems a temperature"
        drawn["figure_temperature"] = ("What the temperature does", figures.temperatures(tables[WRITTEN], title=about))
    tables[SOME] = some_table(texts)
    train, held_out, tokens = len(data.train), len(data.held_out), len(data.vocabulary)
    return study.Report(
        plan,
        runs.frame,
        command,
        tables,
        drawn,
        notes=[f"{train:,} training and {held_out:,} held-out samples, {tokens:,} tokens.", PADDING],
        files={"poems.txt": anthology(texts)},
        shown=tuple(tables),
        summary={"samples": {"train": train, "held_out": held_out}, "vocabulary": tokens},
    )


def texts_of(plan: study.Study, runs: study.Runs) -> pd.DataFrame:
    """What the networks wrote: columns seed, temperature, text."""
    texts = np.stack([arrays["texts"] for arrays in runs.arrays.values()])
    axes = [seed for _, seed in runs.arrays], temperatures_of(plan.common), range(texts.shape[2])
    index = pd.MultiIndex.from_product(axes, names=["seed", "temperature", "place"])
    return pd.DataFrame({"text": texts.ravel().tolist()}, index).reset_index(["seed", "temperature"])


def published_curve(data: Data, epochs: int) -> pd.DataFrame | None:
    """The published curve, for a corpus that is comparable: titled poems, and not a few."""
    if data.form != "titled" or len(data.train) + len(data.held_out) <= 10_000:
        return None
    names = {"pass": "epoch", "perplexity": "held_out_perplexity_as_published"}
    curve = datasets.published("poems_perplexity").rename(columns=names)
    return curve[curve.epoch <= epochs + 1]


def scores_table(runs: pd.DataFrame) -> pd.DataFrame:
    """A row per seed."""
    best = [f"{best:.0f} of {last:.0f}" for best, last in zip(runs.best_epoch, runs.trained_epochs, strict=True)]
    perplexities = runs[list(figures.PERPLEXITIES)].rename(columns=figures.LABELS)
    return pd.concat([runs[["seed"]].assign(**{"best epoch": best}), perplexities], axis=1)


def written_table(texts: pd.DataFrame) -> pd.DataFrame:
    """A row per seed and temperature: poems, those of even lines in %, different characters per 100 poems."""
    measures = {
        "poems": "size",
        "even lines (%)": lambda poems: 100 * poems.map(even).mean(),
        "different characters per 100": lambda poems: distinct_characters(list(poems)) if len(poems) >= 100 else np.nan,
    }
    return texts.groupby(["seed", "temperature"], sort=False).text.agg(**measures).reset_index()


def some_table(texts: pd.DataFrame) -> pd.DataFrame:
    """The first texts of the first network, on one line each."""
    first = texts[texts.seed == texts.seed.iloc[0]].groupby("temperature", sort=False).head(SHOWN)
    lines = first.text.map(lambda text: " ".join(text[:WIDTH].split()) + "…" * (len(text) > WIDTH))
    return pd.DataFrame({"text": lines, "temperature": first.temperature})


def anthology(texts: pd.DataFrame) -> str:
    """All that was written, under headings of seed and temperature."""
    parts = []
    for (seed, temperature), poems in texts.groupby(["seed", "temperature"], sort=False).text:
        parts += [f"seed {seed}, temperature {temperature:g}\n", *(laid_out(poem) + "\n" for poem in poems)]
    return "\n".join(parts)


def comparison_report(plan: study.Study, runs: study.Runs, command: str) -> study.Report:
    """The report of a comparison, from all or from some of its runs."""
    notes = [
        f"{plan.common['epochs']} epochs; the training loss is the mean over the last one, nats per place, padding included.",
        "Within a seed all arms share initial weights and batches.",
    ]
    drawn = {"figure": ("Every run", shared.curves(runs.curves, "epoch", list(MEASURES), title=plan.title, labels=MEASURES))}
    loss = study.by_arm(runs.frame, "train_loss")
    found = claims_of(plan.name, loss) if len(loss) == len(plan.arms) and min(map(len, loss.values())) > 1 else []
    settled = claims.settle(found, reduced=smaller_than_published(plan))
    scores = {f"{name.capitalize()} after the last epoch": study.by_arm(runs.frame, each) for each, name in MEASURES.items()}
    tables = {caption: comparison_table(each) for caption, each in scores.items()}
    if plan.name == "optimizers":
        notes += ["The published losses are of one run each on the whole large set, read off a figure.", f"{ADAGRAD}."]
        loss_table = next(iter(tables.values()))
        losses = datasets.published("poems_optimizers").set_index("optimizer").train_loss
        loss_table["published"] = loss_table.arm.map(losses)
    return study.Report(plan, runs.frame, command, tables, drawn, settled, notes, shown=tuple(tables))


def comparison_table(scores: dict[str, pd.Series]) -> pd.DataFrame:
    """A row per arm: the mean with its 95 % interval, s, and the rank."""
    samples = [study.summarize(each) for each in scores.values()]
    columns = {"arm": list(scores), "runs": [sample.n for sample in samples], "mean": [sample.mean for sample in samples]}
    if max(map(len, scores.values())) > 1:
        columns["s"] = [sample.sd for sample in samples]
        columns["95 % interval"] = [f"{sample.low:.4g} to {sample.high:.4g}" for sample in samples]
        columns["rank"] = list(map(study.rank(scores).__getitem__, scores))
    return pd.DataFrame(columns)


def claims_of(kind: str, loss: dict[str, pd.Series]) -> list[study.Verdict]:
    """What was claimed of a comparison, by the training losses of its arms, not yet corrected."""
    log = study.spans_decades(*loss.values())
    if kind in LOWER:
        text = "{} gives a lower training loss than {}" if kind == "rates" else BETAS
        about: Any = {"log": log, "published": "one run each, no figures"}
        return [claims.lower(text.format(a, b), loss[a], loss[b], id=row, **about) for a, b, row in LOWER[kind]]
    published = datasets.published("poems_optimizers").sort_values("train_loss").set_index("optimizer").train_loss
    about = {"published": f"{published['adam']} against {published.iloc[1]} and more, one run each"}
    text = "Adam has the lowest training loss"
    found = [claims.extreme(text, loss, "adam", highest=False, log=log, note=ADAGRAD, **about)]
    for better, worse in itertools.pairwise(published.index):
        about = {"published": f"{published[better]} against {published[worse]}, one run each"}
        about |= {"id": "poems/optimizers/momentum-below-sgd"} if (better, worse) == ("momentum", "sgd") else {}
        about |= {"note": ADAGRAD} if "adagrad" in (better, worse) else {}
        text = f"{better} has a lower training loss than {worse}"
        found.append(claims.lower(text, loss[better], loss[worse], log=log, **about))
    return found
