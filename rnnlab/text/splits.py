"""Parts to train and to test on, and the texts that stand in both."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rnnlab.checks import between
from rnnlab.checks import texts as checked
from rnnlab.text.words import tokenize

if TYPE_CHECKING:
    import pandas as pd


def split_texts(
    texts: Sequence[str], labels: Sequence[Hashable], *, fraction: float = 0.2, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Rows to train on and rows set aside, each in rising order, so that no text stands on both sides.

    Texts with the same words in the same order stay together. Of each label the fraction is set aside as nearly as that allows,
    counted in different texts and rounded.

    Raises:
        ValueError: an argument is out of range, or one of the two parts would be empty.
    """
    texts, labels = checked("texts", texts), list(labels)
    if len(labels) != len(texts):
        raise ValueError(f"labels: expected {len(texts)}, one for each text, got {len(labels)}")
    between("fraction", fraction, 0, 1)
    copies: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, text in enumerate(texts):
        copies[tuple(tokenize(text))].append(row)
    of_label: dict[Hashable, list[list[int]]] = defaultdict(list)
    for rows in copies.values():
        of_label[labels[rows[0]]].append(rows)
    rng = np.random.default_rng(seed)
    aside = np.zeros(len(texts), dtype=bool)
    for groups in of_label.values():
        for place in rng.permutation(len(groups))[: round(fraction * len(groups))]:
            aside[groups[place]] = True
    if aside.all() or not aside.any():
        raise ValueError(f"fraction: expected texts in both parts, got {aside.sum()} of {len(texts)} set aside with {fraction}")
    return np.flatnonzero(~aside), np.flatnonzero(aside)


def find_copies(train: Sequence[str], test: Sequence[str], *, threshold: float = 0.8) -> pd.DataFrame:
    """The texts of a test part that training has seen, so that a score can be given with them and without.

    A copy has the same words in the same order. A near-copy has a set of words W whose Jaccard similarity with that of a
    training text V, |W and V| / |W or V|, is at least the threshold; a copy's is 1, and so may be a near-copy's, whose order
    differs.

    Returns:
        A row for each such test text: `test` and `train`, the rows of the text and of its most similar training text (a copy
        before a near-copy, then the first); `similarity`; `copy`, whether all words are the same. Texts without a word are in
        no row.

    Raises:
        ValueError: an argument is out of range.
    """
    import pandas as pd

    if threshold != 1:
        between("threshold", threshold, 0, 1)
    ours, theirs = ([tokenize(text) for text in checked(name, part)] for name, part in (("train", train), ("test", test)))
    rank = {word: place for place, (word, _) in enumerate(reversed(Counter(w for words in ours for w in words).most_common()))}
    different = [frozenset(words) for words in ours]
    holders: dict[str, list[int]] = defaultdict(list)
    for row, known in enumerate(different):
        for word in _rarest(known, rank, threshold):
            holders[word].append(row)
    found = []
    for row, words in enumerate(theirs):
        own = frozenset(words)
        candidates = {place for word in _rarest(own, rank, threshold) for place in holders.get(word, ())}
        # Sets whose sizes are this far apart cannot be as similar.
        low, high = (1 - 1e-9) * threshold * len(own), (1 + 1e-9) * len(own) / threshold
        near = [place for place in candidates if low <= len(different[place]) <= high]
        scored = [(len(own & different[n]) / len(own | different[n]), words == ours[n], -n) for n in near]
        similarity, copy, place = max(scored, default=(0.0, False, 0))
        if similarity >= threshold:
            found.append((row, -place, similarity, copy))
    return pd.DataFrame(found, columns=["test", "train", "similarity", "copy"])


def _rarest(words: frozenset[str], rank: dict[str, int], threshold: float) -> list[str]:
    """The rarest words, enough of them that two texts as similar as the threshold share at least one.

    Such texts share at least t n of the n words of either; leave out any ceil(t n) - 1 words, the same order for both, and one
    that they share is left (the prefix filter of set similarity joins: Chaudhuri, Ganti and Kaushik 2006).
    """
    # Words that no training text holds come first: they are the rarest, and count in n.
    ordered = sorted(words, key=lambda word: (rank.get(word, -1), word))
    return ordered[: len(ordered) - max(0, int(np.ceil(threshold * len(ordered) - 1e-9)) - 1)]
