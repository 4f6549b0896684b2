"""Print how far the hips of each of several people move, in pixels.

python examples/several_people.py SOURCE
"""

import sys

import numpy as np

from blazetrack import track

clip = track(sys.argv[1], people=6, progress=False)
hips = [clip.skeleton.index(name) for name in ("left_hip", "right_hip")]
for number, person in clip.people.items():
    middle_px = person.landmarks_px[:, hips, :2].mean(axis=1)
    way_px = np.linalg.norm(np.diff(middle_px, axis=0), axis=1).sum()
    seen = clip.time_s[person.rows]
    print(f"person {number}: {seen[0]:.1f} to {seen[-1]:.1f} s, {way_px:.0f} px")
