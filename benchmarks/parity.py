"""Parity with the reference: the same frames through blazetrack and mediapipe 0.10.21.

    python -m benchmarks.parity [--model NAME] [--json FILE] [--data FOLDER] [--only TEXT]

Exit code 0 if every limit holds, 1 if one does not, 2 if it could not be measured.
The first run installs mediapipe 0.10.21 into an environment of its own (`reference/`). `lite` and
`heavy` are fetched with npm; without it they are skipped.
"""

from __future__ import annotations

import math
import platform
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from types import MappingProxyType
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
from benchmarks.reference.environment import MEDIAPIPE, reference_python
from benchmarks.reference.landmark_files import COMPLEXITIES, available_models
from benchmarks.reference.results import (
    SequenceResult,
    save_frames,
    track_with_solutions,
    track_with_tasks,
)
from benchmarks.report import check_writable, exit_2_on_error, write_json
from blazetrack.errors import BlazetrackError, InputError, did_you_mean
from blazetrack.pipeline import PoseTracker

__all__ = ["Section", "main", "track_with_blazetrack"]

KEYPOINTS = 33
FRAME_S = 0.033333  # the fixed step of `mp.solutions`: 33333 µs a frame


@dataclass(frozen=True, slots=True)
class Section:
    """One set of frames under one graph with one model: its checks, or the reason of a skip."""

    frames: str
    graph: str
    model: str
    checks: tuple[Check, ...] = ()
    skipped: str | None = None

    @property
    def passed(self) -> bool:
        """True also where it was skipped; the reason is printed."""
        return all(check.passed for check in self.checks)


def main(
    models: Annotated[
        list[str] | None,
        typer.Option("--model", help="lite, full or heavy; repeat it.", show_default="all three"),
    ] = None,
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
        wanted = _check_models(models or COMPLEXITIES)
        with Console(stderr=True).status("running both pipelines") as status:
            missing = _unavailable(wanted)
            sections = []
            for one in chosen:
                status.update(one.name)
                sections += measure(one, wanted, missing)
        console.print(table(sections))
        for reason in sorted({section.skipped for section in sections if section.skipped}):
            console.print(f"skipped: {reason}", soft_wrap=True, markup=False)
        write_json(json_file, report(sections))
        if all(section.skipped for section in sections):
            raise BlazetrackError("parity: everything was skipped, so nothing was measured")
    raise SystemExit(0 if all(section.passed for section in sections) else 1)


def measure(
    frames: FrameSet,
    models: Sequence[str] = COMPLEXITIES,
    missing: Mapping[str, str] = MappingProxyType({}),
) -> list[Section]:
    """Run both pipelines over one set: legacy graph, for still pictures also the tasks graph.

    Args:
        frames: to run on.
        models: landmark networks, names of `COMPLEXITIES`.
        missing: network that is not available → reason.
    """
    graphs = ["mediapipe_legacy", "mediapipe_tasks"] if frames.static else ["mediapipe_legacy"]
    runs = [(graph, model) for graph in graphs for model in models]
    if frames.needs is not None and not frames.needs.exists():
        missing = dict.fromkeys(models, f"no {frames.needs}")
    with tempfile.TemporaryDirectory(prefix="blazetrack-parity-") as name:
        folder = Path(name)
        if set(models) - missing.keys():
            save_frames(frames.images(), folder)
        return [
            Section(frames.name, graph, model, skipped=missing[model])
            if model in missing
            else _measure_graph(frames, graph, model, folder)
            for graph, model in runs
        ]


def _measure_graph(frames: FrameSet, graph: str, model: str, folder: Path) -> Section:
    if graph == "mediapipe_tasks":
        theirs, limits = track_with_tasks(folder, model), TASKS_LIMITS
    else:
        complexity = COMPLEXITIES.index(model)
        theirs = track_with_solutions(folder, static=frames.static, complexity=complexity)
        limits = STATIC_LIMITS if frames.static else CLIP_LIMITS
    ours = track_with_blazetrack(folder, graph, model, static=frames.static)
    return Section(frames.name, graph, model, tuple(check_limits(compare(ours, theirs), limits)))


def _check_models(names: Sequence[str]) -> list[str]:
    for name in names:
        if name not in COMPLEXITIES:
            hint = did_you_mean(name, COMPLEXITIES)
            raise InputError(f"--model {name}: MediaPipe has no such network; {hint}")
    return [name for name in COMPLEXITIES if name in names]


def _unavailable(models: Sequence[str]) -> dict[str, str]:
    """Network that the reference lacks → reason."""
    if list(models) == ["full"]:
        return {}
    names, reason = available_models(reference_python(MEDIAPIPE))
    return {name: str(reason) for name in models if name not in names}


def track_with_blazetrack(folder: Path, graph: str, model: str, *, static: bool) -> SequenceResult:
    """Run blazetrack over a folder of saved frames.

    Args:
        folder: written by `save_frames`.
        graph: name of a graph file.
        model: landmark model.
        static: reset the tracker before each frame. The first value passes every filter
            unchanged, so this is the unsmoothed result of that frame alone.
    """
    paths = sorted(folder.glob("*.npy"))
    found = np.zeros(len(paths), bool)
    landmarks_px = np.full((len(paths), KEYPOINTS, 3), np.nan)
    world_m = np.full((len(paths), KEYPOINTS, 3), np.nan)
    visibility = np.full((len(paths), KEYPOINTS), np.nan)
    with PoseTracker(model, graph=graph, threads=1) as tracker:
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
    for name in ("frames, graph, model", "measured"):
        out.add_column(name, no_wrap=True)
    for name in ("value", "limit", "holds"):
        out.add_column(name, justify="right")
    for section in sections:
        titles = chain((section.frames, section.graph, section.model), repeat(""))
        if section.skipped:
            out.add_row(next(titles), "skipped")
            out.add_row(next(titles))
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
                "model": section.model,
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
