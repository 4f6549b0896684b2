"""Bone lengths of a recording, and how far `.bvh` moves the joints to keep them constant.

blazetrack run CLIP --out poses.jsonl && python -m benchmarks.bones poses.jsonl [--json FILE]
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.report import check_writable, exit_2_on_error, write_json
from blazetrack.errors import InputError
from blazetrack.recording import Float, Recording, read_recording
from blazetrack.sinks.bones import BONES, fit_lengths, joint_points
from blazetrack.sinks.trc import upright

__all__ = ["main", "report"]

MAX_APART_CM = 2.0


def main(
    file: Annotated[Path, typer.Argument(help="A .jsonl of `blazetrack run`.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write it here.")] = None,
) -> None:
    """Print the lengths and the distances of the person seen in the largest number of frames."""
    console = Console()
    with exit_2_on_error():
        check_writable(json_file)
        found = report(read_recording(file))
        table = Table(title=str(file))
        for name in ("bone to", "median cm", "min", "max", "joint moved cm, mean", "95 %", "max"):
            table.add_column(name)
        for joint, row in found["joints"].items():
            table.add_row(joint, *(f"{value:.1f}" for value in row.values()))
        console.print(table)
        console.print(", ".join(f"{name} {value:.2f}" for name, value in found["all"].items()))
        write_json(json_file, found)


def report(recording: Recording) -> dict[str, Any]:
    """Lengths of the bones, and distances between landmarks and fitted joints, in centimetres."""
    if not recording.has_world or recording.skeleton is None:
        raise InputError(f"{recording.name}: expected people with world landmarks, got none")
    person = max(recording.people.values(), key=lambda one: len(one.rows))
    points = joint_points(upright(person.world_landmarks_m), recording.skeleton)
    fitted, _ = fit_lengths(points)
    apart = {name: 100 * np.linalg.norm(fitted[name] - points[name], axis=1) for name in points}
    joints = {}
    for parent, name in BONES:
        if name in points:
            length = 100 * np.linalg.norm(points[name] - points[parent], axis=1)
            lengths = {"median": np.median(length), "min": length.min(), "max": length.max()}
            joints[name] = {k: float(v) for k, v in lengths.items()} | _spread(apart[name])
    every = np.concatenate(list(apart.values()))
    within = {f"within {MAX_APART_CM:g} cm": float((every <= MAX_APART_CM).mean())}
    return {"joints": joints, "all": _spread(every) | within}


def _spread(apart_cm: Float) -> dict[str, float]:
    mean, top, high = apart_cm.mean(), np.percentile(apart_cm, 95), apart_cm.max()
    return {"mean cm": float(mean), "95 % cm": float(top), "max cm": float(high)}


if __name__ == "__main__":
    typer.run(main)
