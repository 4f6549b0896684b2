"""Tables for the terminal and for Markdown."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import Enum

__all__ = ["Style", "print_table"]

WIDTH = 160  # characters, if stdout is not a terminal


class Style(str, Enum):
    """Output format of a table."""

    rich = "rich"
    markdown = "markdown"
    json = "json"


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]], style: Style) -> None:
    """Print a table as Markdown, or for the width of the terminal."""
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
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)
