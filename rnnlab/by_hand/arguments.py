"""What the functions of the room ask of their arguments."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rnnlab.checks import whole as whole  # for the files of the textbook, which import nothing from elsewhere


def array(name: str, arrays: Mapping[str, np.ndarray], *shape: int) -> None:
    got = np.shape(arrays[name]) if name in arrays else "none"
    if got != shape:
        raise ValueError(f"{name}: expected an array of shape {shape}, got {got}")


def check_layer(x: np.ndarray, h0: np.ndarray, c0: np.ndarray, p: Mapping[str, np.ndarray]) -> None:
    if np.ndim(x) != 3 or not np.size(x):
        raise ValueError(f"x: expected shape (batch, time, input), none of them 0, got {np.shape(x)}")
    if np.ndim(h0) != 2 or len(h0) != len(x):
        raise ValueError(f"h0: expected shape ({len(x)}, hidden), got {np.shape(h0)}")
    hidden = h0.shape[1]
    array("c0", {"c0": c0}, len(x), hidden)
    for gate in "fico":
        array(f"W_{gate}", p, hidden + x.shape[2], hidden)
        array(f"b_{gate}", p, hidden)


def check_outputs(dh: np.ndarray, state: tuple[int, ...], steps: int) -> None:
    array("dh", {"dh": dh}, state[0], steps, state[1])


def check_classes(name: str, numbers: np.ndarray, classes: int, shape: tuple[int, ...] | None = None) -> None:
    kind, got = np.asarray(numbers).dtype, np.shape(numbers)
    if kind.kind not in "iu" or len(got) != 2 or not np.size(numbers) or (shape and got != shape):
        raise ValueError(f"{name}: expected integers of shape {shape or '(batch, time)'}, got {kind} of shape {got}")
    if np.min(numbers) < 0 or np.max(numbers) >= classes:
        raise ValueError(f"{name}: expected integers from 0 to {classes - 1}, got {np.min(numbers)} to {np.max(numbers)}")


def check_gradients(weights: Mapping[str, np.ndarray], gradients: Mapping[str, np.ndarray]) -> None:
    for name, value in weights.items():
        array(name, gradients, *np.shape(value))
