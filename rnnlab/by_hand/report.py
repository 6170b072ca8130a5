"""What the LSTM by hand comes to: gradients against two oracles, language models by optimizer and by start."""

from __future__ import annotations

from typing import Any

import pandas as pd

from rnnlab import figures, study
from rnnlab.by_hand.data import Letters
from rnnlab.by_hand.figures import gradient_errors
from rnnlab.by_hand.gradients import PUBLISHED_MEAN, PUBLISHED_STEP, Checks, check, shapes
from rnnlab.study.claims import FAILS, HOLDS, Verdict

ROUNDING = 1e-12  # of float64 in sums of a hundred numbers near 1, with room to spare
SHAPES, TRAININGS = "Forward and backward, line by line", "Language models, loss over the last updates"
GRADIENTS = f"Gradients against central differences with step {PUBLISHED_STEP:g}, and against Keras"
STEPS = "Mean relative error by step of the differences"
LABELS = {"loss": "cross-entropy of the batch", "spread": "standard deviation of h over the units, from −1 to 1"}
NOTE = (
    "Gradients are checked on a small problem of its own for every seed: input 2, hidden 3, T = 4, as published. With one seed "
    "all language models have the same initial weights, but for the start that they are given, and the same batches."
)


def report_of(letters: Letters, plan: study.Study, runs: study.Runs, command: str) -> study.Report:
    """The report of a plan; `conduct` takes it with the first argument filled in. Gradients are checked anew."""
    checks = check(list(dict.fromkeys(runs.frame.seed)))
    errors = checks.by_step.groupby("step").mean_error.mean()
    tables = {SHAPES: shapes(), GRADIENTS: gradients_table(checks), STEPS: steps_table(checks)}
    tables[TRAININGS] = trainings_table(runs.frame)
    return study.Report(
        plan,
        runs.frame,
        command,
        tables=tables,
        figures=_figures(plan, runs, checks),
        claims=study.claims.settle(claims_of(runs.frame, checks)),
        notes=[NOTE],
        files={"gradients.csv": checks.gradients},
        shown=tuple(tables),
        summary={
            "letters": len(letters.codes),
            "kinds": letters.kinds,
            "mean_error": errors[PUBLISHED_STEP],
            "worst_error": checks.gradients.worst_error.max(),
            "published_mean_error": PUBLISHED_MEAN,
            "mean_error_by_step": {f"{step:g}": error for step, error in errors.items()},
            "largest_output_difference_to_keras": checks.output_difference,
            "largest_gradient_difference_to_keras": checks.gradients.keras_difference.max(),
        },
    )


def gradients_table(checks: Checks) -> pd.DataFrame:
    """A row per parameter: relative errors over the seeds, and the largest difference to Keras."""
    columns = {
        "numbers": ("numbers", "first"),
        "mean error": ("mean_error", "mean"),
        "worst error": ("worst_error", "max"),
        "largest difference to Keras": ("keras_difference", "max"),
    }
    return checks.gradients.groupby("parameter", sort=False).agg(**columns).reset_index()


def steps_table(checks: Checks) -> pd.DataFrame:
    """A row per step: mean relative error over all numbers and seeds, and the published one."""
    table = checks.by_step.groupby("step", sort=False).mean_error.agg(["mean", "min", "max"]).reset_index()
    table["published"] = [PUBLISHED_MEAN if step == PUBLISHED_STEP else None for step in table.step]
    return table.assign(step=[f"{step:g}" for step in table.step])


def trainings_table(runs: pd.DataFrame) -> pd.DataFrame:
    """A row per arm: losses of the seeds with the interval of their mean, spread between units, seconds."""
    rows = []
    for (start, optimizer, rate), group in runs.groupby(["start", "optimizer", "rate"], sort=False):
        loss = study.summarize(group.loss)
        row: dict[str, Any] = {"start": start, "optimizer": optimizer, "rate": f"{rate:g}", "seeds": loss.n}
        row |= {"loss": loss.mean, "95 % interval": f"{loss.low:.3f} to {loss.high:.3f}" if loss.n > 1 else "–"}
        row |= {"min": group.loss.min(), "max": group.loss.max(), "spread of units": group.spread.mean()}
        rows.append(row | {"largest spread": group.largest_spread.max(), "seconds": group.seconds.mean()})
    return pd.DataFrame(rows)


def claims_of(runs: pd.DataFrame, checks: Checks) -> list[Verdict]:
    """The published statements that are exact: they hold to rounding on every seed, or not at all."""
    numbers, seeds = checks.gradients.groupby("seed").numbers.sum().iloc[0], checks.gradients.seed.nunique()
    keras = max(checks.gradients.keras_difference.max(), checks.output_difference)
    errors = checks.by_step[checks.by_step.step == PUBLISHED_STEP].mean_error
    alike = runs[runs.start == "all zero"].largest_spread
    exact: Any = {"n": seeds, "note": f"exact, to {ROUNDING:g} for rounding: no test"}
    return [
        Verdict(
            "Gradients agree with central differences",
            HOLDS if errors.mean() < 1e-5 else FAILS,
            published=f"mean relative error {PUBLISHED_MEAN:g}, one run",
            ours=f"{errors.mean():.2g} ({errors.min():.2g} to {errors.max():.2g}) at step {PUBLISHED_STEP:g}",
            n=seeds,
            note="a mean relative error below 1e-5, a bound chosen after the runs: no test",
            id="by-hand/gradients/central-differences",
        ),
        Verdict(
            "The LSTM by hand and that of Keras have the same outputs and gradients",
            HOLDS if keras < ROUNDING else FAILS,
            ours=f"largest difference {keras:.2g} in {numbers} numbers and the outputs",
            id="by-hand/gradients/framework",
            **exact,
        ),
        Verdict(
            "If all weights start from zero, the units of a layer stay identical",
            HOLDS if (alike < ROUNDING).all() else FAILS,
            ours=f"largest standard deviation over the units {alike.max():.2g}",
            id="by-hand/zero-start/units-stay-alike",
            **exact | {"n": len(alike)},
        ),
    ]


def _figures(plan: study.Study, runs: study.Runs, checks: Checks) -> dict[str, tuple[str, Any]]:
    curves = runs.curves.join(plan.table.set_index("arm")[["start", "optimizer", "rate"]], on="arm")
    random = curves[curves.start == "random"].assign(arm=lambda t: t.optimizer + ", rate " + t.rate.map("{:g}".format))
    adam = curves[curves.optimizer == "Adam"].assign(arm=lambda t: t.start)
    about: dict[str, Any] = {"labels": LABELS, "units": {"loss": "nats a letter"}}
    by_optimizer = figures.curves(random, "update", ["loss"], title=plan.title, **about)
    by_start = figures.curves(adam, "update", ["spread", "loss"], title=f"{plan.title}, Adam", log=False, **about)
    gradients = gradient_errors(checks.gradients, checks.by_step, published=PUBLISHED_MEAN, step=PUBLISHED_STEP)
    return {
        "figure": ("Loss by optimizer, from random weights", by_optimizer),
        "figure_start": ("Starts: how far the units lie apart, and the loss", by_start),
        "figure_gradients": ("Errors of the gradients", gradients),
    }
