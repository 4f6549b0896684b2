"""Count squats by the angle of the knees, with a margin so that a small movement counts once.

python examples/squat_counter.py SOURCE
"""

import sys

from blazetrack import PoseTracker, open_source

DOWN_DEG, UP_DEG = 110.0, 150.0

count, is_down = 0, False
with PoseTracker() as tracker:
    for frame in open_source(sys.argv[1]):
        for person in tracker(frame):
            knee_deg = (person.angle("left_knee") + person.angle("right_knee")) / 2
            if knee_deg < DOWN_DEG:
                is_down = True
            elif knee_deg > UP_DEG and is_down:
                count, is_down = count + 1, False
                print(f"{frame.time_s:.1f} s: squat {count}")
print(f"{count} squats")
