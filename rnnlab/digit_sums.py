"""Two numbers digit by digit, least significant digits first, and a recurrent network that writes their sum beside them.

Numbers are rows of digits, int8 arrays of shape (n, length) with column i worth 10**i, so that they are exact at any length: a
float has about 16 digits, and what is drawn from one has zeros or noise beyond. The network sees column i of both operands
and names column i of the sum; what it must remember between the columns is the carry.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab.cells import check_cell, recurrent_layer, split_seed

if TYPE_CHECKING:
    import keras

HALVES = {"lower": (0, 5), "upper": (5, 10), "all": (0, 10)}  # the leading digits of each half of a range
VARIANTS = {"as_run": 1, "as_claimed": 0}  # by how many digits operands are shorter than maxlen
STATES = ("reset", "zeros", "carry")
INITIAL_STATES = ("zeros", "normal", "normal10", "xavier", "he")

Pair = tuple[np.ndarray, np.ndarray]

# Python converts no more than 4,300 digits to or from text at a time.
_PIECE = 4000
_STARTERS = np.argwhere(np.add.outer(np.arange(10), np.arange(10)) >= 10).astype(np.int8)


def digits_of(numbers: Sequence[int], length: int) -> np.ndarray:
    """Digits of whole numbers of any size, shape (n, length).

    Raises:
        ValueError: a number is not an integer, negative, or has more than `length` digits; or there is none.
    """
    length = _whole("length", length)
    rows: list[str] = []
    for place, number in enumerate(numbers):
        if isinstance(number, bool) or not isinstance(number, Integral):
            raise ValueError(f"numbers: expected integers, got {number!r} at index {place}")
        if number < 0:
            raise ValueError(f"numbers: expected integers of at least 0, got a negative one at index {place}")
        rest, pieces = int(number), []
        while rest >= 10**_PIECE:
            rest, low = divmod(rest, 10**_PIECE)
            pieces.append(str(low).zfill(_PIECE))
        text = "".join([str(rest), *reversed(pieces)])
        if len(text) > length:
            raise ValueError(f"numbers: expected at most {length} digits, got {len(text)} at index {place}")
        rows.append(text.zfill(length))
    if not rows:
        raise ValueError("numbers: expected at least one, got none")
    points = np.frombuffer("".join(rows).encode("ascii"), dtype=np.int8).reshape(len(rows), length)
    return np.ascontiguousarray(points[:, ::-1] - ord("0"))


def number_of(digits: np.ndarray) -> list[int]:
    """The Python integers that rows of digits, shape (n, length), stand for; the inverse of `digits_of`.

    Raises:
        ValueError: `digits` is not such an array.
    """
    points = _digits("digits", digits)[:, ::-1] + np.int8(ord("0"))
    numbers = []
    for row in points:
        text, number = row.tobytes().decode("ascii"), 0
        for start in range(0, len(text), _PIECE):
            piece = text[start : start + _PIECE]
            number = number * 10 ** len(piece) + int(piece)
        numbers.append(number)
    return numbers


def add(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Exact sums of numbers given as digits: (n, length) and (n, length) -> (n, length).

    Raises:
        ValueError: the operands are not digits of one shape, or a sum needs one more column.
    """
    a, b = _operands(a, b)
    carry = _carries(a + b) & 1
    if carry[:, -1].any():
        raise ValueError(f"a, b: expected sums of at most {a.shape[1]} digits, got a carry out of the last column")
    total = a + b
    total[:, 1:] += carry[:, :-1].astype(np.int8)
    return total % np.int8(10)


def carry_lengths(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Through how many columns the carry that travels farthest in each sum goes, shape (n,); 0 where nothing carries.

    That is the column where it starts, whose digits sum to 10 or more, and those after it that pass it on, which sum to 9.

    Raises:
        ValueError: the operands are not digits of one shape.
    """
    a, b = _operands(a, b)
    source = _carries(a + b)
    lengths = np.arange(2, a.shape[1] + 2, dtype=np.int32) - source // 2
    return np.where(source & 1, lengths, 0).max(axis=1)


def _carries(total: np.ndarray) -> np.ndarray:
    """For each column of digit sums, (n, length): twice the number, from 1, of the column that decides, + 1 if it carries.

    The last column up to here whose sum is not 9 decides, for those between only pass on what comes: a running maximum.
    """
    column = np.arange(1, total.shape[1] + 1, dtype=np.int32)
    return np.maximum.accumulate(np.where(total == 9, 0, 2 * column + (total > 9)), axis=1)


def draw_operands(count: int, maxlen: int, *, half: str, rng: np.random.Generator, variant: str = "as_run") -> Pair:
    """Operands drawn uniformly from half a range, two arrays of shape (count, maxlen + 1).

    Args:
        half: "lower" (to train on), "upper" (to evaluate on) or "all".
        variant: "as_run" draws from [0, 10**(maxlen - 1)) as int(U * 10**(maxlen - 1)) does, with U below or above 0.5;
            "as_claimed" from [0, 10**maxlen). Digits are drawn one by one, so all of them are random at any length.

    Raises:
        ValueError: `half` or `variant` is unknown, `count` is below 1, or `maxlen` is too small for one digit.
    """
    _one_of("half", half, HALVES)
    _one_of("variant", variant, VARIANTS)
    count, maxlen = _whole("count", count), _whole("maxlen", maxlen, 1 + VARIANTS[variant])
    length = maxlen - VARIANTS[variant]
    a, b = (np.zeros((count, maxlen + 1), dtype=np.int8) for _ in range(2))
    for digits in (a, b):
        digits[:, : length - 1] = rng.integers(10, size=(count, length - 1), dtype=np.int8)
        digits[:, length - 1] = rng.integers(*HALVES[half], size=count)
    return a, b


def draw_lengths(count: int, maxlen: int, *, rng: np.random.Generator) -> Pair:
    """Operands that each have their own number of digits, uniform from 1 to `maxlen`: two arrays of shape (count, maxlen + 1).

    Raises:
        ValueError: `count` or `maxlen` is below 1.
    """
    count, maxlen = _whole("count", count), _whole("maxlen", maxlen)
    operands = []
    for _ in range(2):
        lengths = rng.integers(1, maxlen + 1, size=count)
        digits = rng.integers(10, size=(count, maxlen + 1), dtype=np.int8)
        digits[np.arange(maxlen + 1) >= lengths[:, None]] = 0
        digits[np.arange(count), lengths - 1] = rng.integers(lengths > 1, 10)
        operands.append(digits)
    return operands[0], operands[1]


def carry_chains(count: int, length: int, *, rng: np.random.Generator) -> Pair:
    """Questions in which carries travel far, two arrays of shape (count, length + 1).

    The first is 99...9 + 1 with `length` nines. In the others the digits of a column sum to 9, which passes a carry on, but for
    columns here and there that start one (10 or more) or stop it (8 or less). The lowest column starts one. The mean stretch
    from one such column to the next differs between questions: from 1 to `length`, uniform on a logarithmic scale.

    Raises:
        ValueError: `count` or `length` is below 1.
    """
    count, length = _whole("count", count), _whole("length", length)
    a, b = _chains(np.full(count, length), length + 1, rng)
    a[0, :length], b[0] = 9, 0
    b[0, 0] = 1
    return a, b


def carry_rich(count: int, maxlen: int, share: float, *, rng: np.random.Generator) -> Pair:
    """Mixed questions in random order: `share` of them carry chains of 1 to `maxlen` columns, the others from `draw_lengths`.

    Returns:
        Two arrays of shape (count, maxlen + 1).

    Raises:
        ValueError: `count` or `maxlen` is below 1, or `share` is not from 0 to 1.
    """
    if not isinstance(share, Real) or not 0 <= share <= 1:
        raise ValueError(f"share: expected a number from 0 to 1, got {share!r}")
    a, b = draw_lengths(count, maxlen, rng=rng)
    rows = rng.permutation(count)[: round(float(share) * count)]
    a[rows], b[rows] = _chains(rng.integers(1, maxlen + 1, size=len(rows)), maxlen + 1, rng)
    return a, b


def _chains(lengths: np.ndarray, width: int, rng: np.random.Generator) -> Pair:
    a = rng.integers(10, size=(len(lengths), width), dtype=np.int8)
    b = 9 - a
    breaks = rng.random(a.shape) < (lengths ** -rng.random(len(lengths)))[:, None]
    breaks[:, 0] = True
    starts = rng.integers(2, size=a.shape, dtype=np.int8)
    starts[:, 0] = 1
    pairs = _STARTERS[rng.integers(len(_STARTERS), size=np.count_nonzero(breaks))]
    # The complements of two digits that sum to 10 or more sum to 8 or less.
    a[breaks], b[breaks] = np.where(starts[breaks][:, None] == 1, pairs, 9 - pairs).T
    beyond = np.arange(width) >= lengths[:, None]
    a[beyond] = b[beyond] = 0
    return a, b


def encode(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Network inputs from operands of shape (n, length): int32, shape (n, length, 2).

    Raises:
        ValueError: the operands are not digits of one shape.
    """
    return np.stack(_operands(a, b), axis=-1).astype(np.int32)


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

    length = None if length is None else _whole("length", length)
    batch_size = None if batch_size is None else _whole("batch_size", batch_size)
    units = _whole("units", units)
    _one_of("state", state, STATES)
    _one_of("initial_state", initial_state, INITIAL_STATES)
    if (cell is None or num_layers == 0) and (state, initial_state) != ("reset", "zeros"):
        raise ValueError(f"state, initial_state: expected reset, zeros without recurrent layers, got {state}, {initial_state}")
    if state != "reset" and initial_state != "zeros":
        raise ValueError(f"initial_state: expected zeros where state is {state}, got {initial_state}")
    if state == "carry" and batch_size is None:
        raise ValueError("batch_size: expected an integer of at least 1 where state is carry, got None")
    digits = keras.Input((length, 2), batch_size=batch_size, dtype="int32", name="digits")

    def start(layer: keras.Layer, seeds: list[Any]) -> list[Any] | None:
        if initial_state != "zeros":
            deviation = {"normal": 1.0, "normal10": 10.0, "xavier": units**-0.5, "he": (2 / units) ** 0.5}[initial_state]
            # A table of one row: the one stock layer that gives the same numbers to every question.
            row = keras.ops.zeros_like(digits[:, 0, 0])
            return [
                keras.layers.Embedding(
                    1,
                    units,
                    embeddings_initializer=keras.initializers.RandomNormal(stddev=deviation, seed=seed),
                    trainable=False,
                    dtype=dtype,
                    name=f"initial_{state_name}",
                )(row)
                for state_name, seed in zip(_state_names(layer), seeds, strict=False)
            ]
        if state == "zeros":
            zeros = keras.ops.cast(keras.ops.tile(keras.ops.zeros_like(digits[:, 0, :1]), (1, units)), layer.compute_dtype)
            return [zeros] * len(_state_names(layer))
        return None

    logits, _ = _network(
        digits, start, cell, units, num_layers, activation, embedding_dim, dtype, seed, stateful=state == "carry"
    )
    return keras.Model(digits, logits, name=name)


def build_streaming_adder(
    *,
    cell: str | None = "simple_rnn",
    units: int = 64,
    num_layers: int = 2,
    activation: str | None = None,
    embedding_dim: int = 32,
    dtype: str | None = None,
    seed: int | None = None,
    name: str = "streaming_adder",
) -> keras.Model:
    """The twin of `build_digit_adder` for long sums read chunk by chunk: [digits, *states] -> [logits, *states].

    It takes batches of any size with any number of columns, and one state of shape (batch, units) per recurrent layer (two, h
    and c, of an LSTM), zeros at the lowest column; without a cell it is digits -> logits. Its weights are those of an adder
    with the same arguments and `initial_state` "zeros", in the same order: `twin.set_weights(model.get_weights())`. It is
    compiled, for prediction.

    Raises:
        ValueError: an argument is out of range.
    """
    import keras

    units = _whole("units", units)
    digits = keras.Input((None, 2), dtype="int32", name="digits")
    starts: list[Any] = []

    def start(layer: keras.Layer, seeds: list[Any]) -> list[Any]:
        inputs = [keras.Input((units,), dtype=layer.compute_dtype, name=state_name) for state_name in _state_names(layer)]
        starts.extend(inputs)
        return inputs

    # XLA, which is many times faster in a loop of small steps, cannot compile the cuDNN kernels of a GPU.
    options = {} if cell == "simple_rnn" else {"use_cudnn": False}
    logits, states = _network(
        digits, start, cell, units, num_layers, activation, embedding_dim, dtype, seed, return_state=True, **options
    )
    twin = keras.Model([digits, *starts], [logits, *states], name=name)
    twin.compile(jit_compile=True)
    return twin


def _network(
    digits: Any,
    start: Callable[[keras.Layer, list[Any]], list[Any] | None],
    cell: str | None,
    units: int,
    num_layers: int,
    activation: str | None,
    embedding_dim: int,
    dtype: str | None,
    seed: int | None,
    **options: Any,
) -> tuple[Any, list[Any]]:
    """Logits and, with `return_state`, the last states; `start` gives the initial states of a layer from two seeds."""
    import keras

    if cell is not None:
        check_cell(cell)
    embedding_dim = _whole("embedding_dim", embedding_dim)
    num_layers = _whole("num_layers", num_layers, 0) if cell is not None else 0
    if activation is not None:
        if not hasattr(keras.activations, str(activation)):
            raise ValueError(f"activation: expected the name of a Keras activation or None, got {activation!r}")
        options["activation"] = activation
    seeds = split_seed(seed, 2 + 3 * num_layers) if seed is not None else [None] * (2 + 3 * num_layers)
    # PyTorch's start, as published. From Keras' own, in ±0.05, no tanh network answers a sum of maxlen 5 after 500 updates.
    vectors = keras.initializers.RandomNormal(stddev=1.0, seed=seeds[0])
    hidden = keras.layers.Embedding(10, embedding_dim, embeddings_initializer=vectors, dtype=dtype, name="vectors")(digits)
    hidden = keras.layers.Reshape((-1, 2 * embedding_dim), dtype=dtype, name="columns")(hidden)
    states: list[Any] = []
    for number in range(num_layers):
        own, *starts = seeds[2 + 3 * number : 5 + 3 * number]
        layer = recurrent_layer(
            str(cell), units, seed=own, return_sequences=True, dtype=dtype, name=f"recurrent_{number + 1}", **options
        )
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
        a, b: operands, digits of shape (n, length).
        chunk, batch_size: most columns and most questions that the network is given at once. Both are split evenly, so that one
            shape is compiled and little is padding.

    Raises:
        ValueError: the operands are not digits of one shape, or `chunk` or `batch_size` is below 1.
    """
    a, b = _operands(a, b)
    count, length = a.shape
    rows, columns = (
        -(-total // -(-total // _whole(name, most)))
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


def first_wrong(right: np.ndarray, given: np.ndarray) -> np.ndarray:
    """The lowest column in which each answer is wrong, shape (n,), from digits of shape (n, length); `length` where none is.

    Raises:
        ValueError: right and given answers are not digits of one shape.
    """
    right, given = _operands(right, given, ("right", "given"))
    wrong = right != given
    return np.where(wrong.any(axis=1), wrong.argmax(axis=1), right.shape[1])


def _digits(name: str, digits: np.ndarray) -> np.ndarray:
    digits = np.asarray(digits)
    if digits.ndim != 2 or not digits.size or digits.dtype.kind not in "iu":
        raise ValueError(f"{name}: expected integers of shape (n, length), got {digits.dtype} of shape {digits.shape}")
    if digits.min() < 0 or digits.max() > 9:
        raise ValueError(f"{name}: expected digits from 0 to 9, got numbers from {digits.min()} to {digits.max()}")
    return digits.astype(np.int8, copy=False)


def _operands(a: np.ndarray, b: np.ndarray, names: tuple[str, str] = ("a", "b")) -> Pair:
    a, b = _digits(names[0], a), _digits(names[1], b)
    if a.shape != b.shape:
        raise ValueError(f"{names[1]}: expected the shape of {names[0]}, {a.shape}, got {b.shape}")
    return a, b


def _whole(name: str, number: Any, least: int = 1) -> int:
    if isinstance(number, bool) or not isinstance(number, Integral) or number < least:
        raise ValueError(f"{name}: expected an integer of at least {least}, got {number!r}")
    return int(number)


def _one_of(name: str, choice: Any, choices: Collection[str]) -> None:
    if choice not in choices:
        raise ValueError(f"{name}: expected one of {', '.join(choices)}, got {choice!r}")
