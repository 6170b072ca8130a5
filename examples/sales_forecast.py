"""How well does a small recurrent network forecast monthly sales? Not one lucky run: every seed, beside naive forecasts.

    python examples/sales_forecast.py --neurons 8 --epochs 3000
    python examples/sales_forecast.py --neurons 4 8 16 32 64 --cell simple_rnn lstm gru
    python examples/sales_forecast.py --csv my_sales.csv --column revenue --horizon 12
    python examples/sales_forecast.py --csv my_sales.csv --save kept.zip, later --load kept.zip --csv newer.csv --horizon 3

Expect, with the first command, a test RMSE that runs from about 90 to 250 over 10 seeds, where forecasting the mean of the last
three months gives 96.40 and a linear regression on the same pairs 89.06. Results go to --out: report.html with all of it,
runs.csv, forecasts.csv, with --horizon also forecast.csv, figures.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rnnlab import command_line, datasets, sales
from rnnlab.cells import CELLS
from rnnlab.conduct import Networks, conduct
from rnnlab.sales import report, saved, studies, training


def parse(argv: Sequence[str] | None) -> Namespace:
    parser = command_line.Parser(prog="sales_forecast.py", description=__doc__)
    command_line.add_common(parser, seeds=10, epochs=studies.EPOCHS)
    positive, horizon = command_line.positive, command_line.integer(1, 1200)
    parser.add_argument(
        "--neurons", type=command_line.units, nargs="+", default=[8], metavar="N", help="units, one size or several"
    )
    parser.add_argument("--cell", nargs="+", default=["lstm"], choices=CELLS, help="one cell or several")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="a series of your own instead of the shampoo sales")
    parser.add_argument("--column", metavar="NAME", help="the column of --csv to forecast")
    parser.add_argument("--date-column", metavar="NAME", help="the column of --csv with the dates")
    parser.add_argument("--test-size", type=positive, default=12, metavar="N", help="months kept for testing (default 12)")
    parser.add_argument("--lags", type=positive, default=1, metavar="K", help="previous differences per input (default 1)")
    parser.add_argument("--horizon", type=horizon, default=0, metavar="H", help="also forecast H months beyond the end")
    arguments = parser.parse_args(argv)
    command_line.check_common(parser, arguments)
    for name in ("column", "date_column"):
        if getattr(arguments, name) and not arguments.csv:
            parser.error(f"--{name.replace('_', '-')}: expected together with --csv")
    for name in ("neurons", "cell"):
        setattr(arguments, name, list(dict.fromkeys(getattr(arguments, name))))
    if arguments.smoke:
        arguments.epochs, arguments.seeds, arguments.neurons = 20, 2, arguments.neurons[:2]
    return arguments


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parse(argv)
    series = datasets.read_series(arguments.csv, arguments.column, arguments.date_column) if arguments.csv else None
    seeds, changes = range(arguments.seed, arguments.seed + arguments.seeds), {"horizon": arguments.horizon}
    if arguments.load:
        command_line.import_keras()
        replicas, series, data, notes = saved.load(arguments.load, series)
        seeds = replicas.seeds
        changes |= {name: notes[name] for name in ("epochs", "test_size", "lags")} | {"networks": arguments.load.name}
        plan = studies.study_of(series, seeds, units=[notes["units"]], cells=[notes["cell"]], **changes)
        train = partial(training.reuse, replicas, data)
    else:
        series = series or datasets.shampoo_sales()
        data = sales.prepare(series.values, test_size=arguments.test_size, lags=arguments.lags)
        changes |= {name: getattr(arguments, name) for name in ("epochs", "test_size", "lags")}
        plan = studies.study_of(series, seeds, units=arguments.neurons, cells=arguments.cell, **changes)
        train = partial(training.train, data)
    several = len(plan.arms) > 1
    every = {"units": studies.SIZES, "cells": CELLS} if several else {}
    settings = plan.settings(next(iter(plan.arms)))
    conduct(
        plan,
        train,
        partial(report.report_of, series, data),
        arguments,
        argv,
        home="sales_sweep" if several else "sales_forecast",
        full=studies.study_of(datasets.shampoo_sales(), range(10), **every),
        networks=Networks("sales", partial(training.network_of, settings), saved.notes_of(series, data, settings)),
    )


if __name__ == "__main__":
    sys.exit(command_line.run_main(main))
