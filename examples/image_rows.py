"""What improves an LSTM that reads images row by row? A published study again, with replicates and tests.

    python examples/image_rows.py --study gate --seeds 10
    python examples/image_rows.py --study gate --variant as_claimed
    RNNLAB_DATA=folder/with/mnist python examples/image_rows.py --study optimizer --data mnist

Each finished run is kept at once in --store; the same command goes on after a kill, on another machine from the runs.csv in
--out. Results go to --out: report.html (everything on one page), report.md, runs.csv, curves.csv, summary.json, figures.
"""

from __future__ import annotations

import argparse
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from rnnlab import command_line, datasets, image_rows, study
from rnnlab.study import script


def parse(argv: Sequence[str] | None) -> Namespace:
    parser = command_line.Parser(prog="image_rows.py", description=__doc__)
    command_line.add_common(parser, "image_rows/<study>", seeds=10, epochs=None)
    parser.add_argument("--study", default="gate", choices=image_rows.TOPICS, help="what to vary (default gate)")
    parser.add_argument("--variant", default="as_run", help="as_run, or for gate as_claimed: as published code or text")
    parser.add_argument("--data", default="digits", choices=datasets.IMAGES, help="small digits (default) or MNIST")
    parser.add_argument("--updates", type=command_line.positive, default=2000, metavar="N", help="updates (default 2000)")
    script.add_flags(parser)
    parser.add_argument("--profile", action="store_true", help="print where the time of an update goes, without a study")
    arguments = parser.parse_args(argv)
    check(parser, arguments)
    return arguments


def check(parser: argparse.ArgumentParser, arguments: Namespace) -> None:
    variants = image_rows.TOPICS[arguments.study].variants
    if arguments.variant not in variants:
        parser.error(f"--variant: expected {' or '.join(variants)} for {arguments.study}, got {arguments.variant!r}")
    if arguments.updates < image_rows.PROTOCOL["scored"] and not arguments.smoke:
        parser.error(f"--updates: expected at least {image_rows.PROTOCOL['scored']}, which are scored, got {arguments.updates}")
    if arguments.out == Path("reports", "image_rows/<study>"):
        # Results of another protocol than the published one do not take the place of those of a full run.
        shorter = "_smoke" if arguments.smoke else f"_{arguments.updates}" * (arguments.updates != 2000)
        arguments.out = Path("reports", "image_rows", f"{plan_of(arguments).name}_{arguments.data}{shorter}")
    script.check_flags(parser, arguments)


def plan_of(arguments: Namespace) -> study.Study:
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    changes = {"updates": arguments.updates}
    if arguments.smoke:
        seeds, changes = seeds[:2], {"updates": 12, "scored": 4, "units": 8, "every": 4}
    return image_rows.study_of(arguments.study, seeds, data=arguments.data, variant=arguments.variant, **changes)


def overview(runs: pd.DataFrame) -> pd.DataFrame:
    """Means of the seeds over the last updates, by arm."""
    measures = ["train_loss", "test_loss", "train_accuracy", "test_accuracy"]
    groups = runs.groupby("arm", sort=False)
    # Not pandas' own mean, which passes over a run that diverged.
    means = groups[measures].agg(lambda scores: scores.mean(skipna=False)).rename(columns=lambda name: name.replace("_", " "))
    means.insert(0, "runs", groups.size())
    return means.assign(**{"ms an update": groups.ms_per_update.median()}).reset_index()


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parse(argv)
    plan = plan_of(arguments)
    if arguments.profile:
        from rnnlab.image_rows.profile import profile

        command_line.import_keras()
        print(profile(plan))
        return

    def tell(runs: pd.DataFrame, curves: pd.DataFrame, command: str) -> tuple[study.Report, pd.DataFrame]:
        from rnnlab.image_rows.report import report_of

        return report_of(arguments.study, plan, runs, curves, command), overview(runs)

    script.conduct(plan, image_rows.train, tell, arguments, argv, prepare=lambda: datasets.images(arguments.data))


if __name__ == "__main__":
    sys.exit(command_line.run_main(main))
