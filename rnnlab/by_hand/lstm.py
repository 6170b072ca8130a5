"""An LSTM layer and its back-propagation through time, as a page of a textbook.

Rows are samples: where a book multiplies a column, W·z, here stands z @ W, with W of shape (hidden + input, hidden). The
weights are a dict p of eight arrays: W_f, W_i, W_c, W_o, and b_f, b_i, b_c, b_o of shape (hidden,). A name with a d in front is
the gradient of the loss with respect to what follows; a_f is what the gate f squashes, z @ W_f + b_f; so with a_i, a_c, a_o.

Source: S. Hochreiter and J. Schmidhuber, Long short-term memory, Neural Computation 9, 1997, with the forget gate of
F. A. Gers, J. Schmidhuber and F. Cummins, Learning to forget, Neural Computation 12, 2000.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rnnlab.by_hand.arguments import check_layer, check_outputs

GATES = ("f", "i", "c", "o")

Arrays = dict[str, np.ndarray]


class Step(NamedTuple):
    """What one time step computed: all of shape (batch, hidden), but x (batch, input) and z (batch, hidden + input)."""

    x: np.ndarray
    h_prev: np.ndarray
    c_prev: np.ndarray
    z: np.ndarray
    f: np.ndarray
    i: np.ndarray
    c_tilde: np.ndarray
    c: np.ndarray
    o: np.ndarray
    h: np.ndarray


class StepGradients(NamedTuple):
    """Gradients of the loss with respect to what went into one time step, each of the shape of what it belongs to."""

    x: np.ndarray
    h_prev: np.ndarray
    c_prev: np.ndarray
    weights: Arrays


def sigmoid(a: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-a)), in a form that no number overflows."""
    return 0.5 + 0.5 * np.tanh(0.5 * a)


def step(x: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray, p: Arrays) -> Step:
    """One time step; x of shape (batch, input), h_prev and c_prev of shape (batch, hidden), or all without the batch."""
    z = np.concatenate([h_prev, x], axis=-1)

    f = sigmoid(z @ p["W_f"] + p["b_f"])
    i = sigmoid(z @ p["W_i"] + p["b_i"])
    c_tilde = np.tanh(z @ p["W_c"] + p["b_c"])
    c = f * c_prev + i * c_tilde
    o = sigmoid(z @ p["W_o"] + p["b_o"])
    h = o * np.tanh(c)

    return Step(x, h_prev, c_prev, z, f, i, c_tilde, c, o, h)


def step_backward(dh: np.ndarray, dc: np.ndarray, s: Step, p: Arrays) -> StepGradients:
    """The same step read from its last line to its first.

    Args:
        dh: gradient with respect to s.h, from the outputs and from the next step together, shape (batch, hidden).
        dc: gradient with respect to s.c that comes from the next step, shape (batch, hidden).
    """
    do = dh * np.tanh(s.c)
    dc = dc + dh * s.o * (1 - np.tanh(s.c) ** 2)
    dc_prev = dc * s.f
    df = dc * s.c_prev
    di = dc * s.c_tilde
    dc_tilde = dc * s.i

    da_o = do * s.o * (1 - s.o)
    da_c = dc_tilde * (1 - s.c_tilde**2)
    da_i = di * s.i * (1 - s.i)
    da_f = df * s.f * (1 - s.f)

    dz = da_o @ p["W_o"].T + da_c @ p["W_c"].T + da_i @ p["W_i"].T + da_f @ p["W_f"].T
    dh_prev, dx = np.split(dz, [s.h.shape[-1]], axis=-1)

    da = dict(zip(GATES, (da_f, da_i, da_c, da_o), strict=True))
    weights = {f"W_{gate}": s.z.T @ da[gate] for gate in GATES}
    weights |= {f"b_{gate}": da[gate].sum(axis=0) for gate in GATES}
    return StepGradients(dx, dh_prev, dc_prev, weights)


def forward(x: np.ndarray, h0: np.ndarray, c0: np.ndarray, p: Arrays) -> tuple[np.ndarray, list[Step]]:
    """All time steps.

    Args:
        x: inputs, shape (batch, time, input).
        h0, c0: states before the first step, shape (batch, hidden).
        p: the weights; other entries are ignored.

    Returns:
        The outputs h of all steps, shape (batch, time, hidden), and the steps, for `backward`.

    Raises:
        ValueError: an array is missing or its shape does not go with the others'.
    """
    check_layer(x, h0, c0, p)
    h, c, steps = h0, c0, []
    for t in range(x.shape[1]):
        steps.append(step(x[:, t], h, c, p))
        h, c = steps[t].h, steps[t].c
    return np.stack([s.h for s in steps], axis=1), steps


def backward(dh: np.ndarray, steps: Sequence[Step], p: Arrays) -> Arrays:
    """Back-propagation through time.

    Args:
        dh: gradient of the loss with respect to the outputs of `forward`, shape (batch, time, hidden).
        steps, p: as `forward` gave and got them.

    Returns:
        The gradients of the loss: W_f to b_o, x, h0, c0, each of the shape of what it belongs to.

    Raises:
        ValueError: `dh` has not the shape of the outputs.
    """
    check_outputs(dh, steps[0].h.shape, len(steps))
    dx = [np.empty(0)] * len(steps)
    dh_next = dc_next = np.zeros_like(steps[0].h)
    gradients = {f"{kind}_{gate}": np.zeros_like(p[f"{kind}_{gate}"]) for kind in "Wb" for gate in GATES}
    for t in reversed(range(len(steps))):
        dx[t], dh_next, dc_next, weights = step_backward(dh[:, t] + dh_next, dc_next, steps[t], p)
        for name, gradient in weights.items():
            gradients[name] += gradient
    return gradients | {"x": np.stack(dx, axis=1), "h0": dh_next, "c0": dc_next}
