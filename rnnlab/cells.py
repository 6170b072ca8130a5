"""Recurrent layers by name: "simple_rnn", "lstm" or "gru" plus options give one stock Keras layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab.checks import one_of, whole

if TYPE_CHECKING:
    import keras

CELLS = ("simple_rnn", "lstm", "gru")


def check_cell(cell: str) -> str:
    """`cell`, if it is one of `CELLS`; else a ValueError is raised."""
    return one_of("cell", cell, CELLS)


def split_seed(seed: int, count: int) -> list[int]:
    """`count` seeds that follow from `seed` and share no random numbers with those of another seed.

    Neighbours (`seed`, `seed + 1`) would make the recurrent kernel of one replicate the kernel of the next.
    """
    return [int(part) for part in np.random.SeedSequence(seed).generate_state(count)]


def recurrent_layer(cell: str, units: int, *, seed: int | None = None, **options: Any) -> keras.layers.RNN:
    """One recurrent layer of Keras.

    Args:
        cell: one of `CELLS`.
        units: size of the state, at least 1.
        seed: fixes the initial kernel, the initial recurrent kernel and the dropout; None leaves them to Keras.
        **options: anything the Keras layer takes (`return_sequences`, `stateful`, `activation`, `dropout`, ...).

    Raises:
        ValueError: `cell` is unknown or `units` is not a positive integer.
    """
    import keras

    check_cell(cell)
    units = whole("units", units)
    layer = {"simple_rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[cell]
    if seed is not None:
        kernel, recurrent, dropout = split_seed(seed, 3)
        options.setdefault("kernel_initializer", keras.initializers.GlorotUniform(seed=kernel))
        options.setdefault("recurrent_initializer", keras.initializers.Orthogonal(seed=recurrent))
        options.setdefault("seed", dropout)
    return layer(units, **options)
