"""Trains arms of a study of the row classifier: many in one program where they differ in numbers alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab.image_rows.network import build_row_classifier
from rnnlab.study.plan import Job, Study
from rnnlab.study.store import Result

if TYPE_CHECKING:
    import keras

    from rnnlab.datasets import Images
    from rnnlab.training import Replicas

# Our measures, and what an evaluation is called in the logs of `fit_replicas`.
MEASURES = {"train_loss": "batch_loss", "test_loss": "val_loss"}
MEASURES |= {"train_accuracy": "batch_accuracy", "test_accuracy": "val_accuracy"}


def train(jobs: list[Job], done: Callable[[Job, Result], None]) -> None:
    """Trains jobs that differ in forget bias, learning rate and beta_1 alone; for `rnnlab.study.run`.

    After an update the batch just trained and the next test batch are looked at, with the weights after it: after each of
    the last `scored` updates, whose mean is the score, and after every `every`-th one for the curve.
    """
    from rnnlab.datasets import images

    settings: dict[str, Any] = jobs[0].settings
    steps = epochs_of(settings["updates"], settings["scored"], settings["every"])
    if len({job.settings["learning_rate"] for job in jobs}) > 1 and "learning_rate" not in varied_by(settings):
        raise ValueError("jobs: expected one learning rate in a program where it decays, got several")

    def finish(place: int, one: Replicas) -> None:
        done(jobs[place], result_of(one, steps, settings))

    if fit(jobs, images(settings["data"]), steps, on_finish=finish).interrupted:
        raise KeyboardInterrupt


def fit(
    jobs: list[Job], pictures: Images, steps: list[int], on_finish: Callable[[int, Replicas], None] | None = None
) -> Replicas:
    """Trains jobs in one program; both batches are looked at after each epoch of so many `steps`."""
    import keras

    from rnnlab.training import fit_replicas

    settings: dict[str, Any] = jobs[0].settings
    # Test images in no order, so that every batch is a sample of all of them.
    mixed = np.random.default_rng(0).permutation(len(pictures.y_test))
    return fit_replicas(
        lambda seed, forget_bias: network_of(settings, pictures, forget_bias, seed),
        pictures.x_train,
        pictures.y_train,
        seeds=[job.seed for job in jobs],
        epochs=len(steps),
        steps_per_epoch=steps,
        batch_size=settings["batch_size"],
        optimizer=optimizer_of(settings),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        vary={name: [float(job.settings[name]) for job in jobs] for name in varied_by(settings)},  # type: ignore[arg-type]
        validation_data=(pictures.x_test[mixed], pictures.y_test[mixed]),
        validation_batches=1,
        look_back=True,
        on_finish=on_finish,
        verbose=0,
    )


def network_of(settings: dict[str, Any], pictures: Images, forget_bias: float, seed: int) -> keras.Model:
    """The classifier of an arm, for images of this size."""
    _, rows, columns = pictures.x_train.shape
    chosen = {name: settings[name] for name in ("units", "activation", "recurrent_activation")}
    return build_row_classifier(rows=rows, columns=columns, forget_bias=forget_bias, seed=seed, **chosen)


def optimizer_of(settings: dict[str, Any]) -> keras.optimizers.Optimizer:
    """An optimizer with the settings of the published study; `decay` multiplies its rate after every 100 updates."""
    import keras

    name, rate = settings["optimizer"], settings["learning_rate"]
    if settings["decay"] is not None:
        rate = keras.optimizers.schedules.ExponentialDecay(rate, 100, settings["decay"], staircase=True)
    if name == "adam":
        return keras.optimizers.Adam(rate, beta_1=settings["beta_1"], beta_2=0.999, epsilon=1e-8)
    if name == "rmsprop":
        return keras.optimizers.RMSprop(rate, rho=0.9, epsilon=1e-10)
    if name == "adagrad":
        return keras.optimizers.Adagrad(rate, initial_accumulator_value=0.1)
    if name == "sgd":
        return keras.optimizers.SGD(rate)
    raise ValueError(f"optimizer: expected one of adam, rmsprop, adagrad, sgd, got {name!r}")


def varied_by(settings: dict[str, Any]) -> list[str]:
    """The settings that differ between the replicas of one program."""
    rate = ["learning_rate"] if settings["decay"] is None else []
    return ["forget_bias", *rate, *(["beta_1"] if settings["optimizer"] == "adam" else [])]


def epochs_of(updates: int, scored: int, every: int) -> list[int]:
    """Lengths of epochs that end with an evaluation: every `every` updates, and after each of the last `scored` ones."""
    looked = sorted({*range(every, updates - scored + 1, every), *range(updates - scored, updates + 1)} - {0})
    return np.diff([0, *looked]).tolist()


def result_of(one: Replicas, steps: list[int], settings: dict[str, Any]) -> Result:
    """Scores, curve and weights of one run, from its logs with a row per evaluation."""
    from rnnlab.training import weights_of

    logs, seconds = one.curves[0], one.seconds["train"]
    scored, updates = settings["scored"], np.cumsum(steps)
    scores = {name: float(logs[column].iloc[-scored:].mean(skipna=False)) for name, column in MEASURES.items()}
    scores["ms_per_update"] = 1000 * seconds / settings["updates"]
    shown = updates % settings["every"] == 0
    curve = {name: logs[column][shown].round(6).tolist() for name, column in MEASURES.items()}
    return Result(scores, seconds, {"update": updates[shown].tolist(), **curve}, network=weights_of(one))


def kept_as(plan: Study) -> tuple[Callable[[int], keras.Model], dict[str, Any]]:
    """How the networks of a plan with one arm are built again, and what is kept with them, for `conduct.Networks`."""
    arm = next(iter(plan.arms))
    settings: dict[str, Any] = plan.settings(arm)

    def build(seed: int) -> keras.Model:
        from rnnlab.datasets import images

        return network_of(settings, images(settings["data"]), settings["forget_bias"], seed)

    return build, {"arm": arm, "study": plan.name, "data": settings["data"]}


def evaluated(path: Path) -> str:
    """A line on networks that --save kept: their accuracy on all test images, with its 95 % t interval over the seeds.

    Raises:
        OSError: there is no such file.
        ValueError: the file holds no row classifiers.
    """
    from rnnlab.datasets import images
    from rnnlab.study import summarize
    from rnnlab.training import load_replicas

    replicas, notes = load_replicas(path, task="image_rows")
    pictures = images(notes["data"])
    found = summarize((replicas.predict(pictures.x_test).argmax(axis=-1) == pictures.y_test).mean(axis=-1))
    interval = f" (95 % t interval {found.low:.4f} to {found.high:.4f})" if found.n > 1 else ""
    about = f"{notes['study']}, {notes['arm']}: {found.n} seed{'s' * (found.n > 1)}, {len(pictures.y_test)} test images"
    return f"{about} of {notes['data']}: accuracy {found.mean:.4f}{interval}"
