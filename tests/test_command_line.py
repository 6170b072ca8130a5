import argparse
import json

import pytest

from rnnlab import command_line


def test_a_file_is_whole_or_absent(tmp_path):
    target = tmp_path / "new" / "table.csv"

    def fail():
        with command_line.whole_file(target) as path:
            path.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(target.parent.iterdir()) == []
    with command_line.whole_file(target) as path:
        path.write_text("whole")
    assert target.read_text() == "whole"


def test_json_has_null_where_a_number_is_none(tmp_path):
    command_line.write_json(tmp_path / "a.json", {"a": [1.5, float("nan")], "b": float("inf"), "c": {"d": 3}})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": [1.5, None], "b": None, "c": {"d": 3}}


@pytest.mark.parametrize("text", ["0", "-1", "2.5", "eight"])
def test_positive_names_what_came(text):
    with pytest.raises(argparse.ArgumentTypeError, match="at least 1, got"):
        command_line.positive(text)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [(ValueError("a: expected\nb"), 2, "a: expected b"), (FileNotFoundError(2, "No such file", "x.csv"), 2, "x.csv")],
)
def test_errors_are_one_line_and_exit_2(error, code, message, capsys):
    def main(argv):
        raise error

    assert command_line.run_main(main) == code
    printed = capsys.readouterr().err
    assert message in printed
    assert printed.count("\n") == 1


def test_ctrl_c_exits_130(capsys):
    def main(argv):
        raise KeyboardInterrupt

    assert command_line.run_main(main) == 130
