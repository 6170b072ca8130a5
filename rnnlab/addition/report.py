"""What the finished runs of the adder say: how many sums are wrong, which ones, and whether the published claims hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rnnlab import study
from rnnlab.addition.data import Split, carries
from rnnlab.addition.figures import error_map
from rnnlab.addition.studies import full, questions_of
from rnnlab.cells import CELLS
from rnnlab.figures import LABELS, curves
from rnnlab.questions import most_frequent, written
from rnnlab.study import claims

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLOCKS = 50  # the plane of operands is drawn in that many blocks each way
HARDEST = 10
LATE = 15  # the published claims are about the epochs after that one
SCORES, CARRIES, MISTAKES = "Sums that are wrong (%)", "Unseen sums that are wrong (%), by carries", "Hardest mistakes"
NOTE = (
    "Each network was trained on the same {train:,} questions, then asked {unseen:,} others; {held_out:,} of them, held out, "
    "it was also asked after each epoch. A sum is right where every character is. a+b and b+a are one question."
)


def report_of(plan: study.Study, runs: study.Runs, command: str) -> study.Report:
    """The report of a plan; `conduct` takes it."""
    questions, digits = questions_of(plan.common), int(plan.common["digits"] or 0)
    counts = {part: len(pairs) for part, pairs in vars(questions).items()}
    missed = missed_by(runs, len(questions.unseen))
    return study.Report(
        plan,
        runs.frame,
        command,
        tables={
            SCORES: scores_table(runs.frame),
            CARRIES: carries_table(missed, carries(questions.unseen, digits), digits),
            MISTAKES: hardest(runs, questions),
        },
        figures={
            "figure": ("Accuracy by epoch", _curves(runs.curves, plan.title)),
            "figure_map": ("Where the mistakes are", _map(missed, questions, digits, plan.title)),
        },
        claims=claims_of(plan, runs),
        notes=[NOTE.format(**counts)],
        shown=(SCORES, CARRIES, MISTAKES),
        summary={"questions": counts},
    )


def missed_by(runs: study.Runs, asked: int) -> dict[str, np.ndarray]:
    """For each cell the fraction of its runs that have each of the unseen questions wrong, shape (asked,)."""
    missed = {}
    for cell, seeds in runs.frame.groupby("arm", sort=False).seed:
        wrong = np.concatenate([runs.arrays[cell, seed]["wrong"] for seed in seeds])
        missed[str(cell)] = np.bincount(wrong.astype(int), minlength=asked) / len(seeds)
    return missed


def scores_table(frame: pd.DataFrame) -> pd.DataFrame:
    """A row per cell: percent of the sums that are wrong."""
    rows = []
    for cell, group in frame.groupby("arm", sort=False):
        sample = study.summarize(100 * (1 - group.exact_unseen))
        interval = f"{max(sample.low, 0.0):.3g} to {min(sample.high, 100.0):.3g}" if sample.n > 1 else "–"
        row = {"network": LABELS[cell], "seeds": sample.n, "held out": 100 * (1 - group.exact_heldout.mean())}
        row |= {"unseen": sample.mean, "s": sample.sd, "95 % interval": interval}
        row |= {"best": 100 * (1 - group.exact_unseen.max()), "worst": 100 * (1 - group.exact_unseen.min())}
        rows.append(row | {"seconds a run": group.seconds.mean()})
    return pd.DataFrame(rows)


def carries_table(missed: dict[str, np.ndarray], carried: np.ndarray, digits: int) -> pd.DataFrame:
    """A row per cell, a column per number of columns that carry: percent of these that are wrong, nan where there is none."""
    table = 100 * pd.DataFrame(missed).groupby(carried).mean().reindex(range(digits + 1)).T
    table.columns = [f"{n} carr{'y' if n == 1 else 'ies'}" for n in table]
    return table.rename(index=LABELS).rename_axis(index="network").reset_index()


def hardest(runs: study.Runs, questions: Split) -> pd.DataFrame:
    """The questions that most runs get wrong, with the wrong answer that most of them give."""
    given: dict[int, list[int]] = {}
    for arrays in runs.arrays.values():
        for place, answer in zip(arrays["wrong"].tolist(), arrays["answers"].tolist(), strict=True):
            given.setdefault(place, []).append(answer)
    order = sorted(given, key=lambda place: (-len(given[place]), *questions.unseen[place].tolist()))[:HARDEST]
    rows = [
        {
            "question": "{}+{}".format(*questions.unseen[place]),
            "answer": int(questions.unseen[place].sum()),
            "most frequent wrong answer": written(most_frequent(given[place])),
            "wrong in": f"{len(given[place])} of {len(runs.frame)} runs",
        }
        for place in order
    ]
    return pd.DataFrame(rows, columns=["question", "answer", "most frequent wrong answer", "wrong in"])


def claims_of(plan: study.Study, runs: study.Runs) -> list[study.Verdict]:
    """What was published of the classic recipe, a single run of each cell, and whether our runs bear it out."""
    if plan.common["recipe"] != "classic" or not set(CELLS) <= set(runs.frame.arm):
        return []
    exact = study.by_arm(runs.frame, "exact_heldout")
    late = runs.curves[runs.curves.epoch > min(LATE, runs.curves.epoch.max() - 1)]
    ten = {cell: group.groupby("seed").right_of_ten for cell, group in late.groupby("arm")}
    tens, nines = ten["lstm"].min() == 10, ten["simple_rnn"].median() == 9
    name, since, one = "addition/comparison/", f"from epoch {LATE + 1} on", "1 run of each cell"
    always, stays, beyond = f"{name}lstm-always-10-after-15", f"{name}simple-rnn-stays-at-9", ten["simple_rnn"].max() == 10
    found = [
        claims.extreme("LSTM is best", exact, "lstm", highest=True, published=one, id=f"{name}lstm-best-after-15"),
        claims.mostly(f"LSTM has 10 of 10 right after every epoch {since}", tens, published="1 run", id=always),
        claims.mostly(f"Simple RNN stays at 9 of 10 right {since} (median)", nines, published="1 run"),
        claims.never(f"Simple RNN never has 10 of 10 right {since}", beyond, published="1 run", id=stays),
        claims.extreme("GRU is worst", exact, "gru", highest=False, published=one, id=f"{name}gru-worst"),
    ]
    return claims.settle(found, reduced=", ".join(plan.differences(full("classic", plan.seeds))))


def _curves(frame: pd.DataFrame, title: str) -> Figure:
    labels = {"right_of_ten": "right of 10 random held-out questions", "wrong": "held-out sums that are wrong"}
    drawn = frame.assign(wrong=1 - frame.exact)
    return curves(drawn, "epoch", ["right_of_ten", "wrong"], title=title, labels=labels, units={"wrong": "fraction"})


def _map(missed: dict[str, np.ndarray], questions: Split, digits: int, title: str) -> Figure:
    """The fraction of sums that are wrong by cell and block of operands, over all runs; the plane is symmetric."""
    blocks = min(BLOCKS, 10**digits)
    places = tuple((questions.unseen / (10**digits / blocks)).astype(int).T)

    def table(weights: np.ndarray | float) -> np.ndarray:
        counted = np.zeros((blocks, blocks))
        np.add.at(counted, places, weights)
        return counted + counted.T

    asked = np.where(table(1.0) > 0, table(1.0), np.nan)
    fractions = {cell: table(each) / asked for cell, each in missed.items()}
    wrong = {cell: float(each.mean()) for cell, each in missed.items()}
    return error_map(fractions, wrong, limit=10**digits, title=f"{title}: unseen questions")
