"""Medians, ratios and verdicts of a comparison; pure, so that they can be tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, TypeVar

from rich.box import SIMPLE_HEAD
from rich.table import Table

__all__ = ["COLUMNS", "Measure", "Ratio", "interleaved", "markdown", "plain", "rows",
           "shown_arguments", "table"]  # fmt: skip

COLUMNS = ("measured", "median (min–max)", "theirs ÷ ours", "target", "met")


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ratio:
    """Theirs ÷ ours: of the medians, and the least and the largest within one round."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Measure:
    """One quantity, less of which is better, on every side.

    Attributes:
        name: what was measured.
        unit: of the values.
        values: side → a value for each round; the first side is ours. Values at the same place
            were taken one after the other, so they share what else the machine was doing.
        target: the least ratio theirs ÷ ours that is asked for; None only reports.
        compared: whether a ratio says something.
    """

    name: str
    unit: str
    values: Mapping[str, Sequence[float]]
    target: float | None = None
    compared: bool = True

    @property
    def ours(self) -> str:
        """The name of our side."""
        return next(iter(self.values))

    @property
    def theirs(self) -> list[str]:
        """The names of the sides that ours is compared with."""
        return list(self.values)[1:] if self.compared else []

    def ratio(self, side: str) -> Ratio:
        """Theirs ÷ ours."""
        ours, theirs = self.values[self.ours], self.values[side]
        pairs = [b / a for a, b in zip(ours, theirs, strict=True)]
        return Ratio(median(theirs) / median(ours), min(pairs), max(pairs))

    def met(self, side: str) -> bool | None:
        """Whether the ratio of medians reaches the target; None without a target."""
        return None if self.target is None else self.ratio(side).value >= self.target

    @property
    def passed(self) -> bool:
        """True unless a target is missed."""
        return all(self.met(side) is not False for side in self.theirs)


def interleaved(sides: Sequence[T], times: int) -> list[T]:
    """Every side `times` times, taking turns; whoever was first goes last the next time."""
    turns = (turn % len(sides) for turn in range(times))
    return [side for first in turns for side in (*sides[first:], *sides[:first])]


def rows(measure: Measure) -> list[tuple[str, ...]]:
    """The cells of `COLUMNS`, a row for each side."""
    out = []
    for side, values in measure.values.items():
        cells = (side, _with_span(median(values), min(values), max(values)))
        if side not in measure.theirs:
            out.append((*cells, "", "", ""))
            continue
        ratio = measure.ratio(side)
        met = {None: "", True: "yes", False: "NO"}[measure.met(side)]
        target = "" if measure.target is None else f"≥ {measure.target:.3g}"
        out.append((*cells, _with_span(ratio.value, ratio.low, ratio.high), target, met))
    return out


def table(title: str, measures: Sequence[Measure]) -> Table:
    """The report for people."""
    out = Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for index, name in enumerate(COLUMNS):
        out.add_column(name, justify="right" if index else "left", no_wrap=True)
    for measure in measures:
        out.add_row(f"[bold]{_heading(measure)}[/bold]")
        for row in rows(measure):
            out.add_row(f"  {row[0]}", *row[1:-1], "[red]NO[/red]" if row[-1] == "NO" else row[-1])
    return out


def markdown(report: Mapping[str, Any], measures: Sequence[Measure]) -> str:
    """The result file for people, from what `plain` gives."""
    lines = [f"# {report['title']}", "", f"`{report['command']}`, {report['date']}.", ""]
    lines += [_line(COLUMNS), _line(["---", *["--:"] * (len(COLUMNS) - 1)])]
    for measure in measures:
        lines.append(_line([f"**{_heading(measure)}**", *[""] * (len(COLUMNS) - 1)]))
        lines += [_line(row) for row in rows(measure)]
    lines += ["", "## What each side computes"]
    lines += [f"- **{name}**: {side['computes']}" for name, side in report["sides"].items()]
    lines += ["", "## Frames", f"- {report['frames']}"]
    lines += ["", "## Machine"]
    lines += [f"- {name}: {_words(value)}" for name, value in report["machine"].items()]
    lines += ["", "## Versions"]
    for name, side in report["sides"].items():
        packages = ", ".join(f"{package} {v}" for package, v in side["packages"].items())
        lines.append(f"- {name}: Python {side['python']}, {packages}")
    lines += ["", "## How it was measured", *[f"- {note}" for note in report["notes"]]]
    return "\n".join(lines) + "\n"


def plain(measures: Sequence[Measure]) -> list[dict[str, Any]]:
    """The measures for programs."""
    return [
        {
            "name": measure.name,
            "unit": measure.unit,
            "target": measure.target,
            "values": {side: list(values) for side, values in measure.values.items()},
            "ratios": {
                side: {
                    "median": measure.ratio(side).value,
                    "min": measure.ratio(side).low,
                    "max": measure.ratio(side).high,
                    "met": measure.met(side),
                }
                for side in measure.theirs
            },
        }
        for measure in measures
    ]


def shown_arguments(arguments: Sequence[str]) -> list[str]:
    """The command's arguments without those that only say where the result goes."""
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
