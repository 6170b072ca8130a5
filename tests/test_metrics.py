import numpy as np
import pytest

from rnnlab.metrics import exact

SCORES = np.eye(3, dtype="float32")[[[0, 1], [2, 2], [1, 0]]]


@pytest.mark.parametrize("targets", [[[0, 1], [2, 1], [1, 0]], np.eye(3)[[[0, 1], [2, 1], [1, 0]]]], ids=["numbers", "one-hot"])
def test_a_sample_counts_where_all_its_positions_are_right(targets):
    assert np.asarray(exact(np.array(targets), SCORES)).tolist() == [1, 0, 1]
