"""Drawn pictures of several people who overlap, with the labels of all that is seen.

People and rooms are those of the source `synthetic:crowd`; each picture is another scene.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from blazetrack.align.roi import circle_of_keypoints
from blazetrack.errors import InputError
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.synthetic import Clip
from blazetrack.synthetic.scene import SceneOptions
from models.data.annotated import AnnotatedImage, boxes_around
from models.data.lazy_sequence import LazySequence

__all__ = ["Crowds", "crowds"]

SIZE_WH = (320, 240)
FPS = 30.0
MAX_FRAME = 600  # of walking before the picture
MIN_SEEN = 0.6  # of a person with a higher share of visible keypoints, the hidden ones count too


def crowds(count: int, *, seed: int = 0) -> Crowds:
    """Pictures of 320×240 pixels, drawn on access; number `i` follows from `seed` and `i` alone.

    Raises:
        InputError: a number is out of range.
    """
    if count < 1 or seed < 0:
        expected = "1 or more pictures and a seed from 0"
        raise InputError(f"crowds: expected {expected}, got {count} and {seed}")
    return Crowds(range(count), seed)


@dataclass(frozen=True, slots=True, eq=False)
class Crowds(LazySequence[AnnotatedImage]):
    """The pictures of `crowds`."""

    numbers: range
    seed: int

    def __len__(self) -> int:
        return len(self.numbers)

    def part(self, rows: slice) -> Crowds:
        return replace(self, numbers=self.numbers[rows])

    def row(self, index: int) -> AnnotatedImage:
        return _draw(self.numbers[index], self.seed)

    @property
    def note(self) -> str:
        """One line for logs."""
        return f"crowds: {len(self)} drawn pictures, seed {self.seed}"

    @property
    def fingerprint(self) -> str:
        """Changes with the arguments and with what is drawn; 64 hex digits."""
        digest = hashlib.sha256(repr((self.numbers, self.seed)).encode())
        first = self[0]
        digest.update(first.image.tobytes() + first.points_px.tobytes())
        return digest.hexdigest()


def _draw(number: int, seed: int) -> AnnotatedImage:
    rng = np.random.default_rng((seed, 7, number))
    options = SceneOptions(frames=1, size=SIZE_WH, fps=FPS)
    clip = Clip("crowd", options, int(rng.integers(2**31)))
    frame = int(rng.integers(MAX_FRAME))
    image, truth = clip.image(frame), clip.truth(frame)
    whole = AnnotatedImage.empty(image, BLAZEPOSE33, np.float32)
    people = []
    for row, person in enumerate(truth.ids.tolist()):
        xy, seen = truth.landmarks_px[row], truth.visible[row]
        inside = ((xy >= 0) & (xy < SIZE_WH)).all(axis=1)
        known = inside if seen.mean() > MIN_SEEN else seen
        points = np.where(known[:, None], xy, np.nan)
        circle = circle_of_keypoints(xy, BLAZEPOSE33)
        if circle is not None and known.any():
            people.append(
                AnnotatedImage.of(
                    image,
                    BLAZEPOSE33,
                    points[None].astype(np.float32),
                    circle[None],
                    [f"crowds/{seed}-{number:05d}-{person}"],
                    visibility=np.where(known, seen, np.nan).astype(np.float32)[None],
                    boxes_px=boxes_around(points[None]).astype(np.float32),
                )
            )
    return whole.joined(people)
