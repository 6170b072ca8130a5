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
from rnnlab.image_rows.profile import flops_of_update, peak_flops  # noqa: E402
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


def main() -> None:
    images = pictures()
    job = next(job for job in image_rows.study_of("gate", [0], data="mnist").jobs if job.arm == "tanh")
    jobs = [job._replace(seed=seed) for seed in range(cores())]
    ways = {
        "looking after every update": ([1] * UPDATES, True),
        "looking where score and curve need it": (epochs_of(UPDATES, UPDATES // 20, 20), True),
        "training only": ([UPDATES], False),
    }
    theirs, ours, peaks = stock(images, job), {name: [] for name in ways}, []
    measured = {evaluations: [] for evaluations in (2, 1, 0)}
    for _ in range(ROUNDS):
        for evaluations, seconds in measured.items():
            seconds.append(theirs(UPDATES // 2, evaluations))
        for name, (steps, look) in ways.items():
            ours[name].append(fit(jobs, images, steps, look=look).seconds["train"] / UPDATES / len(jobs))
        peaks.append(peak_flops())
    stock_ms = {evaluations: 1000 * statistics.median(seconds) for evaluations, seconds in measured.items()}
    for evaluations, text in (
        (2, "train_on_batch + 2 test_on_batch"),
        (1, "train_on_batch + test_on_batch"),
        (0, "train_on_batch"),
    ):
        print(f"stock, {text:40} {stock_ms[evaluations]:7.2f} ms")
    for name, seconds in ours.items():
        ms = 1000 * statistics.median(seconds)
        ratios = ", ".join(f"{stock_ms[evaluations] / ms:.2f}x" for evaluations in (2, 1, 0))
        print(f"ours, {name:41} {ms:7.2f} ms; stock with 2, 1, 0 evaluations: {ratios}")
    work = flops_of_update(28, 28, 128, 10, 128)
    rate, peak = work / statistics.median(ours["training only"]), statistics.median(peaks)
    print(f"training only: {rate / 1e9:.0f} of {peak / 1e9:.0f} GFLOP/s of NumPy's product of 2048 x 2048: {rate / peak:.0%}")


if __name__ == "__main__":
    main()
