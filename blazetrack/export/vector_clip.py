"""The clip of the test vectors: a person who is lost, returns, is lost for long, and a cut."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from blazetrack.sources.synthetic import SyntheticSource
from blazetrack.types import Frame

__all__ = ["CLIP_FRAMES", "vector_clip"]

FPS = 10.0
# Black frames: a short loss, after which the id returns, and one that is longer than `identify`
# keeps a lost person. Tests of the detector's orientations need more than four in a row.
BLACK = (range(12, 14), range(22, 34))
CUT = 46  # the first frame of another scene
CLIP_FRAMES = 56
SIZE_WH = (480, 360)
SEEDS = (0, 3)  # of both scenes


def vector_clip() -> Iterator[Frame]:
    """The frames, 10 a second."""
    scenes = [SyntheticSource(frames=CLIP_FRAMES, size=SIZE_WH, fps=FPS, seed=s) for s in SEEDS]
    for index in range(CLIP_FRAMES):
        frame = scenes[index >= CUT].frame(index)
        if any(index in black for black in BLACK):
            frame = Frame(np.zeros_like(frame.image), frame.index, frame.time_s)
        yield frame
