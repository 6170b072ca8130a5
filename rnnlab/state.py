"""The state of stateful Keras models: find it, reset it, read it, set it.

Keras 3 keeps the state of a stateful recurrent layer outside `model.variables`: `model.reset_states()` is gone and a
saved file loses the state. These helpers work on any model, also where recurrent layers sit inside other models or
inside `Bidirectional`. On Keras' JAX backend a call `model(x)` moves the state on, but `predict` and `fit` leave it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras


def state_variables(model: keras.Model) -> list[keras.Variable]:
    """All state variables of the stateful recurrent layers of `model`, in the order of its layers.

    An LSTM gives two (h, c) of shape (batch, units), a simple RNN and a GRU give one; a model without stateful layers
    gives none.
    """
    import keras

    variables: list[keras.Variable] = []
    for layer in layers_of(model):
        # A Bidirectional wrapper says it is stateful but keeps no state of its own; its two directions follow it.
        if getattr(layer, "stateful", False) and isinstance(layer, keras.layers.RNN):
            variables += [state for state in keras.tree.flatten(layer.states) if state is not None]
    return variables


def layers_of(model: keras.Model) -> list[keras.layers.Layer]:
    """All layers inside `model`, depth first and each once, a layer before those inside it, siblings in their order."""
    # Not the recursion of `_flatten_layers` itself, which visits the layers inside a layer last to first.
    found: dict[int, keras.layers.Layer] = {}

    def walk(layer: keras.layers.Layer) -> None:
        for inner in layer._flatten_layers(include_self=False, recursive=False):
            if id(inner) not in found:
                found[id(inner)] = inner
                walk(inner)

    walk(model)
    return list(found.values())


def reset_state(model: keras.Model) -> None:
    """Sets every state of `model` to zero; a model without stateful layers stays as it is."""
    for variable in state_variables(model):
        variable.assign(np.zeros(variable.shape, dtype="float32"))


def get_state(model: keras.Model) -> list[np.ndarray]:
    """Copies of the states of `model`, one array of shape (batch, units) per state variable (see `state_variables`)."""
    import keras

    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in state_variables(model)]


def set_state(model: keras.Model, state: list[np.ndarray]) -> None:
    """Gives `model` a state that `get_state` returned.

    Raises:
        ValueError: `state` is not one array of numbers of the right shape per state variable; `model` keeps its state.
    """
    variables = state_variables(model)
    if len(state) != len(variables):
        raise ValueError(f"state: expected {len(variables)} arrays for model {model.name!r}, got {len(state)}")
    arrays = []
    for variable, values in zip(variables, state, strict=True):
        try:
            array = np.asarray(values, dtype="float64")  # holds the values of every dtype that a state can have
        except (TypeError, ValueError) as error:
            raise ValueError(f"state: expected an array of numbers for {variable.path!r}: {error}") from None
        if array.shape != tuple(variable.shape):
            raise ValueError(f"state: expected shape {tuple(variable.shape)} for {variable.path!r}, got {array.shape}")
        arrays.append(array)
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
