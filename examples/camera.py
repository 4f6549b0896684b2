"""Print the people of a camera and the frames per second until Ctrl-C.

python examples/camera.py [SOURCE]
"""

import sys
import time

from blazetrack import PoseTracker, open_source
from blazetrack.errors import BlazetrackError


def main(source: str) -> None:
    begin_s = time.monotonic()
    with PoseTracker("blaze_lite", people=2) as tracker:
        for frame in open_source(source):
            poses = tracker(frame)
            fps = (frame.index + 1) / (time.monotonic() - begin_s)
            people = ", ".join(f"person {person.id}" for person in poses) or "no person"
            print(f"frame {frame.index}: {people}, {fps:.0f} frames/s")


try:
    main(sys.argv[1] if len(sys.argv) > 1 else "0")
except BlazetrackError as error:
    sys.exit(f"camera.py: {error}")  # such as a camera that is not there
except KeyboardInterrupt:
    pass
