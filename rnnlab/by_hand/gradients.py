"""Every gradient against two oracles: central differences in float64, and Keras with the same weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from rnnlab.by_hand import network
from rnnlab.by_hand.check import central_differences, relative_errors
from rnnlab.by_hand.keras_weights import from_keras, to_keras
from rnnlab.by_hand.lstm import Arrays

CHECKED = {"vocabulary_size": 4, "embedding_dim": 2, "hidden": 3}  # input 2 and hidden 3 as published, with T = 4
PUBLISHED_MEAN = 3.2e-7  # mean relative error of a published course report: input 2, hidden 3, T = 4, step 1e-7
PUBLISHED_STEP = 1e-7
STEPS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, PUBLISHED_STEP, 1e-8, 1e-9)


class Checks(NamedTuple):
    """Checks of gradients, one problem a seed.

    Attributes:
        gradients: columns seed, parameter, numbers, mean_error and worst_error at `PUBLISHED_STEP`, keras_difference.
        by_step: columns seed, step, mean_error, the mean relative error over all numbers.
        output_difference: the largest between our outputs and those of Keras.
    """

    gradients: pd.DataFrame
    by_step: pd.DataFrame
    output_difference: float


def check(seeds: Sequence[int]) -> Checks:
    """Checks the gradients of all parameters, states and inputs, which takes a fraction of a second a seed."""
    gradients, by_step, outputs = [], [], []
    for seed in seeds:
        tokens, targets, a = small_problem(seed)
        _, trace = network.forward(tokens, targets, a, a)
        ours = network.backward(trace, a)
        theirs, their_h = keras_gradients(tokens, targets, a)
        outputs.append(float(np.abs(trace.h - their_h).max()))
        for step in STEPS:
            errors = relative_errors(ours, _differences(tokens, targets, a, step))
            by_step.append((seed, step, np.concatenate([error.ravel() for error in errors.values()]).mean()))
            for name, error in errors.items() if step == PUBLISHED_STEP else ():
                difference = np.abs(ours[name] - theirs[name]).max()
                gradients.append((seed, name, error.size, error.mean(), error.max(), difference))
    names = ["seed", "parameter", "numbers", "mean_error", "worst_error", "keras_difference"]
    steps = pd.DataFrame(by_step, columns=["seed", "step", "mean_error"])
    return Checks(pd.DataFrame(gradients, columns=names), steps, max(outputs))


def small_problem(seed: int, batch: int = 1) -> tuple[np.ndarray, np.ndarray, Arrays]:
    """Tokens, targets, and parameters with states, of the size at which gradients are checked; T is that of the vocabulary.

    A sequence holds each token once, so that no gradient of the embedding is an idle zero.
    """
    rng = np.random.default_rng(seed)
    a = network.draw(rng, **CHECKED)
    a |= {name: rng.normal(size=zeros.shape) for name, zeros in network.zero_states(a, batch).items()}
    tokens, targets = rng.permuted(np.tile(np.arange(CHECKED["vocabulary_size"]), (2, batch, 1)), axis=-1)
    return tokens, targets, a


def _differences(tokens: np.ndarray, targets: np.ndarray, a: Arrays, step: float) -> Arrays:
    found = central_differences(lambda moved: network.forward(tokens, targets, moved, moved)[0], a, step=step)
    x = {"x": a["embedding"][tokens]}
    return found | central_differences(lambda moved: network.forward_vectors(moved["x"], targets, a, a)[0], x, step=step)


def keras_gradients(tokens: np.ndarray, targets: np.ndarray, a: Arrays) -> tuple[Arrays, np.ndarray]:
    """The gradients of `network.backward` and the outputs of the LSTM, by Keras and TensorFlow in float64."""
    check_backend()
    import keras
    import tensorflow as tf

    layer = keras.layers.LSTM(CHECKED["hidden"], return_sequences=True, dtype="float64")
    layer.build((None, None, CHECKED["embedding_dim"]))
    layer.set_weights(to_keras({name.removeprefix("layer_1."): value for name, value in a.items()}))
    values = {name: tf.constant(a[name]) for name in ("embedding", "output.W", "output.b", "layer_1.h0", "layer_1.c0")}
    with tf.GradientTape() as tape:
        tape.watch(list(values.values()))
        x = tf.gather(values["embedding"], tokens)
        h = layer(x, initial_state=[values["layer_1.h0"], values["layer_1.c0"]])
        logits = h @ values["output.W"] + values["output.b"]
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(targets, logits, from_logits=True))
    weights = [variable.value for variable in layer.trainable_variables]
    found = tape.gradient(loss, {**values, "x": x, "weights": weights})
    lstm = from_keras(*map(np.asarray, found.pop("weights")))
    gradients = {name: tf.convert_to_tensor(gradient).numpy() for name, gradient in found.items()}
    return gradients | {f"layer_1.{name}": gradient for name, gradient in lstm.items()}, h.numpy()


def check_backend() -> None:
    """ValueError where Keras runs on a backend other than TensorFlow."""
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ValueError(f"KERAS_BACKEND: expected tensorflow, got {keras.backend.backend()}")


def shapes() -> pd.DataFrame:
    """The lines of a forward and a backward pass with the shapes that they have with five sequences of the checked size."""
    tokens, targets, p = small_problem(0, batch=5)
    _, trace = network.forward(tokens, targets, p, p)
    g, s = network.backward(trace, p), trace.layers[0][0]
    forward = [
        ("tokens", "(batch, time)", tokens),
        ("x", "embedding[tokens]", p["embedding"][tokens]),
        ("z", "[h₋, x] at one t", s.z),
        ("f, i, o", "sigmoid(z @ W + b)", s.f),
        ("c̃", "tanh(z @ W_c + b_c)", s.c_tilde),
        ("c", "f ∘ c₋ + i ∘ c̃", s.c),
        ("h", "o ∘ tanh(c)", s.h),
        ("h, all t", "stacked over time", trace.h),
        ("y", "softmax(h @ W + b)", trace.y),
    ]
    backward = [
        ("d output.W", "Σ h.T @ (y - target) / (batch · time)", g["output.W"]),
        ("d W_f, W_i, W_c, W_o", "Σ z.T @ da", g["layer_1.W_f"]),
        ("d b_f, b_i, b_c, b_o", "Σ da", g["layer_1.b_f"]),
        ("d h0, d c0", "what goes back beyond t = 1", g["layer_1.h0"]),
        ("d x", "Σ da @ W.T, the columns of x", g["x"]),
        ("d embedding", "d x, added up by token", g["embedding"]),
    ]
    rows = [(name, formula, str(value.shape)) for name, formula, value in forward + backward]
    return pd.DataFrame(rows, columns=["quantity", "formula", "shape"])
