"""Can a recurrent network learn to add from text alone? It reads "12+345 " backwards and writes "357 ".

    python examples/addition.py --cell gru
    python examples/addition.py --cell simple_rnn lstm gru --seeds 10
    python examples/addition.py --recipe classic --cell simple_rnn lstm gru
    python examples/addition.py --cell lstm --save adder.zip, later --load adder.zip --ask "123+456"

Every run is asked all questions that it was not trained on. Results go to --out: runs.csv, history.csv, summary.json, and
figures of the accuracy by pass and of where in the plane of operands the mistakes lie.
"""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from rnnlab import addition, addition_report, command_line
from rnnlab.cells import CELLS
from rnnlab.journal import Journal

SEEDS_AT_A_TIME = 5  # runs are kept in blocks of that many


def parse(argv: Sequence[str] | None) -> Namespace:
    parser = command_line.Parser(prog="addition.py", description=__doc__)
    command_line.add_common(parser, "addition", seeds=5, epochs="the recipe's")
    parser.add_argument("--recipe", default="fast", choices=addition.RECIPES, help="how to train (default fast)")
    parser.add_argument("--cell", nargs="+", default=["lstm"], choices=CELLS, help="one cell or several")
    parser.add_argument("--units", type=command_line.positive, default=128, metavar="N", help="units (default 128)")
    parser.add_argument("--digits", type=digits, default=3, metavar="N", help="digits of the operands, 1 to 6 (default 3)")
    parser.add_argument("--questions", type=command_line.positive, metavar="N", help="how many to train on")
    parser.add_argument("--ask", nargs="+", default=[], metavar="SUM", help='questions such as "12+345" to answer at the end')
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep the trained networks (one cell)")
    parser.add_argument("--load", type=Path, metavar="FILE", help="answer --ask with kept networks, without training")
    arguments = parser.parse_args(argv)
    arguments.cell = list(dict.fromkeys(arguments.cell))
    if arguments.save and len(arguments.cell) > 1:
        parser.error("--save: expected one cell, got several")
    if arguments.load and (arguments.save or not arguments.ask):
        parser.error("--load: expected together with --ask, and without --save")
    if arguments.ask and len(arguments.cell) > 1:
        parser.error("--ask: expected one cell, got several")
    recipe = addition.RECIPES[arguments.recipe]
    arguments.epochs = arguments.epochs or recipe.epochs
    arguments.questions = arguments.questions or recipe.questions
    if arguments.smoke:
        arguments.epochs, arguments.seeds, arguments.units, arguments.questions = 2, 2, 16, 2000
        arguments.digits = min(arguments.digits, 2)
    return arguments


def digits(text: str) -> int:
    import argparse

    try:
        return addition.check_digits(int(text) if text.isascii() and text.isdigit() else 0)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected an integer from 1 to {addition.MAX_DIGITS}, got {text!r}") from None


def split(arguments: Namespace) -> addition.Split:
    """The questions are the same in all runs, whatever their seed."""
    recipe = addition.RECIPES[arguments.recipe]
    rng = np.random.default_rng(0)
    return addition.split_questions(arguments.questions, recipe.held_out, arguments.digits, rng, recipe.short)


def train(cell: str, seeds: Sequence[int], arguments: Namespace, questions: addition.Split) -> Any:
    from rnnlab import fit_replicas
    from rnnlab.metrics import exact

    recipe = addition.RECIPES[arguments.recipe]

    def build(seed):
        return addition.build_adder(digits=arguments.digits, cell=cell, units=arguments.units, seed=seed)

    return fit_replicas(
        build,
        *addition.encode(questions.train, arguments.digits),
        seeds=seeds,
        epochs=arguments.epochs,
        batch_size=recipe.batch_size,
        optimizer=recipe.optimizer(len(questions.train), arguments.epochs),
        loss="categorical_crossentropy",
        metrics=[exact],
        validation_data=addition.encode(questions.held_out, arguments.digits),
        verbose=0 if arguments.quiet else "auto",
    )


def rows_of(cell: str, replicas: Any, arguments: Namespace, questions: addition.Split) -> Iterator[dict[str, Any]]:
    said = addition.answers(lambda x: replicas.predict(x, batch_size=512), questions.unseen, arguments.digits)
    seconds = {part: value / len(replicas.seeds) for part, value in replicas.seconds.items()}
    for seed, curve, answers in zip(replicas.seeds, replicas.curves, said, strict=True):
        yield addition_report.row_of(cell, arguments.units, seed, curve, answers, questions) | {"seconds": seconds}


def train_all(arguments: Namespace, questions: addition.Split, journal: Journal) -> Any:
    """Trains what the journal lacks; returns the networks that were trained last."""
    done = {(row["cell"], row["seed"]) for row in journal.rows}
    replicas = None
    for cell in arguments.cell:
        seeds = [s for s in range(arguments.seed, arguments.seed + arguments.seeds) if (cell, s) not in done]
        size = len(seeds) if arguments.save or arguments.ask else SEEDS_AT_A_TIME
        for start in range(0, len(seeds), max(1, size)):
            replicas = train(cell, seeds[start : start + size], arguments, questions)
            journal.add(list(rows_of(cell, replicas, arguments, questions)))
            if not arguments.quiet and arguments.seeds * len(arguments.cell) > len(replicas.seeds):
                print(f"{cell}: {len(replicas.seeds)} seeds, {replicas.seconds['total']:.1f} s", file=sys.stderr)
            if replicas.interrupted:
                raise KeyboardInterrupt
    return replicas


def answer(questions: Sequence[str], replicas: Any, digits: int) -> None:
    """Prints what most of the networks say."""
    pairs = np.array([addition.parse_question(text, digits) for text in questions])
    for (a, b), said in zip(pairs.tolist(), addition.answers(replicas.predict, pairs, digits).T.tolist(), strict=True):
        most = max(set(said), key=lambda number: (said.count(number), number))
        verdict = "right" if most == a + b else f"wrong, it is {a + b}"
        print(f"{a}+{b} = {most if most >= 0 else 'no number'} ({verdict}; so say {said.count(most)} of {len(said)} networks)")


def run(arguments: Namespace, argv: Sequence[str] | None, started: float) -> None:
    questions = split(arguments)
    settings = {name: getattr(arguments, name) for name in ("recipe", "epochs", "units", "digits", "questions")}
    decisive = settings | {"settings": asdict(addition.RECIPES[arguments.recipe]), "versions": command_line.versions()}
    needs_networks = bool(arguments.save or arguments.ask)
    journal = Journal(arguments.out / "runs.partial.jsonl", decisive, anew=needs_networks)
    replicas = train_all(arguments, questions, journal)
    if arguments.save:
        from rnnlab.training import save_replicas

        save_replicas(replicas, arguments.save, settings | {"cell": arguments.cell[0]}, task="addition")
    wanted = range(arguments.seed, arguments.seed + arguments.seeds)
    rows = [row for row in journal.rows if row["cell"] in arguments.cell and row["seed"] in wanted]
    rows.sort(key=lambda row: (arguments.cell.index(row["cell"]), row["seed"]))
    report = addition_report.Report(arguments.recipe, arguments.digits, questions, rows)
    report.write(arguments.out, command_line.command(argv), journal.seconds(rows, started))
    journal.close()
    if not arguments.quiet:
        report.show(arguments.out)
    if arguments.ask:
        answer(arguments.ask, replicas, arguments.digits)


def main(argv: Sequence[str] | None = None) -> None:
    started = time.perf_counter()
    arguments = parse(argv)
    for text in arguments.ask if not arguments.load else []:
        addition.parse_question(text, arguments.digits)
    if arguments.load and not arguments.load.is_file():
        raise FileNotFoundError(f"--load: expected a file that --save wrote, got {arguments.load}")
    if not arguments.load:
        command_line.check_writable(arguments.out)
    command_line.import_keras()
    if arguments.load:
        from rnnlab.training import load_replicas

        replicas, notes = load_replicas(arguments.load, task="addition")
        answer(arguments.ask, replicas, notes["digits"])
    else:
        run(arguments, argv, started)


if __name__ == "__main__":
    sys.exit(command_line.run_main(main))
