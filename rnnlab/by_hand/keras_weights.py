"""Weights of a Keras LSTM layer to those of `rnnlab.by_hand.lstm` and back; plain arrays, so that no Keras is needed.

Keras keeps the gates side by side in the order i, f, c, o, and the rows for x apart from those for h.
"""

from __future__ import annotations

import numpy as np

from rnnlab.by_hand.arguments import array
from rnnlab.by_hand.lstm import Arrays

KERAS_GATES = ("i", "f", "c", "o")


def from_keras(kernel: np.ndarray, recurrent_kernel: np.ndarray, bias: np.ndarray) -> Arrays:
    """W_f to b_o from what `layer.get_weights()` of a Keras LSTM gives; right for its gradients too.

    Args:
        kernel, recurrent_kernel, bias: shapes (input, 4 hidden), (hidden, 4 hidden), (4 hidden,).

    Raises:
        ValueError: the shapes do not go together.
    """
    if np.ndim(kernel) != 2 or np.ndim(recurrent_kernel) != 2:
        raise ValueError(f"kernel, recurrent_kernel: expected matrices, got shapes {kernel.shape}, {recurrent_kernel.shape}")
    hidden = len(recurrent_kernel)
    array("kernel", {"kernel": kernel}, len(kernel), 4 * hidden)
    array("recurrent_kernel", {"recurrent_kernel": recurrent_kernel}, hidden, 4 * hidden)
    array("bias", {"bias": bias}, 4 * hidden)
    stacked = np.concatenate([recurrent_kernel, kernel])
    matrices = {f"W_{gate}": part for gate, part in zip(KERAS_GATES, np.split(stacked, 4, axis=1), strict=True)}
    return matrices | {f"b_{gate}": part for gate, part in zip(KERAS_GATES, np.split(bias, 4), strict=True)}


def to_keras(p: Arrays) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Kernel, recurrent kernel and bias for `layer.set_weights` of a Keras LSTM; the inverse of `from_keras`.

    Raises:
        ValueError: a weight is missing or the shapes do not go together.
    """
    hidden, rows = np.size(p.get("b_f", ())), len(p.get("W_f", ()))
    for gate in KERAS_GATES:
        array(f"W_{gate}", p, rows, hidden)
        array(f"b_{gate}", p, hidden)
    stacked = np.concatenate([p[f"W_{gate}"] for gate in KERAS_GATES], axis=1)
    return stacked[hidden:], stacked[:hidden], np.concatenate([p[f"b_{gate}"] for gate in KERAS_GATES])
