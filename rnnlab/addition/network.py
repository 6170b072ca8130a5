"""The builder of the adder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rnnlab.addition.data import MAX_DIGITS, TABLE
from rnnlab.cells import recurrent_layer, split_seed
from rnnlab.checks import whole

if TYPE_CHECKING:
    import keras


def build_adder(
    *,
    digits: int = 3,
    cell: str = "lstm",
    units: int = 128,
    num_layers: int = 1,
    unroll: bool = True,
    dtype: str | None = None,
    seed: int | None = None,
    name: str = "adder",
) -> keras.Model:
    """The classic network: one recurrent layer reads the question, others write the answer, a softmax names each character.

    (2 * digits + 1, 12) -> recurrent(units) -> repeated digits + 1 times -> recurrent(units), `num_layers` of them -> dense
    softmax: (digits + 1, 12). With three digits and LSTM(128) it has 205,324 parameters. An uncompiled Keras model of stock
    layers.

    Args:
        digits: of the operands, from 1 to 6.
        cell, units: kind ("simple_rnn", "lstm", "gru") and size of the recurrent layers.
        num_layers: recurrent layers that write the answer.
        unroll: lays the few steps out instead of looping over them, which compiles slower and runs faster.
        seed: fixes every initial weight; None leaves them to Keras.

    Raises:
        ValueError: an argument is out of range.
    """
    import keras

    digits, num_layers = whole("digits", digits, 1, MAX_DIGITS), whole("num_layers", num_layers)
    seeds = split_seed(seed, num_layers + 2) if seed is not None else [None] * (num_layers + 2)
    options: dict[str, Any] = {"unroll": unroll, "dtype": dtype}
    inputs = keras.Input((2 * digits + 1, len(TABLE)), dtype=dtype, name="question")
    hidden = recurrent_layer(cell, units, seed=seeds[0], name="reader", **options)(inputs)
    hidden = keras.layers.RepeatVector(digits + 1, dtype=dtype, name="repeat")(hidden)
    for layer in range(num_layers):
        writer = options | {"return_sequences": True, "name": f"writer_{layer + 1}"}
        hidden = recurrent_layer(cell, units, seed=seeds[1 + layer], **writer)(hidden)
    kernel = keras.initializers.GlorotUniform(seed=seeds[-1])
    characters = keras.layers.Dense(len(TABLE), "softmax", kernel_initializer=kernel, dtype=dtype, name="characters")
    return keras.Model(inputs, characters(hidden), name=name)
