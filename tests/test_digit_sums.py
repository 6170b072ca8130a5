"""rnnlab.digit_sums: exact arithmetic on digits, questions with long carries, the aligned adder and its streaming twin."""

from __future__ import annotations

import time

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlab import digit_sums as sums
from rnnlab.metrics import exact
from rnnlab.state import get_state, state_variables

NUMBERS = st.one_of(
    st.integers(0, 10**30), st.integers(0, 30).map(lambda n: 10**n - 1), st.integers(0, 30).map(lambda n: 10**n)
)


def generator(seed=0):
    return np.random.default_rng(seed)


def values(model, x):
    return keras.ops.convert_to_numpy(model(x))


# Exact arithmetic


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=8))
def test_digits_add_as_integers_do(pairs):
    a, b = (sums.digits_of(column, 32) for column in zip(*pairs, strict=True))
    assert (a.shape, a.dtype) == ((len(pairs), 32), np.int8)
    assert sums.number_of(a) == [pair[0] for pair in pairs]
    total = sums.add(a, b)
    assert total.dtype == np.int8
    assert sums.number_of(total) == [sum(pair) for pair in pairs]


def _longest(a, b):
    """The longest carry of one sum, by walking along it as a child does."""
    longest = run = 0
    for total in (int(x) + int(y) for x, y in zip(a, b, strict=True)):
        run = 1 if total > 9 else run + 1 if total == 9 and run else 0
        longest = max(longest, run)
    return longest


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_carry_lengths_are_those_of_a_walk(length, seed):
    for a, b in (sums.carry_chains(8, length, rng=generator(seed)), sums.carry_rich(8, length, 0.0, rng=generator(seed))):
        assert sums.carry_lengths(a, b).tolist() == [_longest(*pair) for pair in zip(a, b, strict=True)]


def test_known_digits():
    np.testing.assert_array_equal(sums.digits_of([305, 0], 4), [[5, 0, 3, 0], [0, 0, 0, 0]])
    assert sums.number_of(sums.digits_of([np.int64(12)], 2)) == [12]
    a, b = sums.digits_of([995, 1, 50, 0], 4), sums.digits_of([5, 1, 60, 0], 4)
    assert sums.number_of(sums.add(a, b)) == [1000, 2, 110, 0]
    assert sums.carry_lengths(a, b).tolist() == [3, 0, 1, 0]


@pytest.mark.parametrize("length", [100, 1000, 5000])
def test_long_sums(length):
    a, b = sums.draw_operands(10, length, half="upper", rng=generator(), variant="as_claimed")
    chains = sums.carry_chains(10, length, rng=generator())
    a, b = np.concatenate([a, chains[0]]), np.concatenate([b, chains[1]])
    total = sums.add(a, b)
    assert sums.number_of(total) == [x + y for x, y in zip(sums.number_of(a), sums.number_of(b), strict=True)]
    assert sums.number_of(total)[10] == 10**length
    np.testing.assert_array_equal(sums.digits_of(sums.number_of(total), length + 1), total)


@pytest.mark.parametrize(("count", "length"), [(4000, 1000), (20, 100_000)])
def test_long_sums_take_no_time(count, length):
    a, b = sums.draw_operands(count, length, half="all", rng=generator(), variant="as_claimed")
    start = time.perf_counter()
    sums.add(a, b)
    sums.carry_lengths(a, b)
    assert time.perf_counter() - start < 2


# Questions


@pytest.mark.parametrize(("variant", "digits"), [("as_run", 2), ("as_claimed", 3)])
@pytest.mark.parametrize(("half", "low", "high"), [("lower", 0, 0.5), ("upper", 0.5, 1), ("all", 0, 1)])
def test_operands_fill_their_range(variant, digits, half, low, high):
    a, b = sums.draw_operands(20_000, 3, half=half, rng=generator(), variant=variant)
    assert a.shape == b.shape == (20_000, 4)
    assert np.any(a != b)
    for operand in (a, b):
        drawn = np.array(sums.number_of(operand))
        first, last = int(low * 10**digits), int(high * 10**digits) - 1
        assert (drawn.min(), drawn.max()) == (first, last)
        expected = len(drawn) / (last - first + 1)
        counts = np.bincount(drawn - first)
        assert np.sum((counts - expected) ** 2 / expected) < len(counts) + 5 * np.sqrt(2 * len(counts))


def test_low_digits_of_long_operands_are_random():
    a, b = sums.draw_operands(2000, 70, half="lower", rng=generator())
    for operand in (a, b):
        assert operand.shape == (2000, 71)
        assert np.all(operand[:, 69:] == 0)
        for column in range(68):
            assert np.bincount(operand[:, column], minlength=10).min() > 140
        assert set(operand[:, 68]) == {0, 1, 2, 3, 4}


def test_operands_of_one_digit():
    for variant, maxlen in (("as_run", 2), ("as_claimed", 1)):
        a, _ = sums.draw_operands(200, maxlen, half="upper", rng=generator(), variant=variant)
        assert set(sums.number_of(a)) == {5, 6, 7, 8, 9}


def test_carry_chains_chain():
    length = 60
    a, b = sums.carry_chains(1000, length, rng=generator())
    assert a.shape == b.shape == (1000, length + 1)
    assert (sums.number_of(a[:1]), sums.number_of(b[:1])) == ([10**length - 1], [1])
    carried = sums.carry_lengths(a, b)
    assert carried[0] == length
    assert carried.min() >= 1
    assert np.median(carried) > 8
    assert len(set(carried)) > 40, "short, middling and long"
    usual = sums.carry_lengths(*sums.draw_operands(1000, length, half="all", rng=generator(), variant="as_claimed"))
    assert np.median(carried) > 4 * np.median(usual)
    total = (a + b)[:, :length]
    assert np.all(total[:, 0] >= 10)
    assert 0.7 < np.mean(total == 9) < 0.9
    starts, stops = np.mean(total[:, 1:] > 9), np.mean(total[:, 1:] < 9)
    assert 0.8 < starts / stops < 1.25
    assert 0.45 < np.mean((a > b)[:, 1:length]) < 0.55, "neither operand is special"


def test_chains_of_one_column():
    a, b = sums.carry_chains(50, 1, rng=generator())
    assert np.all(a[:, 0] + b[:, 0] >= 10)
    assert np.all(sums.add(a, b)[:, 1] == 1)


def test_carry_rich_mixes():
    plain, half, chains = (
        np.mean(sums.carry_lengths(*sums.carry_rich(2000, 20, share, rng=generator())) > 6) for share in (0, 0.5, 1)
    )
    assert plain < 0.01 < 0.1 < half < 0.8 * chains
    a, b = sums.carry_rich(10_000, 20, 0.5, rng=generator())
    assert a.shape == (10_000, 21)
    assert np.all(a[:, 20] + b[:, 20] == 0)
    long = sums.carry_lengths(a, b) > 6
    assert 0.8 < np.mean(long[:5000]) / np.mean(long[5000:]) < 1.25, "shuffled"
    lengths = 21 - np.argmax((a + b)[:, ::-1] > 0, axis=1)
    assert 0.75 < np.mean(lengths == 20) < 0.85
    assert np.bincount(lengths, minlength=21)[1:20].min() > 60, "shorter ones of every length"


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: sums.draw_operands(20, 5, half="lower", rng=rng),
        lambda rng: sums.carry_chains(20, 5, rng=rng),
        lambda rng: sums.carry_rich(20, 5, 0.5, rng=rng),
    ],
)
def test_a_generator_fixes_the_questions(draw):
    first, again, other = (np.stack(draw(generator(seed))) for seed in (1, 1, 2))
    assert first.dtype == np.int8
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


def test_encode():
    x = sums.encode(sums.digits_of([12, 5], 3), sums.digits_of([340, 6], 3))
    assert x.dtype == np.int32
    assert x.tolist() == [[[2, 0], [1, 4], [0, 3]], [[5, 6], [0, 0], [0, 0]]]


def test_first_wrong():
    right = sums.digits_of([123, 123, 123], 4)
    given_digits = sums.digits_of([123, 124, 1123], 4)
    assert sums.first_wrong(right, given_digits).tolist() == [4, 0, 3]


# The network


def questions(count=6, maxlen=5, seed=0):
    a, b = sums.draw_operands(count, maxlen, half="all", rng=generator(seed))
    return sums.encode(a, b)


@pytest.mark.parametrize(
    ("options", "parameters"),
    [
        ({}, 320 + 2 * (64 * 64 + 64 * 64 + 64) + 650),
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


def test_digits_start_as_vectors_of_deviation_1():
    vectors = sums.build_digit_adder(embedding_dim=100, seed=1).get_layer("vectors").get_weights()[0]
    assert vectors.shape == (10, 100)
    assert np.std(vectors) == pytest.approx(1, abs=0.1)


def test_layers_have_stable_names():
    for _ in range(2):
        names = [layer.name for layer in sums.build_digit_adder(length=6, num_layers=1).layers]
        assert names == ["digits", "vectors", "columns", "recurrent_1", "logits"]


def test_activation():
    assert sums.build_digit_adder(activation="relu").get_layer("recurrent_2").activation is keras.activations.relu
    assert sums.build_digit_adder().get_layer("recurrent_2").activation is keras.activations.tanh


@pytest.mark.parametrize("initial_state", ["zeros", "xavier"])
def test_same_seed_same_weights(initial_state):
    first, again, other = (
        sums.build_digit_adder(units=8, initial_state=initial_state, seed=seed).get_weights() for seed in (1, 1, 2)
    )
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert np.all(a == 0) or not np.any(a == c)


def test_settings_beside_the_seed_leave_the_weights():
    plain = sums.build_digit_adder(units=8, seed=1)
    for options in ({"state": "zeros"}, {"state": "carry", "batch_size": 3}, {"activation": "relu"}, {"length": 9}):
        for a, b in zip(plain.get_weights(), sums.build_digit_adder(units=8, seed=1, **options).get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_global_generators():
    import random

    def draw():
        keras.utils.set_random_seed(3)
        return sums.build_digit_adder(units=8).get_weights()

    for a, b, c in zip(draw(), draw(), sums.build_digit_adder(units=8).get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
        assert np.all(a == 0) or not np.any(a == c)
    before = random.getstate(), np.random.get_state()[1].copy()
    sums.build_digit_adder(units=8, initial_state="normal", seed=1)
    assert random.getstate() == before[0]
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])


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


# The streaming twin


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


@pytest.mark.parametrize(("count", "length", "options"), [(7, 50, {}), (7, 50, {"chunk": 8, "batch_size": 3}), (2, 3000, {})])
def test_answers_of_a_network_that_adds(count, length, options):
    a, b = sums.carry_chains(count, length, rng=generator())
    given_digits = sums.answers(exact_adder(), a, b, **options)
    assert (given_digits.shape, given_digits.dtype) == ((count, length + 1), np.int8)
    assert np.all(sums.first_wrong(sums.add(a, b), given_digits) == length + 1)


def test_answers_compile_one_shape():
    twin = exact_adder()
    shapes = []
    predict = twin.predict_on_batch
    twin.predict_on_batch = lambda x: shapes.append(x[0].shape) or predict(x)
    sums.answers(twin, *sums.carry_chains(7, 50, rng=generator()), chunk=20, batch_size=4)
    assert shapes == [(4, 17, 2)] * 6
    assert twin.jit_compile is True


# Errors


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sums.digits_of([1, -1], 3), "numbers: expected integers of at least 0, got a negative one at index 1"),
        (lambda: sums.digits_of([1000], 3), "numbers: expected at most 3 digits, got 4 at index 0"),
        (lambda: sums.digits_of([1.0], 3), "numbers: expected integers, got 1.0 at index 0"),
        (lambda: sums.digits_of([True], 3), "numbers: expected integers, got True"),
        (lambda: sums.digits_of([], 3), "numbers: expected at least one, got none"),
        (lambda: sums.digits_of([1], 0), "length: expected an integer of at least 1, got 0"),
        (
            lambda: sums.number_of(np.array([1, 2])),
            r"digits: expected integers of shape \(n, length\), got int64 of shape \(2,\)",
        ),
        (lambda: sums.number_of(np.array([[1.0]])), "digits: expected integers of shape"),
        (lambda: sums.number_of(np.array([[3, 10]])), "digits: expected digits from 0 to 9, got numbers from 3 to 10"),
        (lambda: sums.add(np.array([[-1]]), np.array([[1]])), "a: expected digits from 0 to 9"),
        (lambda: sums.add(np.array([[1]]), np.array([[1, 2]])), r"b: expected the shape of a, \(1, 1\), got \(1, 2\)"),
        (lambda: sums.add(np.array([[5, 9]]), np.array([[5, 0]])), "a, b: expected sums of at most 2 digits, got a carry"),
        (lambda: sums.first_wrong(np.array([[1]]), np.array([[11]])), "given: expected digits from 0 to 9"),
        (lambda: sums.draw_operands(0, 3, half="all", rng=generator()), "count: expected an integer of at least 1, got 0"),
        (lambda: sums.draw_operands(1, 1, half="all", rng=generator()), "maxlen: expected an integer of at least 2, got 1"),
        (lambda: sums.draw_operands(1, 3, half="both", rng=generator()), "half: expected one of lower, upper, all, got 'both'"),
        (
            lambda: sums.draw_operands(1, 3, half="all", rng=generator(), variant="as"),
            "variant: expected one of as_run, as_claimed, got 'as'",
        ),
        (lambda: sums.carry_rich(1, 0, 0.5, rng=generator()), "maxlen: expected an integer of at least 1, got 0"),
        (lambda: sums.carry_chains(1, 2.0, rng=generator()), "length: expected an integer of at least 1, got 2.0"),
        (lambda: sums.carry_rich(1, 2, 1.5, rng=generator()), "share: expected a number from 0 to 1, got 1.5"),
        (lambda: sums.carry_rich(1, 2, "1", rng=generator()), "share: expected a number from 0 to 1, got '1'"),
        (lambda: sums.answers(None, np.array([[1]]), np.array([[1]]), chunk=0), "chunk: expected an integer of at least 1"),
    ],
)
def test_refuses(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


@pytest.mark.parametrize(
    "wrong",
    [
        {"units": 0},
        {"units": 2.5},
        {"cell": "rnn"},
        {"num_layers": -1},
        {"embedding_dim": 0},
        {"activation": "nonsense"},
        {"activation": len},
    ],
)
def test_builders_refuse(wrong):
    for build in (sums.build_digit_adder, sums.build_streaming_adder):
        with pytest.raises(ValueError, match=f"^{next(iter(wrong))}: expected"):
            build(**wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"length": 0}, "length: expected an integer of at least 1, got 0"),
        ({"batch_size": 0}, "batch_size: expected an integer of at least 1, got 0"),
        ({"state": "carried"}, "state: expected one of reset, zeros, carry, got 'carried'"),
        ({"initial_state": "ones"}, "initial_state: expected one of zeros, normal, normal10, xavier, he, got 'ones'"),
        ({"state": "carry"}, "batch_size: expected an integer of at least 1 where state is carry, got None"),
        ({"state": "zeros", "initial_state": "he"}, "initial_state: expected zeros where state is zeros, got he"),
        (
            {"cell": None, "state": "zeros"},
            "state, initial_state: expected reset, zeros without recurrent layers, got zeros, zeros",
        ),
        ({"num_layers": 0, "initial_state": "he"}, "state, initial_state: expected reset, zeros without recurrent layers"),
    ],
)
def test_builder_refuses(wrong, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        sums.build_digit_adder(**wrong)
