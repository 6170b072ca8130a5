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
