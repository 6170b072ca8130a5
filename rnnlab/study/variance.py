"""Analysis of variance with one factor or two, from runs (blocked by seed or not) or from the figures of a published table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from rnnlab.study.stats import Sample

_FACTORS = ("first", "second")
_COLUMNS = ["term", "df", "ss", "ms", "f", "p", "partial_eta_squared"]


def anova(frame: pd.DataFrame, value: str, factors: Sequence[str], *, block: str | None = None) -> pd.DataFrame:
    """Analysis of variance of a column of scores, a row for each run, by one column of settings or by two.

    Two factors come with their interaction. Where the cells differ in their numbers of runs, the sums of squares are those of
    type II: each factor beside the other, the interaction beside both. With the same number in all cells there is one table.

    Args:
        frame: a row for each run; it must have the columns `value` (numbers) and `factors` (one or two names).
        block: the column of what arms share, "seed": its sum of squares leaves the residual, so that F compares arms within
            seeds, as a paired t-test does (F = t² for two arms). Differences of all pairs of arms are taken to spread alike.

    Returns:
        A row for each term (the factors by name, "interaction" for two, the block by name, "residual") with columns term, df,
        ss, ms, f, p and partial_eta_squared (ss / (ss + residual ss), the effect size); nan thrice for the residual.

    Raises:
        ValueError: other than one or two factors, or one of a single setting; a column or a combination of settings is
            missing; a score is not finite (leave diverged arms out); or no combination has runs that differ.
    """
    data = _columns(frame, value, factors, block)
    formula = " * ".join(f"C({name})" for name in _FACTORS[: len(factors)])
    table = anova_lm(ols(f"value ~ {formula}{' + C(block)' if block else ''}", data).fit(), typ=2)
    names = dict(zip(_FACTORS, factors, strict=False)) | {"first:second": "interaction", "block": block, "Residual": "residual"}
    table.index = [names[term.replace("C(", "").replace(")", "")] for term in table.index]
    found = table.reindex([name for name in names.values() if name in table.index])
    found = (
        found.rename_axis("term").rename(columns={"sum_sq": "ss", "F": "f", "PR(>F)": "p"}).astype({"df": int}).reset_index()
    )
    effect = (found.ss / (found.ss + found.ss.iloc[-1])).where(found.term != "residual")
    return found.assign(ms=found.ss / found.df, partial_eta_squared=effect)[_COLUMNS]


def one_way(samples: Mapping[Any, Sample], factor: str = "arm") -> pd.DataFrame:
    """Analysis of variance between arms from their n, mean and s alone; the table of `anova` with the term `factor`.

    Raises:
        ValueError: fewer than two arms, one that diverged or whose s is not known, or no spread in any arm.
    """
    _known(samples)
    rows = [(str(arm), run) for arm, sample in samples.items() for run in _stand_ins(sample)]
    return anova(pd.DataFrame(rows, columns=[factor, "score"]), "score", [factor])


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


def _columns(frame: pd.DataFrame, value: str, factors: Sequence[str], block: str | None) -> pd.DataFrame:
    """The columns under names that a formula can hold, and checked."""
    if isinstance(factors, str) or len(factors) not in (1, 2) or len({value, *factors}) != 1 + len(factors):
        raise ValueError(f"factors: expected a list of one or two columns other than {value!r}, got {factors!r}")
    names = [*factors, block] if block else [*factors]
    for column in (value, *names):
        if column not in frame.columns:
            raise ValueError(f"frame: expected a column {column!r}, got {', '.join(map(repr, frame.columns))}")
    scores = frame[value].to_numpy(dtype=np.float64)
    if not np.isfinite(scores).all():
        raise ValueError(f"{value}: expected finite scores, got {np.sum(~np.isfinite(scores))} that are not")
    # As text: numbers and None (which a column of numbers holds as nan) are settings here.
    settings = [[str(setting) for setting in frame[name]] for name in names]
    for name, found in zip(names, settings, strict=True):
        if len(set(found)) < 2:
            raise ValueError(f"{name}: expected at least two settings, got {sorted(set(found))}")
    blocks = settings.pop() if block else []
    missing = set(product(*map(set, settings))) - set(zip(*settings, strict=True))
    if missing:
        raise ValueError(f"frame: expected runs for each combination of {' and '.join(factors)}, got none for {min(missing)}")
    # As codes: a formula takes the text "nan" for no setting.
    codes = {name: np.unique(found, return_inverse=True)[1] for name, found in zip(_FACTORS, settings, strict=False)}
    data = pd.DataFrame({"value": scores, **codes})
    if not data.groupby(list(codes))["value"].agg(np.ptp).any():
        raise ValueError(f"{value}: expected runs that differ within an arm, got none")
    return data.assign(block=np.unique(blocks, return_inverse=True)[1]) if block else data
