"""Write a film with the skeletons on it.

python examples/draw_film.py SOURCE FILM.mp4
"""

import sys

from blazetrack import PoseTracker, open_sink, open_source

source, target = sys.argv[1:]
with PoseTracker() as tracker, open_sink(target) as film:
    for frame in open_source(source):
        film.write(frame, tracker(frame))
print(f"wrote {target}")
