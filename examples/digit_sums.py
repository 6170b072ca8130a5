"""An adder that reads two numbers digit by digit, the lowest first: what it needs to learn, and whether it learned to add.

    python examples/digit_sums.py --cell simple_rnn lstm gru
    python examples/digit_sums.py --study maxlen
    python examples/digit_sums.py --longer 100 1000 100000 --seeds 10

A study repeats one of F1 to F8 of the published report with several seeds. --longer trains on sums of up to ten digits, asks
sums of the given lengths, random ones and carry chains such as 999...9 + 1, and tells networks that add from those that only
look like it. Results go to --out: runs.csv, summary.json, figure.png.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from rnnlab import cells, command_line, digit_sums
from rnnlab.digit_sums import exam
from rnnlab.digit_sums.report import LongerReport, StudyReport
from rnnlab.digit_sums.studies import BATCH_SIZE, EVERY, STUDIES, Arm, Study
from rnnlab.journal import Journal

TRAINED, LONGER_UPDATES, LONGER_RATE = 10, 3000, 0.01  # digits, updates and highest rate of --longer


def parse(argv: Sequence[str] | None) -> Namespace:
    parser = command_line.Parser(prog="digit_sums.py", description=__doc__)
    command_line.add_common(parser, "digit_sums", seeds=5, epochs=None)
    positive = command_line.positive
    parser.add_argument("--study", choices=STUDIES, help="one of the published studies")
    parser.add_argument("--variant", default="as_run", choices=digit_sums.VARIANTS, help="operands as drawn or as described")
    parser.add_argument("--longer", type=positive, nargs="+", metavar="DIGITS", help="ask sums of that many digits")
    parser.add_argument("--cell", nargs="+", choices=cells.CELLS, help="one cell or several")
    parser.add_argument("--layers", type=positive, nargs="+", metavar="N", help="recurrent layers, one number or several")
    parser.add_argument("--units", type=positive, default=64, metavar="N", help="units of a layer (default 64)")
    parser.add_argument("--maxlen", type=length, nargs="+", metavar="N", help="columns of the longest sum, at least 2")
    parser.add_argument("--rate", type=rate, nargs="+", metavar="R", help="learning rate, one or several")
    parser.add_argument("--updates", type=positive, metavar="N", help=f"a multiple of {EVERY}")
    parser.add_argument("--share", type=share, nargs="+", metavar="S", help="with --longer: share of carry-rich sums, 0 to 1")
    arguments = parser.parse_args(argv)
    arguments.argv = argv
    check(parser, arguments)
    if arguments.smoke:
        arguments.seeds, arguments.updates, arguments.units = 2, 2 * EVERY, 8
    return arguments


def check(parser: argparse.ArgumentParser, arguments: Namespace) -> None:
    own = [name for name in ("cell", "layers", "maxlen", "rate") if getattr(arguments, name)]
    if arguments.study and (own or arguments.longer):
        parser.error(f"--study: expected without --{own[0] if own else 'longer'}")
    if arguments.share and not arguments.longer:
        parser.error("--share: expected together with --longer")
    if arguments.longer and (arguments.maxlen or arguments.rate):
        parser.error("--longer: expected without --maxlen and --rate")
    if arguments.updates and arguments.updates % EVERY:
        parser.error(f"--updates: expected a multiple of {EVERY}, got {arguments.updates}")
    for name in ("cell", "layers", "maxlen", "rate", "share", "longer"):
        values = getattr(arguments, name)
        setattr(arguments, name, list(dict.fromkeys(values)) if values else values)


def number(text: str, fits: Callable[[float], bool], what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not fits(value):
        raise argparse.ArgumentTypeError(f"expected {what}, got {text!r}")
    return value


def rate(text: str) -> float:
    return number(text, lambda value: 0 < value < float("inf"), "a number above 0")


def share(text: str) -> float:
    return number(text, lambda value: 0 <= value <= 1, "a number from 0 to 1")


def length(text: str) -> int:
    return int(number(text, lambda value: value >= 2 and value == int(value), "an integer of at least 2"))


def study_of(arguments: Namespace) -> tuple[str, Study]:
    """The published study that was asked for, or the comparison that the flags span."""
    if arguments.study:
        name, study = arguments.study, STUDIES[arguments.study]
    else:
        spans = {
            "cell": arguments.cell or ["gru"],
            "num_layers": arguments.layers or [2],
            "maxlen": arguments.maxlen or [5],
            "rate": arguments.rate or [0.01],
        }
        several = [key for key, values in spans.items() if len(values) > 1] or ["cell"]
        arms = {}
        for values in itertools.product(*spans.values()):
            arm = Arm(activation=None, updates=1000, **dict(zip(spans, values, strict=True)))
            arms[", ".join(f"{key} {getattr(arm, key)}" for key in several)] = arm
        name, study = "own", Study("Digit sums", arms, {}, lambda runs: [])
    if arguments.updates:
        study = replace(study, arms={key: replace(arm, updates=arguments.updates) for key, arm in study.arms.items()})
    return name, study


def programs(arms: dict[str, Arm]) -> Iterator[list[str]]:
    """Arms that differ in their rate only are trained together."""
    groups: dict[Arm, list[str]] = {}
    for label, arm in arms.items():
        groups.setdefault(arm if arm.halved_at else replace(arm, rate=0.0), []).append(label)
    yield from groups.values()


def network_of(arm: Arm, units: int, seed: int | None = None) -> Any:
    return digit_sums.build_digit_adder(
        length=arm.maxlen + 1,
        cell=arm.cell,
        units=units,
        num_layers=arm.num_layers,
        activation=arm.activation if arm.cell else None,
        state=arm.state,
        initial_state=arm.initial_state,
        batch_size=BATCH_SIZE if arm.state == "carry" else None,
        seed=seed,
    )


def train_arms(labels: list[str], study: Study, seeds: Sequence[int], arguments: Namespace) -> list[dict[str, Any]]:
    import keras

    from rnnlab import fit_replicas
    from rnnlab.metrics import exact

    arm = study.arms[labels[0]]
    rng = np.random.default_rng(arm.maxlen)
    draw = {"maxlen": arm.maxlen, "rng": rng, "variant": arguments.variant}
    a, b = digit_sums.draw_operands(arm.updates * BATCH_SIZE, half="lower", **draw)
    held_a, held_b = digit_sums.draw_operands(study.held_out, half="upper", **draw)

    schedules = keras.optimizers.schedules
    halved = schedules.PiecewiseConstantDecay([arm.halved_at], [arm.rate, arm.rate / 2]) if arm.halved_at else arm.rate
    order = [(label, seed) for label in labels for seed in seeds]
    replicas = fit_replicas(
        lambda seed: network_of(arm, arguments.units, seed),
        digit_sums.encode(a, b),
        digit_sums.add(a, b),
        seeds=[seed for _, seed in order],
        epochs=arm.updates // EVERY,
        steps_per_epoch=EVERY,
        batch_size=BATCH_SIZE,
        optimizer=keras.optimizers.Adam(halved),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[exact],
        validation_data=(digit_sums.encode(held_a, held_b), digit_sums.add(held_a, held_b)),
        vary=None if arm.halved_at else {"learning_rate": [study.arms[label].rate for label, _ in order]},
        verbose=0 if arguments.quiet else "auto",
    )
    if replicas.interrupted:
        raise KeyboardInterrupt
    seconds = {part: value / len(order) for part, value in replicas.seconds.items()}
    return [
        {
            "arm": label,
            "seed": seed,
            "exact": curve.val_exact.tolist(),
            "train_loss": curve.loss.tolist(),
            "loss": curve.val_loss.tolist(),
            "seconds": seconds,
        }
        for (label, seed), curve in zip(order, replicas.curves, strict=True)
    ]


def train_longer(cell: str, layers: int, part: float, seeds: Sequence[int], arguments: Namespace) -> list[dict[str, Any]]:
    """Networks trained on sums of up to `TRAINED` digits, and what they make of longer ones."""
    import keras

    from rnnlab import fit_replicas
    from rnnlab.metrics import exact

    updates = arguments.updates or LONGER_UPDATES
    rng = np.random.default_rng(0)
    a, b = digit_sums.carry_rich(updates * BATCH_SIZE, TRAINED, part, rng=rng)
    held_a, held_b = digit_sums.carry_rich(2000, TRAINED, 0.5, rng=rng)
    shape = {"cell": cell, "units": arguments.units, "num_layers": layers}
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, updates - updates // 10, warmup_target=LONGER_RATE, warmup_steps=updates // 10
    )
    replicas = fit_replicas(
        lambda seed: digit_sums.build_digit_adder(length=TRAINED + 1, seed=seed, **shape),
        digit_sums.encode(a, b),
        digit_sums.add(a, b),
        seeds=seeds,
        epochs=1,
        batch_size=BATCH_SIZE,
        optimizer=keras.optimizers.Adam(schedule, beta_2=0.98, clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[exact],
        validation_data=(digit_sums.encode(held_a, held_b), digit_sums.add(held_a, held_b)),
        verbose=0 if arguments.quiet else "auto",
    )
    if replicas.interrupted:
        raise KeyboardInterrupt
    twin = digit_sums.build_streaming_adder(**shape)
    seconds = {name: value / len(seeds) for name, value in replicas.seconds.items()}
    rows = []
    for seed, model, curve in zip(replicas.seeds, replicas.models, replicas.curves, strict=True):
        twin.set_weights(model.get_weights())
        about = {"cell": cell, "num_layers": layers, "share": part, "seed": seed, "seconds": seconds}
        rows.append(about | {"trained": curve.val_exact.iloc[-1], **exam.examine(twin, arguments.longer)})
    return rows


def blocks(
    arguments: Namespace, study: Study | None
) -> Iterator[tuple[dict[str, Any], Callable[[list[int]], list[dict[str, Any]]]]]:
    """What identifies the runs of a block, and how to train some seeds of it."""
    if study:
        for labels in programs(study.arms):
            yield {"arm": labels[0]}, lambda seeds, labels=labels: train_arms(labels, study, seeds, arguments)
        return
    spans = (
        arguments.cell or cells.CELLS,
        arguments.layers or (1, 2),
        (0.0, 0.5, 1.0) if arguments.share is None else arguments.share,
    )
    for cell, layers, part in itertools.product(*spans):
        about = {"cell": cell, "num_layers": layers, "share": part}
        yield about, lambda seeds, about=about: train_longer(*about.values(), seeds, arguments)


def train_all(arguments: Namespace, study: Study | None, journal: Journal) -> None:
    """Trains what the journal lacks."""
    trained = False
    for about, train in blocks(arguments, study):
        done = {row["seed"] for row in journal.rows if row.items() >= about.items()}
        seeds = [seed for seed in range(arguments.seed, arguments.seed + arguments.seeds) if seed not in done]
        if not seeds:
            continue
        if trained:
            command_line.renew(arguments.argv)
        trained = True
        started = time.perf_counter()
        journal.add(train(seeds))
        if not arguments.quiet:
            what = ", ".join(map(str, about.values()))
            print(f"{what}: {len(seeds)} seeds, {time.perf_counter() - started:.1f} s", file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> None:
    started = time.perf_counter()
    arguments = parse(argv)
    name, study = ("longer", None) if arguments.longer else study_of(arguments)
    command_line.check_writable(arguments.out)
    command_line.import_keras()
    settings = {key: getattr(arguments, key) for key in ("variant", "units", "updates", "longer")}
    settings |= {"study": name, "arms": {label: asdict(arm) for label, arm in study.arms.items()} if study else {}}
    journal = Journal(arguments.out / "runs.partial.jsonl", settings | {"versions": command_line.versions()})
    train_all(arguments, study, journal)
    wanted = range(arguments.seed, arguments.seed + arguments.seeds)
    known = [about for about, _ in blocks(arguments, None)] if study is None else [{"arm": label} for label in study.arms]
    rows = [row for about in known for row in journal.rows if row["seed"] in wanted and row.items() >= about.items()]
    report: Any = LongerReport(rows, exam.curve_length(arguments.longer), TRAINED) if study is None else None
    report = report or StudyReport(name, study, arguments.variant, rows)
    report.write(arguments.out, command_line.command(argv), journal.seconds(rows, started))
    journal.close()
    if not arguments.quiet:
        report.show(arguments.out)


if __name__ == "__main__":
    sys.exit(command_line.run_main(main))
