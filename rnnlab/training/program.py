"""One training run of one Keras model as a pure function of tensors, compiled whole.

Everything that `fit` keeps in variables (weights, optimizer slots, recurrent states, dropout seeds, metrics) travels as plain
tensors through nested while loops: passes, inside them batches. Nothing returns to Python between two updates, which is
where `fit` spends its time on small recurrent models. One program serves every seed, and because each replica runs alone
in it, its result cannot depend on the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops, tree

from rnnlab.state import state_variables
from rnnlab.training.backend import load_backend
from rnnlab.training.checks import model_variables, structure
from rnnlab.training.order import Order
from rnnlab.training.recurrent import merged_products
from rnnlab.training.stopping import Stopping


class Carry(NamedTuple):
    """What one chunk of passes hands to the next."""

    values: list  # one tensor per variable of the program
    stopping: list  # early stopping: see Stopping.start


class Program:
    """The compiled training of the networks that `build` makes: same structure, different weights.

    Args:
        model: the template; its weights are not touched.
        data, validation_data: (x, y), possibly nested, of NumPy arrays with the samples along axis 0.
        steps: updates of each pass, where a pass is not one through the data.
        validation_batches, look_back: see `fit_replicas`.
        hyperparameters: names of optimizer attributes whose values are given per replica.
    """

    def __init__(
        self,
        model: keras.Model,
        data: tuple[Any, Any],
        *,
        batch_size: int,
        steps: list[int] | None,
        optimizer: keras.optimizers.Optimizer,
        loss: Any,
        metrics: Any,
        shuffle: bool,
        reset_state: str | None,
        validation_data: tuple[Any, Any] | None,
        validation_batches: int | None,
        look_back: bool,
        hyperparameters: tuple[str, ...],
        early_stopping: keras.callbacks.EarlyStopping | None,
    ) -> None:
        self.backend = load_backend()
        self.model, self.batch_size = model, batch_size
        self.hyperparameters, self.loss, self.metrics = hyperparameters, loss, metrics
        self.optimizer = _pure_copy(optimizer, self.backend)
        batch = tree.map_structure(lambda a: a[:batch_size], data)
        with _named(f"loss {_label(loss)}, metrics {', '.join(map(_label, metrics)) or 'none'}"):
            model.compile(optimizer=self.optimizer, loss=loss, metrics=metrics)
            model._symbolic_build(data_batch=batch)
        self.states = state_variables(model)
        self.trainable = list(model.trainable_variables)
        self.model_variables = model_variables(model)
        self.variables = self.model_variables + self.states + list(self.optimizer.variables) + list(model.metrics_variables)
        self.resets_state = reset_state == "epoch"
        self.data = tree.map_structure(ops.convert_to_tensor, data)
        self.validation_data = validation_data and tree.map_structure(ops.convert_to_tensor, validation_data)
        self.validation_batches, self.look_back = validation_batches, look_back
        self.counted = steps is not None
        rotating = _samples(validation_data) if validation_batches else None
        self.order = Order(_samples(data), batch_size, shuffle=shuffle, steps=steps, validation_samples=rotating)
        self.log_names = self._log_names()
        self.stopping = Stopping(early_stopping, self.log_names, model) if early_stopping is not None else None
        self._run = self.backend.compiled(self._passes)

    def start(self, weights: list[np.ndarray], hyperparameters: dict[str, float]) -> Carry:
        """The carry before the first pass.

        `weights` are a replica's initial values, in the order of `model_variables`; a learning rate is an optimizer variable
        and is set here, the other hyperparameters go into `run`.
        """
        values = list(weights)
        for variable in self.variables[len(weights) :]:
            value = ops.convert_to_numpy(variable)
            if variable is self._learning_rate_variable() and "learning_rate" in hyperparameters:
                value = np.asarray(hyperparameters["learning_rate"], dtype=value.dtype)
            values.append(np.zeros_like(value) if any(variable is state for state in self.states) else value)
        return Carry(values, self.stopping.start(weights) if self.stopping else [])

    def describe(self) -> list[str]:
        """Network (without its start), optimizer, loss, metrics and early stopping in words, with all their numbers."""
        stopping = {name: value for name, value in vars(self.stopping).items() if name != "_better"} if self.stopping else None
        configs = [_config(part) for part in (self.optimizer, self.loss, *self.metrics)]
        return [repr(part) for part in (structure(self.model), *configs, self.log_names, stopping)]

    def compile(self) -> None:
        """Traces and compiles, so that the first call of `run` finds the program ready."""
        numbers = dict.fromkeys(self.hyperparameters, 0.0)
        weights = [np.array(ops.convert_to_numpy(variable)) for variable in self.model_variables]
        self.run(self.start(weights, numbers), 0, 0, self.order.of(0, 0, 0), numbers)

    def run(
        self, carry: Carry, first: int, passes: int, order: np.ndarray, hyperparameters: dict[str, float]
    ) -> tuple[Carry, np.ndarray]:
        """Trains for up to `passes` passes (fewer with early stopping; 0 only compiles); `first` counts those done before.

        Returns the carry and the logs of shape (passes done, len(log_names)).
        """
        numbers = [np.float32(hyperparameters[name]) for name in self.hyperparameters]
        values, stopping, logs, done = self._run(
            list(carry.values),
            list(carry.stopping),
            self.data,
            self.validation_data,
            order,
            self.order.plan(first, passes),
            numbers,
            np.int32(first),
            np.int32(passes),
        )
        return Carry(values, stopping), np.asarray(ops.convert_to_numpy(logs))[: int(done)]

    def final(self, carry: Carry) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Weights (in the order of `model_variables`) and recurrent states that a replica ends with."""
        count = len(self.model_variables)
        kept = self.stopping.final(carry.stopping, carry.values[:count]) if self.stopping else carry.values[:count]
        states = [np.array(ops.convert_to_numpy(v)) for v in carry.values[count : count + len(self.states)]]
        if self.resets_state:
            states = [np.zeros_like(state) for state in states]
        return [np.array(ops.convert_to_numpy(value)) for value in kept], states

    def _passes(self, values, stopping, data, validation_data, order, plan, numbers, first, passes):
        logs = ops.zeros((self.order.passes_per_call, len(self.log_names)), dtype="float32")

        def go_on(done, values, stopping, logs):
            more = done < passes
            return ops.logical_and(more, ops.logical_not(stopping[0])) if self.stopping else more

        def one_pass(done, values, stopping, logs):
            row = ops.minimum(done, self.order.rows - 1)
            values, scores = self._pass(values, data, validation_data, order[row], plan[row], numbers)
            logs = ops.slice_update(logs, ops.stack([done, ops.zeros_like(done)]), ops.stack(scores)[None])
            if self.stopping:
                current = scores[self.log_names.index(self.stopping.monitor)]
                stopping = self.stopping.update(stopping, current, first + done, values[: len(self.model_variables)])
            return done + 1, values, stopping, logs

        done, values, stopping, logs = ops.while_loop(
            go_on, one_pass, (ops.zeros_like(passes), list(values), list(stopping), logs)
        )
        return values, stopping, logs, done

    def _pass(self, values, data, validation_data, order, plan, numbers):
        if self.resets_state:
            values = self._reset(values, self.states)

        def trained(start, size):
            index = ops.slice(order, (start,), (size,))
            return tree.map_structure(lambda a: ops.take(a, index, axis=0), data)

        def validation(start, size):
            if self.validation_batches:
                index = (plan[1] + start + ops.arange(size)) % _samples(validation_data)
                return tree.map_structure(lambda a: ops.take(a, index, axis=0), validation_data)
            return tree.map_structure(
                lambda a: ops.slice(a, (start,) + (0,) * (len(a.shape) - 1), (size, *a.shape[1:])), validation_data
            )

        def update(values, start, size):
            x, y = trained(start, size)
            return self._update(values, x, y, numbers)

        values = self._reset_metrics(values)
        if self.counted:
            done, values = self._full_batches(values, plan[0], update)
        else:
            values = self._batches(values, self.order.samples, update)
        scores = self._scores(values)
        if self.look_back:
            values = self._reset_metrics(values)
            # From where the loop ended: XLA's CPU compiler made a pass 20 times slower that took this from the plan.
            values = self._evaluate(values, *trained((done - 1) * self.batch_size, self.batch_size))
            scores += self._scores(values)
        if validation_data is not None:
            values = self._reset_metrics(values)
            samples = (self.validation_batches or 0) * self.batch_size or _samples(validation_data)
            values = self._batches(values, samples, lambda values, *part: self._evaluate(values, *validation(*part)))
            scores += self._scores(values)
        return values, scores

    def _batches(self, values, samples, step: Callable):
        """Calls `step(values, start, size)` for the full batches in a loop, then for the smaller last one, as `fit` does."""
        full = samples // self.batch_size
        if full:
            _, values = self._full_batches(values, full, step)
        if samples % self.batch_size:
            values = step(values, full * self.batch_size, samples % self.batch_size)
        return values

    def _full_batches(self, values, count, step: Callable):
        return ops.while_loop(
            lambda index, values: index < count,
            lambda index, values: (index + 1, step(values, index * self.batch_size, self.batch_size)),
            (ops.zeros((), dtype="int32"), list(values)),
        )

    def _update(self, values, x, y, numbers):
        count = len(self.trainable)

        def loss_and_rest(trainable):
            with self._scope([*trainable, *values[count:]]) as scope:
                loss = self._forward(x, y, training=True)
                loss = self.optimizer.scale_loss(loss)
            return loss, [scope.get_current_value(v) for v in self.variables[count:]]

        rest, gradients = self.backend.value_and_gradients(loss_and_rest, list(values[:count]))
        with (
            _named(f"optimizer {self.optimizer.name}"),
            self._set_hyperparameters(numbers),
            self._scope([*values[:count], *rest]) as scope,
        ):
            self.optimizer.apply(gradients)
        return self._same_shapes(scope)

    def _evaluate(self, values, x, y):
        with self._scope(values) as scope:
            self._forward(x, y, training=False)
        return self._same_shapes(scope)

    def _forward(self, x, y, training: bool):
        """Loss of one batch, with every metric updated, in the order of Keras' own train_step."""
        model = self.model
        with merged_products(model):
            prediction = model(x, training=training) if model._call_has_training_arg else model(x)
        loss = model.compute_loss(x=x, y=y, y_pred=prediction, sample_weight=None, training=training)
        model._loss_tracker.update_state(loss, sample_weight=tree.flatten(x)[0].shape[0])
        model.compute_metrics(x, y, prediction, None)
        return loss

    def _scope(self, values) -> keras.StatelessScope:
        return keras.StatelessScope(list(zip(self.variables, values, strict=True)), collect_losses=True)

    def _same_shapes(self, scope):
        # A loop needs fixed shapes; tracing loses some of them, on TensorFlow, although they never change.
        return [
            ops.reshape(ops.cast(scope.get_current_value(v), v.dtype), v.shape) if v.ndim else scope.get_current_value(v)
            for v in self.variables
        ]

    def _reset(self, values, variables):
        # Times 0 rather than a constant: a state that is nan stays visible as the diverged replica that it is.
        chosen = {id(variable) for variable in variables}
        return [value * 0 if id(variable) in chosen else value for variable, value in zip(self.variables, values, strict=True)]

    def _reset_metrics(self, values):
        with self._scope(values) as scope:
            self.model.reset_metrics()
        return self._same_shapes(scope)

    def _scores(self, values):
        with self._scope(values):
            results = self.model.get_metrics_result()
        return [ops.reshape(ops.cast(results[name], "float32"), ()) for name in sorted(results)]

    def _log_names(self) -> list[str]:
        names = sorted(self.model.get_metrics_result())
        prefixes = ["", *(["batch_"] if self.look_back else []), *(["val_"] if self.validation_data is not None else [])]
        return [prefix + name for prefix in prefixes for name in names]

    def _learning_rate_variable(self):
        rate = self.optimizer._learning_rate
        return rate if isinstance(rate, keras.Variable) else None

    @contextmanager
    def _set_hyperparameters(self, numbers) -> Iterator[None]:
        """Puts tensors in the place of the optimizer's numbers while the update is traced."""
        names = [name for name in self.hyperparameters if name != "learning_rate"]
        before = {name: getattr(self.optimizer, name) for name in names}
        try:
            for name, number in zip(self.hyperparameters, numbers, strict=True):
                if name in before:
                    setattr(self.optimizer, name, number)
            yield
        finally:
            for name, number in before.items():
                setattr(self.optimizer, name, number)


@contextmanager
def _named(part: str) -> Iterator[None]:
    """Says which part of the user's settings does not run as a function of tensors."""
    try:
        yield
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ValueError(f"{part}: expected parts that run in a compiled program; {reason}") from error


def _label(part: Any) -> str:
    return part if isinstance(part, str) else str(getattr(part, "name", None) or getattr(part, "__name__", part))


def _config(part: Any) -> Any:
    if not hasattr(part, "get_config"):
        return _label(part)
    return type(part).__name__, {name: value for name, value in part.get_config().items() if name != "name"}


def _samples(data) -> int:
    return int(tree.flatten(data)[0].shape[0])


def _pure_copy(optimizer, backend):
    """A fresh copy of `optimizer`, not yet built, that updates plain tensors."""
    config = optimizer.get_config()
    if isinstance(optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule):
        # As it is, so that a schedule class of the user's own needs no registration.
        config["learning_rate"] = optimizer._learning_rate
    return backend.functional_optimizer(type(optimizer)).from_config(config)
