"""Advice on training recurrent networks as data: a topic for each piece, its arms by name."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from rnnlab.study.plan import Setting, Study
from rnnlab.text.corpus import beside
from rnnlab.text.training import Recipe

RATES = (0.0001, 0.001, 0.01, 0.1, 1.0)
SIZES = (1, 2, 4, 16, 64, 256)
OPTIMIZER_RATES = {
    "sgd": (0.01, 0.1, 1.0),
    "rmsprop": (0.0001, 0.001, 0.01),
    "adagrad": (0.01, 0.1, 1.0),
    "adam": (0.0001, 0.001, 0.01),
}
DECAY = 0.8  # per 100 updates
HIGH_RATES = (1.0, 10.0)  # of sgd, with and without clipping
CLIPS = (None, 1.0, 0.1)
UNITS = 128
BATCH_SIZE = 27  # of the 540 and 135 sentences a divisor near the published 32: a program without a last batch compiles faster

WIDER = -1  # a size: five thirds of the study's units, which have about as many parameters as both directions

# The published network, for what the arms of a topic do not vary. `size` stands for units other than the study's, `passes` for
# the share of its passes.
_BASE: dict[str, Setting] = {
    "layers": 2,
    "size": None,
    "bidirectional": False,
    "activation": "tanh",
    "initializer": "glorot_uniform",
    "temperature": 1.0,
    "dropout": 0.5,
    "frozen": False,
    "optimizer": "adam",
    "learning_rate": 0.001,
    "decay": None,
    "clip": None,
    "patience": None,
    "passes": 1.0,
}


def _arm(**changes: Setting) -> dict[str, Setting]:
    return _BASE | changes


def _optimizers() -> dict[str, dict[str, Setting]]:
    arms = {
        f"{name}, {rate:g}": _arm(optimizer=name, learning_rate=rate)
        for name, rates in OPTIMIZER_RATES.items()
        for rate in rates
    }
    decayed = {
        f"adagrad decayed, {rate:g}": _arm(optimizer="adagrad", learning_rate=rate, decay=DECAY)
        for rate in OPTIMIZER_RATES["adagrad"]
    }
    return arms | decayed


def _clipped() -> dict[str, dict[str, Setting]]:
    return {
        f"rate {rate:g}, {f'norm {clip:g}' if clip else 'not clipped'}": _arm(optimizer="sgd", learning_rate=rate, clip=clip)
        for clip, rate in itertools.product(CLIPS, HIGH_RATES)
    }


TOPICS: dict[str, tuple[str, dict[str, dict[str, Setting]]]] = {
    "rate": ("A learning rate that is too high", {f"{rate:g}": _arm(learning_rate=rate) for rate in RATES}),
    "temperature": (
        "Softmax temperature",
        {"trained at 1": _arm(), "trained at 0.25": _arm(temperature=0.25), "trained at 4": _arm(temperature=4.0)},
    ),
    "activation": ("Softsign in place of tanh", {name: _arm(activation=name) for name in ("tanh", "softsign")}),
    "size": (
        "More parameters than samples",
        {f"{size} unit{'s' * (size > 1)}": _arm(layers=1, size=size, dropout=0.0, frozen=True) for size in SIZES},
    ),
    "layers": ("Stacked layers", {f"{count} layer{'s' * (count > 1)}": _arm(layers=count) for count in (1, 2, 3, 4)}),
    "patience": (
        "Early stopping, and the number of passes",
        {f"{share:g} of the passes": _arm(passes=share) for share in (0.25, 0.5, 1.0, 2.0)}
        | {f"stopped, patience {count}": _arm(passes=2.0, patience=count) for count in (3, 10)},
    ),
    "optimizer": ("RMSprop, and AdaGrad with a decaying rate", _optimizers()),
    "initializer": (
        "Xavier's initial weights",
        {
            name: _arm(initializer=name)
            for name in ("glorot_uniform", "glorot_normal", "he_normal", "random_normal", "large_normal", "zeros")
        },
    ),
    "clipping": ("Clipping gradients by their norm", _clipped()),
    "direction": (
        "Reading in both directions",
        {
            "one direction": _arm(),
            "both directions": _arm(bidirectional=True),
            "one direction, wider": _arm(size=WIDER),
        },
    ),
}


def study_of(
    topic: str,
    seeds: Sequence[int],
    *,
    data: str = "sentences",
    cell: str = "lstm",
    units: int | None = None,
    epochs: int | None = None,
    vectors: Sequence[str] = (),
) -> Study:
    """The plan of a topic.

    Args:
        topic: one of `TOPICS`.
        data: see `corpus.by_name`.
        cell: of all recurrent layers.
        units, epochs: other numbers than 128 a layer and 50 passes.
        vectors: see `datasets.word_vectors`; without any they are drawn.

    Raises:
        ValueError: the topic is unknown, or units or epochs are so few that arms would be the same.
    """
    if topic not in TOPICS:
        raise ValueError(f"topic: expected one of {', '.join(TOPICS)}, got {topic!r}")
    title, arms = TOPICS[topic]
    units = units or UNITS
    arms = {name: dict(arm) for name, arm in arms.items()}
    for arm in arms.values():
        size = arm.pop("size")
        arm["units"] = units * 5 // 3 if size == WIDER else size or units
        arm["epochs"] = max(1, round(float(arm.pop("passes") or 1) * (epochs or Recipe.epochs)))
    if any(arm in list(arms.values())[:place] for place, arm in enumerate(arms.values())):
        raise ValueError(f"units, epochs: expected enough that the arms of {topic} differ, got {units} and {epochs}")
    shown = {"temperature": "bins", "clipping": "norms"}.get(topic)
    common: dict[str, Setting] = {
        "data": data,
        "vectors": beside(vectors),
        "cell": cell,
        "batch_size": BATCH_SIZE,
        "curve": shown,
    }
    return Study(topic, arms, tuple(seeds), common, ("learning_rate",), f"{title} ({data})")
