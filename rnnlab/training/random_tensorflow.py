"""TensorFlow's dropout with the same bits, drawn round by round.

XLA's CPU compiler merges the ten rounds of its random generator into one expression in which each round is worked out anew
wherever the next one needs it: a mask of 41,000 numbers takes 20 ms, longer than the rest of an update of a small network. A
loop over the rounds keeps them apart, and takes 0.6 ms.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

# Philox 4x32 with ten rounds: Salmon, Moraes, Dror and Shaw, Parallel random numbers: as easy as 1, 2, 3 (2011).
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10


@contextmanager
def quick_dropout() -> Iterator[None]:
    """Inside, dropout that is traced for XLA draws its masks through `uniform`, where its shape is known."""
    original = tf.nn.experimental.stateless_dropout
    tf.nn.experimental.stateless_dropout = _dropout(original)
    try:
        yield
    finally:
        tf.nn.experimental.stateless_dropout = original


def uniform(seed: Any, shape: tuple[int, ...]) -> Any:
    """What `tf.random.stateless_uniform(shape, seed)` gives inside an XLA program: float32 from 0 to below 1.

    Args:
        seed: int32 of shape (2,).
    """
    count = math.prod(shape)
    drawn = _words(seed, -(-count // 4))[:count]
    # A number from 1 to below 2 with 23 bits behind the point.
    ones = tf.bitwise.bitwise_or(tf.bitwise.right_shift(drawn, tf.constant(9, tf.uint32)), tf.constant(0x3F800000, tf.uint32))
    return tf.reshape(tf.bitcast(ones, tf.float32) - 1.0, shape)


def _words(seed: Any, blocks: int) -> Any:
    """Random uint32, four of each block."""
    key, counter = tf.raw_ops.StatelessRandomGetKeyCounter(seed=seed)
    xor = tf.bitwise.bitwise_xor

    def one(done, key_low, key_high, a, b, c, d):
        low_a, high_a = _halves(tf.cast(a, tf.uint64) * MULTIPLIERS[0])
        low_c, high_c = _halves(tf.cast(c, tf.uint64) * MULTIPLIERS[1])
        steps = [tf.constant(step, tf.uint32) for step in KEY_STEPS]
        words = xor(xor(high_c, b), key_low), low_c, xor(xor(high_a, d), key_high), low_a
        return done + 1, key_low + steps[0], key_high + steps[1], *words

    # The upper half of the counter would change once in 2^64 blocks.
    numbers = counter[0] + tf.cast(tf.range(blocks), tf.uint64), tf.repeat(counter[1], blocks)
    start = (tf.constant(0), *_halves(key[0]), *_halves(numbers[0]), *_halves(numbers[1]))
    _, _, _, *words = tf.while_loop(lambda done, *_: done < ROUNDS, one, start)
    return tf.reshape(tf.stack(words, axis=1), (-1,))


def _halves(numbers: Any) -> tuple[Any, Any]:
    """The lower and the upper 32 bits of uint64."""
    upper = tf.bitwise.right_shift(numbers, tf.constant(32, tf.uint64))
    return tf.cast(tf.bitwise.bitwise_and(numbers, tf.constant(0xFFFFFFFF, tf.uint64)), tf.uint32), tf.cast(upper, tf.uint32)


def _dropout(original: Callable) -> Callable:
    def stateless_dropout(x, rate, seed, noise_shape=None, **options):
        shape = tf.get_static_value(tf.shape(x) if noise_shape is None else tf.stack(noise_shape))
        if options or x.dtype != tf.float32 or shape is None or not isinstance(rate, float):
            return original(x, rate, seed, noise_shape=noise_shape, **options)
        return tf.where(uniform(seed, tuple(shape.tolist())) >= rate, x * (1 / (1 - rate)), 0.0)

    return stateless_dropout
