"""A clip in the rerun viewer: picture, people, space and angles on one time line.

    python examples/rerun_curve.py clip.mp4 clip.rrd && rerun clip.rrd

`blazetrack run clip.mp4 --view rerun` shows the same live. One angle here is of one's own: how far
the trunk leans. Needs rerun-sdk: pip install "blazetrack[rerun]".
"""

from __future__ import annotations

import sys

from blazetrack import PoseTracker, open_sink, open_source
from blazetrack.angles import parse_angle


def main(source: str = "clip.mp4", file: str = "clip.rrd", model: str = "full") -> None:
    """Track a clip into a file of the viewer."""
    lean = parse_angle("lean=mid_hip,nose")
    with (
        PoseTracker(model) as tracker,
        open_source(source) as frames,
        open_sink(file, skeleton=tracker.skeleton, angles=[lean]) as viewer,
    ):
        for frame in frames:
            viewer.write(frame, tracker(frame))


if __name__ == "__main__":
    main(*sys.argv[1:4])
