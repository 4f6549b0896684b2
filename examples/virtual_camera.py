"""A camera for video calls that shows the skeleton only, not the person or the room.

    python examples/virtual_camera.py 0

`blazetrack run 0 --out virtual_camera` sends the picture with the skeleton on it. Needs
pyvirtualcam, pip install "blazetrack[virtual-camera]", and a virtual camera of the system:
v4l2loopback on Linux, that of OBS on Windows and macOS.
"""

from __future__ import annotations

import sys

import numpy as np

from blazetrack import PoseTracker, draw_poses, open_sink, open_source


def main(source: str = "0", model: str = "lite") -> None:
    """Send skeletons on black until the source ends."""
    with (
        PoseTracker(model, people=2) as tracker,
        open_source(source) as frames,
        open_sink("virtual_camera", skeleton=tracker.skeleton) as camera,
    ):
        for frame in frames:
            poses = tracker(frame)
            picture = draw_poses(np.zeros_like(frame.image), poses, tracker.skeleton)
            camera.write(frame, poses, picture)


if __name__ == "__main__":
    main(*sys.argv[1:3])
