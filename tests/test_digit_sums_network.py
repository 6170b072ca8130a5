"""rnnlab.digit_sums: the aligned adder, its streaming twin, and what they answer."""

from __future__ import annotations

import random

import keras
import numpy as np
import pytest

from rnnlab import digit_sums as sums
from rnnlab.digit_sums import exam
from rnnlab.metrics import exact
from rnnlab.state import get_state, state_variables


def generator(seed=0):
    return np.random.default_rng(seed)


def values(model, x):
    return keras.ops.convert_to_numpy(model(x))


def questions(count=6, maxlen=5, seed=0):
    a, b = sums.draw_operands(count, maxlen, half="all", rng=generator(seed))
    return sums.encode(a, b)


@pytest.mark.parametrize(
    ("options", "parameters"),
    [
        ({"cell": "lstm", "num_layers": 1, "units": 8, "embedding_dim": 4}, 40 + 4 * (8 * 8 + 8 * 8 + 8) + 90),
        ({"cell": "gru", "num_layers": 1, "units": 8, "embedding_dim": 4}, 40 + 3 * (8 * 8 + 8 * 8 + 16) + 90),
        ({"cell": None}, 320 + 650),
        ({"num_layers": 0}, 320 + 650),
        ({"initial_state": "he"}, 320 + 2 * (64 * 64 + 64 * 64 + 64) + 650 + 2 * 64),
    ],
)
def test_size(options, parameters):
    model = sums.build_digit_adder(**options)
    assert model.count_params() == parameters
    assert values(model, questions()).shape == (6, 6, 10)


def test_layers():
    model = sums.build_digit_adder(length=6, num_layers=1, embedding_dim=100, activation="relu", seed=1)
    assert [layer.name for layer in model.layers] == ["digits", "vectors", "columns", "recurrent_1", "logits"]
    vectors = model.get_layer("vectors").get_weights()[0]
    assert vectors.shape == (10, 100)
    assert np.std(vectors) == pytest.approx(1, abs=0.1)
    assert model.get_layer("recurrent_1").activation is keras.activations.relu
    assert sums.build_digit_adder().get_layer("recurrent_2").activation is keras.activations.tanh


def test_the_seed_alone_decides_the_weights():
    def weights(**options):
        return sums.build_digit_adder(units=8, **options).get_weights()

    def unseeded():
        keras.utils.set_random_seed(3)
        return weights()

    before = random.getstate(), np.random.get_state()[1].copy()
    same = [{"state": "zeros"}, {"state": "carry", "batch_size": 3}, {"activation": "relu"}, {"length": 9}]
    pairs = [(weights(seed=1), weights(seed=1, **options), weights(seed=2)) for options in same]
    pairs.append([weights(seed=seed, initial_state="he") for seed in (1, 1, 2)])
    assert random.getstate() == before[0]
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])
    for first, again, other in [*pairs, (unseeded(), unseeded(), weights())]:
        for a, b, c in zip(first, again, other, strict=True):
            np.testing.assert_array_equal(a, b)
            assert np.all(a == 0) or not np.any(a == c)


@pytest.mark.parametrize("cell", ["simple_rnn", "lstm", "gru"])
def test_explicit_zeros_change_nothing(cell):
    reset, zeros = (sums.build_digit_adder(cell=cell, units=8, seed=1, state=state) for state in ("reset", "zeros"))
    np.testing.assert_array_equal(values(reset, questions()), values(zeros, questions()))


@pytest.mark.parametrize("cell", ["simple_rnn", "lstm"])
def test_carry_starts_where_the_last_batch_ended(cell):
    reset = sums.build_digit_adder(cell=cell, units=8, seed=1)
    carry = sums.build_digit_adder(cell=cell, units=8, seed=1, state="carry", batch_size=6)
    assert len(state_variables(carry)) == (4 if cell == "lstm" else 2)
    first, second = questions(seed=1), questions(seed=2)
    np.testing.assert_allclose(values(carry, first), values(reset, first), atol=1e-5)
    assert max(np.abs(state).max() for state in get_state(carry)) > 0.01
    as_one = values(reset, np.concatenate([first, second], axis=1))
    np.testing.assert_allclose(values(carry, second), as_one[:, 6:], atol=1e-5)
    assert np.abs(as_one[:, 6:] - values(reset, second)).max() > 1e-3


@pytest.mark.parametrize("cell", ["simple_rnn", "lstm"])
def test_initial_states_are_fixed_and_the_same_for_every_question(cell):
    model = sums.build_digit_adder(cell=cell, units=8, seed=1, initial_state="normal")
    reset = sums.build_digit_adder(cell=cell, units=8, seed=1)
    states = [layer for layer in model.layers if layer.name.startswith("initial_")]
    parts = ("_h", "_c") if cell == "lstm" else ("",)
    assert {layer.name for layer in states} == {f"initial_state_{layer}{part}" for layer in (1, 2) for part in parts}
    vectors = {layer.name: layer.get_weights()[0] for layer in states}
    assert len({tuple(vector[0]) for vector in vectors.values()}) == len(states)
    x = questions()
    same = values(model, np.repeat(x[:1], 4, axis=0))
    np.testing.assert_allclose(same, same[[1, 2, 3, 0]], atol=1e-5)
    twin = sums.build_streaming_adder(cell=cell, units=8)
    twin.set_weights(reset.get_weights())
    starts = [np.repeat(vectors[f"initial_{tensor.name}"], 6, axis=0) for tensor in twin.inputs[1:]]
    expected = keras.ops.convert_to_numpy(twin([x, *starts])[0])
    np.testing.assert_allclose(values(model, x), expected, atol=1e-5)
    assert np.abs(expected - values(reset, x)).max() > 1e-2
    assert len(model.trainable_variables) == len(reset.trainable_variables)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=[exact])
    logs = model.fit(x, x.sum(-1) % 10, verbose=0).history
    assert logs["exact"] == [0]
    for layer in states:
        np.testing.assert_array_equal(layer.get_weights()[0], vectors[layer.name])


@pytest.mark.parametrize(
    ("initial_state", "deviation"), [("normal", 1), ("normal10", 10), ("xavier", 1 / 20), ("he", np.sqrt(2) / 20)]
)
def test_deviation_of_initial_states(initial_state, deviation):
    model = sums.build_digit_adder(units=400, num_layers=1, seed=1, initial_state=initial_state)
    vector = model.get_layer("initial_state_1").get_weights()[0]
    assert vector.shape == (1, 400)
    assert np.std(vector) == pytest.approx(deviation, rel=0.15)
    assert abs(np.mean(vector)) < deviation / 5


@pytest.mark.parametrize("cell", ["simple_rnn", "lstm", "gru", None])
def test_chunk_by_chunk_equals_the_whole(cell):
    model = sums.build_digit_adder(cell=cell, units=8, embedding_dim=4, seed=1)
    twin = sums.build_streaming_adder(cell=cell, units=8, embedding_dim=4)
    twin.set_weights(model.get_weights())
    a, b = sums.draw_operands(5, 22, half="all", rng=generator())
    whole = values(model, sums.encode(a, b))
    states = [np.zeros((5, 8), "float32") for _ in twin.inputs[1:]]
    chunks = []
    for left in range(0, 23, 10):
        outputs = keras.tree.flatten(twin([sums.encode(a, b)[:, left : left + 10], *states]))
        logits, *states = map(keras.ops.convert_to_numpy, outputs)
        chunks.append(logits)
    np.testing.assert_allclose(np.concatenate(chunks, axis=1), whole, atol=1e-5)
    for options in ({}, {"chunk": 7, "batch_size": 2}, {"chunk": 1, "batch_size": 1}):
        np.testing.assert_array_equal(sums.answers(twin, a, b, **options), whole.argmax(-1))


def exact_adder() -> keras.Model:
    """A twin made by hand, of units that each know whether a column sums to at least so much, carry included."""
    twin = sums.build_streaming_adder(units=20, num_layers=1, embedding_dim=1, activation="hard_sigmoid")
    sharp = 60.0
    # Unit k is 1 where the digits and the carry sum to at least k; the carry is the old value of unit 10.
    kernel = np.full((2, 20), sharp)
    recurrent = np.zeros((20, 20))
    recurrent[10] = sharp
    bias = sharp * (0.5 - np.arange(20))
    logits = np.zeros((20, 10))
    for number in range(20):
        logits[number, number % 10] += 1
        if number:
            logits[number, (number - 1) % 10] -= 1
    twin.set_weights([np.arange(10.0)[:, None], kernel, recurrent, bias, logits, np.zeros(10)])
    return twin


@pytest.mark.parametrize("spoiled", [False, True])
def test_a_network_that_adds_is_asked_very_long_sums(spoiled, monkeypatch):
    monkeypatch.setattr(exam, "MANY", 7)
    twin = exact_adder()
    if spoiled:
        twin.layers[-1].bias.assign(100 * np.eye(10)[3])
    right, wrong_at = exam.examine(twin, [3000, 50])
    names = [f"right_{digits}_{kind}" for digits in (50, 3000) for kind in ("random", "carry_chains")]
    np.testing.assert_equal(right, dict(zip(names, [0, 0, np.nan, np.nan] if spoiled else [1] * 4, strict=True)))
    for wrong in wrong_at.values():
        assert wrong.shape == (7,)
        assert (wrong < 51).all() if spoiled else (wrong == 51).all()


def test_answers_compile_one_shape():
    twin = exact_adder()
    shapes = []
    predict = twin.predict_on_batch
    twin.predict_on_batch = lambda x: shapes.append(x[0].shape) or predict(x)
    sums.answers(twin, *sums.carry_chains(7, 50, rng=generator()), chunk=20, batch_size=4)
    assert shapes == [(4, 17, 2)] * 6
    assert twin.jit_compile is True


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"units": 2.5}, "units: expected an integer of at least 1, got 2.5"),
        ({"cell": "rnn"}, "cell: expected"),
        ({"num_layers": -1}, "num_layers: expected an integer of at least 0, got -1"),
        ({"embedding_dim": 0}, "embedding_dim: expected"),
        ({"activation": "nonsense"}, "activation: expected the name of a Keras activation or None, got 'nonsense'"),
        ({"activation": len}, "activation: expected"),
        ({"length": 0}, "length: expected an integer of at least 1, got 0"),
        ({"batch_size": 0}, "batch_size: expected an integer of at least 1, got 0"),
        ({"state": "carried"}, "state: expected one of reset, zeros, carry, got 'carried'"),
        ({"initial_state": "ones"}, "initial_state: expected one of zeros, normal, normal10, xavier, he, got 'ones'"),
        ({"state": "carry"}, "batch_size: expected an integer of at least 1 where state is carry, got None"),
        ({"state": "zeros", "initial_state": "he"}, "initial_state: expected zeros where state is zeros, got he"),
        ({"cell": None, "state": "zeros"}, "state, initial_state: expected reset, zeros without recurrent layers, got zeros"),
        ({"num_layers": 0, "initial_state": "he"}, "state, initial_state: expected reset, zeros without recurrent layers"),
    ],
)
def test_builders_refuse(wrong, message):
    builders = [sums.build_digit_adder, sums.build_streaming_adder]
    for build in builders if not set(wrong) & {"length", "batch_size", "state", "initial_state"} else builders[:1]:
        with pytest.raises(ValueError, match=f"^{message}"):
            build(**wrong)
