"""What is particular to the addition example: questions to answer at the end, kept networks, its flags."""

import numpy as np
import pandas as pd
import pytest
from helpers import load_example

example = load_example("addition")


def run(*arguments):
    example.main([str(argument) for argument in arguments])


def test_ask_save_and_load(tmp_path, capsys, monkeypatch):
    kept, out = tmp_path / "kept.zip", tmp_path / "out"
    # One batch: the program compiles in half the time.
    options = ("--cell", "simple_rnn", "--smoke", "--digits", 1, "--quiet", "--ask", "1+2", "--out", out)
    run(*options)
    first = capsys.readouterr().out
    assert first.startswith("1+2 = ")
    assert first.endswith("of 2 networks)\n")
    monkeypatch.setattr(example.training, "train", None)  # from here on nothing is trained
    run(*options, "--save", kept)
    run("--load", kept, "--ask", "1+2")
    assert capsys.readouterr().out == 2 * first
    with pytest.raises(ValueError, match="operands of up to 1 digits, got 12"):
        run("--load", kept, "--ask", "12+4")
    runs = pd.read_csv(out / "runs.csv")
    assert list(runs.columns[:6]) == ["study", "arm", "seed", "exact_heldout", "exact_unseen", "seconds"]
    questions = example.studies.questions_of(runs.iloc[0].to_dict() | {"digits": 1, "short": 0.5})
    with np.load(out / "arrays.npz") as arrays:
        for row, exact in enumerate(runs.exact_unseen):
            wrong, answers = arrays[f"{row} wrong"], arrays[f"{row} answers"]
            assert 1 - len(wrong) / len(questions.unseen) == exact
            assert (answers != questions.unseen[wrong].sum(axis=1)).all()


@pytest.mark.parametrize(
    ("flags", "folder"),
    [
        (["--cell", "simple_rnn", "lstm", "gru", "--seeds", "10"], "addition"),
        (["--cell", "simple_rnn", "lstm", "gru", "--seeds", "10", "--recipe", "classic"], "addition_classic"),
        (["--cell", "gru"], "addition_cell_gru_5_seeds"),
        (["--recipe", "classic", "--digits", "2"], "addition_classic_digits_2_cell_lstm_5_seeds"),
    ],
)
def test_full_runs_have_folders_of_their_own(flags, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=f"finished runs in reports/{folder}/runs.sqlite"):
        run(*flags, "--report")
