"""What a network has to beat: the largest class, and logistic regressions on words and on word vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnnlab.text.data import Encoder, Labelled
from rnnlab.text.words import tokenize

MAJORITY = "majority class"
TFIDF = "TF-IDF + logistic regression"
MEANS = "mean word vector + logistic regression"
FOLDS = 3
STRENGTHS = (1.0, 10.0, 100.0)


def baselines(data: Labelled, encoder: Encoder) -> dict[str, np.ndarray]:
    """Class numbers of the test texts, shape (texts,), by the name of the baseline; `MEANS` only where there are vectors.

    The inverse strength of the regularisation is the one of `STRENGTHS` that does best in a cross-validation on the training
    texts.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import StandardScaler

    labels = data.train.labels
    found = {MAJORITY: np.full(len(data.test), np.bincount(labels).argmax())}
    found[TFIDF] = _regression(TfidfVectorizer(analyzer=tokenize), data.train.texts, labels).predict(data.test.texts)
    if encoder.vectors is not None:
        train, test = (mean_vectors(encoder.vectors, encoder.encode(part.texts)) for part in (data.train, data.test))
        found[MEANS] = _regression(StandardScaler(), train, labels).predict(test)
    return found


def mean_vectors(vectors: np.ndarray, words: np.ndarray) -> np.ndarray:
    """The mean vector of the known words of each text, shape (texts, dim), zeros where none is known."""
    known = np.any(vectors != 0, axis=-1)[words]
    return vectors[words].sum(axis=1) / np.maximum(known.sum(axis=1, keepdims=True), 1)


def _regression(features: Any, x: Any, labels: np.ndarray) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.pipeline import make_pipeline

    pipeline = make_pipeline(features, LogisticRegression(max_iter=5000))
    folds = min(FOLDS, int(np.unique(labels, return_counts=True)[1].min()))
    if folds < 2:
        return pipeline.fit(x, labels)
    parts = StratifiedKFold(folds, shuffle=True, random_state=0)
    return GridSearchCV(pipeline, {"logisticregression__C": STRENGTHS}, cv=parts).fit(x, labels)
