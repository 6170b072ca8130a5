"""Keras' recurrent layers as the compiled program runs them: the same equations, with as few products as possible in the loop.

The inputs of all steps meet the kernel in one product before the loop. On the way back the loop only carries the gradient of
the state; the gradients of the kernel and the recurrent kernel are one product each over all steps, where automatic
differentiation would add up one per step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import keras
from keras import ops

from rnnlab.state import layers_of
from rnnlab.training.backend import following

# Steps that are laid out one after the other; more of them go through a loop. Eight laid out are up to 14 % faster than a loop
# (128 units, batch 128); at ten a loop is the faster one, and compiles in a third of the time.
UNROLLED = 8


@contextmanager
def merged_products(model: keras.Model) -> Iterator[None]:
    """Inside, the recurrent layers of `model` run through this module wherever their settings allow it."""
    with ExitStack() as restore:
        for layer in layers_of(model):
            if type(layer) in _CELLS:
                original = layer.inner_loop
                layer.__dict__["inner_loop"] = _inner_loop(layer, original)
                restore.callback(layer.__dict__.pop, "inner_loop")
        yield


def _inner_loop(layer: keras.layers.RNN, original: Callable) -> Callable:
    def inner_loop(sequences, initial_state, mask=None, training=False):
        if not _fits(layer, sequences, training):
            return original(sequences, initial_state, mask, training)
        if training and layer.cell.dropout:
            sequences = sequences * layer.cell.get_dropout_mask(sequences[:, 0, :])[:, None, :]
        inputs = ops.transpose(sequences, (1, 0, 2))
        seen = mask[0] if isinstance(mask, (list, tuple)) else mask
        if seen is not None:
            seen = ops.expand_dims(ops.cast(ops.transpose(seen), sequences.dtype), -1)
        if layer.go_backwards:
            inputs, seen = (a if a is None else ops.flip(a, axis=0) for a in (inputs, seen))
        bias, recurrent_bias = _biases(layer.cell)
        projected = ops.matmul(inputs, layer.cell.kernel) + bias
        run = _differentiable(_CELLS[type(layer)](layer.cell))
        outputs, *states = run(projected, layer.cell.recurrent_kernel, recurrent_bias, seen, initial_state)
        last = states[0]
        if seen is not None:
            # As in Keras: nothing is put out, not even the initial state, before the first step that counts.
            started = ops.minimum(ops.cumsum(seen, axis=0), 1)
            outputs, last = outputs * started, last * started[-1]
        return last, ops.transpose(outputs, (1, 0, 2)), states

    return inner_loop


def _fits(layer: keras.layers.RNN, sequences: Any, training: bool) -> bool:
    cell = layer.cell
    return (
        sequences.shape[0] is not None
        and (sequences.shape[1] or 0) > 1
        and not (training and cell.recurrent_dropout)
        and not (training and cell.dropout and getattr(cell, "implementation", 2) == 1)
        and not layer.zero_output_for_mask
        and getattr(cell, "reset_after", True)
        and all(getattr(cell, name, keras.activations.tanh) in _SLOPES for name in ("activation", "recurrent_activation"))
        and cell.compute_dtype == cell.variable_dtype
        and sequences.dtype == cell.compute_dtype
    )


def _biases(cell: Any) -> tuple[Any, Any]:
    """What is added to the product with the kernel, and to that with the recurrent kernel."""
    none = ops.zeros((cell.recurrent_kernel.shape[-1],), cell.compute_dtype)
    if not cell.use_bias:
        return none, none
    return (cell.bias[0], cell.bias[1]) if isinstance(cell, keras.layers.GRUCell) else (cell.bias, none)


class Cell:
    """One step: from x, all that comes from the input, r, the product of h with the recurrent kernel, and the states.

    `forward(x, r, states)` returns the new states and what `backward` needs of the step. `backward(d, saved, states)` takes the
    gradients of the new states, that and the states before, and returns the gradients of x, of r and of the states, without
    the way through r.
    """

    def __init__(self, cell: Any) -> None:
        self.activation, self.slope = cell.activation, _SLOPES[cell.activation]
        self.gate = getattr(cell, "recurrent_activation", cell.activation)
        self.gate_slope = _SLOPES[self.gate]


class SimpleRNN(Cell):
    """h' = a(x + r)."""

    def forward(self, x, r, states):
        new = self.activation(x + r)
        return [new], [new]

    def backward(self, d, saved, states):
        (d_h,), (new,) = d, saved
        d_z = d_h * self.slope(new)
        return d_z, d_z, [ops.zeros_like(d_h)]


class LSTM(Cell):
    """c' = f c + i g and h' = o a(c'), with the gates i, f, o and the candidate g from x + r."""

    def forward(self, x, r, states):
        _, c = states
        i, f, g, o = ops.split(x + r, 4, axis=-1)
        i, f, g, o = self.gate(i), self.gate(f), self.activation(g), self.gate(o)
        new_c = f * c + i * g
        squashed = self.activation(new_c)
        return [o * squashed, new_c], [i, f, g, o, squashed]

    def backward(self, d, saved, states):
        (d_h, d_c), (i, f, g, o, squashed), (_, c) = d, saved, states
        d_c = d_c + d_h * o * self.slope(squashed)
        d_i, d_f, d_g, d_o = d_c * g, d_c * c, d_c * i, d_h * squashed
        gates = [d_i * self.gate_slope(i), d_f * self.gate_slope(f), d_g * self.slope(g), d_o * self.gate_slope(o)]
        d_z = ops.concatenate(gates, axis=-1)
        return d_z, d_z, [ops.zeros_like(d_h), d_c * f]


class GRU(Cell):
    """h' = u h + (1 - u) g, with the gates u (update) and v (reset) from x + r and the candidate g = a(x + v r)."""

    def forward(self, x, r, states):
        (h,) = states
        x_u, x_v, x_g = ops.split(x, 3, axis=-1)
        r_u, r_v, r_g = ops.split(r, 3, axis=-1)
        u, v = self.gate(x_u + r_u), self.gate(x_v + r_v)
        g = self.activation(x_g + v * r_g)
        return [u * h + (1 - u) * g], [u, v, g, r_g]

    def backward(self, d, saved, states):
        (d_h,), (u, v, g, r_g), (h,) = d, saved, states
        d_g = d_h * (1 - u) * self.slope(g)
        d_u, d_v = d_h * (h - g) * self.gate_slope(u), d_g * r_g * self.gate_slope(v)
        return ops.concatenate([d_u, d_v, d_g], axis=-1), ops.concatenate([d_u, d_v, d_g * v], axis=-1), [d_h * u]


# Slope of an activation where its value is a.
_SLOPES = {
    keras.activations.sigmoid: lambda a: a * (1 - a),
    keras.activations.tanh: lambda a: 1 - a * a,
    keras.activations.relu: lambda a: ops.cast(a > 0, a.dtype),
    keras.activations.linear: ops.ones_like,
}
_CELLS = {keras.layers.SimpleRNN: SimpleRNN, keras.layers.LSTM: LSTM, keras.layers.GRU: GRU}


def _differentiable(cell: Any) -> Callable:
    """All steps of a cell as one function of tensors with its own gradient: outputs of all steps, then the last states."""

    def run(x, recurrent, bias, seen, initial):
        steps = x.shape[0]

        @ops.custom_gradient
        def all_steps(x, recurrent, bias, *initial):
            def forward(states, step_of):
                new, saved = cell.forward(step_of(x), ops.matmul(states[0], recurrent) + bias, states)
                if seen is not None:
                    new = [ops.where(step_of(seen) > 0, n, s) for n, s in zip(new, states, strict=True)]
                return new, [*states, *saved]

            final, rows = scan(forward, list(initial), steps)
            count = len(initial)

            def gradient(*upstream):
                # JAX hands them over as one tuple.
                d_outputs, *d_final = upstream[0] if len(upstream) == 1 else upstream

                def backward(d_states, step_of):
                    d_states = [d_states[0] + step_of(d_outputs), *d_states[1:]]
                    kept = [ops.zeros_like(d) for d in d_states]
                    if seen is not None:
                        counts = step_of(seen)
                        kept = [d * (1 - counts) for d in d_states]
                        d_states = [d * counts for d in d_states]
                    before, saved = [step_of(row) for row in rows[:count]], [step_of(row) for row in rows[count:]]
                    d_x, d_r, d_before = cell.backward(d_states, saved, before)
                    d_before[0] = d_before[0] + ops.matmul(d_r, ops.transpose(recurrent))
                    d_before = [d + k for d, k in zip(d_before, kept, strict=True)]
                    return d_before, [d_r] if d_x is d_r else [d_x, d_r]

                d_initial, found = scan(backward, list(d_final), steps, reverse=True)
                d_x, d_r = found[0], found[-1]
                states, d_rows = (ops.reshape(a, (-1, a.shape[-1])) for a in (rows[0], d_r))
                return d_x, ops.matmul(ops.transpose(states), d_rows), ops.sum(d_rows, axis=0), *d_initial

            outputs = ops.concatenate([rows[0][1:], final[0][None]], axis=0)
            return (outputs, *final), gradient

        return all_steps(x, recurrent, bias, *initial)

    return run


def scan(body: Callable, carry: list, steps: int, *, reverse: bool = False) -> tuple[list, list]:
    """`carry, rows = body(carry, step_of)` for each step, last to first if `reverse`; the rows of all steps are stacked.

    `step_of(a)` is a[step] of an array with the steps along its first axis. Few steps are laid out, many go through a loop.
    """
    if steps <= UNROLLED:
        rows = [None] * steps
        for step in reversed(range(steps)) if reverse else range(steps):
            carry, rows[step] = body(carry, lambda a, step=step: a[step])
        return carry, [ops.stack(column, axis=0) for column in zip(*rows, strict=True)]

    def one(done, carry, buffers):
        step = steps - 1 - done if reverse else done
        carry, rows = body(carry, lambda a: ops.take(a, step, axis=0))
        buffers = [write(buffer, step, row) for buffer, row in zip(buffers, rows, strict=True)]
        return following(done, carry[0].shape[0] == 1), carry, buffers

    _, shapes = body(carry, lambda a: a[0])
    buffers = [ops.zeros((steps, *row.shape), row.dtype) for row in shapes]
    _, carry, buffers = ops.while_loop(lambda done, carry, buffers: done < steps, one, (ops.zeros((), "int32"), carry, buffers))
    return carry, buffers


def write(buffer: Any, step: Any, row: Any) -> Any:
    """`buffer` with `row` at `step` of its first axis."""
    return ops.slice_update(buffer, ops.stack([step] + [step * 0] * len(row.shape)), row[None])
