"""Studies F1 to F8 of the aligned digit adder as data: their arms, what was published of them, and what was claimed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from rnnlab import verdicts

BATCH_SIZE = 200
EVERY = 50  # updates between evaluations


@dataclass(frozen=True)
class Arm:
    """The settings of one network; defaults are those of the protocol."""

    maxlen: int = 5
    rate: float = 0.001
    cell: str | None = "simple_rnn"
    activation: str | None = "relu"
    num_layers: int = 2
    state: str = "reset"
    initial_state: str = "zeros"
    halved_at: int | None = None  # the rate is halved after this update
    updates: int = 500


@dataclass(frozen=True)
class Study:
    """Arms by label; `rows` and `columns` name the settings that span a heat map."""

    title: str
    arms: dict[str, Arm]
    published: dict[str, float]  # final accuracy, read off the published figures
    claims: Callable[[pd.DataFrame], list[dict[str, str]]]
    rows: str | None = None
    columns: str | None = None

    @property
    def held_out(self) -> int:
        """Sums asked at each evaluation: one batch, as published, where the first time that all are right is looked for."""
        return BATCH_SIZE if self.rows else 10 * BATCH_SIZE


LENGTHS = (5, 10, 25, 50, 70)
RATES = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5)
STATES = ("reset", "carry", "zeros")
INITIAL_STATES = ("zeros", "normal", "normal10", "xavier", "he")
CELLS: dict[str, dict[str, Any]] = {
    "simple RNN, tanh": {"cell": "simple_rnn", "activation": None},
    "simple RNN, ReLU": {"cell": "simple_rnn", "activation": "relu"},
    "LSTM": {"cell": "lstm", "activation": None},
    "GRU": {"cell": "gru", "activation": None},
}


def _scores(runs: pd.DataFrame, name: str = "exact") -> dict[str, np.ndarray]:
    return {str(arm): group[name].to_numpy() for arm, group in runs.groupby("arm", sort=False)}


def _extremes(*wanted: tuple[str, str, bool]) -> Callable[[pd.DataFrame], list[dict[str, str]]]:
    def claims(runs: pd.DataFrame) -> list[dict[str, str]]:
        scores = _scores(runs)
        return [{"claim": text, **verdicts.extreme(scores, arm, highest=highest)} for text, arm, highest in wanted]

    return claims


def _high_rates_never_learn(runs: pd.DataFrame) -> list[dict[str, str]]:
    high = runs[runs.rate >= 0.1]
    return [{"claim": "rates of 0.1 and above never learn", **verdicts.mostly(high.exact.to_numpy() < 0.01)}]


def _first_at(where: Callable[[pd.Series], bool], text: str) -> Callable[[pd.DataFrame], list[dict[str, str]]]:
    """In most seeds those first to get everything right are as `where` says; seeds with others as early do not count."""

    def claims(runs: pd.DataFrame) -> list[dict[str, str]]:
        seen, tied = [], 0
        for _, group in runs.groupby("seed"):
            first = group[group.first_perfect == group.first_perfect.min()].apply(where, axis=1)
            if len(first) and first.nunique() > 1:
                tied += 1
            else:
                seen.append(bool(len(first) and first.all()))
        found = verdicts.mostly(seen) if seen else {"verdict": "cannot be decided", "evidence": "0 runs"}
        also = f"; in {tied} more, others were as early" if tied else ""
        return [{"claim": text, **found, "evidence": found["evidence"] + also}]

    return claims


def _without_recurrence(runs: pd.DataFrame) -> list[dict[str, str]]:
    none = runs[runs.cell == "none"]
    return [{"claim": "without an RNN no sum is right", **verdicts.mostly(none.exact.to_numpy() == 0)}]


def _grid(base: Arm, rows: str, row_values: tuple, columns: str, column_values: tuple) -> dict[str, Arm]:
    changes: list[dict[str, Any]] = [{rows: row, columns: column} for row in row_values for column in column_values]
    return {", ".join(f"{name} {value}" for name, value in change.items()): replace(base, **change) for change in changes}


def _states() -> dict[str, Arm]:
    arms: dict[str, Arm] = {}
    for maxlen, updates in ((5, 1000), (50, 300)):
        base = Arm(maxlen=maxlen, updates=updates)
        arms |= {f"{state}, maxlen {maxlen}": replace(base, state=state) for state in STATES}
        arms[f"no RNN, maxlen {maxlen}"] = replace(base, cell=None)
    return arms


STUDIES = {
    "maxlen": Study(
        "F1: longest operand",
        {f"maxlen {n}": Arm(maxlen=n) for n in LENGTHS},
        {"maxlen 5": 0.89, "maxlen 10": 1, "maxlen 25": 1, "maxlen 50": 1, "maxlen 70": 1},
        _extremes(("maxlen 5 ends lowest", "maxlen 5", False)),
    ),
    "rate": Study(
        "F2: learning rate",
        {f"rate {r:g}": Arm(rate=r, updates=1000) for r in RATES}
        | {"0.01, halved": Arm(rate=0.01, halved_at=100, updates=1000)},
        {"rate 0.1": 0, "rate 0.5": 0},
        _high_rates_never_learn,
    ),
    "rate-maxlen": Study(
        "F3: longest operand and learning rate",
        _grid(Arm(num_layers=3), "maxlen", LENGTHS, "rate", RATES),
        {},
        _first_at(
            lambda run: run.rate == 0.01 and run.maxlen >= 50, "everything is right first at rate 0.01 and maxlen 50 to 70"
        ),
        rows="maxlen",
        columns="rate",
    ),
    "layers": Study(
        "F4: layers",
        {f"{n} layer{'s' * (n > 1)}": Arm(num_layers=n, updates=1000) for n in (1, 2, 3, 4)},
        {"1 layer": 1, "2 layers": 0.99, "3 layers": 0.92, "4 layers": 0.81},
        _extremes(("1 layer ends highest", "1 layer", True), ("4 layers end lowest", "4 layers", False)),
    ),
    "state": Study(
        "F5: state between batches", _states(), {"no RNN, maxlen 5": 0, "no RNN, maxlen 50": 0}, _without_recurrence
    ),
    "layers-state": Study(
        "F6: layers and state between batches",
        _grid(Arm(maxlen=10, updates=700), "num_layers", (1, 2, 3, 4), "state", STATES),
        {},
        lambda runs: [],
        rows="num_layers",
        columns="state",
    ),
    "initial-state": Study(
        "F7: initial state",
        {name: Arm(initial_state=name, updates=1000) for name in INITIAL_STATES},
        {},
        _extremes(("zeros are the best initial state", "zeros", True)),
    ),
    "cell": Study(
        "F8: cell",
        {name: Arm(updates=1000, **options) for name, options in CELLS.items()},
        {},
        _first_at(lambda run: run.arm in ("simple RNN, tanh", "GRU"), "tanh RNN or GRU is best (all right first)"),
    ),
}
