"""Learning curves of several training runs in one plot, a panel for each development set.

python -m models.evaluate.learning_curves curves.png runs/hrnet runs/cpm
python -m models.evaluate.learning_curves curves.png runs/* --figure found
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from blazetrack.errors import InputError, did_you_mean
from models.common import command
from models.train.logging import Curve

__all__ = ["Points", "app", "draw_comparison", "read_points"]

Points = dict[str, dict[str, tuple[list[int], list[float]]]]
"""Development set → run → steps and values."""

app = command.new_app("Compare training runs.")


@app.command()
def main(
    out: Annotated[Path, typer.Argument(help="PNG or SVG file.")],
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs.")],
    figure: Annotated[str, typer.Option(help="Figure of the development sets.")] = "pck",
) -> None:
    """Plot a figure of the development sets against the steps, a line for each run."""
    if out.suffix not in (".png", ".svg"):
        raise InputError(f"learning_curves: expected a file that ends in .png or .svg, got {out}")
    draw_comparison(read_points(runs, figure), figure, out)
    print(f"{out}: {len(runs)} runs")


def read_points(runs: Sequence[Path], figure: str) -> Points:
    """One figure of the development sets of runs, from their `dev.csv`.

    Args:
        runs: folders; the last part is the name of the run.
        figure: such as `pck`.

    Raises:
        InputError: a run has no curve, or not this figure.
    """
    points: Points = {}
    for run in runs:
        rows = Curve(run / "dev.csv", 1 << 62).rows if (run / "dev.csv").is_file() else []
        if not rows:
            raise InputError(f"learning_curves: no development figures in {run}: expected dev.csv")
        columns = [name for name in rows[0] if name.endswith(f" {figure}")]
        if not columns:
            known = sorted({name.split(" ", 1)[1] for name in rows[0] if " " in name})
            raise InputError(
                f"learning_curves: {run}: no figure {figure!r}; {did_you_mean(figure, known)}"
            )
        for column in columns:
            known_rows = [row for row in rows if row[column]]
            points.setdefault(column.removesuffix(f" {figure}"), {})[run.name] = (
                [int(row["step"]) for row in known_rows],
                [float(row[column]) for row in known_rows],
            )
    return points


def draw_comparison(points: Mapping[str, Mapping[str, Any]], figure: str, path: Path) -> None:
    """Plot what `read_points` returns.

    Raises:
        InputError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError(
            'learning_curves: needs matplotlib: pip install "blazetrack[train]"'
        ) from error
    drawing = Figure(figsize=(3.6 * len(points) + 1.8, 3.2), layout="constrained")
    panels = drawing.subplots(1, len(points), squeeze=False)[0]
    first = next(iter(points.values()))
    order = sorted({run for runs in points.values() for run in runs})
    order.sort(key=lambda run: -first[run][1][-1] if run in first else 0.0)
    for axes, (name, runs) in zip(panels, points.items(), strict=True):
        for number, run in enumerate(order):
            if run in runs:
                axes.plot(*runs[run], color=f"C{number}", marker=".", linewidth=1.2, label=run)
        axes.set_title(f"{name} {figure}", fontsize=9)
        axes.set_xlabel("step", fontsize=8)
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.3)
    # In the order of the last values of the first panel.
    drawing.legend(*panels[0].get_legend_handles_labels(), loc="outside right center", fontsize=8)
    drawing.savefig(path, dpi=110)


if __name__ == "__main__":
    command.run(app, "models.evaluate.learning_curves")
