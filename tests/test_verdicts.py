import numpy as np
import pytest

from rnnlab import verdicts

A, B, C = [0.9, 0.91, 0.92, 0.9], [0.5, 0.52, 0.49, 0.5], [0.89, 0.92, 0.9, 0.91]


@pytest.mark.parametrize(
    ("scores", "highest", "verdict"),
    [
        ({"a": A, "b": B}, True, "holds"),
        ({"a": A, "b": B}, False, "does not hold"),
        ({"a": A, "b": B, "c": C}, True, "cannot be decided"),
        ({"a": B, "b": A, "c": C}, False, "holds"),
        ({"a": [1.0, 1.0], "b": [0.5, 0.5]}, True, "holds"),
        ({"a": [1.0, 1.0], "b": [1.0, 1.0]}, True, "cannot be decided"),
        ({"a": [0.5, 0.5], "b": [1.0, 1.0]}, True, "does not hold"),
    ],
)
def test_extreme(scores, highest, verdict):
    assert verdicts.extreme(scores, "a", highest=highest)["verdict"] == verdict


@pytest.mark.parametrize(
    ("count", "runs", "verdict"),
    [(10, 10, "holds"), (0, 10, "does not hold"), (6, 10, "cannot be decided"), (3, 3, "cannot be decided")],
)
def test_mostly(count, runs, verdict):
    found = verdicts.mostly([True] * count + [False] * (runs - count))
    assert found == {"verdict": verdict, "evidence": f"{count} of {runs} runs"}


def test_of_many_arms_the_nearest_are_named():
    scores = {str(arm): [float(arm), arm + 0.1] for arm in range(10)}
    assert verdicts.extreme(scores, "0", highest=False)["evidence"].endswith("5 5.05, and 4 others")


def test_a_diverged_arm_is_not_the_best():
    scores = {"a": [1.0, float("nan")], "b": [2.0, 2.1], "c": [3.0, 3.1]}
    assert verdicts.extreme(scores, "a", highest=False) == {"verdict": "does not hold", "evidence": "1 of 2 runs of a diverged"}
    assert verdicts.extreme(scores, "b", highest=False)["verdict"] == "holds"


def test_alike_tests_at_five_percent():
    rng = np.random.default_rng(0)
    pairs = rng.normal(size=(1000, 2, 10))
    refuted = sum(verdicts.alike(*pair)["verdict"] == "does not hold" for pair in pairs)
    assert 30 <= refuted <= 70


@pytest.mark.parametrize(
    ("first", "second", "lower", "alike"),
    [
        ([1.0, 1.1, 0.9], [2.0, 2.1, 1.9], "holds", "does not hold"),
        ([2.0, 2.1, 1.9], [1.0, 1.1, 0.9], "does not hold", "does not hold"),
        ([1.0, 2.0, 3.0], [1.1, 2.1, 2.9], "cannot be decided", "cannot be decided"),
        ([1.0, float("nan"), 1.1, 0.9], [2.0, 2.1, 1.9], "cannot be decided", "cannot be decided"),
        ([1.0, 1.2], [1.0], "cannot be decided", "cannot be decided"),
        ([1.0, float("nan")], [2.0, 2.1, 1.9], "cannot be decided", "cannot be decided"),
    ],
)
def test_lower_and_alike(first, second, lower, alike):
    assert verdicts.lower(first, second)["verdict"] == lower
    assert verdicts.alike(first, second)["verdict"] == alike
