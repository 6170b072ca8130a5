"""What a kept forecaster needs besides its networks: its series, its scales, its settings."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab import datasets
from rnnlab.sales.data import SalesData, Scale, prepare

if TYPE_CHECKING:
    from rnnlab.training import Replicas


def notes_of(series: datasets.Series, data: SalesData, settings: dict[str, Any]) -> dict[str, Any]:
    """All of it, as values that survive a round trip through JSON; `settings` has cell, units and epochs."""
    scales = {name: {"low": s.low.tolist(), "high": s.high.tolist()} for name, s in (("x", data.x_scale), ("y", data.y_scale))}
    stored = asdict(series) | {"values": series.values.tolist()}
    about = {name: settings[name] for name in ("cell", "units", "epochs")}
    return about | {"test_size": data.test_size, "lags": data.x.shape[-1], "scales": scales, "series": stored}


def load(path: Path, newer: datasets.Series | None = None) -> tuple[Replicas, datasets.Series, SalesData, dict[str, Any]]:
    """A kept forecaster: replicas, the series that it forecasts (its own, or `newer`), that series as it sees it, settings.

    Raises:
        OSError: there is no such file.
        ValueError: the file holds no sales forecaster, or the newer series is too short.
    """
    from rnnlab.training import load_replicas

    replicas, notes = load_replicas(path, task="sales")
    stored = notes["series"]
    own = datasets.Series(**stored | {"values": np.array(stored["values"]), "labels": tuple(stored["labels"])})
    x_scale, y_scale = (Scale(*(np.array(notes["scales"][n][end]) for end in ("low", "high"))) for n in "xy")
    series = newer or own
    data = prepare(series.values, test_size=notes["test_size"], lags=notes["lags"], scales=(x_scale, y_scale))
    return replicas, series, data, notes
