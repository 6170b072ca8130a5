"""Studies A1 to A4 of the row classifier as data: their arms, and what was published of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rnnlab.study.plan import Setting, Study

PROTOCOL: dict[str, Setting] = {"updates": 2000, "scored": 100, "batch_size": 128, "units": 128, "every": 20}
NUMERIC = ("forget_bias", "learning_rate", "beta_1")
VARIANTS = ("as_run", "as_claimed")
ACTIVATIONS = ("sigmoid", "relu", "tanh")
FORGET_BIASES = {"1_to_10": [float(n) for n in range(1, 11)], "0.1_to_1": [n / 10 for n in range(1, 11)]}
OPTIMIZERS = ("adam", "rmsprop", "adagrad", "sgd")
RATES = (0.1, 0.01, 0.001, 0.0001)
BETA_1 = 0.9
DECAY = 0.8  # per 100 updates: after 2000 the rate is a hundredth of what it was

# The ordinary LSTM of the studies that do not vary the optimizer.
_BASE: dict[str, Setting] = {
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "forget_bias": 1.0,
    "optimizer": "sgd",
    "learning_rate": 0.01,
    "beta_1": None,
    "decay": None,
}


def _arm(**changes: Any) -> dict[str, Setting]:
    return _BASE | changes | ({"beta_1": changes.get("beta_1", BETA_1)} if changes.get("optimizer") == "adam" else {})


def _gate(variant: str) -> dict[str, dict[str, Setting]]:
    # The published code set the cell's `activation`, which squashes candidate and output; the gates stayed sigmoid.
    varied = {"as_run": "activation", "as_claimed": "recurrent_activation"}[variant]
    return {name: _arm(**{varied: name}) for name in ACTIVATIONS}


def _forget_bias(variant: str) -> dict[str, dict[str, Setting]]:
    biases = sorted({bias for sweep in FORGET_BIASES.values() for bias in sweep})
    return {f"{bias:g}": _arm(forget_bias=bias) for bias in biases}


def _optimizer(variant: str) -> dict[str, dict[str, Setting]]:
    return {f"{name}, {rate:g}": _arm(optimizer=name, learning_rate=rate) for rate in RATES for name in OPTIMIZERS}


def _extras(variant: str) -> dict[str, dict[str, Setting]]:
    return {
        "sgd, 0.1": _arm(learning_rate=0.1),
        "sgd, 0.1, decayed": _arm(learning_rate=0.1, decay=DECAY),
        "adam, 0.001": _arm(optimizer="adam", learning_rate=0.001),
        "adam, 0.001, beta_1 0.5": _arm(optimizer="adam", learning_rate=0.001, beta_1=0.5),
    }


@dataclass(frozen=True)
class Topic:
    """A published study: its arms by variant.

    Of the two that did something else than they say, `gate` has both variants; the decay of `extras`, which the published code
    never connected, is here as claimed, and the arm without one is what was run.
    """

    title: str
    arms: Callable[[str], dict[str, dict[str, Setting]]]
    variants: tuple[str, ...] = ("as_run",)


TOPICS = {
    "gate": Topic("A1: activation of the gates", _gate, VARIANTS),
    "forget-bias": Topic("A2: what the bias of the forget gate starts from", _forget_bias),
    "optimizer": Topic("A3: optimizer and learning rate", _optimizer),
    "extras": Topic("A4: a rate that decays, and Adam's beta_1", _extras),
}


def study_of(topic: str, seeds: Sequence[int], *, data: str, variant: str = "as_run", **changes: Setting) -> Study:
    """The plan of a published study.

    Args:
        topic: one of `TOPICS`.
        data: "mnist" (the published one) or "digits".
        variant: "as_run" does what the published code did, "as_claimed" what its text says.
        **changes: other numbers than those of `PROTOCOL`.

    Raises:
        ValueError: the topic or the variant is unknown, or a change is no part of the protocol.
    """
    if topic not in TOPICS:
        raise ValueError(f"topic: expected one of {', '.join(TOPICS)}, got {topic!r}")
    found = TOPICS[topic]
    if variant not in found.variants:
        raise ValueError(f"variant: expected {' or '.join(found.variants)} for the study {topic}, got {variant!r}")
    if unknown := set(changes) - set(PROTOCOL):
        raise ValueError(f"changes: expected some of {', '.join(PROTOCOL)}, got {', '.join(sorted(unknown))}")
    name = topic if len(found.variants) == 1 else f"{topic}-{variant}"
    common = {"data": data, **PROTOCOL, **changes}
    return Study(name, found.arms(variant), tuple(seeds), common, NUMERIC, f"{found.title} ({data})")
