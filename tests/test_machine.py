"""rnnlab.machine"""

import pytest

from rnnlab import machine


@pytest.mark.parametrize(("asked", "cores"), [("1", 1), ("0", 1), ("3", 3), ("99", 4), ("", 4), ("many", 4)])
def test_cores_are_those_of_the_process_or_fewer(monkeypatch, asked, cores):
    monkeypatch.setattr(machine, "processors", lambda: 4)
    monkeypatch.setenv("RNNLAB_CORES", asked)
    assert machine.cores() == cores


def test_there_is_a_processor():
    assert machine.processors() >= 1
