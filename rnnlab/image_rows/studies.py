"""The published studies of the row classifier: what each varies, and the plan of its runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from rnnlab.checks import one_of
from rnnlab.study.plan import Setting, Study

PROTOCOL: dict[str, Setting] = {"updates": 2000, "scored": 100, "batch_size": 128, "units": 128, "every": 20}
SEEDS = 10  # as published
NUMERIC = ("forget_bias", "learning_rate", "beta_1")
ACTIVATIONS = ("sigmoid", "relu", "tanh")
FORGET_BIASES = {"1_to_10": [float(n) for n in range(1, 11)], "0.1_to_1": [n / 10 for n in range(1, 11)]}
OPTIMIZERS = ("adam", "rmsprop", "adagrad", "sgd")
RATES = (0.1, 0.01, 0.001, 0.0001)
BETA_1 = 0.9
DECAY = 0.8  # per 100 updates: after 2000 the rate is a hundredth of what it was

# Variants of the studies whose published code did something else than their text says. The decay of "extras", which that code
# never connected, is here as claimed; the arm without one is what was run.
STUDIES = {"gate": ("as_run", "as_claimed"), "forget-bias": ("as_run",), "optimizer": ("as_run",), "extras": ("as_run",)}
TITLES = {
    "gate-as_run": "Activation of the LSTM's candidate and output",
    "gate-as_claimed": "Activation of the LSTM's gates",
    "forget-bias": "What the bias of the forget gate starts from",
    "optimizer": "Optimizer and learning rate",
    "extras": "A rate that decays, and Adam's beta_1",
}
# The ordinary LSTM of the studies that do not vary the optimizer.
_BASE: dict[str, Setting] = {"activation": "tanh", "recurrent_activation": "sigmoid", "forget_bias": 1.0}
_BASE |= {"optimizer": "sgd", "learning_rate": 0.01, "beta_1": None, "decay": None}


def study_of(
    study: str,
    seeds: Sequence[int],
    *,
    data: str,
    variant: str = "as_run",
    arms: Collection[str] | None = None,
    **changes: Setting,
) -> Study:
    """The plan of a published study.

    Args:
        study: one of `STUDIES`.
        data: "mnist" (the published one) or "digits".
        variant: "as_run" does what the published code did, "as_claimed" what its text says.
        arms: some of its arms; None takes all.
        **changes: other numbers than those of `PROTOCOL`.

    Raises:
        ValueError: the study, the variant or an arm is unknown, or a change is no part of the protocol.
    """
    one_of("variant", variant, STUDIES[one_of("study", study, STUDIES)])
    if unknown := set(changes) - set(PROTOCOL):
        raise ValueError(f"changes: expected some of {', '.join(PROTOCOL)}, got {', '.join(sorted(unknown))}")
    every = arms_of(study, variant)
    taken = {one_of("arms", arm, every): every[arm] for arm in (every if arms is None else arms)}
    name = study if len(STUDIES[study]) == 1 else f"{study}-{variant}"
    return Study(name, taken, tuple(seeds), {"data": data, **PROTOCOL, **changes}, NUMERIC, f"{TITLES[name]} ({data})")


def arms_of(study: str, variant: str = "as_run") -> dict[str, dict[str, Setting]]:
    """The settings of every arm."""
    if study == "gate":
        # The published code set the cell's `activation`, which squashes candidate and output; the gates stayed sigmoid.
        varied = "activation" if variant == "as_run" else "recurrent_activation"
        return {name: _arm(**{varied: name}) for name in ACTIVATIONS}
    if study == "forget-bias":
        biases = sorted({bias for sweep in FORGET_BIASES.values() for bias in sweep})
        return {f"{bias:g}": _arm(forget_bias=bias) for bias in biases}
    if study == "optimizer":
        return {f"{name}, {rate:g}": _arm(optimizer=name, learning_rate=rate) for rate in RATES for name in OPTIMIZERS}
    return {
        "sgd, 0.1": _arm(learning_rate=0.1),
        "sgd, 0.1, decayed": _arm(learning_rate=0.1, decay=DECAY),
        "adam, 0.001": _arm(optimizer="adam", learning_rate=0.001),
        "adam, 0.001, beta_1 0.5": _arm(optimizer="adam", learning_rate=0.001, beta_1=0.5),
    }


def _arm(**changes: Any) -> dict[str, Setting]:
    return _BASE | changes | ({"beta_1": changes.get("beta_1", BETA_1)} if changes.get("optimizer") == "adam" else {})


def reduced_by(plan: Study, seeds: int) -> str:
    """In what a plan, with so many seeds of every arm, is less than the published study; empty where it is not."""
    less = [] if plan.common["data"] == "mnist" else ["scikit-learn's small digits in place of MNIST"]
    for name in ("updates", "scored", "batch_size", "units"):
        mine, theirs = plan.common[name], PROTOCOL[name]
        less += [f"{mine} {name.replace('_', ' ')} of {theirs}"] if mine < theirs else []  # type: ignore[operator]
    return ", ".join(less + ([f"{seeds} seeds of {SEEDS}"] if seeds < SEEDS else []))
