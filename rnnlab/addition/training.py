"""Trains adders as a recipe says, all seeds of one cell in one program, and asks each all that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab.addition.data import Split, encode
from rnnlab.addition.exam import answers, right_of_ten
from rnnlab.addition.network import build_adder
from rnnlab.addition.studies import questions_of, recipe_of
from rnnlab.study.plan import Job
from rnnlab.study.store import Result

if TYPE_CHECKING:
    import keras

    from rnnlab.training import Replicas


def train(jobs: list[Job], done: Callable[[Job, Result], None]) -> None:
    """Trains jobs of one cell; for `rnnlab.study.run`."""
    from rnnlab.metrics import exact
    from rnnlab.training import fit_replicas

    settings: dict[str, Any] = jobs[0].settings
    recipe, questions, digits = recipe_of(settings), questions_of(settings), settings["digits"]
    replicas = fit_replicas(
        lambda seed: network_of(settings, seed),
        *encode(questions.train, digits),
        seeds=[job.seed for job in jobs],
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        optimizer=recipe.optimizer(len(questions.train), recipe.epochs),
        loss="categorical_crossentropy",
        metrics=[exact],
        validation_data=encode(questions.held_out, digits),
        on_finish=lambda place, one: done(jobs[place], result_of(one, questions, digits)),
        verbose=0,
    )
    if replicas.interrupted:
        raise KeyboardInterrupt


def network_of(settings: Mapping[str, Any], seed: int | None) -> keras.Model:
    """The adder of an arm."""
    return build_adder(digits=settings["digits"], cell=settings["cell"], units=settings["units"], seed=seed)


def result_of(one: Replicas, questions: Split, digits: int) -> Result:
    """The fractions of sums that one trained network has right, and its wrong answers, by place among the unseen questions."""
    from rnnlab.training import weights_of

    given = answers(lambda x: one.predict(x, batch_size=512), questions.unseen, digits)[0]
    wrong = np.flatnonzero(given != questions.unseen.sum(axis=1))
    seen = one.curves[0]
    exact, rng = seen.val_exact.to_numpy(), np.random.default_rng([one.seeds[0], len(seen)])
    ten = right_of_ten(exact, len(questions.held_out), rng)
    return Result(
        {"exact_heldout": exact[-1], "exact_unseen": 1 - len(wrong) / len(given)},
        one.seconds["train"],
        {"epoch": seen.epoch.tolist(), "loss": seen.loss.tolist(), "exact": exact.tolist(), "right_of_ten": ten.tolist()},
        {"wrong": wrong.astype("int32"), "answers": given[wrong].astype("int32")},
        weights_of(one),
    )
