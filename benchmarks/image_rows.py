"""Updates of the row classifier against stock Keras in one process, and against NumPy's matrix product.

    python benchmarks/image_rows.py

Stock Keras does what the published study did after every update: `train_on_batch`, then `test_on_batch` of the batch just
trained and of a test batch. Ours trains as many seeds side by side as there are cores; times are per update and seed. Pixels
are random: the time does not depend on them.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from rnnlab import command_line

command_line.import_keras()

import keras  # noqa: E402

from rnnlab import datasets, image_rows  # noqa: E402
from rnnlab.image_rows.training import epochs_of, fit, network_of, optimizer_of  # noqa: E402
from rnnlab.machine import cores  # noqa: E402

UPDATES, ROUNDS = 100, 3


def pictures() -> datasets.Images:
    rng = np.random.default_rng(0)
    x, y = rng.random((12_800, 28, 28), dtype="float32"), rng.integers(10, size=12_800, dtype="int32")
    return datasets.Images(x, y, x[:5000], y[:5000])


def stock(images: datasets.Images, job) -> Callable[[int], float]:
    """Seconds of so many updates with both evaluations, after a warm-up that compiles."""
    model = network_of(job.settings, images, 1.0, 0)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=optimizer_of(job.settings), loss=loss, metrics=["accuracy"])

    def updates(count: int, evaluations: int) -> float:
        started = time.perf_counter()
        for update in range(count):
            part = slice(128 * (update % 50), 128 * (update % 50 + 1))
            test = slice(128 * (update % 39), 128 * (update % 39 + 1))
            model.train_on_batch(images.x_train[part], images.y_train[part])
            if evaluations > 1:
                model.test_on_batch(images.x_train[part], images.y_train[part])
            if evaluations > 0:
                model.test_on_batch(images.x_test[test], images.y_test[test])
        return (time.perf_counter() - started) / count

    updates(3, 2)
    return updates


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


def main() -> None:
    images = pictures()
    job = next(job for job in image_rows.study_of("gate", [0], data="mnist").jobs if job.arm == "tanh")
    jobs = [job._replace(seed=seed) for seed in range(cores())]
    ways = {
        "looking after every update": [1] * UPDATES,
        "looking where score and curve need it": epochs_of(UPDATES, UPDATES // 20, 20),
        "looking once": [UPDATES],
    }
    theirs, ours, peaks = stock(images, job), {name: [] for name in ways}, []
    measured = {evaluations: [] for evaluations in (2, 1, 0)}
    for _ in range(ROUNDS):
        for evaluations, seconds in measured.items():
            seconds.append(theirs(UPDATES // 2, evaluations))
        for name, steps in ways.items():
            ours[name].append(fit(jobs, images, steps).seconds["train"] / UPDATES / len(jobs))
        peaks.append(peak_flops())
    stock_ms = {evaluations: 1000 * statistics.median(seconds) for evaluations, seconds in measured.items()}
    for evaluations, text in ((2, " + 2 test_on_batch"), (1, " + test_on_batch"), (0, "")):
        print(f"stock, {'train_on_batch' + text:40} {stock_ms[evaluations]:7.2f} ms")
    for name, seconds in ours.items():
        ms = 1000 * statistics.median(seconds)
        ratios = ", ".join(f"{stock_ms[evaluations] / ms:.2f}x" for evaluations in (2, 1, 0))
        print(f"ours, {name:41} {ms:7.2f} ms; stock with 2, 1, 0 evaluations: {ratios}")
    work = flops_of_update(28, 28, 128, 10, 128)
    rate, peak = work / statistics.median(ours["looking once"]), statistics.median(peaks)
    print(f"looking once: {rate / 1e9:.0f} of {peak / 1e9:.0f} GFLOP/s of NumPy's product of 2048 x 2048: {rate / peak:.0%}")


if __name__ == "__main__":
    main()
