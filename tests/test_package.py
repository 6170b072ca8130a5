"""The package as a whole: what its import costs, its public names, and which room imports which."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import rnnlab

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "rnnlab"
FILES = {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py")}

# Which other rooms a room may import.
ROOMS = {
    "__init__": {
        "addition",
        "by_hand",
        "cells",
        "characters",
        "datasets",
        "digit_sums",
        "figures",
        "image_rows",
        "metrics",
        "poems",
        "sales",
        "state",
        "study",
        "text",
        "training",
        "verdicts",
    },
    "addition": {"cells", "characters"},
    "addition_report": {"addition", "command_line", "figures", "verdicts"},
    "by_hand": set(),
    "by_hand_report": {"command_line", "figures"},
    "cells": set(),
    "characters": set(),
    "command_line": {"files"},
    "datasets": set(),
    "digit_sums": {"cells", "command_line", "figures", "verdicts"},
    "figures": set(),
    "files": set(),
    "image_rows": {"cells", "datasets", "figures", "machine", "study", "training", "verdicts"},
    "journal": set(),
    "machine": set(),
    "metrics": set(),
    "poems": {"cells", "command_line", "datasets", "figures", "files", "study", "training", "verdicts"},
    "sales": {"cells", "state"},
    "sales_report": {"command_line", "datasets", "figures", "files", "sales", "training"},
    "state": set(),
    "study": {"command_line", "files", "machine"},
    "text": {"cells", "command_line", "datasets", "figures", "files", "study", "training", "verdicts"},
    "training": {"files", "machine", "state"},
    "verdicts": set(),
}


# Public names


def test_import_is_lazy_and_quick():
    code = (
        "import time; start = time.perf_counter(); import rnnlab; seconds = time.perf_counter() - start\n"
        "import json, sys; print(json.dumps([seconds, sorted(sys.modules)]))"
    )
    runs = [
        json.loads(subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True).stdout)
        for _ in range(3)
    ]
    assert min(seconds for seconds, _ in runs) < 0.2
    modules = set(runs[0][1])
    assert not {"tensorflow", "keras", "jax", "pandas", "numpy", "scipy", "sklearn", "matplotlib"} & modules
    assert {name for name in modules if name.startswith("rnnlab")} == {"rnnlab"}


def test_every_public_name_loads():
    assert sorted(dir(rnnlab)) == sorted(rnnlab.__all__)
    for name in rnnlab.__all__:
        assert getattr(rnnlab, name) is not None


def test_public_names_are_those_of_their_rooms():
    from rnnlab import sales, training

    assert rnnlab.training is training
    assert rnnlab.fit_replicas is training.fit_replicas
    assert rnnlab.Replicas is training.Replicas
    assert rnnlab.build_sales_forecaster is sales.build_sales_forecaster


def test_unknown_name():
    with pytest.raises(AttributeError, match="module 'rnnlab' has no attribute 'fit_replica'"):
        _ = rnnlab.fit_replica
    with pytest.raises(ImportError, match="cannot import name 'dreams'"):
        from rnnlab import dreams  # noqa: F401


# Imports


def imported(tree: ast.AST, package: str = "rnnlab") -> Iterator[str]:
    """Every module that a file imports anywhere; `from a import b` gives a and a.b, for b may be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            module = ".".join([*parent, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def executed_at_import(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements that run when a file is imported: not those in functions, nor those for type checkers."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        for node in ast.iter_child_nodes(waiting.pop()):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                continue
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                waiting += node.orelse
                continue
            if isinstance(node, ast.stmt):
                yield node
            waiting.append(node)


def room(file: str) -> str:
    return file.split("/")[0].removesuffix(".py")


def rooms_imported(file: str) -> set[str]:
    package = ".".join(["rnnlab", *file.split("/")[:-1]])
    modules = [name.split(".") for name in imported(FILES[file], package)]
    return {parts[1] for parts in modules if parts[0] == "rnnlab" and len(parts) > 1 and parts[1] in ROOMS}


@pytest.mark.parametrize("file", sorted(FILES))
def test_imports_point_one_way(file):
    assert room(file) in ROOMS, "a new room needs a row in ROOMS"
    assert rooms_imported(file) - {room(file)} <= ROOMS[room(file)]


@pytest.mark.parametrize("file", sorted(FILES))
def test_no_room_goes_round_by_the_lazy_names(file):
    assert not set(imported(FILES[file])) & {f"rnnlab.{name}" for name in rnnlab._MODULE_OF}


def test_nobody_imports_examples():
    examples = {"examples"} | {path.stem for path in (ROOT / "examples").glob("*.py")}
    others = FILES | {path.name: ast.parse(path.read_text("utf-8")) for path in (ROOT / "benchmarks").glob("*.py")}
    assert not {file for file, tree in others.items() if {name.split(".")[0] for name in imported(tree)} & examples}


def test_only_its_backend_imports_tensorflow_at_the_top():
    found = {
        file
        for file, tree in FILES.items()
        for statement in executed_at_import(tree)
        if isinstance(statement, ast.Import | ast.ImportFrom)
        and any(name.split(".")[0] == "tensorflow" for name in imported(statement))
    }
    assert found == {"training/backend_tensorflow.py", "training/random_tensorflow.py"}


def test_the_walk_sees_every_form_of_import():
    tree = ast.parse(
        "import rnnlab.sales\nfrom . import cells\nfrom .state import get_state\nfrom rnnlab import datasets as d\n"
        "def f():\n    from ..figures import lines\n"
    )
    names = set(imported(tree, "rnnlab.training"))
    assert {"rnnlab.sales", "rnnlab.training.cells", "rnnlab.training.state", "rnnlab.datasets"} <= names
    assert "rnnlab.figures" in names
    top = ast.parse("try:\n    import a\nfinally:\n    pass\nif TYPE_CHECKING:\n    import b\nclass C:\n    import c\n")
    statements = [node for node in executed_at_import(top) if isinstance(node, ast.Import)]
    assert {alias.name for node in statements for alias in node.names} == {"a", "c"}
