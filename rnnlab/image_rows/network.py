"""The classifier of the published study, with the parts of its LSTM as options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab.cells import recurrent_layer, split_seed
from rnnlab.checks import real, whole

if TYPE_CHECKING:
    import keras


def build_row_classifier(
    *,
    rows: int = 28,
    columns: int = 28,
    num_classes: int = 10,
    units: int = 128,
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
    forget_bias: float = 1.0,
    dtype: str | None = None,
    seed: int | None = None,
    name: str = "row_classifier",
) -> keras.Model:
    """Rows of pixels -> linear layer -> LSTM -> linear layer: logits of shape (num_classes,).

    (rows, columns) -> dense(units) -> LSTM(units), its last output -> dense(num_classes). Kernels and biases of both dense
    layers start from N(0, 1); the LSTM's kernels, seen as one matrix of (2 units, 4 units), Glorot uniform, its biases 0.

    Args:
        rows, columns: of an image; rows are the time steps.
        activation: what squashes the candidate and the cell state, such as "tanh" or "relu".
        recurrent_activation: of the three gates, such as "sigmoid".
        forget_bias: what the bias of the forget gate starts from; it is trained from there.
        seed: fixes every initial weight, the same for all options; None leaves them to Keras.

    Raises:
        ValueError: an argument is out of range.
    """
    import keras

    for what, size in {"rows": rows, "columns": columns, "num_classes": num_classes, "units": units}.items():
        whole(what, size)
    real("forget_bias", forget_bias)
    for what, function in {"activation": activation, "recurrent_activation": recurrent_activation}.items():
        if not isinstance(function, str) or not hasattr(keras.activations, function):
            raise ValueError(f"{what}: expected the name of a Keras activation, got {function!r}")
    seeds: list[Any] = list(split_seed(seed, 7)) if seed is not None else [None] * 7

    def dense(size: int, name: str, seeds: list[Any]) -> keras.layers.Dense:
        kernel, bias = (keras.initializers.RandomNormal(stddev=1.0, seed=seed) for seed in seeds)
        return keras.layers.Dense(size, kernel_initializer=kernel, bias_initializer=bias, dtype=dtype, name=name)

    inputs = keras.Input((rows, columns), dtype=dtype, name="image")
    limit = (6 / (6 * units)) ** 0.5
    lstm = recurrent_layer(
        "lstm",
        units,
        seed=seeds[2],
        activation=activation,
        recurrent_activation=recurrent_activation,
        unit_forget_bias=False,
        kernel_initializer=keras.initializers.RandomUniform(-limit, limit, seed=seeds[3]),
        recurrent_initializer=keras.initializers.RandomUniform(-limit, limit, seed=seeds[4]),
        dtype=dtype,
        name="rows",
    )
    hidden = lstm(dense(units, "pixels", seeds[:2])(inputs))
    # Stock initializers know a forget bias of 1 alone, and one of our own would need rnnlab wherever the model is loaded.
    bias = np.zeros(4 * int(units), dtype="float32")
    bias[units : 2 * units] = forget_bias
    lstm.cell.bias.assign(bias)
    return keras.Model(inputs, dense(num_classes, "classes", seeds[5:])(hidden), name=name)
