"""Are the gradients of an LSTM in NumPy right, and does it learn? Read `rnnlab/by_hand/lstm.py` first.

    python examples/lstm_by_hand.py
    python examples/lstm_by_hand.py --text my.txt --hidden 64 --updates 1000

Sets every gradient beside central differences and beside Keras with the same weights, prints the shapes of a forward and a
backward pass, trains a language model of letters with five optimizers, and starts it from zeros to show why nobody does.
Expect outputs and gradients that differ from Keras' by less than 1e-14, within about a minute. Results go to --out: runs.csv,
history.csv, gradients.csv, summary.json, figures.
"""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rnnlab import by_hand, command_line
from rnnlab.by_hand import central_differences, network, relative_errors
from rnnlab.by_hand_report import PUBLISHED_STEP, Report
from rnnlab.journal import Journal

TEXT = """\
a wave comes in and a wave goes out, and the sand forgets them both. the gull on the wall forgets the wave and keeps the fish.
what shall a small machine keep? it reads one letter, then the next, and for each it has three gates. the first gate asks what
to forget, the second asks what to write, the third asks what to say. between the letters there is one line of numbers, and
along that line the past is carried, a little less of it with each step, or all of it, if the first gate stays open. when the
machine is wrong the error walks back along the same line, gate by gate and letter by letter, and every weight learns how much
of the wrong was its own. then the wave comes in again, and the machine reads it again, and is a little less wrong than before.
"""
CHECKED = {"vocabulary_size": 4, "embedding_dim": 2, "hidden": 3}  # input 2 and hidden 3 as published, with T = 4
STEPS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, PUBLISHED_STEP, 1e-8, 1e-9)
BATCH, TIME, EMBEDDING = 16, 16, 16

# Of the rates 0.01, 0.03, ..., 10 those with the lowest loss after 200 updates of 32 units on TEXT, from seeds 100 to 102.
OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "SGD": lambda: by_hand.SGD(10.0),
    "momentum": lambda: by_hand.Momentum(1.0),
    "AdaGrad": lambda: by_hand.AdaGrad(3.0),
    "RMSprop": lambda: by_hand.RMSprop(0.03),
    "Adam": lambda: by_hand.Adam(0.03),
}
STARTS: dict[str, Callable[[str, np.ndarray], np.ndarray]] = {
    "all zero": lambda name, drawn: np.zeros_like(drawn),
    "all 0.1": lambda name, drawn: np.full_like(drawn, 0.1),
    "only LSTM zero": lambda name, drawn: np.zeros_like(drawn) if name.startswith("layer") else drawn,
    "random": lambda name, drawn: drawn,
}
ARMS = [("random", name) for name in OPTIMIZERS] + [(start, "Adam") for start in STARTS if start != "random"]


def parse(argv: Sequence[str] | None) -> Namespace:
    parser = command_line.Parser(prog="lstm_by_hand.py", description=__doc__)
    command_line.add_common(parser, "lstm_by_hand", seeds=5, epochs=None)
    positive = command_line.positive
    parser.add_argument("--hidden", type=positive, default=32, metavar="N", help="units of the language model (default 32)")
    parser.add_argument("--updates", type=positive, default=200, metavar="N", help="updates of each training (default 200)")
    parser.add_argument("--text", type=Path, metavar="FILE", help="a text of your own, UTF-8, to train on")
    arguments = parser.parse_args(argv)
    if arguments.smoke:
        arguments.hidden, arguments.updates, arguments.seeds = 4, 12, 2
    return arguments


def read_text(path: Path | None) -> tuple[np.ndarray, list[str]]:
    """The text as numbers of its letters, and the letters."""
    try:
        text = path.read_text(encoding="utf-8") if path else TEXT
    except UnicodeDecodeError as error:
        raise ValueError(f"--text: expected a text in UTF-8, got {path} ({error.reason} at byte {error.start})") from None
    letters = sorted(set(text))
    if len(text) <= TIME or len(letters) < 2:
        what = f"{len(text)} of {len(letters)} kinds"
        raise ValueError(f"--text: expected at least {TIME + 1} letters of two kinds or more, got {what}")
    numbers = {letter: number for number, letter in enumerate(letters)}
    return np.array([numbers[letter] for letter in text]), letters


def small_problem(seed: int, batch: int = 1) -> tuple[Any, ...]:
    """Tokens, targets, parameters and states of the size at which gradients are checked; T is the size of the vocabulary.

    A sequence holds each token once, so that no gradient of the embedding is an idle zero.
    """
    rng = np.random.default_rng(seed)
    p = network.draw(rng, **CHECKED)
    states = {name: rng.normal(size=zeros.shape) for name, zeros in network.zero_states(p, batch).items()}
    tokens, targets = rng.permuted(np.tile(np.arange(CHECKED["vocabulary_size"]), (2, batch, 1)), axis=-1)
    return tokens, targets, p, states


def check(seed: int) -> dict[str, Any]:
    """Every gradient against central differences and against Keras."""
    tokens, targets, p, states = small_problem(seed)
    _, trace = network.forward(tokens, targets, p, states)
    gradients = network.backward(trace, p)
    theirs, their_h = keras_gradients(tokens, targets, p, states)

    def errors_at(step: float) -> dict[str, np.ndarray]:
        differences = central_differences(lambda a: network.forward(tokens, targets, a, a)[0], p | states, step=step)
        inputs = {"x": p["embedding"][tokens]}
        differences |= central_differences(lambda a: network.forward_vectors(a["x"], targets, p, states)[0], inputs, step=step)
        return relative_errors(gradients, differences)

    by_step = {step: errors_at(step) for step in STEPS}
    parameters = {
        name: {
            "numbers": error.size,
            "mean_error": error.mean(),
            "worst_error": error.max(),
            "keras_difference": np.abs(gradients[name] - theirs[name]).max(),
        }
        for name, error in by_step[PUBLISHED_STEP].items()
    }
    return {
        "seed": seed,
        "parameters": parameters,
        "by_step": {step: np.concatenate([e.ravel() for e in errors.values()]).mean() for step, errors in by_step.items()},
        "output_difference": np.abs(trace.h - their_h).max(),
    }


def keras_gradients(tokens: np.ndarray, targets: np.ndarray, p: Any, states: Any) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The gradients of `network.backward` and the outputs of the LSTM, by Keras and TensorFlow in float64."""
    import keras
    import tensorflow as tf

    layer = keras.layers.LSTM(CHECKED["hidden"], return_sequences=True, dtype="float64")
    layer.build((None, None, CHECKED["embedding_dim"]))
    layer.set_weights(by_hand.to_keras({name.removeprefix("layer_1."): value for name, value in p.items()}))
    names = ("embedding", "output.W", "output.b", "layer_1.h0", "layer_1.c0")
    values = {name: tf.constant((p | states)[name]) for name in names}
    with tf.GradientTape() as tape:
        tape.watch(list(values.values()))
        x = tf.gather(values["embedding"], tokens)
        h = layer(x, initial_state=[values["layer_1.h0"], values["layer_1.c0"]])
        logits = h @ values["output.W"] + values["output.b"]
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(targets, logits, from_logits=True))
    weights = [variable.value for variable in layer.trainable_variables]
    found = tape.gradient(loss, {**values, "x": x, "weights": weights})
    lstm = by_hand.from_keras(*map(np.asarray, found.pop("weights")))
    gradients = {name: tf.convert_to_tensor(gradient).numpy() for name, gradient in found.items()}
    return gradients | {f"layer_1.{name}": gradient for name, gradient in lstm.items()}, h.numpy()


def pass_shapes() -> list[tuple[str, str, str]]:
    """The lines of a forward and a backward pass with the shapes that they have with five sequences of the checked size."""
    tokens, targets, p, states = small_problem(0, batch=5)
    _, trace = network.forward(tokens, targets, p, states)
    g, s = network.backward(trace, p), trace.layers[0][0]
    forward = [
        ("tokens", "(batch, time)", tokens),
        ("x", "embedding[tokens]", p["embedding"][tokens]),
        ("z", "[h₋, x] at one t", s.z),
        ("f, i, o", "sigmoid(z @ W + b)", s.f),
        ("c̃", "tanh(z @ W_c + b_c)", s.c_tilde),
        ("c", "f ∘ c₋ + i ∘ c̃", s.c),
        ("h", "o ∘ tanh(c)", s.h),
        ("h, all t", "stacked over time", trace.h),
        ("y", "softmax(h @ W + b)", trace.y),
    ]
    backward = [
        ("d output.W", "Σ h.T @ (y - target) / (batch · time)", g["output.W"]),
        ("d W_f, W_i, W_c, W_o", "Σ z.T @ da", g["layer_1.W_f"]),
        ("d b_f, b_i, b_c, b_o", "Σ da", g["layer_1.b_f"]),
        ("d h0, d c0", "what goes back beyond t = 1", g["layer_1.h0"]),
        ("d x", "Σ da @ W.T, the columns of x", g["x"]),
        ("d embedding", "d x, added up by token", g["embedding"]),
    ]
    return [(name, formula, str(value.shape)) for name, formula, value in forward + backward]


def train(start: str, optimizer: str, seed: int, codes: np.ndarray, letters: int, arguments: Namespace) -> dict[str, Any]:
    """A language model; with one seed all arms draw the same weights and see the same batches."""
    started = time.perf_counter()
    rng = np.random.default_rng(seed)
    p = network.draw(rng, vocabulary_size=letters, embedding_dim=EMBEDDING, hidden=arguments.hidden)
    p = {name: STARTS[start](name, drawn) for name, drawn in p.items()}
    rule, losses, spreads = OPTIMIZERS[optimizer](), [], []
    for _ in range(arguments.updates):
        places = rng.integers(0, len(codes) - TIME, BATCH)[:, None] + np.arange(TIME + 1)
        batch = codes[places]
        loss, trace = network.forward(batch[:, :-1], batch[:, 1:], p)
        rule.update(p, network.backward(trace, p))
        losses.append(loss)
        spreads.append(float(trace.h.std(axis=-1).mean()))
    seconds = time.perf_counter() - started
    about = {"start": start, "optimizer": optimizer, "rate": rule.rate, "seed": seed}
    return about | {"loss": losses, "spread": spreads, "seconds": {"train": seconds, "compile": 0.0, "total": seconds}}


def train_all(journal: Journal, codes: np.ndarray, letters: int, arguments: Namespace) -> list[dict[str, Any]]:
    """Trains what the journal lacks; returns all runs in the order of the arms."""
    done = {(row["start"], row["optimizer"], row["seed"]): row for row in journal.rows}
    rows = []
    for start, optimizer in ARMS:
        for seed in range(arguments.seed, arguments.seed + arguments.seeds):
            if (start, optimizer, seed) not in done:
                journal.add([train(start, optimizer, seed, codes, letters, arguments)])
                done[start, optimizer, seed] = journal.rows[-1]
            rows.append(done[start, optimizer, seed])
        if not arguments.quiet:
            print(f"{start}, {optimizer}: {arguments.seeds} seeds", file=sys.stderr)
    return rows


def main(argv: Sequence[str] | None = None) -> None:
    started = time.perf_counter()
    arguments = parse(argv)
    codes, letters = read_text(arguments.text)
    command_line.check_writable(arguments.out)
    command_line.import_keras()
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ValueError(f"KERAS_BACKEND: expected tensorflow, got {keras.backend.backend()}")
    about = {"hidden": arguments.hidden, "updates": arguments.updates, "letters": len(codes), "kinds": len(letters)}
    settings = about | {"codes": codes.tolist(), "versions": command_line.versions()}
    journal = Journal(arguments.out / "runs.partial.jsonl", settings)
    rows = train_all(journal, codes, len(letters), arguments)
    checks = [check(seed) for seed in range(arguments.seed, arguments.seed + arguments.seeds)]
    report = Report(checks, rows, pass_shapes(), about)
    report.write(arguments.out, command_line.command(argv), journal.seconds(rows, started))
    journal.close()
    if not arguments.quiet:
        report.show(arguments.out)


if __name__ == "__main__":
    sys.exit(command_line.run_main(main))
