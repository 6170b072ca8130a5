"""What every builder promises: its model, saved, loads in Keras' safe mode where rnnlab is not installed."""

from __future__ import annotations

import subprocess
import sys

import keras
import numpy as np

import rnnlab

TOKENS = np.array([[2, 3, 4, 0], [4, 2, 0, 0]], dtype="int32")


def cases():
    """Models of every builder, stateful and bidirectional ones among them, each with samples that it takes."""
    rng = np.random.default_rng(0)
    digits = rng.integers(0, 10, (6, 6, 2)).astype("float32")
    adder = {"units": 8, "seed": 1}
    yield rnnlab.build_sales_forecaster(units=4, lags=2, num_layers=2, seed=0), rng.normal(size=(1, 1, 2))
    yield rnnlab.build_adder(digits=2, cell="gru", units=4, num_layers=2, seed=1), np.eye(12)[rng.integers(0, 12, (3, 5))]
    yield rnnlab.build_digit_adder(cell="lstm", initial_state="normal", length=6, **adder), digits
    yield rnnlab.build_digit_adder(initial_state="he", activation="relu", **adder), digits
    yield rnnlab.build_digit_adder(state="zeros", **adder), digits
    yield rnnlab.build_digit_adder(state="carry", batch_size=6, **adder), digits
    yield rnnlab.build_digit_adder(cell=None, **adder), digits
    yield rnnlab.build_row_classifier(rows=8, columns=8, units=4, forget_bias=0.3, seed=1), rng.random((2, 8, 8))
    words = {"vocabulary_size": 5, "embedding_dim": 3, "num_classes": 2, "units": (4, 3)}
    yield rnnlab.build_text_classifier(**words, bidirectional=True, seed=1), TOKENS
    yield rnnlab.build_language_model(vocabulary_size=5, embedding_dim=3, units=4, num_layers=2, seed=1), TOKENS


LOAD = """
import sys
sys.modules["rnnlab"] = None
import keras, numpy
for number in range(int(sys.argv[1])):
    model = keras.saving.load_model(f"{number}.keras", safe_mode=True)
    numpy.save(f"{number}.out.npy", keras.ops.convert_to_numpy(model(numpy.load(f"{number}.npy"))))
    print(len(model.trainable_weights), len(model.non_trainable_weights))
"""


def test_models_load_in_safe_mode_without_rnnlab(tmp_path):
    made = [(model, x if x.dtype == "int32" else x.astype("float32")) for model, x in cases()]
    expected = []
    for number, (model, x) in enumerate(made):
        model.save(tmp_path / f"{number}.keras")
        np.save(tmp_path / f"{number}.npy", x)
        expected.append(keras.ops.convert_to_numpy(model(x)))
    command = [sys.executable, "-c", LOAD, str(len(made))]
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.splitlines()
    for number, ((model, _), outputs, line) in enumerate(zip(made, expected, printed, strict=True)):
        np.testing.assert_allclose(np.load(tmp_path / f"{number}.out.npy"), outputs, rtol=1e-4, atol=1e-6)
        assert np.abs(outputs).max() > 1e-3
        assert line == f"{len(model.trainable_weights)} {len(model.non_trainable_weights)}"
