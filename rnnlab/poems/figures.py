"""Drawings of the character language model."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from rnnlab import figures

LOSSES = ("train_loss", "held_out_loss")
PERPLEXITIES = ("train_perplexity", "held_out_perplexity", "held_out_perplexity_as_published")
LABELS = {
    "train_loss": "training",
    "held_out_loss": "held out",
    "train_perplexity": "training",
    "held_out_perplexity": "held out",
    "held_out_perplexity_as_published": "held out, padding counted, as published",
    LOSSES: "loss, padding included",
    PERPLEXITIES: "perplexity",
}


def learning_curves(curves: pd.DataFrame, published: pd.DataFrame | None = None, *, title: str) -> Figure:
    """Loss and perplexity after each epoch; a circle is the best epoch of a run.

    Args:
        curves: columns arm, seed, epoch, `LOSSES` (nats per place) and `PERPLEXITIES`.
        published: columns epoch and one of `PERPLEXITIES`.
    """
    measures, units = [LOSSES, PERPLEXITIES], {"train_loss": "nats per place"}
    figure = figures.curves(curves, "epoch", measures, title=title, labels=LABELS, units=units, published=published)
    for _, run in curves.dropna(subset="held_out_perplexity").groupby("seed"):
        best = run.loc[run.held_out_perplexity.idxmin()]
        figure.axes[1].plot(best.epoch, best.held_out_perplexity, "o", color="black", markersize=10, fillstyle="none", zorder=4)
    return figure


def temperatures(table: pd.DataFrame, *, title: str) -> Figure:
    """Every other column of a table against its temperatures, a panel each; those with a nan are left out.

    Args:
        table: columns seed, temperature, and numbers.
    """
    measures = [name for name in table if name not in ("seed", "temperature", "poems") and table[name].notna().all()]
    return figures.curves(table.assign(arm="network"), "temperature", measures, title=title)
