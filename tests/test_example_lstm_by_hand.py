"""The example of the LSTM by hand: what its report says of gradients, starts and optimizers."""

import json

import numpy as np
import pandas as pd
import pytest
from helpers import load_example

from rnnlab.by_hand import data, studies, training

example = load_example("lstm_by_hand")


@pytest.fixture(scope="module")
def smoked(tmp_path_factory):
    out = tmp_path_factory.mktemp("smoked")
    example.main(["--smoke", "--quiet", "--out", str(out)])
    return out


def test_gradients_are_right_and_those_of_keras(smoked):
    gradients = pd.read_csv(smoked / "gradients.csv")
    assert set(gradients.parameter) >= {"embedding", "layer_1.W_f", "layer_1.c0", "output.W", "x"}
    assert gradients.groupby("seed").numbers.sum().tolist() == [8 + 4 * 15 + 4 * 3 + 2 * 3 + 12 + 4 + 8] * 2
    assert gradients.mean_error.between(0, 1e-4, inclusive="neither").all()
    summary = json.loads((smoked / "summary.json").read_text())
    assert summary["mean_error_by_step"]["1e-05"] < 1e-7
    assert summary["largest_gradient_difference_to_keras"] < 1e-14
    assert summary["largest_output_difference_to_keras"] < 1e-14
    assert [claim["verdict"] for claim in summary["claims"]] == ["holds"] * 3


def test_units_stay_alike_where_all_start_alike(smoked):
    runs, curves = (pd.read_csv(smoked / f"{name}.csv") for name in ("runs", "curves"))
    assert runs[runs.start.isin(["all zero", "all 0.1"])].largest_spread.max() < 1e-12
    assert runs[runs.start.isin(["random", "only LSTM zero"])].spread.min() > 0.01
    first = curves[curves["update"] == 1].set_index("arm")
    assert first.loc["only LSTM zero, Adam"].spread.tolist() == [0, 0]
    same = first.filter(regex="^random", axis=0).groupby("seed").loss.nunique()
    assert same.tolist() == [1, 1], "arms of a seed share weights and batches"
    last = curves[curves["update"] > 2].groupby(["arm", "seed"], sort=False).loss.mean()
    np.testing.assert_allclose(last, runs.loss)


def test_a_text_of_ones_own(tmp_path):
    (tmp_path / "text.txt").write_text("abc" * 20)
    mine, other = data.read_letters(tmp_path / "text.txt"), data.read_letters()
    assert (mine.codes[:4].tolist(), mine.kinds, other.kinds) == ([0, 1, 2, 0], 3, 28)
    assert mine.name != other.name
    plan = studies.study_of(mine.name, [0], hidden=4, updates=100)
    result = training.train_one(mine, plan.settings("random, Adam"), 0)
    assert result.scores["loss"] < 0.05 < result.curve["loss"][0]


@pytest.mark.parametrize(("text", "got"), [("abc", "3 of 3 kinds"), ("a" * 99, "99 of 1 kinds")])
def test_a_text_that_is_too_small(text, got, tmp_path):
    (tmp_path / "text.txt").write_text(text)
    with pytest.raises(ValueError, match=f"text: expected at least 17 letters of two kinds or more, got {got}"):
        data.read_letters(tmp_path / "text.txt")
