"""rnnlab.image_rows: the classifier, its training within studies, and what the studies say."""

from __future__ import annotations

import keras
import numpy as np
import pandas as pd
import pytest

from rnnlab import datasets, image_rows, study
from rnnlab.image_rows import training
from rnnlab.image_rows.findings import published_scores
from rnnlab.image_rows.profile import flops_of_update
from rnnlab.image_rows.report import report_of

TINY = {"updates": 8, "scored": 3, "batch_size": 16, "units": 5, "every": 2}


@pytest.fixture(autouse=True)
def few_rows(monkeypatch):
    """Images of three rows: fewer steps to compile."""
    whole = datasets.digits()
    cut = datasets.Images(whole.x_train[:, 2:5], whole.y_train, whole.x_test[:, 2:5], whole.y_test)
    monkeypatch.setattr(datasets, "images", lambda name: cut)
    return cut


def plan(topic="gate", seeds=(0, 1), **changes):
    return image_rows.study_of(topic, seeds, data="digits", **{**TINY, **changes})


def trained(of, only=None):
    found = {}
    for group in of.programs(of.jobs):
        if only is None or group[0].arm in only:
            image_rows.train(group, lambda job, result: found.__setitem__((job.arm, job.seed), result))
    return found


# The network


def test_size_and_start():
    model = image_rows.build_row_classifier(seed=0, forget_bias=2.5)
    assert model.count_params() == 28 * 128 + 128 + 128 * 512 * 2 + 512 + 128 * 10 + 10
    assert model.output_shape == (None, 10)
    weights = {variable.path: keras.ops.convert_to_numpy(variable) for variable in model.variables}
    assert abs(weights["pixels/kernel"].std() - 1) < 0.05
    assert abs(weights["classes/kernel"].std() - 1) < 0.05
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
    assert (other.get_layer("rows").cell.activation, other.get_layer("rows").cell.recurrent_activation) == (
        keras.activations.relu,
        keras.activations.tanh,
    )


@pytest.mark.parametrize(
    "wrong",
    [{"rows": 0}, {"columns": 1.5}, {"num_classes": True}, {"units": -1}, {"activation": "square"},
     {"recurrent_activation": None}, {"forget_bias": float("nan")}],
)  # fmt: skip
def test_builder_refuses(wrong):
    with pytest.raises(ValueError, match=f"^{next(iter(wrong))}: expected"):
        image_rows.build_row_classifier(**wrong)


# Training


def test_arms_of_a_seed_share_batches_and_initial_weights(monkeypatch):
    """A sum of the labels of each batch as its loss, and a rate of nearly nothing: what is logged is the batch itself."""
    seen = {}
    original = training.network_of

    def watched(settings, pictures, forget_bias, seed):
        model = original(settings, pictures, forget_bias, seed)
        start = [weights.copy() for weights in model.get_weights()]
        start[2 + 2][5:10] = 0  # the bias of the forget gate, which the study varies
        seen.setdefault(seed, []).append(start)
        return model

    monkeypatch.setattr(training, "network_of", watched)
    monkeypatch.setattr(
        keras.losses, "SparseCategoricalCrossentropy",
        lambda from_logits: lambda y, logits: keras.ops.cast(y, "float32") + 0.0 * keras.ops.sum(logits, axis=-1),
    )  # fmt: skip
    arms = {
        "plain": {"forget_bias": 1.0, "activation": "tanh"},
        "biased": {"forget_bias": 4.0, "activation": "tanh"},
        "relu": {"forget_bias": 1.0, "activation": "relu"},
    }
    shared = {"recurrent_activation": "sigmoid", "optimizer": "sgd", "learning_rate": 0.01, "beta_1": None, "decay": None}
    of = study.Study("shared", arms, (0, 1), {"data": "digits", **TINY, **shared}, ("forget_bias",))
    found = trained(of)
    for seed in (0, 1):
        assert len(seen[seed]) >= 3 - (seed == 0)
        for start in seen[seed]:
            for ours, first in zip(start, seen[seed][0], strict=True):
                np.testing.assert_array_equal(ours, first)
        batches = {arm: found[arm, seed].curve["train_loss"] for arm in arms}
        assert batches["plain"] == batches["biased"] == batches["relu"]
        assert len(set(batches["plain"])) > 1
    assert found["plain", 0].curve["train_loss"] != found["plain", 1].curve["train_loss"]


def test_scores_are_those_of_stock_keras(few_rows):
    """A run once more with train_on_batch and test_on_batch."""
    of = plan(seeds=(3,))
    (job,) = [job for job in of.jobs if job.arm == "tanh"]
    result = trained(of, only=("tanh",))["tanh", 3]
    pictures = few_rows
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
            model.reset_metrics()
            row += model.test_on_batch(x, y)
        model.reset_metrics()
        rows.append(row)
    expected = dict(zip(("train_loss", "train_accuracy", "test_loss", "test_accuracy"), np.array(rows).T, strict=True))
    for name, values in expected.items():
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
    of = study.Study(
        "wild", study.grid(learning_rate=[0.01, 1e30]), (0,),
        {"data": "digits", **TINY, "activation": "relu", "recurrent_activation": "sigmoid", "optimizer": "sgd",
         "forget_bias": 1.0, "beta_1": None, "decay": None},
        ("learning_rate",),
    )  # fmt: skip
    found = trained(of)
    assert np.isnan(found["1e+30", 0].scores["train_loss"])
    assert np.isfinite(found["0.01", 0].scores["test_loss"])


def test_optimizers_are_those_of_the_protocol():
    base = {"learning_rate": 0.1, "decay": None, "beta_1": 0.5}
    adam, rmsprop, adagrad, sgd = (
        training.optimizer_of({**base, "optimizer": name}).get_config() for name in ("adam", "rmsprop", "adagrad", "sgd")
    )
    assert [adam[name] for name in ("beta_1", "beta_2", "epsilon")] == [0.5, 0.999, 1e-8]
    assert [rmsprop[name] for name in ("rho", "epsilon")] == [0.9, 1e-10]
    assert adagrad["initial_accumulator_value"] == 0.1
    assert sgd["momentum"] == 0
    rate = training.optimizer_of({**base, "optimizer": "sgd", "decay": 0.8})._learning_rate
    assert [float(rate(step)) for step in (0, 99, 100, 250)] == pytest.approx([0.1, 0.1, 0.08, 0.064])
    with pytest.raises(ValueError, match="optimizer: expected one of adam, rmsprop, adagrad, sgd, got 'lion'"):
        training.optimizer_of({**base, "optimizer": "lion"})


# Studies


def test_the_published_studies():
    arms = {name: list(image_rows.study_of(name, [0], data="mnist").arms) for name in image_rows.TOPICS}
    assert arms["gate"] == ["sigmoid", "relu", "tanh"]
    assert len(arms["forget-bias"]) == 19
    assert len(arms["optimizer"]) == 16
    assert len(arms["extras"]) == 4
    as_run, as_claimed = (
        image_rows.study_of("gate", [0], data="mnist", variant=variant).settings("relu") for variant in ("as_run", "as_claimed")
    )
    assert (as_run["activation"], as_run["recurrent_activation"]) == ("relu", "sigmoid")
    assert (as_claimed["activation"], as_claimed["recurrent_activation"]) == ("tanh", "relu")
    programs = {name: image_rows.study_of(name, [0], data="mnist") for name in image_rows.TOPICS}
    assert {name: len(of.programs(of.jobs)) for name, of in programs.items()} == {
        "gate": 3, "forget-bias": 1, "optimizer": 4, "extras": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"topic": "gates"}, "topic: expected one of gate, forget-bias, optimizer, extras, got 'gates'"),
        ({"topic": "gate", "variant": "as_told"}, "variant: expected as_run or as_claimed for the study gate, got 'as_told'"),
        ({"topic": "extras", "variant": "as_claimed"}, "variant: expected as_run for the study extras"),
        ({"topic": "gate", "epochs": 3}, "changes: expected some of updates, scored"),
    ],
)
def test_studies_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        image_rows.study_of(wrong.pop("topic"), [0], data="digits", **wrong)


def made_up(topic, seeds=4, diverged=()):
    of = plan(topic, tuple(range(seeds)))
    rng = np.random.default_rng(0)
    rows, curves = [], []
    for place, job in enumerate(of.jobs):
        scores = {name: rng.normal(1 + place // seeds, 0.1) for name in training.MEASURES} | {"ms_per_update": 2.0}
        if job.arm in diverged:
            scores |= dict.fromkeys(training.MEASURES, np.nan)
        rows.append(
            {"study": of.name, "arm": job.arm, "seed": job.seed, **scores, "seconds": 1.0, **job.settings, "versions": "a 1"}
        )
        curves += [{"arm": job.arm, "seed": job.seed, "update": update, **scores} for update in (2, 4)]
    return of, pd.DataFrame(rows), pd.DataFrame(curves)


@pytest.mark.parametrize("topic", image_rows.TOPICS)
def test_every_topic_has_its_report(topic, tmp_path):
    of, runs, curves = made_up(topic, diverged=("relu", "3", "rmsprop, 0.001", "sgd, 0.1, decayed"))
    report = report_of(topic, of, runs, curves, "python examples/image_rows.py")
    report.write(tmp_path)
    page, text = (tmp_path / "report.html").read_text(), (tmp_path / "report.md").read_text()
    for name, (caption, _) in report.figures.items():
        assert (tmp_path / f"{name}.png").stat().st_size > 10_000
        assert f"![{caption}]({name}.png)" in text
    assert page.count("data:image/png;base64,") == len(report.figures)
    assert "http" not in page, "self-contained"
    assert report.claims
    for claim in report.claims:
        assert claim["verdict"] in ("holds", "does not hold", "cannot be decided")
        assert f"| {claim['claim']} | **{claim['verdict']}** |" in text


def test_an_unfinished_study_has_a_report_without_verdicts(tmp_path):
    of, runs, curves = made_up("gate")
    report = report_of("gate", of, runs[:3], curves[:6], "command")
    report.write(tmp_path)
    assert (report.missing, list(report.claims)) == (9, [])
    assert "9 runs of the plan are not done yet" in (tmp_path / "report.md").read_text()


def test_verdicts_follow_from_the_scores():
    of, runs, curves = made_up("gate", diverged=("relu",))
    claims = {claim["claim"]: claim["verdict"] for claim in report_of("gate", of, runs, curves, "").claims}
    assert claims["tanh has a lower train loss than sigmoid"] == "does not hold"
    assert claims["ReLU diverges"] == "holds"


def test_published_scores_name_our_arms():
    for topic in ("gate", "forget-bias", "optimizer"):
        assert set(published_scores(topic).arm) == set(plan(topic).arms)
    gate = published_scores("gate").set_index(["arm", "measure"])
    assert gate.loc[("tanh", "train_loss"), "sd"] == pytest.approx(0.0088 * (10 / 9) ** 0.5)


def test_work_of_an_update():
    """Backward every product comes twice, but for the gradient of the pixels."""
    rows, columns, units, classes, batch = 3, 5, 7, 2, 4
    forward = rows * (columns * units + units * 4 * units * 2) + units * classes
    backward = 2 * forward - rows * columns * units
    assert flops_of_update(rows, columns, units, classes, batch) == 2 * batch * (forward + backward)
