"""The fixed list of pictures and clips of `benchmarks.parity`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.sources import open_source
from blazetrack.sources.synthetic import SyntheticSource

__all__ = ["DATA", "FrameSet", "frame_sets"]

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
"""Pictures and clips outside the project; sets that need them are skipped without."""

PICTURES = 20
CLIP_FRAMES = 120
STILL_SIZES = ((640, 480), (480, 640), (1000, 667), (1280, 720))

Images = Iterator[NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class FrameSet:
    """A named sequence of frames.

    Attributes:
        name: for the report.
        static: unrelated pictures, else a clip.
        images: iterates over the frames, `(H, W, 3)` uint8 RGB.
        needs: file or folder without which the set is skipped.
    """

    name: str
    static: bool
    images: Callable[[], Images]
    needs: Path | None = None


def frame_sets(data: Path = DATA) -> list[FrameSet]:
    """All sets, in the order of the report."""
    golden, coco = data / "golden", data / "coco_dev" / "images"
    picture, clip = golden / "pose.jpg", golden / "pose_squats.mp4"
    return [
        FrameSet("golden/pose.jpg", True, partial(_source, picture), picture),
        FrameSet(f"{PICTURES} synthetic stills", True, _synthetic_stills),
        FrameSet(f"{PICTURES} of coco_dev", True, partial(_pictures, coco), coco),
        FrameSet("golden/pose_squats.mp4", False, partial(_source, clip), clip),
        FrameSet("synthetic: exercises", False, partial(_synthetic_clip, "exercises")),
        FrameSet("synthetic: leaves", False, partial(_synthetic_clip, "leaves")),
    ]


def _source(path: Path) -> Images:
    with open_source(str(path)) as frames:
        for frame in frames:
            yield frame.image


def _pictures(folder: Path) -> Images:
    """The first pictures of a folder, by name."""
    for path in islice(sorted(folder.glob("*.jpg")), PICTURES):
        yield from _source(path)


def _synthetic_stills() -> Images:
    for seed in range(PICTURES):
        size = STILL_SIZES[seed % len(STILL_SIZES)]
        yield from _drawn(scene="still", frames=1, size=size, seed=seed)


def _synthetic_clip(scene: str) -> Images:
    yield from _drawn(scene=scene, frames=CLIP_FRAMES, size=(640, 480), seed=0)


def _drawn(**options: Any) -> Images:
    with SyntheticSource(**options) as frames:
        for frame in frames:
            yield frame.image
