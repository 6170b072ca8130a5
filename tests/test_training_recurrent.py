"""The recurrent layers of the compiled program against Keras' own, and against central differences."""

from contextlib import nullcontext

import keras
import numpy as np
import pytest
from keras import layers, ops

from rnnlab.training.backend import load_backend
from rnnlab.training.recurrent import UNROLLED, merged_products

once = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the same on every backend, tested on TensorFlow")
CELLS = {"simple_rnn": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}
SHORT, LONG = 5, UNROLLED + 3  # laid out, and through a loop


def sequences(steps, dtype="float32"):
    """Four sequences; one ends early, one begins late, one has a gap: what is not there is zero."""
    x = np.random.default_rng(0).normal(size=(4, steps, 3)).astype(dtype)
    x[0, steps - 2 :] = 0
    x[1, :2] = 0
    x[2, 1:3] = 0
    return x


def stack(cell, steps, *, mask=False, dtype="float32", **options):
    """Two layers, so that what one gives back for every step is the upstream gradient of the other."""
    inputs = keras.Input((steps, 3), dtype=dtype)
    hidden = layers.Masking(dtype=dtype)(inputs) if mask else inputs
    hidden = CELLS[cell](4, return_sequences=True, dtype=dtype, **options)(hidden)
    return keras.Model(inputs, CELLS[cell](2, dtype=dtype, **options)(hidden))


def with_states(steps):
    """States handed over, both directions, and a layer that puts out its states."""
    inputs = keras.Input((steps, 3))
    _, h, c = layers.LSTM(4, return_state=True)(inputs)
    both = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(inputs, initial_state=[h, c, c, h])
    return keras.Model(inputs, layers.Concatenate()([layers.GRU(3)(both), c]))


def outputs_and_gradients(model, x, merged):
    """Outputs, and the gradients of a weighted sum of them."""
    keras.utils.set_random_seed(1)
    for variable in model.trainable_variables:
        variable.assign(np.random.default_rng(2).normal(size=variable.shape) * 0.5)
    variables = model.trainable_variables

    def loss(values):
        with keras.StatelessScope(list(zip(variables, values, strict=True))):
            y = model(ops.convert_to_tensor(x), training=True)
        return ops.sum(y * ops.cast(ops.arange(1, y.shape[-1] + 1), y.dtype)), y

    values = [ops.convert_to_tensor(ops.convert_to_numpy(variable)) for variable in variables]
    with merged_products(model) if merged else nullcontext():
        y, gradients = load_backend().value_and_gradients(loss, values)
    return [np.asarray(ops.convert_to_numpy(a)) for a in (y, *gradients)], loss, values


def check_same(model, x, again=None):
    ours, *_ = outputs_and_gradients(model, x, merged=True)
    keras_own, *_ = outputs_and_gradients(again or model, x, merged=False)
    for mine, theirs in zip(ours, keras_own, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=2e-5, atol=2e-5)
    assert any(np.abs(gradient).max() > 0.01 for gradient in ours[1:])


@pytest.mark.parametrize("mask", [pytest.param(False, marks=once), True], ids=["plain", "masked"])
@pytest.mark.parametrize("steps", [pytest.param(SHORT, marks=once), LONG])
@pytest.mark.parametrize("cell", CELLS)
def test_same_as_keras(cell, steps, mask):
    check_same(stack(cell, steps, mask=mask), sequences(steps))


@once
@pytest.mark.parametrize(
    "options",
    [{"go_backwards": True}, {"use_bias": False}, {"activation": "relu"}, {"unroll": True}, {"dropout": 0.5, "seed": 3}],
    ids=str,
)
@pytest.mark.parametrize("cell", CELLS)
def test_same_as_keras_with_options(cell, options):
    model, again = (stack(cell, LONG, mask=True, **options) for _ in range(2))  # each with a random state of its own
    check_same(model, sequences(LONG), again)


@once
def test_states_directions_and_nesting():
    check_same(with_states(LONG), sequences(LONG))


@once
@pytest.mark.parametrize(
    "options",
    [{"recurrent_dropout": 0.5, "seed": 3}, {"activation": "softsign"}, {"recurrent_activation": "hard_sigmoid"}],
    ids=str,
)
def test_what_does_not_fit_runs_in_keras(options):
    model = stack("gru", SHORT, **options)
    with merged_products(model):
        assert "inner_loop" in model.layers[-1].__dict__
        model(sequences(SHORT), training=True)
    assert "inner_loop" not in model.layers[-1].__dict__
    if "recurrent_dropout" not in options:
        check_same(model, sequences(SHORT))


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="no float64 unless all of JAX is set to it")
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_agree_with_central_differences(cell):
    found, loss, values = outputs_and_gradients(stack(cell, LONG, mask=True, dtype="float64"), sequences(LONG, "float64"), True)
    rng = np.random.default_rng(4)
    for _ in range(3):
        direction = [rng.normal(size=value.shape) for value in values]
        slope = sum((gradient * part).sum() for gradient, part in zip(found[1:], direction, strict=True))

        def at(step, direction=direction):
            moved = [value + step * part for value, part in zip(values, direction, strict=True)]
            return float(loss(moved)[0])

        assert slope == pytest.approx((at(1e-5) - at(-1e-5)) / 2e-5, rel=1e-6)
