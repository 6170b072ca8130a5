"""rnnlab.command_line and rnnlab.files: how a command ends, and files that are whole or absent."""

import json

import pytest

from rnnlab.command_line import run_main
from rnnlab.files import whole_file
from rnnlab.study.report import write_json


def test_a_file_is_whole_or_absent(tmp_path):
    target = tmp_path / "new" / "table.csv"

    def write(text):
        with whole_file(target) as path:
            path.write_text(text)
            assert text != "half"

    with pytest.raises(AssertionError):
        write("half")
    assert list(target.parent.iterdir()) == []
    write("whole")
    assert target.read_text() == "whole"


def test_json_has_null_where_a_number_is_none(tmp_path):
    write_json(tmp_path / "a.json", {"a": [1.5, float("nan")], "b": float("inf"), "c": {"d": 3}})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": [1.5, None], "b": None, "c": {"d": 3}}


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ValueError("a: expected\nb"), 2, ": a: expected b"),
        (FileNotFoundError(2, "No such file", "x.csv"), 2, ": x.csv: No such file"),
        (MemoryError("8 GiB"), 2, "this takes more memory than there is"),
        (KeyError("loss\x1b[2J"), 1, "this is a bug of rnnlab (KeyError: 'loss\\x1b[2J'); finished runs are kept"),
        (KeyboardInterrupt(), 130, "interrupted; what is finished is kept"),
    ],
)
def test_errors_are_one_line(error, code, message, capsys, monkeypatch):
    def main(argv):
        raise error

    assert run_main(main) == code
    printed = capsys.readouterr().err
    assert message in printed
    assert printed.count("\n") == 1
    monkeypatch.setenv("RNNLAB_TRACEBACK", "1")
    if code < 3:
        with pytest.raises(type(error)):
            run_main(main)
