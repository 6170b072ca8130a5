"""Scores of arms compared: an arm as a `Sample` of runs, tests between two arms, rankings of many.

The seed is the unit: a value is one run's score, and the scores of an arm are a Series indexed by seed. Arms that share their
seeds are compared paired, others by Welch's test. A Sample made from the figures of a published table (mean, sd, n) takes the
place of runs where there are none. Everything here is a pure function of its arguments.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
import pandas as pd
from scipy import special

from rnnlab.checks import between, one_of, whole
from rnnlab.intervals import t_interval

ALTERNATIVES = ("two-sided", "greater", "less")
Arm = TypeVar("Arm", bound=Hashable)


@dataclass(frozen=True)
class Sample:
    """One arm: `n` runs, their mean and standard deviation `sd` (ddof 1, nan for one run).

    `low` and `high` are Student's t interval of the mean. `diverged` counts the runs that ended as nan or infinite, None where
    a published nan does not say how many; with any of them the arm has no mean, and mean, sd and interval are nan.
    """

    n: int
    mean: float
    sd: float
    low: float
    high: float
    diverged: int | None


Scores: TypeAlias = Sample | pd.Series


@dataclass(frozen=True)
class Comparison:
    """Arm a against arm b.

    `difference` is mean a - mean b in units of the score, with its confidence interval `low` to `high` (endless on one side
    for a one-sided test); `statistic`, `df` and `p` are the test's; `effect` is Hedges' g, by the standard deviation of runs in
    both designs; `n` counts the runs of a and of b, which are the pairs of a paired test; `test` names it.
    """

    difference: float
    low: float
    high: float
    statistic: float
    df: float
    p: float
    effect: float
    n: tuple[int, int]
    test: str


def by_arm(runs: pd.DataFrame, measure: str, arm: str = "arm") -> dict[str, pd.Series]:
    """The scores of each arm, indexed by seed, arms in order of appearance.

    Args:
        runs: a row for each run, as `Store.frame` gives them: columns "seed", `measure` and `arm`.

    Raises:
        ValueError: an arm has several runs of one seed. They are not independent: take their mean first.
    """
    if (double := runs.duplicated([arm, "seed"])).any():
        first = runs[double].iloc[0]
        raise ValueError(f"runs: expected one run for each {arm} and seed, got several of {first[arm]!r}, seed {first['seed']}")
    return {str(name): group.set_index("seed")[measure] for name, group in runs.groupby(arm, sort=False)}


def summarize(values: Sequence[float] | np.ndarray | pd.Series, *, confidence: float = 0.95) -> Sample:
    """The scores of one arm, shape (n,), as a Sample; a single nan or infinite score makes its mean nan.

    Leaving diverged runs out would flatter an arm that fails: whoever wants the mean of the others leaves them out before.

    Raises:
        ValueError: values are none or no vector, or confidence is not between 0 and 1.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or not values.size:
        raise ValueError(f"values: expected at least one number, shape (n,), got shape {values.shape}")
    n = len(values)
    if diverged := n - int(np.count_nonzero(np.isfinite(values))):
        return _sample(n, math.nan, math.nan, confidence, diverged)
    if n > 1 and (values == values[0]).all():  # np.std gives 1e-17 for equal numbers, which a test would take for a spread
        return _sample(n, float(values[0]), 0.0, confidence)
    mean = float(values.sum()) / n
    return _sample(n, mean, math.sqrt(((values - mean) ** 2).sum() / (n - 1)) if n > 1 else math.nan, confidence)


def sample_of(scores: Scores) -> Sample:
    """An arm as a Sample, whether it comes as one or as its runs."""
    return scores if isinstance(scores, Sample) else summarize(scores)


def from_figures(mean: float, sd: float, n: int, *, ddof: int = 1) -> Sample:
    """A Sample from published figures; `ddof=0` for a population standard deviation, which is converted.

    A mean of nan is an arm that diverged; an sd of nan is not known, and no test can compare such an arm with another.

    Raises:
        ValueError: n is no positive integer, sd is negative or infinite, or ddof is neither 0 nor 1.
    """
    n = whole("n", n)
    if sd < 0 or math.isinf(sd):
        raise ValueError(f"sd: expected a number of at least 0, or nan, got {sd!r}")
    if ddof not in (0, 1):
        raise ValueError(f"ddof: expected 0 or 1, got {ddof!r}")
    if not math.isfinite(mean):
        return _sample(n, math.nan, math.nan, 0.95, None)
    return _sample(n, float(mean), float(sd) * math.sqrt((n - ddof) / (n - 1)) if n > 1 else math.nan, 0.95)


def _sample(n: int, mean: float, sd: float, confidence: float, diverged: int | None = 0) -> Sample:
    between("confidence", confidence, 0, 1)
    low, high = t_interval(mean, sd, n, confidence)
    return Sample(n, mean, sd, float(low), float(high), diverged)


def logs(scores: Mapping[Arm, pd.Series]) -> dict[Arm, pd.Series]:
    """log10 of the scores of each arm; nan and infinity, of diverged runs, stay.

    Raises:
        ValueError: a score of 0 or below.
    """
    for arm, values in scores.items():
        if (values.to_numpy() <= 0).any():
            raise ValueError(f"scores: expected positive numbers to take logs of, got {values.min()} in {arm!r}")
    return {arm: pd.Series(np.log10(values.to_numpy()), values.index) for arm, values in scores.items()}


def spans_decades(*scores: pd.Series) -> bool:
    """Whether finite scores span more than two powers of ten: means and tests then want logs beside the raw analysis."""
    values = np.concatenate([np.asarray(each, dtype=np.float64) for each in scores])
    values = values[np.isfinite(values)]
    return bool(values.size and values.min() > 0 and values.max() > 100 * values.min())


def t_test(
    a: Scores,
    b: Scores,
    *,
    alternative: str = "two-sided",
    confidence: float = 0.95,
    equal_var: bool = False,
    paired: bool | None = None,
) -> Comparison:
    """The paired t-test of two arms with the same seeds, else Welch's (or Student's with `equal_var=True`).

    Arms whose difference has no spread at all are equal (t = 0) or apart without doubt (t infinite). Where a run diverged or an
    arm has one run only, nothing can be decided: all but the difference is nan.

    Args:
        alternative: "two-sided", or "greater" ("less"): a's mean lies above (below) b's.
        confidence: of the interval of the difference, which leaves out 0 where p < 1 - confidence.
        paired: None pairs two Series with the same two seeds or more, whatever their order, unless `equal_var` is asked for.

    Raises:
        ValueError: alternative is none of the three, confidence is not between 0 and 1, or `paired=True` without shared seeds.

    Source: B. L. Welch, "The generalization of 'Student's' problem when several different population variances are involved",
    Biometrika 34, 1947; L. V. Hedges, "Distribution theory for Glass's estimator of effect size", J. Educ. Stat. 6, 1981.
    """
    one_of("alternative", alternative, ALTERNATIVES)
    between("confidence", confidence, 0, 1)
    found = _difference(a, b, paired, equal_var)
    statistic, below, above = _tails(found.value, found)
    p = {"two-sided": 2 * min(below, above), "greater": above, "less": below}[alternative]
    low, high = _interval(found, (1 - confidence) / (2 if alternative == "two-sided" else 1))
    if not math.isnan(low):
        low, high = -math.inf if alternative == "less" else low, math.inf if alternative == "greater" else high
    return Comparison(found.value, low, high, statistic, found.df, p, found.effect, found.n, found.kind + " t-test")


def equivalence(a: Scores, b: Scores, margin: float, *, confidence: float = 0.95, paired: bool | None = None) -> Comparison:
    """Two one-sided tests (TOST) of a difference smaller than `margin` in both directions.

    `p` is the larger of the two p-values, `statistic` its t; `low` to `high` is the interval of confidence 2 * confidence - 1,
    90 % for the tests at 5 %, which lies within the margins where p < 1 - confidence. Arms are paired as in `t_test`.

    Raises:
        ValueError: margin is no positive number, confidence is not between 0.5 and 1, or as `t_test`.

    Source: D. J. Schuirmann, "A comparison of the two one-sided tests procedure and the power approach for assessing the
    equivalence of average bioavailability", J. Pharmacokinet. Biopharm. 15, 1987.
    """
    if not 0 < margin < math.inf:
        raise ValueError(f"margin: expected a positive number, got {margin!r}")
    between("confidence", confidence, 0.5, 1)
    found = _difference(a, b, paired, False)
    (over, _, p_over), (under, p_under, _) = _tails(found.value + margin, found), _tails(found.value - margin, found)
    p, statistic = (p_over, over) if p_over > p_under else (p_under, under)
    low, high = _interval(found, 1 - confidence)
    test = "TOST, " + found.kind.removesuffix("'s")
    return Comparison(found.value, low, high, statistic, found.df, p, found.effect, found.n, test)


class _Difference(NamedTuple):
    """Of two means, with its standard error: all that a t-test needs."""

    value: float
    error: float
    df: float
    effect: float
    n: tuple[int, int]
    kind: str


def _difference(a: Scores, b: Scores, paired: bool | None, equal_var: bool) -> _Difference:
    shared = _same_seeds(a, b)
    if paired and not shared:
        raise ValueError("paired: expected two Series with the same seeds, two or more")
    of_a, of_b = sample_of(a), sample_of(b)
    n, value = (of_a.n, of_b.n), of_a.mean - of_b.mean
    pair = shared and (not equal_var if paired is None else paired)
    kind = "paired" if pair else "Student's" if equal_var else "Welch's"
    if math.isnan(value + of_a.sd + of_b.sd):
        return _Difference(value, math.nan, math.nan, math.nan, n, kind)
    pooled = of_a.n + of_b.n - 2.0
    variance = ((of_a.n - 1) * of_a.sd**2 + (of_b.n - 1) * of_b.sd**2) / pooled
    effect = _over(value, math.sqrt(variance)) * (1 - 3 / (4 * pooled - 1))
    if pair and not isinstance(a, Sample) and not isinstance(b, Sample):
        each = summarize(a.to_numpy() - (b if a.index.equals(b.index) else b.reindex(a.index)).to_numpy())
        return _Difference(each.mean, each.sd / math.sqrt(each.n), each.n - 1.0, effect, n, kind)
    if equal_var:
        return _Difference(value, math.sqrt(variance * (1 / of_a.n + 1 / of_b.n)), pooled, effect, n, kind)
    part_a, part_b = of_a.sd**2 / of_a.n, of_b.sd**2 / of_b.n
    spread = part_a**2 / (of_a.n - 1) + part_b**2 / (of_b.n - 1)
    df = (part_a + part_b) ** 2 / spread if spread else pooled
    return _Difference(value, math.sqrt(part_a + part_b), df, effect, n, kind)


def _same_seeds(a: Scores, b: Scores) -> bool:
    if isinstance(a, Sample) or isinstance(b, Sample) or not len(a) == len(b) > 1:
        return False
    return a.index.is_unique and b.index.is_unique and (a.index.equals(b.index) or set(a.index) == set(b.index))


def _tails(value: float, found: _Difference) -> tuple[float, float, float]:
    """t of a value, with the chance of a t below and of one above it."""
    t = _over(value, found.error)
    return t, float(special.stdtr(found.df, t)), float(special.stdtr(found.df, -t))


def _interval(found: _Difference, tail: float) -> tuple[float, float]:
    reach = -special.stdtrit(found.df, tail) * found.error
    return float(found.value - reach), float(found.value + reach)


def _over(value: float, spread: float) -> float:
    return value / spread if spread else math.copysign(math.inf, value) if value else 0.0


def holm(pvalues: Sequence[float] | np.ndarray, families: Sequence[Hashable] | None = None) -> np.ndarray:
    """p-values, shape (m,), corrected for their number by Holm's steps; nan stays nan and counts as no test.

    Args:
        families: which hypotheses, of which at most one can be true, belong together, shape (m,): a family counts as one until
            the last of its hypotheses is rejected. Without, each hypothesis counts.

    Raises:
        ValueError: a p-value below 0 or above 1, or no vector.

    Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6, 1979; of families, J. P.
    Shaffer, "Modified sequentially rejective multiple test procedures", J. Am. Stat. Assoc. 81, 1986.
    """
    corrected = np.array(pvalues, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(corrected))
    if corrected.ndim != 1 or not np.all((corrected[known] >= 0) & (corrected[known] <= 1)):
        raise ValueError(f"pvalues: expected numbers from 0 to 1, shape (m,), got {pvalues!r}")
    order = known[np.argsort(corrected[known], kind="stable")]
    last = {families[each] if families else each: step for step, each in enumerate(order.tolist())}
    rejected = np.isin(np.arange(len(order)), list(last.values()))
    waiting = len(last) - np.cumsum(rejected) + rejected
    corrected[order] = np.minimum(1, np.maximum.accumulate(corrected[order] * waiting))
    return corrected


def rank(
    scores: Mapping[Arm, Scores], *, lowest_first: bool = True, level: float = 0.05, corrected: bool = True
) -> dict[Arm, int]:
    """Ranks 1, 2, ... of the arms, best first: arms that no test sets apart share a rank.

    The arms stand in order of their means, and every pair is put to the two-sided `t_test`. A new rank begins where every arm
    before is set apart from every arm after. Arms of one rank may not all be alike: a is close to b and b to c, or one arm of
    great spread joins its neighbours. Arms that diverged come last, in one rank.

    With `corrected` the p-values of all pairs are corrected by Holm's steps: the chance that arms of the same true mean get
    different ranks anywhere is at most `level`. Without, the published losses give all published ranks of optimizers; with it
    one border falls, between Adam and RMSprop at 0.0001 on test batches (p = 0.007).

    Args:
        lowest_first: whether low means are good (losses) or high ones (accuracies).

    Raises:
        ValueError: no arms, or level is not between 0 and 1.
    """
    if not scores:
        raise ValueError("scores: expected at least one arm, got none")
    between("level", level, 0, 1)
    means = {arm: sample_of(each).mean for arm, each in scores.items()}
    arms = sorted((arm for arm in scores if not math.isnan(means[arm])), key=means.__getitem__, reverse=not lowest_first)
    pairs = list(combinations(range(len(arms)), 2))
    p: Any = [t_test(scores[arms[first]], scores[arms[second]]).p for first, second in pairs]
    alike = [pair for pair, value in zip(pairs, holm(p) if corrected else p, strict=True) if not value < level]
    ranks: dict[Arm, int] = {}
    for place, arm in enumerate(arms):
        joined = place == 0 or any(first < place <= second for first, second in alike)
        ranks[arm] = max(ranks.values(), default=1) + (not joined)
    last = max(ranks.values(), default=0) + 1
    return ranks | {arm: last for arm in scores if arm not in ranks}
