"""`fit_replicas`: `Model.fit` for many seeds at once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np

from rnnlab.checks import one_of, whole
from rnnlab.training import checks
from rnnlab.training.backend import load_backend
from rnnlab.training.backup import Backup
from rnnlab.training.predict import Predictor
from rnnlab.training.program import Program, Settings, multiplies_vectors
from rnnlab.training.progress import Clock, progress
from rnnlab.training.result import Replica, Replicas
from rnnlab.training.schedule import Schedule


def fit_replicas(
    build: Callable[..., keras.Model],
    x: Any,
    y: Any,
    *,
    seeds: Sequence[int],
    epochs: int,
    batch_size: int = 32,
    optimizer: str | keras.optimizers.Optimizer = "adam",
    loss: Any = "mse",
    metrics: Sequence[Any] = (),
    shuffle: bool = True,
    reset_state: str | None = None,
    validation_data: tuple[Any, Any] | None = None,
    vary: dict[str, Sequence[float]] | None = None,
    steps_per_epoch: int | Sequence[int] | None = None,
    validation_batches: int | None = None,
    look_back: bool = False,
    early_stopping: keras.callbacks.EarlyStopping | None = None,
    on_finish: Callable[[int, Replicas], None] | None = None,
    backup: str | Path | None = None,
    verbose: str | int = "auto",
) -> Replicas:
    """Trains one replica of a Keras model per seed, each with the results of `Model.fit`, in one compiled program.

    What becomes of a replica follows from its seed and its settings alone, to the last bit: not from the other replicas,
    their order, or where training was cut. With another number of cores large sums are split otherwise, and last bits may
    differ. Equality with `fit` holds to float32 rounding; after hundreds of passes two runs that differ in the last bit are
    two different runs. Dropout draws what it draws in `fit` with `jit_compile=True`, TensorFlow's other masks without.

    On a CPU the first training of a process decides how XLA compiles its loops: one with batches of one sample of one step
    goes up to 2.3 times as fast as after others, and others after it keep 65 to 90 % of their speed. Last bits may differ
    where the order does: train the two kinds in processes of their own where that counts.

    Args:
        build: `build(seed)` returns an uncompiled Keras model. Global random generators are seeded with `seed` while it
            runs, so it need not handle the seed itself. All its models must have the same structure.
        x, y: arrays (or nested structures of arrays) with the samples along the first axis, as `fit` takes them.
        seeds: one integer per replica; several times the same where `vary` tells its replicas apart, which then start from the
            same weights and see the same batches.
        epochs: passes over the data.
        batch_size: samples per update; a stateful model must be built with the same.
        optimizer, loss, metrics: as for `Model.compile`, without `use_ema`, `gradient_accumulation_steps` and loss scaling.
        shuffle: whether each pass visits the samples in a new order, which follows from seed and pass; `fit` draws another.
        reset_state: "epoch" sets the states of a stateful model to zero before each pass and at the end; None lets them run on,
            as `fit` does.
        validation_data: (x, y), evaluated after each pass in batches of `batch_size`, from the states that training left.
        vary: a name and one number per replica. A name that `build` takes as an argument goes there; otherwise it must be a
            number of the optimizer, such as "learning_rate".
        steps_per_epoch: updates per epoch, one number or one for each epoch, as in `fit` with a dataset that is repeated and
            then cut into batches: passes follow one another without a gap. None makes each epoch a pass.
        validation_batches: how many batches of `validation_data`, which repeats, each evaluation takes: the one after update u
            starts at batch u. Whenever else it is looked at, a score after an update is the same. None takes all.
        look_back: whether each epoch ends with an evaluation on the batch of its last update, after that update, in columns
            that begin with batch_.
        early_stopping: a `keras.callbacks.EarlyStopping`, applied to each replica by itself.
        on_finish: `on_finish(place, replicas)` is called for each replica as soon as it has finished: its place in `seeds`, and
            the `Replicas` of it alone, whose "train" seconds are those in which it ran. Ctrl-C waits until the call has ended.
        backup: a folder for where each replica stands, written every 20 seconds or after each epoch that takes longer. The same
            call goes on there; a call with other data, settings or numbers finds nothing of its own. Nobody empties it.
        verbose: 1 shows progress on standard error, 0 shows none, "auto" shows it on a terminal.

    Returns:
        `Replicas`: after Ctrl-C those that had finished (`interrupted` is true); if none had, KeyboardInterrupt goes through.

    Raises:
        ValueError: an argument is not as said above; the message names it.
        NotImplementedError: Keras runs on a backend other than TensorFlow and JAX.
    """
    clock = Clock()
    seeds = checks.check_seeds(seeds)
    epochs, batch_size = whole("epochs", epochs), whole("batch_size", batch_size)
    one_of("reset_state", reset_state, (None, "epoch"))
    steps = checks.check_steps(steps_per_epoch, epochs)
    checks.check_looking(steps, look_back, validation_batches, validation_data)
    data = checks.check_data(x, y, "x, y")
    validation = checks.check_data(*validation_data, "validation_data") if validation_data is not None else None
    load_backend(vectors=multiplies_vectors(data, batch_size))  # before anything is compiled
    settings = Settings(
        data, validation, batch_size, steps, checks.check_optimizer(optimizer), loss, list(metrics), shuffle, reset_state,
        validation_batches, look_back, early_stopping,
    )  # fmt: skip
    runs = checks.runs_of(vary, seeds, build, settings.optimizer)

    def build_one(run: checks.Run) -> keras.Model:
        with clock("build"), seeded(run.seed):
            return checks.check_built(build(run.seed, **run.to_build))

    template = build_one(runs[0])
    checks.check_model(template, data, validation, batch_size)
    with clock("compile"):
        program = Program(template, settings, tuple(runs[0].to_optimizer))
        program.compile()
    predictor = Predictor(build_one)

    def finish(place: int, replica: Replica) -> None:
        if on_finish is not None:
            spent = clock.seconds() | {"train": replica.seconds}
            on_finish(place, Replicas(build_one, [replica], program.log_names, spent, False, predictor))

    schedule = Schedule(program, build_one, runs, epochs, Backup(backup, program.decisive()) if backup is not None else None)
    with progress(len(runs), epochs, verbose) as show:
        finished = schedule.run(show, clock, finish)
    if schedule.interrupted and not finished:
        raise KeyboardInterrupt
    ordered = [finished[place] for place in sorted(finished)]
    return Replicas(build_one, ordered, program.log_names, clock.seconds(), schedule.interrupted, predictor)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Python's and NumPy's global generators start from `seed` inside and go on outside as if nothing had happened.

    Keras draws the seeds of unseeded initializers and dropout layers from Python's generator.
    """
    before = random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
