"""Analysis of variance with one factor or two, from runs or from the figures of a published table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from rnnlab.study.compare import Sample

_FACTORS = ("first", "second")


def anova(frame: pd.DataFrame, value: str, factors: Sequence[str]) -> pd.DataFrame:
    """Analysis of variance of a column of scores, a row for each run, by one column of settings or by two.

    Two factors come with their interaction. Where the cells differ in their numbers of runs, the sums of squares are those of
    type II: each factor beside the other, the interaction beside both. With the same number in all cells there is one table.

    Args:
        frame: a row for each run; it must have the columns `value` (numbers) and `factors` (one or two names).

    Returns:
        A row for each term (the factors by name, "interaction" for two, "residual") with columns term, df, ss, ms, f, p and
        partial_eta_squared (ss / (ss + residual ss), the effect size); f, p and effect of the residual are nan.

    Raises:
        ValueError: other than one or two factors, or one of a single setting; a column or a combination of settings is
            missing; a score is not finite (leave diverged arms out); or no combination has runs that differ.
    """
    data = _columns(frame, value, factors)
    formula = " * ".join(f"C({name})" for name in _FACTORS[: len(factors)])
    table = anova_lm(ols(f"value ~ {formula}", data).fit(), typ=2)
    ss, df = table["sum_sq"].to_numpy(), table["df"].to_numpy().astype(int)
    effect = ss / (ss + ss[-1])
    effect[-1] = math.nan
    columns = {
        "term": [*factors, *(["interaction"] if len(factors) == 2 else []), "residual"],
        "df": df,
        "ss": ss,
        "ms": ss / df,
        "f": table["F"].to_numpy(),
        "p": table["PR(>F)"].to_numpy(),
        "partial_eta_squared": effect,
    }
    return pd.DataFrame(columns)


def one_way(samples: Mapping[Any, Sample], factor: str = "arm") -> pd.DataFrame:
    """Analysis of variance between arms from their n, mean and s alone; the table of `anova` with the term `factor`.

    Raises:
        ValueError: fewer than two arms, one that diverged or whose s is not known, or no spread in any arm.
    """
    _known(samples)
    runs = [{factor: str(arm), "score": run} for arm, sample in samples.items() for run in _stand_ins(sample)]
    return anova(pd.DataFrame(runs, columns=[factor, "score"]), "score", [factor])


def two_way(samples: Mapping[tuple[Any, Any], Sample], factors: Sequence[str] = ("optimizer", "learning rate")) -> pd.DataFrame:
    """Analysis of variance with interaction from n, mean and s of each cell; the table of `anova`.

    Args:
        samples: keys are the settings of the two factors, such as ("adam", 0.1); one for each combination.

    Raises:
        ValueError: cells that are missing or of unequal n (only equal cells give one table, whatever type of sums of squares
            its author took), that diverged or whose s is not known; a factor of one setting; or no spread in any cell.
    """
    if len(factors) != 2:
        raise ValueError(f"factors: expected two names, got {factors!r}")
    _known(samples)
    sizes = sorted({sample.n for sample in samples.values()})
    if len(sizes) > 1:
        raise ValueError(f"samples: expected the same n in all cells, got {', '.join(map(str, sizes))}")
    rows = [(str(first), str(second), run) for (first, second), cell in samples.items() for run in _stand_ins(cell)]
    return anova(pd.DataFrame(rows, columns=[*factors, "score"]), "score", factors)


def _known(samples: Mapping[Any, Sample]) -> None:
    if len(samples) < 2:
        raise ValueError(f"samples: expected at least two arms, got {len(samples)}")
    for arm, sample in samples.items():
        if math.isnan(sample.mean) or (math.isnan(sample.sd) and sample.n > 1):
            raise ValueError(f"samples: expected a mean and s for each arm, got mean {sample.mean}, s {sample.sd} for {arm!r}")


def _stand_ins(sample: Sample) -> np.ndarray:
    """Runs of the same n, mean and s: an analysis of variance takes no more from real ones."""
    if sample.n == 1:
        return np.array([sample.mean])
    steps = np.linspace(-1, 1, sample.n)
    return sample.mean + sample.sd * steps / steps.std(ddof=1)


def _columns(frame: pd.DataFrame, value: str, factors: Sequence[str]) -> pd.DataFrame:
    """The columns under names that a formula can hold, and checked."""
    if isinstance(factors, str) or len(factors) not in (1, 2) or len({value, *factors}) != 1 + len(factors):
        raise ValueError(f"factors: expected a list of one or two columns other than {value!r}, got {factors!r}")
    for column in (value, *factors):
        if column not in frame.columns:
            raise ValueError(f"frame: expected a column {column!r}, got {', '.join(map(repr, frame.columns))}")
    scores = frame[value].to_numpy(dtype=np.float64)
    if not np.isfinite(scores).all():
        raise ValueError(f"{value}: expected finite scores, got {np.sum(~np.isfinite(scores))} that are not")
    # As text: numbers and None (which a column of numbers holds as nan) are settings here.
    settings = [[str(setting) for setting in frame[factor]] for factor in factors]
    for factor, found in zip(factors, settings, strict=True):
        if len(set(found)) < 2:
            raise ValueError(f"{factor}: expected at least two settings, got {sorted(set(found))}")
    missing = set(product(*map(set, settings))) - set(zip(*settings, strict=True))
    if missing:
        raise ValueError(f"frame: expected runs for each combination of {' and '.join(factors)}, got none for {min(missing)}")
    # As codes: a formula takes the text "nan" for no setting.
    codes = {name: np.unique(found, return_inverse=True)[1] for name, found in zip(_FACTORS, settings, strict=False)}
    data = pd.DataFrame({"value": scores, **codes})
    if not data.groupby(list(codes))["value"].agg(np.ptp).any():
        raise ValueError(f"{value}: expected runs that differ within an arm, got none")
    return data
