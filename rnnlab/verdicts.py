"""Whether runs bear out what was published: "holds", "does not hold" or "cannot be decided", by rule.

The seed is the unit: every score is one run.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import stats

LEVEL = 0.05
SHOWN = 6  # means that evidence names


def extreme(scores: Mapping[str, Sequence[float] | np.ndarray], name: str, *, highest: bool) -> dict[str, str]:
    """Whether `name` scores highest (or lowest) of all.

    It holds where one-sided Welch tests at 5 % set it apart from each of the others; it does not hold where such a test puts
    another one before it. Runs that all score the same count as what they are: equal or apart without any doubt.

    An arm of which a run diverged (nan) is not the best, and nothing is said of others by comparing them with it.

    Args:
        scores: at least two runs each.

    Returns:
        "verdict", and "evidence": the means.
    """
    if diverged := int(np.sum(~np.isfinite(scores[name]))):
        return {"verdict": "does not hold", "evidence": f"{diverged} of {len(scores[name])} runs of {name} diverged"}
    scores = {arm: values for arm, values in scores.items() if np.isfinite(values).all()}
    others = [other for other in scores if other != name]
    if not others:
        return {"verdict": "cannot be decided", "evidence": "all other arms diverged"}
    wins = all(_apart(scores[name], scores[other], highest) for other in others)
    loses = any(_apart(scores[other], scores[name], highest) for other in others)
    # Of many arms the nearest ones say enough.
    near = sorted(scores, key=lambda other: abs(np.mean(scores[other]) - np.mean(scores[name])))[:SHOWN]
    means = ", ".join(f"{other} {np.mean(values):.4g}" for other, values in scores.items() if other in near)
    evidence = f"means: {means}" + (f", and {len(scores) - SHOWN} others" if len(scores) > SHOWN else "")
    return {"verdict": "holds" if wins else "does not hold" if loses else "cannot be decided", "evidence": evidence}


def _apart(
    first: Sequence[float] | np.ndarray, second: Sequence[float] | np.ndarray, greater: bool, level: float = LEVEL
) -> bool:
    if np.ptp(first) == 0 and np.ptp(second) == 0:
        return bool(first[0] > second[0] if greater else first[0] < second[0])
    side = "greater" if greater else "less"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of one side without any spread, which Welch's test allows
        return bool(stats.ttest_ind(first, second, equal_var=False, alternative=side).pvalue < level)


def mostly(seen: Sequence[bool] | np.ndarray) -> dict[str, str]:
    """Whether something is so in more than half of the runs, by the 95 % interval (Wilson) of its share."""
    count, runs = int(np.sum(seen)), len(seen)
    low, high = stats.binomtest(count, runs).proportion_ci(1 - LEVEL, method="wilson")
    verdict = "holds" if low > 0.5 else "does not hold" if high < 0.5 else "cannot be decided"
    return {"verdict": verdict, "evidence": f"{count} of {runs} runs"}


def lower(first: Sequence[float] | np.ndarray, second: Sequence[float] | np.ndarray) -> dict[str, str]:
    """Whether the first scores are lower, by one-sided Welch tests at 5 % in either direction.

    Where a run diverged nothing can be decided: leaving it out would flatter its arm.
    """
    if found := _undecided(first, second):
        return found
    wins, loses = _apart(first, second, False), _apart(second, first, False)
    verdict = "holds" if wins else "does not hold" if loses else "cannot be decided"
    return {"verdict": verdict, "evidence": _means(first, second)}


def alike(first: Sequence[float] | np.ndarray, second: Sequence[float] | np.ndarray) -> dict[str, str]:
    """Whether something makes no difference: a two-sided Welch test at 5 % refutes that, and nothing here proves it."""
    if found := _undecided(first, second):
        return found
    half = LEVEL / 2
    differ = _apart(first, second, False, half) or _apart(second, first, False, half)
    return {"verdict": "does not hold" if differ else "cannot be decided", "evidence": _means(first, second)}


def _undecided(*arms: Sequence[float] | np.ndarray) -> dict[str, str]:
    diverged = sum(int(np.sum(~np.isfinite(scores))) for scores in arms)
    if diverged:
        return {"verdict": "cannot be decided", "evidence": f"{diverged} of {sum(map(len, arms))} runs diverged"}
    if min(map(len, arms)) < 2:
        return {"verdict": "cannot be decided", "evidence": "fewer than two runs of an arm"}
    return {}


def _means(first: Sequence[float] | np.ndarray, second: Sequence[float] | np.ndarray) -> str:
    return f"means: {np.mean(first):.4g} against {np.mean(second):.4g}"
