"""A file of finished runs that a killed command reads when it starts again."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Journal:
    """One JSON object a line: first the settings, then a row per finished run.

    Rows are taken over only where the settings are the same. A line that a kill cut short is left out.

    Args:
        path: the file; it exists only between the first finished run and `close`.
        settings: whatever decides the results of all rows; must survive a round trip through JSON.
        anew: take no rows over, where the runs themselves are needed and not only what was kept of them.
    """

    def __init__(self, path: Path, settings: dict[str, Any], *, anew: bool = False) -> None:
        self.path = path
        self._header = json.dumps(settings, sort_keys=True)
        lines = list(self._lines())
        self.rows: list[dict[str, Any]] = []
        if lines and lines[0] == self._header and not anew:
            for line in lines[1:]:
                with contextlib.suppress(json.JSONDecodeError):
                    self.rows.append(json.loads(line))
        else:
            path.unlink(missing_ok=True)
        self._earlier = _spent(self.rows, "total")

    def seconds(self, rows: list[dict[str, Any]], started: float) -> dict[str, float]:
        """Wall time: "compile" and "train" of these runs, "total" since `started` and of what was taken over.

        Rows say under "seconds" what they took; those that do not count as nothing.
        """
        total = self._earlier + time.perf_counter() - started
        return {"compile": _spent(rows, "compile"), "train": _spent(rows, "train"), "total": total}

    def add(self, rows: list[dict[str, Any]]) -> None:
        """Appends finished runs; after the call they survive a kill."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = not self.path.exists()
        with self.path.open("a", encoding="utf-8") as file:
            # The empty line ends one that a kill may have cut short.
            file.write(self._header + "\n" if new else "\n")
            file.writelines(json.dumps(row) + "\n" for row in rows)
        self.rows += rows

    def close(self) -> None:
        """Removes the file: all runs are done and written elsewhere."""
        self.path.unlink(missing_ok=True)

    def _lines(self) -> Iterator[str]:
        if self.path.exists():
            for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
                if line.strip():
                    yield line


def _spent(rows: list[dict[str, Any]], part: str) -> float:
    return sum(row["seconds"][part] for row in rows if "seconds" in row)
