"""Are the gradients right? Central differences of any function of a dict of arrays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rnnlab.by_hand.arguments import check_gradients
from rnnlab.by_hand.lstm import Arrays


def central_differences(function: Callable[[Arrays], float], arrays: Arrays, *, step: float = 1e-5) -> Arrays:
    """(f(w + step) - f(w - step)) / (2 step) for every number w in the arrays, one after the other.

    What it leaves out is of the order of step²; what it loses to rounding is of the order of 1e-16 |f| / step. So smaller
    steps are not always better.

    Args:
        function: takes a dict like `arrays`, gives one number.
        arrays: float64; they are not changed.

    Raises:
        ValueError: `step` is not above 0, or an array is not float64.
    """
    if not step > 0:
        raise ValueError(f"step: expected a number above 0, got {step!r}")
    for name, value in arrays.items():
        if (kind := getattr(value, "dtype", type(value).__name__)) != np.float64:
            raise ValueError(f"{name}: expected an array of float64, got {kind}")
    differences = {name: np.zeros_like(value) for name, value in arrays.items()}
    for name, value in arrays.items():
        moved = value.copy()
        for place in np.ndindex(value.shape):
            ends = []
            for sign in (1, -1):
                moved[place] = value[place] + sign * step
                ends.append(function(arrays | {name: moved}))
            moved[place] = value[place]
            differences[name][place] = (ends[0] - ends[1]) / (2 * step)
    return differences


def relative_errors(gradients: Arrays, differences: Arrays, *, floor: float = 0.0) -> Arrays:
    """|a - b| / max(|a|, |b|, floor) for every number a of the gradients and b of the differences; 0 where both are 0.

    Args:
        gradients: must hold the names of `differences`; other entries are left out.
        floor: size below which a gradient is so small that rounding decides what the differences say of it.

    Raises:
        ValueError: a gradient is missing or has not the shape of its differences.
    """
    check_gradients(differences, gradients)
    errors = {}
    for name, b in differences.items():
        a = gradients[name]
        size = np.maximum(np.maximum(np.abs(a), np.abs(b)), floor)
        errors[name] = np.divide(np.abs(a - b), size, out=np.zeros_like(b), where=size > 0)
    return errors
