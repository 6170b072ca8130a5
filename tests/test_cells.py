"""rnnlab.cells: recurrent layers by name, on whichever backend Keras runs."""

from __future__ import annotations

import random

import keras
import numpy as np
import pytest

from rnnlab.cells import CELLS, check_cell, recurrent_layer, split_seed

LAYERS = {"simple_rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


def initial_weights(layer: keras.Layer) -> list[np.ndarray]:
    layer.build((None, None, 3))
    return layer.get_weights()


def dropped(layer: keras.Layer) -> np.ndarray:
    """Which of 100 one-hot inputs the dropout of the layer leaves."""
    x = np.eye(100, dtype="float32")[:, None, :]
    return np.any(keras.ops.convert_to_numpy(layer(x, training=True)) != 0, axis=1)


@pytest.mark.parametrize("cell", CELLS)
def test_a_name_gives_the_stock_layer_with_its_options(cell):
    layer = recurrent_layer(cell, 4, return_sequences=True, stateful=True, name="recurrent")
    assert type(layer) is LAYERS[cell]
    assert (layer.units, layer.return_sequences, layer.stateful, layer.name) == (4, True, True, "recurrent")
    assert type(recurrent_layer(cell, np.int64(4)).get_config()["units"]) is int


@pytest.mark.parametrize("cell", CELLS)
def test_a_seed_fixes_the_initial_weights(cell):
    """And leaves the global generators alone."""
    before = random.getstate(), np.random.get_state()[1].copy()
    first, again, other = (initial_weights(recurrent_layer(cell, 4, seed=seed)) for seed in (7, 7, 8))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not any(np.any(a == b) for a, b in zip(first[:2], other[:2], strict=True))
    assert random.getstate() == before[0]
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])


def test_a_seed_fixes_the_dropout():
    masks = [dropped(recurrent_layer("simple_rnn", 8, seed=seed, dropout=0.5)) for seed in (7, 7, 8)]
    np.testing.assert_array_equal(masks[0], masks[1])
    assert np.any(masks[0] != masks[2])
    assert 20 < np.sum(masks[0]) < 80


def test_without_a_seed_keras_draws():
    keras.utils.set_random_seed(3)
    ours, next_one = (initial_weights(recurrent_layer("gru", 4)) for _ in range(2))
    keras.utils.set_random_seed(3)
    for mine, stock in zip(ours, initial_weights(keras.layers.GRU(4)), strict=True):
        np.testing.assert_array_equal(mine, stock)
    assert np.any(ours[0] != next_one[0])


def test_an_initializer_of_the_callers_own_goes_before_the_seed():
    kernel, recurrent, _ = initial_weights(recurrent_layer("simple_rnn", 4, seed=7, kernel_initializer="ones"))
    assert np.all(kernel == 1)
    np.testing.assert_array_equal(recurrent, initial_weights(recurrent_layer("simple_rnn", 4, seed=7))[1])


def test_split_seeds_share_nothing_with_neighbours():
    parts = [split_seed(seed, 3) for seed in range(200)]
    assert parts[5] == split_seed(5, 3)
    assert len({part for row in parts for part in row}) == 600


@pytest.mark.parametrize("units", [0, -1, True, 2.0, "8", None, np.float32(4)])
def test_wrong_units(units):
    with pytest.raises(ValueError, match=r"^units: expected an integer of at least 1, got "):
        recurrent_layer("lstm", units)


@pytest.mark.parametrize("cell", ["LSTM", "rnn", "", None])
def test_unknown_cell(cell):
    message = f"^cell: expected one of simple_rnn, lstm, gru, got {cell!r}$"
    with pytest.raises(ValueError, match=message):
        check_cell(cell)
    with pytest.raises(ValueError, match=message):
        recurrent_layer(cell, 4)
    assert check_cell("gru") == "gru"
