"""rnnlab.by_hand against its two oracles: central differences in float64, and Keras given the same weights."""

from __future__ import annotations

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlab import by_hand
from rnnlab.by_hand import central_differences, lstm, network, relative_errors, single_step

SIZES = st.integers(1, 3)


def differences(function, arrays):
    """Central differences of two steps, from which what is of the order of step² is taken out."""
    near, far = (central_differences(function, arrays, step=step) for step in (1e-3, 2e-3))
    return {name: (4 * near[name] - far[name]) / 3 for name in near}


def worst(gradients, function, arrays):
    errors = relative_errors(gradients, differences(function, arrays), floor=1e-6)
    return {name: error.max() for name, error in errors.items() if error.max() > 1e-6}


def weights_of(rng, inputs, hidden):
    shapes = {"W": (hidden + inputs, hidden), "b": (hidden,)}
    return {f"{kind}_{gate}": rng.normal(size=shape) for kind, shape in shapes.items() for gate in "fico"}


def problem(rng, *, batch, time, layers=1, vocabulary=4, embedding=2, hidden=3):
    """Tokens, targets, parameters and states, all of them random."""
    p = network.draw(rng, vocabulary_size=vocabulary, embedding_dim=embedding, hidden=hidden, num_layers=layers)
    p = {name: value + 0.2 * rng.normal(size=value.shape) for name, value in p.items()}
    states = {name: rng.normal(size=value.shape) for name, value in network.zero_states(p, batch).items()}
    tokens, targets = rng.integers(0, vocabulary, (2, batch, time))
    return tokens, targets, p, states


def test_needs_nothing_but_numpy():
    code = "import sys; import rnnlab.by_hand; print({name.split('.')[0] for name in sys.modules} & {'keras', 'tensorflow'})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


@given(SIZES, st.integers(1, 4), SIZES, SIZES, st.integers(0, 2**32 - 1))
@settings(max_examples=12, deadline=None)
def test_layer_against_central_differences(batch, time, inputs, hidden, seed):
    rng = np.random.default_rng(seed)
    shapes = {"x": (batch, time, inputs), "h0": (batch, hidden), "c0": (batch, hidden)}
    arrays = weights_of(rng, inputs, hidden) | {name: rng.normal(size=shape) for name, shape in shapes.items()}
    weight = rng.normal(size=(batch, time, hidden))

    def loss(a):
        return float((weight * lstm.forward(a["x"], a["h0"], a["c0"], a)[0]).sum())

    _, steps = lstm.forward(arrays["x"], arrays["h0"], arrays["c0"], arrays)
    gradients = lstm.backward(weight, steps, arrays)
    assert gradients.keys() == arrays.keys()
    assert not worst(gradients, loss, arrays)


@pytest.mark.parametrize(
    ("batch", "time", "layers", "hidden"), [(1, 1, 1, 1), (1, 1, 2, 3), (3, 4, 1, 3), (1, 4, 2, 2), (2, 3, 3, 2), (2, 5, 2, 3)]
)
def test_network_against_central_differences(batch, time, layers, hidden):
    rng = np.random.default_rng([batch, time, layers, hidden])
    tokens, targets, p, states = problem(rng, batch=batch, time=time, layers=layers, hidden=hidden)
    _, trace = network.forward(tokens, targets, p, states)
    gradients = network.backward(trace, p)
    assert gradients.keys() == p.keys() | states.keys() | {"x"}
    assert not worst(gradients, lambda a: network.forward(tokens, targets, a, a)[0], p | states)

    x = {"x": p["embedding"][tokens]}
    assert not worst(gradients, lambda a: network.forward_vectors(a["x"], targets, p, states)[0], x)


@pytest.mark.parametrize("name", ["layer_1.W_f", "layer_2.b_o", "layer_1.c0", "embedding", "output.W"])
def test_the_check_finds_a_gradient_that_is_wrong_by_a_thousandth(name):
    tokens, targets, p, states = problem(np.random.default_rng(1), batch=2, time=3, layers=2)
    gradients = network.backward(network.forward(tokens, targets, p, states)[1], p)
    gradients[name] = gradients[name] * 1.001
    assert list(worst(gradients, lambda a: network.forward(tokens, targets, a, a)[0], p | states)) == [name]


QUANTITIES = ("o", "c", "f", "i", "c_tilde", "c_prev", *(f"{kind}_{gate}" for kind in ("a", "W", "b") for gate in "fico"))


def h_of(p, x, h_prev, c_prev, given):
    """h of one step, written anew, where the given quantities stand in place of what the step would compute."""
    v = {**p, "x": x, "h_prev": h_prev, "c_prev": c_prev, **given}
    z = np.concatenate([v["h_prev"], v["x"]])
    a = {gate: v.get(f"a_{gate}", z @ v[f"W_{gate}"] + v[f"b_{gate}"]) for gate in "fico"}
    f, i, o = (v.get(gate, 1 / (1 + np.exp(-a[gate]))) for gate in "fio")
    c = v.get("c", f * v["c_prev"] + i * v.get("c_tilde", np.tanh(a["c"])))
    return o * np.tanh(c)


@pytest.fixture(scope="module", params=[(2, 3), (1, 1), (4, 2)], ids=str)
def one_step(request):
    inputs, hidden = request.param
    rng = np.random.default_rng(request.param)
    p = weights_of(rng, inputs, hidden)
    x, h_prev, c_prev = rng.normal(size=inputs), rng.normal(size=hidden), rng.normal(size=hidden)
    return lstm.step(x, h_prev, c_prev, p), p


def check_jacobian(jacobian, h, value):
    for unit, row in enumerate(jacobian):
        assert not worst({"v": row}, lambda arrays, unit=unit: float(h(arrays["v"])[unit]), {"v": value})


@pytest.mark.parametrize("name", [*QUANTITIES, "h_prev", "x"])
def test_single_step_derivatives(name, one_step):
    s, p = one_step
    a = {f"a_{gate}": s.z @ p[f"W_{gate}"] + p[f"b_{gate}"] for gate in "fico"}
    value = {**p, **s._asdict(), **a}[name]
    derivative = getattr(single_step, f"dh_d{name}")
    jacobian = derivative(s, p) if name in ("h_prev", "x") else derivative(s)
    assert jacobian.shape == s.h.shape + value.shape
    check_jacobian(jacobian, lambda v: h_of(p, s.x, s.h_prev, s.c_prev, {name: v}), value)


def test_total_derivative_by_the_cell_before(one_step):
    s, p = one_step
    o_prev = np.linspace(0.2, 0.9, len(s.h))
    step = lstm.step(s.x, o_prev * np.tanh(s.c_prev), s.c_prev, p)
    total = single_step.dh_dc_prev_total(step, p, o_prev)
    check_jacobian(total, lambda c: lstm.step(s.x, o_prev * np.tanh(c), c, p).h, s.c_prev)
    assert np.abs(total - single_step.dh_dc_prev(step)).max() > 1e-3, "through the gates too"


def keras_lstm(p, **options):
    layer = keras.layers.LSTM(p["b_f"].size, return_sequences=True, dtype="float64", **options)
    layer.build((None, None, len(p["W_f"]) - p["b_f"].size))
    layer.set_weights(by_hand.to_keras(p))
    return layer


@pytest.mark.parametrize(("batch", "time", "inputs", "hidden"), [(1, 1, 1, 1), (3, 5, 2, 4), (2, 12, 5, 3)])
def test_layer_against_keras(batch, time, inputs, hidden):
    rng = np.random.default_rng([batch, time])
    p, x = weights_of(rng, inputs, hidden), rng.normal(size=(batch, time, inputs))
    h0, c0 = rng.normal(size=(2, batch, hidden))
    dh = rng.normal(size=(batch, time, hidden))
    h, steps = lstm.forward(x, h0, c0, p)
    gradients = lstm.backward(dh, steps, p)

    layer = keras_lstm(p, return_state=True)
    given = [tf.constant(value) for value in (x, h0, c0)]
    with tf.GradientTape() as tape:
        tape.watch(given)
        outputs, _, last_c = layer(given[0], initial_state=given[1:])
        loss = tf.reduce_sum(outputs * dh)
    *weights, dx, dh0, dc0 = tape.gradient(loss, [v.value for v in layer.trainable_variables] + given)
    theirs = by_hand.from_keras(*map(np.asarray, weights)) | {"x": dx, "h0": dh0, "c0": dc0}
    np.testing.assert_allclose(h, outputs, atol=1e-12)
    np.testing.assert_allclose(steps[-1].c, last_c, atol=1e-12)
    assert gradients.keys() == theirs.keys()
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, theirs[name], atol=1e-11, err_msg=name)


def test_training_against_keras_over_50_updates():
    """Keras reads one-hot vectors: of a token that a batch holds twice its Embedding hands the optimizer two gradients, which
    are squared one by one before they are added."""
    tokens, targets, p, _ = problem(np.random.default_rng(5), batch=3, time=6, layers=2, vocabulary=5, hidden=4)
    of_layer = [{name[8:]: value for name, value in p.items() if name.startswith(f"layer_{number}.")} for number in (1, 2)]
    vectors, output = keras.layers.Dense(2, use_bias=False, dtype="float64"), keras.layers.Dense(5, dtype="float64")
    model = keras.Sequential([keras.Input((None, 5)), vectors, *map(keras_lstm, of_layer), output])
    vectors.set_weights([p["embedding"]])
    output.set_weights([p["output.W"], p["output.b"]])
    model.compile(keras.optimizers.Adam(2**-6), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    optimizer, losses = by_hand.Adam(rate=2**-6), []
    for _ in range(50):
        loss, trace = network.forward(tokens, targets, p)
        optimizer.update(p, network.backward(trace, p))
        losses.append((loss, float(model.train_on_batch(np.eye(5)[tokens], targets))))
    ours, theirs = np.array(losses).T
    assert ours[-1] < 0.5 * ours[0]
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    np.testing.assert_allclose(p["embedding"], vectors.get_weights()[0], atol=1e-5)


@given(SIZES, SIZES, st.integers(0, 2**32 - 1))
def test_weights_to_keras_and_back(inputs, hidden, seed):
    p = weights_of(np.random.default_rng(seed), inputs, hidden)
    kernel, recurrent_kernel, bias = by_hand.to_keras(p)
    assert (kernel.shape, recurrent_kernel.shape, bias.shape) == ((inputs, 4 * hidden), (hidden, 4 * hidden), (4 * hidden,))
    np.testing.assert_equal(by_hand.from_keras(kernel, recurrent_kernel, bias), p)


# Ours, and the same in Keras, which takes settings through float32: that holds sums of few powers of two exactly.
ADAM = {"beta_1": 7 / 8, "beta_2": 1 - 2**-8}
OPTIMIZERS = {
    "SGD": ({}, "SGD", {}),
    "Momentum": ({"beta": 0.75}, "SGD", {"momentum": 0.75}),
    "AdaGrad": ({"start": 1 / 8}, "Adagrad", {"initial_accumulator_value": 1 / 8}),
    "RMSprop": ({"rho": 7 / 8}, "RMSprop", {"rho": 7 / 8}),
    "Adam": (ADAM, "Adam", ADAM),
}


@pytest.mark.parametrize("epsilon", [2**-4, 2**-23])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_against_keras_over_50_updates(name, epsilon):
    settings, keras_name, keras_settings = OPTIMIZERS[name]
    also = {} if keras_name == "SGD" else {"epsilon": epsilon}
    ours = getattr(by_hand, name)(2**-6, **settings, **also)
    theirs = getattr(keras.optimizers, keras_name)(2**-6, **keras_settings, **also)
    rng = np.random.default_rng(3)
    w = {"W": rng.normal(size=(3, 2)), "b": rng.normal(size=4)}
    start, variables = dict(w), [keras.Variable(value, dtype="float64") for value in w.values()]
    for _ in range(50):
        g = {key: rng.normal(size=value.shape) for key, value in w.items()}
        g["W"] = g["W"] * [1, 1e-4]  # small gradients show where epsilon stands
        ours.update(w, g | {"x": np.zeros(7)})
        theirs.apply([tf.constant(value) for value in g.values()], variables)
    for variable, (key, value) in zip(variables, w.items(), strict=True):
        np.testing.assert_allclose(value, np.asarray(variable), rtol=1e-12, atol=1e-13)
        assert not np.array_equal(value, start[key])


@pytest.mark.parametrize("name", sorted(set(OPTIMIZERS) - {"Momentum"}))
def test_defaults_are_those_of_keras(name):
    config = getattr(keras.optimizers, OPTIMIZERS[name][1])().get_config()
    names = {"rate": "learning_rate", "start": "initial_accumulator_value"}
    settings = {key: value for key, value in vars(getattr(by_hand, name)()).items() if isinstance(value, float)}
    assert settings == pytest.approx({key: config[names.get(key, key)] for key in settings})
    assert "rate" in settings


def test_nothing_overflows():
    far = np.array([-1e4, 0.0, 1e4])
    assert lstm.sigmoid(far).tolist() == [0, 0.5, 1]
    tokens, targets, p, states = problem(np.random.default_rng(0), batch=2, time=3)
    p["output.b"] = np.array([1e4, -1e4, 0, 0])
    loss, trace = network.forward(tokens, np.ones_like(targets), p, states)
    assert loss == pytest.approx(2e4, rel=1e-3)
    assert all(np.isfinite(gradient).all() for gradient in network.backward(trace, p).values())


def test_relative_errors_by_hand():
    errors = relative_errors({"a": np.array([0.0, 1.0, 2.0, 1e-9])}, {"a": np.array([0.0, 1.1, -2.0, 0.0])}, floor=1e-3)
    np.testing.assert_allclose(errors["a"], [0, 0.1 / 1.1, 2, 1e-6])
    assert relative_errors({"a": np.zeros(2)}, {"a": np.zeros(2)})["a"].tolist() == [0, 0]


TOKENS, TARGETS, P, _ = problem(np.random.default_rng(0), batch=2, time=3)
X, H0 = np.zeros((2, 3, 2)), np.zeros((2, 3))
LAYER = weights_of(np.random.default_rng(0), 2, 3)
NO_TOKENS = {"rng": np.random.default_rng(), "vocabulary_size": 0, "embedding_dim": 1, "hidden": 1}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lstm.forward(X[0], H0, H0, LAYER), r"x: expected shape \(batch, time, input\), none of them 0, got \(3, 2\)"),
        (lambda: lstm.forward(X[:, :0], H0, H0, LAYER), "x: expected shape .*, none of them 0"),
        (lambda: lstm.forward(X, H0[:1], H0, LAYER), r"h0: expected shape \(2, hidden\), got \(1, 3\)"),
        (lambda: lstm.forward(X, H0, H0[:1], LAYER), r"c0: expected an array of shape \(2, 3\), got \(1, 3\)"),
        (lambda: lstm.forward(X, H0, H0, LAYER | {"b_i": H0}), r"b_i: expected an array of shape \(3,\), got \(2, 3\)"),
        (lambda: lstm.forward(X, H0, H0, {}), r"W_f: expected an array of shape \(5, 3\), got none"),
        (lambda: lstm.backward(H0, lstm.forward(X, H0, H0, LAYER)[1], LAYER), r"dh: expected .* \(2, 3, 3\), got \(2, 3\)"),
        (lambda: network.forward(TOKENS + 9, TARGETS, P), "tokens: expected integers from 0 to 3, got "),
        (lambda: network.forward(TOKENS * 1.0, TARGETS, P), r"tokens: expected integers of shape \(batch, time\), got float64"),
        (lambda: network.forward(TOKENS, TARGETS[:, 1:], P), r"targets: expected integers of shape \(2, 3\), got .* \(2, 2\)"),
        (lambda: network.forward(TOKENS, TARGETS - 9, P), "targets: expected integers from 0 to 3, got -"),
        (lambda: network.forward(TOKENS, TARGETS, {}), r"embedding: expected shape \(vocabulary, embedding\), got \(0,\)"),
        (lambda: network.forward(TOKENS, TARGETS, P, {}), r"layer_1.h0: expected an array of shape \(2, 3\), got none"),
        (lambda: network.draw(**NO_TOKENS), "vocabulary_size: expected an integer of at least 1, got 0"),
        (lambda: by_hand.Adam().update({"a": H0}, {}), r"a: expected an array of shape \(2, 3\), got none"),
        (lambda: by_hand.SGD().update({"a": H0}, {"a": H0[0]}), r"a: expected an array of shape \(2, 3\), got \(3,\)"),
        (lambda: central_differences(lambda a: 0.0, {"a": H0}, step=0), "step: expected a number above 0, got 0"),
        (lambda: central_differences(lambda a: 0.0, {"a": H0 > 0}), "a: expected an array of float64, got bool"),
        (lambda: by_hand.from_keras(X[0], H0, H0[0]), r"kernel: expected an array of shape \(3, 8\), got \(3, 2\)"),
        (lambda: by_hand.to_keras({}), r"W_i: expected an array of shape \(0, 0\), got none"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
