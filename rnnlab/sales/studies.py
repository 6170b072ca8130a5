"""What is compared: sizes and cells of the forecaster, each over several seeds, and what was published of them."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import pandas as pd

from rnnlab import datasets
from rnnlab.study import Study, grid
from rnnlab.study.plan import Setting

SIZES = (4, 8, 16, 32, 64, 128, 256, 512, 1024)  # as published
EPOCHS, TEST_SIZE, LAGS = 3000, 12, 1


def study_of(
    series: datasets.Series,
    seeds: Sequence[int],
    *,
    units: Sequence[int] = (8,),
    cells: Sequence[str] = ("lstm",),
    epochs: int = EPOCHS,
    test_size: int = TEST_SIZE,
    lags: int = LAGS,
    horizon: int = 0,
    networks: str | None = None,
) -> Study:
    """The plan: an arm for each cell and size.

    Args:
        horizon: months to forecast beyond the end of the series.
        networks: where kept networks come from; None where they are trained.
    """
    # The first digits of a hash of its values tell two series of one name apart.
    known_as = f"{series.name} {sha256(np.asarray(series.values, dtype='float64').tobytes()).hexdigest()[:8]}"
    common: dict[str, Setting] = {"series": known_as, "epochs": epochs, "test_size": test_size, "lags": lags}
    title = f"{series.name}: test RMSE over the last {test_size} rows, {epochs} epochs"
    common |= {"horizon": horizon, "networks": networks}
    return Study("sales", grid(cell=cells, units=sorted(units)), tuple(seeds), common, (), title)


def published(plan: Study) -> pd.DataFrame | None:
    """The published single runs, columns cell, units and test_rmse, where the plan has their series and their protocol."""
    same = {**study_of(datasets.shampoo_sales(), plan.seeds).common, "horizon": plan.common["horizon"]}
    return datasets.published("sales_neurons") if plan.common == same else None
