"""Trains adders, all seeds and learning rates of one network in one program, and keeps what each gets right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab.digit_sums.data import carry_rich, draw_operands, encode
from rnnlab.digit_sums.exam import examine
from rnnlab.digit_sums.integers import Pair, add
from rnnlab.digit_sums.network import build_digit_adder, twin_of
from rnnlab.digit_sums.studies import BATCH_SIZE, EVERY, lengths_of
from rnnlab.study.plan import Job
from rnnlab.study.store import Result

if TYPE_CHECKING:
    import keras

    from rnnlab.training import Replicas

Done = Callable[[Job, Result], None]


def train(jobs: list[Job], done: Done) -> None:
    """Trains jobs of one network, which may differ in their learning rates, as published; for `rnnlab.study.run`.

    Operands to train on come from the lower half of their range, those of the held-out sums from the upper half. All networks
    of one `maxlen` get the same sums.
    """
    import keras

    settings: dict[str, Any] = jobs[0].settings
    rates: list[Any] = [job.settings["learning_rate"] for job in jobs]
    draw = {"maxlen": settings["maxlen"], "rng": np.random.default_rng(settings["maxlen"]), "variant": settings["variant"]}
    sums = draw_operands(settings["updates"] * BATCH_SIZE, half="lower", **draw)
    held_out = draw_operands(settings["held_out"], half="upper", **draw)
    rate, halved_at = rates[0], settings["halved_at"]
    if halved_at:
        rate = keras.optimizers.schedules.PiecewiseConstantDecay([halved_at], [rate, rate / 2])
    _fit(
        jobs,
        sums,
        held_out,
        keras.optimizers.Adam(rate),
        lambda place, one: done(jobs[place], result_of(one)),
        epochs=settings["updates"] // EVERY,
        steps_per_epoch=EVERY,
        vary=None if halved_at else {"learning_rate": rates},
    )


def result_of(one: Replicas) -> Result:
    """Scores on the held-out sums at the end, the first update with all of them right (nan: none), and the way there."""
    from rnnlab.training import weights_of

    logs = one.curves[0]
    seen = {"exact": logs.val_exact, "loss": logs.val_loss, "train_loss": logs.loss}
    updates = EVERY * logs.epoch
    scores = {name: float(values.iloc[-1]) for name, values in seen.items()}
    scores["first_perfect"] = float(updates[logs.val_exact == 1].min())
    curve = {"update": updates.tolist()} | {name: values.tolist() for name, values in seen.items()}
    return Result(scores, one.seconds["train"], curve, network=weights_of(one))


def train_longer(jobs: list[Job], done: Done) -> None:
    """Trains jobs of one network on sums of up to `maxlen` digits, and asks it longer ones; for `rnnlab.study.run`.

    The learning rate rises to 0.01 over the first tenth of the updates and falls to 0 along a cosine.
    """
    import keras

    from rnnlab.training import weights_of

    settings: dict[str, Any] = jobs[0].settings
    updates, rng = settings["updates"], np.random.default_rng(0)
    sums = carry_rich(updates * BATCH_SIZE, settings["maxlen"], settings["chains"], rng=rng)
    held_out = carry_rich(2000, settings["maxlen"], 0.5, rng=rng)
    twin = twin_of(settings)

    def finish(place: int, one: Replicas) -> None:
        twin.set_weights(one.models[0].get_weights())
        scores, arrays = examine(twin, lengths_of(settings))
        scores = {"trained_exact": float(one.curves[0].val_exact.iloc[-1])} | scores
        done(jobs[place], Result(scores, one.seconds["train"], arrays=arrays, network=weights_of(one)))

    rising = updates // 10
    rate = keras.optimizers.schedules.CosineDecay(0.0, updates - rising, warmup_target=0.01, warmup_steps=rising)
    _fit(jobs, sums, held_out, keras.optimizers.Adam(rate, beta_2=0.98, clipnorm=1.0), finish, epochs=1)


def _fit(
    jobs: list[Job],
    sums: Pair,
    held_out: Pair,
    optimizer: keras.optimizers.Optimizer,
    finish: Callable[[int, Replicas], None],
    **options: Any,
) -> None:
    import keras

    from rnnlab.metrics import exact
    from rnnlab.training import fit_replicas

    replicas = fit_replicas(
        lambda seed: network_of(jobs[0].settings, seed),
        encode(*sums),
        add(*sums),
        seeds=[job.seed for job in jobs],
        batch_size=BATCH_SIZE,
        optimizer=optimizer,
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[exact],
        validation_data=(encode(*held_out), add(*held_out)),
        on_finish=finish,
        verbose=0,
        **options,
    )
    if replicas.interrupted:
        raise KeyboardInterrupt


def network_of(settings: Mapping[str, Any], seed: int | None) -> keras.Model:
    """The adder of an arm."""
    known = ("cell", "units", "num_layers", "activation", "state", "initial_state")
    batch_size = BATCH_SIZE if settings.get("state") == "carry" else None
    options = {name: settings[name] for name in known if name in settings}
    return build_digit_adder(length=settings["maxlen"] + 1, batch_size=batch_size, seed=seed, **options)
