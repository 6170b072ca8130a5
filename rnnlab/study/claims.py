"""Claims decided by rule: each rule gives a `Verdict`, and `settle` corrects all claims of a report together.

from rnnlab.study import by_arm, claims

loss = by_arm(runs, "test_loss")
found = [
    claims.lower("tanh has a lower test loss than sigmoid", loss["tanh"], loss["sigmoid"], published="0.21 against 0.25"),
    claims.extreme("Adam is the best of all", loss, "adam", highest=False),
    claims.alike("decay makes no difference", loss["decayed"], loss["sgd"], margin=0.01),
]
table = claims.as_frame(claims.settle(found))

The seed is the unit. Arms that share seeds are compared paired, others by Welch's test (`stats.t_test`). A rule decides at 5 %
over both directions; what its test does not decide is "undecided". An arm of which a run diverged (nan) has no mean: it is not
the best of all, and other comparisons with it are undecided.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple, TypedDict, Unpack

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from rnnlab.checks import between, one_of
from rnnlab.study.stats import Comparison, Scores, equivalence, holm, logs, sample_of, t_test
from rnnlab.study.variance import anova

VERDICTS = ("holds", "does not hold", "equivalent", "undecided", "not tested at full size")
HOLDS, FAILS, EQUIVALENT, UNDECIDED, REDUCED = VERDICTS
LEVEL = 0.05
SHOWN = 6  # means that the verdict on many arms names


class Decision(NamedTuple):
    """What a test decides where its p-value is small enough."""

    verdict: str
    p: float
    test: str


class About(TypedDict, total=False):
    """What every rule writes into its Verdict as it is given."""

    published: str
    note: str
    id: str


@dataclass(frozen=True)
class Verdict:
    """A claim, what was published, what our runs show, and the verdict, one of `VERDICTS`.

    `difference`, with its interval `low` to `high` (95 %; 90 % for `alike`), is in units of the score (powers of ten on logs).
    `p` is that of the claim alone, `p_corrected` that among all claims of the report. `n` counts pairs of runs, or runs. `id`
    names a row of a list of published claims. `here` is what reduced runs show where the verdict is "not tested at full size".
    """

    claim: str
    verdict: str
    published: str = ""
    ours: str = ""
    difference: float = math.nan
    low: float = math.nan
    high: float = math.nan
    p: float = math.nan
    p_corrected: float = math.nan
    n: int | None = None
    test: str = ""
    note: str = ""
    id: str = ""
    here: str = ""
    decisions: tuple[Decision, ...] = field(default=(), repr=False)  # what `settle` chooses from, first that is allowed

    def __post_init__(self) -> None:
        one_of("verdict", self.verdict, VERDICTS)

    @property
    def evidence(self) -> str:
        """One line: means, difference with interval, test, n and p, as far as there are any."""
        interval = "" if math.isnan(self.low) else f" ({self.low:.4g} to {self.high:.4g})"
        p, name = (self.p, "p") if math.isnan(self.p_corrected) else (self.p_corrected, "corrected p")
        return ", ".join(
            part
            for part, known in (
                (self.ours, self.ours),
                (f"difference {self.difference:.4g}{interval}", not math.isnan(self.difference)),
                (self.test, self.test),
                (f"n = {self.n}", self.n is not None),
                (f"{name} = {p:.2g}" if p >= 0.0001 else f"{name} < 0.0001", not math.isnan(p)),
            )
            if known
        )


def lower(claim: str, a: Scores, b: Scores, *, log: bool = False, **about: Unpack[About]) -> Verdict:
    """Whether a's mean lies below b's, by a two-sided t-test; `log` compares the logs of Series of positive scores."""
    return _directed(claim, a, b, -1, log, about)


def higher(claim: str, a: Scores, b: Scores, *, log: bool = False, **about: Unpack[About]) -> Verdict:
    """Whether a's mean lies above b's, as `lower`."""
    return _directed(claim, a, b, 1, log, about)


def _directed(claim: str, a: Scores, b: Scores, sign: int, log: bool, about: About) -> Verdict:
    (x, y), on_logs = _scaled({"first": a, "second": b}, log)
    found = t_test(x, y)
    decision = Decision(HOLDS if found.difference * sign > 0 else FAILS, found.p, found.test + on_logs)
    return _judged(claim, about, _against(a, b), decision, **_measured(found))


def alike(claim: str, a: Scores, b: Scores, margin: float, *, log: bool = False, **about: Unpack[About]) -> Verdict:
    """Whether a and b differ by less than `margin`, which is to be chosen before the runs.

    "equivalent" by two one-sided tests at 5 %, else "does not hold" by a t-test of any difference at 5 %. Only one of the two
    can be wrong, whatever the true difference is. With `log` the margin counts powers of ten: 0.01 is a factor of 1.023.
    """
    (x, y), on_logs = _scaled({"first": a, "second": b}, log)
    within, apart = equivalence(x, y, margin), t_test(x, y)
    stated = f"{on_logs}, margin {margin:g} (90 % interval)"
    decisions = Decision(EQUIVALENT, within.p, within.test + stated), Decision(FAILS, apart.p, apart.test + stated)
    return _judged(claim, about, _against(a, b), *decisions, **_measured(within))


def extreme(
    claim: str, scores: Mapping[str, Scores], name: str, *, highest: bool, log: bool = False, **about: Unpack[About]
) -> Verdict:
    """Whether arm `name` has the highest (or lowest) mean of all.

    It holds where `name` is better than every other arm by a one-sided test (the largest p counts), and does not hold where any
    other arm is better after Holm's correction. Both are tried, so p is twice the smaller of the two. The difference is that to
    the arm that decides, the nearest rival. Other arms that diverged are left out.
    """
    samples = {arm: sample_of(each) for arm, each in scores.items()}
    mine, others = samples[name], [arm for arm in samples if arm != name]
    if math.isnan(mine.mean):
        return Verdict(claim, FAILS, ours=f"{mine.diverged or 'some'} of {mine.n} runs of {name} diverged", n=mine.n, **about)
    rivals = [arm for arm in others if not math.isnan(samples[arm].mean)]
    if gone := [arm for arm in others if arm not in rivals]:
        about["note"] = _joined(about.get("note", ""), f"left out, runs diverged: {', '.join(gone)}")
    if not rivals:
        return Verdict(claim, UNDECIDED, ours="all other arms diverged" if gone else "no other arms", n=mine.n, **about)
    (first, *rest), on_logs = _scaled({arm: scores[arm] for arm in (name, *rivals)}, log)
    found = [t_test(first, each) for each in rest]
    sign = 1 if highest else -1
    better, worse = (np.array([_one_sided(each, side) for each in found]) for side in (sign, -sign))
    p_for, p_against = better.max(), worse.min() * len(rivals)
    place = int(better.argmax() if p_for <= p_against else worse.argmin())
    test = f"{found[place].test}s{on_logs} against {len(rivals)} others, nearest {rivals[place]}"
    decision = Decision(HOLDS if p_for <= p_against else FAILS, float(np.minimum(1, 2 * np.minimum(p_for, p_against))), test)
    near = sorted([name, *rivals], key=lambda arm: abs(samples[arm].mean - mine.mean))[:SHOWN]
    means = ", ".join(f"{arm} {samples[arm].mean:.4g}" for arm in [name, *rivals] if arm in near)
    hidden = f" and {len(rivals) + 1 - SHOWN} others" if len(rivals) >= SHOWN else ""
    return _judged(claim, about, f"means: {means}{hidden}", decision, **_measured(found[place]))


def _one_sided(found: Comparison, sign: int) -> float:
    return found.p / 2 if found.difference * sign > 0 else 1 - found.p / 2


def mostly(claim: str, seen: Sequence[bool] | np.ndarray | pd.Series, **about: Unpack[About]) -> Verdict:
    """Whether something is seen in more than half of all runs, by the exact binomial test, two-sided.

    The difference is the fraction of runs minus one half, with its 95 % interval (Clopper-Pearson).
    """
    count, n = _counted(seen)
    if not n:
        return Verdict(claim, UNDECIDED, ours="no runs", n=0, **about)
    found = binomtest(count, n)
    low, high = found.proportion_ci(1 - LEVEL, method="exact")
    decision = Decision(HOLDS if count > n / 2 else FAILS, float(found.pvalue), "exact binomial test against one half")
    measured = {"n": n, "difference": count / n - 0.5, "low": float(low) - 0.5, "high": float(high) - 0.5}
    return _judged(claim, about, f"{count} of {n} runs", decision, **measured)


def never(claim: str, seen: Sequence[bool] | np.ndarray | pd.Series, *, margin: float = 0.1, **about: Unpack[About]) -> Verdict:
    """Whether something happens in no run: a single one refutes it.

    It holds where what was never seen is shown to be rarer than `margin`, by the one-sided 95 % bound (Clopper-Pearson): for
    0.1 that takes 29 runs, so that ten cannot show it.

    Raises:
        ValueError: margin is not between 0 and 1.
    """
    between("margin", margin, 0, 1)
    count, n = _counted(seen)
    if count or not n:
        return Verdict(claim, FAILS if count else UNDECIDED, ours=f"{count} of {n} runs" if n else "no runs", n=n, **about)
    bound = f"0 of {n} runs (a fraction of at most {1 - LEVEL ** (1 / n):.2g})"
    decision = Decision(HOLDS, (1 - margin) ** n, f"exact binomial test against {margin:g}")
    return _judged(claim, about, bound, decision, n=n)


def from_anova(
    claim: str,
    frame: pd.DataFrame,
    value: str,
    factors: Sequence[str],
    term: str,
    *,
    if_apart: str,
    block: str | None = None,
    **about: Unpack[About],
) -> Verdict:
    """Whether a term of `stats.anova` makes a difference; `if_apart` is the verdict, "holds" or "does not hold", where it does.

    Args:
        term: one of the factors, or "interaction".
        block: "seed" where arms share seeds.
    """
    one_of("if_apart", if_apart, (HOLDS, FAILS))
    if diverged := len(frame) - int(np.isfinite(frame[value]).sum()):
        return Verdict(claim, UNDECIDED, ours=f"{diverged} of {len(frame)} runs diverged", n=len(frame), **about)
    table = anova(frame, value, factors, block=block).set_index("term")
    ours = f"{term}: F({table.df[term]}, {table.df['residual']}) = {table.f[term]:.4g}"
    test = f"{'two' if len(factors) == 2 else 'one'}-way analysis of variance" + (f" within {block}s" if block else "")
    return _judged(claim, about, ours, Decision(if_apart, float(table.p[term]), test), n=len(frame))


def settle(verdicts: Sequence[Verdict], *, level: float = LEVEL, reduced: str = "") -> list[Verdict]:
    """The verdicts of one report with p-values corrected together by Holm's steps, and decided anew by them.

    Claims without a p-value stay as they are and count as no test. The chance that any claim of the report is decided wrongly
    is at most `level`. The two tests of `alike` are two steps: its claim counts until both are taken, since either hypothesis
    may be true when the other is rejected (`stats.holm` with families).

    Args:
        reduced: what is smaller than published, such as "3 seeds of 10": no claim is tested then, and `here` keeps the verdict.
    """
    tested = [each.decisions or (Decision(each.verdict, each.p, each.test),) for each in verdicts]
    families = [claim for claim, decisions in enumerate(tested) for _ in decisions]
    corrected = iter(holm([one.p for decisions in tested for one in decisions], families).tolist())
    settled = []
    for verdict, decisions in zip(verdicts, tested, strict=True):
        ps = [next(corrected) for _ in decisions]
        if not math.isnan(ps[0]):
            chosen = next((place for place, p in enumerate(ps) if p < level), None)
            verdict = _chosen(replace(verdict, decisions=decisions, p_corrected=ps[chosen or 0]), chosen)
        if reduced:
            verdict = replace(verdict, verdict=REDUCED, here=verdict.verdict, note=_joined(verdict.note, reduced))
        settled.append(verdict)
    return settled


def as_frame(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """A row for each verdict, with the columns of a table for readers: all fields but the decisions."""
    names = [each.name for each in fields(Verdict) if each.name != "decisions"]
    frame = pd.DataFrame([[getattr(each, name) for name in names] for each in verdicts], columns=names)
    return frame.astype({"n": "Int64"}).rename(columns={"p_corrected": "corrected p"})


def _judged(claim: str, about: About, ours: str, *decisions: Decision, **measured: Any) -> Verdict:
    """The verdict of the first decision that its own p allows at 5 %."""
    verdict = Verdict(claim, UNDECIDED, ours=ours, decisions=decisions, **measured, **about)
    return _chosen(verdict, next((test for test, one in enumerate(decisions) if one.p < LEVEL), None))


def _chosen(verdict: Verdict, chosen: int | None) -> Verdict:
    one = verdict.decisions[chosen or 0]
    return replace(verdict, verdict=UNDECIDED if chosen is None else one.verdict, p=one.p, test=one.test)


def _measured(found: Comparison) -> dict[str, Any]:
    n = found.n[0] if "paired" in found.test else sum(found.n)
    return {"difference": found.difference, "low": found.low, "high": found.high, "n": n}


def _scaled(arms: Mapping[str, Scores], log: bool) -> tuple[list[Scores], str]:
    return [*(logs(arms) if log else arms).values()], " of log10" * log


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))


def _against(a: Scores, b: Scores) -> str:
    """Both means, or why there is none."""
    arms = sample_of(a), sample_of(b)
    runs = sum(each.n for each in arms)
    if any(math.isnan(each.mean) for each in arms):
        return f"{sum(each.diverged or 0 for each in arms) or 'some'} of {runs} runs diverged"
    few = "; fewer than two runs of an arm" if min(each.n for each in arms) < 2 else ""
    return f"{arms[0].mean:.4g} against {arms[1].mean:.4g}{few}"


def _counted(seen: Sequence[bool] | np.ndarray | pd.Series) -> tuple[int, int]:
    return int(np.sum(np.asarray(seen, dtype=bool))), len(seen)
