"""Warn where a person leans by over 30 degrees for a second and more.

python examples/posture_alarm.py [SOURCE]
"""

import sys

from blazetrack import PoseTracker, open_source

MAX_DEG, PATIENCE_S = 30.0, 1.0

source = sys.argv[1] if len(sys.argv) > 1 else "0"
since_s = None  # when the leaning began
with PoseTracker("blaze_lite") as tracker:
    for frame in open_source(source):
        poses = tracker(frame)
        leans = len(poses) > 0 and poses[0].angle("trunk") > MAX_DEG
        if not leans:
            since_s = None
        elif since_s is None:
            since_s = frame.time_s
        elif frame.time_s - since_s > PATIENCE_S:
            print(f"{frame.time_s:.1f} s: sit up straight")
            since_s = frame.time_s
print("end of the source")
