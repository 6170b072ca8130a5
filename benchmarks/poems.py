"""Poems written per second, 64 at once, against a loop of `predict` in the same process; and updates against stock `fit`.

    python benchmarks/poems.py

The network is that of the large corpus (6,003 tokens, 512 and 512 units), with its initial weights: what it writes is nonsense,
at the speed of sense. The stock loop does what most programs do: for every character one `predict` on all that was written so
far, padded to the full length so that nothing is traced twice, then a draw for each poem in NumPy.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from rnnlab import command_line

command_line.import_keras()

import keras  # noqa: E402

from rnnlab import fit_replicas, poems  # noqa: E402
from rnnlab.poems.scores import Perplexity, PublishedPerplexity  # noqa: E402
from rnnlab.poems.writing import Taste, Writer  # noqa: E402

TOKENS, LENGTH, POEMS, ROUNDS = 6003, 48, 64, 3
UPDATES, BATCH = 6, 64


def stock_poems(model: keras.Model, firsts: np.ndarray, rng: np.random.Generator) -> float:
    """Seconds that the loop of `predict` takes for as many poems as there are first characters."""
    started = time.perf_counter()
    written = np.zeros((len(firsts), LENGTH), "int32")
    written[:, 0] = firsts
    for place in range(1, LENGTH):
        logits = model.predict(written, batch_size=POEMS, verbose=0)[:, place - 1] / 0.8
        likely = np.exp(logits - logits.max(axis=-1, keepdims=True))
        sums = np.cumsum(likely, axis=-1)
        written[:, place] = (sums < rng.random((len(firsts), 1)) * sums[:, -1:]).sum(axis=-1)
    return time.perf_counter() - started


def training() -> tuple[float, float]:
    """Seconds of an update in stock `fit`, compiled, and here."""
    data = np.random.default_rng(0).integers(3, TOKENS, (UPDATES * BATCH, LENGTH + 1)).astype("int32")
    x, y = data[:, :-1], data[:, 1:]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model = network(0)
    model.compile("adam", loss=loss, metrics=[Perplexity(), PublishedPerplexity()], jit_compile=True)
    options = {"batch_size": BATCH, "epochs": 1, "verbose": 0}
    model.fit(x, y, **options)
    started = time.perf_counter()
    model.fit(x, y, **options)
    theirs = time.perf_counter() - started
    metrics = [Perplexity(), PublishedPerplexity()]
    found = fit_replicas(network, x, y, seeds=[0], optimizer="adam", loss=loss, metrics=metrics, **options)
    return theirs / UPDATES, found.seconds["train"] / UPDATES


def network(seed: int) -> keras.Model:
    return poems.build_language_model(vocabulary_size=TOKENS, embedding_dim=512, units=512, seed=seed)


def main() -> None:
    vocabulary = poems.Vocabulary("".join(map(chr, range(0x4E00, 0x4E00 + TOKENS - 3))))
    writer, rng = Writer(network(0), vocabulary), np.random.default_rng(0)
    firsts = rng.integers(3, TOKENS, POEMS).astype("int32")

    def own_poems() -> float:
        started = time.perf_counter()
        # Nothing ends early, so that both write as many characters.
        writer.write(POEMS, length=LENGTH, taste=Taste(0.8), ends=False)
        return time.perf_counter() - started

    own_poems()
    writer.model.predict(np.zeros((POEMS, LENGTH), "int32"), batch_size=POEMS, verbose=0)
    seconds, theirs = [], []
    for _ in range(ROUNDS):
        seconds.append(own_poems())
        theirs.append(stock_poems(writer.model, firsts, rng))
    here, there = (POEMS / statistics.median(values) for values in (seconds, theirs))
    print(f"poems a second, {POEMS} at once: loop of predict {there:.2f}, here {here:.1f}, ratio {here / there:.1f}")
    rounds = [training() for _ in range(ROUNDS)]
    stock, own = (statistics.median(values) for values in zip(*rounds, strict=True))
    print(f"an update of batch {BATCH}: stock fit, compiled {stock:.2f} s, fit_replicas {own:.2f} s, ratio {stock / own:.2f}")


if __name__ == "__main__":
    main()
