"""Twenty seeds of the course's text classifier, 50 epochs each, against stock `fit` one after the other in the same process.

    python benchmarks/text.py

The network is the published one: LSTM 128, LSTM 128, dropout after each, on frozen vectors of 50 numbers; 132 texts of up to
10 words in five classes to train on and 56 to test on after each epoch, as in both programs. Word indices are random: the time
does not depend on them. Stock `fit` gets compiled (`jit_compile=True`) and as it is by default; each trains `STOCK` seeds, and
their mean stands for the rest. Compiling counts for both: every stock model compiles anew, ours compile once for all seeds.
"""

from __future__ import annotations

import time

import numpy as np

from rnnlab import command_line

command_line.import_keras()

import keras  # noqa: E402

from rnnlab.study import Job  # noqa: E402
from rnnlab.text.data import Encoder  # noqa: E402
from rnnlab.text.recipe import Recipe, optimizer_of  # noqa: E402
from rnnlab.text.training import fit  # noqa: E402
from rnnlab.text.words import Vocabulary  # noqa: E402

WORDS, LENGTH, CLASSES = 9000, 10, 5
SEEDS, STOCK = 20, 3


def texts(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    words = rng.integers(2, WORDS, (count, LENGTH)).astype("int32")
    words[np.arange(LENGTH) >= rng.integers(3, LENGTH + 1, (count, 1))] = 0
    return words, rng.integers(0, CLASSES, count).astype("int32")


def main() -> None:
    rng = np.random.default_rng(0)
    vocabulary = Vocabulary.from_words([f"w{place}" for place in range(WORDS - 2)])
    encoder = Encoder(vocabulary, LENGTH, rng.normal(size=(len(vocabulary), 50)).astype("float32"))
    recipe, data, test = Recipe(), texts(132, rng), texts(56, rng)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    options = {"epochs": recipe.epochs, "batch_size": recipe.batch_size, "validation_data": test, "verbose": 0}

    started = time.perf_counter()
    replicas = fit(recipe, encoder, CLASSES, data, test, [Job("lstm", {}, seed) for seed in range(SEEDS)])
    here = time.perf_counter() - started
    print(f"{SEEDS} seeds here: {here:.1f} s, {replicas.seconds['compile']:.1f} s of them compiling")

    for compiled in (True, "auto"):
        seconds = []
        for seed in range(STOCK):
            started = time.perf_counter()
            model = recipe.build(encoder, CLASSES, seed)
            model.compile(optimizer_of(recipe), loss=loss, metrics=["accuracy"], jit_compile=compiled)
            model.fit(*data, **options)
            seconds.append(time.perf_counter() - started)
        there = SEEDS * float(np.mean(seconds))
        name = "compiled by XLA" if compiled is True else "by default"
        each = ", ".join(f"{value:.1f}" for value in seconds)
        print(f"stock fit, {name}: {each} s a seed, {there:.0f} s for {SEEDS}; ratio {there / here:.1f}")


if __name__ == "__main__":
    main()
