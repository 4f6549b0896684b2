"""`Poses` and picture → outside: one door, `open_sink(text)`; the ending picks the kind."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import PurePath

from blazetrack.errors import SinkError, did_you_mean
from blazetrack.sinks.base import Sink
from blazetrack.skeleton import BLAZEPOSE33, Skeleton

__all__ = ["ENDINGS", "Sink", "open_sink"]

ENDINGS = (".mp4", ".jsonl", ".csv")


def open_sink(
    text: str | os.PathLike[str], *, skeleton: Skeleton = BLAZEPOSE33, threads: int = 1
) -> Sink:
    """Open whatever `text` names; a file is made when its first frame comes.

    Args:
        text: a path that ends in `.mp4`, `.jsonl` or `.csv`, or `window`.
        skeleton: names the columns of a table.
        threads: encoder threads for a video; 0 leaves the number to the encoder.

    Raises:
        SinkError: unknown ending, no such folder, not allowed to write, or no display.
    """
    if text == "window":
        sink: Sink = import_module("blazetrack.views.window").Window()
        return sink
    ending = PurePath(text).suffix.lower()
    if ending == ".mp4":
        from blazetrack.sinks.video import VideoSink

        return VideoSink(text, threads=threads)
    if ending == ".jsonl":
        from blazetrack.sinks.jsonl import JsonlSink

        return JsonlSink(text)
    if ending == ".csv":
        from blazetrack.sinks.csv import CsvSink

        return CsvSink(text, skeleton=skeleton)
    raise SinkError(
        f"{str(text)!r}: expected 'window' or a file that ends in {' '.join(ENDINGS)}, got "
        f"{f'the ending {ending!r}' if ending else 'no ending'}; "
        f"{did_you_mean(ending, ENDINGS)}"
    )
