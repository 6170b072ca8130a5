"""rnnlab.image_rows: the classifier, its training within studies, and what the studies say."""

from __future__ import annotations

import keras
import numpy as np
import pandas as pd
import pytest

from rnnlab import datasets, image_rows, study
from rnnlab.image_rows import training
from rnnlab.image_rows.claims import CLAIMS
from rnnlab.image_rows.published import scores_of
from rnnlab.image_rows.report import report_of
from rnnlab.image_rows.studies import reduced_by

TINY = {"updates": 8, "scored": 3, "batch_size": 16, "units": 5, "every": 2}


@pytest.fixture(autouse=True)
def few_rows(monkeypatch):
    """Images of three rows: fewer steps to compile."""
    whole = datasets.digits()
    cut = datasets.Images(whole.x_train[:, 2:5], whole.y_train, whole.x_test[:, 2:5], whole.y_test)
    monkeypatch.setattr(datasets, "images", lambda name: cut)
    return cut


def plan(name="gate", seeds=(0, 1), **changes):
    return image_rows.study_of(name, seeds, data="digits", **{**TINY, **changes})


def trained(jobs):
    found = {}
    image_rows.train(jobs, lambda job, result: found.update({(job.arm, job.seed): result}))
    return found


def test_size_and_start():
    model = image_rows.build_row_classifier(seed=0, forget_bias=2.5)
    assert model.count_params() == 28 * 128 + 128 + 128 * 512 * 2 + 512 + 128 * 10 + 10
    assert model.output_shape == (None, 10)
    weights = {variable.path: keras.ops.convert_to_numpy(variable) for variable in model.variables}
    assert abs(weights["pixels/kernel"].std() - 1) < 0.05
    assert abs(weights["classes/kernel"].std() - 1) < 0.05
    assert not np.isin(weights["classes/kernel"], weights["pixels/kernel"]).all()
    bias = weights["rows/lstm_cell/bias"]
    assert (bias[128:256] == 2.5).all()
    assert not np.delete(bias, np.arange(128, 256)).any()
    for name in ("kernel", "recurrent_kernel"):
        kernel, limit = weights[f"rows/lstm_cell/{name}"], (6 / 768) ** 0.5
        assert 0.99 * limit < np.abs(kernel).max() <= limit
        assert abs(kernel.std() - limit / 3**0.5) < 0.01 * limit


def test_options_beside_the_seed_leave_the_weights():
    one, other = (
        image_rows.build_row_classifier(units=4, seed=3, **options)
        for options in ({}, {"activation": "relu", "recurrent_activation": "tanh"})
    )
    for ours, theirs in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    cell = other.get_layer("rows").cell
    assert (cell.activation, cell.recurrent_activation) == (keras.activations.relu, keras.activations.tanh)


@pytest.mark.parametrize(
    "wrong",
    [{"rows": 0}, {"columns": 1.5}, {"num_classes": True}, {"units": -1}, {"activation": "square"},
     {"recurrent_activation": None}, {"forget_bias": float("nan")}],
)  # fmt: skip
def test_builder_refuses(wrong):
    with pytest.raises(ValueError, match=f"^{next(iter(wrong))}: expected"):
        image_rows.build_row_classifier(**wrong)


def test_arms_of_a_seed_share_batches(monkeypatch):
    """With the sum of the labels of a batch as its loss, what is logged is the batch itself."""
    monkeypatch.setattr(
        keras.losses, "SparseCategoricalCrossentropy",
        lambda from_logits: lambda y, logits: keras.ops.cast(y, "float32") + 0.0 * keras.ops.sum(logits, axis=-1),
    )  # fmt: skip
    plain = plan(arms=["tanh"]).jobs
    biased = [job._replace(arm="biased", settings=job.settings | {"forget_bias": 4.0}) for job in plain]
    found = trained([*plain, *biased]) | trained(plan(arms=["relu"]).jobs)
    batches = {run: result.curve["train_loss"] for run, result in found.items()}
    for seed in (0, 1):
        assert batches["tanh", seed] == batches["biased", seed] == batches["relu", seed]
        assert len(set(batches["tanh", seed])) > 1
    assert batches["tanh", 0] != batches["tanh", 1]


def test_scores_are_those_of_stock_keras(few_rows):
    """A run once more with train_on_batch and test_on_batch."""
    (job,) = plan(seeds=(3,), arms=["tanh"]).jobs
    result, pictures = trained([job])["tanh", 3], few_rows
    model = training.network_of(job.settings, pictures, 1.0, 3)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.SGD(0.01), loss=loss, metrics=["accuracy"])
    order = np.random.default_rng([3, 0]).permutation(len(pictures.y_train))
    mixed = np.random.default_rng(0).permutation(len(pictures.y_test))
    rows = []
    for update in range(8):
        batch, other = order[16 * update : 16 * update + 16], mixed[16 * update : 16 * update + 16]
        model.train_on_batch(pictures.x_train[batch], pictures.y_train[batch])
        row = []
        for x, y in ((pictures.x_train[batch], pictures.y_train[batch]), (pictures.x_test[other], pictures.y_test[other])):
            model.reset_metrics()  # of the batch before
            row += model.test_on_batch(x, y)
        rows.append(row)
    for name, values in zip(("train_loss", "train_accuracy", "test_loss", "test_accuracy"), np.array(rows).T, strict=True):
        assert result.scores[name] == pytest.approx(values[-3:].mean(), rel=1e-4)
        np.testing.assert_allclose(result.curve[name], values[1::2], rtol=1e-4)
    assert result.curve["update"] == [2, 4, 6, 8]
    assert result.scores["ms_per_update"] == pytest.approx(1000 * result.seconds / 8)


@pytest.mark.parametrize(
    ("updates", "scored", "every", "steps"),
    [(8, 3, 2, [2, 2, 1, 1, 1, 1]), (100, 100, 20, [1] * 100), (50, 10, 20, [20, 20, *[1] * 10]), (5, 1, 10, [4, 1])],
)
def test_epochs_end_where_something_is_looked_at(updates, scored, every, steps):
    assert training.epochs_of(updates, scored, every) == steps


def test_a_diverged_arm_is_nan_and_stops_nothing():
    (job,) = plan(seeds=(0,), arms=["relu"]).jobs
    found = trained([job, job._replace(arm="wild", settings=job.settings | {"learning_rate": 1e30})])
    assert np.isnan(found["wild", 0].scores["train_loss"])
    assert np.isfinite(found["relu", 0].scores["test_loss"])


def test_optimizers_are_those_of_the_protocol():
    base = {"learning_rate": 0.1, "decay": None, "beta_1": 0.5}
    protocol = {
        "adam": {"beta_1": 0.5, "beta_2": 0.999, "epsilon": 1e-8},
        "rmsprop": {"rho": 0.9, "epsilon": 1e-10},
        "adagrad": {"initial_accumulator_value": 0.1},
        "sgd": {"momentum": 0},
    }
    for name, settings in protocol.items():
        assert training.optimizer_of({**base, "optimizer": name}).get_config().items() >= settings.items()
    rate = training.optimizer_of({**base, "optimizer": "sgd", "decay": 0.8})._learning_rate
    assert [float(rate(step)) for step in (0, 99, 100, 250)] == pytest.approx([0.1, 0.1, 0.08, 0.064])
    with pytest.raises(ValueError, match="optimizer: expected one of adam, rmsprop, adagrad, sgd, got 'lion'"):
        training.optimizer_of({**base, "optimizer": "lion"})


PLANS = {name: {"name": name} for name in image_rows.STUDIES} | {"as_claimed": {"name": "gate", "variant": "as_claimed"}}


def test_the_published_studies():
    plans = {name: plan(**about) for name, about in PLANS.items()}
    assert {name: (len(of.arms), len(of.programs(of.jobs))) for name, of in plans.items()} == {
        "gate": (3, 3), "forget-bias": (19, 1), "optimizer": (16, 4), "extras": (4, 3), "as_claimed": (3, 3),
    }  # fmt: skip
    as_run, as_claimed = (plans[name].settings("relu") for name in ("gate", "as_claimed"))
    assert (as_run["activation"], as_run["recurrent_activation"]) == ("relu", "sigmoid")
    assert (as_claimed["activation"], as_claimed["recurrent_activation"]) == ("tanh", "relu")
    assert list(plan(arms=["tanh"]).arms) == ["tanh"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"study": "gates"}, "study: expected one of gate, forget-bias, optimizer, extras, got 'gates'"),
        ({"variant": "other"}, "variant: expected one of as_run, as_claimed, got 'other'"),
        ({"study": "extras", "variant": "as_claimed"}, "variant: expected one of as_run, got 'as_claimed'"),
        ({"arms": ["tanh", "swish"]}, "arms: expected one of sigmoid, relu, tanh, got 'swish'"),
        ({"epochs": 3}, "changes: expected some of updates, scored"),
    ],
)
def test_studies_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        image_rows.study_of(**{"study": "gate", "seeds": [0], "data": "digits", **wrong})


def test_less_than_published():
    whole = image_rows.study_of("gate", range(10), data="mnist")
    assert (reduced_by(whole, 10), reduced_by(whole, 3)) == ("", "3 seeds of 10")
    small = image_rows.study_of("gate", range(10), data="digits", updates=500)
    assert reduced_by(small, 12) == "scikit-learn's small digits in place of MNIST, 500 updates of 2000"


def made_up(of, diverged=()):
    """Finished runs of a plan whose arms lie 1 apart."""
    rng, rows, curves = np.random.default_rng(0), [], []
    for job in of.jobs:
        base = list(of.arms).index(job.arm) + 1
        scores = {name: rng.normal(base, 0.1) if job.arm not in diverged else np.nan for name in training.MEASURES}
        row = {"study": of.name, "arm": job.arm, "seed": job.seed, **scores, "ms_per_update": 2.0, "seconds": 1.0}
        rows.append({**row, **job.settings, "versions": "a 1"})
        curves += [{"arm": job.arm, "seed": job.seed, "update": update, **scores} for update in (2, 4)]
    return study.Runs(pd.DataFrame(rows), pd.DataFrame(curves), {})


@pytest.mark.parametrize("about", PLANS.values(), ids=PLANS)
def test_every_study_has_its_report(about, tmp_path):
    of = plan(**about, seeds=range(4))
    report = report_of(of, made_up(of, diverged=("relu", "3", "rmsprop, 0.001", "sgd, 0.1, decayed")), "command")
    report.write(tmp_path)
    assert len(list(tmp_path.glob("*.png"))) == len(report.figures)
    assert {claim.verdict for claim in report.claims} == {"not tested at full size"}
    known = [claim.id for claim in report.claims if claim.id]
    assert len(set(known)) == len(known)
    assert all(claim.published for claim in report.claims)


def test_a_study_without_some_arms_or_seeds_has_a_report_without_claims():
    of = plan(seeds=range(4))
    runs = made_up(of)
    for some in (runs.frame[:3], runs.frame[runs.frame.arm == "tanh"]):
        curves = runs.curves[runs.curves.arm.isin(some.arm)]
        assert list(report_of(of, study.Runs(some, curves, {}), "command").claims) == []


def test_claims_follow_from_the_scores():
    of = image_rows.study_of("gate", range(10), data="mnist")
    claims = {c.claim: c for c in report_of(of, made_up(of, diverged=("relu",)), "").claims}
    tanh, relu = claims["tanh has a lower train loss than sigmoid"], claims["ReLU diverges"]
    assert (tanh.verdict, tanh.test, tanh.n, relu.verdict) == ("does not hold", "paired t-test", 10, "holds")


def test_forget_biases_1_and_2_are_compared_within_seeds():
    """Seeds differ more than the two arms do: paired the difference is seen, by Welch's test it is not."""
    of = image_rows.study_of("forget-bias", range(10), data="mnist")
    runs = made_up(of).frame
    for seed, place in zip(runs.seed, runs.index, strict=True):
        shift = {"1": 0.0, "2": 0.1}.get(runs.arm[place], 1.0)
        runs.loc[place, "train_loss"] = (1 + seed) * 10**shift * (1 + 0.001 * (place % 3))
    (alike, *_) = CLAIMS["forget-bias"](runs)
    assert (alike.verdict, alike.test.split(" of ")[0]) == ("does not hold", "paired t-test")
    table = report_of(of, study.Runs(runs, made_up(of).curves, {}), "").tables["Neighbours"]
    assert table.p[0] < 0.05 < table["Welch's p"][0]


def test_published_scores_name_our_arms_and_mark_misprints():
    for name in ("gate", "forget-bias", "optimizer"):
        assert set(scores_of(plan(name)).arm) == set(plan(name).arms)
    assert scores_of(plan("gate", variant="as_claimed")).empty
    gate = scores_of(plan("gate")).set_index(["arm", "measure"])
    assert gate.loc[("tanh", "train_loss"), "sd"] == pytest.approx(0.0088 * (10 / 9) ** 0.5)
    biases = scores_of(plan("forget-bias"))
    marked = biases[biases.misprint].set_index(["measure", "arm", "mean"]).instead.to_dict()
    assert marked == {
        ("train_loss", "3", 0.2056): "s 0.0111",
        ("train_loss", "10", 0.3415): "0.3310, s 0.0364",
        ("test_loss", "1", 0.2799): "s 0.0223",
        ("test_loss", "2", 0.2799): "0.2706, s 0.0118",
        ("test_loss", "0.7", 0.191): "0.2910",
    }
