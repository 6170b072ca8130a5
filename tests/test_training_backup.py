"""Training that goes on where it was cut."""

from __future__ import annotations

import keras
import numpy as np
import pandas as pd
import pytest

from rnnlab import fit_replicas
from rnnlab.training.program import Program

once = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the same on every backend, tested on TensorFlow")

X = np.random.default_rng(0).normal(size=(24, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


def build(seed, units=4):
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(units, activation="tanh"), keras.layers.Dense(1)])


def fit(folder=None, *, epochs=6, seeds=(0, 1), patience=None, **changes):
    stopping = keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True) if patience else None
    options = {"batch_size": 8, "optimizer": "adam", "validation_data": (X[:8], Y[:8]), "early_stopping": stopping}
    return fit_replicas(build, X, Y, seeds=seeds, epochs=epochs, backup=folder, verbose=0, **options | changes)


@pytest.fixture(autouse=True)
def one_pass_a_call(monkeypatch):
    monkeypatch.setattr("rnnlab.training.schedule.CALL_SECONDS", 1e-9)
    monkeypatch.setattr("rnnlab.training.backup.SECONDS_BETWEEN", 0.0)


def cut_after(monkeypatch, calls):
    """Lets training fail in the call after so many, as a kill would."""
    run, made = Program.run, []

    def counted(self, carry, first, passes, *rest):
        made.append(passes)
        if passes and sum(passes > 0 for passes in made) > calls:
            raise MemoryError("cut")
        return run(self, carry, first, passes, *rest)

    monkeypatch.setattr(Program, "run", counted)
    return made


def same(one, other):
    pd.testing.assert_frame_equal(one.history, other.history, check_exact=True)
    for a, b in zip(one.finished, other.finished, strict=True):
        assert all(np.array_equal(v, w) for v, w in zip(a.weights, b.weights, strict=True))


@pytest.mark.parametrize("patience", [pytest.param(None, marks=once), 1])
def test_a_training_that_was_cut_goes_on_to_the_same_bits(patience, tmp_path, monkeypatch):
    options = {"patience": patience, "optimizer": keras.optimizers.Adam(0.5)} if patience else {}
    whole = fit(seeds=[0], **options)
    with monkeypatch.context() as patch:
        cut_after(patch, 2)
        with pytest.raises(MemoryError):
            fit(tmp_path, seeds=[0], **options)
    made = cut_after(monkeypatch, 100)
    again = fit(tmp_path, seeds=[0], **options)
    same(whole, again)
    assert sum(made) <= 4
    assert fit(tmp_path, seeds=[0], **options).seconds["train"] < whole.seconds["train"] + 1


@once
def test_another_training_finds_nothing_of_its_own(tmp_path):
    different = ({}, {"optimizer": keras.optimizers.Adam(0.01)}, {"shuffle": False, "patience": 3})
    for place, changes in enumerate(different):
        fit(tmp_path, **changes)
        assert len(list(tmp_path.iterdir())) == 2 * (place + 1)


@once
def test_a_finished_training_takes_more_epochs(tmp_path):
    fit(tmp_path, epochs=3)
    same(fit(tmp_path, epochs=6), fit())
    assert len(fit(tmp_path, epochs=2).history) == 4


@once
def test_a_damaged_backup_is_named(tmp_path):
    fit(tmp_path, seeds=[0])
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match=rf"^backup: expected .*{path.name} as it was written, got a damaged file"):
        fit(tmp_path, seeds=[0])
