"""Can a recurrent network learn to add from text alone? It reads "12+345 " backwards and writes "357 ".

    python examples/addition.py --cell gru
    python examples/addition.py --cell simple_rnn lstm gru --seeds 10
    python examples/addition.py --recipe classic --cell simple_rnn lstm gru --seeds 10
    python examples/addition.py --cell lstm --save adder.zip, later --load adder.zip --ask "123+456"

Every network is asked all questions that it was not trained on. Results go to --out: report.html with all of it, runs.csv,
curves.csv, and figures of the accuracy by epoch and of where in the plane of operands the mistakes lie.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from functools import partial

from rnnlab import addition, command_line
from rnnlab.addition import exam, report, studies, training
from rnnlab.cells import CELLS
from rnnlab.conduct import Networks, conduct


def parse(argv: Sequence[str] | None) -> Namespace:
    parser = command_line.Parser(prog="addition.py", description=__doc__)
    command_line.add_common(parser, seeds=5, epochs="the recipe's")
    parser.add_argument("--recipe", default="fast", choices=addition.RECIPES, help="how to train (default fast)")
    parser.add_argument("--cell", nargs="+", default=["lstm"], choices=CELLS, help="one cell or several")
    parser.add_argument("--units", type=command_line.units, default=128, metavar="N", help="units (default 128)")
    digits, counted = command_line.integer(1, addition.MAX_DIGITS), command_line.integer(1, 5_000_000)
    parser.add_argument("--digits", type=digits, default=3, metavar="N", help="of the operands (default 3)")
    parser.add_argument("--questions", type=counted, metavar="N", help="how many to train on (default the recipe's)")
    parser.add_argument("--ask", nargs="+", default=[], metavar="SUM", help='questions such as "12+345" to answer at the end')
    arguments = parser.parse_args(argv)
    command_line.check_common(parser, arguments)
    arguments.cell = list(dict.fromkeys(arguments.cell))
    if arguments.load and not arguments.ask:
        parser.error("--load: expected together with --ask")
    if arguments.ask and len(arguments.cell) > 1:
        parser.error("--ask: expected one cell, got several")
    if arguments.smoke:
        arguments.epochs, arguments.seeds, arguments.units, arguments.questions = 2, 2, 16, 2000
        arguments.digits = min(arguments.digits, 2)
    return arguments


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parse(argv)
    if arguments.load:
        command_line.import_keras()
        from rnnlab.training import load_replicas

        print(*exam.answered(*load_replicas(arguments.load, task="addition"), arguments.ask), sep="\n")
        return
    for text in arguments.ask:
        addition.parse_question(text, arguments.digits)
    changes = {name: getattr(arguments, name) for name in ("recipe", "digits", "units", "questions", "epochs")}
    plan = studies.study_of(arguments.cell, seeds=range(arguments.seed, arguments.seed + arguments.seeds), **changes)
    settings = plan.settings(arguments.cell[0])
    home, full = "addition" if arguments.recipe == "fast" else f"addition_{arguments.recipe}", studies.full(arguments.recipe)
    networks = Networks("addition", partial(training.network_of, settings), settings)
    use = (lambda kept: print(*exam.answered(kept, settings, arguments.ask), sep="\n")) if arguments.ask else None
    conduct(plan, training.train, report.report_of, arguments, argv, home=home, full=full, networks=networks, use=use)


if __name__ == "__main__":
    sys.exit(command_line.run_main(main))
