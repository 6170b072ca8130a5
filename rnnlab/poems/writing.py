"""Writing with a language model: all texts side by side, token by token, in one compiled loop."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops

from rnnlab.checks import whole
from rnnlab.poems.data import END, PAD, SPECIAL, UNKNOWN, Vocabulary
from rnnlab.training.backend import load_backend

STOPS = "，。？！；"  # behind one of them a new line of verse begins; in a text without them, behind a line break
FREE = -1  # a place that the network fills


@dataclass(frozen=True)
class Taste:
    """How a token is drawn: from softmax(logits / temperature), of the `top_k` likeliest, of the smallest set that has the
    probability `top_p`.

    Raises:
        ValueError: `temperature` is not above 0, `top_k` below 1, or `top_p` not above 0 and at most 1.
    """

    temperature: float = 0.8
    top_k: int | None = None
    top_p: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.temperature < math.inf:
            raise ValueError(f"temperature: expected a number above 0, got {self.temperature!r}")
        if self.top_k is not None:
            whole("top_k", self.top_k)
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ValueError(f"top_p: expected a number above 0 and at most 1, got {self.top_p!r}")


class Writer:
    """Writes texts with a network of `build_language_model`; what a text becomes follows from its seed alone.

    Args:
        model: takes tokens to logits through an embedding, recurrent layers and a dense layer, one behind the other.
        vocabulary: of the text it was trained on.
        firsts: the characters that training samples begin with, as often as they do; a text without a prompt begins with
            one of them.

    Raises:
        ValueError: the network has another size than the vocabulary.
    """

    def __init__(self, model: keras.Model, vocabulary: Vocabulary, firsts: str = "") -> None:
        self.model, self.vocabulary = model, vocabulary
        begins = [vocabulary.number(character) for character in firsts if character in vocabulary]
        self._firsts = np.array(begins or range(SPECIAL, len(vocabulary)))
        layers = model.layers
        self._embed = next(layer for layer in layers if isinstance(layer, keras.layers.Embedding))
        self._cells = [layer.cell for layer in layers if isinstance(layer, keras.layers.RNN)]
        self._logits = layers[-1]
        if self._embed.input_dim != len(vocabulary):
            raise ValueError(f"vocabulary: expected the {self._embed.input_dim} numbers of the network, got {len(vocabulary)}")
        stops = [vocabulary.number(character) for character in STOPS if character in vocabulary] or [vocabulary.number("\n")]
        self._stops = np.isin(np.arange(len(vocabulary)), stops)
        self._programs: dict[Any, Any] = {}

    def write(
        self,
        count: int,
        *,
        length: int,
        prompt: str = "",
        heads: str = "",
        taste: Taste = Taste(),
        seed: int = 0,
        ends: bool = True,
    ) -> list[str]:
        """So many texts, each up to its own end mark.

        Args:
            length: characters of a text at most.
            prompt: what each text begins with; "" leaves the first character to chance.
            heads: the first characters of the lines (an acrostic), in place of a prompt; the text ends with the last line.
            taste: how tokens are drawn.
            seed: text number i has the random numbers of [seed, i].
            ends: False goes on behind an end mark that the network would set, until `length`.

        Raises:
            ValueError: an argument is out of range, or the vocabulary lacks a character of the prompt or of the heads.
        """
        whole("count", count)
        whole("length", length)
        if prompt and heads:
            raise ValueError("heads: expected without a prompt")
        rngs = [np.random.default_rng([seed, number]) for number in range(count)]
        chances = np.stack([rng.random(length, dtype="float32") for rng in rngs])
        forced = np.full((count, length), FREE, np.int32)
        forced[:, 0] = self._firsts[(chances[:, 0] * len(self._firsts)).astype(int)]
        begun, lines = self._numbers(prompt, "prompt"), self._numbers(heads, "heads")
        if begun := (begun or lines[:1])[:length]:
            forced[:, : len(begun)] = begun
        codes = self._run(forced, np.array(lines, np.int32), chances, taste, ends)
        return self.vocabulary.decode(codes)

    def _numbers(self, text: str, name: str) -> list[int]:
        unknown = [character for character in text if character not in self.vocabulary]
        if unknown:
            raise ValueError(f"{name}: expected characters that the training text has, got {unknown[0]!r}")
        return [self.vocabulary.number(character) for character in text]

    def _run(self, forced: np.ndarray, heads: np.ndarray, chances: np.ndarray, taste: Taste, ends: bool) -> np.ndarray:
        # One program per shape and kind of taste; temperature and top_p are numbers in it.
        key = (forced.shape, heads.shape, taste.top_k, taste.top_p is None, ends)
        if key not in self._programs:
            self._programs[key] = load_backend().compiled(self._program(taste, ends))
        values = [ops.convert_to_tensor(variable) for variable in self.model.variables]
        numbers = np.float32(taste.temperature), np.float32(taste.top_p or 1)
        return np.asarray(ops.convert_to_numpy(self._programs[key](values, forced, heads, chances, *numbers)))

    def _program(self, taste: Taste, ends: bool) -> Any:
        """A function of tensors that gives the numbers of all texts, (texts, length), END behind their ends."""
        size = len(self.vocabulary)
        never = np.isin(np.arange(size), [PAD, UNKNOWN] if ends else [PAD, UNKNOWN, END])

        def program(values, forced, heads, chances, temperature, mass):
            texts, length = forced.shape
            lines = heads.shape[0]

            def go_on(place, codes, line, states):
                return ops.logical_and(place < length, ops.any(codes[:, -1] != END))

            def one(place, codes, line, states):
                before = codes[:, -1]
                with keras.StatelessScope(list(zip(self.model.variables, values, strict=True))):
                    logits, states = self._step(before, states)
                logits = ops.where(never, -np.inf, logits / temperature)
                wanted = ops.take(forced, place, axis=1)
                if lines:
                    begins = ops.take(self._stops, before)
                    line = line + ops.cast(begins, "int32")
                    wanted = ops.where(begins, ops.take(heads, ops.minimum(line, lines - 1)), wanted)
                    wanted = ops.where(line >= lines, END, wanted)
                    early = ops.logical_and((line < lines - 1)[:, None], ops.arange(size) == END)
                    logits = ops.where(early, -np.inf, logits)
                drawn = draw(logits, ops.take(chances, place, axis=1), taste.top_k, None if taste.top_p is None else mass)
                token = ops.where(wanted == FREE, drawn, wanted)
                token = ops.where(before == END, END, token)
                codes = ops.slice_update(codes, ops.stack([place * 0, place]), token[:, None])
                # The latest token stands in the last column, too, until the text gets there.
                codes = ops.slice_update(codes, (0, length), token[:, None])
                return place + 1, codes, line, states

            codes = ops.concatenate([forced[:, :1], ops.full((texts, length - 1), END, "int32"), forced[:, :1]], axis=1)
            states = [list(cell.get_initial_state(texts)) for cell in self._cells]
            start = (ops.ones((), "int32"), codes, ops.zeros((texts,), "int32"), states)
            return ops.while_loop(go_on, one, start)[1][:, :length]

        return program

    def _step(self, token: Any, states: list[list[Any]]) -> tuple[Any, list[list[Any]]]:
        """Logits of the next token, and the states behind this one."""
        hidden, after = self._embed(token), []
        for cell, state in zip(self._cells, states, strict=True):
            hidden, new = cell(hidden, state, training=False)
            after.append(list(new))
        return self._logits(hidden), after


def writer_of(model: keras.Model, notes: dict[str, Any]) -> Callable[..., list[str]]:
    """`Writer.write` of a network, for texts as those of its corpus: `notes` are those of its `Data`."""
    writer = Writer(model, Vocabulary(notes["characters"]), notes["firsts"])
    return partial(writer.write, length=notes["length"], ends=notes["form"] != "text")


def draw(logits: Any, chances: Any, top_k: int | None, top_p: Any | None) -> Any:
    """A token for each row of logits (texts, tokens) and each number from 0 to 1 (texts,); -inf is never drawn."""
    if top_k is not None:
        logits = _cut(logits, lambda kept: ops.sum(ops.cast(kept, "int32"), axis=-1, keepdims=True) >= top_k)
    if top_p is not None:
        likely = ops.softmax(logits, axis=-1)
        logits = _cut(logits, lambda kept: ops.sum(ops.where(kept, likely, 0.0), axis=-1, keepdims=True) >= top_p)
    chance_of = ops.softmax(logits, axis=-1)
    sums = ops.cumsum(chance_of, axis=-1)
    drawn = ops.sum(ops.cast(sums <= chances[:, None] * sums[:, -1:], "int32"), axis=-1)
    # The first place of the largest sum is the last that can be drawn, should rounding lead beyond it.
    return ops.minimum(drawn, ops.cast(ops.argmax(sums, axis=-1), "int32"))


def _cut(logits: Any, enough: Callable[[Any], Any]) -> Any:
    """-inf for the logits below the highest threshold that keeps enough; ties stay together.

    By bisection, which is many times faster than to sort in XLA on a CPU. What is 60 below the largest has no chance anyway.
    """
    high = ops.max(logits, axis=-1, keepdims=True)
    low = high - 60

    def halve(times, low, high):
        middle = (low + high) / 2
        keeps = enough(logits >= middle)
        return times + 1, ops.where(keeps, middle, low), ops.where(keeps, high, middle)

    _, low, _ = ops.while_loop(lambda times, low, high: times < 30, halve, (ops.zeros((), "int32"), low, high))
    return ops.where(logits < low, -np.inf, logits)
