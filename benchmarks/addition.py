"""Stock `fit` and `fit_replicas` on the sequence-to-sequence adder, from one process.

    python benchmarks/addition.py [--rounds 3]

First time per update at batch 32: stock on the network as published (`unroll=False`) and laid out (`unroll=True`, as our
builder has it), and `fit_replicas` with one replica and with as many as there are cores, per replica. Then time to 99.7 % of
the held-out sums: the classic recipe in stock `fit`, and the fast recipe in `fit_replicas`. Medians over rounds in which all
take turns, since machines are noisy.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from rnnlab import addition, fit_replicas
from rnnlab.cells import CELLS
from rnnlab.machine import cores
from rnnlab.metrics import exact

BATCH, UPDATES = 32, 300
LOSS = "categorical_crossentropy"
GOAL = 0.997


def stock(cell: str, unroll: bool, x: np.ndarray, y: np.ndarray) -> Callable[[], float]:
    """A function that trains one more epoch and returns the milliseconds of an update."""
    model = addition.build_adder(cell=cell, unroll=unroll, seed=0)
    model.compile("adam", LOSS)
    model.fit(x[: 5 * BATCH], y[: 5 * BATCH], batch_size=BATCH, verbose=0)

    def one_epoch() -> float:
        started = time.perf_counter()
        model.fit(x, y, batch_size=BATCH, verbose=0)
        return (time.perf_counter() - started) / (len(x) / BATCH) * 1e3

    return one_epoch


def replicas(cell: str, count: int, x: np.ndarray, y: np.ndarray) -> float:
    """Milliseconds of an update of one replica, compiling and building excluded."""
    options = {"epochs": 10, "batch_size": BATCH, "loss": LOSS, "verbose": 0}
    trained = fit_replicas(lambda seed: addition.build_adder(cell=cell, seed=seed), x, y, seeds=range(count), **options)
    return trained.seconds["train"] / (10 * len(x) / BATCH) / count * 1e3


def per_update(rounds: int) -> None:
    x, y = addition.encode(addition.draw_questions(BATCH * UPDATES, 3, np.random.default_rng(0)), 3)
    for cell in CELLS:
        published, unrolled = (stock(cell, unroll, x, y) for unroll in (False, True))
        times = [(published(), unrolled(), replicas(cell, 1, x, y), replicas(cell, cores(), x, y)) for _ in range(rounds)]
        as_published, laid_out, alone, together = map(statistics.median, zip(*times, strict=True))
        print(
            f"{cell:10s} batch {BATCH} | stock {as_published:5.2f} ms an update, laid out {laid_out:5.2f} ms | fit_replicas, "
            f"one replica {alone:5.2f} ms: {as_published / alone:4.1f}x and {laid_out / alone:4.1f}x; {cores()} replicas "
            f"{together:5.2f} ms each: {as_published / together:4.1f}x and {laid_out / together:4.1f}x",
            flush=True,
        )


def to_goal() -> None:
    """Seconds until GOAL of the held-out sums are right, each epoch with its validation.

    An epoch of stock `fit` is timed and multiplied by the epochs that the classic recipe needs. Those are counted with
    `fit_replicas`, whose epochs are the same: a run of stock `fit` to the end takes many minutes.
    """
    needed, _ = to_goal_of("classic")
    limit = addition.RECIPES["classic"].epochs
    classic, stock = min(needed, limit), stock_epoch()
    fast, seconds = to_goal_of("fast")
    ours = fast * seconds
    reached = "" if needed <= limit else "not there after "
    print(
        f"to {GOAL:.1%} of the held-out sums | classic recipe, stock fit: {reached}{classic:.0f} epochs of {stock:.2f} s, "
        f"{classic * stock:.0f} s | fast recipe, fit_replicas: {fast:.0f} epochs of {seconds:.2f} s a seed, {ours:.1f} s: "
        f"{'more than ' if reached else ''}{classic * stock / ours:.1f}x",
        flush=True,
    )


def data_of(recipe: addition.Recipe) -> tuple[tuple, tuple]:
    split = addition.split_questions(recipe.questions, recipe.held_out, 3, np.random.default_rng(0), recipe.short)
    return addition.encode(split.train, 3), addition.encode(split.held_out, 3)


def stock_epoch() -> float:
    """Seconds of an epoch of the classic recipe in stock `fit`, the median of five."""
    recipe = addition.RECIPES["classic"]
    data, held_out = data_of(recipe)
    model = addition.build_adder(unroll=False, seed=0)
    model.compile(recipe.optimizer(recipe.questions, recipe.epochs), LOSS, metrics=[exact])
    seconds = []
    for _ in range(6):  # the first one traces
        started = time.perf_counter()
        model.fit(*data, batch_size=recipe.batch_size, validation_data=held_out, validation_batch_size=512, verbose=0)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])


def to_goal_of(name: str) -> tuple[float, float]:
    """Epochs that a recipe needs, the median over replicas (infinite where they do not get there), and seconds of an epoch."""
    recipe = addition.RECIPES[name]
    data, held_out = data_of(recipe)
    options = {"epochs": recipe.epochs, "batch_size": recipe.batch_size, "validation_data": held_out, "verbose": 0}
    options |= {"optimizer": recipe.optimizer(recipe.questions, recipe.epochs), "loss": LOSS, "metrics": [exact]}
    trained = fit_replicas(lambda seed: addition.build_adder(seed=seed), *data, seeds=range(2 * cores()), **options)
    epochs = [curve.epoch[curve.val_exact >= GOAL].min() for curve in trained.curves]
    seconds = trained.seconds["train"] / len(trained.seeds) / recipe.epochs
    return float(np.median(np.nan_to_num(epochs, nan=np.inf))), seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    per_update(parser.parse_args().rounds)
    to_goal()


if __name__ == "__main__":
    main()
