"""How well does a small recurrent network forecast monthly sales? Not one lucky run: every seed, beside naive forecasts.

    python examples/sales_forecast.py --neurons 8 --epochs 3000
    python examples/sales_forecast.py --neurons 4 8 16 32 64 --cell simple_rnn lstm gru
    python examples/sales_forecast.py --csv my_sales.csv --column revenue --horizon 12

Expect, with the first command, a test RMSE that runs from about 90 to 250 over 10 seeds, where forecasting the mean of the last
three months gives 96.40 and a linear regression on the same pairs 89.06. Results go to --out: runs.csv, forecasts.csv,
summary.json, figures, with --horizon also forecast.csv.
"""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rnnlab import command_line, datasets, sales, sales_report
from rnnlab.cells import CELLS
from rnnlab.journal import Journal

LARGE = 512  # from this size on a seed takes minutes, and runs are kept a few at a time


def parse(argv: Sequence[str] | None) -> Namespace:
    parser = command_line.Parser(prog="sales_forecast.py", description=__doc__)
    command_line.add_common(parser, "sales_forecast", seeds=10, epochs=3000)
    positive = command_line.positive
    parser.add_argument("--neurons", type=positive, nargs="+", default=[8], metavar="N", help="units, one size or several")
    parser.add_argument("--cell", nargs="+", default=["lstm"], choices=CELLS, help="one cell or several")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="a series of your own instead of the shampoo sales")
    parser.add_argument("--column", metavar="NAME", help="the column of --csv to forecast")
    parser.add_argument("--date-column", metavar="NAME", help="the column of --csv with the dates")
    parser.add_argument("--test-size", type=positive, default=12, metavar="N", help="months kept for testing (default 12)")
    parser.add_argument("--lags", type=positive, default=1, metavar="K", help="previous differences per input (default 1)")
    parser.add_argument("--horizon", type=positive, default=0, metavar="H", help="also forecast H months beyond the end")
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep the trained forecaster (one cell, one size)")
    parser.add_argument("--load", type=Path, metavar="FILE", help="forecast with a kept forecaster, without training")
    arguments = parser.parse_args(argv, Namespace(argv=argv))
    for name in ("column", "date_column"):
        if getattr(arguments, name) and not arguments.csv:
            parser.error(f"--{name.replace('_', '-')}: expected together with --csv")
    if arguments.save and (len(arguments.neurons) > 1 or len(arguments.cell) > 1):
        parser.error("--save: expected one cell and one size, got several")
    if arguments.save and arguments.load:
        parser.error("--save: expected without --load")
    for name in ("neurons", "cell"):
        setattr(arguments, name, list(dict.fromkeys(getattr(arguments, name))))
    if arguments.smoke:
        arguments.epochs, arguments.seeds, arguments.neurons = 20, 2, arguments.neurons[:2]
    return arguments


def read_series(arguments: Namespace) -> datasets.Series | None:
    """The series to forecast; None where a kept forecaster brings its own."""
    if arguments.csv:
        return datasets.read_series(arguments.csv, arguments.column, arguments.date_column)
    return None if arguments.load else datasets.shampoo_sales()


def prepare(arguments: Namespace, series: datasets.Series) -> sales.SalesData:
    try:
        return sales.prepare(series.values, test_size=arguments.test_size, lags=arguments.lags)
    except ValueError as error:
        raise ValueError(f"{arguments.csv or 'shampoo sales'}, column {series.name!r}, {error}") from None


def compile_for_batches_of_one() -> None:
    from rnnlab.training import emit_loops_whole

    emit_loops_whole(limit=1 << 30)


def train(cell: str, units: int, seeds: Sequence[int], arguments: Namespace, data: sales.SalesData) -> Any:
    from rnnlab import fit_replicas

    def build(seed):
        return sales.build_sales_forecaster(lags=arguments.lags, units=units, cell=cell, seed=seed)

    return fit_replicas(
        build,
        *data.train,
        seeds=seeds,
        epochs=arguments.epochs,
        batch_size=1,
        optimizer="adam",
        loss="mse",
        shuffle=False,
        reset_state="epoch",
        verbose=0 if arguments.quiet else "auto",
    )


def run_rows(cell: str, units: int, replicas: Any, data: sales.SalesData, horizon: int) -> list[dict[str, Any]]:
    """What is kept of each run: its forecasts of all months, and of those ahead. Scores follow from them."""
    forecasts = sales.walk_forward(data, replicas.predict(data.x))
    ahead = [sales.forecast_ahead(model, data, horizon) for model in replicas.models] if horizon else [[]] * len(forecasts)
    return [
        {"cell": cell, "units": units, "seed": seed, "forecast": list(map(float, f)), "ahead": list(map(float, a))}
        for seed, f, a in zip(replicas.seeds, forecasts, ahead, strict=True)
    ]


def blocks(arguments: Namespace, journal: Journal) -> Iterator[tuple[str, int, list[int]]]:
    """The runs that are still to do: cell, size, seeds to train together; small sizes first."""
    done = {(row["cell"], row["units"], row["seed"]) for row in journal.rows}
    for units in sorted(arguments.neurons):
        for cell in arguments.cell:
            seeds = [s for s in range(arguments.seed, arguments.seed + arguments.seeds) if (cell, units, s) not in done]
            size = 2 if units >= LARGE and not arguments.save else len(seeds)
            for start in range(0, len(seeds), max(1, size)):
                yield cell, units, seeds[start : start + size]


def train_all(arguments: Namespace, series: datasets.Series, data: sales.SalesData, journal: Journal) -> None:
    """Trains what the journal lacks."""
    for place, (cell, units, seeds) in enumerate(blocks(arguments, journal)):
        if place:
            command_line.renew(arguments.argv)
        replicas = train(cell, units, seeds, arguments, data)
        rows = run_rows(cell, units, replicas, data, arguments.horizon)
        seconds = {part: value / len(rows) for part, value in replicas.seconds.items()}
        journal.add([row | {"seconds": seconds} for row in rows])
        if arguments.save and not replicas.interrupted:
            about = {"cell": cell, "units": units, "epochs": arguments.epochs}
            sales_report.save(arguments.save, replicas, series, data, about)
        if not arguments.quiet and len(arguments.neurons) * len(arguments.cell) > 1:
            print(f"{cell} {units}: {len(replicas.seeds)} seeds, {replicas.seconds['total']:.1f} s", file=sys.stderr)
        if replicas.interrupted:
            raise KeyboardInterrupt


def settings(arguments: Namespace, data: sales.SalesData) -> dict[str, Any]:
    """All that decides a run besides its cell, size and seed."""
    return {
        "values": data.values.tolist(),
        **{name: getattr(arguments, name) for name in ("epochs", "test_size", "lags", "horizon")},
        "versions": command_line.versions(),
    }


def report_trained(arguments: Namespace, series: datasets.Series, data: sales.SalesData) -> tuple[sales_report.Report, Journal]:
    # A file to save needs the networks, not only their forecasts.
    journal = Journal(arguments.out / "runs.partial.jsonl", settings(arguments, data), anew=bool(arguments.save))
    if journal.rows and not arguments.quiet:
        print(f"going on after {len(journal.rows)} finished runs", file=sys.stderr)
    train_all(arguments, series, data, journal)
    wanted = range(arguments.seed, arguments.seed + arguments.seeds)
    rows = [
        row
        for row in journal.rows
        if row["cell"] in arguments.cell and row["units"] in arguments.neurons and row["seed"] in wanted
    ]
    return sales_report.Report(series, data, rows, arguments.epochs), journal


def report_loaded(arguments: Namespace, newer: datasets.Series | None) -> sales_report.Report:
    replicas, series, data, notes = sales_report.load(arguments.load, newer)
    rows = run_rows(notes["cell"], notes["units"], replicas, data, arguments.horizon)
    return sales_report.Report(series, data, rows, notes["epochs"])


def main(argv: Sequence[str] | None = None) -> None:
    started = time.perf_counter()
    arguments = parse(argv)
    series = read_series(arguments)
    data = prepare(arguments, series) if not arguments.load else None
    command_line.check_writable(arguments.out)
    command_line.import_keras()
    compile_for_batches_of_one()
    journal = None
    if arguments.load:
        report = report_loaded(arguments, series)
    else:
        report, journal = report_trained(arguments, series, data)
    if journal:
        seconds = journal.seconds(list(report.rows), started)
    else:
        seconds = {"compile": 0.0, "train": 0.0, "total": time.perf_counter() - started}
    report.write(arguments.out, command_line.command(argv), seconds)
    if journal:
        journal.close()
    if not arguments.quiet:
        report.show(arguments.out)


if __name__ == "__main__":
    sys.exit(command_line.run_main(main))
