"""Bad and odd input of every example, by its cause: one line on standard error, exit code 2, and nothing half-written."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from helpers import load_example

from rnnlab import command_line

EXAMPLES = ("sales_forecast", "addition", "digit_sums", "image_rows", "poems", "text_classification", "lstm_by_hand")
SERIES = "month,sales\n" + "".join(f"{2018 + m // 12}-{m % 12 + 1:02d},{(m * m) % 17 + 1}\n" for m in range(40))
FILES = {
    "good.csv": SERIES,
    "text.csv": "text,label\na cup of tea,food\na sad day,sad\n" * 4,
    "empty": "",
    "words.csv": "a,b\nx,y\n",
    "two.csv": "a,b\n" + "".join(f"{i * i % 7}.5,{i * 3 % 5}.5\n" for i in range(30)),
    "gap.csv": SERIES.replace("2018-05,17\n", ""),
    "short.csv": "a\n1\n2\n3\n",
    "constant.csv": "a\n" + "7\n" * 30,
    "line.csv": "a\n" + "".join(f"{i}\n" for i in range(30)),
    "huge.csv": "a\n" + "1e160\n-1e160\n" * 15,
    "letters.csv": SERIES.replace(",2\n", ",four\n", 1),
    "nan.csv": SERIES.replace(",2\n", ",nan\n", 1),
    "latin.csv": b"a\n\xe9\n",
    "escape.csv": "a\x1b[2J,b\x07\n1.5,2.5\n" * 30,
    "quotes.csv": 'a,b\n"1,2\n',
    "one.csv": "text,label\nhello,a\n",
    "blank.csv": "text,label\n,a\nhello,b\n",
    "vectors.txt": "cat 1 2\ndog 1\n",
    "kept.zip": "no archive",
    "store.sqlite": "no database at all " * 80,
    "runs/runs.csv": "study,arm,seed,seconds,versions,settings\nother,a,0,1,{},{}\n",
    "header/runs.csv": "study,arm,sead,seconds,versions,settings\n",
    "doubled/runs.csv": "study,arm,seed,seed,seconds,versions,settings\n",
}

# By cause: flags and a part of the line that they get.
COUNTS = [
    (["--seeds", text], f"--seeds: expected an integer from 1 to 100000, got {text!r}")
    for text in ("0", "-1", "1.5", "ten", "1e3", "", "\u0663", "0x10")
] + [
    (["--seeds", "9" * 30], "--seeds: expected an integer"),
    (["--seed", "-1"], "--seed: expected an integer from 0 to 2147483647, got '-1'"),
    (["--seed", "4294967296"], "--seed: expected an integer from 0 to 2147483647"),
    (["--workers", "0"], "--workers: expected an integer from 1 to 1024"),
]
FLAGS = [
    (["--sedes", "3"], "unrecognized arguments: --sedes 3"),
    (["--smok"], "unrecognized arguments: --smok"),
    (["--workers", "2", "--cluster", "tcp://127.0.0.1:1"], "--workers: expected without --cluster"),
    (["--smoke", "--cluster", "nonsense"], "--cluster: expected an address such as tcp://127.0.0.1:8786, got 'nonsense'"),
    (["--seeds"], "--seeds: expected one argument"),
]
PLACES = [
    (["--smoke", "--out", "good.csv"], "--out: expected a directory that can be written to, got good.csv"),
    (["--smoke", "--out", "/dev/null/x"], "--out: expected a directory that can be written to"),
    (["--smoke", "--store", "."], "store .: expected a file that can be written to"),
    (["--smoke", "--store", "store.sqlite"], "store store.sqlite: expected a store of rnnlab, got a file that SQLite"),
    (["--smoke", "--report"], "--report: expected finished runs in"),
    (["--smoke", "--out", "runs"], "runs/runs.csv, line 2: expected a run of study"),
    (["--smoke", "--out", "header"], "header/runs.csv, line 1: expected the column 'seed'"),
    (["--smoke", "--out", "doubled"], "doubled/runs.csv, line 1: expected each column once, got 'seed' twice"),
]
COMMON = COUNTS + FLAGS + PLACES
OWN = {
    "sales_forecast": [
        (["--csv", "missing.csv"], "missing.csv: cannot be read: No such file or directory"),
        (["--csv", "."], ".: expected a file, got a folder"),
        (["--csv", "/dev/zero"], "/dev/zero: expected a file, got a device"),
        (["--csv", "pipe"], "pipe: expected a file, got a pipe"),
        (["--csv", "a\x00b"], "'a\\x00b': expected the name of a file"),
        (["--csv", "empty"], "empty: expected a column of numbers, got an empty file"),
        (["--csv", "words.csv"], "words.csv: no numeric column"),
        (["--csv", "two.csv"], "choose with --column"),
        (["--csv", "gap.csv"], "gap.csv, line 6"),
        (["--csv", "letters.csv"], "expected a number, got 'four'"),
        (["--csv", "nan.csv"], "expected a finite number, got 'nan'"),
        (["--csv", "latin.csv"], "latin.csv, line 2: expected UTF-8, got 0xe9"),
        (["--csv", "short.csv"], "expected at least 16 rows"),
        (["--csv", "constant.csv"], "one whose training part is constant"),
        (["--csv", "line.csv"], "one whose training part is a straight line"),
        (["--csv", "huge.csv"], "expected a number of at most 1e+100, got '1e160'"),
        (["--csv", "escape.csv"], "'a\\x1b[2J'"),
        (["--csv", "quotes.csv"], "quotes.csv, line 2: expected fields in balanced quotes"),
        (["--csv", "good.csv", "--column", "sale"], "no column 'sale'"),
        (["--csv", "good.csv", "--column", "[/red]"], "no column '[/red]'"),
        (["--csv", "good.csv", "--date-column", "day"], "no column 'day'"),
        (["--csv", "good.csv", "--test-size", "38"], "expected at least 42 rows for 38 test rows and 1 lags, got 40"),
        (["--csv", "good.csv", "--lags", "100"], "expected at least"),
        (["--column", "a"], "--column: expected together with --csv"),
        (["--neurons", "0"], "--neurons: expected an integer from 1 to"),
        (["--neurons", "1000000"], "--neurons: expected an integer from 1 to"),
        (["--cell", "rnn"], "--cell: invalid choice: 'rnn'"),
        (["--epochs", "0"], "--epochs: expected an integer from 1 to 1000000"),
        (["--horizon", "100000"], "--horizon: expected an integer from 1 to"),
        (["--smoke", "--save", "x.zip", "--neurons", "2", "4"], "--save: expected one kind of network, got 2"),
    ],
    "addition": [
        (["--recipe", "slow"], "--recipe: invalid choice: 'slow'"),
        (["--cell", "lstms"], "--cell: invalid choice: 'lstms'"),
        (["--digits", "0"], "--digits: "),
        (["--digits", "7"], "--digits: "),
        (["--digits", "3.0"], "--digits: "),
        (["--units", "0"], "--units: expected an integer from 1 to"),
        (["--units", "1000000"], "--units: expected an integer from 1 to"),
        (["--questions", "0"], "--questions: expected an integer from 1 to"),
        (["--questions", "999999999"], "--questions: expected an integer from 1 to"),
        (["--ask", "12-3"], "question: expected two whole numbers with a plus between them"),
        (["--ask", "1000+1"], "question: expected operands of up to 3 digits, got 1000"),
        (["--ask=-1+2"], "question: expected two whole numbers"),
        (["--ask", "1+1", "--cell", "lstm", "gru"], "--ask: expected one cell, got several"),
        (["--load", "kept.zip"], "--load: expected together with --ask"),
        (["--smoke", "--save", "x.zip", "--cell", "lstm", "gru"], "--save: expected one kind of network"),
    ],
    "digit_sums": [
        (["--study", "none"], "--study: invalid choice: 'none'"),
        (["--study", "cell", "--rate", "0.1"], "--study: expected without --rate"),
        (["--study", "cell", "--longer", "100"], "--study: expected without --longer"),
        (["--chains", "0.5"], "--chains: expected together with --longer"),
        (["--longer", "100", "--share", "2"], "--share: expected a number from 0 to 1, got '2'"),
        (["--longer", "100", "--rate", "0.1"], "--longer: expected without --maxlen, --rate and --variant"),
        (["--load", "kept.zip"], "--load: expected together with --ask"),
        (["--ask", "1+"], "question: expected two whole numbers with a plus between them"),
        (["--ask", "1+1", "--cell", "gru", "lstm"], "--ask: expected one kind of network, got 2: cell gru, cell lstm"),
        (["--variant", "as_told"], "--variant: invalid choice: 'as_told'"),
        (["--maxlen", "1"], "--maxlen: expected an integer from 2 to"),
        (["--maxlen", "1e400"], "--maxlen: expected an integer from 2 to"),
        (["--maxlen", "1000000000"], "--maxlen: expected an integer from 2 to"),
        (["--rate", "0"], "--rate: expected a number above 0"),
        (["--rate", "nan"], "--rate: expected a number above 0"),
        (["--updates", "75"], "updates: expected a multiple of 50"),
        (["--longer", "0"], "--longer: expected an integer from 1 to"),
        (["--longer", "1000000000000"], "--longer: expected an integer from 1 to"),
        (["--layers", "0"], "--layers: expected an integer from 1 to"),
        (["--units", "1000000"], "--units: expected an integer from 1 to"),
    ],
    "image_rows": [
        (["--study", "gates"], "--study: invalid choice: 'gates'"),
        (["--variant", "as_told"], "--variant: expected as_run or as_claimed for gate, got 'as_told'"),
        (["--study", "extras", "--variant", "as_claimed"], "--variant: expected as_run for extras"),
        (["--updates", "50"], "--updates: expected at least 100"),
        (["--data", "fashion"], "--data: invalid choice: 'fashion'"),
    ],
    "poems": [
        (["--corpus", "missing.txt"], "missing.txt"),
        (["--corpus", "/dev/zero"], "/dev/zero: expected a file, got a device"),
        (["--corpus", "pipe"], "pipe: expected a file, got a pipe"),
        (["--corpus", "latin.csv"], "expected UTF-8, got 0xe9"),
        (["--corpus", "empty"], "expected a text, got an empty file"),
        (["--corpus", "large"], "large: expected poems.txt or"),
        (["--units", "1000000"], "--units: expected an integer from 1 to"),
        (["--rate", "0"], "--rate: expected a number above 0"),
        (["--temperature", "0"], "--temperature: expected a number above 0"),
        (["--top-p", "1.5"], "--top-p: expected a number above 0 and at most 1"),
        (["--write", "a", "--heads", "b"], "--heads: not allowed with argument --write"),
        (["--write", ""], "expected at least one character"),
        (["--study", "optimizers", "--rate", "0.1"], "--rate: expected without --study"),
        (["--study", "none"], "--study: invalid choice: 'none'"),
    ],
    "text_classification": [
        (["--csv", "missing.csv"], "missing.csv: cannot be read"),
        (["--csv", "/dev/zero"], "/dev/zero: expected a file, got a device"),
        (["--csv", "pipe"], "pipe: expected a file, got a pipe"),
        (["--csv", "one.csv"], "expected labels of at least two classes"),
        (["--csv", "blank.csv"], "blank.csv, line 2: expected a text in column 'text', got a blank"),
        (["--csv", "text.csv", "--label", "kind"], "no column 'kind'"),
        (["--csv", "text.csv", "--text", "words"], "text.csv: no column 'words'; its columns are 'text', 'label'"),
        (["--csv", "text.csv", "one.csv"], "one.csv, line 2: expected a label of the training file (food, label, sad)"),
        (["--csv", "text.csv", "text.csv", "text.csv"], "csv: expected one file or two, got 3"),
        (["--csv", "text.csv"], "fraction: expected texts in both parts, got 0 of"),
        (["--csv", "text.csv", "--data", "emoji"], "argument --data: not allowed with argument --csv"),
        (["--data", "emoji"], "RNNLAB_DATA: expected a folder with train_emoji.csv and tesss.csv, got no folder"),
        (["--vectors", "missing.txt"], "missing.txt: cannot be read"),
        (["--vectors", "vectors.txt"], "vectors.txt, line 2: expected a word and 2 numbers"),
        (["--vectors", "/dev/zero"], "/dev/zero: expected a file, got a device"),
        (["--units", "0"], "--units: expected an integer from 1 to"),
        (["--units", "1000000"], "--units: expected an integer from 1 to"),
        (["--dropout", "1"], "--dropout: expected a number from 0 to below 1"),
        (["--dropout", "nan"], "--dropout: expected a number from 0 to below 1"),
        (["--layers", "2", "--units", "4", "8"], "layers: expected with one number of units, got 4, 8"),
        (["--trained", "--frozen"], "argument --frozen: not allowed with argument --trained"),
        (["--predict", "tea", "!!!"], "--predict: expected texts with a word in each"),
        (["--predict", "tea", "--cell", "lstm", "gru"], "--predict: expected texts with a word in each, one cell"),
        (["--smoke", "--save", "x.zip", "--cell", "lstm", "gru"], "--save: expected one kind of network, got 2: lstm, gru"),
        (["--load", "kept.zip"], "--load: expected together with --predict"),
        (["--study", "advise"], "--study: invalid choice: 'advise'"),
        (["--study", "rate", "--dropout", "0.1"], "study: expected rate without dropout"),
        (["--study", "layers", "--report"], "--report: expected finished runs in"),
    ],
    "lstm_by_hand": [
        (["--text", "missing.txt"], "missing.txt: cannot be read: No such file or directory"),
        (["--text", "/dev/zero"], "/dev/zero: expected a file, got a device"),
        (["--text", "pipe"], "pipe: expected a file, got a pipe"),
        (["--text", "latin.csv"], "expected UTF-8, got 0xe9"),
        (["--text", "empty"], "expected at least 17 letters of two kinds or more"),
        (["--hidden", "0"], "--hidden: expected an integer from 1 to"),
        (["--hidden", "1000000"], "--hidden: expected an integer from 1 to"),
        (["--updates", "0"], "--updates: expected an integer from 1 to 1000000"),
    ],
}
LOADED = [
    (["--load", "missing.zip"], "missing.zip: No such file or directory"),
    (["--load", "."], ".: expected a file, got a folder"),
    (["--load", "/dev/zero"], "/dev/zero: expected a file, got a device"),
    (["--load", "pipe"], "pipe: expected a file, got a pipe"),
    (["--load", "kept.zip"], "kept.zip: expected a file that --save wrote"),
    (["--load", "kept.zip", "--save", "x.zip"], "--load: expected without --save"),
    (["--smoke", "--save", "none/x.zip"], "--save: expected a file in a folder that is there, got none/x.zip"),
    (["--smoke", "--save", "runs"], "runs: expected a file, got a folder"),
    (["--smoke", "--save", "/dev/full"], "/dev/full: expected a file, got a device"),
]
# What goes with --load, and gives one kind of network for --save.
WITH_LOAD = {"addition": ["--ask", "1+1"], "text_classification": ["--predict", "tea"], "digit_sums": ["--ask", "1+1"]}
WITH_SAVE = {"image_rows": None}
CASES = [
    *((name, *case) for name in EXAMPLES for case in [*COMMON, *OWN[name]]),
    *(
        (name, case[0] + WITH_LOAD.get(name, []) * (case[0][0] == "--load"), case[1])
        for name in EXAMPLES
        if name != "lstm_by_hand"
        for case in LOADED
        if case[0][0] == "--load" or WITH_SAVE.get(name, []) is not None
    ),
]


def test_there_are_many_cases():
    assert len(CASES) >= 300


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices")
@pytest.mark.parametrize(("name", "arguments", "message"), CASES, ids=lambda value: str(value)[:60])
def test_bad_input_gets_one_line_and_exit_2(name, arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RNNLAB_DATA", raising=False)
    for path, content in FILES.items():
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_bytes(content if isinstance(content, bytes) else content.encode())
    os.mkfifo("pipe")
    before = files()
    example = load_example(name)
    monkeypatch.setattr(sys, "argv", [example.__file__])
    try:
        code = command_line.run_main(example.main, arguments)
    except SystemExit as ended:
        code = ended.code
    printed = capsys.readouterr().err
    assert code == 2
    assert message in printed
    assert printed.count("\n") == 1
    assert printed.replace("\n", "").isprintable()
    assert files() == before


def files():
    """What there is but for stores, which a command opens before anything that it may refuse later."""
    return {path: path.read_bytes() for path in Path().rglob("*") if path.is_file() and not path.match("*/runs.sqlite*")}
