"""Figures of the text classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from rnnlab.figures.cells import COLORS, LABELS

LINES = ("0.45", "tab:brown", "tab:purple")


def curves_of_cells(history: pd.DataFrame, *, title: str) -> Figure:
    """Loss and accuracy after each pass: every run a thin line, the mean of a cell a thick one, a band over all its runs.

    Args:
        history: columns cell, seed, epoch, loss, accuracy, test_loss, test_accuracy.
    """
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    axes = figure.subplots(1, 2)
    for axis, measure in zip(axes, ("loss", "accuracy"), strict=True):
        for cell, group in history.groupby("cell", sort=False):
            color = COLORS[cell]
            for column, style in ((measure, "--"), (f"test_{measure}", "-")):
                runs = group.pivot(index="epoch", columns="seed", values=column)
                axis.plot(runs.index, runs, color=color, linewidth=0.5, alpha=0.5, linestyle=style)
                axis.fill_between(runs.index, runs.min(axis=1), runs.max(axis=1), color=color, alpha=0.1, linewidth=0)
                axis.plot(runs.index, runs.mean(axis=1), color=color, linewidth=2, linestyle=style)
        axis.set_xlabel("pass")
        axis.set_ylabel("loss, nats" if measure == "loss" else measure)
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(alpha=0.2)
    for cell in dict.fromkeys(history.cell):
        axes[0].plot([], [], color=COLORS[cell], linewidth=2, label=LABELS[cell])
    axes[0].plot([], [], color="0.3", linestyle="--", label="training, with dropout")
    axes[0].plot([], [], color="0.3", label="test")
    axes[0].legend(frameon=False, fontsize=9)
    figure.suptitle(f"{title}\nthick: mean of the seeds, thin: every run, band: all of them", fontsize=11)
    return figure


def confusion_of_cells(counts: Mapping[str, np.ndarray], classes: Sequence[str], *, title: str) -> Figure:
    """A panel per cell: test texts of each class (row) by the class that was said (column), mean of the seeds.

    Args:
        counts: by cell, shape (classes, classes).
    """
    size = max(3.4, 0.55 * len(classes) + 1.6)
    figure = Figure(figsize=(max(7.5, size * len(counts) + 0.6), size + 0.4), layout="constrained")
    for axis, (cell, table) in zip(figure.subplots(1, len(counts), squeeze=False)[0], counts.items(), strict=True):
        shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        if len(classes) <= 20:
            for row, column in np.ndindex(*table.shape):
                shade = "white" if shares[row, column] > 0.55 else "black"
                axis.text(column, row, f"{table[row, column]:.3g}", ha="center", va="center", color=shade, fontsize=9)
        axis.set_xticks(range(len(classes)), classes, rotation=45, ha="right", rotation_mode="anchor", fontsize=8)
        axis.set_yticks(range(len(classes)), classes, fontsize=8)
        axis.set_xlabel("said")
        axis.set_ylabel("true")
        axis.set_title(LABELS[cell], fontsize=10)
    figure.suptitle(f"{title}\ntest texts, mean of the seeds", fontsize=11)
    return figure


def accuracy_by_cell(
    runs: pd.DataFrame, intervals: Mapping[str, tuple[float, float, float]], baselines: Mapping[str, float], *, title: str
) -> Figure:
    """Test accuracy: every run a dot, mean and interval of each cell, a line per baseline.

    Args:
        runs: columns cell and test_accuracy.
        intervals: mean and both ends by cell; ends may be nan.
        baselines: accuracies by name.
    """
    figure = Figure(figsize=(max(6.0, 1.3 * len(intervals) + 4.4), 4.6), layout="constrained")
    axis = figure.subplots()
    for place, (cell, (mean, low, high)) in enumerate(intervals.items()):
        scores = runs.test_accuracy[runs.cell == cell].to_numpy()
        axis.plot(place + _spread(len(scores)), scores, ".", color=COLORS[cell], alpha=0.6)
        axis.errorbar(place + 0.27, mean, [[mean - low], [high - mean]], fmt="o", color=COLORS[cell], capsize=3)
    for color, (name, score) in zip(LINES, baselines.items(), strict=False):
        axis.axhline(score, color=color, linestyle="--", linewidth=1.2, label=f"{name}: {score:.3f}")
    axis.set_xlim(-0.6, len(intervals) - 0.4)
    axis.set_xticks(range(len(intervals)), [LABELS[cell] for cell in intervals])
    axis.set_ylabel("test accuracy")
    axis.grid(alpha=0.2, axis="y")
    axis.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.09))
    axis.set_title(f"{title}\ndots: every run, with bars: mean and bootstrap interval over the seeds", fontsize=10)
    return figure


def scores_by_arm(runs: pd.DataFrame, measures: Sequence[str], *, title: str) -> Figure:
    """The score of every run by arm and the mean of the arm, a panel per measure; runs that diverged have no dot.

    Args:
        runs: columns arm and the measures.
    """
    arms = list(dict.fromkeys(runs.arm))
    height = 1.4 + 0.34 * len(arms)
    figure = Figure(figsize=(3.6 * len(measures) + 1.6, max(3.2, height)), layout="constrained")
    axes = figure.subplots(1, len(measures), squeeze=False, sharey=True)[0]
    for axis, measure in zip(axes, measures, strict=True):
        for place, arm in enumerate(arms):
            scores = runs.loc[runs.arm == arm, measure].to_numpy()
            axis.plot(scores, place + _spread(len(scores)), ".", color="tab:blue", alpha=0.6)
            axis.plot([scores.mean()], [place], "|", color="black", markersize=14)
        finite = runs[measure][np.isfinite(runs[measure])]
        if measure.endswith("loss") and len(finite) and finite.max() > 20 * max(finite.min(), 1e-9):
            axis.set_xscale("log")
            axis.xaxis.set_minor_formatter(NullFormatter())  # in a narrow panel they would stand in one another
        else:
            axis.locator_params(axis="x", nbins=5)
        axis.set_xlabel(measure.replace("_", " "))
        axis.grid(alpha=0.2)
    axes[0].set_yticks(range(len(arms)), arms, fontsize=8)
    axes[0].invert_yaxis()
    figure.suptitle(f"{title}\ndots: every run, bar: mean", fontsize=11)
    return figure


def reliability_diagram(bins: pd.DataFrame, *, title: str) -> Figure:
    """Accuracy against confidence, before and after the fitted temperature, a panel per arm; every run thin, all runs thick.

    The area of a point is the share of the answers that are so sure.

    Args:
        bins: columns arm, seed, bin, and count, confidence, accuracy, with and without tempered_ before them.
    """
    arms = list(dict.fromkeys(bins.arm))
    figure = Figure(figsize=(3.7 * len(arms) + 0.6, 4.4), layout="constrained")
    axes = figure.subplots(1, len(arms), squeeze=False, sharey=True)[0]
    for axis, arm in zip(axes, arms, strict=True):
        axis.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle=":")
        for prefix, color, name in (("", "tab:red", "as trained"), ("tempered_", "tab:blue", "with the fitted temperature")):
            count, sure, right = (f"{prefix}{column}" for column in ("count", "confidence", "accuracy"))
            part = bins[(bins.arm == arm) & (bins[count] > 0)]
            for _, run in part.groupby("seed"):
                axis.plot(run[sure], run[right], color=color, linewidth=0.5, alpha=0.35)
            weighted = part.assign(sure=part[sure] * part[count], right=part[right] * part[count]).groupby("bin")
            sums = weighted[["sure", "right", count]].sum()
            sure_of, right_of = sums.sure / sums[count], sums.right / sums[count]
            axis.plot(sure_of, right_of, color=color, label=name)
            axis.scatter(sure_of, right_of, 4 + 200 * sums[count] / sums[count].sum(), color=color)
        axis.set_title(arm, fontsize=10)
        axis.set_xlabel("confidence")
        axis.set_xlim(0, 1.02)
        axis.set_ylim(-0.02, 1.02)
        axis.grid(alpha=0.2)
    axes[0].set_ylabel("accuracy")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    figure.suptitle(f"{title}\nthick: all runs together, the larger a point the more answers; thin: every run", fontsize=11)
    return figure


def norms_by_pass(curves: pd.DataFrame, *, title: str) -> Figure:
    """The norm of the gradient before clipping in each pass, a panel per arm: median and largest, every run a line.

    Args:
        curves: columns arm, seed, epoch, norm_median, norm_max, clip_norm (nan where nothing is clipped).
    """
    arms = list(dict.fromkeys(curves.arm))
    rows = -(-len(arms) // 2)
    figure = Figure(figsize=(10, 2.9 * rows + 0.8), layout="constrained")
    axes = figure.subplots(rows, 2, squeeze=False, sharex=True, sharey=True).ravel()
    for axis, arm in zip(axes, arms, strict=False):
        part = curves[curves.arm == arm]
        for column, color in (("norm_max", "tab:red"), ("norm_median", "tab:blue")):
            runs = part.pivot(index="epoch", columns="seed", values=column)
            axis.plot(runs.index, runs.where(np.isfinite(runs)), color=color, linewidth=0.9, alpha=0.7)
        if np.isfinite(part.clip_norm.iloc[0]):
            axis.axhline(part.clip_norm.iloc[0], color="black", linestyle="--", linewidth=1)
        axis.set_yscale("log")
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.set_title(arm, fontsize=10)
        axis.set_xlabel("pass")
        axis.set_ylabel("norm of the gradient")
        axis.grid(alpha=0.2)
    for axis in axes[len(arms) :]:
        axis.set_visible(False)
    axes[0].plot([], [], color="tab:red", label="largest of the pass")
    axes[0].plot([], [], color="tab:blue", label="median")
    axes[0].plot([], [], color="black", linestyle="--", label="clipped to")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    figure.suptitle(title, fontsize=11)
    return figure


def losses_by_size(runs: pd.DataFrame, samples: int, *, title: str) -> Figure:
    """Training and test loss of every run against the number of parameters, and the number of samples.

    Args:
        runs: columns parameters, train_loss, test_loss.
    """
    figure = Figure(figsize=(8, 4.8), layout="constrained")
    axis = figure.subplots()
    for color, measure in (("tab:blue", "train_loss"), ("tab:orange", "test_loss")):
        means = runs.groupby("parameters")[measure].mean()
        axis.plot(runs.parameters, runs[measure], ".", color=color, alpha=0.4)
        axis.plot(means.index, means, "-", color=color, label=f"{measure.replace('_', ' ')} (dots: every run)")
    axis.axvline(samples, color="0.4", linestyle="--", label=f"{samples} training texts")
    axis.set_xscale("log")
    axis.set_xlabel("trained parameters")
    axis.set_ylabel("loss, nats")
    axis.grid(alpha=0.2)
    axis.legend(frameon=False, fontsize=9)
    axis.set_title(title, fontsize=11)
    return figure


def _spread(count: int) -> np.ndarray:
    return np.linspace(-0.15, 0.15, count) if count > 1 else np.zeros(count)
