"""What the example scripts that conduct a study share: flags, the store, files, the screen."""

from __future__ import annotations

import argparse
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from rnnlab import command_line
from rnnlab.study.files import read_csv, write_csv
from rnnlab.study.plan import Study
from rnnlab.study.runner import Train, run
from rnnlab.study.store import Store

if TYPE_CHECKING:
    from rnnlab.study.report import Report

# From finished runs, their curves and the command: the report, and the table that the screen shows.
Tell = Callable[[pd.DataFrame, pd.DataFrame, str], tuple["Report", pd.DataFrame]]


def add_flags(parser: argparse.ArgumentParser) -> None:
    """--store, --workers, --cluster and --report."""
    parser.add_argument(
        "--store", type=Path, metavar="FILE", help="SQLite file of finished runs (default runs.sqlite in --out)"
    )
    parser.add_argument("--workers", type=command_line.positive, default=1, metavar="N", help="processes on this machine")
    parser.add_argument("--cluster", metavar="ADDRESS", help="a running Dask scheduler, such as tcp://host:8786")
    parser.add_argument("--report", action="store_true", help="write the report of what is there, without training")


def check_flags(parser: argparse.ArgumentParser, arguments: Namespace) -> None:
    """Refuses what does not go together; call it when --out is known."""
    if arguments.cluster and arguments.workers > 1:
        parser.error("--workers: expected without --cluster, whose workers do the training")
    arguments.store = arguments.store or arguments.out / "runs.sqlite"


def conduct(
    plan: Study,
    train: Train,
    tell: Tell,
    arguments: Namespace,
    argv: Sequence[str] | None,
    *,
    prepare: Callable[[], object] = lambda: None,
) -> None:
    """Trains what is missing (nothing with --report), then writes the files of the study and shows what it says.

    Args:
        arguments: with --out, --quiet and the flags of `add_flags`.
        prepare: called before training begins, in this process.

    Raises:
        ValueError: --report finds no finished runs, or a file that is not as it was written.
    """
    started = time.perf_counter()
    command_line.check_writable(arguments.out)
    with open_store(arguments, plan) as store:
        missing = store.missing(plan)
        if missing and not arguments.report:
            command_line.import_keras()
            prepare()
            done = len(plan.jobs) - len(missing)
            if done and not arguments.quiet:
                print(f"going on after {done} finished runs", file=sys.stderr)
            run(plan, train, store, workers=arguments.workers, cluster=arguments.cluster, quiet=arguments.quiet)
        runs, curves = store.frame(plan), store.curves(plan)
        if runs.empty:
            raise ValueError(f"--report: expected finished runs of {plan.name} in {arguments.store}, got none")
        write_csv(store, plan, arguments.out)
    command = command_line.command(argv).replace(" --report", "")
    report, overview = tell(runs, curves, command)
    report.write(arguments.out)
    seconds = {"train": runs.seconds.sum(), "total": time.perf_counter() - started}
    _write_summary(report, plan, arguments.out, seconds)
    if not arguments.quiet:
        _show(report, overview, arguments.out)


def open_store(arguments: Namespace, plan: Study) -> Store:
    """The store, with what a runs.csv from another machine has and it lacks."""
    known = arguments.out / "runs.csv"
    if arguments.report and not arguments.store.exists() and not known.exists():
        raise ValueError(f"--report: expected finished runs in {arguments.store} or {known}, got neither")
    fresh = not arguments.store.exists()
    store = Store(arguments.store)
    try:
        if known.exists() and store.missing(plan) and (new := read_csv(store, plan, arguments.out)):
            print(f"{new} finished runs taken over from {known}", file=sys.stderr)
    except ValueError:
        store.close()
        if fresh:
            arguments.store.unlink()
        raise
    for line in store.changed(plan):
        print(line, file=sys.stderr)
    return store


def _write_summary(report: Report, plan: Study, directory: Path, seconds: dict[str, float]) -> None:
    summary = {"study": plan.name, "title": plan.title, "runs": report.runs, "missing": report.missing}
    summary |= {"claims": list(report.claims), "command": report.command}
    summary |= {"tables": {caption: table.to_dict("records") for caption, table in report.tables.items()}}
    command_line.write_json(directory / "summary.json", summary | {"versions": command_line.versions(), "seconds": seconds})


def _show(report: Report, overview: pd.DataFrame, directory: Path) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from rnnlab.study.report import as_text

    console, table, text = Console(), Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0)), as_text(overview)
    for place, name in enumerate(text.columns):
        table.add_column(name, justify="right" if place else "left")
    for row in text.rows:
        table.add_row(*row)
    console.print(f"{report.title}: {report.seeds}")
    console.print(table)
    for claim in report.claims:
        console.print(f"{claim['claim']}: {claim['verdict']} ({claim['evidence']})")
    console.print(f"results: {directory / 'report.html'}")
