"""How often each rule decides wrongly where nothing is to be found, and what it finds at d = 0.8; -s shows the table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from rnnlab.study import claims, stats

pytestmark = pytest.mark.slow

D, CORRELATION = 0.8, 0.9
DESIGNS = ("independent", "paired", "paired, on logs")
SIZES = (3, 5, 10, 30)
Arms = dict[str, pd.Series]


@pytest.fixture(scope="module")
def table() -> Iterator[list[tuple]]:
    rows: list[tuple] = []
    yield rows
    print("\n" + pd.DataFrame(rows, columns=["rule", "design", "n", "wrong", "found at d = 0.8"]).to_string(index=False))


def draws(design: str, n: int, means: list[float], times: int) -> Iterator[Arms]:
    """Scores of arms "0", "1", ... of standard deviation 1 (paired: with a correlation of 0.9; on logs: as powers of ten)."""
    rng = np.random.default_rng([n, len(means), DESIGNS.index(design)])
    together = CORRELATION if design != "independent" else 0.0
    seeds = [pd.RangeIndex(start, start + n) for start in np.arange(len(means)) * (0 if together else n)]
    for _ in range(times):
        common, own = rng.normal(size=n), rng.normal(size=(len(means), n))
        values = math.sqrt(together) * common + math.sqrt(1 - together) * own + np.array(means)[:, None]
        values = 10**values if "logs" in design else values
        yield {str(arm): pd.Series(row, seeds[arm]) for arm, row in enumerate(values)}


def rate(decided: Callable[[Arms], object], design: str, n: int, means: list[float], times: int = 2000) -> float:
    return sum(bool(decided(arms)) for arms in draws(design, n, means, times)) / times


def most(times: int, level: float = 0.05) -> float:
    """5 % and three Monte-Carlo standard errors."""
    return level + 3 * math.sqrt(level * (1 - level) / times)


def verdict_of(rule: Callable[..., claims.Verdict], design: str, *rest: object) -> Callable[[Arms], str]:
    return lambda arms: rule("", arms["0"], arms["1"], *rest, log="logs" in design).verdict


def extreme_of(design: str) -> Callable[[Arms], str]:
    return lambda arms: claims.extreme("", arms, "0", highest=True, log="logs" in design).verdict


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("design", DESIGNS)
def test_lower_and_higher(table, design, n):
    for rule, far in ((claims.lower, [0, D]), (claims.higher, [D, 0])):
        found = verdict_of(rule, design)
        wrong = rate(lambda arms: found(arms) != "undecided", design, n, [0, 0])  # noqa: B023
        holds = rate(lambda arms: found(arms) == "holds", design, n, far, 500)  # noqa: B023
        table.append((rule.__name__, design, n, wrong, holds))
        assert 0.03 * (design != "independent") < wrong <= most(2000)  # Welch's test of three runs is conservative
        assert holds > {"independent": [0.02, 0.1, 0.3, 0.8]}.get(design, [0.3, 0.7, 0.98, 0.99])[SIZES.index(n)]


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("design", DESIGNS)
def test_alike_with_a_margin_of_the_difference(table, design, n):
    found = verdict_of(claims.alike, design, D)
    equal = [found(arms) for arms in draws(design, n, [0, 0], 2000)]
    apart = [found(arms) for arms in draws(design, n, [0, D], 2000)]
    for name, wrong, right in (
        ("equal arms", equal.count("does not hold"), equal.count("equivalent")),
        ("at the margin", apart.count("equivalent"), apart.count("does not hold")),
    ):
        table.append((f"alike, {name}", design, n, wrong / 2000, right / 2000))
        assert wrong / 2000 <= most(2000)
    least = {"independent": [0, 0, 0, 0.8]}.get(design, [0.2, 0.8, 0.9, 0.9])[SIZES.index(n)]
    assert min(equal.count("equivalent"), apart.count("does not hold")) >= 2000 * least


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("k", [2, 4, 16])
@pytest.mark.parametrize("design", DESIGNS[:2])
def test_extreme(table, design, k, n):
    found = extreme_of(design)
    times = 400 if k == 16 else 2000
    wrong = rate(lambda arms: found(arms) != "undecided", design, n, [0] * k, times)
    best = rate(lambda arms: found(arms) == "holds", design, n, [D] + [0] * (k - 1), 100)
    beaten = rate(lambda arms: found(arms) == "does not hold", design, n, [0, D] + [0] * (k - 2), 100)
    table.extend([(f"extreme of {k}", design, n, wrong, best), (f"extreme of {k}, beaten by one", design, n, math.nan, beaten)])
    assert wrong <= most(times)
    if (design, n) in {("paired", 10), ("paired", 30), ("independent", 30)}:
        assert min(best, beaten) > (0.7 if design == "paired" or k == 2 else 0.2)


@pytest.mark.parametrize("design", DESIGNS)
def test_extreme_of_two_equal_arms_far_before_others(table, design):
    found = extreme_of(design)
    wrong = rate(lambda arms: found(arms) != "undecided", design, 10, [0, 0, -9, -9], 1000)
    table.append(("extreme of 4, two equal", design, 10, wrong, math.nan))
    assert wrong <= most(1000)


@pytest.mark.parametrize("n", SIZES)
def test_counted_runs_exactly(table, n):
    counts = np.arange(n + 1)

    def chance(rule: Callable[..., claims.Verdict], fraction: float, *verdicts: str) -> float:
        seen = [rule("", np.arange(n) < count).verdict in verdicts for count in counts]
        return float(binom.pmf(counts, n, fraction) @ seen)

    wrong, found = chance(claims.mostly, 0.5, "holds", "does not hold"), chance(claims.mostly, 0.9, "holds")
    table.append(("mostly, found at 0.9", "", n, wrong, found))
    assert wrong <= 0.05
    assert found > 0.7 or n <= 5
    wrong, found = chance(claims.never, 0.1, "holds"), chance(claims.never, 0.0, "holds")
    table.append(("never, found at 0", "", n, wrong, found))
    assert wrong <= 0.05
    assert found == (n >= 29)
    assert chance(claims.never, 0.0, "does not hold") == 0


@pytest.mark.parametrize(("design", "n", "least"), [("independent", 10, 0.25), ("paired", 5, 0.8), ("paired", 10, 0.95)])
def test_analysis_of_variance_of_four_arms(table, design, n, least):
    block = "seed" if design == "paired" else None

    def found(arms: Arms) -> bool:
        parts = [scores.rename("loss").rename_axis("seed").reset_index().assign(arm=arm) for arm, scores in arms.items()]
        verdict = claims.from_anova("", pd.concat(parts), "loss", ["arm"], "arm", if_apart="holds", block=block)
        return verdict.verdict == "holds"

    wrong, right = rate(found, design, n, [0] * 4, 400), rate(found, design, n, [0, 0, 0, D], 80)
    table.append(("from_anova, 4 arms", design, n, wrong, right))
    assert wrong <= most(400)
    assert right > least


@pytest.mark.parametrize(("k", "n", "times"), [(2, 3, 2000), (4, 10, 2000), (16, 10, 200)])
@pytest.mark.parametrize("design", DESIGNS[:2])
def test_rank(table, design, k, n, times):
    def parted(arms: Arms) -> bool:
        return max(stats.rank(arms).values()) > 1

    wrong = rate(parted, design, n, [0] * k, times)
    right = rate(parted, design, n, [0] * (k // 2) + [D] * (k // 2), 100)
    table.append((f"rank of {k}", design, n, wrong, right))
    assert wrong <= most(times)
    assert right > (0.5 if (design, k) == ("paired", 4) else -1)


@pytest.mark.parametrize("design", DESIGNS[:2])
def test_a_settled_report_of_ten_claims(table, design):
    def report(arms: Arms) -> list[claims.Verdict]:
        ten = [claims.lower("", arms["0"], arms[str(other)]) for other in range(1, 5)]
        ten += [claims.higher("", arms[str(place)], arms[str(place + 1)]) for place in range(5, 8)]
        ten += [claims.extreme("", arms, "0", highest=True), claims.alike("", arms["8"], arms["9"], 5)]
        return claims.settle([*ten, claims.mostly("", arms["9"] > 0)])

    def wrong(arms: Arms) -> bool:
        return any(each.verdict in ("holds", "does not hold") for each in report(arms))

    equal = rate(wrong, design, 10, [0] * 10, 1000)
    found = rate(lambda arms: report(arms)[0].verdict == "holds", design, 10, [0, D] + [0] * 8, 200)
    table.append(("settle, 10 claims", design, 10, equal, found))
    assert equal <= most(1000)
    assert found > (0.7 if design == "paired" else 0.02)


def test_settled_claims_of_no_difference_at_the_margin(table):
    # Counting each claim once for both of its tests would decide one of the ten wrongly in a quarter of all reports.
    def report(arms: Arms) -> list[str]:
        found = [claims.alike("", arms[str(place)], arms[str(place + 10)], D) for place in range(10)]
        return [each.verdict for each in claims.settle(found)]

    reports = [report(arms) for arms in draws("paired", 5, [0] * 10 + [D] * 10, 1000)]
    wrong = np.mean(["equivalent" in each for each in reports])
    right = np.mean([each.count("does not hold") for each in reports])
    table.append(("settle, 10 of alike at the margin", "paired", 5, wrong, right / 10))
    assert wrong <= most(1000)
    assert right > 1
