"""Sinks: `Poses` and pictures → outside. `open_sink(text)` opens any of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import PurePath

from blazetrack.angles import Angle
from blazetrack.common.imports import import_name, is_import, make
from blazetrack.errors import SinkError, did_you_mean
from blazetrack.sinks.base import Sink
from blazetrack.skeleton import BLAZEPOSE33, Skeleton

__all__ = ["SINKS", "Sink", "open_sink"]

SINKS: dict[str, str] = {
    ".mp4": "blazetrack.sinks.video:VideoSink",
    ".jsonl": "blazetrack.sinks.jsonl:JsonlSink",
    ".csv": "blazetrack.sinks.csv:CsvSink",
    **dict.fromkeys((".jpg", ".jpeg", ".png", ".webp"), "blazetrack.sinks.picture:PictureSink"),
    ".trc": "blazetrack.sinks.trc:TrcSink",
    ".mot": "blazetrack.sinks.mot:MotSink",
    ".bvh": "blazetrack.sinks.bvh:BvhSink",
    ".json": "blazetrack.sinks.coco:CocoSink",
    ".parquet": "blazetrack.sinks.parquet:ParquetSink",
    ".rrd": "blazetrack.sinks.rerun:RerunSink",
    "udp://": "blazetrack.sinks.udp:UdpSink",
    "ws://": "blazetrack.sinks.websocket:WebSocketSink",
    "osc://": "blazetrack.sinks.osc:OscSink",
    "virtual_camera": "blazetrack.sinks.virtual_camera:VirtualCameraSink",
    "rerun": "blazetrack.sinks.rerun:RerunSink",
    "folder/": "blazetrack.sinks.folder:FolderSink",
    "window": "blazetrack.views.window:Window",
}
"""A name, a scheme or a file's ending → class; but for names it gets the path or the address.

`window` is a view, in a layer above; like a sink of one's own, it is imported by name only.
"""


def open_sink(
    text: str | os.PathLike[str],
    *,
    skeleton: Skeleton = BLAZEPOSE33,
    threads: int = 1,
    angles: Sequence[Angle] = (),
) -> Sink:
    """Open the sink that a text names; a file is created at its first frame.

    Args:
        text: a path with an ending in `SINKS`, such as `.mp4`, `.jsonl` or `.csv`; a folder, which
            is there or whose name ends in `/`; `-`, JSON Lines on stdout; `window`; `udp://`,
            `ws://` or `osc://HOST:PORT`; `virtual_camera`; or `rerun`. Or a `Sink` of your own:
            `module:Name`, also with options: `mine.out:Lamp?port=9000`. It gets `skeleton`,
            `threads` and `angles` where it has parameters of these names.
        skeleton: keypoint set of the poses.
        threads: encoder threads for a video; 0 leaves the number to the encoder.
        angles: columns of a table behind the standard angles, such as from `parse_angle`.

    Raises:
        SinkError: unknown ending, no such folder, not allowed to write, or no display.
    """
    word, ending = os.fspath(text), PurePath(text).suffix.lower()
    options = ""
    arguments: tuple[object, ...] = (text,)
    first, scheme = word.partition("?")[0], word.partition("://")[0] + "://"
    if word == text and first.isidentifier() and first in SINKS:
        name, options, arguments = SINKS[first], word, ()
    elif word == text and scheme in SINKS:
        name, options, arguments = SINKS[scheme], word, (first,)
    elif word == "-":
        name = SINKS[".jsonl"]
    elif word.endswith(("/", os.sep)):
        name = SINKS["folder/"]
    elif ending in SINKS:
        name = SINKS[ending]
    elif os.path.isdir(os.path.expanduser(word)):
        name = SINKS["folder/"]
    elif word == text and is_import(word):
        name, options, arguments = word.partition("?")[0], word, ()
    else:
        raise SinkError(
            f"{word!r}: expected {', '.join(key for key in SINKS if key.isidentifier())}, "
            "module:Name, udp://, ws:// or osc://HOST:PORT, a folder/, or a file that ends in "
            f"{' '.join(key for key in SINKS if key[0] == '.')}, got "
            f"{f'the ending {ending!r}' if ending else 'no ending'}; "
            f"{did_you_mean(ending or word, SINKS)}"
        )
    factory = import_name(name, "output", SinkError, SINKS)
    offered = {"skeleton": skeleton, "threads": threads, "angles": angles}
    sink: Sink = make(Sink, factory, options, SinkError, *arguments, offered=offered)
    return sink
