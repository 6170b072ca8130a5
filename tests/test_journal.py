import time

from rnnlab.journal import Journal


def test_rows_survive_and_a_torn_line_does_not(tmp_path):
    path = tmp_path / "runs.partial.jsonl"
    Journal(path, {"epochs": 1}).add([{"seed": 0, "score": 0.1 + 0.2}])
    with path.open("a") as file:
        file.write('{"seed": 1, "sc')
    again = Journal(path, {"epochs": 1})
    assert again.rows == [{"seed": 0, "score": 0.1 + 0.2}]
    again.add([{"seed": 2}])
    assert Journal(path, {"epochs": 1}).rows == [{"seed": 0, "score": 0.1 + 0.2}, {"seed": 2}]
    again.close()
    assert not path.exists()


def test_other_settings_start_anew(tmp_path):
    path = tmp_path / "runs.partial.jsonl"
    Journal(path, {"epochs": 1}).add([{"seed": 0}])
    other = Journal(path, {"epochs": 2})
    assert other.rows == []
    other.add([{"seed": 5}])
    assert Journal(path, {"epochs": 2}).rows == [{"seed": 5}]
    assert Journal(path, {"epochs": 1}).rows == []


def test_anew_takes_nothing_over_and_leaves_nothing_behind(tmp_path):
    path = tmp_path / "runs.partial.jsonl"
    Journal(path, {"epochs": 1}).add([{"seed": 0}])
    anew = Journal(path, {"epochs": 1}, anew=True)
    assert anew.rows == []
    anew.add([{"seed": 0}])
    assert Journal(path, {"epochs": 1}).rows == [{"seed": 0}]


def test_times_add_up_over_commands(tmp_path):
    path = tmp_path / "runs.partial.jsonl"
    row = {"seed": 0, "seconds": {"compile": 2.0, "train": 30.0, "total": 100.0}}
    Journal(path, {}).add([row, {"seed": 1}])
    journal = Journal(path, {})
    seconds = journal.seconds(journal.rows, time.perf_counter())
    assert (seconds["compile"], seconds["train"]) == (2.0, 30.0)
    assert 100 <= seconds["total"] < 110
    assert journal.seconds([], time.perf_counter())["train"] == 0
