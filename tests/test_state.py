"""rnnlab.state: the state of any stateful model, on whichever backend Keras runs."""

from __future__ import annotations

import functools

import keras
import numpy as np
import pytest
from keras import layers

from rnnlab.state import get_state, reset_state, set_state, state_variables

BATCH, FEATURES = 2, 3
SERIES = np.random.default_rng(0).normal(size=(BATCH, 8, FEATURES)).astype("float32")
OPTIONS = {"stateful": True, "return_sequences": True}


def recurrent(*stack, name=None):
    return keras.Sequential([keras.Input(batch_shape=(BATCH, None, FEATURES)), *stack], name=name)


def stacked_cells():
    return recurrent(layers.RNN([layers.LSTMCell(4), layers.GRUCell(5), layers.LSTMCell(6)], **OPTIONS))


def nested():
    inner = recurrent(layers.LSTM(4, **OPTIONS), layers.Dense(FEATURES), layers.GRU(5, **OPTIONS), name="inner")
    x = keras.Input(batch_shape=(BATCH, None, FEATURES))
    return keras.Model(x, layers.Dense(2)(layers.SimpleRNN(6, **OPTIONS)(inner(x))))


class Residual(layers.Layer):
    """A layer of somebody's own around recurrent ones."""

    def __init__(self, **options):
        super().__init__(**options)
        self.steps = [layers.GRU(FEATURES, **OPTIONS), layers.SimpleRNN(FEATURES, **OPTIONS)]

    def build(self, shape):
        for step in self.steps:
            step.build(shape)

    def call(self, x):
        for step in self.steps:
            x = x + step(x)
        return x


def twice():
    shared = layers.GRU(FEATURES, **OPTIONS)
    x = keras.Input(batch_shape=(BATCH, None, FEATURES))
    return keras.Model(x, shared(recurrent(layers.Dense(FEATURES), shared)(x)))


# name: (build, units of the state variables in their order)
MODELS = {
    "simple_rnn": (lambda: recurrent(layers.SimpleRNN(4, **OPTIONS)), [4]),
    "lstm": (lambda: recurrent(layers.LSTM(4, **OPTIONS)), [4, 4]),
    "gru": (lambda: recurrent(layers.GRU(4, **OPTIONS)), [4]),
    "two layers": (lambda: recurrent(layers.LSTM(4, **OPTIONS), layers.GRU(5, **OPTIONS)), [4, 4, 5]),
    "stacked cells": (stacked_cells, [4, 4, 5, 6, 6]),
    "one of two": (lambda: recurrent(layers.GRU(4, return_sequences=True), layers.LSTM(5, **OPTIONS)), [5, 5]),
    "nested": (nested, [4, 4, 5, 6]),
    "own layer": (lambda: recurrent(Residual()), [FEATURES, FEATURES]),
    "bidirectional": (
        lambda: recurrent(layers.Bidirectional(layers.LSTM(4, **OPTIONS), backward_layer=backward())),
        [4, 4, 5],
    ),
    "shared": (twice, [FEATURES]),
}
PREDICTS = keras.backend.backend() == "tensorflow"
# Elsewhere every model costs seconds of compilation, and `predict` leaves the state.
NAMES = sorted(MODELS) if PREDICTS else ["lstm", "stacked cells", "nested", "bidirectional"]
# In the others a step's output follows from later steps too, or from an earlier layer without state.
CAUSAL = [name for name in NAMES if name not in ("bidirectional", "one of two", "shared")]


def backward():
    return layers.GRU(5, go_backwards=True, **OPTIONS)


@functools.cache
def built(name):
    """A model that tests share, since building takes most of their time."""
    keras.utils.set_random_seed(0)
    return MODELS[name][0]()


@pytest.fixture(params=NAMES)
def model(request):
    reset_state(built(request.param))
    return built(request.param)


@pytest.fixture(params=CAUSAL)
def causal(request):
    reset_state(built(request.param))
    return built(request.param)


@pytest.fixture
def lstm():
    return recurrent(layers.LSTM(4, **OPTIONS))


def outputs(model, x):
    """What the model gives for x, as an array; its state moves on."""
    y = model.predict(x, batch_size=BATCH, verbose=0) if PREDICTS else model(x)
    return np.asarray(y)


def some_state(model):
    generator = np.random.default_rng(1)
    return [generator.uniform(-0.9, 0.9, variable.shape).astype("float32") for variable in state_variables(model)]


def assert_equal(states, expected):
    for state, array in zip(states, expected, strict=True):
        np.testing.assert_array_equal(state, array)


@pytest.mark.parametrize("name", NAMES)
def test_every_state_is_found_once_in_the_order_of_the_layers(name):
    build, units = MODELS[name]
    model = build()
    assert [tuple(variable.shape) for variable in state_variables(model)] == [(BATCH, n) for n in units]
    assert len({id(variable) for variable in state_variables(model)}) == len(units)
    assert_equal(get_state(model), [np.zeros((BATCH, n)) for n in units])


def test_the_forward_direction_comes_first():
    both = layers.Bidirectional(layers.SimpleRNN(4, **OPTIONS))
    found = state_variables(recurrent(both))
    expected = [*both.forward_layer.states, *both.backward_layer.states]
    assert [id(variable) for variable in found] == [id(variable) for variable in expected]


def test_pieces_give_what_the_whole_sequence_gives(causal):
    whole = outputs(causal, SERIES)
    reset_state(causal)
    first = outputs(causal, SERIES[:, :4])
    kept = get_state(causal)
    outputs(causal, 3 * SERIES[:, :4])
    set_state(causal, kept)
    second = outputs(causal, SERIES[:, 4:])
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), whole, rtol=0, atol=1e-6)
    reset_state(causal)
    assert np.max(np.abs(outputs(causal, SERIES[:, 4:]) - second)) > 1e-3


def test_a_state_comes_back_as_it_was_set(model):
    state = some_state(model)
    set_state(model, state)
    assert_equal(get_state(model), state)


def test_a_state_decides_what_follows(model):
    set_state(model, some_state(model))
    y = np.asarray(model(SERIES))
    moved = get_state(model)
    set_state(model, some_state(model))
    np.testing.assert_array_equal(np.asarray(model(SERIES)), y)
    assert_equal(get_state(model), moved)
    assert all(np.any(state != before) for state, before in zip(moved, some_state(model), strict=True))


def test_reset_is_a_state_of_zeros_and_leaves_the_weights(model):
    weights = model.get_weights()
    set_state(model, some_state(model))
    reset_state(model)
    assert all(not np.any(state) for state in get_state(model))
    assert_equal(model.get_weights(), weights)


def test_reset_drops_a_state_that_is_not_finite(lstm):
    set_state(lstm, [np.full((BATCH, 4), np.nan), np.full((BATCH, 4), np.inf)])
    reset_state(lstm)
    assert_equal(get_state(lstm), [np.zeros((BATCH, 4))] * 2)


def test_what_get_state_returned_stays_as_it_is(lstm):
    kept = get_state(lstm)
    lstm(SERIES)
    assert_equal(kept, [np.zeros((BATCH, 4))] * 2)
    moved = get_state(lstm)
    kept[0][:] = 7
    assert_equal(get_state(lstm), moved)


def test_a_state_keeps_the_dtype_of_its_layer():
    # The default initializer is orthogonal, which JAX cannot compute in 16 bits.
    model = recurrent(layers.GRU(4, dtype="float16", recurrent_initializer="glorot_uniform", **OPTIONS))
    set_state(model, [np.full((BATCH, 4), 0.1)])
    (state,) = get_state(model)
    assert state.dtype == np.float16
    np.testing.assert_array_equal(state, np.full((BATCH, 4), 0.1, np.float16))
    reset_state(model)
    assert not np.any(get_state(model)[0])


@pytest.mark.parametrize(
    "stack", [[layers.Dense(2)], [layers.LSTM(4)], [layers.Bidirectional(layers.GRU(4))]], ids=["dense", "lstm", "both"]
)
def test_a_model_without_state(stack):
    model = recurrent(*stack)
    weights = model.get_weights()
    reset_state(model)
    assert get_state(model) == []
    set_state(model, [])
    assert_equal(model.get_weights(), weights)
    with pytest.raises(ValueError, match=f"^state: expected 0 arrays for model '{model.name}', got 1$"):
        set_state(model, [np.zeros((BATCH, 4))])


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ([], r"expected 2 arrays for model '.+', got 0"),
        ([np.ones((BATCH, 4))], r"expected 2 arrays for model '.+', got 1"),
        ([np.ones((BATCH, 4))] * 3, r"expected 2 arrays for model '.+', got 3"),
        ([np.ones((BATCH, 4)), np.ones((BATCH, 5))], r"expected shape \(2, 4\) for '.+', got \(2, 5\)"),
        ([np.ones((BATCH, 4)), np.ones(4)], r"expected shape \(2, 4\) for '.+', got \(4,\)"),
        ([np.ones((BATCH, 4)), np.float32(1)], r"expected shape \(2, 4\) for '.+', got \(\)"),
        (
            [np.ones((BATCH, 4)), np.full((BATCH, 4), "a")],
            r"expected an array of numbers for '.+': could not convert string to float.+",
        ),
        ([np.ones((BATCH, 4)), [[1, 2], [1]]], r"expected an array of numbers for '.+': .+ inhomogeneous .+"),
    ],
)
def test_a_wrong_state_is_refused_and_nothing_is_written(lstm, state, message):
    before = some_state(lstm)
    set_state(lstm, before)
    with pytest.raises(ValueError, match=f"^state: {message}$"):
        set_state(lstm, state)
    assert_equal(get_state(lstm), before)
