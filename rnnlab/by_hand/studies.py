"""What is compared: five optimizers from random weights, and four starts with Adam."""

from __future__ import annotations

from collections.abc import Sequence

from rnnlab.study.plan import Setting, Study

# Of the rates 0.01, 0.03, ..., 10 those with the lowest loss after 200 updates of 32 units on the text of this room, from
# seeds 100 to 102.
RATES = {"SGD": 10.0, "momentum": 1.0, "AdaGrad": 3.0, "RMSprop": 0.03, "Adam": 0.03}
STARTS = ("all zero", "all 0.1", "only LSTM zero", "random")
HIDDEN, UPDATES = 32, 200


def study_of(text: str, seeds: Sequence[int], *, hidden: int = HIDDEN, updates: int = UPDATES) -> Study:
    """The plan: an arm for each optimizer from a random start, and for each other start with Adam.

    Args:
        text: what the text is known as, see `Letters.name`.
    """
    pairs = [("random", name) for name in RATES] + [(start, "Adam") for start in STARTS if start != "random"]
    arms: dict[str, dict[str, Setting]] = {
        f"{start}, {name}": {"start": start, "optimizer": name, "rate": RATES[name]} for start, name in pairs
    }
    title = f"Language models by hand, {hidden} units, {updates} updates"
    return Study("by_hand", arms, tuple(seeds), {"text": text, "hidden": hidden, "updates": updates}, ("rate",), title)
