"""The promises of `fit_replicas`, on whichever backend Keras runs on."""

import os
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest

from rnnlab import fit_replicas
from rnnlab.state import reset_state
from rnnlab.training import schedule
from rnnlab.training.order import Order

on_tensorflow = keras.backend.backend() == "tensorflow"
once = pytest.mark.skipif(not on_tensorflow, reason="the same on every backend, tested on TensorFlow")
layers = keras.layers
CELLS = {"simple_rnn": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


X, Y = numbers(20, 5, 3), numbers(20, 2, seed=1)


def recurrent(cell="lstm", mask=False):
    def build(seed):
        inputs = keras.Input((5, 3))
        hidden = layers.Masking(0.0)(inputs) if mask else inputs
        return keras.Model(inputs, layers.Dense(2)(CELLS[cell](4)(hidden)))

    return build


def dense(seed):
    inputs = keras.Input((6,))
    return keras.Model(inputs, layers.Dense(1)(layers.Dense(5, activation="tanh")(inputs)))


XD, YD = numbers(20, 6), numbers(20, 1, seed=2)


COMPILING = ("optimizer", "loss", "metrics", "jit_compile")


def fitted(build, x, y, seed=0, epochs=20, resets=False, callbacks=(), **settings):
    """The oracle: the same seed through stock `compile` and `fit`."""
    compiling = {name: settings.pop(name) for name in COMPILING if name in settings}
    keras.utils.set_random_seed(seed)
    model = build(seed)
    model.compile(**{"optimizer": "adam", "loss": "mse", **compiling})
    settings = {"shuffle": False, "verbose": 0, **settings}
    if not resets:
        history = model.fit(x, y, epochs=epochs, callbacks=list(callbacks), **settings).history
        return model, history
    losses = []
    for _ in range(epochs):
        losses += model.fit(x, y, epochs=1, **settings).history["loss"]
        reset_state(model)
    return model, {"loss": losses}


def check_same_weights(replica, model, tolerance=1e-5):
    for ours, theirs in zip(replica.get_weights(), model.get_weights(), strict=True):
        scale = max(np.abs(theirs).max(), 1e-3)
        assert np.abs(ours - theirs).max() / scale < tolerance


def check_same_history(history, expected):
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, rtol=1e-4, atol=1e-6)


def optimizers():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
    return {
        "sgd": keras.optimizers.SGD(0.05),
        "momentum": keras.optimizers.SGD(0.02, momentum=0.9, nesterov=True, clipnorm=0.5),
        "rmsprop": keras.optimizers.RMSprop(0.005),
        "adagrad": keras.optimizers.Adagrad(0.05),
        "adam": keras.optimizers.Adam(0.01),
        "adamw": keras.optimizers.AdamW(schedule, weight_decay=0.01),
    }


class TestSameAsFit:
    """Promise 1."""

    @pytest.mark.parametrize(("cell", "mask"), [("simple_rnn", False), ("lstm", True), ("gru", True)])
    def test_cells_and_masks(self, cell, mask):
        x = X.copy()
        x[::2, 3:] = 0
        replicas = fit_replicas(recurrent(cell, mask), x, Y, seeds=[3], epochs=20, batch_size=10, shuffle=False)
        model, history = fitted(recurrent(cell, mask), x, Y, seed=3, batch_size=10)
        check_same_weights(replicas.models[0], model)
        check_same_history(replicas.history, history)

    @pytest.mark.parametrize(
        "name", [name if name in ("momentum", "adamw") else pytest.param(name, marks=once) for name in optimizers()]
    )
    def test_optimizers(self, name):
        settings = {"batch_size": 10, "shuffle": False}
        replicas = fit_replicas(dense, XD, YD, seeds=[0], epochs=20, optimizer=optimizers()[name], **settings)
        model, history = fitted(dense, XD, YD, optimizer=optimizers()[name], **settings)
        check_same_weights(replicas.models[0], model)
        check_same_history(replicas.history, history)

    @pytest.mark.skipif(not on_tensorflow, reason="Keras on JAX hands the optimizer dense gradients")
    @pytest.mark.parametrize(
        "name", ["adam", "rmsprop", *(pytest.param(name, marks=pytest.mark.slow) for name in ("momentum", "adagrad", "adamw"))]
    )
    def test_tokens_that_stand_several_times_in_a_batch(self, name):
        # Keras on TensorFlow squares the gradient of an Embedding for each occurrence of a token by itself.
        def build(seed):
            embedded = layers.Embedding(4, 3, mask_zero=True)
            return keras.Sequential([keras.Input((5,)), embedded, layers.LSTM(4), layers.Dense(2)])

        tokens = np.random.default_rng(0).integers(0, 4, (20, 5)).astype("int32")
        settings = {"batch_size": 10, "shuffle": False}
        replicas = fit_replicas(build, tokens, Y, seeds=[1], epochs=20, optimizer=optimizers()[name], **settings)
        model, history = fitted(build, tokens, Y, seed=1, optimizer=optimizers()[name], **settings)
        check_same_weights(replicas.models[0], model)
        check_same_history(replicas.history, history)

    @once
    def test_a_large_table_with_rmsprop(self):
        """Keras' operations on slices lose a shape there, which XLA then asks for; on small tables they do not."""

        def build(seed):
            return keras.Sequential([keras.Input((5,)), layers.Embedding(2500, 512), layers.LSTM(4), layers.Dense(2)])

        tokens = np.random.default_rng(0).integers(0, 2500, (20, 5)).astype("int32")
        settings = {"batch_size": 10, "shuffle": False, "epochs": 2}
        replicas = fit_replicas(build, tokens, Y, seeds=[1], optimizer="rmsprop", **settings)
        model, _ = fitted(build, tokens, Y, seed=1, optimizer="rmsprop", **settings)
        check_same_weights(replicas.models[0], model)

    @pytest.mark.skipif(not on_tensorflow, reason="fit on JAX loses the state of a stateful model")
    @pytest.mark.parametrize(("cell", "reset"), [("simple_rnn", None), ("lstm", "epoch"), ("gru", "epoch")])
    def test_stateful(self, cell, reset):
        replicas = fit_replicas(stateful(cell), *SERIES, seeds=[1], epochs=20, batch_size=1, shuffle=False, reset_state=reset)
        model, history = fitted(stateful(cell), *SERIES, seed=1, batch_size=1, resets=reset == "epoch")
        check_same_weights(replicas.models[0], model)
        check_same_history(replicas.history, history)
        expected = model.predict(SERIES[0], batch_size=1, verbose=0)
        np.testing.assert_allclose(replicas.predict(SERIES[0])[0], expected, rtol=1e-4, atol=1e-5)

    @once
    def test_dense_network_with_dropout_regularizers_and_a_smaller_last_batch(self):
        def build(seed):
            inputs = keras.Input((6,))
            hidden = layers.Dense(8, activation="relu", kernel_regularizer="l2", activity_regularizer="l1")(inputs)
            hidden = layers.BatchNormalization()(layers.Dropout(0.4, seed=seed)(hidden))
            return keras.Model(inputs, layers.Dense(3, activation="softmax")(hidden))

        labels = np.arange(20) % 3
        settings = {
            "batch_size": 8,
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
            "validation_data": (XD[:7], labels[:7]),
        }
        replicas = fit_replicas(build, XD, labels, seeds=[5], epochs=20, shuffle=False, **settings)
        # TensorFlow draws other dropout masks from the same seed where nothing is compiled.
        model, history = fitted(build, XD, labels, seed=5, jit_compile=True, **settings)
        check_same_weights(replicas.models[0], model)
        check_same_history(replicas.history, history)

    @once
    def test_convolutional_network(self):
        def build(seed):
            inputs = keras.Input((8, 8, 1))
            hidden = layers.MaxPooling2D()(layers.Conv2D(4, 3, activation="relu")(inputs))
            return keras.Model(inputs, layers.Dense(2)(layers.Flatten()(hidden)))

        x, y = numbers(12, 8, 8, 1), numbers(12, 2)
        replicas = fit_replicas(build, x, y, seeds=[2], epochs=20, batch_size=5, shuffle=False)
        model, history = fitted(build, x, y, seed=2, batch_size=5)
        check_same_weights(replicas.models[0], model)
        check_same_history(replicas.history, history)
        np.testing.assert_allclose(replicas.predict(x)[0], model.predict(x, verbose=0), rtol=1e-4, atol=1e-5)

    @once
    def test_two_inputs_and_two_outputs(self):
        def build(seed):
            left, right = keras.Input((6,)), keras.Input((3,))
            hidden = layers.Dense(4, activation="tanh")(layers.Concatenate()([left, right]))
            return keras.Model([left, right], [layers.Dense(1, name="a")(hidden), layers.Dense(2, name="b")(hidden)])

        x, y = [XD, numbers(20, 3)], [YD, numbers(20, 2)]
        replicas = fit_replicas(build, x, y, seeds=[0], epochs=20, shuffle=False, loss=["mse", "mae"])
        model, history = fitted(build, x, y, loss=["mse", "mae"])
        check_same_weights(replicas.models[0], model)
        assert set(history) <= set(replicas.history.columns)
        assert [output.shape for output in replicas.predict(x)] == [(1, 20, 1), (1, 20, 2)]


def stateful(cell="lstm"):
    def build(seed):
        inputs = keras.Input(batch_shape=(1, 1, 1))
        return keras.Model(inputs, layers.Dense(1)(CELLS[cell](4, stateful=True)(inputs)))

    return build


SERIES = numbers(12, 1, 1), numbers(12, 1, seed=1)


def test_state_is_carried_on_either_backend():
    """A stateful model over windows of one step says what a stateless one says over the whole series."""
    frozen = keras.optimizers.SGD(1e-12)
    replicas = fit_replicas(
        stateful(), *SERIES, seeds=[0], epochs=1, batch_size=1, shuffle=False, optimizer=frozen, reset_state="epoch"
    )
    keras.utils.set_random_seed(0)
    weights = stateful()(0).get_weights()
    inputs = keras.Input((12, 1))
    whole = keras.Model(inputs, layers.Dense(1)(layers.LSTM(4, return_sequences=True)(inputs)))
    whole.set_weights(weights)
    outputs = keras.ops.convert_to_numpy(whole(SERIES[0].reshape(1, 12, 1)))[0]
    np.testing.assert_allclose(replicas.predict(SERIES[0])[0], outputs, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(replicas.history.loss, np.mean((outputs - SERIES[1]) ** 2), rtol=1e-4)


class TestSameBits:
    """Promise 2."""

    @staticmethod
    def weights(replicas):
        return {seed: model.get_weights() for seed, model in zip(replicas.seeds, replicas.models, strict=True)}

    def check(self, left, right, seed):
        for a, b in zip(left[seed], right[seed], strict=True):
            assert a.tobytes() == b.tobytes()

    def test_companions_order_and_interruptions(self, monkeypatch):
        settings = {"epochs": 60, "batch_size": 10}
        together = fit_replicas(recurrent(), X, Y, seeds=[0, 1, 2, 3, 4], **settings)
        alone = fit_replicas(recurrent(), X, Y, seeds=[3], **settings)
        monkeypatch.setattr(schedule, "CALL_SECONDS", 0.0)  # one pass per call of the program
        turned = fit_replicas(recurrent(), X, Y, seeds=[3, 1], **settings)
        for other in (alone, turned):
            self.check(self.weights(together), self.weights(other), 3)
            columns = [frame.query("seed == 3").reset_index(drop=True) for frame in (together.history, other.history)]
            assert columns[0].equals(columns[1])
        assert self.weights(together)[3][0].tobytes() != self.weights(together)[4][0].tobytes()


class TestVary:
    """Promise 3."""

    def test_learning_rate_and_momentum_term(self):
        vary = {"learning_rate": [0.001, 0.05], "beta_1": [0.9, 0.5]}
        replicas = fit_replicas(dense, XD, YD, seeds=[7, 8], epochs=20, shuffle=False, vary=vary)
        for place, seed in enumerate([7, 8]):
            optimizer = keras.optimizers.Adam(vary["learning_rate"][place], beta_1=vary["beta_1"][place])
            model, _ = fitted(dense, XD, YD, seed=seed, optimizer=optimizer)
            check_same_weights(replicas.models[place], model)
        assert replicas.history.groupby("seed").learning_rate.first().to_dict() == {7: 0.001, 8: 0.05}

    @once
    def test_argument_of_build(self):
        def build(seed, bias):
            inputs = keras.Input((6,))
            return keras.Model(inputs, layers.Dense(1, bias_initializer=keras.initializers.Constant(bias))(inputs))

        replicas = fit_replicas(
            build, XD, YD, seeds=[0, 1], epochs=1, optimizer=keras.optimizers.SGD(1e-12), vary={"bias": [1.0, 3.0]}
        )
        assert [model.get_weights()[1][0] for model in replicas.models] == pytest.approx([1.0, 3.0])

    @pytest.mark.parametrize(
        ("vary", "message"),
        [
            ({"momentum": [0.1, 0.2]}, "vary: .*got 'momentum'"),
            ({"learning_rate": [0.1]}, "vary: expected 2 numbers for 'learning_rate'"),
            ({"learning_rate": ["a", "b"]}, "vary: expected numbers"),
        ],
    )
    def test_refusals(self, vary, message):
        with pytest.raises(ValueError, match=message):
            fit_replicas(dense, XD, YD, seeds=[0, 1], epochs=1, vary=vary)

    @once
    def test_one_seed_several_times(self):
        """The same weights and the same batches, other numbers."""
        vary = {"learning_rate": [0.01, 0.03]}
        replicas = fit_replicas(dense, XD, YD, seeds=[5, 5], epochs=3, batch_size=4, optimizer="sgd", vary=vary)
        alone = fit_replicas(dense, XD, YD, seeds=[5], epochs=3, batch_size=4, optimizer="sgd", vary={"learning_rate": [0.03]})
        assert replicas.seeds == (5, 5)
        assert replicas.models[1].get_weights()[0].tobytes() == alone.models[0].get_weights()[0].tobytes()
        assert replicas.history.learning_rate.tolist() == [0.01] * 3 + [0.03] * 3
        with pytest.raises(
            ValueError, match=r"seeds: expected replicas that are all different, got seed 5, learning_rate 0.01"
        ):
            fit_replicas(dense, XD, YD, seeds=[5, 5], epochs=1, vary={"learning_rate": [0.01, 0.01]})


class TestStepsPerEpoch:
    def test_epochs_share_a_pass(self):
        model, _ = fitted(dense, XD[:8], YD[:8], epochs=1, batch_size=4)
        for start in (8, 0, 8):  # 16 samples, 8 an epoch, 4 epochs
            model.fit(XD[start : start + 8], YD[start : start + 8], batch_size=4, shuffle=False, verbose=0)
        replicas = fit_replicas(dense, XD[:16], YD[:16], seeds=[0], epochs=4, batch_size=4, steps_per_epoch=2, shuffle=False)
        assert replicas.history.epoch.tolist() == [1, 2, 3, 4]
        check_same_weights(replicas.models[0], model)

    STEPS = (1, 3, 2)

    def looked(self, steps, **settings):
        return fit_replicas(
            dense, XD, YD, seeds=[0], epochs=len(steps), batch_size=8, steps_per_epoch=steps, metrics=["mae"],
            validation_data=(XD[::-1], YD[::-1]), validation_batches=1, look_back=True, **settings,
        )  # fmt: skip

    def test_epochs_of_several_lengths_against_train_and_test_on_batch(self):
        replicas = self.looked(self.STEPS, shuffle=False)
        keras.utils.set_random_seed(0)
        model = dense(0)
        model.compile(optimizer="adam", loss="mse", metrics=["mae"])
        stream, held_out = np.resize(np.arange(20), 48).reshape(6, 8), np.resize(np.arange(20)[::-1], 48).reshape(6, 8)
        rows, losses = [], []
        for update, (batch, other) in enumerate(zip(stream, held_out, strict=True)):
            losses.append(model.train_on_batch(XD[batch], YD[batch])[0])
            model.reset_metrics()
            if update + 1 in np.cumsum(self.STEPS):
                scores = [*model.test_on_batch(XD[batch], YD[batch])]
                model.reset_metrics()
                rows.append([np.mean(losses), *scores, *model.test_on_batch(XD[other], YD[other])])
                model.reset_metrics()
                losses = []
        names = ["loss", "batch_loss", "batch_mae", "val_loss", "val_mae"]
        np.testing.assert_allclose(replicas.history[names], rows, rtol=1e-4)
        check_same_weights(replicas.models[0], model)

    @once
    def test_a_score_does_not_depend_on_when_else_it_is_looked_at(self):
        often, seldom = self.looked([1] * 6), self.looked(self.STEPS)
        names = ["batch_loss", "val_loss"]
        often = often.history[names].to_numpy()[np.cumsum(self.STEPS) - 1]
        np.testing.assert_allclose(seldom.history[names], often, rtol=1e-6)

    def test_shuffled_samples_come_once_a_pass(self):
        order = Order(20, 4, shuffle=True, steps=[1, 4, 2, 3], validation_samples=None)
        orders = order.of(3, 0, 4)
        stream = np.concatenate([row[: 4 * steps] for row, steps in zip(orders, (1, 4, 2, 3), strict=True)])
        assert [sorted(stream[start : start + 20]) for start in (0, 20)] == [list(range(20))] * 2
        assert (stream[:20] != stream[20:]).any()
        assert (order.of(3, 2, 2)[:2] == orders[2:]).all()

    @pytest.mark.parametrize("steps", [0, 1.5, [1, 2], [0], "2"])
    def test_refusals(self, steps):
        with pytest.raises(ValueError, match="steps_per_epoch: expected"):
            fit_replicas(dense, XD, YD, seeds=[0], epochs=1, batch_size=4, steps_per_epoch=steps)

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"look_back": True}, "look_back: expected together with steps_per_epoch"),
            ({"validation_batches": 1}, "validation_batches: expected together with validation_data"),
            ({"validation_batches": 0}, "validation_batches: expected an integer of at least 1"),
            (
                {"validation_batches": 1, "validation_data": (XD, YD)},
                "validation_batches: expected together with steps_per_epoch",
            ),
        ],
    )
    def test_looking_goes_by_updates(self, wrong, message):
        with pytest.raises(ValueError, match=message):
            fit_replicas(dense, XD, YD, seeds=[0], epochs=1, batch_size=4, **wrong)


@once
def test_each_replica_is_handed_over_when_it_has_finished():
    seen = []
    replicas = fit_replicas(dense, XD, YD, seeds=[4, 5, 6], epochs=3, on_finish=seen.append)
    assert sorted(one.seeds for one in seen) == [(4,), (5,), (6,)]
    for one in seen:
        whole = replicas.curves[replicas.seeds.index(one.seeds[0])]
        assert one.history.equals(whole)
        assert 0 < one.seconds["train"] <= replicas.seconds["train"] + 0.1


def test_a_diverged_replica_is_marked_and_harms_nobody():
    """Promise 4."""
    vary = {"learning_rate": [0.01, 1e30, 0.01]}
    replicas = fit_replicas(dense, XD, YD, seeds=[0, 1, 2], epochs=20, optimizer="sgd", vary=vary)
    alone = fit_replicas(dense, XD, YD, seeds=[2], epochs=20, optimizer="sgd", vary={"learning_rate": [0.01]})
    assert replicas.diverged == (1,)
    assert alone.diverged == ()
    assert not np.isfinite(replicas.history.query("seed == 1").loss.iloc[-1])
    assert replicas.models[2].get_weights()[0].tobytes() == alone.models[0].get_weights()[0].tobytes()


class TestEarlyStopping:
    """Promise 5."""

    @pytest.mark.parametrize(
        ("restore", "options"),
        [(True, {"patience": 2}), pytest.param(False, {"patience": 3, "baseline": 0.9, "start_from_epoch": 2}, marks=once)],
    )
    def test_same_as_the_callback(self, restore, options):
        def callback():
            return keras.callbacks.EarlyStopping("val_loss", restore_best_weights=restore, min_delta=0.001, **options)

        settings = {"validation_data": (XD[:6], YD[:6]), "batch_size": 5, "shuffle": False}
        seeds, vary = [0, 1], {"learning_rate": [0.05, 1e-6]}
        stopping = {"vary": vary, "early_stopping": callback()}
        replicas = fit_replicas(dense, XD, YD, seeds=seeds, epochs=30, optimizer="sgd", **stopping, **settings)
        stops = []
        for place, seed in enumerate(seeds):
            settings["optimizer"] = keras.optimizers.SGD(vary["learning_rate"][place])
            model, history = fitted(dense, XD, YD, seed=seed, epochs=30, callbacks=[callback()], **settings)
            stops.append(len(history["loss"]))
            check_same_weights(replicas.models[place], model)
            check_same_history(replicas.history.query(f"seed == {seed}"), history)
        assert min(stops) < 30
        assert len(set(stops)) > 1

    def test_unknown_monitor(self):
        with pytest.raises(ValueError, match=r"early_stopping: .*got 'val_loss'"):
            fit_replicas(dense, XD, YD, seeds=[0], epochs=1, early_stopping=keras.callbacks.EarlyStopping("val_loss"))


class TestInterruption:
    """Promise 6."""

    @once
    def test_ctrl_c_keeps_what_is_finished(self, monkeypatch):
        monkeypatch.setattr(schedule, "CALL_SECONDS", 0.01)
        trained = schedule.Schedule._train

        def interrupt_after_two(self, seed, weights):
            if seed == 2:
                os.kill(os.getpid(), signal.SIGINT)
                self._stop.wait(30)
            return trained(self, seed, weights)

        monkeypatch.setattr(schedule.Schedule, "_train", interrupt_after_two)
        monkeypatch.setattr(schedule.Schedule, "sizes", lambda self: (1, 1))
        replicas = fit_replicas(dense, XD, YD, seeds=[0, 1, 2, 3], epochs=50)
        assert replicas.interrupted
        assert replicas.seeds == (0, 1)
        assert replicas.history.groupby("seed").epoch.max().to_dict() == {0: 50, 1: 50}
        assert len(replicas.models) == 2

    def test_nothing_finished_lets_ctrl_c_through(self, monkeypatch):
        def interrupt(self, seed, weights):
            os.kill(os.getpid(), signal.SIGINT)
            self._stop.wait(30)
            raise InterruptedError

        monkeypatch.setattr(schedule.Schedule, "_train", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fit_replicas(dense, XD, YD, seeds=[0], epochs=1)

    @once
    def test_silent_unless_asked(self, capfd):
        fit_replicas(dense, XD, YD, seeds=[0], epochs=1)
        assert "replicas" not in capfd.readouterr().err
        fit_replicas(dense, XD, YD, seeds=[0], epochs=1, verbose=1)
        assert "1 of 1 replicas" in capfd.readouterr().err


@once
def test_another_backend_is_refused():
    """Promise 7."""
    code = "import rnnlab; rnnlab.fit_replicas(None, [1.], [1.], seeds=[0], epochs=1)"
    env = {**os.environ, "KERAS_BACKEND": "numpy"}
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert "NotImplementedError: fit_replicas: expected the Keras backend to be tensorflow or jax, got numpy" in ended.stderr


def test_blocks_and_threads_are_sized_by_memory():
    """Promise 8."""

    class Program:
        def __init__(self, parameters):
            self.variables = [np.empty((0,))] if not parameters else [np.broadcast_to(np.float32(0), (parameters,))] * 3
            self.model = dense(0)

    def sizes(parameters):
        return schedule.Schedule(Program(parameters), dense, range(1000), 1).sizes()

    block, workers = sizes(4 * 1024 * (1024 + 2))
    assert block * 5 * 3 * 4 * 4 * 1024 * 1026 <= schedule.MEMORY_BYTES
    assert 1 <= workers <= block
    assert sizes(1_000_000_000) == (1, 1)
    assert sizes(100)[0] > 1000


OTHER_OPTIMIZERS = ("Adadelta", "Adafactor", "Adamax", "Lamb", "Lion")


class TestAnyOptimizerLossMetric:
    """Promise 9."""

    @once
    @pytest.mark.parametrize(
        "name", ["Ftrl", "Nadam", "Muon", *(pytest.param(n, marks=pytest.mark.slow) for n in OTHER_OPTIMIZERS)]
    )
    def test_other_optimizers(self, name):
        create = getattr(keras.optimizers, name)
        replicas = fit_replicas(dense, XD, YD, seeds=[0], epochs=10, shuffle=False, optimizer=create(0.01))
        model, _ = fitted(dense, XD, YD, epochs=10, optimizer=create(0.01))
        check_same_weights(replicas.models[0], model, tolerance=1e-4)

    def test_losses_and_metrics(self):
        labels = (YD > 0).astype("float32")
        metrics = ["accuracy", keras.metrics.AUC(name="auc"), keras.metrics.Precision(name="precision"), "mae"]
        settings = {"loss": keras.losses.BinaryCrossentropy(from_logits=True), "metrics": metrics}
        replicas = fit_replicas(dense, XD, labels, seeds=[0], epochs=5, shuffle=False, **settings)
        _, history = fitted(dense, XD, labels, epochs=5, **settings)
        check_same_history(replicas.history, history)

    @pytest.mark.parametrize(
        ("optimizer", "message"),
        [
            (keras.optimizers.Adam(use_ema=True), "use_ema"),
            (keras.optimizers.Adam(gradient_accumulation_steps=2), "gradient_accumulation_steps"),
            (keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()), "LossScaleOptimizer"),
        ],
    )
    def test_refused_by_name(self, optimizer, message):
        with pytest.raises(ValueError, match=message):
            fit_replicas(dense, XD, YD, seeds=[0], epochs=1, optimizer=optimizer)

    def test_a_metric_that_cannot_be_compiled_is_named(self):
        class Reader(keras.metrics.Metric):
            def update_state(self, y_true, y_pred, sample_weight=None):
                float(np.asarray(y_pred).sum())

            def result(self):
                return 0.0

        with pytest.raises(ValueError, match="metrics reader"):
            fit_replicas(dense, XD, YD, seeds=[0], epochs=1, metrics=[Reader(name="reader")])


@once
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seeds": []}, "seeds: expected at least one"),
        ({"seeds": [1, 1]}, "seeds: expected replicas that are all different, got seed 1 twice"),
        ({"seeds": [-1]}, "seeds: expected integers from 0"),
        ({"epochs": 0}, "epochs: expected an integer of at least 1, got 0"),
        ({"batch_size": 0}, "batch_size: expected an integer of at least 1, got 0"),
        ({"reset_state": "batch"}, "reset_state: expected None or"),
        ({"y": YD[:3]}, "x, y: expected the same number of samples"),
        ({"build": lambda seed: None}, "build: expected a keras.Model, got NoneType"),
        ({"build": stateful(), "x": SERIES[0], "y": SERIES[1]}, "batch_size: expected 1, the batch size that"),
        ({"verbose": "yes"}, "verbose: expected"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    settings = {"build": dense, "x": XD, "y": YD, "seeds": [0], "epochs": 1, **arguments}
    with pytest.raises(ValueError, match=message):
        fit_replicas(settings.pop("build"), settings.pop("x"), settings.pop("y"), **settings)


def test_networks_of_different_structure_are_refused():
    def build(seed):
        inputs = keras.Input((6,))
        return keras.Model(inputs, layers.Dense(1)(layers.Dropout(0.1 * (seed + 1))(inputs)))

    with pytest.raises(ValueError, match=r"for seed 1 model.*rate is 0.2 instead of 0.1"):
        fit_replicas(build, XD, YD, seeds=[0, 1], epochs=1)


def test_global_generators_and_the_users_objects_stay_as_they_were():
    np.random.seed(3)
    expected = np.random.RandomState(3).normal()
    optimizer = keras.optimizers.Adam(0.01)
    fit_replicas(dense, XD, YD, seeds=[0], epochs=1, optimizer=optimizer)
    assert np.random.normal() == expected
    assert not optimizer.built
