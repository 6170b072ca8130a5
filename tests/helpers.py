"""What the tests of the examples share."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from rnnlab import command_line

EXAMPLES = Path(__file__).parent.parent / "examples"


def load_example(name: str) -> ModuleType:
    """The script examples/NAME.py as a module, under a name that hides no room of the package."""
    spec = importlib.util.spec_from_file_location(f"{name}_example", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check_refusal(example: ModuleType, arguments: Sequence[str], message: str, tmp_path, monkeypatch, capsys) -> None:
    """Wrong input gets one line that holds `message`, exit code 2, and leaves no results."""
    monkeypatch.setattr(sys, "argv", [example.__file__])
    try:
        code = command_line.run_main(example.main, arguments)
    except SystemExit as ended:
        code = ended.code
    printed = capsys.readouterr().err
    assert code == 2
    assert message in printed
    assert printed.count("\n") == 1
    assert not list(tmp_path.glob("reports/*/*.csv"))
