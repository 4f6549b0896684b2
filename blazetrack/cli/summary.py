"""The tables at the end of a run."""

from __future__ import annotations

from collections.abc import Mapping

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from blazetrack.errors import printable
from blazetrack.runner import Report

__all__ = ["facts_table", "figures_table", "print_summary", "print_warnings"]


def facts_table(facts: Mapping[str, str | None]) -> Table:
    """A table of names and values, without those that are None."""
    table = Table("name", Column("value", overflow="fold"), show_header=False)
    for name, value in facts.items():
        if value is not None:
            table.add_row(name, Text(printable(value)))  # no markup: a file may be named [b].mp4
    return table


def figures_table(*headers: str, title: str) -> Table:
    """A table of figures without a frame, so that many columns fit a terminal of 80."""
    table = Table(title=title, box=SIMPLE_HEAD, show_edge=False, padding=0)
    for header in headers:
        table.add_column(header, no_wrap=True)
    return table


def print_summary(report: Report, pck: float | None = None, *, stages: bool = False) -> None:
    """Print the result of a run, its PCK where there is one, and maybe the time per stage."""
    console = Console()
    facts: dict[str, str | None] = {
        "source": report.source,
        "models": ", ".join(report.models.values()) or None,
        "frames": str(report.frames),
        "frames with people": str(report.frames_with_people),
        "ids": ", ".join(map(str, report.ids[:12])) + (" …" if len(report.ids) > 12 else ""),
        "detector runs": str(report.detector_runs),
        "frames per second": f"{report.fps:.1f}",
        "PCK@0.2 against the drawn truth": None if pck is None else f"{pck:.3f}",
        "non-increasing timestamps": str(report.time_faults or "") or None,
        "dropped frames": str(report.dropped or "") or None,
        "unreadable": str(report.skipped or "") or None,
    }
    console.print(facts_table(facts))
    if stages:
        console.print(_stage_table(report))
    print_warnings(report)


def print_warnings(report: Report) -> None:
    """Print the warnings of a run on stderr."""
    for line in report.warnings:
        warning = Text(printable(f"warning: {line}"), style="yellow")
        Console(stderr=True).print(warning, soft_wrap=True)


def _stage_table(report: Report) -> Table:
    times = Table("stage", "runs", "p50 ms", "p90 ms", "p99 ms", "total s", title="time per stage")
    for node in report.nodes:
        if node.runs:
            marks = (node.p50_ms, node.p90_ms, node.p99_ms)
            cells = ["" if mark is None else f"{mark:.2f}" for mark in marks]
            times.add_row(node.name, str(node.runs), *cells, f"{node.total_ms / 1e3:.2f}")
    return times
