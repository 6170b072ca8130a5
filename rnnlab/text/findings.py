"""What was claimed of texts, decided by finished runs: against baselines, and of each piece of advice."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

from rnnlab import study
from rnnlab.study import claims
from rnnlab.text.baselines import MAJORITY
from rnnlab.text.data import Labelled
from rnnlab.text.studies import CLIPS, HIGH_RATES, OPTIMIZER_RATES
from rnnlab.text.tables import Logits, right

ARMS_OF = (*OPTIMIZER_RATES, "adagrad decayed")
MARGIN = 0.02  # of test accuracy, within which two arms are taken to be alike
LATE, ADDED = "the margin of 2 points was chosen after the first runs", "added after the first runs"
Verdicts = list[study.Verdict]


def above_baselines(data: Labelled, logits: Logits, predicted: dict[str, np.ndarray]) -> Verdicts:
    """Whether each cell is above each regression: over seeds on these test texts, and text by text over other texts."""
    found = []
    for cell, each in logits.items():
        ours = right(data, each).astype(float)
        for name, classes in predicted.items():
            theirs = pd.Series(classes == data.test.labels, dtype=float)
            if name != MAJORITY:
                # A regression has no seed: it predicts the same for each.
                constant = pd.Series(theirs.mean(), index=ours.index)
                claim = f"{cell} is above {name}"
                found.append(claims.higher(f"{claim} on these test texts, over seeds", ours.mean(axis=1), constant))
                found.append(claims.higher(f"{claim} on other texts like these, over texts", ours.mean(), theirs))
    return found


class Pair(NamedTuple):
    """Arms of which the first is claimed to be better; `higher` and `lower` are ids of published claims, see `_better`."""

    first: str
    second: str
    about: str = ""
    higher: str = ""
    lower: str = ""


STOPPED, ONCE, TWICE = "stopped, patience 10", "1 of the epochs", "2 of the epochs"
PAIRS = {
    "activation": [Pair("softsign", "tanh", higher="text/advice/softsign/better")],
    "layers": [
        Pair("2 layers", "1 layer", higher="text/advice/layers/stacking-better"),
        Pair("3 layers", "2 layers"),
        Pair("4 layers", "3 layers"),
    ],
    "patience": [
        Pair(STOPPED, TWICE, "stopping early against twice the epochs", lower="text/advice/early-stopping/better"),
        Pair(ONCE, TWICE, "the epochs against twice as many"),
        Pair(STOPPED, ONCE, "stopping early against the epochs"),
    ],
    "initializer": [Pair("glorot_uniform", other) for other in ("he_normal", "random_normal", "large_normal", "zeros")],
    "clipping": [
        Pair(f"rate {rate:g}, norm {clip:g}", f"rate {rate:g}, not clipped") for rate in HIGH_RATES for clip in CLIPS if clip
    ],
    "direction": [
        Pair("both directions", "one direction", higher="text/advice/bidirectional/better"),
        Pair("both directions", "one direction, wider"),
    ],
}
OPTIMIZERS = (
    ("rmsprop", "sgd"), ("rmsprop", "adagrad"), ("rmsprop", "adam"), ("adagrad", "sgd"), ("adagrad decayed", "adagrad"),
)  # fmt: skip


def advised(name: str, runs: pd.DataFrame) -> Verdicts:
    """What is claimed by a piece of advice, one of `ADVICE`, decided by its runs."""
    others = {"rate": _rate, "temperature": _temperature, "size": _size, "optimizer": _optimizer}
    return others[name](runs) if name in others else _better(runs, PAIRS[name])


def _better(runs: pd.DataFrame, pairs: list[Pair], note: str = "") -> Verdicts:
    """Whether each first arm has the higher test accuracy, within the margin or not, and the lower test loss."""
    scores, losses = study.by_arm(runs, "test_accuracy"), study.by_arm(runs, "test_loss")
    found, late = [], "; ".join(filter(None, [note, LATE]))
    for first, second, about, higher, lower in pairs:
        text = about or f"{first} against {second}"
        found += [
            claims.higher(f"{text}: higher test accuracy", scores[first], scores[second], id=higher, note=note),
            claims.alike(f"{text}: test accuracy within 2 points", scores[first], scores[second], MARGIN, note=late),
            claims.lower(f"{text}: lower test loss", losses[first], losses[second], id=lower, note=note),
        ]
    return found


def _rate(runs: pd.DataFrame) -> Verdicts:
    losses, test = study.by_arm(runs, "train_loss"), study.by_arm(runs, "test_loss")
    start = math.log(int(runs.classes.iloc[0]))
    claim = "the training perplexity diverges (ends above that of knowing nothing, or as nan)"
    found = [
        claims.mostly(f"at a rate of {rate} {claim}", ~(losses[rate] <= start), id=known)
        for rate, known in (("0.1", ""), ("1", "text/advice/rate/high-rate-diverges"))
    ]
    return [*found, claims.extreme("0.001 has the lowest test loss", test, "0.001", highest=False)]


def _temperature(runs: pd.DataFrame) -> Verdicts:
    found = []
    known = {"test_loss": ("log-loss", "text/advice/temperature/tuned-better"), "calibration_error": ("calibration error", "")}
    for measure, (name, published) in known.items():
        # The same networks before and after.
        after, before = (study.by_arm(runs, f"{when}{measure}")["trained at 1"] for when in ("tempered_", ""))
        found.append(claims.lower(f"the fitted temperature lowers the test {name}", after, before, id=published))
    return found + _better(runs, [Pair(arm, "trained at 1") for arm in ("trained at 0.25", "trained at 4")])


def _size(runs: pd.DataFrame) -> Verdicts:
    samples = int(runs.train_texts.iloc[0])
    counts = runs.groupby("arm", sort=False).parameters.first()
    few, many = (counts[counts <= samples], counts[counts > samples])
    if few.empty or many.empty:
        return []
    small, large = str(few.idxmax()), str(many.idxmax())
    about = f"{large} ({counts[large]:,.0f} parameters) against {small} ({counts[small]:,.0f}; {samples} samples)"
    runs = runs.assign(loss=runs.test_loss - runs.train_loss, accuracy=runs.train_accuracy - runs.test_accuracy)
    scores = {name: study.by_arm(runs, name) for name in ("loss", "accuracy", "test_loss", "test_accuracy")}
    first, second = ({name: arms[arm] for name, arms in scores.items()} for arm in (large, small))
    wider, known = f"{about}: a wider gap between training and test", "text/advice/size/overfits"
    return [
        claims.higher(f"{wider} loss", first["loss"], second["loss"]),
        claims.higher(f"{wider} accuracy", first["accuracy"], second["accuracy"], id=known, note=ADDED),
        claims.higher(f"{about}: a higher test loss", first["test_loss"], second["test_loss"]),
        claims.lower(f"{about}: a lower test accuracy", first["test_accuracy"], second["test_accuracy"]),
    ]


def chosen(runs: pd.DataFrame, name: str) -> str:
    """The arm of an optimizer with the highest mean held-out accuracy."""
    arms = runs[runs.arm.str.startswith(f"{name}, ")]
    return str(arms.groupby("arm", sort=False).held_out_accuracy.mean().idxmax())


def _optimizer(runs: pd.DataFrame) -> Verdicts:
    note = "the rule by which a rate speaks for its optimizer was chosen after the first runs"
    known = {"sgd": "text/advice/optimizer/{}-better"}
    pairs = [
        Pair(chosen(runs, first), chosen(runs, second), lower=known.get(second, "").format(first))
        for first, second in OPTIMIZERS
    ]
    return _better(runs, pairs, note)
