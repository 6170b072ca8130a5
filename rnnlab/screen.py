"""What goes to a terminal: plain text and tables, whatever stands in the names of columns and files."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from rnnlab.study.report import Table

WIDTH = 120  # of what does not go to a terminal


def plain(text: str) -> str:
    """The text with its control and escape characters spelled out, so that no name can move the cursor or hide a line."""
    return "".join(c if c.isprintable() or c in "\n " else c.encode("unicode_escape").decode() for c in text)


def console() -> Console:
    """A console on standard output that takes text as text: no markup, no emoji codes, no colours of its own choice."""
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # rich would end the process

    wide = None if sys.stdout.isatty() else WIDTH
    return Plain(markup=False, highlight=False, emoji=False, width=wide)


def print_table(screen: Console, table: Table, title: str = "") -> None:
    """Prints a table, its first column to the left and the others to the right."""
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    heading = Text(plain(title)) if title else None
    made = RichTable(title=heading, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for place, name in enumerate(table.columns):
        # Headings may break into lines, cells do not.
        widest = max((len(plain(row[place])) for row in table.rows), default=0)
        made.add_column(Text(plain(name)), justify="right" if place else "left", min_width=widest)
    for row in table.rows:
        made.add_row(*(Text(plain(cell)) for cell in row))
    screen.print(made)
