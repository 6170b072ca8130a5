"""The builder of the forecaster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnnlab.cells import recurrent_layer, split_seed
from rnnlab.checks import whole

if TYPE_CHECKING:
    import keras


def build_sales_forecaster(
    *,
    lags: int = 1,
    units: int = 8,
    cell: str = "lstm",
    num_layers: int = 1,
    dtype: str | None = None,
    seed: int | None = None,
    name: str = "sales_forecaster",
) -> keras.Model:
    """The stateful forecaster: (1, 1, lags) -> recurrent layers -> dense 1, an uncompiled Keras model of stock layers.

    Args:
        lags: previous differences per step.
        units, cell, num_layers: size, kind ("simple_rnn", "lstm", "gru") and number of the recurrent layers.
        seed: fixes every initial weight; None leaves them to Keras.

    Raises:
        ValueError: an argument is out of range.
    """
    import keras

    lags, num_layers = whole("lags", lags), whole("num_layers", num_layers)
    seeds = split_seed(seed, num_layers + 1) if seed is not None else [None] * (num_layers + 1)
    inputs = keras.Input(batch_shape=(1, 1, lags), dtype=dtype, name="differences")
    hidden = inputs
    for layer in range(num_layers):
        hidden = recurrent_layer(
            cell,
            units,
            seed=seeds[layer],
            stateful=True,
            unroll=True,  # there is one step; a loop around it would only cost
            return_sequences=layer < num_layers - 1,
            dtype=dtype,
            name=f"recurrent_{layer + 1}",
        )(hidden)
    kernel = keras.initializers.GlorotUniform(seed=seeds[-1])
    outputs = keras.layers.Dense(1, kernel_initializer=kernel, dtype=dtype, name="difference")(hidden)
    return keras.Model(inputs, outputs, name=name)
