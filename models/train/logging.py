"""Learning curves as CSV and PNG, and the progress line on the terminal."""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["Curve", "Progress", "draw_curves"]


class Curve:
    """A CSV file with one row per logged step; a resumed run appends to it.

    Args:
        path: of the file.
        step: of the checkpoint that the run resumes from; later rows are dropped.
    """

    def __init__(self, path: Path, step: int) -> None:
        self._path = path
        self.rows = [row for row in _read(path) if int(row["step"]) <= step]
        if path.exists():
            self._write_all()

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Append a row; a new name adds a column."""
        row = {"step": str(step)} | {name: f"{value:.6g}" for name, value in values.items()}
        known = list(self.rows[0]) if self.rows else []
        self.rows.append(row)
        if list(row) == known:
            with self._path.open("a", newline="", encoding="utf-8") as file:
                csv.DictWriter(file, known).writerow(row)
        else:
            self._write_all()

    def _write_all(self) -> None:
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        self.rows = [{name: row.get(name, "") for name in names} for row in self.rows]
        new = self._path.with_name(self._path.name + ".new")
        with new.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(self.rows)
        new.replace(self._path)


def draw_curves(curves: Mapping[str, Curve], path: Path) -> bool:
    """Plot each column of the curves as PNG; False if matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    series = [
        (f"{title} {name}", *_column(curve.rows, name))
        for title, curve in curves.items()
        for name in (list(curve.rows[0]) if curve.rows else [])
        if name not in ("step", "minutes")
    ]
    if not series:
        return True
    across = min(3, len(series))
    down = -(-len(series) // across)
    figure = Figure(figsize=(4.2 * across, 2.4 * down), layout="constrained")
    for number, (title, steps, values) in enumerate(series, start=1):
        axes = figure.add_subplot(down, across, number)
        axes.plot(steps, values, linewidth=1)
        axes.set_title(title, fontsize=9)
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.3)
        if min(values) > 0 and max(values) > 20 * min(values):
            axes.set_yscale("log")
    figure.savefig(path, dpi=110)
    return True


class Progress:
    """Progress of a run on stderr: a bar on a terminal, else one line per report.

    Args:
        name: of the run.
        steps: of the whole run.
        done: steps before this start.
    """

    def __init__(self, name: str, steps: int, done: int) -> None:
        self._name, self._steps, self._start = name, steps, done
        self._began = time.monotonic()
        self._bar: Any = None
        if sys.stderr.isatty():
            self._bar = _bar()
            self._task = self._bar.add_task(name, total=steps, completed=done, figures="")

    def step(self, done: int) -> None:
        """Update the bar."""
        if self._bar is not None:
            self._bar.update(self._task, completed=done)

    def report(self, done: int, figures: Mapping[str, float]) -> None:
        """Print the mean losses of the last steps."""
        text = "  ".join(f"{name} {value:.4g}" for name, value in figures.items())
        seconds = time.monotonic() - self._began
        pace = (done - self._start) / max(seconds, 1e-9)
        if self._bar is not None:
            self._bar.update(self._task, completed=done, figures=f"{pace:.2f} steps/s  {text}")
            return
        left = (self._steps - done) / max(pace, 1e-9) / 60
        line = f"{self._name}: step {done}/{self._steps}  {pace:.2f} steps/s  {left:.0f} min left"
        print(f"{line}  {text}", file=sys.stderr, flush=True)

    def log(self, line: str) -> None:
        """Print a line."""
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False)
        else:
            print(f"{self._name}: {line}", file=sys.stderr, flush=True)

    def __enter__(self) -> Progress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}", markup=False),
    )
    return RichProgress(*columns, console=Console(stderr=True))


def _read(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [dict(row) for row in csv.DictReader(file) if row.get("step", "").isdigit()]


def _column(rows: list[dict[str, str]], name: str) -> tuple[list[int], list[float]]:
    points = [(int(row["step"]), float(row[name])) for row in rows if row.get(name)]
    return [step for step, _ in points], [value for _, value in points]
