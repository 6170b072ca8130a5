"""Figures of the aligned digit adder."""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnlab.figures.cells import COLORS, LABELS


def accuracy_by_update(history: pd.DataFrame, *, title: str) -> Figure:
    """Share of whole sums that are right against updates: a line per arm with the band over its seeds, every seed thin.

    Args:
        history: columns arm, seed, update, exact.
    """
    figure = Figure(figsize=(9, 5), layout="constrained")
    axis = figure.subplots()
    arms = list(dict.fromkeys(history.arm))
    colors = matplotlib.colormaps["viridis"](np.linspace(0, 0.92, len(arms))) if len(arms) > 4 else [f"C{i}" for i in range(4)]
    known = {LABELS[cell]: color for cell, color in COLORS.items()} | {"simple RNN, tanh": COLORS["simple_rnn"]}
    known |= {f"cell {cell}": color for cell, color in COLORS.items()} | {"simple RNN, ReLU": "tab:orange"}
    for spare, arm in zip(colors, arms, strict=False):
        color = known.get(arm, spare)
        runs = history[history.arm == arm].pivot(index="update", columns="seed", values="exact")
        for seed in runs if runs.shape[1] > 1 else []:
            axis.plot(runs.index, runs[seed], color=color, linewidth=0.5, alpha=0.35)
        axis.fill_between(runs.index, runs.min(axis=1), runs.max(axis=1), color=color, alpha=0.12, linewidth=0)
        axis.plot(runs.index, runs.mean(axis=1), color=color, linewidth=2, label=arm)
    axis.set_xlabel("update")
    axis.set_ylabel("whole sums right")
    axis.set_ylim(-0.02, 1.02)
    axis.grid(alpha=0.2)
    axis.set_title(f"{title}\nline: mean of the seeds, band: all of them", fontsize=11)
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    return figure


def first_perfect_map(runs: pd.DataFrame, rows: str, columns: str, *, title: str) -> Figure:
    """First update at which every sum is right, its median over the seeds, with the number of seeds that got there.

    Args:
        runs: columns `rows`, `columns`, seed, first_perfect (nan: never).
    """
    table = runs.pivot_table(index=rows, columns=columns, values="first_perfect", aggfunc="median", dropna=False, sort=False)
    reached = runs.assign(there=runs.first_perfect.notna()).pivot_table(
        index=rows, columns=columns, values="there", aggfunc="sum", sort=False
    )
    figure = Figure(figsize=(1.3 * table.shape[1] + 3, 0.75 * table.shape[0] + 2.2), layout="constrained")
    axis = figure.subplots()
    color_map = matplotlib.colormaps["viridis_r"].with_extremes(bad="0.92")
    image = axis.imshow(np.ma.masked_invalid(table.to_numpy(dtype=float)), cmap=color_map, aspect="auto")
    seeds = runs.seed.nunique()
    for i, row in enumerate(table.index):
        for j, column in enumerate(table.columns):
            value, count = table.loc[row, column], int(reached.loc[row, column])
            text = "never" if not count else f"{value:.0f}" + ("" if count == seeds else f"\n{count} of {seeds}")
            dark = count and value > np.nanmean(table.to_numpy(dtype=float))
            axis.text(j, i, text, ha="center", va="center", fontsize=9, color="white" if dark else "black")
    axis.set_xticks(range(table.shape[1]), [str(name) for name in table.columns])
    axis.set_yticks(range(table.shape[0]), [str(name) for name in table.index])
    axis.set_xlabel(columns.replace("_", " "))
    axis.set_ylabel(rows.replace("_", " "))
    axis.set_title(f"{title}\nfirst update with every sum right, median of {seeds} seeds that got there", fontsize=10)
    figure.colorbar(image, ax=axis, label="update")
    return figure


def mistakes_by_length(curves: pd.DataFrame, *, trained: int, asked: int, title: str) -> Figure:
    """Share of sums with a mistake so far against the column reached: every network a line, a panel per kind and share.

    Networks without a mistake lie on the floor, half of what one mistake makes; each panel says how many they are.

    Args:
        curves: columns cell, num_layers, share, seed, kind ("random" or "carry chains"), column, right.
        trained: digits of the longest sum that was trained on.
        asked: sums of each kind that a network was asked.
    """
    kinds, shares = list(dict.fromkeys(curves.kind)), sorted(set(curves.share))
    figure = Figure(figsize=(4.4 * len(shares) + 0.6, 3.3 * len(kinds) + 1.2), layout="constrained")
    axes = figure.subplots(len(kinds), len(shares), squeeze=False, sharex=True, sharey=True)
    for row, kind in zip(axes, kinds, strict=True):
        for axis, share in zip(row, shares, strict=True):
            _length_panel(axis, curves[(curves.kind == kind) & (curves.share == share)], trained, 0.5 / asked)
            axis.set_title(f"asked {kind}; trained with {share:.0%} carry chains", fontsize=10)
        row[0].set_ylabel("sums with a mistake so far")
    for axis in axes[-1]:
        axis.set_xlabel("digits")
    axes[0, 0].set_yticks([0.5 / asked, 0.001, 0.01, 0.1, 1], ["none", "0.1 %", "1 %", "10 %", "all"])
    axes[0, 0].minorticks_off()
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=6, frameon=False, fontsize=9)
    figure.suptitle(title, fontsize=12)
    return figure


def _length_panel(axis: Axes, curves: pd.DataFrame, trained: int, floor: float) -> None:
    named, faultless, count = set(), 0, 0
    for (cell, layers, _), curve in curves.groupby(["cell", "num_layers", "seed"], sort=False):
        name = f"{LABELS.get(cell, cell)}, {layers} layer{'s' * (layers > 1)}"
        style = "-" if layers == 1 else "--"
        label = None if name in named else name
        wrong = np.maximum(1 - curve.right.to_numpy(), floor)
        axis.plot(curve.column, wrong, style, color=COLORS.get(cell, "k"), linewidth=1.1, alpha=0.65, label=label)
        named.add(name)
        faultless, count = faultless + (curve.right.min() == 1), count + 1
    axis.text(
        0.97,
        0.93,
        f"{faultless} of {count} networks\nwithout a mistake",
        transform=axis.transAxes,
        ha="right",
        va="top",
        zorder=5,
        bbox={"color": "white", "alpha": 0.8},
    )
    axis.axvspan(1, trained, color="0.93", zorder=0)
    axis.text(trained, 0.02, "trained ", ha="right", va="center", fontsize=8, color="0.4", rotation=90)
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_ylim(floor / 1.5, 1.5)
    axis.grid(alpha=0.2)
