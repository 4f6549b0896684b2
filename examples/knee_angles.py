"""Print the knee angles of a clip as a pandas table; needs the extra `pandas`.

python examples/knee_angles.py SOURCE
"""

import sys

import pandas as pd

from blazetrack import PoseTracker, open_source

rows = []
with PoseTracker() as tracker:
    for frame in open_source(sys.argv[1]):
        for person in tracker(frame):
            left, right = person.angle("left_knee"), person.angle("right_knee")
            rows.append({"time_s": frame.time_s, "id": person.id, "left": left, "right": right})
table = pd.DataFrame(rows, columns=["time_s", "id", "left", "right"])
print(table.round(1).to_string(index=False))
print(table[["left", "right"]].describe().round(1))
