"""Figures of the character language model."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter


def learning_curves(history: pd.DataFrame, *, title: str) -> Figure:
    """Loss and perplexity after each pass, every seed a line, its best pass marked.

    Args:
        history: columns seed, epoch, and with and without val_ before them: loss (nats per place), perplexity, and
            perplexity_as_run.
    """
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    loss, perplexity = figure.subplots(1, 2)
    for place, (seed, run) in enumerate(history.groupby("seed", sort=False)):
        color = f"C{place % 10}"
        loss.plot(run.epoch, run.loss, color=color, linewidth=1.4, marker=".", label=f"seed {seed}")
        loss.plot(run.epoch, run.val_loss, color=color, linewidth=1.4, linestyle="--", marker=".")
        for column, style in (("perplexity", "-"), ("val_perplexity", "--"), ("val_perplexity_as_run", ":")):
            perplexity.plot(run.epoch, run[column], color=color, linewidth=1.4, linestyle=style, marker=".")
        best = run.loc[run.val_perplexity.idxmin()] if run.val_perplexity.notna().any() else run.iloc[0]
        perplexity.plot(best.epoch, best.val_perplexity, "o", color=color, markersize=9, fillstyle="none")
    loss.set_ylabel("loss, nats per place (padding included)")
    perplexity.set_ylabel("perplexity")
    scores = history[["perplexity", "val_perplexity", "val_perplexity_as_run"]].to_numpy()
    if np.nanmax(scores) > 4 * np.nanmin(scores):
        perplexity.set_yscale("log")
        perplexity.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        perplexity.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        perplexity.yaxis.set_minor_formatter(NullFormatter())
    styles = (("training", "-"), ("held out", "--"), ("held out, padding counted, as published", ":"))
    for name, style in styles:
        perplexity.plot([], [], color="0.3", linestyle=style, label=name)
    perplexity.plot([], [], "o", color="0.3", fillstyle="none", label="best pass")
    perplexity.legend(frameon=False, fontsize=9)
    if history.seed.nunique() > 1:
        loss.legend(frameon=False, fontsize=9, ncols=2)
    for axis in (loss, perplexity):
        axis.set_xlabel("pass")
        axis.grid(alpha=0.2)
        axis.xaxis.get_major_locator().set_params(integer=True)
    figure.suptitle(title, fontsize=11)
    return figure


def temperatures(table: pd.DataFrame, *, title: str) -> Figure:
    """What the temperature does: different characters per 100 poems, and the share of poems with even lines.

    Args:
        table: columns seed, temperature, distinct (nan where fewer than 100 were written), even (0 to 1).
    """
    figure = Figure(figsize=(9.5, 4), layout="constrained")
    varied, regular = figure.subplots(1, 2)
    for seed, run in table.groupby("seed", sort=False):
        varied.plot(run.temperature, run.distinct, marker="o", label=f"seed {seed}")
        regular.plot(run.temperature, 100 * run.even, marker="o")
    varied.set_ylabel("different characters per 100 poems")
    regular.set_ylabel("poems of even lines, %")
    regular.set_ylim(-3, 103)
    if table.seed.nunique() > 1:
        varied.legend(frameon=False, fontsize=9)
    for axis in (varied, regular):
        axis.set_xlabel("temperature")
        axis.grid(alpha=0.2)
    figure.suptitle(title, fontsize=11)
    return figure
