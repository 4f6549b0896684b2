"""Medians, ratios and verdicts of `benchmarks.versus_mediapipe`; pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from benchmarks.ratios import Ratio, ratio

__all__ = ["COLUMNS", "Measure", "markdown", "plain", "rows",
           "shown_arguments", "table"]  # fmt: skip

COLUMNS = ("measured", "median (min–max)", "theirs ÷ ours", "target", "met")


@dataclass(frozen=True, slots=True)
class Measure:
    """One quantity of all implementations; lower is better.

    Attributes:
        name: of the quantity.
        unit: of the values.
        values: implementation → one value per round; the first are blazetrack's. Values of the
            same round were measured one after the other, under the same load.
        target: minimum ratio theirs ÷ ours; None has no target.
        compared: whether ratios are reported.
        backends: number of blazetrack's own implementations, at the beginning of `values`.
    """

    name: str
    unit: str
    values: Mapping[str, Sequence[float]]
    target: float | None = None
    compared: bool = True
    backends: int = 1

    @property
    def ours(self) -> str:
        """Name of blazetrack's values: those of the better backend."""
        return min(list(self.values)[: self.backends], key=lambda name: median(self.values[name]))

    @property
    def theirs(self) -> list[str]:
        """Names of the implementations that blazetrack is compared with."""
        return list(self.values)[self.backends :] if self.compared else []

    def ratio(self, name: str) -> Ratio:
        """Theirs ÷ ours."""
        return ratio(self.values[name], self.values[self.ours])

    def met(self, name: str) -> bool | None:
        """Whether the ratio of medians reaches the target; None without a target."""
        return None if self.target is None else self.ratio(name).value >= self.target

    @property
    def passed(self) -> bool:
        """True unless a target is missed."""
        return all(self.met(name) is not False for name in self.theirs)


def rows(measure: Measure) -> list[tuple[str, ...]]:
    """The cells of `COLUMNS`, one row per implementation."""
    out = []
    for name, values in measure.values.items():
        cells = (name, _with_span(median(values), min(values), max(values)))
        if name not in measure.theirs:
            out.append((*cells, "", "", ""))
            continue
        ratio = measure.ratio(name)
        met = {None: "", True: "yes", False: "NO"}[measure.met(name)]
        target = "" if measure.target is None else f"≥ {measure.target:.3g}"
        out.append((*cells, _with_span(ratio.value, ratio.low, ratio.high), target, met))
    return out


def table(title: str, measures: Sequence[Measure]) -> Table:
    """The printed table."""
    out = Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for index, name in enumerate(COLUMNS):
        out.add_column(name, justify="right" if index else "left", no_wrap=True)
    for measure in measures:
        out.add_row(f"[bold]{_heading(measure)}[/bold]")
        for row in rows(measure):
            out.add_row(f"  {row[0]}", *row[1:-1], "[red]NO[/red]" if row[-1] == "NO" else row[-1])
    return out


def markdown(report: Mapping[str, Any], measures: Sequence[Measure]) -> str:
    """The result file in Markdown."""
    lines = [f"# {report['title']}", "", f"`{report['command']}`, {report['date']}.", ""]
    lines += [_line(COLUMNS), _line(["---", *["--:"] * (len(COLUMNS) - 1)])]
    for measure in measures:
        lines.append(_line([f"**{_heading(measure)}**", *[""] * (len(COLUMNS) - 1)]))
        lines += [_line(row) for row in rows(measure)]
    compared = report["implementations"]
    lines += ["", "## What each implementation computes"]
    lines += [f"- **{name}**: {one['computes']}" for name, one in compared.items()]
    lines += ["", "## Frames", f"- {report['frames']}"]
    lines += ["", "## Machine"]
    lines += [f"- {name}: {_words(value)}" for name, value in report["machine"].items()]
    lines += ["", "## Versions"]
    for name, one in compared.items():
        packages = ", ".join(f"{package} {v}" for package, v in one["packages"].items())
        lines.append(f"- {name}: Python {one['python']}, {packages}")
    lines += ["", "## How it was measured", *[f"- {note}" for note in report["notes"]]]
    return "\n".join(lines) + "\n"


def plain(measures: Sequence[Measure]) -> list[dict[str, Any]]:
    """The measures for the JSON report."""
    return [
        {
            "name": measure.name,
            "unit": measure.unit,
            "target": measure.target,
            "values": {name: list(values) for name, values in measure.values.items()},
            "ratios": {
                name: {
                    "median": measure.ratio(name).value,
                    "min": measure.ratio(name).low,
                    "max": measure.ratio(name).high,
                    "met": measure.met(name),
                }
                for name in measure.theirs
            },
        }
        for measure in measures
    ]


def shown_arguments(arguments: Sequence[str]) -> list[str]:
    """The command's arguments without output paths."""
    out, skip = [], False
    for text in arguments:
        name, has_value, _ = text.partition("=")
        hidden = name in ("--json", "--write")
        if not (skip or hidden):
            out.append(text)
        skip = hidden and not has_value
    return out


def _heading(measure: Measure) -> str:
    return f"{measure.name}, {measure.unit}"


def _with_span(value: float, low: float, high: float) -> str:
    places = 2 if value < 100 else 0
    shown = f"{value:.{places}f}"
    return shown if low == high else f"{shown} ({low:.{places}f}–{high:.{places}f})"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
