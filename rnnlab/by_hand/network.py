"""A language model by hand: embedding, LSTM layers one upon the other, softmax; its loss and all its gradients.

Parameters are one flat dict: "embedding" of shape (vocabulary, embedding); "layer_1.W_f" to "layer_1.b_o" as in
`rnnlab.by_hand.lstm`, then "layer_2.W_f" and so on; "output.W" of shape (hidden, vocabulary) and "output.b". States before the
first time step are a dict of "layer_1.h0" and "layer_1.c0" of shape (batch, hidden), and so on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from rnnlab.by_hand import lstm
from rnnlab.by_hand.arguments import array, check_classes, whole
from rnnlab.by_hand.lstm import GATES, Arrays, Step


class Trace(NamedTuple):
    """What `forward` computed on the way, for `backward`: the time steps of each layer, the outputs h of the highest, of shape
    (batch, time, hidden), the probabilities y, (batch, time, vocabulary), and the targets and tokens, (batch, time)."""

    layers: list[list[Step]]
    h: np.ndarray
    y: np.ndarray
    targets: np.ndarray
    tokens: np.ndarray | None = None


def draw(rng: np.random.Generator, *, vocabulary_size: int, embedding_dim: int, hidden: int, num_layers: int = 1) -> Arrays:
    """Initial parameters: embedding from N(0, 1), matrices from N(0, 1 / rows), biases 0, but 1 for the forget gates.

    Raises:
        ValueError: a size is not an integer of at least 1.
    """
    vocabulary_size, hidden = whole("vocabulary_size", vocabulary_size), whole("hidden", hidden)
    size = whole("embedding_dim", embedding_dim)

    def matrix(rows: int, columns: int) -> np.ndarray:
        return rng.normal(0, rows**-0.5, (rows, columns))

    p = {"embedding": rng.normal(0, 1, (vocabulary_size, size))}
    for number in range(1, whole("num_layers", num_layers) + 1):
        p |= {f"layer_{number}.W_{gate}": matrix(hidden + size, hidden) for gate in GATES}
        p |= {f"layer_{number}.b_{gate}": np.full(hidden, float(gate == "f")) for gate in GATES}
        size = hidden
    return p | {"output.W": matrix(hidden, vocabulary_size), "output.b": np.zeros(vocabulary_size)}


def zero_states(p: Arrays, batch: int) -> Arrays:
    """States of zeros for a batch."""
    return {f"{layer}.{state}": np.zeros((batch, p[f"{layer}.b_f"].size)) for layer in _layers(p) for state in ("h0", "c0")}


def forward(tokens: np.ndarray, targets: np.ndarray, p: Arrays, states: Arrays | None = None) -> tuple[float, Trace]:
    """The loss of a language model: the mean over batch and time of the cross-entropy, in nats.

    Args:
        tokens: what is read, integers of shape (batch, time).
        targets: the token that follows at each time, integers of the same shape.
        states: where the layers start; None means zeros.

    Raises:
        ValueError: an array is missing or of a shape that does not go with the others', or a token is none.
    """
    if "embedding" not in p or np.ndim(p["embedding"]) != 2:
        raise ValueError(f"embedding: expected shape (vocabulary, embedding), got {np.shape(p.get('embedding', ()))}")
    check_classes("tokens", tokens, len(p["embedding"]))
    loss, trace = forward_vectors(p["embedding"][tokens], targets, p, states)
    return loss, trace._replace(tokens=np.asarray(tokens))


def forward_vectors(x: np.ndarray, targets: np.ndarray, p: Arrays, states: Arrays | None = None) -> tuple[float, Trace]:
    """As `forward`, from vectors of shape (batch, time, input) in place of tokens."""
    states = zero_states(p, len(x)) if states is None else states
    h, layers = x, []
    for layer in _layers(p):
        for state in ("h0", "c0"):
            array(f"{layer}.{state}", states, len(x), p[f"{layer}.b_f"].size)
        h, steps = lstm.forward(h, states[f"{layer}.h0"], states[f"{layer}.c0"], _part(p, layer))
        layers.append(steps)
    classes = p["output.b"].size
    array("output.W", p, h.shape[2], classes)
    check_classes("targets", targets, classes, x.shape[:2])

    a = h @ p["output.W"] + p["output.b"]
    log_y = log_softmax(a)
    loss = -np.mean(np.take_along_axis(log_y, np.asarray(targets)[..., None], axis=-1))
    return float(loss), Trace(layers, h, np.exp(log_y), np.asarray(targets))


def log_softmax(a: np.ndarray) -> np.ndarray:
    """log(exp(a) / Σ exp(a)) over the last axis, in a form that neither overflows nor takes the logarithm of 0."""
    a = a - a.max(axis=-1, keepdims=True)
    return a - np.log(np.exp(a).sum(axis=-1, keepdims=True))


def backward(trace: Trace, p: Arrays) -> Arrays:
    """All gradients of the loss.

    Returns:
        One for each parameter and each state, under its name and of its shape, and "x" for the vectors that the lowest layer
        read; without "embedding" after `forward_vectors`.
    """
    da = (trace.y - np.eye(trace.y.shape[-1])[trace.targets]) / trace.targets.size
    gradients = {"output.W": np.einsum("bth,btv->hv", trace.h, da), "output.b": da.sum(axis=(0, 1))}
    dh = da @ p["output.W"].T
    for layer, steps in reversed(list(zip(_layers(p), trace.layers, strict=True))):
        below = lstm.backward(dh, steps, _part(p, layer))
        dh = below.pop("x")
        gradients |= {f"{layer}.{name}": gradient for name, gradient in below.items()}
    gradients["x"] = dh
    if trace.tokens is not None:
        gradients["embedding"] = np.zeros_like(p["embedding"])
        np.add.at(gradients["embedding"], trace.tokens, dh)  # a token that is read twice is moved twice
    return gradients


def _layers(p: Arrays) -> Iterator[str]:
    number = 1
    while f"layer_{number}.b_f" in p:
        yield f"layer_{number}"
        number += 1


def _part(p: Arrays, layer: str) -> Arrays:
    return {f"{kind}_{gate}": p[f"{layer}.{kind}_{gate}"] for kind in "Wb" for gate in GATES}
