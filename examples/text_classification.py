"""A stacked LSTM that classifies sentences, compared with what simpler methods make of the same words.

    python examples/text_classification.py --cell simple_rnn lstm gru --vectors glove.6B.50d.txt
    python examples/text_classification.py --save kept.zip, later --load kept.zip --predict "a cup of tea for you"
    python examples/text_classification.py --csv train.csv test.csv --text review --label sentiment
    python examples/text_classification.py --study advice, or one piece of it such as clipping, or network

Trains on the package's sentences, on labelled texts of your own (of one file a fifth is set aside) or on published ones; a
study puts advice on training to the test, or chooses a network by cross-validation. Without flags expect a test accuracy of
0.48, where a logistic regression on TF-IDF has 0.61. Results go to --out: report.html with all of it, runs.csv, figures.
"""

from __future__ import annotations

import shutil
import sys
from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rnnlab import command_line
from rnnlab.cells import CELLS
from rnnlab.conduct import Networks, conduct, folder_of
from rnnlab.text import data, network, report, saved, studies, tokenize, training


def parse(argv: Sequence[str] | None) -> Namespace:
    parser = command_line.Parser(prog="text_classification.py", description=__doc__)
    command_line.add_common(parser, seeds=studies.SEEDS, epochs=f"{studies.EPOCHS}")
    add = parser.add_argument
    source, start = (parser.add_mutually_exclusive_group().add_argument for _ in range(2))
    fraction = command_line.real(lambda number: 0 <= number < 1, "a number from 0 to below 1")
    source("--data", choices=data.SOURCES, help="our own sentences (default), or published texts")
    source("--csv", type=Path, nargs="+", metavar="FILE", help="labelled texts to train on, and to test on")
    add("--text", nargs="+", default=["text"], metavar="COLUMN", help="by name, or position without a header")
    add("--label", default="label", metavar="COLUMN", help="the column of the labels (default label)")
    add("--cell", nargs="+", default=["lstm"], choices=CELLS, help="one cell or several (default lstm)")
    add("--units", type=command_line.units, nargs="+", metavar="N", help="units of each layer (default 128 128)")
    add("--layers", type=command_line.layers, metavar="N", help="so many layers, all of the same units")
    add("--bidirectional", action="store_true", help="read each text from its end, too")
    add("--pooling", choices=network.POOLINGS, help="classify by the last outputs (default) or by their mean")
    add("--read-padding", dest="masked", action="store_false", help="read the padding too, as the course's program does")
    add("--dropout", type=fraction, metavar="P", help="after each recurrent layer (default 0.5)")
    add("--input-dropout", type=fraction, metavar="P", help="of the word vectors (default 0)")
    add("--vectors", nargs="+", default=[], metavar="FILE", help="word vectors in GloVe's text format")
    start("--trained", action="store_const", const=True, help="train the word vectors (default without --vectors)")
    start("--frozen", dest="trained", action="store_const", const=False, help="do not train them (default with --vectors)")
    add("--predict", nargs="+", default=[], metavar="TEXT", help="texts to label at the end")
    add("--study", choices=[*studies.ADVICE, "advice", "network"], help="a piece of advice, all advice, or which network")
    arguments = parser.parse_args(argv)
    command_line.check_common(parser, arguments)
    if arguments.load and (arguments.study or not arguments.predict):
        parser.error("--load: expected together with --predict, and without --study")
    if arguments.predict and (arguments.study or len(arguments.cell) > 1 or not all(map(tokenize, arguments.predict))):
        parser.error("--predict: expected texts with a word in each, one cell, and no --study")
    return arguments


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parse(argv)
    if arguments.load:
        command_line.import_keras()
        return print(*saved.predictions(arguments.predict, *saved.load(arguments.load)), sep="\n")
    columns, kind = {"text": arguments.text, "label": arguments.label}, arguments.study
    plain = data.from_files(*arguments.csv, **columns) if arguments.csv else data.by_name(arguments.data or "sentences")
    texts = data.with_vectors(plain, *arguments.vectors) if arguments.vectors else plain
    seeds, options = range(arguments.seed, arguments.seed + arguments.seeds), vars(arguments)
    plans = studies.plans_of(kind, texts, seeds, **{name: options[name] for name in studies.OPTIONS})
    full = studies.together(studies.plans_of(kind, plain, range(studies.SEEDS)))
    name = plain.source.replace(" ", "_") + {None: "", "network": "_network", "advice": "_advice"}.get(kind, f"_advice/{kind}")
    out = arguments.out or folder_of(Path("reports/text_classification", name), studies.together(plans), full)
    train = {None: training.train, "network": training.cross_validate}.get(kind, training.advice)
    train = partial(train, texts, backup=None if arguments.cluster else out / "backup")
    report_of = {None: report.report_of, "network": report.networks_report}.get(kind, report.advice_report)
    networks, reports = Networks("text", *saved.parts_of(texts, plans[0])), []
    use = lambda replicas: print(*saved.predictions(arguments.predict, replicas, networks.notes), sep="\n")  # noqa: E731
    for plan in plans:
        arguments.out = out / plan.name if kind == "advice" else out
        keep = lambda *given: reports.append(report_of(texts, *given)) or reports[-1]  # noqa: E731
        conduct(plan, train, keep, arguments, argv, home=out, networks=networks, use=use if arguments.predict else None)
    if kind == "advice":
        report.overview(reports, command_line.command(argv).replace(" --report", "")).write(out)
    if not arguments.report:
        shutil.rmtree(out / "backup", ignore_errors=True)


if __name__ == "__main__":
    sys.exit(command_line.run_main(main))
