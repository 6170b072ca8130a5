"""A monthly series as the pairs that a network learns from: differences, lags, scales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnnlab.checks import whole


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
    test_size, lags = whole("test_size", test_size), whole("lags", lags)
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
    return SalesData(values, x, y_scale.to_unit(targets).astype("float32"), test_size, x_scale, y_scale)
