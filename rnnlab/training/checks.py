"""What `fit_replicas` accepts. Every refusal is a ValueError that names the argument, what was expected, and what came."""

from __future__ import annotations

import inspect
import numbers
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import tree

from rnnlab.checks import whole
from rnnlab.state import state_variables


class Run(NamedTuple):
    """One replica to train: its seed, and its numbers for `build` and for the optimizer."""

    seed: int
    to_build: dict[str, float]
    to_optimizer: dict[str, float]

    @property
    def settings(self) -> dict[str, float]:
        return {**self.to_build, **self.to_optimizer}

    def __str__(self) -> str:
        return f"seed {self.seed}" + "".join(f", {name} {value}" for name, value in self.settings.items())


def check_seeds(seeds: Sequence[int]) -> list[int]:
    values = [whole("seeds", seed, 0, 2**32 - 1) for seed in seeds]
    if not values:
        raise ValueError("seeds: expected at least one seed, got none")
    return values


def check_steps(steps_per_epoch: int | Sequence[int] | None, epochs: int) -> list[int] | None:
    """The updates of each epoch, or None where an epoch is a pass."""
    if steps_per_epoch is None:
        return None
    steps = list(steps_per_epoch) if isinstance(steps_per_epoch, (list, tuple)) else [steps_per_epoch] * epochs
    if len(steps) != epochs:
        raise ValueError(f"steps_per_epoch: expected one integer, or one for each of {epochs} epochs, got {steps_per_epoch!r}")
    return [whole("steps_per_epoch", count) for count in steps]


def check_looking(steps: list[int] | None, look_back: bool, validation_batches: int | None, validation_data: Any) -> None:
    """`look_back` and `validation_batches` go by the number of updates."""
    if validation_batches is not None:
        whole("validation_batches", validation_batches)
        if validation_data is None:
            raise ValueError(f"validation_batches: expected together with validation_data, got {validation_batches} without")
    for name, value in (("look_back", look_back), ("validation_batches", validation_batches)):
        if steps is None and value:
            raise ValueError(f"{name}: expected together with steps_per_epoch, got {value} without")


def as_arrays(name: str, values: Any) -> Any:
    """Arrays as `fit` reads them, floating numbers in Keras' float type, in the structure of `values`."""

    def as_array(part: Any) -> np.ndarray:
        array = np.asarray(part)
        if array.dtype == object or array.ndim == 0:
            raise ValueError(f"{name}: expected arrays of numbers, got {type(part).__name__}")
        return array.astype(keras.config.floatx()) if np.issubdtype(array.dtype, np.floating) else array

    return tree.map_structure(as_array, values)


def check_data(x: Any, y: Any, name: str) -> tuple[Any, Any]:
    """`as_arrays` of both, all with the same number of samples."""
    data = as_arrays(name, x), as_arrays(name, y)
    lengths = {len(array) for array in tree.flatten(data)}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(f"{name}: expected the same number of samples, at least one, in every array, got {sorted(lengths)}")
    return data


def check_optimizer(optimizer: Any) -> keras.optimizers.Optimizer:
    optimizer = keras.optimizers.get(optimizer)
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        raise ValueError("optimizer: LossScaleOptimizer is not supported; expected the optimizer inside it")
    for setting in ("use_ema", "gradient_accumulation_steps"):
        if getattr(optimizer, setting, None):
            raise ValueError(f"optimizer: {setting} is not supported, got {setting}={getattr(optimizer, setting)}")
    return optimizer


def runs_of(vary: dict[str, Sequence[float]] | None, seeds: list[int], build: Callable, optimizer: Any) -> list[Run]:
    """The replicas to train: the varied numbers of each, split into arguments of `build` and attributes of the optimizer."""
    runs = [Run(seed, {}, {}) for seed in seeds]
    arguments = list(inspect.signature(build).parameters)[1:]
    for name, values in (vary or {}).items():
        values = list(values)
        if len(values) != len(seeds):
            raise ValueError(f"vary: expected {len(seeds)} numbers for {name!r}, one per seed, got {len(values)}")
        if not all(isinstance(value, numbers.Real) and not isinstance(value, bool) for value in values):
            raise ValueError(f"vary: expected numbers for {name!r}, got {values}")
        if name in arguments:
            for run, value in zip(runs, values, strict=True):
                run.to_build[name] = value
            continue
        numeric = sorted(key for key, number in optimizer.get_config().items() if isinstance(number, float) and number)
        if name not in numeric:
            of_build = ", ".join(arguments) or "it has none besides the seed"
            of_optimizer = f"a number of the optimizer {optimizer.name} ({', '.join(numeric)})"
            raise ValueError(f"vary: expected an argument of build ({of_build}) or {of_optimizer}, got {name!r}")
        for run, value in zip(runs, values, strict=True):
            run.to_optimizer[name] = float(value)
    for place, run in enumerate(runs):
        if run in runs[:place]:
            raise ValueError(f"seeds: expected replicas that are all different, got {run} twice")
    return runs


def check_built(model: Any) -> keras.Model:
    if not isinstance(model, keras.Model):
        raise ValueError(f"build: expected a keras.Model, got {type(model).__name__}")
    if not model.built:
        raise ValueError(
            f"build: expected a model with its weights made, but {model.name!r} is not built; give it an Input or call "
            "model.build(input_shape)"
        )
    return model


def check_model(model: keras.Model, data: Any, validation_data: Any, batch_size: int) -> None:
    if type(model).train_step is not keras.Model.train_step:
        raise ValueError(f"build: {type(model).__name__} has a train_step of its own, which fit_replicas cannot follow")
    if not model.trainable_variables:
        raise ValueError("build: expected a model with trainable weights, got none")
    states = state_variables(model)
    if not states:
        return
    if (built := int(states[0].shape[0])) != batch_size:
        raise ValueError(
            f"batch_size: expected {built}, the batch size that the stateful model was built with, got {batch_size}"
        )
    for name, part in (("x, y", data), ("validation_data", validation_data)):
        samples = len(tree.flatten(part)[0]) if part is not None else batch_size
        if samples % batch_size:
            raise ValueError(f"{name}: expected a multiple of {batch_size} samples for a stateful model, got {samples}")


def model_variables(model: keras.Model) -> list[keras.Variable]:
    """The variables that a replica's weights stand for: trainable, then the others (averages, dropout seeds)."""
    return list(model.trainable_variables) + list(model.non_trainable_variables)


def structure(model: keras.Model) -> dict[str, Any]:
    """What must be equal in all networks of one program: shapes, and the configuration without names and initial values."""
    shapes = [(tuple(v.shape), str(v.dtype)) for v in model_variables(model)]
    try:
        config = model.get_config()
    except NotImplementedError:  # a subclass of Model that cannot be saved; its shapes are compared all the same
        config = {}
    return {"weights": shapes, "config": _without_start(config)}


def check_same_structure(expected: dict[str, Any], found: dict[str, Any], run: Run) -> None:
    if found != expected:
        where = _first_difference(expected, found, "model")
        raise ValueError(f"build: expected networks that differ in their initial weights only, but for {run} {where}")


def _without_start(config: Any) -> Any:
    """The configuration without what may differ between replicas: names, seeds, initializers."""
    if isinstance(config, dict):
        if config.get("class_name") == "__keras_tensor__":
            return None
        left_out = ("name", "seed", "registered_name", "build_config", "input_layers", "output_layers", "unit_forget_bias")
        kept = {key for key in config if key not in left_out and not key.endswith("initializer")}
        return {key: _without_start(value) for key, value in config.items() if key in kept}
    if isinstance(config, (list, tuple)):
        return [_without_start(value) for value in config]
    return config


def _first_difference(expected: Any, found: Any, path: str) -> str:
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        expected, found = ({f"[{place}]": value for place, value in enumerate(values)} for values in (expected, found))
    if isinstance(expected, dict) and isinstance(found, dict) and expected.keys() == found.keys():
        for key in expected:
            if expected[key] != found[key]:
                return _first_difference(expected[key], found[key], f"{path}{key if key[0] == '[' else '.' + key}")
    return f"{path} is {found!r} instead of {expected!r}"
