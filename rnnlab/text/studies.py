"""What is compared: cells on labelled texts, advice on training piece by piece, networks by cross-validation."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from rnnlab.checks import one_of
from rnnlab.study.plan import Setting, Study
from rnnlab.text.data import FOLDS, Labelled
from rnnlab.text.recipe import Recipe

SEEDS, UNITS, EPOCHS = 5, 128, Recipe.epochs
Arms = dict[str, dict[str, Setting]]

# The published network; only drawn word vectors are trained where `trained` is None.
_NETWORK: dict[str, Setting] = {
    "bidirectional": False, "pooling": "last", "masked": True, "trained": None, "dropout": 0.5, "input_dropout": 0.0,
    "embedding_dim": 50, "epochs": EPOCHS, "batch_size": 32,
}  # fmt: skip


def study_of(
    data: Labelled,
    seeds: Sequence[int],
    *,
    cells: Sequence[str] = ("lstm",),
    units: Sequence[int] = (UNITS, UNITS),
    layers: int | None = None,
    **changes: Setting,
) -> Study:
    """The plan of a classification: an arm for each cell.

    Args:
        units: of each layer; one number for all, where `layers` is given.
        **changes: of the published network, such as dropout or epochs; None leaves it.

    Raises:
        ValueError: `layers` is given with several units.
    """
    if layers and len(set(units)) > 1:
        raise ValueError(f"layers: expected with one number of units, got {', '.join(map(str, units))}")
    sizes = " ".join(map(str, [units[0]] * layers if layers else units))
    kept = {name: value for name, value in changes.items() if value is not None}
    common = {"data": data.source, "vectors": data.vectors_source, **_NETWORK, **kept, "units": sizes}
    way = ", both directions" if common["bidirectional"] else ""
    parts = f"{len(data.train):,} training and {len(data.test):,} test texts, {len(data.classes)} classes"
    title = f"{data.source}: {parts}; {sizes.replace(' ', ' and ')} units{way}"
    return Study("text", {cell: {"cell": cell} for cell in cells}, tuple(seeds), common, (), title)


RATES = (0.0001, 0.001, 0.01, 0.1, 1.0)
SIZES = (1, 2, 4, 16, 64, 256)
_SLOW, _FAST = (0.0001, 0.001, 0.01), (0.01, 0.1, 1.0)
OPTIMIZER_RATES = {"sgd": _FAST, "rmsprop": _SLOW, "adagrad": _FAST, "adam": _SLOW}
DECAY = 0.8  # per 100 updates
HIGH_RATES = (1.0, 10.0)  # of sgd, with and without clipping
CLIPS = (None, 1.0, 0.1)
BATCH_SIZE = 27  # of the 540 and 135 sentences a divisor near the published 32: a program without a last batch compiles faster
WIDER = -1  # units: five thirds of the study's, which have about as many parameters as both directions

# What the arms of a piece of advice do not vary. `units` are others than the study's, `epochs` a multiple of its own.
_BASE: dict[str, Setting] = {
    "layers": 2, "units": None, "bidirectional": False, "activation": "tanh", "initializer": "glorot_uniform",
    "temperature": 1.0, "dropout": 0.5, "frozen": False, "optimizer": "adam", "learning_rate": 0.001, "decay": None,
    "clip": None, "patience": None, "epochs": 1.0,
}  # fmt: skip


def _arm(**changes: Setting) -> dict[str, Setting]:
    return _BASE | changes


class Advice(NamedTuple):
    """A piece of advice on training: its arms differ in nothing else; `curve` is what their runs keep besides losses."""

    title: str
    arms: Arms
    curve: str | None = None


STARTS = ("glorot_uniform", "glorot_normal", "he_normal", "random_normal", "large_normal", "zeros")
ADVICE = {
    "rate": Advice("A learning rate that is too high", {f"{rate:g}": _arm(learning_rate=rate) for rate in RATES}),
    "temperature": Advice(
        "Softmax temperature", {f"trained at {value:g}": _arm(temperature=value) for value in (1.0, 0.25, 4.0)}, "bins"
    ),
    "activation": Advice("Softsign in place of tanh", {name: _arm(activation=name) for name in ("tanh", "softsign")}),
    "size": Advice(
        "More parameters than samples",
        {f"{size} unit{'s' * (size > 1)}": _arm(layers=1, units=size, dropout=0.0, frozen=True) for size in SIZES},
    ),
    "layers": Advice("Stacked layers", {f"{n} layer{'s' * (n > 1)}": _arm(layers=n) for n in (1, 2, 3, 4)}),
    "patience": Advice(
        "Early stopping, and the number of epochs",
        {f"{part:g} of the epochs": _arm(epochs=part) for part in (0.25, 0.5, 1.0, 2.0)}
        | {f"stopped, patience {count}": _arm(epochs=2.0, patience=count) for count in (3, 10)},
    ),
    "optimizer": Advice(
        "RMSprop, and AdaGrad with a decaying rate",
        {
            f"{name}, {rate:g}": _arm(optimizer=name, learning_rate=rate)
            for name, rates in OPTIMIZER_RATES.items()
            for rate in rates
        }
        | {f"adagrad decayed, {rate:g}": _arm(optimizer="adagrad", learning_rate=rate, decay=DECAY) for rate in _FAST},
    ),
    "initializer": Advice("Xavier's initial weights", {name: _arm(initializer=name) for name in STARTS}),
    "clipping": Advice(
        "Clipping gradients by their norm",
        {
            f"rate {rate:g}, {f'norm {clip:g}' if clip else 'not clipped'}": _arm(
                optimizer="sgd", learning_rate=rate, clip=clip
            )
            for clip, rate in itertools.product(CLIPS, HIGH_RATES)
        },
        "norms",
    ),
    "direction": Advice(
        "Reading in both directions",
        {"one direction": _arm(), "both directions": _arm(bidirectional=True), "one direction, wider": _arm(units=WIDER)},
    ),
}


def advice_of(
    name: str, data: Labelled, seeds: Sequence[int], *, cell: str = "lstm", units: int = UNITS, epochs: int = EPOCHS
) -> Study:
    """The plan of a piece of advice, one of `ADVICE`.

    Raises:
        ValueError: there is no such piece, or units or epochs are so few that arms would be the same.
    """
    piece = ADVICE[one_of("name", name, ADVICE)]
    sizes: dict[Setting, Setting] = {None: units, WIDER: units * 5 // 3}
    arms = {
        arm: settings | {"units": sizes.get(settings["units"], settings["units"]), "epochs": _times(settings["epochs"], epochs)}
        for arm, settings in piece.arms.items()
    }
    if any(settings in list(arms.values())[:place] for place, settings in enumerate(arms.values())):
        raise ValueError(f"units, epochs: expected enough that the arms of {name} differ, got {units} and {epochs}")
    common: dict[str, Setting] = {"data": data.source, "vectors": data.vectors_source, "cell": cell}
    common |= {"batch_size": BATCH_SIZE, "curve": piece.curve}
    return Study(name, arms, tuple(seeds), common, ("learning_rate",), f"{piece.title} ({data.source})")


def together(plans: Sequence[Study]) -> Study:
    """Several plans as one, whose arms have the same settings; of one plan that itself."""
    if len(plans) == 1:
        return plans[0]
    arms = {f"{plan.name}: {arm}": plan.settings(arm) for plan in plans for arm in plan.arms}
    return Study("advice", arms, plans[0].seeds, title=f"Advice, put to the test ({plans[0].common['data']})")


PUBLISHED = "lstm 128 128"
_PUBLISHED: dict[str, Setting] = {
    "cell": "lstm", "units": UNITS, "layers": 2, "bidirectional": False, "pooling": "last", "trained": None, "dropout": 0.5,
    "input_dropout": 0.0, "epochs": 1.0,
}  # fmt: skip
_GRU: dict[str, Setting] = _PUBLISHED | {"cell": "gru", "units": 64, "layers": 1, "bidirectional": True}
_MEAN: dict[str, Setting] = _GRU | {"pooling": "mean"}
NETWORKS: Arms = {
    PUBLISHED: _PUBLISHED,
    "lstm 128": _PUBLISHED | {"layers": 1},
    "gru 128 128": _PUBLISHED | {"cell": "gru"},
    "simple_rnn 128": _PUBLISHED | {"cell": "simple_rnn", "layers": 1},
    "both directions, lstm 64": _GRU | {"cell": "lstm"},
    "both directions, gru 64": _GRU,
    "both directions, gru 64, vectors trained": _GRU | {"trained": True},
    "both directions, gru 64, mean": _MEAN,
    "both directions, gru 64, mean, twice the epochs": _MEAN | {"epochs": 2.0},
    "both directions, gru 256, mean": _MEAN | {"units": 256},
    "both directions, gru 64, mean, vectors trained": _MEAN | {"trained": True},
    "both directions, gru 64, mean, dropout 0.7": _MEAN | {"dropout": 0.7},
    "both directions, gru 64, mean, input dropout 0.3": _MEAN | {"input_dropout": 0.3},
    "both directions, gru 64, mean, input dropout 0.5": _MEAN | {"input_dropout": 0.5},
    "both directions, gru 32, mean": _MEAN | {"units": 32},
    "both directions, lstm 64, mean": _MEAN | {"cell": "lstm"},
}


def networks_of(data: Labelled, seeds: Sequence[int], *, epochs: int = EPOCHS) -> Study:
    """The plan of a cross-validation: seed s of an arm is trained without the texts of fold s mod `FOLDS`, and scored by them.

    Raises:
        ValueError: there are not as many seeds of each fold.
    """
    if np.ptp(np.bincount(np.mod(seeds, FOLDS), minlength=FOLDS)):
        raise ValueError(f"seeds: expected a multiple of {FOLDS}, the number of folds, got {len(seeds)}")
    common: dict[str, Setting] = {"data": data.source, "vectors": data.vectors_source}
    # Without given vectors all are trained, and two arms would be one.
    chosen = {name: arm for name, arm in NETWORKS.items() if data.vectors or not arm["trained"]}
    arms = {name: arm | {"epochs": _times(arm["epochs"], epochs)} for name, arm in chosen.items()}
    return Study("network", arms, tuple(seeds), common, (), f"Networks by cross-validation in {FOLDS} folds ({data.source})")


# What `plans_of` takes by name.
OPTIONS = (
    "cell", "units", "epochs", "smoke", "layers", "bidirectional", "pooling", "masked", "dropout", "input_dropout", "trained",
)  # fmt: skip


def plans_of(
    kind: str | None,
    data: Labelled,
    seeds: Sequence[int],
    *,
    cell: Sequence[str] = ("lstm",),
    units: Sequence[int] | None = None,
    epochs: int | None = None,
    smoke: bool = False,
    **changes: Any,
) -> list[Study]:
    """The plans of a study: of a classification (None), a cross-validation ("network"), a piece of advice or all ("advice").

    Args:
        smoke: as small as shows that all parts work.
        **changes: see `study_of`.

    Raises:
        ValueError: an argument is for another kind, or out of range.
    """
    seeds, cell = seeds[:2] if smoke else seeds, list(dict.fromkeys(cell))
    if kind is None:
        # Batches that divide the number of our sentences: without a shorter last one a program compiles in half the time.
        small: dict[str, Any] = {"epochs": 2, "embedding_dim": 6, "batch_size": 25} if smoke else {"epochs": epochs}
        sizes = tuple(units or (UNITS, UNITS))
        return [study_of(data, seeds, cells=cell, units=(6,) * len(sizes) if smoke else sizes, **changes | small)]
    wrong = {name: value not in (None, _NETWORK.get(name)) for name, value in changes.items()}
    wrong |= {"several cells": len(cell) > 1, "several units": len(units or ()) > 1}
    wrong |= {"another cell": cell != ["lstm"], "units": bool(units), "smoke": smoke} if kind == "network" else {}
    if found := [name for name, is_given in wrong.items() if is_given]:
        name = found[0].replace("masked", "read padding").replace("_", " ")
        raise ValueError(f"study: expected {kind} without {name}")
    if kind == "network":
        return [networks_of(data, seeds, epochs=epochs or EPOCHS)]
    options: dict[str, Any] = {"cell": cell[0], "units": units[0] if units else UNITS, "epochs": epochs or EPOCHS}
    options = {"cell": "simple_rnn", "units": 4, "epochs": 4} if smoke else options
    return [advice_of(name, data, seeds, **options) for name in (ADVICE if kind == "advice" else [kind])]


def _times(multiple: Any, epochs: int) -> int:
    return max(1, round(multiple * epochs))


def reduced(plan: Study, full: Study, seeds: int, names: Sequence[str] = ("epochs", "units")) -> str:
    """In which ways finished runs of `seeds` seeds are fewer, or their settings `names` smaller, than in `full`; or ""."""
    words = [f"{seeds} seeds of {len(full.seeds)}"] if seeds < len(full.seeds) else []
    for name in names:
        mine, theirs = ([float(each.settings(arm)[name] or 0) for arm in plan.arms] for each in (plan, full))
        if sum(mine) < sum(theirs):
            words.append(f"{name} {max(mine):g} of {max(theirs):g}")
    return ", ".join(words)
