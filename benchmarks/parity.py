"""Parity with the reference: the same frames through blazetrack and mediapipe 0.10.21.

    python -m benchmarks.parity [--json FILE] [--data FOLDER] [--only TEXT]

Exit code 0 if every limit holds, 1 if one does not, 2 if it could not be measured.
The first run installs mediapipe 0.10.21 into an environment of its own (`reference/`).
"""

from __future__ import annotations

import math
import platform
import tempfile
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.differences import (
    CLIP_LIMITS,
    STATIC_LIMITS,
    TASKS_LIMITS,
    Check,
    check_limits,
    compare,
)
from benchmarks.frame_sets import DATA, FrameSet, frame_sets
from benchmarks.machine import package_versions
from benchmarks.reference.environment import MEDIAPIPE
from benchmarks.reference.results import (
    SequenceResult,
    save_frames,
    track_with_solutions,
    track_with_tasks,
)
from benchmarks.report import check_writable, exit_2_on_error, write_json
from blazetrack.errors import BlazetrackError
from blazetrack.pipeline import PoseTracker

__all__ = ["Section", "main", "track_with_blazetrack"]

KEYPOINTS = 33
FRAME_S = 0.033333  # the fixed step of `mp.solutions`: 33333 µs a frame


@dataclass(frozen=True, slots=True)
class Section:
    """One set of frames under one graph: its checks, or the reason why it was skipped."""

    frames: str
    graph: str
    checks: tuple[Check, ...] = ()
    skipped: str | None = None

    @property
    def passed(self) -> bool:
        """True also where it was skipped; the reason is printed."""
        return all(check.passed for check in self.checks)


def main(
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write it here.")] = None,
    data: Annotated[
        Path, typer.Option(help="Folder with golden/ and coco_dev/.", show_default="../shared/data")
    ] = DATA,
    only: Annotated[str, typer.Option(help="Only the sets whose name contains this.")] = "",
) -> None:
    """Compare blazetrack with mediapipe 0.10.21 on the same frames."""
    console = Console()
    chosen = [one for one in frame_sets(data) if only in one.name]
    with exit_2_on_error():
        if not chosen:
            raise BlazetrackError(f"parity: no set of frames has {only!r} in its name")
        check_writable(json_file)
        with Console(stderr=True).status("running both pipelines"):
            sections = [section for one in chosen for section in measure(one)]
        console.print(table(sections))
        for reason in sorted({section.skipped for section in sections if section.skipped}):
            console.print(f"skipped: {reason}", soft_wrap=True, markup=False)
        write_json(json_file, report(sections))
        if all(section.skipped for section in sections):
            raise BlazetrackError("parity: everything was skipped, so nothing was measured")
    raise SystemExit(0 if all(section.passed for section in sections) else 1)


def measure(frames: FrameSet) -> list[Section]:
    """Run both pipelines over one set: legacy graph, for still pictures also the tasks graph."""
    graphs = ["mediapipe_legacy", "mediapipe_tasks"] if frames.static else ["mediapipe_legacy"]
    if frames.needs is not None and not frames.needs.exists():
        return [Section(frames.name, graph, skipped=f"no {frames.needs}") for graph in graphs]
    with tempfile.TemporaryDirectory(prefix="blazetrack-parity-") as name:
        folder = Path(name)
        save_frames(frames.images(), folder)
        return [_measure_graph(frames, graph, folder) for graph in graphs]


def _measure_graph(frames: FrameSet, graph: str, folder: Path) -> Section:
    if graph == "mediapipe_tasks":
        theirs, limits = track_with_tasks(folder), TASKS_LIMITS
    else:
        theirs = track_with_solutions(folder, static=frames.static)
        limits = STATIC_LIMITS if frames.static else CLIP_LIMITS
    ours = track_with_blazetrack(folder, graph, static=frames.static)
    return Section(frames.name, graph, tuple(check_limits(compare(ours, theirs), limits)))


def track_with_blazetrack(folder: Path, graph: str, *, static: bool) -> SequenceResult:
    """Run blazetrack over a folder of saved frames.

    Args:
        folder: written by `save_frames`.
        graph: name of a graph file.
        static: reset the tracker before each frame. The first value passes every filter
            unchanged, so this is the unsmoothed result of that frame alone.
    """
    paths = sorted(folder.glob("*.npy"))
    found = np.zeros(len(paths), bool)
    landmarks_px = np.full((len(paths), KEYPOINTS, 3), np.nan)
    world_m = np.full((len(paths), KEYPOINTS, 3), np.nan)
    visibility = np.full((len(paths), KEYPOINTS), np.nan)
    with PoseTracker("full", graph=graph, threads=1) as tracker:
        for row, path in enumerate(paths):
            if static:
                tracker.reset()
            poses = tracker.process(np.load(path), time_s=row * FRAME_S)
            if len(poses):
                found[row] = True
                landmarks_px[row] = poses.landmarks_px[0]
                world_m[row] = poses.world_landmarks_m[0]
                visibility[row] = poses.visibility[0]
        return SequenceResult(found, landmarks_px, world_m, visibility, tracker.detector_runs)


def table(sections: list[Section]) -> Table:
    """One row per measured value."""
    out = Table(title=f"blazetrack and {MEDIAPIPE}, same frames")
    for name in ("frames, graph", "measured"):
        out.add_column(name, no_wrap=True)
    for name in ("value", "limit", "holds"):
        out.add_column(name, justify="right")
    for section in sections:
        titles = chain((section.frames, section.graph), repeat(""))
        if section.skipped:
            out.add_row(next(titles), "skipped")
            out.add_row(next(titles))
        for title, check in zip(titles, section.checks, strict=False):
            limit = "" if check.limit is None else f"{check.limit:g}"
            holds = "" if check.limit is None else ("yes" if check.passed else "[red]NO[/red]")
            out.add_row(title, check.name, f"{check.value:.4g}", limit, holds)
        out.add_section()
    return out


def report(sections: list[Section]) -> dict[str, Any]:
    """The JSON report, with null instead of NaN."""
    return {
        "reference": MEDIAPIPE,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "packages": package_versions(),
        "passed": all(section.passed for section in sections),
        "sections": [
            {
                "frames": section.frames,
                "graph": section.graph,
                "skipped": section.skipped,
                "passed": section.passed,
                "checks": [_plain(check) for check in section.checks],
            }
            for section in sections
        ],
    }


def _plain(check: Check) -> dict[str, Any]:
    value = check.value if math.isfinite(check.value) else None
    return {"name": check.name, "value": value, "limit": check.limit, "passed": check.passed}


if __name__ == "__main__":
    typer.run(main)
