"""Where the time of an update goes."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from rnnlab.image_rows.training import epochs_of, fit
from rnnlab.machine import cores
from rnnlab.study.plan import Study


def peak_flops(size: int = 2048, repeats: int = 5) -> float:
    """Operations per second of NumPy's float32 matrix product on all cores, the best of several."""
    a = np.random.default_rng(0).normal(size=(size, size)).astype("float32")
    a @ a
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - started)
    return 2 * size**3 / best


def flops_of_update(rows: int, columns: int, units: int, num_classes: int, batch_size: int) -> int:
    """Operations in the matrix products of one update: forward, gradients of kernels, gradients of inputs.

    Nobody needs the gradient of the pixels, so that the first layer has two products and the others three.
    """
    per_image = 2 * rows * columns * units + 3 * rows * 8 * units**2 + 3 * units * num_classes
    return 2 * batch_size * per_image


def profile(plan: Study, updates: int = 200) -> str:
    """A table: milliseconds per update of the first arm, as many seeds side by side as there are cores."""
    from rnnlab.datasets import images

    first = plan.jobs[0]
    settings: dict[str, Any] = first.settings
    jobs = [first._replace(seed=seed) for seed in range(cores())]
    pictures = images(str(settings["data"]))
    scored = max(1, updates * settings["scored"] // settings["updates"])
    needed = epochs_of(updates, scored, settings["every"])
    ways = {
        "training only": ([updates], False),
        "and looking where score and curve need it": (needed, True),
        "and looking after every update": ([1] * updates, True),
    }
    times, lines = {}, [f"{plan.title}: {first.arm}, {len(jobs)} seeds side by side, {updates} updates", ""]
    for name, (steps, look) in ways.items():
        seconds = fit(jobs, pictures, steps, look=look).seconds
        times[name] = seconds["train"] / updates / len(jobs)
        lines.append(f"{name:42} {1000 * times[name]:8.2f} ms an update and seed (compiled in {seconds['compile']:.1f} s)")
    _, rows, columns = pictures.x_train.shape
    work = flops_of_update(rows, columns, settings["units"], 10, settings["batch_size"])
    rate, peak = work / times["training only"], peak_flops()
    lines += [
        f"{'its matrix products at full speed':42} {1000 * work / peak:8.2f} ms ({work / 1e9:.2f} of {peak / 1e9:.0f} GFLOP/s)",
        f"training only reaches {rate / peak:.0%} of NumPy's matrix product in the same process",
    ]
    return "\n".join(lines)
