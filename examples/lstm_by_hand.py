"""Are the gradients of an LSTM in NumPy right, and does it learn? Read `rnnlab/by_hand/lstm.py` first.

    python examples/lstm_by_hand.py
    python examples/lstm_by_hand.py --text my.txt --hidden 64 --updates 1000

Compares every gradient with central differences and with Keras given the same weights, prints the shapes of a forward and a
backward pass, trains a language model of letters with five optimizers, and starts it from zeros to show why nobody does.
Expect outputs and gradients that differ from those of Keras by less than 1e-14, within about a minute. Results go to --out:
report.html with all of it, runs.csv, curves.csv, gradients.csv, figures.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rnnlab import command_line
from rnnlab.by_hand import data, gradients, report, studies, training
from rnnlab.conduct import conduct


def parse(argv: Sequence[str] | None) -> Namespace:
    parser = command_line.Parser(prog="lstm_by_hand.py", description=__doc__)
    command_line.add_common(parser, seeds=5, networks=False)
    units, counted, hidden, updates = command_line.units, command_line.counted, studies.HIDDEN, studies.UPDATES
    parser.add_argument("--hidden", type=units, default=hidden, metavar="N", help=f"units of a model (default {hidden})")
    parser.add_argument("--updates", type=counted, default=updates, metavar="N", help=f"of each training (default {updates})")
    parser.add_argument("--text", type=Path, metavar="FILE", help="a text of your own, UTF-8, to train on")
    parser.set_defaults(save=None)
    arguments = parser.parse_args(argv)
    command_line.check_common(parser, arguments)
    if arguments.smoke:
        arguments.hidden, arguments.updates, arguments.seeds = 4, 12, 2
    return arguments


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parse(argv)
    letters = data.read_letters(arguments.text)
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    plan = studies.study_of(letters.name, seeds, hidden=arguments.hidden, updates=arguments.updates)
    command_line.import_keras()  # which the report needs, even where nothing is left to train
    conduct(
        plan,
        partial(training.train, letters),
        partial(report.report_of, letters),
        arguments,
        argv,
        home="lstm_by_hand",
        full=studies.study_of(data.read_letters().name, range(5)),
        prepare=gradients.check_backend,
    )


if __name__ == "__main__":
    sys.exit(command_line.run_main(main))
