"""Find the people of a picture: draw them, and print where their noses are.

python examples/draw_picture.py PICTURE DRAWN.png
"""

import sys

from blazetrack import PoseTracker, open_sink, open_source

source, target = sys.argv[1:]
with PoseTracker(people=10, static=True) as tracker, open_sink(target) as drawn:
    for frame in open_source(source):
        poses = tracker(frame)
        for person in poses:
            x, y = person["nose"].xy
            print(f"person {person.id}: score {person.score:.2f}, nose at {x:.0f}, {y:.0f} px")
        drawn.write(frame, poses)
