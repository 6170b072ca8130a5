"""What the finished runs of the digit adder show: fractions of sums right, published ends, claims; who learned to add."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from rnnlab import figures, study
from rnnlab.digit_sums import exam
from rnnlab.digit_sums.figures import first_perfect_map, mistakes_by_length
from rnnlab.digit_sums.studies import EVERY, STUDIES, Published, lengths_of, reduced

RIGHT, ADDS = "Whole sums right, by arm", "Who learned to add: per cent right of random sums, of carry chains"
PROTOCOL = (
    "Operands to train on come from the lower half of their range, those of the held-out sums from the upper half; a sum is "
    "right if all its digits are. Each batch starts from a state of zeros unless an arm says otherwise; the published code "
    "carried the state from batch to batch, from a random start."
)
WHAT = {"exact": "whole sums right", "loss": "held-out loss"}


def report_of(plan: study.Study, runs: study.Runs, command: str) -> study.Report:
    """The report of a published study, or of a comparison of one's own."""
    published = STUDIES.get(plan.name, Published("", {}))
    claims = [claim(runs.frame) for claim in published.claims]
    about = f"{plan.title}, operands {str(plan.common['variant']).replace('_', ' ')}"
    if published.grid:
        drawn = {"figure": ("First update with every sum right", first_perfect_map(runs.frame, *published.grid, title=about))}
    else:
        labels: dict[str, Any] = {"title": about, "labels": WHAT, "units": {"exact": "fraction"}}
        ends = pd.DataFrame({"arm": published.ends.keys(), "mean": published.ends.values(), "measure": "exact"})
        curves = figures.curves(runs.curves, "update", list(WHAT), **labels)
        scores = figures.scores(runs.frame, list(WHAT), published=ends if len(ends) else None, **labels)
        drawn = {"figure": ("Held-out sums by update", curves), "figure_scores": ("Held-out sums at the end", scores)}
    return study.Report(
        plan,
        runs.frame,
        command,
        tables={RIGHT: ends_table(runs.frame, published.ends)},
        figures=drawn,
        claims=study.claims.settle(claims, reduced=reduced(plan)) if claims else [],
        notes=[PROTOCOL, f"{plan.common['held_out']:,} held-out sums are asked after every {EVERY} updates."],
        shown=(RIGHT,),
    )


def ends_table(runs: pd.DataFrame, published: Mapping[str, float]) -> pd.DataFrame:
    """A row per arm: per cent of the sums right at the end, losses, the first update with all right (of the seeds with one)."""
    rows = []
    for arm, group in runs.groupby("arm", sort=False):
        right, reached = study.summarize(group.exact), group.first_perfect.dropna()
        interval = f"{100 * right.low:.2f} to {100 * right.high:.2f}" if right.n > 1 else "–"
        row: dict[str, Any] = {"arm": arm, "seeds": right.n, "right (%)": _percent(right.mean), "95 % interval": interval}
        row |= {"lowest": _percent(group.exact.min()), "highest": _percent(group.exact.max())}
        row |= {"published": 100 * published.get(str(arm), np.nan)} if published else {}
        row |= {"loss in training": group.train_loss.mean(), "held-out loss": group.loss.mean()}
        row |= {"all right at update": reached.median(), "seeds that get there": f"{len(reached)} of {len(group)}"}
        rows.append(row)
    return pd.DataFrame(rows)


def longer_report_of(plan: study.Study, runs: study.Runs, command: str) -> study.Report:
    """The report of networks that were asked sums far longer than those that they were trained on."""
    lengths, trained = lengths_of(plan.common), int(plan.common["maxlen"] or 0)
    length = exam.curve_length(lengths)
    mistakes = mistakes_of(runs, length)
    asked = len(next(iter(runs.arrays.values()))[exam.wrong_name(exam.KINDS[0])])
    title = f"Trained on sums of up to {trained} digits, asked {asked:,} sums of {length:,}: who learned to add?"
    figure = mistakes_by_length(mistakes, trained=trained, asked=asked, title=title)
    notes = [
        f"A network adds if it gets all {asked:,} random sums and all {asked:,} carry chains of {length:,} digits right. The "
        "others first break at the median first wrong column of their wrong answers."
    ]
    if lengths[-1] > exam.MANY_DIGITS:
        notes.append(f"Sums of more than {exam.MANY_DIGITS:,} digits are asked of networks that got all shorter ones right.")
    return study.Report(
        plan,
        runs.frame,
        command,
        tables={ADDS: adds_table(runs, lengths)},
        figures={"figure": ("Sums with a mistake so far, by column", figure)},
        notes=notes,
        files={"mistakes.csv": mistakes},
        shown=(ADDS,),
    )


def adds_table(runs: study.Runs, lengths: list[int]) -> pd.DataFrame:
    """A row per arm: how many networks add, where the others first break, per cent right of random sums and of carry chains."""
    rows, length = [], exam.curve_length(lengths)
    longest = [exam.right_name(length, kind) for kind in exam.KINDS]
    for arm, group in runs.frame.groupby("arm", sort=False):
        adds = (group[longest] == 1).all(axis=1)
        wrong = [np.concatenate(_wrong(runs, arm, seed)) for seed in group.seed[~adds]]
        breaks = [np.median(columns[columns <= length]) for columns in wrong]
        row = {"network": arm, "add": f"{adds.sum()} of {len(adds)}", "first break": np.median(breaks) if breaks else np.nan}
        row["as trained (%)"] = _percent(group.trained_exact.mean())
        for digits in lengths:
            right = [_percent(group[exam.right_name(digits, kind)].mean()) for kind in exam.KINDS]
            row[f"{digits:,} digits (%)"] = ", ".join("–" if np.isnan(each) else f"{each:.4g}" for each in right)
        rows.append(row)
    return pd.DataFrame(rows)


def mistakes_of(runs: study.Runs, length: int) -> pd.DataFrame:
    """The fraction of sums right up to a column, at columns spread evenly on a logarithmic scale.

    A row per run, kind of sums and column: cell, num_layers, chains, seed, kind, column, right.
    """
    columns = np.unique(np.geomspace(1, length, 60).round().astype(int))
    frames = []
    for run in runs.frame.itertuples():
        about = {"cell": run.cell, "num_layers": run.num_layers, "chains": run.chains, "seed": run.seed}
        for kind, wrong in zip(exam.KINDS, _wrong(runs, run.arm, run.seed), strict=True):
            right = (wrong >= columns[:, None]).mean(axis=1)
            frames.append(pd.DataFrame(about | {"kind": kind, "column": columns, "right": right}))
    return pd.concat(frames, ignore_index=True)


def _wrong(runs: study.Runs, arm: Any, seed: int) -> list[np.ndarray]:
    """The first wrong column of each sum, by kind."""
    return [runs.arrays[arm, seed][exam.wrong_name(kind)] for kind in exam.KINDS]


def _percent(fraction: float) -> float:
    """Cut off after two digits, not rounded: what is not all right does not read 100."""
    return float(np.floor(1e4 * fraction + 1e-3) / 100)
