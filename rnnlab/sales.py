"""A monthly series, a stateful network that forecasts it one step ahead, and the naive forecasts that it must beat.

The protocol: difference at lag 1; pairs of the previous differences (zeros before the first) and this one; both scaled to
[-1, 1] by the training rows only; one sample a step, in order, through a network whose state runs on; then the forecast of
each test month with the true history before it, brought back to sales units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnnlab.cells import recurrent_layer, split_seed
from rnnlab.state import reset_state

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Scale:
    """Linear map of each column from [low, high] to [-1, 1]."""

    low: np.ndarray  # (columns,)
    high: np.ndarray  # (columns,)

    @classmethod
    def of(cls, rows: np.ndarray) -> Scale:
        """The scale on which the columns of `rows`, shape (n, columns), fill [-1, 1]; a constant column maps to 0."""
        return cls(rows.min(axis=0), rows.max(axis=0))

    def to_unit(self, rows: np.ndarray) -> np.ndarray:
        span = np.where(self.high > self.low, self.high - self.low, 1.0)
        return np.where(self.high > self.low, 2 * (rows - self.low) / span - 1, 0.0)

    def from_unit(self, rows: np.ndarray) -> np.ndarray:
        return self.low + (rows + 1) / 2 * (self.high - self.low)


@dataclass(frozen=True)
class SalesData:
    """A series as the network sees it. Row i of `x` and `y` is the step from month i to month i + 1.

    Attributes:
        values: the series in sales units, shape (n,).
        x: scaled previous differences, oldest first, float32, shape (n - 1, 1, lags).
        y: scaled difference, float32, shape (n - 1, 1).
        test_size: how many of the last rows are test rows.
        x_scale, y_scale: fitted on the training rows.
    """

    values: np.ndarray
    x: np.ndarray
    y: np.ndarray
    test_size: int
    x_scale: Scale
    y_scale: Scale

    @property
    def train_size(self) -> int:
        return len(self.y) - self.test_size

    @property
    def train(self) -> tuple[np.ndarray, np.ndarray]:
        return self.x[: self.train_size], self.y[: self.train_size]

    @property
    def test_values(self) -> np.ndarray:
        return self.values[len(self.values) - self.test_size :]


def supervised_pairs(values: np.ndarray, lags: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Differences of a series of shape (n,): inputs (n - 1, lags), the `lags` differences before, and targets (n - 1, 1)."""
    differences = np.diff(values)
    padded = np.concatenate([np.zeros(lags), differences])
    inputs = np.stack([padded[row : row + lags] for row in range(len(differences))])
    return inputs, differences[:, None]


def prepare(
    values: Sequence[float] | np.ndarray,
    *,
    test_size: int = 12,
    lags: int = 1,
    scales: tuple[Scale, Scale] | None = None,
) -> SalesData:
    """Differences, pairs and scaling of a series; the last `test_size` months are for testing.

    `scales`, of x and y, are those of an earlier training; by default they are fitted on the training rows.

    Raises:
        ValueError: `test_size` or `lags` is below 1, a value is not finite, the series is too short to leave `lags` + 2
            training rows, or its training part is constant or a straight line.
    """
    values = np.asarray(values, dtype="float64")
    for name, number in (("test_size", test_size), ("lags", lags)):
        if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or number < 1:
            raise ValueError(f"{name}: expected an integer of at least 1, got {number!r}")
    if values.ndim != 1 or not np.isfinite(values).all():
        raise ValueError(f"values: expected a series of finite numbers, got shape {values.shape}")
    needed = test_size + lags + 3
    if len(values) < needed:
        raise ValueError(
            f"values: expected at least {needed} rows for {test_size} test rows and {lags} lags, got {len(values)}"
        )
    inputs, targets = supervised_pairs(values, lags)
    train = len(targets) - test_size
    if np.ptp(targets[:train]) == 0:
        what = "constant" if targets[0, 0] == 0 else "a straight line"
        raise ValueError(f"values: expected a series that varies, got one whose training part is {what}")
    x_scale, y_scale = scales or (Scale.of(inputs[:train]), Scale.of(targets[:train]))
    x = x_scale.to_unit(inputs).astype("float32")[:, None, :]
    return SalesData(values, x, y_scale.to_unit(targets).astype("float32"), int(test_size), x_scale, y_scale)


def build_sales_forecaster(
    *,
    lags: int = 1,
    units: int = 8,
    cell: str = "lstm",
    num_layers: int = 1,
    dtype: str | None = None,
    seed: int | None = None,
    name: str = "sales_forecaster",
) -> keras.Model:
    """The stateful forecaster: (1, 1, lags) -> recurrent layers -> dense 1, an uncompiled Keras model of stock layers.

    Args:
        lags: previous differences per step.
        units, cell, num_layers: size, kind ("simple_rnn", "lstm", "gru") and number of the recurrent layers.
        seed: fixes every initial weight; None leaves them to Keras.

    Raises:
        ValueError: an argument is out of range.
    """
    import keras

    for argument, number in (("lags", lags), ("num_layers", num_layers)):
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise ValueError(f"{argument}: expected an integer of at least 1, got {number!r}")
    seeds = split_seed(seed, num_layers + 1) if seed is not None else [None] * (num_layers + 1)
    inputs = keras.Input(batch_shape=(1, 1, lags), dtype=dtype, name="differences")
    hidden = inputs
    for layer in range(num_layers):
        hidden = recurrent_layer(
            cell,
            units,
            seed=seeds[layer],
            stateful=True,
            unroll=True,  # there is one step; a loop around it would only cost
            return_sequences=layer < num_layers - 1,
            dtype=dtype,
            name=f"recurrent_{layer + 1}",
        )(hidden)
    kernel = keras.initializers.GlorotUniform(seed=seeds[-1])
    outputs = keras.layers.Dense(1, kernel_initializer=kernel, dtype=dtype, name="difference")(hidden)
    return keras.Model(inputs, outputs, name=name)


def walk_forward(data: SalesData, outputs: np.ndarray) -> np.ndarray:
    """Forecasts in sales units from network outputs.

    Args:
        outputs: for every row of `data`, shape (..., n - 1, 1), as `Replicas.predict(data.x)` gives them.

    Returns:
        Forecasts of months 2 to n, each from the true month before it, shape (..., n - 1).
    """
    return data.values[:-1] + data.y_scale.from_unit(np.asarray(outputs, dtype="float64"))[..., 0]


def rmse(forecasts: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Root mean square error over the last axis."""
    return np.sqrt(np.mean((np.asarray(forecasts) - np.asarray(actual)) ** 2, axis=-1))


def reference_forecasts(data: SalesData, season: int | None = 12) -> dict[str, np.ndarray]:
    """One-step forecasts of the test months that cost no network, each of shape (test_size,).

    `persistence`: the month before. `drift`: that plus the mean slope of the training months. `seasonal_naive`: the same month
    one season before; nan where the series does not reach back that far or `season` is None. `moving_average`: the last three
    months. `linear_trend`: a line through all months before, fitted anew each month. `ar1` (`ar<lags>`): a linear regression on
    the training pairs of the network, fitted once.
    """
    values, first = data.values, len(data.values) - data.test_size
    months = range(first, len(values))
    slope = (values[first - 1] - values[0]) / (first - 1)
    lags = data.x.shape[-1]
    inputs, targets = supervised_pairs(values, lags)
    design = np.column_stack([np.ones(len(inputs)), inputs])
    coefficients = np.linalg.lstsq(design[: data.train_size], targets[: data.train_size], rcond=None)[0]

    def line(month: int) -> float:
        return float(np.polyval(np.polyfit(np.arange(month), values[:month], 1), month))

    def season_before(month: int) -> float:
        return values[month - season] if season and month >= season else np.nan

    return {
        "persistence": np.array([values[month - 1] for month in months]),
        "drift": np.array([values[month - 1] + slope for month in months]),
        "seasonal_naive": np.array([season_before(month) for month in months]),
        "moving_average": np.array([values[max(0, month - 3) : month].mean() for month in months]),
        "linear_trend": np.array([line(month) for month in months]),
        f"ar{lags}": values[first - 1 : -1] + (design[data.train_size :] @ coefficients)[:, 0],
    }


def forecast_ahead(model: keras.Model, data: SalesData, horizon: int) -> np.ndarray:
    """Forecasts of the `horizon` months after the end, in sales units, each from the forecasts before it.

    The network first reads the whole series from a zero state; its state afterwards is the one that it ends with.
    """
    import keras

    reset_state(model)
    for row in data.x:
        model(row[None])
    lags = data.x.shape[-1]
    differences = list(supervised_pairs(data.values, lags)[1][:, 0])
    level, forecasts = float(data.values[-1]), []
    for _ in range(horizon):
        inputs = data.x_scale.to_unit(np.array(([0.0] * lags + differences)[-lags:]))
        output = keras.ops.convert_to_numpy(model(inputs.astype("float32")[None, None]))
        differences.append(float(data.y_scale.from_unit(output.astype("float64"))[0, 0]))
        level += differences[-1]
        forecasts.append(level)
    return np.array(forecasts)
