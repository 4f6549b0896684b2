"""An output of your own beside those of blazetrack: how high the right wrist is, as text.

python examples/own_output.py SOURCE

The command line takes it too, where Python finds this file: --out own_output:Height
"""

import sys
from typing import Any

from blazetrack import Frame, Poses, PoseTracker, open_source
from blazetrack.runner import run
from blazetrack.sinks import Sink, open_sink


class Height(Sink):
    """Prints a line per frame with a person."""

    def __init__(self) -> None:
        super().__init__("height")

    def write(self, frame: Frame, poses: Poses, picture: Any = None) -> None:
        for person in poses:
            height_px = frame.height - person["right_wrist"].xy[1]
            print(f"{frame.time_s:.2f} s: person {person.id}, {'#' * int(height_px / 10)}")

    def close(self) -> None:
        return


if __name__ == "__main__":
    with open_source(sys.argv[1]) as source, PoseTracker("blaze_lite") as tracker:
        report = run(source, tracker, [Height(), open_sink("poses.jsonl")])
    print(f"{report.frames} frames, {report.fps:.0f} frames/s")
