"""An adder that reads two numbers digit by digit, the lowest first: what it needs to learn, and whether it learned to add.

    python examples/digit_sums.py --cell simple_rnn lstm gru
    python examples/digit_sums.py --study maxlen
    python examples/digit_sums.py --longer 100 1000 100000 --seeds 10
    python examples/digit_sums.py --save adder.zip --ask 123+456, later --load adder.zip --ask 99999999999999+1

--study repeats a published one. --longer trains on sums of up to ten digits, asks sums of the given lengths, random ones and
carry chains such as 999...9 + 1, and shows which networks add and which only look like it. Results go to --out: report.html.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from functools import partial

from rnnlab import cells, command_line, digit_sums
from rnnlab.conduct import Networks, conduct
from rnnlab.digit_sums import exam, report, studies, training
from rnnlab.questions import parse_question


def parse(argv: Sequence[str] | None) -> Namespace:
    parser = command_line.Parser(prog="digit_sums.py", description=__doc__)
    command_line.add_common(parser, seeds=5)
    integer, real, several = command_line.integer, command_line.above_zero, {"nargs": "+"}
    parser.add_argument("--study", choices=studies.STUDIES, help="one of the published studies")
    parser.add_argument("--variant", choices=digit_sums.VARIANTS, help="operands as drawn (default) or as described")
    parser.add_argument(
        "--longer", dest="lengths", type=integer(1, 10**6), **several, metavar="DIGITS", help="ask sums of that many digits"
    )
    parser.add_argument("--cell", choices=cells.CELLS, **several, help="one cell or several")
    parser.add_argument("--layers", type=integer(1, 64), **several, metavar="N", help="recurrent layers")
    parser.add_argument("--units", type=integer(1, 4096), default=studies.UNITS, metavar="N", help="of a layer (default 64)")
    parser.add_argument("--maxlen", type=integer(2, 10**4), **several, metavar="N", help="columns of the longest sum")
    parser.add_argument("--rate", type=real, **several, metavar="R", help="learning rate")
    parser.add_argument("--updates", type=integer(1, 10**5), metavar="N", help=f"a multiple of {studies.EVERY}")
    parser.add_argument("--chains", "--share", type=command_line.fraction, **several, help="of sums trained on, with --longer")
    parser.add_argument("--ask", **several, metavar="SUM", help='sums such as "12+345" that one kind of network answers')
    arguments = parser.parse_args(argv)
    command_line.check_common(parser, arguments)
    own = [name for name in ("cell", "layers", "maxlen", "rate", "lengths") if getattr(arguments, name)]
    unfit = arguments.lengths and (arguments.maxlen or arguments.rate or arguments.variant)
    for wrong, message in (
        (arguments.study and own, f"--study: expected without --{'longer' if arguments.lengths else ' and --'.join(own)}"),
        (arguments.chains and not arguments.lengths, "--chains: expected together with --longer"),
        (unfit, "--longer: expected without --maxlen, --rate and --variant"),
        (arguments.load and not arguments.ask, "--load: expected together with --ask"),
    ):
        if wrong:
            parser.error(message)
    if arguments.smoke:
        arguments.seeds, arguments.updates, arguments.units = 2, 2 * studies.EVERY, 8
    return arguments


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parse(argv)
    for text in arguments.ask or ():
        parse_question(text, exam.LONGEST)
    if arguments.load:
        command_line.import_keras()
        from rnnlab.training import load_replicas

        print(*exam.answered(*load_replicas(arguments.load, task="digit_sums"), arguments.ask), sep="\n")
        return
    names = ("units", "updates", "variant", "cell", "layers", "maxlen", "rate", "chains", "lengths")
    given = {name: getattr(arguments, name) for name in names if getattr(arguments, name)}
    train, report_of, plan_of = training.train, report.report_of, studies.comparison_of
    if arguments.lengths:
        train, report_of, plan_of = training.train_longer, report.longer_report_of, studies.longer_of
    elif arguments.study:
        plan_of = partial(studies.study_of, arguments.study)
    plan, full = plan_of(range(arguments.seed, arguments.seed + arguments.seeds), **given), plan_of(range(5))
    settings = plan.settings(next(iter(plan.arms)))
    if arguments.ask and len(plan.arms) > 1:
        raise ValueError(f"--ask: expected one kind of network, got {len(plan.arms)}: {', '.join(plan.arms)}")
    networks = Networks("digit_sums", partial(training.network_of, settings), settings)
    use = (lambda kept: print(*exam.answered(kept, settings, arguments.ask), sep="\n")) if arguments.ask else None
    home = f"digit_sums/{plan.name}"
    conduct(plan, train, report_of, arguments, argv, home=home, full=full, networks=networks, use=use)


if __name__ == "__main__":
    sys.exit(command_line.run_main(main))
