"""Figures of the character language model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter


def learning_curves(history: pd.DataFrame, published: pd.DataFrame | None = None, *, title: str) -> Figure:
    """Loss and perplexity after each pass, every seed a line, its best pass marked.

    Args:
        history: columns seed, epoch, and with and without val_ before them: loss (nats per place), perplexity, and
            perplexity_as_run.
        published: columns pass and perplexity, of the last kind.
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
    _log_scale(perplexity, history[["perplexity", "val_perplexity", "val_perplexity_as_run"]].to_numpy())
    if published is not None:
        perplexity.plot(published["pass"], published.perplexity, "x", color="tab:red", label="published, padding counted")
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


def curves_by_arm(curves: pd.DataFrame, measures: Sequence[str], *, title: str) -> Figure:
    """Measures after each pass, a panel each: every run a thin line, the mean of an arm a thick one.

    Args:
        curves: columns arm, seed, epoch and the measures.
    """
    figure = Figure(figsize=(5.2 * len(measures), 4.6), layout="constrained")
    axes = figure.subplots(1, len(measures), squeeze=False)[0]
    for axis, measure in zip(axes, measures, strict=True):
        for place, (arm, group) in enumerate(curves.groupby("arm", sort=False)):
            runs = group.pivot(index="epoch", columns="seed", values=measure)
            axis.plot(runs.index, runs, color=f"C{place}", linewidth=0.6, alpha=0.5)
            axis.plot(runs.index, runs.mean(axis=1), color=f"C{place}", linewidth=2, marker=".", label=arm)
        axis.set_ylabel(measure.replace("_", " "))
        axis.set_xlabel("pass")
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(alpha=0.2)
        if "perplexity" in measure:
            _log_scale(axis, curves[measure].to_numpy())
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False, fontsize=9)
    figure.suptitle(f"{title}\nthin lines: every run", fontsize=11)
    return figure


def _log_scale(axis: Axes, values: np.ndarray) -> None:
    """A logarithmic scale with plain numbers, where the values span enough for its ticks."""
    span = np.nanmax(values) / np.nanmin(values)
    if span > 4:
        axis.set_yscale("log")
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if span < 1000 else (1,)))
        axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.yaxis.set_minor_formatter(NullFormatter())
