"""A network that reads poems character by character, and writes new ones.

    python examples/poems.py, or --corpus large, small, tinyshakespeare.txt
    python examples/poems.py --write 月 --temperature 0.8, or an acrostic: --heads 春夏秋冬
    python examples/poems.py --study optimizers

--corpus sample (default) comes with the package, small and large lie in the folder that RNNLAB_DATA names; a file is a poem a
line as title:content, verses, or any plain text. --write and --heads take a network of an earlier training, or of --load.
"""

from __future__ import annotations

import shutil
import sys
from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rnnlab import command_line, datasets, poems
from rnnlab.cells import CELLS
from rnnlab.conduct import Networks, conduct, folder_of
from rnnlab.poems import report, saved, studies, training


def parse(argv: Sequence[str] | None) -> Namespace:
    parser = command_line.Parser(prog="poems.py", description=__doc__)
    command_line.add_common(parser, seeds=1, epochs="the corpus's")
    add, begin = parser.add_argument, parser.add_mutually_exclusive_group().add_argument
    probability = command_line.real(lambda number: 0 < number <= 1, "a number above 0 and at most 1")
    add("--corpus", default="sample", metavar="NAME", help="sample, small, large or a file (default sample)")
    add("--form", choices=datasets.FORMS, help="form of a file (found out if not given)")
    add("--samples", type=command_line.positive, metavar="N", help="take only so many samples")
    add("--cell", choices=CELLS, help="recurrent cell (default lstm)")
    add("--units", type=command_line.integer(1, 4096), metavar="N", help="units (default: the corpus's)")
    add("--optimizer", choices=studies.OPTIMIZERS, help="optimizer (default adam)")
    add("--rate", type=command_line.above_zero, metavar="R", help="learning rate (default 0.001)")
    add("--patience", type=command_line.positive, metavar="N", help="epochs without gain (default 2)")
    add("--count", type=command_line.integer(1, 10_000), metavar="N", help="texts (200 after training, else 4)")
    add("--temperature", nargs="+", type=command_line.above_zero, metavar="T", help="0.6 0.8 1 after training, else 0.8")
    add("--top-k", type=command_line.positive, metavar="K", help="draw from the K likeliest characters")
    add("--top-p", type=probability, metavar="P", help="draw from the likeliest with together this probability")
    add("--study", choices=studies.COMPARISONS, help="compare optimizers, betas or rates instead (seeds: 5)")
    begin("--write", metavar="TEXT", help="write what begins so, with a network of an earlier training")
    begin("--heads", metavar="TEXT", help="write an acrostic: these are the first characters of its lines")
    parser.set_defaults(seeds=None)
    return checked(parser, parser.parse_args(argv))


def checked(parser: command_line.Parser, arguments: Namespace) -> Namespace:
    """The arguments, with the number of seeds and what --smoke stands for, if they go together."""
    command_line.check_common(parser, arguments)
    if "" in (arguments.write, arguments.heads):
        parser.error("--write, --heads: expected at least one character")
    alone, kept = (*studies.OWN, *studies.WRITING, "form", "load", "write", "heads"), ("save", "report")
    for flag, refused in (("study", alone), ("heads", kept), ("write", kept)):
        if getattr(arguments, flag) and (given := [name for name in refused if getattr(arguments, name)]):
            parser.error(f"--{given[0].replace('_', '-')}: expected without --{flag}")
    arguments.seeds = arguments.seeds or (5 if arguments.study else 1)
    if arguments.smoke:
        vars(arguments).update(samples=100, units=16, epochs=2, seeds=min(arguments.seeds, 2), count=arguments.count or 100)
    return arguments


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parse(argv)
    given, kind, writes = vars(arguments), arguments.study, arguments.write or arguments.heads or arguments.load
    name, corpus = studies.corpus_of(arguments.corpus, arguments.form)
    plan_of = partial(studies.comparison_of, kind) if kind else studies.study_of
    full = plan_of(name, corpus.form, range(5 if kind else 1))
    seeds = full.seeds if writes else range(arguments.seed, arguments.seed + arguments.seeds)
    changes = studies.SIZES + studies.OWN * (not kind) + studies.WRITING * (not kind and not writes)
    plan = plan_of(name, corpus.form, seeds, **{each: given[each] for each in changes})
    home = f"poems/{name.replace(' ', '_')}" + f"_{kind}" * bool(kind)
    out = arguments.out = arguments.out or folder_of(Path("reports", home), plan, full)
    if writes:
        command_line.import_keras()
        return print(saved.write(out, given))
    data, settings = poems.prepare(corpus.text, corpus.form, most=arguments.samples), plan.jobs[0].settings
    train = partial(training.train, data, backup=None if kind or arguments.cluster else out / "backup")
    report_of = report.comparison_report if kind else partial(report.report_of, data)
    networks = Networks("poems", partial(training.build, len(data.vocabulary), settings), data.notes | settings)
    conduct(plan, train, report_of, arguments, argv, home=home, full=full, networks=networks)
    if not arguments.report:
        shutil.rmtree(out / "backup", ignore_errors=True)


if __name__ == "__main__":
    sys.exit(command_line.run_main(main))
