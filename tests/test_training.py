"""The promises of `fit_replicas`, on whichever backend Keras runs on."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

from rnnlab import fit_replicas
from rnnlab.state import reset_state
from rnnlab.training import backend, predict, schedule
from rnnlab.training.order import Order
from rnnlab.training.program import multiplies_vectors

on_tensorflow = keras.backend.backend() == "tensorflow"
once = pytest.mark.skipif(not on_tensorflow, reason="the same on every backend, tested on TensorFlow")
layers = keras.layers
CELLS = {"simple_rnn": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


X, Y = numbers(20, 5, 3), numbers(20, 2, seed=1)


def recurrent(cell="lstm", mask=False, steps=5):
    def build(seed):
        inputs = keras.Input((steps, 3))
        hidden = layers.Masking(0.0)(inputs) if mask else inputs
        return keras.Model(inputs, layers.Dense(2)(CELLS[cell](4)(hidden)))

    return build


def dense(seed):
    return keras.Sequential([keras.Input((6,)), layers.Dense(5, activation="tanh"), layers.Dense(1)])


XD, YD = numbers(20, 6), numbers(20, 1, seed=2)


def stateful(cell="lstm"):
    def build(seed):
        inputs = keras.Input(batch_shape=(1, 1, 1))
        return keras.Model(inputs, layers.Dense(1)(CELLS[cell](4, stateful=True)(inputs)))

    return build


SERIES = numbers(12, 1, 1), numbers(12, 1, seed=1)
COMPILING = ("optimizer", "loss", "metrics", "jit_compile")


def fitted(build, x, y, seed=0, epochs=20, resets=False, **settings):
    """The oracle: the same seed through stock `compile` and `fit`."""
    compiling = {name: settings.pop(name) for name in COMPILING if name in settings}
    keras.utils.set_random_seed(seed)
    model = build(seed)
    model.compile(**{"optimizer": "adam", "loss": "mse", **compiling})
    settings = {"shuffle": False, "verbose": 0, **settings}
    if not resets:
        return model, model.fit(x, y, epochs=epochs, **settings).history
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


def check_same_as_fit(build, x, y, seed=0, epochs=20, reset_state=None, jit_compile="auto", tolerance=1e-5, **settings):
    """Weights, scores and predictions; a fresh optimizer stays one in `fit_replicas`, so that `fit` can have it after that."""
    own = {"epochs": epochs, "shuffle": False, "reset_state": reset_state}
    replicas = fit_replicas(build, x, y, seeds=[seed], **own, **settings)
    model, history = fitted(build, x, y, seed, epochs, reset_state == "epoch", jit_compile=jit_compile, **settings)
    check_same_weights(replicas.models[0], model, tolerance)
    check_same_history(replicas.history, history)
    outputs = model.predict(x, batch_size=settings.get("batch_size"), verbose=0)
    for ours, theirs in zip(keras.tree.flatten(replicas.predict(x)), keras.tree.flatten(outputs), strict=True):
        np.testing.assert_allclose(ours[0], theirs, rtol=1e-3, atol=1e-4)


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


TOKENS = np.random.default_rng(0).integers(0, 4, (20, 5)).astype("int32")
RARELY = [pytest.param(name, marks=pytest.mark.slow) for name in ("momentum", "adagrad", "adamw")]
OTHER_OPTIMIZERS = ("Adadelta", "Adafactor", "Adamax", "Lamb", "Lion")


class TestSameAsFit:
    """Promises 1 and 9."""

    @pytest.mark.parametrize(("cell", "mask"), [("simple_rnn", False), ("lstm", True), ("gru", True)])
    def test_cells_and_masks(self, cell, mask):
        x = X.copy()
        x[::2, 3:] = 0
        check_same_as_fit(recurrent(cell, mask), x, Y, seed=3, batch_size=10)

    @pytest.mark.parametrize(
        "name", [name if name in ("momentum", "adamw") else pytest.param(name, marks=once) for name in optimizers()]
    )
    def test_optimizers(self, name):
        check_same_as_fit(dense, XD, YD, batch_size=10, optimizer=optimizers()[name])

    @once
    @pytest.mark.parametrize(
        "name", ["Ftrl", "Nadam", "Muon", *(pytest.param(n, marks=pytest.mark.slow) for n in OTHER_OPTIMIZERS)]
    )
    def test_other_optimizers(self, name):
        check_same_as_fit(dense, XD, YD, epochs=10, optimizer=getattr(keras.optimizers, name)(0.01), tolerance=1e-4)

    @pytest.mark.skipif(not on_tensorflow, reason="Keras on JAX hands the optimizer dense gradients")
    @pytest.mark.parametrize("name", ["adam", "rmsprop", *RARELY])
    def test_tokens_that_stand_several_times_in_a_batch(self, name):
        # Keras on TensorFlow squares the gradient of an Embedding for each occurrence of a token by itself.
        def build(seed):
            embedded = layers.Embedding(4, 3, mask_zero=True)
            return keras.Sequential([keras.Input((5,)), embedded, layers.LSTM(4), layers.Dense(2)])

        check_same_as_fit(build, TOKENS, Y, seed=1, batch_size=10, optimizer=optimizers()[name])

    @once
    def test_a_large_table_with_rmsprop(self):
        """Keras' operations on slices lose a shape there, which XLA then asks for; on small tables they do not."""

        def build(seed):
            return keras.Sequential([keras.Input((5,)), layers.Embedding(2500, 512), layers.LSTM(4), layers.Dense(2)])

        tokens = np.random.default_rng(0).integers(0, 2500, (20, 5)).astype("int32")
        check_same_as_fit(build, tokens, Y, seed=1, batch_size=10, epochs=2, optimizer="rmsprop")

    @pytest.mark.skipif(not on_tensorflow, reason="fit on JAX loses the state of a stateful model")
    @pytest.mark.parametrize(("cell", "reset"), [("simple_rnn", None), ("lstm", "epoch"), ("gru", "epoch")])
    def test_stateful(self, cell, reset):
        check_same_as_fit(stateful(cell), *SERIES, seed=1, batch_size=1, reset_state=reset)

    @once
    def test_dense_network_with_dropout_regularizers_and_a_smaller_last_batch(self):
        def build(seed):
            inputs = keras.Input((6,))
            hidden = layers.Dense(8, activation="relu", kernel_regularizer="l2", activity_regularizer="l1")(inputs)
            hidden = layers.BatchNormalization()(layers.Dropout(0.4, seed=seed)(hidden))
            return keras.Model(inputs, layers.Dense(3, activation="softmax")(hidden))

        labels = np.arange(20) % 3
        scored = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], "validation_data": (XD[:7], labels[:7])}
        # TensorFlow draws other dropout masks from the same seed where nothing is compiled.
        check_same_as_fit(build, XD, labels, seed=5, batch_size=8, jit_compile=True, **scored)

    @once
    def test_convolutional_network(self):
        def build(seed):
            inputs = keras.Input((8, 8, 1))
            hidden = layers.MaxPooling2D()(layers.Conv2D(4, 3, activation="relu")(inputs))
            return keras.Model(inputs, layers.Dense(2)(layers.Flatten()(hidden)))

        check_same_as_fit(build, numbers(12, 8, 8, 1), numbers(12, 2), seed=2, batch_size=5)

    @once
    def test_two_inputs_and_two_outputs(self):
        def build(seed):
            left, right = keras.Input((6,)), keras.Input((3,))
            hidden = layers.Dense(4, activation="tanh")(layers.Concatenate()([left, right]))
            return keras.Model([left, right], [layers.Dense(1, name="a")(hidden), layers.Dense(2, name="b")(hidden)])

        check_same_as_fit(build, [XD, numbers(20, 3)], [YD, numbers(20, 2)], loss=["mse", "mae"])

    def test_losses_and_metrics(self):
        metrics = ["accuracy", keras.metrics.AUC(name="auc"), keras.metrics.Precision(name="precision"), "mae"]
        settings = {"loss": keras.losses.BinaryCrossentropy(from_logits=True), "metrics": metrics}
        check_same_as_fit(dense, XD, (YD > 0).astype("float32"), epochs=5, **settings)


def test_a_metric_that_cannot_be_compiled_is_named():
    class Reader(keras.metrics.Metric):
        def update_state(self, y_true, y_pred, sample_weight=None):
            float(np.asarray(y_pred).sum())

        def result(self):
            return 0.0

    with pytest.raises(ValueError, match="metrics reader"):
        fit_replicas(dense, XD, YD, seeds=[0], epochs=1, metrics=[Reader(name="reader")])


def test_state_is_carried_on_either_backend():
    """A stateful model over windows of one step says what a stateless one says over the whole series."""
    settings = {"optimizer": keras.optimizers.SGD(1e-12), "batch_size": 1, "shuffle": False, "reset_state": "epoch"}
    replicas = fit_replicas(stateful(), *SERIES, seeds=[0], epochs=1, **settings)
    keras.utils.set_random_seed(0)
    weights = stateful()(0).get_weights()
    whole = keras.Sequential([keras.Input((12, 1)), layers.LSTM(4, return_sequences=True), layers.Dense(1)])
    whole.set_weights(weights)
    outputs = keras.ops.convert_to_numpy(whole(SERIES[0].reshape(1, 12, 1)))[0]
    np.testing.assert_allclose(replicas.predict(SERIES[0])[0], outputs, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(replicas.history.loss, np.mean((outputs - SERIES[1]) ** 2), rtol=1e-4)


def bits(replicas, seed):
    """Weights and scores of a replica."""
    place = replicas.seeds.index(seed)
    return [a.tobytes() for a in (*replicas.models[place].get_weights(), replicas.curves[place].to_numpy())]


def test_the_same_bits_whatever_the_companions_the_order_and_interruptions(monkeypatch):
    """Promise 2."""
    settings = {"epochs": 60, "batch_size": 10}
    together = fit_replicas(recurrent(), X, Y, seeds=[0, 1, 2, 3, 4], **settings)
    alone = fit_replicas(recurrent(), X, Y, seeds=[3], **settings)
    monkeypatch.setattr(schedule, "CALL_SECONDS", 0.0)  # one pass per call of the program
    turned = fit_replicas(recurrent(), X, Y, seeds=[3, 1], **settings)
    assert bits(together, 3) == bits(alone, 3) == bits(turned, 3)
    assert bits(together, 3)[0] != bits(together, 4)[0]


class TestVary:
    """Promise 3."""

    def test_learning_rate_and_momentum_term(self):
        vary = {"learning_rate": [0.001, 0.05], "beta_1": [0.9, 0.5]}
        replicas = fit_replicas(dense, XD, YD, seeds=[7, 8], epochs=20, shuffle=False, vary=vary)
        for place, seed in enumerate([7, 8]):
            optimizer = keras.optimizers.Adam(vary["learning_rate"][place], beta_1=vary["beta_1"][place])
            check_same_weights(replicas.models[place], fitted(dense, XD, YD, seed=seed, optimizer=optimizer)[0])
        assert replicas.history.groupby("seed").learning_rate.first().to_dict() == {7: 0.001, 8: 0.05}

    @once
    def test_argument_of_build(self):
        def build(seed, bias):
            return keras.Sequential([keras.Input((6,)), layers.Dense(1, bias_initializer=keras.initializers.Constant(bias))])

        frozen = keras.optimizers.SGD(1e-12)
        replicas = fit_replicas(build, XD, YD, seeds=[0, 1], epochs=1, optimizer=frozen, vary={"bias": [1.0, 3.0]})
        assert [model.get_weights()[1][0] for model in replicas.models] == pytest.approx([1.0, 3.0])

    @once
    def test_one_seed_several_times(self):
        """The same weights and the same batches, other numbers."""
        settings = {"epochs": 3, "batch_size": 4, "optimizer": "sgd"}
        replicas = fit_replicas(dense, XD, YD, seeds=[5, 5], vary={"learning_rate": [0.01, 0.03]}, **settings)
        alone = fit_replicas(dense, XD, YD, seeds=[5], vary={"learning_rate": [0.03]}, **settings)
        assert replicas.seeds == (5, 5)
        assert replicas.models[1].get_weights()[0].tobytes() == alone.models[0].get_weights()[0].tobytes()
        assert replicas.history.learning_rate.tolist() == [0.01] * 3 + [0.03] * 3


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
        order = Order(20, 4, True, [1, 4, 2, 3], None)
        orders = order.of(3, 0, 4)
        stream = np.concatenate([row[: 4 * steps] for row, steps in zip(orders, (1, 4, 2, 3), strict=True)])
        assert [sorted(stream[start : start + 20]) for start in (0, 20)] == [list(range(20))] * 2
        assert (stream[:20] != stream[20:]).any()
        assert (order.of(3, 2, 2)[:2] == orders[2:]).all()


@once
def test_each_replica_is_handed_over_when_it_has_finished():
    seen = {}
    replicas = fit_replicas(dense, XD, YD, seeds=[6, 4, 5], epochs=3, on_finish=seen.__setitem__)
    assert {place: one.seeds for place, one in seen.items()} == {0: (6,), 1: (4,), 2: (5,)}
    for place, one in seen.items():
        assert one.history.equals(replicas.curves[place])
        assert 0 < one.seconds["train"] <= replicas.seconds["train"] + 0.1


def test_what_predict_compiles_is_shared_by_all_hand_overs(monkeypatch):
    seen, built, traced, trace = {}, [], [], predict._Forward._all_batches
    monkeypatch.setattr(predict._Forward, "_all_batches", lambda *arguments: traced.append(1) or trace(*arguments))

    def ask(place, one):
        seen[place] = one.predict(XD)[0]

    replicas = fit_replicas(lambda seed: built.append(seed) or dense(seed), XD, YD, seeds=[4, 5, 6], epochs=1, on_finish=ask)
    with ThreadPoolExecutor(2) as pool:
        for outputs in pool.map(replicas.predict, [XD, XD]):
            np.testing.assert_array_equal(outputs, [seen[place] for place in range(3)])
    assert len(traced) == 1
    assert sorted(built[:3]) == [4, 5, 6]
    assert len(built) == 4


class TestLoopsEmittedWhole:
    """XLA reads the flag once, so these tests do without it."""

    @once
    @pytest.mark.parametrize(("vectors", "limit"), [(True, 1 << 30), (False, 1 << 16)])
    def test_the_first_training_chooses(self, vectors, limit, monkeypatch):
        for before, after in (("", str(limit)), (backend._SMALL, str(limit)), ("--xla_of_my_own", "--xla_of_my_own")):
            monkeypatch.setattr(backend, "_chosen", "")
            monkeypatch.setenv("XLA_FLAGS", before)
            for later in (vectors, not vectors):
                backend.load_backend(vectors=later)
                assert os.environ["XLA_FLAGS"].endswith(after)

    @once
    def test_which_networks_multiply_a_matrix_by_one_vector(self):
        found = [multiplies_vectors((x, None), size) for x in (SERIES[0], XD, X, np.zeros((3, 1), int)) for size in (1, 2)]
        assert found == [True, False, True, False, False, False, False, False]

    def test_loops_that_are_kept_apart_train_the_same(self, monkeypatch):
        x, settings = numbers(20, 10, 3), {"seeds": [0], "epochs": 5, "batch_size": 8, "shuffle": False}
        build = recurrent(steps=10)
        usual = fit_replicas(build, x, Y, **settings)
        sorts, sort = [], keras.ops.sort
        monkeypatch.setattr(backend, "_chosen", backend._ANY)
        monkeypatch.setattr(keras.ops, "sort", lambda *arguments: sorts.append(1) or sort(*arguments))
        apart = fit_replicas(build, x, Y, **settings)
        assert sorts
        check_same_weights(apart.models[0], usual.models[0])
        np.testing.assert_allclose(apart.predict(x), usual.predict(x), rtol=1e-4, atol=1e-5)


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

        settings = {"epochs": 30, "validation_data": (XD[:6], YD[:6]), "batch_size": 5, "shuffle": False}
        rates, stops = [0.05, 1e-6], []
        stopping = {"vary": {"learning_rate": rates}, "early_stopping": callback()}
        replicas = fit_replicas(dense, XD, YD, seeds=[0, 1], optimizer="sgd", **stopping, **settings)
        for place, seed in enumerate(replicas.seeds):
            settings["optimizer"] = keras.optimizers.SGD(rates[place])
            model, history = fitted(dense, XD, YD, seed, callbacks=[callback()], **settings)
            stops.append(len(history["loss"]))
            check_same_weights(replicas.models[place], model)
            check_same_history(replicas.history.query(f"seed == {seed}"), history)
        assert min(stops) < 30
        assert len(set(stops)) > 1


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

    @once
    def test_a_second_ctrl_c_loses_nothing_that_has_finished(self, monkeypatch):
        """The first while replica 0 is handed over, the second when 1 has ended all the same and 2 not yet."""
        trained, handed = schedule.Schedule._train, []

        def train(self, place, weights):
            replica = trained(self, place, weights)
            if place:
                assert self._stop.wait(60)
            if place == 2:
                time.sleep(0.5)
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(1)
            return replica

        def hand_over(place, one):
            if place == 0:
                os.kill(os.getpid(), signal.SIGINT)
            handed.append((place, one.seeds))

        monkeypatch.setattr(schedule.Schedule, "_train", train)
        monkeypatch.setattr(schedule.Schedule, "sizes", lambda self: (3, 3))
        replicas = fit_replicas(dense, XD, YD, seeds=[4, 5, 6], epochs=1, on_finish=hand_over)
        assert handed == [(0, (4,)), (1, (5,))]
        assert (replicas.seeds, replicas.interrupted) == ((4, 5), True)

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
    code = "import numpy as np, rnnlab; rnnlab.fit_replicas(None, np.ones(1), np.ones(1), seeds=[0], epochs=1)"
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
        return schedule.Schedule(Program(parameters), dense, range(1000), 1, None).sizes()

    block, workers = sizes(4 * 1024 * (1024 + 2))
    assert block * 5 * 3 * 4 * 4 * 1024 * 1026 <= schedule.MEMORY_BYTES
    assert 1 <= workers <= block
    assert sizes(1_000_000_000) == (1, 1)
    assert sizes(100)[0] > 1000


ALIKE = "expected replicas that are all different, got seed"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"vary": {"momentum": [0.1]}}, "vary: .*got 'momentum'"),
        ({"vary": {"learning_rate": [0.1, 0.2]}}, "vary: expected 1 numbers for 'learning_rate'"),
        ({"vary": {"learning_rate": ["a"]}}, "vary: expected numbers"),
        ({"vary": {"learning_rate": [0.01, 0.01]}, "seeds": [5, 5]}, f"seeds: {ALIKE} 5, learning_rate 0.01"),
        *(({"steps_per_epoch": steps}, "steps_per_epoch: expected") for steps in (0, 1.5, [1, 2], [0], "2", True)),
        ({"look_back": True}, "look_back: expected together with steps_per_epoch"),
        ({"validation_batches": 1}, "validation_batches: expected together with validation_data"),
        ({"validation_batches": 0}, "validation_batches: expected an integer of at least 1"),
        ({"validation_batches": 1, "validation_data": (XD, YD)}, "validation_batches: expected together with steps_per_epoch"),
        ({"optimizer": keras.optimizers.Adam(use_ema=True)}, "use_ema"),
        ({"optimizer": keras.optimizers.Adam(gradient_accumulation_steps=2)}, "gradient_accumulation_steps"),
        ({"optimizer": keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam())}, "LossScaleOptimizer"),
        ({"early_stopping": keras.callbacks.EarlyStopping("val_loss")}, "early_stopping: .*got 'val_loss'"),
        ({"seeds": []}, "seeds: expected at least one"),
        ({"seeds": [1, 1]}, f"seeds: {ALIKE} 1 twice"),
        ({"seeds": [-1]}, "seeds: expected an integer from 0 to 4294967295, got -1"),
        ({"epochs": 0}, "epochs: expected an integer of at least 1, got 0"),
        ({"batch_size": 0}, "batch_size: expected an integer of at least 1, got 0"),
        ({"reset_state": "batch"}, "reset_state: expected one of None, epoch, got 'batch'"),
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
        return keras.Sequential([keras.Input((6,)), layers.Dropout(0.1 * (seed + 1)), layers.Dense(1)])

    with pytest.raises(ValueError, match=r"for seed 1 model.*rate is 0.2 instead of 0.1"):
        fit_replicas(build, XD, YD, seeds=[0, 1], epochs=1)


def test_global_generators_and_the_users_objects_stay_as_they_were():
    np.random.seed(3)
    expected = np.random.RandomState(3).normal()
    optimizer = keras.optimizers.Adam(0.01)
    fit_replicas(dense, XD, YD, seeds=[0], epochs=1, optimizer=optimizer)
    assert np.random.normal() == expected
    assert not optimizer.built
