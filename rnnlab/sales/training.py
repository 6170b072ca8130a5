"""Trains forecasters as the protocol says, all seeds of one size in one program, and keeps what each forecasts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab.sales.data import SalesData
from rnnlab.sales.forecasts import forecast_ahead, rmse, walk_forward
from rnnlab.sales.network import build_sales_forecaster
from rnnlab.study.plan import Job
from rnnlab.study.store import Result

if TYPE_CHECKING:
    import keras

    from rnnlab.training import Replicas


def train(data: SalesData, jobs: list[Job], done: Callable[[Job, Result], None]) -> None:
    """Trains jobs of one cell and size; for `rnnlab.study.run`, with the first argument filled in.

    One month is one sample of one step, months stay in their order, and the state runs on until the epoch ends.
    """
    from rnnlab.training import fit_replicas

    settings: dict[str, Any] = jobs[0].settings
    replicas = fit_replicas(
        lambda seed: network_of(settings, seed),
        *data.train,
        seeds=[job.seed for job in jobs],
        epochs=settings["epochs"],
        batch_size=1,
        optimizer="adam",
        loss="mse",
        shuffle=False,
        reset_state="epoch",
        on_finish=lambda place, one: done(jobs[place], result_of(one, data, settings["horizon"], one.seconds["train"])),
        verbose=0,
    )
    if replicas.interrupted:
        raise KeyboardInterrupt


def network_of(settings: dict[str, Any], seed: int | None) -> keras.Model:
    """The forecaster of an arm."""
    return build_sales_forecaster(lags=settings["lags"], units=settings["units"], cell=settings["cell"], seed=seed)


def result_of(one: Replicas, data: SalesData, horizon: int, seconds: float, place: int = 0) -> Result:
    """What a trained network forecasts of months 2 to n, each from the true month before, and of the months ahead."""
    from rnnlab.training import weights_of

    forecast = walk_forward(data, one.predict(data.x))[place]
    actual, cut = data.values[1:], data.train_size
    scores = {"test_rmse": float(rmse(forecast[cut:], actual[cut:])), "train_rmse": float(rmse(forecast[:cut], actual[:cut]))}
    arrays = {"forecast": forecast}
    if horizon:
        arrays["ahead"] = np.asarray(forecast_ahead(one.models[place], data, horizon))
    return Result(scores, seconds, arrays=arrays, network=weights_of(one, place))


def reuse(replicas: Replicas, data: SalesData, jobs: list[Job], done: Callable[[Job, Result], None]) -> None:
    """Forecasts with networks that were trained before; for `rnnlab.study.run`, with the first two arguments filled in."""
    horizon: Any = jobs[0].settings["horizon"]
    for job in jobs:
        done(job, result_of(replicas, data, horizon, 0.0, replicas.seeds.index(job.seed)))
