"""Write a film with a blurred background, by the masks of the people.

python examples/blur_background.py SOURCE FILM.mp4
"""

import sys

import cv2
import numpy as np

from blazetrack import PoseTracker, open_sink, open_source

source, target = sys.argv[1:]
with PoseTracker("full", people=4, masks=True) as tracker, open_sink(target) as film:
    for frame in open_source(source):
        poses = tracker(frame)
        share = np.zeros(frame.image.shape[:2], np.float32)  # probability of a person, per pixel
        if poses.masks is not None and len(poses):
            share = poses.masks.max(axis=0)
        blurred = cv2.GaussianBlur(frame.image, (0, 0), sigmaX=12)
        picture = share[..., None] * frame.image + (1 - share[..., None]) * blurred
        film.write(frame, poses, picture.astype(np.uint8))
print(f"wrote {target}")
