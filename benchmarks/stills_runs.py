"""Runs of `benchmarks.stills`: blazetrack and MediaPipe over the same frames."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.labelled_frames import LabelledFrames
from benchmarks.reference.environment import MEDIAPIPE, reference_python
from benchmarks.reference.landmark_files import COMPLEXITIES, available_models
from benchmarks.reference.results import save_frames, track_with_solutions
from blazetrack.errors import GraphError
from blazetrack.pipeline import PoseTracker, load_graph
from blazetrack.skeleton import BLAZEPOSE33
from models.evaluate.landmarks import track_frames
from models.evaluate.scores import Predictions

__all__ = [
    "Column",
    "Implementation",
    "options_of",
    "reference_name",
    "references",
    "run_all",
    "run_blazetrack",
]

Implementation = Callable[["Column"], list[Predictions]]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Frames that every implementation runs on, in one way.

    Attributes:
        title: in the table.
        clips: a data set of pictures, or clips.
        graph: of blazetrack.
        static: each frame is independent, else each clip is tracked.
        consecutive: frames of clips, so that steadiness is defined.
    """

    title: str
    clips: Sequence[LabelledFrames]
    graph: str
    static: bool
    consecutive: bool


def options_of(graphs: Sequence[str], options: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Graph → those of the options whose node or alias it has.

    Raises:
        GraphError: there is no such graph; none of them has an option's node.
    """
    out: dict[str, dict[str, Any]] = {graph: {} for graph in graphs}
    for key, value in options.items():
        refusals = []
        for graph in out:
            spec = load_graph(graph)
            try:
                spec.with_options({key: value})
            except GraphError as error:
                refusals.append(error)
            else:
                out[graph][key] = value
        if len(refusals) == len(out):
            raise refusals[0]
    return out


def references() -> tuple[list[int], str | None]:
    """Available complexities of MediaPipe; the reason where some are skipped."""
    names, reason = available_models(reference_python(MEDIAPIPE))
    return [COMPLEXITIES.index(name) for name in names], reason


def reference_name(complexity: int) -> str:
    return f"MediaPipe {COMPLEXITIES[complexity]}"


def run_all(
    column: Column,
    compared: Mapping[str, Implementation],
    reference: Sequence[int],
    progress: Callable[[str], None],
) -> Iterator[tuple[str, list[Predictions]]]:
    """Name → predictions of one column, blazetrack first."""
    for name, run in compared.items():
        progress(f"{column.title}: {name}")
        yield name, run(column)
    if not reference:
        return
    with tempfile.TemporaryDirectory(prefix="blazetrack-stills-") as name:
        for number, clip in enumerate(column.clips):
            folder = Path(name) / f"{number:04d}"
            folder.mkdir()
            save_frames((frame.image for frame in clip.frames), folder)
        for complexity in reference:
            title = reference_name(complexity)
            progress(f"{column.title}: {title}")
            yield title, _run_solutions(complexity, Path(name), column)


def run_blazetrack(
    model: str, detector: str | None, options: Mapping[str, dict[str, Any]], column: Column
) -> list[Predictions]:
    with PoseTracker(
        model, detector=detector, graph=column.graph, options=options[column.graph]
    ) as tracker:
        return [track_frames(tracker, clip.frames, static=column.static) for clip in column.clips]


def _run_solutions(complexity: int, folder: Path, column: Column) -> list[Predictions]:
    result = track_with_solutions(folder, static=column.static, complexity=complexity)
    ends = np.cumsum([len(clip.frames) for clip in column.clips])[:-1]
    return [
        Predictions(BLAZEPOSE33, points[..., :2], np.full(len(points), np.nan))
        for points in np.split(result.landmarks_px, ends)
    ]
