"""Sums as text: questions such as "12+345" read backwards by one recurrent network, answers written by another.

The protocol of the classic sequence-to-sequence adder: a question is padded with blanks to 2 * digits + 1 characters and
reversed, an answer is padded to digits + 1 and not reversed; both are one-hot over twelve characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab.cells import recurrent_layer, split_seed
from rnnlab.characters import CharacterTable

if TYPE_CHECKING:
    import keras

MAX_DIGITS = 6
MOST_UNSEEN = 1_000_000
PORTION = 1 << 15  # questions asked at a time


TABLE = CharacterTable("0123456789+ ")


@dataclass(frozen=True)
class Recipe:
    """How an adder is trained: Adam, on `questions` questions, `held_out` more to look at after each pass.

    The rate rises from nothing to `learning_rate` over the first `warmup` part of the updates and falls along a cosine to
    nothing; `warmup` None keeps it constant.
    """

    questions: int
    held_out: int
    batch_size: int
    epochs: int
    learning_rate: float
    warmup: float | None = None
    clipnorm: float | None = None
    beta_2: float = 0.999
    short: float = 0.0  # see draw_questions

    def optimizer(self, questions: int, epochs: int) -> keras.optimizers.Adam:
        """For `epochs` passes over `questions` questions."""
        import keras

        updates = epochs * -(-questions // self.batch_size)
        rate: Any = self.learning_rate
        if self.warmup is not None:
            rising = max(1, round(self.warmup * updates))
            rate = keras.optimizers.schedules.CosineDecay(
                0.0, max(1, updates - rising), warmup_target=self.learning_rate, warmup_steps=rising
            )
        return keras.optimizers.Adam(rate, beta_2=self.beta_2, clipnorm=self.clipnorm)


RECIPES = {
    # The published protocol.
    "classic": Recipe(questions=45_000, held_out=5_000, batch_size=32, epochs=30, learning_rate=0.001),
    # Most mistakes of the classic recipe are in short sums, which it hardly sees; a high rate that falls does the rest.
    "fast": Recipe(
        questions=90_000,
        held_out=5_000,
        batch_size=128,
        epochs=6,
        learning_rate=0.01,
        warmup=0.1,
        clipnorm=1.0,
        beta_2=0.98,
        short=0.5,
    ),
}


def check_digits(digits: int) -> int:
    """Returns `digits` if it is an integer from 1 to 6.

    Raises:
        ValueError: it is not.
    """
    if isinstance(digits, bool) or not isinstance(digits, (int, np.integer)) or not 1 <= digits <= MAX_DIGITS:
        raise ValueError(f"digits: expected an integer from 1 to {MAX_DIGITS}, got {digits!r}")
    return int(digits)


def count_questions(digits: int) -> int:
    """Different questions with operands of up to `digits` digits; a+b and b+a are the same one."""
    operands = 10 ** check_digits(digits)
    return operands * (operands + 1) // 2


def question(index: np.ndarray, digits: int) -> np.ndarray:
    """Pairs (a, b) with a <= b, shape (n, 2), by number: (0, 0), (0, 1), (1, 1), (0, 2), ...; there are `count_questions`."""
    index = np.asarray(index, dtype=np.int64)
    # b is the largest integer with b (b + 1) / 2 <= index; the root is off by one at most.
    b = ((np.sqrt(8.0 * index + 1) - 1) / 2).astype(np.int64)
    b -= b * (b + 1) // 2 > index
    b += (b + 1) * (b + 2) // 2 <= index
    if len(index) and (index.min() < 0 or b.max() >= 10**digits):
        raise ValueError(f"index: expected numbers from 0 to {count_questions(digits) - 1}, got {index.min()} to {index.max()}")
    return np.stack([index - b * (b + 1) // 2, b], axis=-1)


def question_index(pairs: np.ndarray) -> np.ndarray:
    """The number of each question (a, b), whichever operand comes first; the inverse of `question`."""
    pairs = np.sort(np.asarray(pairs, dtype=np.int64), axis=-1)
    a, b = pairs[..., 0], pairs[..., 1]
    return b * (b + 1) // 2 + a


def draw_questions(count: int, digits: int, rng: np.random.Generator, short: float = 0.0) -> np.ndarray:
    """`count` different questions, shape (count, 2), with the operands of each in random order.

    Args:
        short: 0 draws all questions alike, so that hardly any has an operand of one digit; 1 draws operands of each length
            equally often; in general a length that has 10 times as many operands comes 10 ** (1 - `short`) times as often.

    Raises:
        ValueError: there are not so many.
    """
    total = count_questions(digits)
    if not 1 <= count <= total:
        raise ValueError(f"count: expected from 1 to {total} different questions of {digits} digits, got {count}")
    if short == 0 and total <= 1 << 24:
        return turn(question(rng.permutation(total)[:count], digits), rng)
    index = np.empty(0, dtype=np.int64)
    while len(index) < count:
        drawn = question_index(_draw_operands(2 * (count - len(index)) + 100, digits, rng, short))
        drawn = np.concatenate([index, drawn])
        index = drawn[np.sort(np.unique(drawn, return_index=True)[1])][:count]
    return turn(question(index, digits), rng)


def _draw_operands(count: int, digits: int, rng: np.random.Generator, short: float) -> np.ndarray:
    """Pairs whose lengths are drawn as `draw_questions` says, shape (count, 2); they may repeat."""
    low = np.concatenate([[0], 10 ** np.arange(1, digits)])
    high = 10 ** np.arange(1, digits + 1)
    chance = (high - low) ** (1.0 - short)
    length = rng.choice(digits, size=(count, 2), p=chance / chance.sum())
    return rng.integers(low[length], high[length])


@dataclass(frozen=True)
class Split:
    """Questions, shape (n, 2) each, without repeats: no question stands in two parts or twice, nor does its mirror image.

    Attributes:
        train: to learn from.
        held_out: looked at after each pass.
        unseen: all questions that are not trained on, the held-out ones among them; where there are more than `MOST_UNSEEN`,
            a random part of them.
    """

    train: np.ndarray
    held_out: np.ndarray
    unseen: np.ndarray


def split_questions(train: int, held_out: int, digits: int, rng: np.random.Generator, short: float = 0.0) -> Split:
    """Draws a split; where there are fewer questions than asked for, 80 % are trained on and 10 % held out.

    Args:
        short: what `draw_questions` takes, for the questions to train on; of the others all count alike.

    Raises:
        ValueError: a count is below 1, or `digits` is out of range.
    """
    for name, count in (("train", train), ("held_out", held_out)):
        if count < 1:
            raise ValueError(f"{name}: expected at least 1 question, got {count}")
    total = count_questions(digits)
    train, held_out = min(train, round(0.8 * total)), min(held_out, max(1, round(0.1 * total)))
    trained = draw_questions(train, digits, rng, short)
    others = draw_questions(min(total, train + max(held_out, MOST_UNSEEN)), digits, rng)
    others = others[~np.isin(question_index(others), question_index(trained))]
    return Split(trained, others[:held_out], others[:MOST_UNSEEN])


def turn(pairs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same questions, each with its operands in random order."""
    return np.where(rng.integers(2, size=(len(pairs), 1)) == 1, pairs[:, ::-1], pairs)


def carries(pairs: np.ndarray, digits: int) -> np.ndarray:
    """How many of the columns of each written sum carry, shape (n,)."""
    pairs = np.asarray(pairs, dtype=np.int64)
    powers = 10 ** np.arange(1, digits + 1)
    return ((pairs[:, :1] % powers + pairs[:, 1:] % powers) >= powers).sum(axis=1)


def question_texts(pairs: np.ndarray, digits: int) -> list[str]:
    """Questions as a person writes them, padded with blanks on the right to 2 * digits + 1 characters."""
    width = 2 * digits + 1
    return [f"{a}+{b}".ljust(width) for a, b in np.asarray(pairs).tolist()]


def answer_texts(pairs: np.ndarray, digits: int) -> list[str]:
    """Answers, padded with blanks on the right to digits + 1 characters."""
    return [str(a + b).ljust(digits + 1) for a, b in np.asarray(pairs).tolist()]


def encode_questions(texts: Sequence[str], digits: int) -> np.ndarray:
    """Network inputs, shape (n, 2 * digits + 1, 12), from padded questions. The one place where they are reversed."""
    return TABLE.encode(texts, 2 * digits + 1)[:, ::-1]


def encode_answers(texts: Sequence[str], digits: int) -> np.ndarray:
    """Network targets, shape (n, digits + 1, 12), from padded answers."""
    return TABLE.encode(texts, digits + 1)


def encode(pairs: np.ndarray, digits: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets of questions (a, b), shape (n, 2)."""
    return encode_questions(question_texts(pairs, digits), digits), encode_answers(answer_texts(pairs, digits), digits)


def answers(predict: Callable[[np.ndarray], np.ndarray], pairs: np.ndarray, digits: int) -> np.ndarray:
    """What networks answer to questions (a, b), shape (n, 2), as numbers of shape (networks, n); -1 where it is no number.

    A number counts as written in the protocol: without leading zeros, blanks behind it.

    Args:
        predict: probabilities of shape (networks, n, digits + 1, 12) from inputs, such as `Replicas.predict`.
    """
    portions = []
    for start in range(0, len(pairs), PORTION):
        part = pairs[start : start + PORTION]
        # The last portion is filled up, so that only one shape is compiled.
        filled = np.resize(part, (min(PORTION, len(pairs)), 2))
        outputs = predict(encode_questions(question_texts(filled, digits), digits))
        portions.append(_numbers(outputs.argmax(axis=-1)[:, : len(part)]))
    return np.concatenate(portions, axis=1)


def _numbers(codes: np.ndarray) -> np.ndarray:
    """Numbers from codes of `TABLE`, shape (..., length), whose first ten characters are the digits; -1 where there is none."""
    is_digit = codes < 10
    length = is_digit.sum(axis=-1)
    place = np.arange(codes.shape[-1])
    blank = TABLE.characters.index(" ")
    written = np.where(place < length[..., None], is_digit, codes == blank).all(axis=-1)
    written &= (length > 0) & ((codes[..., 0] > 0) | (length == 1))
    powers = 10 ** np.maximum(length[..., None] - 1 - place, 0)
    return np.where(written, (np.where(is_digit, codes, 0) * powers).sum(axis=-1), -1)


def right_of_ten(exact: np.ndarray, held_out: int, rng: np.random.Generator) -> np.ndarray:
    """The published measure, how many of ten random held-out questions are right, for each share `exact` that is right.

    Ten questions drawn out of `held_out` of which a known number is answered right: that number is hypergeometric.
    """
    right = np.round(np.asarray(exact) * held_out).astype(int)
    return rng.hypergeometric(right, held_out - right, min(10, held_out))


def parse_question(text: str, digits: int) -> tuple[int, int]:
    """The operands of a question that somebody typed, such as "12 + 345".

    Raises:
        ValueError: it is not two whole numbers with a plus between them, or one has more than `digits` digits.
    """
    match = re.fullmatch(r"\s*([0-9]+)\s*\+\s*([0-9]+)\s*", text)
    if not match:
        raise ValueError(f"question: expected two whole numbers with a plus between them, such as 12+345, got {text!r}")
    operands = tuple(map(int, match.groups()))
    for operand in operands:
        if operand >= 10**digits:
            raise ValueError(f"question: expected operands of up to {digits} digits, got {operand} in {text!r}")
    return operands[0], operands[1]


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

    check_digits(digits)
    if isinstance(num_layers, bool) or not isinstance(num_layers, int) or num_layers < 1:
        raise ValueError(f"num_layers: expected an integer of at least 1, got {num_layers!r}")
    seeds = split_seed(seed, num_layers + 2) if seed is not None else [None] * (num_layers + 2)
    options = {"unroll": unroll, "dtype": dtype}
    inputs = keras.Input((2 * digits + 1, len(TABLE)), dtype=dtype, name="question")
    hidden = recurrent_layer(cell, units, seed=seeds[0], name="reader", **options)(inputs)
    hidden = keras.layers.RepeatVector(digits + 1, dtype=dtype, name="repeat")(hidden)
    for layer in range(num_layers):
        hidden = recurrent_layer(
            cell, units, seed=seeds[1 + layer], return_sequences=True, name=f"writer_{layer + 1}", **options
        )(hidden)
    kernel = keras.initializers.GlorotUniform(seed=seeds[-1])
    outputs = keras.layers.Dense(len(TABLE), activation="softmax", kernel_initializer=kernel, dtype=dtype, name="characters")(
        hidden
    )
    return keras.Model(inputs, outputs, name=name)
