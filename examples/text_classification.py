"""A stacked LSTM that tells what a sentence is about, beside what simpler methods make of the same words.

    python examples/text_classification.py
    python examples/text_classification.py --cell simple_rnn lstm gru --vectors glove.6B.50d.txt
    python examples/text_classification.py --save kept.zip, later --load kept.zip --predict "a cup of tea for you"
    python examples/text_classification.py --csv train.csv test.csv --text review --label sentiment
    python examples/text_classification.py --study advice, or network

Trains on the package's own sentences, on your own labelled texts (--csv; of one file a fifth of each class is set aside), or on
published ones (--data emoji, imdb or ag_news). --study puts common advice to the test: one piece, such as clipping, or all of
it (advice); network chooses a network by cross-validation on the training texts. Results go to --out: runs.csv, history.csv,
confusion.csv, mistakes.csv, summary.json and figures; of a study runs.csv, curves.csv, report.html. What was cut goes on with
the same command.
"""

from __future__ import annotations

import shutil
import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from rnnlab import command_line, datasets, study
from rnnlab.cells import CELLS
from rnnlab.study import script
from rnnlab.text import advice, arms, choice, studies, tokenize
from rnnlab.text.baselines import baselines
from rnnlab.text.corpus import SOURCES, Encoder, Labelled, by_name, encoder_of, from_files
from rnnlab.text.network import POOLINGS
from rnnlab.text.report import Report, Run
from rnnlab.text.saved import answers, load, save
from rnnlab.text.training import Recipe, logits_of
from rnnlab.text.training import train as train_networks

# Batches that divide the number of our sentences: without a shorter last one a program compiles in half the time.
SMOKE = {"epochs": 2, "embedding_dim": 6, "batch_size": 25}


def parse(argv: Sequence[str] | None) -> Namespace:
    parser = command_line.Parser(prog="text_classification.py", description=__doc__)
    command_line.add_common(parser, "text_classification/<data>", seeds=5, epochs=f"{Recipe.epochs}")
    parser.set_defaults(out=None)
    positive = command_line.positive
    parser.add_argument("--data", choices=SOURCES, help="our own sentences (default), or published texts")
    parser.add_argument("--csv", type=Path, nargs="+", metavar="FILE", help="labelled texts to train on, and to test on")
    parser.add_argument("--text", nargs="+", default=["text"], metavar="COLUMN", help="by name, or position without a header")
    parser.add_argument("--label", default="label", metavar="COLUMN", help="the column of the labels (default label)")
    parser.add_argument("--cell", nargs="+", choices=CELLS, help="one cell or several (default lstm)")
    parser.add_argument("--units", type=positive, nargs="+", metavar="N", help="units of each layer (default 128 128)")
    parser.add_argument("--layers", type=positive, metavar="N", help="so many layers, all of the same units")
    parser.add_argument("--bidirectional", action="store_true", help="read each text from its end, too")
    parser.add_argument("--pooling", choices=POOLINGS, help="answer by the last outputs (default) or by their mean")
    parser.add_argument("--read-padding", action="store_true", help="read the padding too, as the course's program does")
    parser.add_argument("--dropout", type=share, metavar="P", help="after each recurrent layer (default 0.5)")
    parser.add_argument("--input-dropout", type=share, metavar="P", help="of the word vectors (default 0)")
    parser.add_argument("--vectors", nargs="+", default=[], metavar="FILE", help="word vectors in GloVe's text format")
    train_vectors = parser.add_mutually_exclusive_group()
    train_vectors.add_argument("--trained", action="store_true", help="train the word vectors (default without --vectors)")
    train_vectors.add_argument("--frozen", action="store_true", help="leave them as they are (default with --vectors)")
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep the trained networks (one cell)")
    parser.add_argument("--load", type=Path, metavar="FILE", help="use kept networks for --predict, without training")
    parser.add_argument("--predict", nargs="+", default=[], metavar="TEXT", help="texts to label at the end")
    topics = f"{', '.join(studies.TOPICS)}, or advice: all of these; or network: which one, by cross-validation"
    parser.add_argument("--study", choices=[*studies.TOPICS, "advice", choice.NAME], metavar="TOPIC", help=topics)
    script.add_flags(parser)
    arguments = parser.parse_args(argv)
    arguments.cell = list(dict.fromkeys(arguments.cell or []))
    check(parser, arguments)
    source = (arguments.csv[0].stem if arguments.csv else arguments.data or "sentences") + "_smoke" * arguments.smoke
    if arguments.study:
        folder = Path("reports", "text_classification", f"{source}_{'network' if arguments.study == choice.NAME else 'advice'}")
        arguments.out = arguments.out or (folder if arguments.study in ("advice", choice.NAME) else folder / arguments.study)
    arguments.out = arguments.out or Path("reports", "text_classification", source)
    arguments.seeds = min(arguments.seeds, 2) if arguments.smoke else arguments.seeds
    script.check_flags(parser, arguments)
    return arguments


def check(parser: command_line.Parser, arguments: Namespace) -> None:
    """Refuses what does not go together."""
    if arguments.study:
        names = (
            "csv",
            "layers",
            "bidirectional",
            "read_padding",
            "pooling",
            "dropout",
            "input_dropout",
            "trained",
            "frozen",
            "save",
            "load",
            "predict",
        )
        if given := [name for name in names if getattr(arguments, name)]:
            parser.error(f"--study: expected without --{given[0]}")
        for name in ("units", "cell"):
            if len(getattr(arguments, name) or []) > 1:
                parser.error(f"--{name}: expected one with --study, got several")
        varied = [name for name in ("cell", "units", "smoke") if getattr(arguments, name)]
        if arguments.study == choice.NAME and varied:
            parser.error(f"--{varied[0]}: expected without --study {choice.NAME}")
    elif arguments.report or arguments.store or arguments.cluster or arguments.workers > 1:
        parser.error("--report, --store, --workers, --cluster: expected together with --study")
    if arguments.csv and (arguments.data or len(arguments.csv) > 2):
        parser.error("--csv: expected one file or two, and no --data")
    if arguments.layers and arguments.units and len(arguments.units) > 1:
        parser.error("--layers: expected with one number of units, or without --units")
    if len(arguments.cell) > 1 and (arguments.save or arguments.predict):
        parser.error("--save, --predict: expected one cell, got several")
    if arguments.load and (arguments.save or not arguments.predict):
        parser.error("--load: expected together with --predict, and without --save")
    for text in arguments.predict:
        if not tokenize(text):
            parser.error(f"--predict: expected a text with at least one word, got {text!r}")


def share(text: str) -> float:
    """A number from 0 to below 1, for argparse."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1:
        raise ArgumentTypeError(f"expected a number from 0 to below 1, got {text!r}")
    return number


def read(arguments: Namespace) -> tuple[Labelled, Encoder]:
    """The texts, and what a network reads of them."""
    if arguments.csv:
        columns: list[Any] = [int(name) if name.isdecimal() else name for name in (*arguments.text, arguments.label)]
        data = from_files(*arguments.csv, text=columns[:-1], label=columns[-1])
    else:
        data = by_name(arguments.data or "sentences")
    vectors = datasets.word_vectors(*arguments.vectors) if arguments.vectors else None
    return data, encoder_of(data, data.train, vectors)


def recipe_of(arguments: Namespace, cell: str) -> Recipe:
    names = ("epochs", "dropout", "input_dropout", "pooling")
    changes: dict[str, Any] = {name: getattr(arguments, name) for name in names}
    changes |= {"units": tuple(arguments.units) if arguments.units else None}
    if arguments.layers:
        changes["units"] = (arguments.units or Recipe.units)[:1] * arguments.layers
    if arguments.trained or arguments.frozen:
        changes["trainable_vectors"] = arguments.trained
    if arguments.smoke:
        changes |= SMOKE | {"units": (6,) * len(changes["units"] or Recipe.units)}
    changes = {name: tuple(value) if name == "units" else value for name, value in changes.items() if value is not None}
    changes |= {"bidirectional": arguments.bidirectional, "masked": not arguments.read_padding}
    return Recipe(cell=cell, **changes)


def train(arguments: Namespace, argv: Sequence[str] | None) -> None:
    """Trains all seeds of a cell in one program, cell by cell, and reports; nothing is chosen by the test texts."""
    data, encoder = read(arguments)
    command_line.check_writable(arguments.out)
    command_line.import_keras()
    said = baselines(data, encoder)
    backup = arguments.out / "backup"
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    pairs = [(encoder.encode(part.texts), part.labels) for part in (data.train, data.test)]
    runs, histories, compiling = [], [], 0.0
    cells = arguments.cell or ["lstm"]
    for cell in cells:
        recipe = recipe_of(arguments, cell)
        options = {"backup": backup, "verbose": 0 if arguments.quiet else "auto"}
        replicas = train_networks(recipe, encoder, len(data.classes), *pairs, seeds, **options)
        if replicas.interrupted:
            raise KeyboardInterrupt
        for replica, model in zip(replicas.finished, replicas.models, strict=True):
            given = [logits_of(model, words) for words, _ in pairs]
            runs.append(Run(cell, replica.run.seed, *given, replica.seconds))
        renamed = replicas.history.rename(columns=lambda name: name.replace("val_", "test_"))
        histories.append(renamed.assign(cell=cell)[["cell", *renamed.columns]])
        compiling += replicas.seconds["compile"]
        if not arguments.quiet and len(cells) > 1:
            print(f"{cell}: {len(seeds)} seeds, {replicas.seconds['total']:.1f} s", file=sys.stderr)
    if arguments.save:
        save(arguments.save, replicas, encoder, data.classes)
    about = {"command": command_line.command(argv), "versions": command_line.versions()}
    about |= {"seconds": {"compile": compiling, "train": sum(run.seconds for run in runs)}}
    report = Report(data, recipe_of(arguments, cells[0]), runs, pd.concat(histories), said, about)
    report.write(arguments.out)
    if not arguments.quiet:
        report.show(arguments.out)
    for line in answers(arguments.predict, replicas, encoder, data.classes) if arguments.predict else []:
        print(line)
    shutil.rmtree(backup)


def planned(topic: str, arguments: Namespace) -> tuple[study.Study, Any, Any, Any]:
    """The study of a topic, and what trains its jobs, makes its report, and the table for the screen."""
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    common: dict[str, Any] = {"data": arguments.data or "sentences", "vectors": arguments.vectors, "epochs": arguments.epochs}
    if topic == choice.NAME:
        return choice.study_of(seeds, **common), choice.train, choice.report_of, choice.scores_table
    common |= {"units": arguments.units[0] if arguments.units else None}
    common |= {"cell": arguments.cell[0] if arguments.cell else "lstm"}
    if arguments.smoke:
        common |= {"units": 4, "epochs": 4, "cell": "simple_rnn", "vectors": ()}
    plan = studies.study_of(topic, seeds, **common)
    return plan, arms.train, partial(advice.report_of, topic), advice.scores_table


def compare(arguments: Namespace, argv: Sequence[str] | None) -> None:
    """A study of one piece of advice, or all of them one after the other, each in its own folder; or of networks."""
    topics = studies.TOPICS if arguments.study == "advice" else (arguments.study,)
    for topic in topics:
        plan, train, report_of, table = planned(topic, arguments)
        own = Namespace(**vars(arguments))
        if arguments.study == "advice":
            own.out = arguments.out / topic
            # Where a study of this topic alone keeps its runs.
            own.store = own.out / "runs.sqlite" if arguments.store.parent == arguments.out else arguments.store

        def tell(runs: pd.DataFrame, curves: pd.DataFrame, command: str, of: Any = (plan, report_of, table)) -> Any:
            plan, report_of, table = of
            return report_of(plan, runs, curves, command), table(runs)

        script.conduct(plan, train, tell, own, argv, prepare=lambda: by_name(arguments.data or "sentences"))
    if arguments.study == "advice":
        advice.write_overview(arguments.out, list(topics), command_line.command(argv).replace(" --report", ""))
        if not arguments.quiet:
            print(f"all verdicts: {arguments.out / 'report.md'}")


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parse(argv)
    if arguments.study:
        compare(arguments, argv)
    elif arguments.load:
        if not arguments.load.is_file():
            raise FileNotFoundError(f"--load: expected a file that --save wrote, got {arguments.load}")
        command_line.import_keras()
        for line in answers(arguments.predict, *load(arguments.load)):
            print(line)
    else:
        train(arguments, argv)


if __name__ == "__main__":
    sys.exit(command_line.run_main(main))
