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
