"""Tables of text for the terminal and for pages."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import Enum

__all__ = ["Style", "print_table"]

WIDE = 160  # characters, where the table goes to a file


class Style(str, Enum):
    """How a table is printed."""

    rich = "rich"
    markdown = "markdown"
    json = "json"


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]], style: Style) -> None:
    """Print rows of text as Markdown, or as fits the terminal."""
    if style is Style.markdown:
        for cells in (head, ["---", *["---:"] * (len(head) - 1)], *rows):
            print("| " + " | ".join(cells) + " |")
        print()
        return
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    first, *others = head
    table = Table(first, *(Column(name, justify="right") for name in others))
    for cells in rows:
        table.add_row(*map(Text, cells))
    Console(width=None if sys.stdout.isatty() else WIDE).print(table)
