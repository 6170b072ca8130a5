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


def both():
    backward = layers.GRU(5, go_backwards=True, **OPTIONS)
    return recurrent(layers.Bidirectional(layers.LSTM(4, **OPTIONS), backward_layer=backward))


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
    "bidirectional": (both, [4, 4, 5]),
    "shared": (twice, [FEATURES]),
}
PREDICTS = keras.backend.backend() == "tensorflow"
# Elsewhere every model costs seconds of compilation, and `predict` leaves the state.
NAMES = sorted(MODELS) if PREDICTS else ["lstm", "stacked cells", "nested", "bidirectional"]
# In the others a step's output follows from later steps too, or from an earlier layer without state.
CAUSAL = [name for name in NAMES if name not in ("bidirectional", "one of two", "shared")]


@functools.cache
def built(name):
    """A model that tests share, since building takes most of their time."""
    keras.utils.set_random_seed(0)
    return MODELS[name][0]()


@pytest.fixture(params=NAMES)
def model(request):
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


@pytest.mark.parametrize("model", CAUSAL, indirect=True)
def test_pieces_give_what_the_whole_sequence_gives(model):
    whole = outputs(model, SERIES)
    reset_state(model)
    first = outputs(model, SERIES[:, :4])
    kept = get_state(model)
    outputs(model, 3 * SERIES[:, :4])
    set_state(model, kept)
    second = outputs(model, SERIES[:, 4:])
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), whole, rtol=0, atol=1e-6)
    reset_state(model)
    assert np.max(np.abs(outputs(model, SERIES[:, 4:]) - second)) > 1e-3


def test_a_state_comes_back_as_it_was_set_and_decides_what_follows(model):
    set_state(model, some_state(model))
    assert_equal(get_state(model), some_state(model))
    y = np.asarray(model(SERIES))
    moved = get_state(model)
    set_state(model, some_state(model))
    np.testing.assert_array_equal(np.asarray(model(SERIES)), y)
    assert_equal(get_state(model), moved)
    assert all(np.any(state != before) for state, before in zip(moved, some_state(model), strict=True))


def test_reset_is_a_state_of_zeros_and_leaves_the_weights(model):
    weights = model.get_weights()
    for value in (0.5, np.nan, np.inf):
        set_state(model, [np.full_like(state, value) for state in some_state(model)])
        reset_state(model)
        assert all(not np.any(state) for state in get_state(model))
    assert_equal(model.get_weights(), weights)


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


RIGHT = np.ones((BATCH, 4))
NO_NUMBERS = "expected an array of numbers for '.+': "


@pytest.mark.parametrize(
    ("state", "message"),
    [
        *(([RIGHT] * count, f"expected 2 arrays for model '.+', got {count}") for count in (0, 1, 3)),
        ([RIGHT, np.ones((BATCH, 5))], r"expected shape \(2, 4\) for '.+', got \(2, 5\)"),
        ([RIGHT, np.ones(4)], r"expected shape \(2, 4\) for '.+', got \(4,\)"),
        ([RIGHT, np.float32(1)], r"expected shape \(2, 4\) for '.+', got \(\)"),
        ([RIGHT, np.full((BATCH, 4), "a")], f"{NO_NUMBERS}could not convert string to float.+"),
        ([RIGHT, [[1, 2], [1]]], f"{NO_NUMBERS}.+ inhomogeneous .+"),
    ],
)
def test_a_wrong_state_is_refused_and_nothing_is_written(lstm, state, message):
    before = some_state(lstm)
    set_state(lstm, before)
    with pytest.raises(ValueError, match=f"^state: {message}$"):
        set_state(lstm, state)
    assert_equal(get_state(lstm), before)
