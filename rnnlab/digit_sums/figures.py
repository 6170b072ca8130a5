"""Drawings of the aligned digit adder."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rnnlab import figures


def first_perfect_map(runs: pd.DataFrame, rows: str, columns: str, *, title: str) -> Figure:
    """First update at which every sum is right, its median over the seeds that got there, with their number.

    Args:
        runs: columns `rows`, `columns`, seed, first_perfect (nan: never).
    """
    cells = runs.groupby([rows, columns], sort=False).first_perfect
    table, reached = cells.median().unstack(), cells.count().unstack()
    seeds = runs.seed.nunique()
    text = table.map("{:.0f}".format).where(
        reached == seeds, table.map("{:.0f}".format) + reached.map(f"\n{{:.0f}} of {seeds}".format)
    )
    return figures.heat_map(
        table, title=f"{title}: first update with every sum right, median of the seeds that got there",
        rows=rows.replace("_", " "), columns=columns.replace("_", " "), label="update", text=text,
    )  # fmt: skip


def mistakes_by_length(curves: pd.DataFrame, *, trained: int, asked: int, title: str) -> Figure:
    """How many sums have had a mistake up to a column, a panel per kind of question and of training, a line per network.

    Networks without a mistake lie on the floor, half of what one mistake makes; each panel says how many they are.

    Args:
        curves: columns cell, num_layers, chains, seed, kind ("random" or "carry chains"), column, right.
        trained: digits of the longest sum that was trained on.
        asked: sums of each kind that a network was asked.
    """
    keys = ["cell", "num_layers", "seed"]
    drawn = curves.assign(wrong=np.rint(asked * (1 - curves.right)) / asked).sort_values("chains", kind="stable")
    layers = drawn.num_layers.map(lambda n: f"{n} layer{'s' * (n > 1)}")
    drawn["arm"] = drawn.cell.map(figures.LABELS).fillna(drawn.cell) + ", " + layers
    drawn["panel"] = ""
    for (kind, chains), part in drawn.groupby(["kind", "chains"]):
        faultless = part.groupby(keys).wrong.max() == 0
        count = f"{faultless.sum()} of {len(faultless)} networks without a mistake"
        drawn.loc[part.index, "panel"] = f"asked {kind}, trained with {chains:.0%} carry chains:\n{count}"
    drawn = drawn.sort_values("kind", key=lambda kinds: kinds.map(list(dict.fromkeys(curves.kind)).index), kind="stable")
    labels = {"wrong": "sums with a mistake so far", "column": "digits"}
    figure = figures.curves(
        drawn, "column", ["wrong"], panels="panel", title=title, labels=labels, units={"wrong": "fraction"},
        log=True, log_x=True, mean=False,
    )  # fmt: skip
    for axis in figure.axes:
        axis.axvspan(axis.get_xlim()[0], trained, color="0.93", zorder=0)
        axis.annotate("trained", (trained, 1), xycoords=("data", "axes fraction"), xytext=(-3, -4), textcoords="offset points",
                      ha="right", va="top", fontsize=8, color="0.4", zorder=0)  # fmt: skip
    return figure
