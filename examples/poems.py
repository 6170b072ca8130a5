"""A network that reads poems character by character, and writes new ones.

    python examples/poems.py
    python examples/poems.py --write 月 --temperature 0.8
    python examples/poems.py --heads 春夏秋冬
    python examples/poems.py --corpus large, or small, or tinyshakespeare.txt
    python examples/poems.py --study optimizers

--corpus sample (default) comes with the package; small and large are read from the folder that RNNLAB_DATA names (small also
from the network); a file of your own is a poem a line as title:content, verses, or any plain text. Results go to --out:
model.zip, runs.csv, history.csv, summary.json, poems.txt, and figures of loss, perplexity and what the temperature does. A
training that was cut goes on with the same command.
"""

from __future__ import annotations

import shutil
import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rnnlab import command_line, datasets, poems
from rnnlab.cells import CELLS
from rnnlab.poems import report, studies
from rnnlab.poems.training import OPTIMIZERS, recipe_for
from rnnlab.study import script

TEMPERATURES = [0.6, 0.8, 1.0]
TEXT_LENGTH = 400  # characters of a text that is not a poem


def parse(argv: Sequence[str] | None) -> Namespace:
    parser = command_line.Parser(prog="poems.py", description=__doc__)
    command_line.add_common(parser, "poems/<corpus>", seeds=1, epochs="the corpus's")
    parser.set_defaults(out=None, seeds=None)
    add_training_flags(parser)
    add_writing_flags(parser)
    script.add_flags(parser)
    arguments = parser.parse_args(argv)
    check_writing_flags(parser, arguments)
    if arguments.study:
        refused = ("cell", "optimizer", "rate", "form", "heads", "write")
        if given := [flag for flag in refused if getattr(arguments, flag) is not None]:
            parser.error(f"--study: expected without --{given[0]}")
    arguments.seeds = arguments.seeds or (5 if arguments.study else 1)
    settle(arguments)
    script.check_flags(parser, arguments)
    return arguments


def add_training_flags(parser: command_line.Parser) -> None:
    positive = command_line.positive
    parser.add_argument("--corpus", default="sample", metavar="NAME", help="sample, small, large or a file (default sample)")
    parser.add_argument("--form", choices=datasets.FORMS, help="form of a file (found out if not given)")
    parser.add_argument("--samples", type=positive, metavar="N", help="take only so many samples")
    parser.add_argument("--cell", choices=CELLS, help="recurrent cell (default lstm)")
    parser.add_argument("--units", type=positive, metavar="N", help="units (default: the corpus's)")
    parser.add_argument("--optimizer", choices=OPTIMIZERS, help="optimizer (default adam)")
    parser.add_argument("--rate", type=above_zero, metavar="R", help="learning rate (default 0.001)")
    parser.add_argument("--patience", type=positive, default=2, metavar="N", help="passes without gain (default 2)")
    parser.add_argument("--study", choices=studies.TOPICS, help="compare optimizers, betas or rates instead (seeds: 5)")
    parser.add_argument("--model", type=Path, metavar="FILE", help="the trained model (default model.zip in --out)")


def add_writing_flags(parser: command_line.Parser) -> None:
    positive = command_line.positive
    parser.add_argument("--write", metavar="TEXT", help="write what begins so, with the model of an earlier training")
    parser.add_argument("--heads", metavar="TEXT", help="write an acrostic: these are the first characters of its lines")
    parser.add_argument("--count", type=positive, metavar="N", help="how many to write (200 after training, else 4)")
    parser.add_argument("--temperature", nargs="+", type=above_zero, metavar="T", help="0.6 0.8 1.0 after training, else 0.8")
    parser.add_argument("--top-k", type=positive, metavar="K", help="draw from the K likeliest characters")
    parser.add_argument("--top-p", type=above_zero, metavar="P", help="draw from the likeliest with together this probability")


def check_writing_flags(parser: command_line.Parser, arguments: Namespace) -> None:
    if arguments.top_p is not None and arguments.top_p > 1:
        parser.error(f"--top-p: expected a number above 0 and at most 1, got {arguments.top_p:g}")
    if arguments.write is not None and arguments.heads is not None:
        parser.error("--heads: expected without --write")
    if "" in (arguments.write, arguments.heads):
        parser.error("--write, --heads: expected at least one character")


def settle(arguments: Namespace) -> None:
    """Fills in what depends on other flags."""
    arguments.only_writes = arguments.write is not None or arguments.heads is not None
    name = Path(arguments.corpus).stem + (f"_{arguments.study}" if arguments.study else "") + "_smoke" * arguments.smoke
    arguments.out = arguments.out or Path("reports", "poems", name)
    arguments.model = arguments.model or arguments.out / "model.zip"
    arguments.count = arguments.count or (4 if arguments.only_writes else 200)
    arguments.temperature = arguments.temperature or ([0.8] if arguments.only_writes else TEMPERATURES)
    if arguments.smoke:
        arguments.samples, arguments.units, arguments.epochs, arguments.count = 100, 16, 2, 100
        arguments.seeds = min(arguments.seeds, 2)


def above_zero(text: str) -> float:
    """A number above 0, for argparse."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return number


def write(writer: Any, notes: dict[str, Any], temperature: float, arguments: Namespace) -> list[str]:
    """Texts of one network; a poem ends by itself, another text after `TEXT_LENGTH` characters."""
    from rnnlab.poems.writing import Taste

    verses = notes["form"] != "text"
    return writer.write(
        arguments.count if verses or arguments.only_writes else min(arguments.count, 3),
        length=notes["length"] if verses else TEXT_LENGTH,
        prompt=arguments.write or "",
        heads=arguments.heads or "",
        taste=Taste(temperature, arguments.top_k, arguments.top_p),
        seed=arguments.seed,
        ends=verses,
    )


def recipe_of(arguments: Namespace, form: str) -> poems.Recipe:
    given = {
        "cell": arguments.cell,
        "units": arguments.units,
        "epochs": arguments.epochs,
        "optimizer": arguments.optimizer,
        "learning_rate": arguments.rate,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    return replace(recipe_for(arguments.corpus, form), **changes)


def train(arguments: Namespace, argv: Sequence[str] | None) -> None:
    """Trains, keeps the networks, and reports; where a training was cut it goes on."""
    corpus = datasets.corpus(arguments.corpus, arguments.form)
    data = poems.prepare(corpus.text, corpus.form, most=arguments.samples)
    command_line.check_writable(arguments.out)
    command_line.import_keras()
    from rnnlab.training import save_replicas

    recipe = recipe_of(arguments, corpus.form)
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    backup = arguments.out / "backup"
    verbose: str | int = 0 if arguments.quiet else "auto"
    replicas = poems.train(data, recipe, seeds, patience=arguments.patience, backup=backup, verbose=verbose)
    if replicas.interrupted:
        raise KeyboardInterrupt
    seconds = {"compile": replicas.seconds["compile"], "train": sum(replica.seconds for replica in replicas.finished)}
    about = {"command": command_line.command(argv), "seconds": seconds, "versions": command_line.versions()}
    notes = report.notes_of(data, recipe, corpus.name) | about
    save_replicas(replicas, arguments.model, notes, task="poems")
    tell(arguments, replicas, notes)
    shutil.rmtree(backup)


def tell(arguments: Namespace, replicas: Any, notes: dict[str, Any]) -> None:
    """Lets trained networks write, and writes everything down."""
    written = {
        (seed, temperature): write(writer, notes, temperature, arguments)
        for seed, writer in zip(replicas.seeds, report.writers(replicas, notes), strict=True)
        for temperature in arguments.temperature
    }
    found = report.Report(notes, replicas.history, written)
    found.write(arguments.out)
    if not arguments.quiet:
        found.show(arguments.out)


def compare(arguments: Namespace, argv: Sequence[str] | None) -> None:
    """A study of optimizers in place of one training."""
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    changes = {"samples": arguments.samples, "units": arguments.units, "epochs": arguments.epochs or studies.EPOCHS}
    plan = studies.study_of(arguments.study, seeds, corpus=arguments.corpus, **changes)

    def tell(runs: Any, curves: Any, command: str) -> tuple[Any, Any]:
        return studies.report_of(arguments.study, plan, runs, curves, command), studies.scores_table(arguments.study, runs)

    script.conduct(plan, studies.train, tell, arguments, argv)


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parse(argv)
    if arguments.study:
        compare(arguments, argv)
    elif arguments.only_writes or arguments.report:
        if not arguments.model.is_file():
            raise FileNotFoundError(f"--model: expected the file of an earlier training, got none at {arguments.model}")
        command_line.import_keras()
        from rnnlab.training import load_replicas

        replicas, notes = load_replicas(arguments.model, task="poems")
        if arguments.report:
            tell(arguments, replicas, notes)
            return
        writer = report.writers(replicas, notes)[0]
        for temperature in arguments.temperature:
            print("\n\n".join(poems.laid_out(poem) for poem in write(writer, notes, temperature, arguments)))
    else:
        train(arguments, argv)


if __name__ == "__main__":
    sys.exit(command_line.run_main(main))
