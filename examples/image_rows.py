"""What improves an LSTM that reads images row by row? A published study again, with replicates and tests.

    python examples/image_rows.py --study gate --seeds 10
    python examples/image_rows.py --study gate --variant as_claimed
    RNNLAB_DATA=folder/with/mnist python examples/image_rows.py --study optimizer --data mnist
    python examples/image_rows.py --study gate --arm tanh --save kept.zip, later --load kept.zip

Expect, with the first command, a test accuracy of about 0.96 with tanh, 0.88 with sigmoid. Results go to --out: report.html
(everything on one page), report.md, runs.csv, curves.csv, summary.json, figures.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence

from rnnlab import command_line, datasets, image_rows, study
from rnnlab.conduct import Networks, conduct
from rnnlab.image_rows import report, studies, training


def parse(argv: Sequence[str] | None) -> Namespace:
    parser = command_line.Parser(prog="image_rows.py", description=__doc__)
    command_line.add_common(parser, seeds=studies.SEEDS)
    updates, scored = studies.PROTOCOL["updates"], studies.PROTOCOL["scored"]
    parser.add_argument("--study", default="gate", choices=studies.STUDIES, help="what to vary (default gate)")
    parser.add_argument("--variant", default="as_run", help="as_run, or for gate as_claimed: as published code or text")
    parser.add_argument("--arm", nargs="+", metavar="NAME", help="some arms of the study, such as tanh (default all)")
    parser.add_argument("--data", default="digits", choices=datasets.IMAGES, help="small digits (default) or MNIST")
    parser.add_argument("--updates", type=command_line.counted, default=updates, metavar="N", help=f"(default {updates})")
    arguments = parser.parse_args(argv)
    command_line.check_common(parser, arguments)
    variants = studies.STUDIES[arguments.study]
    if arguments.variant not in variants:
        parser.error(f"--variant: expected {' or '.join(variants)} for {arguments.study}, got {arguments.variant!r}")
    if arguments.updates < scored and not arguments.smoke:
        parser.error(f"--updates: expected at least {scored}, which are scored, got {arguments.updates}")
    return arguments


def plan_of(arguments: Namespace) -> study.Study:
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    changes = {"updates": arguments.updates}
    if arguments.smoke:
        seeds, changes = seeds[:2], {"updates": 12, "scored": 4, "units": 8, "every": 4}
    about = {"data": arguments.data, "variant": arguments.variant, "arms": arguments.arm}
    return image_rows.study_of(arguments.study, seeds, **about, **changes)


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parse(argv)
    if arguments.load:
        command_line.import_keras()
        print(training.evaluated(arguments.load))
        return
    plan = plan_of(arguments)
    conduct(
        plan,
        image_rows.train,
        report.report_of,
        arguments,
        argv,
        home=f"image_rows/{plan.name}_{arguments.data}",
        full=image_rows.study_of(arguments.study, range(studies.SEEDS), data=arguments.data, variant=arguments.variant),
        prepare=lambda: datasets.images(arguments.data),
        networks=Networks("image_rows", *training.kept_as(plan)),
    )


if __name__ == "__main__":
    sys.exit(command_line.run_main(main))
