"""A progress bar with frames per second, on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from blazetrack.types import Frame, Poses

__all__ = ["progress"]


@contextmanager
def progress(total: int | None, *, hidden: bool) -> Iterator[Callable[[Frame, Poses], None]]:
    """Show the progress of a run; the result is to be called after each frame.

    `total` is the number of frames, None if unknown. Without a terminal nothing is shown.
    """
    if hidden or not sys.stderr.isatty():
        yield lambda frame, poses: None
        return
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.SpinnerColumn(), rich.TextColumn("{task.description}"), rich.BarColumn(),
        rich.MofNCompleteColumn(), rich.TextColumn("{task.fields[fps]}"),
        rich.TimeRemainingColumn(),
    )  # fmt: skip
    with rich.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("tracking", total=total, fps="")

        def on_frame(frame: Frame, poses: Poses) -> None:
            speed = bar.tasks[0].speed
            fps = "" if speed is None else f"{speed:.0f} frames/s"
            state = "following" if len(poses) else "searching"
            bar.update(task, advance=1, fps=fps, description=state)

        yield on_frame
