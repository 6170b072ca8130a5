"""Calibration: whether the probabilities of a network are as high as its accuracy, and the softmax temperature that helps.

Source: C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On calibration of modern neural networks", ICML 2017.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

BINS = 10


def probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """softmax(logits / temperature) over the last axis."""
    from scipy.special import softmax

    return softmax(np.asarray(logits, np.float64) / temperature, axis=-1)


def log_loss(logits: np.ndarray, labels: np.ndarray, temperature: float = 1.0) -> float:
    """Mean of -log softmax(logits / temperature) at the labels, in nats; nan or infinite logits give nan.

    Here as below, logits and probabilities have shape (texts, classes), labels are class numbers of shape (texts,).
    """
    from scipy.special import log_softmax

    if not np.isfinite(logits).all():
        return math.nan
    scores = log_softmax(np.asarray(logits, np.float64) / temperature, axis=1)
    return float(-scores[np.arange(len(labels)), labels].mean())


def accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Fraction of labels with the largest logit; a text whose logits are no numbers counts as wrong."""
    right = (logits.argmax(axis=1) == labels) & np.isfinite(logits).all(axis=1)
    return float(right.mean())


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature from 0.01 to 100 with the lowest log-loss; nan where logits are no numbers."""
    from scipy.optimize import minimize_scalar

    if not np.isfinite(logits).all():
        return math.nan
    widest = math.log(100)
    found = minimize_scalar(lambda t: log_loss(logits, labels, math.exp(t)), bounds=(-widest, widest), method="bounded")
    return math.exp(found.x)


def reliability(given: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """A row per bin of equal width of the largest probability: `bin`, `count`, mean `confidence`, `accuracy`; nan if empty.

    A text whose probabilities are no numbers is in no bin.
    """
    known = np.isfinite(given).all(axis=1)
    given, labels = given[known], labels[known]
    sure, right = given.max(axis=1), given.argmax(axis=1) == labels
    places = np.minimum((sure * BINS).astype(int), BINS - 1)
    groups = pd.DataFrame({"bin": places, "confidence": sure, "accuracy": right.astype(float)}).groupby("bin")
    counts = groups.size().reindex(range(BINS), fill_value=0).rename("count").to_frame()
    return counts.join(groups.mean()).reset_index()


def calibration_error(given: np.ndarray, labels: np.ndarray) -> float:
    """Expected calibration error: the mean of |accuracy - confidence| over the bins of `reliability`, weighted by count."""
    if not np.isfinite(given).all():
        return math.nan
    table = reliability(given, labels)
    gaps = (table.accuracy - table.confidence).abs().fillna(0)
    return float((gaps * table["count"]).sum() / len(labels))
