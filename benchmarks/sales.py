"""Updates per second of stock `fit` and of `fit_replicas` on the sales forecaster, from one process.

    python benchmarks/sales.py [--rounds 3]

Stock is the loop of the protocol: one `fit` call a pass, without shuffling, then the state reset; timed over a few passes
once it is traced. `fit_replicas` is timed over whole trainings (3000 passes; fewer from 512 units on). Printed are medians
over rounds in which both take turns, since machines are noisy.
"""

from __future__ import annotations

import argparse
import statistics
import time
from functools import partial

from rnnlab import datasets, fit_replicas, sales
from rnnlab.state import reset_state

DATA = sales.prepare(datasets.shampoo_sales().values)
UPDATES = len(DATA.train[0])  # per pass and seed
PASSES = 3000
CASES = [(8, 1, 3000), (8, 30, 3000), (128, 1, 3000), (1024, 1, 60)]  # units, seeds, passes that are timed


class Stock:
    """The loop of the protocol on one model, which goes on training from round to round."""

    def __init__(self, units: int) -> None:
        self.model = sales.build_sales_forecaster(units=units, seed=0)
        self.model.compile(optimizer="adam", loss="mse")
        self.seconds(3)

    def seconds(self, passes: int) -> float:
        """Seconds a pass."""
        x, y = DATA.train
        started = time.perf_counter()
        for _ in range(passes):
            self.model.fit(x, y, batch_size=1, epochs=1, shuffle=False, verbose=0)
            reset_state(self.model)
        return (time.perf_counter() - started) / passes


def replicas(units: int, seeds: int, passes: int) -> dict[str, float]:
    options = {"epochs": passes, "batch_size": 1, "shuffle": False, "reset_state": "epoch", "verbose": 0}
    build = partial(sales.build_sales_forecaster, units=units)
    return fit_replicas(lambda seed: build(seed=seed), *DATA.train, seeds=range(seeds), **options).seconds


def compare(units: int, seeds: int, passes: int, rounds: int) -> None:
    stock = Stock(units)
    scale, times = PASSES / passes, []
    for _ in range(rounds):
        theirs, seconds = stock.seconds(10 if units < 512 else 4), replicas(units, seeds, passes)
        whole = seconds["total"] + seconds["train"] * (scale - 1)
        times.append((theirs * PASSES, seconds["train"] * scale / seeds, whole / seeds))
    alone, ours, ours_whole = map(statistics.median, zip(*times, strict=True))
    print(
        f"{units:5d} units, {seeds:2d} seeds | stock {PASSES * UPDATES / alone:8.0f} updates/s | fit_replicas "
        f"{PASSES * UPDATES / ours:10.0f} updates/s a seed | {PASSES} passes: {alone:6.0f} s against {ours:8.3f} s a seed: "
        f"{alone / ours:7.0f}x, with building and compiling {alone / ours_whole:6.0f}x",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    replicas(8, 1, 1)  # what only the first compilation in a process costs is not measured
    for units, seeds, passes in CASES:
        compare(units, seeds, passes, rounds)


if __name__ == "__main__":
    main()
