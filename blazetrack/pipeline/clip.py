"""`track`: all frames of a source in one call, as arrays per person."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any

from blazetrack.pipeline.tracker import PoseTracker
from blazetrack.recording import Recording, record
from blazetrack.sources import open_source
from blazetrack.types import Frame, Poses

__all__ = ["track"]


def track(
    source: str | int | PathLike[str],
    model: str | Path | None = None,
    *,
    progress: bool | None = None,
    **options: Any,
) -> Recording:
    """Track people through a whole clip.

    Args:
        source: a file, a folder of pictures, or another source that ends; see `open_source`.
        model: landmark model, as for `PoseTracker`.
        progress: show the number of frames on stderr; None does so on a terminal.
        options: of `PoseTracker`, such as `people=2`.

    Returns:
        Times `(T,)` and sizes of all frames, and for each person, by id, the arrays of the frames
        with that person: `track("clip.mp4").people[1].landmarks_px`.

    Raises:
        SourceError: the source cannot be opened or read.
        BlazetrackError: as `PoseTracker`.
    """
    shown = sys.stderr.isatty() if progress is None else progress
    with PoseTracker(model, **options) as tracker, open_source(source) as frames:
        pairs = ((frame, tracker(frame)) for frame in frames)
        return record(str(source), _counted(pairs) if shown else pairs, tracker.skeleton)


def _counted(pairs: Iterator[tuple[Frame, Poses]]) -> Iterator[tuple[Frame, Poses]]:
    """The same pairs, with their number and the frames per second on stderr."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("tracking, frames"), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True)) as bar:
        yield from bar.track(pairs, total=None)
