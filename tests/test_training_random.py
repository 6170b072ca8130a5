"""The dropout of the compiled program on TensorFlow: the bits that TensorFlow itself draws there."""

import keras
import numpy as np
import pytest
from keras import layers

if keras.backend.backend() != "tensorflow":
    pytest.skip("Keras draws with TensorFlow's generator on TensorFlow only", allow_module_level=True)

import tensorflow as tf

from rnnlab.training import random_tensorflow
from rnnlab.training.backend_tensorflow import compiled
from rnnlab.training.random_tensorflow import uniform

SHAPES = [(1,), (7,), (2, 3), (5, 1, 129)]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_numbers_are_tensorflow_s(shape):
    ours = tf.function(lambda seed: uniform(seed, shape), jit_compile=True)
    theirs = tf.function(lambda seed: tf.random.stateless_uniform(shape, seed), jit_compile=True)
    low, high = np.iinfo("int32").min, np.iinfo("int32").max
    for seed in [(0, 0), (0, 1), (-1, 5), (low, high), *np.random.default_rng(0).integers(low, high, (20, 2))]:
        seed = tf.constant(seed, tf.int32)
        np.testing.assert_array_equal(ours(seed), theirs(seed))


@pytest.mark.parametrize(
    ("build", "size", "ours"),
    [
        (lambda: layers.Dropout(0.3, seed=1), 4, True),
        (lambda: layers.SpatialDropout1D(0.4, seed=2), 4, True),
        (lambda: layers.Dropout(0.3, noise_shape=(None, 1, 3), seed=1), 4, False),
        (lambda: layers.Dropout(0.5, seed=1, dtype="float16"), 4, False),
        (lambda: layers.Dropout(0.3, seed=1), None, False),
    ],
)
def test_layers_drop_what_keras_drops(build, size, ours, monkeypatch):
    """In half precision, and where a size is not known while tracing, TensorFlow draws itself."""
    x = np.random.default_rng(0).normal(size=(4, 5, 3)).astype("float32")
    given = tf.constant(x) if size else tf.Variable(x, shape=(None, 5, 3))
    drawn = []
    monkeypatch.setattr(random_tensorflow, "uniform", lambda *arguments: drawn.append(arguments) or uniform(*arguments))
    answers = []
    for compile_ in (compiled, lambda function: tf.function(function, jit_compile=True)):
        layer = build()
        call = compile_(lambda a, layer=layer: layer(tf.ensure_shape(a, (size, 5, 3)), training=True))
        answers.append([np.array(call(given)) for _ in range(2)])
    np.testing.assert_array_equal(*answers)
    assert not np.array_equal(*answers[0]), "another mask each time"
    assert bool(drawn) == ours
