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
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from rnnlab import command_line, datasets, image_rows, study


def parse(argv: Sequence[str] | None) -> Namespace:
    parser = command_line.Parser(prog="image_rows.py", description=__doc__)
    command_line.add_common(parser, "image_rows/<study>", seeds=10, epochs=None)
    parser.add_argument("--study", default="gate", choices=image_rows.TOPICS, help="what to vary (default gate)")
    parser.add_argument("--variant", default="as_run", help="as_run, or for gate as_claimed: as published code or text")
    parser.add_argument("--data", default="digits", choices=datasets.IMAGES, help="small digits (default) or MNIST")
    parser.add_argument("--updates", type=command_line.positive, default=2000, metavar="N", help="updates (default 2000)")
    parser.add_argument(
        "--store", type=Path, metavar="FILE", help="SQLite file of finished runs (default runs.sqlite in --out)"
    )
    parser.add_argument("--workers", type=command_line.positive, default=1, metavar="N", help="processes on this machine")
    parser.add_argument("--cluster", metavar="ADDRESS", help="a running Dask scheduler, such as tcp://host:8786")
    parser.add_argument("--report", action="store_true", help="write the report of what is there, without training")
    parser.add_argument("--profile", action="store_true", help="print where the time of an update goes, without a study")
    arguments = parser.parse_args(argv)
    check(parser, arguments)
    return arguments


def check(parser: argparse.ArgumentParser, arguments: Namespace) -> None:
    variants = image_rows.TOPICS[arguments.study].variants
    if arguments.variant not in variants:
        parser.error(f"--variant: expected {' or '.join(variants)} for {arguments.study}, got {arguments.variant!r}")
    if arguments.cluster and arguments.workers > 1:
        parser.error("--workers: expected without --cluster, whose workers do the training")
    if arguments.updates < image_rows.PROTOCOL["scored"] and not arguments.smoke:
        parser.error(f"--updates: expected at least {image_rows.PROTOCOL['scored']}, which are scored, got {arguments.updates}")
    if arguments.out == Path("reports", "image_rows/<study>"):
        # Results of another protocol than the published one do not take the place of those of a full run.
        shorter = "_smoke" if arguments.smoke else f"_{arguments.updates}" * (arguments.updates != 2000)
        arguments.out = Path("reports", "image_rows", f"{plan_of(arguments).name}_{arguments.data}{shorter}")
    arguments.store = arguments.store or arguments.out / "runs.sqlite"


def plan_of(arguments: Namespace) -> study.Study:
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    changes = {"updates": arguments.updates}
    if arguments.smoke:
        seeds, changes = seeds[:2], {"updates": 12, "scored": 4, "units": 8, "every": 4}
    return image_rows.study_of(arguments.study, seeds, data=arguments.data, variant=arguments.variant, **changes)


def open_store(arguments: Namespace, plan: study.Study) -> study.Store:
    """The store, with what a runs.csv from another machine has and it lacks."""
    known = arguments.out / "runs.csv"
    if arguments.report and not arguments.store.exists() and not known.exists():
        raise ValueError(f"--report: expected finished runs in {arguments.store} or {known}, got neither")
    fresh = not arguments.store.exists()
    store = study.Store(arguments.store)
    try:
        if known.exists() and store.missing(plan) and (new := study.read_csv(store, plan, arguments.out)):
            print(f"{new} finished runs taken over from {known}", file=sys.stderr)
    except ValueError:
        store.close()
        if fresh:
            arguments.store.unlink()
        raise
    for line in store.changed(plan):
        print(line, file=sys.stderr)
    return store


def train(arguments: Namespace, plan: study.Study, store: study.Store) -> None:
    if not store.missing(plan):
        return
    command_line.import_keras()
    datasets.images(arguments.data)
    done = len(plan.jobs) - len(store.missing(plan))
    if done and not arguments.quiet:
        print(f"going on after {done} finished runs", file=sys.stderr)
    study.run(plan, image_rows.train, store, workers=arguments.workers, cluster=arguments.cluster, quiet=arguments.quiet)


def write(arguments: Namespace, argv: Sequence[str] | None, plan: study.Study, store: study.Store, started: float) -> None:
    from rnnlab.image_rows.report import report_of

    runs, curves = store.frame(plan), store.curves(plan)
    if runs.empty:
        raise ValueError(f"--report: expected finished runs of {plan.name} in {arguments.store}, got none")
    study.write_csv(store, plan, arguments.out)
    command = command_line.command(argv).replace(" --report", "")
    report = report_of(arguments.study, plan, runs, curves, command)
    report.write(arguments.out)
    seconds = {"train": runs.seconds.sum(), "total": time.perf_counter() - started}
    summary = {"study": plan.name, "title": plan.title, "runs": len(runs), "missing": report.missing}
    summary |= {"claims": list(report.claims), "command": command}
    summary |= {"tables": {caption: table.to_dict("records") for caption, table in report.tables.items()}}
    command_line.write_json(arguments.out / "summary.json", summary | {"versions": command_line.versions(), "seconds": seconds})
    if not arguments.quiet:
        show(report, runs, arguments.out)


def show(report: study.Report, runs: pd.DataFrame, directory: Path) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console, table = Console(), Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    measures = ("train_loss", "test_loss", "train_accuracy", "test_accuracy")
    for name in ("arm", "runs", "train loss", "test loss", "accuracy: train", "test", "ms"):
        table.add_column(name, justify="left" if name == "arm" else "right", no_wrap=True)
    for arm, group in runs.groupby("arm", sort=False):
        means = [f"{group[name].mean(skipna=False):.4f}" for name in measures]
        table.add_row(str(arm), str(len(group)), *means, f"{group.ms_per_update.median():.1f}")
    console.print(f"{report.title}: means of {report.seeds} over the last updates; ms per update")
    console.print(table)
    for claim in report.claims:
        console.print(f"{claim['claim']}: {claim['verdict']} ({claim['evidence']})")
    console.print(f"results: {directory / 'report.html'}")


def main(argv: Sequence[str] | None = None) -> None:
    started = time.perf_counter()
    arguments = parse(argv)
    if arguments.profile:
        from rnnlab.image_rows.profile import profile

        command_line.import_keras()
        print(profile(plan_of(arguments)))
        return
    plan = plan_of(arguments)
    command_line.check_writable(arguments.out)
    with open_store(arguments, plan) as store:
        if not arguments.report:
            train(arguments, plan, store)
        write(arguments, argv, plan, store, started)


if __name__ == "__main__":
    sys.exit(command_line.run_main(main))
