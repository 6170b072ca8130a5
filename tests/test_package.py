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

TASKS = {"addition", "by_hand", "digit_sums", "image_rows", "poems", "sales", "text"}
# Which other rooms a shared room may import. None of them knows a task.
SHARED = {
    "cells": {"checks"},
    "characters": set(),
    "checks": set(),
    "command_line": {"files", "machine", "screen"},
    "conduct": {"command_line", "files", "machine", "study", "training"},
    "datasets": {"checks", "files"},
    "figures": {"intervals"},
    "files": set(),
    "intervals": set(),
    "machine": set(),
    "metrics": set(),
    "questions": set(),
    "screen": {"study"},
    "state": set(),
    "study": {"checks", "files", "intervals", "machine", "screen"},
    "training": {"checks", "files", "machine", "state"},
}
# In every task: which of the rooms with a role a room may import. Rooms of a task's own stand between studies and report.
ROLES = {
    "data": set(),
    "network": {"data"},
    "studies": {"data", "network"},
    "training": {"data", "network", "studies"},
    "figures": set(),
    "report": {"data", "network", "studies", "training", "figures"},
}
# The shared rooms of each role: whatever does not report draws and judges nothing, and only examples know the command line.
USES = {
    "data": {"characters", "checks", "datasets"},
    "network": {"cells", "checks", "metrics"},
    "figures": {"cells", "figures"},
    "report": {"cells", "checks", "datasets", "figures", "questions", "study"},
}
ANY_USE = {"cells", "characters", "checks", "datasets", "files", "metrics", "questions", "state", "study", "training"}
TEXTBOOK = {"lstm", "network", "optimizers", "single_step"}  # of by_hand: NumPy alone


def test_import_is_lazy_and_quick():
    code = (
        "import time; start = time.perf_counter(); import rnnlab; seconds = time.perf_counter() - start\n"
        "import json, sys; print(json.dumps([seconds, sorted(sys.modules)]))"
    )
    command = [sys.executable, "-c", code]
    runs = [json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout) for _ in range(3)]
    assert min(seconds for seconds, _ in runs) < 0.2
    modules = set(runs[0][1])
    assert not {"tensorflow", "keras", "jax", "pandas", "numpy", "scipy", "sklearn", "matplotlib"} & modules
    assert {name for name in modules if name.startswith("rnnlab")} == {"rnnlab"}


def test_every_public_name_loads():
    assert sorted(dir(rnnlab)) == sorted(rnnlab.__all__)
    for name in rnnlab.__all__:
        found = getattr(rnnlab, name)
        assert name not in rnnlab._MODULE_OF or found is getattr(getattr(rnnlab, rnnlab._MODULE_OF[name]), name)


def test_unknown_name():
    with pytest.raises(AttributeError, match="module 'rnnlab' has no attribute 'fit_replica'"):
        _ = rnnlab.fit_replica
    with pytest.raises(ImportError, match="cannot import name 'dreams'"):
        from rnnlab import dreams  # noqa: F401


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


def imports_of(file: str) -> set[tuple[str, str]]:
    """The rooms of the package that a file imports, each with the part of it that is named, or an empty text."""
    package = ".".join(["rnnlab", *file.split("/")[:-1]])
    modules = [[*name.split("."), ""] for name in imported(FILES[file], package)]
    return {(parts[1], parts[2]) for parts in modules if parts[0] == "rnnlab" and parts[1] in TASKS | set(SHARED)}


@pytest.mark.parametrize("file", sorted(set(FILES) - {"__init__.py"}))
def test_imports_point_one_way(file):
    room, _, part = file.removesuffix(".py").partition("/")
    assert room in TASKS | set(SHARED), "a new room needs a row in SHARED"
    found = imports_of(file)
    others = {other for other, _ in found} - {room}
    if room in SHARED:
        assert others <= SHARED[room]
        return
    assert not others & TASKS, "a task never imports another"
    assert others <= USES.get(part, ANY_USE)
    inside = {inner for other, inner in found if other == room and inner}
    roles = inside & set(ROLES)
    assert roles <= ROLES.get(part, set(ROLES) - {"report", "figures"} if part != "__init__" else set(ROLES))
    if part in ("data", "network") and room != "by_hand":
        assert "report" not in inside


@pytest.mark.parametrize("name", sorted(TEXTBOOK))
def test_the_textbook_imports_numpy_alone(name):
    outside = {module.split(".")[0] for module in imported(FILES[f"by_hand/{name}.py"], "rnnlab.by_hand")}
    assert outside <= {"rnnlab", "numpy", "__future__", "collections", "typing", "dataclasses", "math"}
    assert {room for room, _ in imports_of(f"by_hand/{name}.py")} <= {"by_hand"}


@pytest.mark.parametrize("file", sorted(FILES))
def test_no_room_goes_round_by_the_lazy_names(file):
    assert not set(imported(FILES[file])) & {f"rnnlab.{name}" for name in rnnlab._MODULE_OF}


def test_nobody_imports_examples():
    examples = {"examples"} | {path.stem for path in (ROOT / "examples").glob("*.py")}
    others = FILES | {path.name: ast.parse(path.read_text("utf-8")) for path in (ROOT / "benchmarks").glob("*.py")}
    assert not {file for file, tree in others.items() if {name.split(".")[0] for name in imported(tree)} & examples}


def test_only_its_backend_imports_tensorflow_at_the_top():
    found = set()
    for file, tree in FILES.items():
        statements = [each for each in executed_at_import(tree) if isinstance(each, ast.Import | ast.ImportFrom)]
        if any(name.split(".")[0] == "tensorflow" for each in statements for name in imported(each)):
            found.add(file)
    assert found == {"training/backend_tensorflow.py", "training/random_tensorflow.py"}


def test_the_walk_sees_every_form_of_import():
    lines = "import rnnlab.sales", "from . import cells", "from .state import get_state", "from rnnlab import datasets as d"
    tree = ast.parse("\n".join([*lines, "def f():\n    from ..figures import lines"]))
    names = {"rnnlab.sales", "rnnlab.training.cells", "rnnlab.training.state", "rnnlab.datasets", "rnnlab.figures"}
    assert names <= set(imported(tree, "rnnlab.training"))
    top = ast.parse("try:\n    import a\nfinally:\n    pass\nif TYPE_CHECKING:\n    import b\nclass C:\n    import c\n")
    statements = [node for node in executed_at_import(top) if isinstance(node, ast.Import)]
    assert {alias.name for node in statements for alias in node.names} == {"a", "c"}
