"""The aligned adder, its twin for sums of any length, and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab.cells import check_cell, recurrent_layer, split_seed
from rnnlab.checks import one_of, whole
from rnnlab.digit_sums.data import encode
from rnnlab.digit_sums.integers import operands

if TYPE_CHECKING:
    import keras

STATES = ("reset", "zeros", "carry")
# The deviation of each initial state, for a number of units.
INITIAL_STATES: dict[str, Callable[[int], float]] = {
    "zeros": lambda units: 0.0,
    "normal": lambda units: 1.0,
    "normal10": lambda units: 10.0,
    "xavier": lambda units: units**-0.5,
    "he": lambda units: (2 / units) ** 0.5,
}


def build_digit_adder(
    *,
    length: int | None = None,
    cell: str | None = "simple_rnn",
    units: int = 64,
    num_layers: int = 2,
    activation: str | None = None,
    embedding_dim: int = 32,
    state: str = "reset",
    initial_state: str = "zeros",
    batch_size: int | None = None,
    dtype: str | None = None,
    seed: int | None = None,
    name: str = "digit_adder",
) -> keras.Model:
    """The aligned adder: (length, 2) digits -> both embedded and side by side -> recurrent layers -> logits (length, 10).

    An uncompiled Keras model of stock layers.

    Args:
        length: columns of a question; None takes any number of them.
        cell, units, num_layers: kind ("simple_rnn", "lstm", "gru"), size and number of the recurrent layers. Without a cell or
            with 0 layers there is no recurrence: each column is answered by itself.
        activation: of the recurrent layers, such as "relu"; None leaves the cell its own (tanh).
        embedding_dim: size of the vector that stands for a digit, the same for both operands; drawn from N(0, 1).
        state: "reset" starts each batch from the initial state; "zeros" hands the layers explicit zeros, which changes nothing;
            "carry" starts a batch from the states that the last one ended with, through which no gradient runs.
        initial_state: "zeros", or one fixed vector per state for all questions, drawn from a normal distribution of mean 0 and
            deviation 1 ("normal"), 10 ("normal10"), sqrt(1 / units) ("xavier") or sqrt(2 / units) ("he"). It is not trained.
        batch_size: questions in every batch; needed by "carry", otherwise any number may come.
        seed: fixes every initial weight; None leaves them to Keras.

    Raises:
        ValueError: an argument is out of range or does not go with another.
    """
    import keras

    length, batch_size = (
        None if size is None else whole(name, size) for name, size in (("length", length), ("batch_size", batch_size))
    )
    units = whole("units", units)
    _check_states(state, initial_state, recurrent=cell is not None and num_layers != 0, batch_size=batch_size)
    digits = keras.Input((length, 2), batch_size=batch_size, dtype="int32", name="digits")

    def start(layer: keras.Layer, seeds: list[Any]) -> list[Any] | None:
        if state == "zeros":
            zeros = keras.ops.cast(keras.ops.tile(keras.ops.zeros_like(digits[:, 0, :1]), (1, units)), layer.compute_dtype)
            return [zeros] * len(_state_names(layer))
        if initial_state == "zeros":
            return None
        deviation, row = INITIAL_STATES[initial_state](units), keras.ops.zeros_like(digits[:, 0, 0])
        return [_fixed_state(name, layer, deviation, seed)(row) for name, seed in zip(_state_names(layer), seeds, strict=False)]

    options: dict[str, Any] = {"activation": activation, "embedding_dim": embedding_dim, "dtype": dtype, "seed": seed}
    logits, _ = _network(
        digits, start, {"stateful": state == "carry"}, cell=cell, units=units, num_layers=num_layers, **options
    )
    return keras.Model(digits, logits, name=name)


def _check_states(state: str, initial_state: str, *, recurrent: bool, batch_size: int | None) -> None:
    one_of("state", state, STATES)
    one_of("initial_state", initial_state, INITIAL_STATES)
    if not recurrent and (state, initial_state) != ("reset", "zeros"):
        raise ValueError(f"state, initial_state: expected reset, zeros without recurrent layers, got {state}, {initial_state}")
    if state != "reset" and initial_state != "zeros":
        raise ValueError(f"initial_state: expected zeros where state is {state}, got {initial_state}")
    if state == "carry" and batch_size is None:
        raise ValueError("batch_size: expected an integer of at least 1 where state is carry, got None")


def _fixed_state(name: str, layer: keras.Layer, deviation: float, seed: int | None) -> keras.Layer:
    """The stock layer that gives one vector to all questions: a table of one row."""
    import keras

    normal = keras.initializers.RandomNormal(stddev=deviation, seed=seed)
    frozen: dict[str, Any] = {"trainable": False, "dtype": layer.dtype_policy, "name": f"initial_{name}"}
    return keras.layers.Embedding(1, layer.units, embeddings_initializer=normal, **frozen)


def build_streaming_adder(
    *, cell: str | None = "simple_rnn", units: int = 64, name: str = "streaming_adder", **options: Any
) -> keras.Model:
    """The twin of `build_digit_adder` for long sums read chunk by chunk: [digits, *states] -> [logits, *states].

    It takes batches of any size with any number of columns, and one state of shape (batch, units) per recurrent layer (two, h
    and c, of an LSTM), zeros at the lowest column; without a cell it is digits -> logits. Its weights are those of an adder
    with the same arguments and `initial_state` "zeros", in the same order: `twin.set_weights(model.get_weights())`. It is
    compiled, for prediction.

    Args:
        cell, units: as `build_digit_adder` takes them; so are `options`: num_layers, activation, embedding_dim, dtype, seed.

    Raises:
        ValueError: an argument is out of range.
    """
    import keras

    units = whole("units", units)
    digits = keras.Input((None, 2), dtype="int32", name="digits")
    starts: list[Any] = []

    def start(layer: keras.Layer, seeds: list[Any]) -> list[Any]:
        inputs = [keras.Input((units,), dtype=layer.compute_dtype, name=state_name) for state_name in _state_names(layer)]
        starts.extend(inputs)
        return inputs

    # XLA, which is many times faster in a loop of small steps, cannot compile the cuDNN kernels of a GPU.
    for_layers = {"return_state": True} | ({} if cell == "simple_rnn" else {"use_cudnn": False})
    logits, states = _network(digits, start, for_layers, cell=cell, units=units, **options)
    twin = keras.Model([digits, *starts], [logits, *states], name=name)
    twin.compile(jit_compile=True)
    return twin


def twin_of(settings: Mapping[str, Any]) -> keras.Model:
    """The streaming adder for the networks of an arm."""
    known = ("cell", "units", "num_layers", "activation")
    return build_streaming_adder(**{name: settings[name] for name in known if name in settings})


def _network(
    digits: Any,
    start: Callable[[keras.Layer, list[Any]], list[Any] | None],
    for_layers: dict[str, Any],
    *,
    cell: str | None,
    units: int,
    num_layers: int = 2,
    activation: str | None = None,
    embedding_dim: int = 32,
    dtype: str | None = None,
    seed: int | None = None,
) -> tuple[Any, list[Any]]:
    """Logits and the last states, if layers return them; `start` gives the initial states of a layer from two seeds."""
    import keras

    if cell is not None:
        check_cell(cell)
    embedding_dim = whole("embedding_dim", embedding_dim)
    num_layers = whole("num_layers", num_layers, 0) if cell is not None else 0
    if activation is not None:
        if not hasattr(keras.activations, str(activation)):
            raise ValueError(f"activation: expected the name of a Keras activation or None, got {activation!r}")
        for_layers = for_layers | {"activation": activation}
    seeds = split_seed(seed, 2 + 3 * num_layers) if seed is not None else [None] * (2 + 3 * num_layers)
    # PyTorch's start, as published. From Keras' own, in ±0.05, no tanh network answers a sum of maxlen 5 after 500 updates.
    vectors = keras.initializers.RandomNormal(stddev=1.0, seed=seeds[0])
    hidden = keras.layers.Embedding(10, embedding_dim, embeddings_initializer=vectors, dtype=dtype, name="vectors")(digits)
    hidden = keras.layers.Reshape((-1, 2 * embedding_dim), dtype=dtype, name="columns")(hidden)
    states: list[Any] = []
    for number in range(num_layers):
        own, *starts = seeds[2 + 3 * number : 5 + 3 * number]
        options = {"return_sequences": True, "dtype": dtype, "name": f"recurrent_{number + 1}"} | for_layers
        layer = recurrent_layer(str(cell), units, seed=own, **options)
        outputs = layer(hidden, initial_state=start(layer, starts))
        hidden, *last = outputs if layer.return_state else [outputs]
        states += last
    kernel = keras.initializers.GlorotUniform(seed=seeds[1])
    return keras.layers.Dense(10, kernel_initializer=kernel, dtype=dtype, name="logits")(hidden), states


def _state_names(layer: keras.Layer) -> list[str]:
    number = layer.name.removeprefix("recurrent_")
    return [f"state_{number}_h", f"state_{number}_c"] if len(layer.state_size) == 2 else [f"state_{number}"]


def answers(twin: keras.Model, a: np.ndarray, b: np.ndarray, *, chunk: int = 1024, batch_size: int = 256) -> np.ndarray:
    """Answers of a network to sums of any length, digits of shape (n, length), in memory that `chunk` and `batch_size` bound.

    Args:
        twin: as `build_streaming_adder` gives it, with the weights of the network.
        chunk, batch_size: most columns and most questions that the network is given at once. Both are split evenly, so that one
            shape is compiled and little is padding.

    Raises:
        ValueError: the operands are not digits of one shape, or `chunk` or `batch_size` is below 1.
    """
    a, b = operands(a, b)
    count, length = a.shape
    rows, columns = (
        -(-total // -(-total // whole(name, most)))
        for name, total, most in (("batch_size", count, batch_size), ("chunk", length, chunk))
    )
    given = np.empty_like(a)
    for top in range(0, count, rows):
        states = [np.zeros((rows, state.shape[-1]), state.dtype) for state in twin.inputs[1:]]
        for left in range(0, length, columns):
            place = np.s_[top : top + rows, left : left + columns]
            x = encode(a[place], b[place])
            high, wide = x.shape[:2]
            x = np.pad(x, ((0, rows - high), (0, columns - wide), (0, 0)))
            outputs = twin.predict_on_batch([x, *states])
            logits, *states = outputs if states else [outputs]
            given[place] = logits[:high, :wide].argmax(axis=-1)
    return given
