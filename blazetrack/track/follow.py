"""Lock on one person and leave the others out."""

from __future__ import annotations

import re

import numpy as np

from blazetrack.errors import InputError, did_you_mean
from blazetrack.types import Frame, Poses

__all__ = ["Lock", "read_choice"]

Choice = int | str | tuple[float, float]

WORDS = ("largest", "center")
FORMS = "an id, largest, center or x,y in pixels"


def read_choice(text: Choice | None) -> Choice | None:
    """Whom to follow: an id from 1, `largest`, `center`, or a point `x,y` in image pixels.

    Raises:
        InputError: it is none of these.
    """
    if text is None or isinstance(text, tuple):
        return text
    if isinstance(text, str) and text in WORDS:
        return text
    words = str(text).strip()
    if re.fullmatch(r"\d+", words) and int(words):
        return int(words)
    number = r"\s*(\d+(?:\.\d*)?)\s*"
    if point := re.fullmatch(f"{number},{number}", words):
        return float(point[1]), float(point[2])
    hint = f"; {did_you_mean(words, WORDS)}" if words.isalpha() else ""
    raise InputError(f"follow: expected {FORMS}, got '{text}'{hint}")


class Lock:
    """Let only the chosen person through; everybody where nobody is to be chosen.

    People who may not be there at all, with ids below 0, are left out in any case.

    The choice falls once, on the person who fits best in the first frame with people, and stays
    with that id. While that person is out of sight nobody is let through; after `memory_s`
    `largest` and `center` choose anew, an id and a point do not.

    Args:
        follow: None for everybody, or what `read_choice` reads.
        memory_s: how long to wait for the person chosen.
    """

    def __init__(self, follow: int | str | None = None, memory_s: float = 5.0) -> None:
        self._memory_s = memory_s
        self.follow(follow)

    def follow(self, choice: Choice | None) -> None:
        """Choose somebody else from the next frame on; None is everybody.

        Raises:
            InputError: the choice is wrong.
        """
        self._choice = read_choice(choice)
        self.reset()

    def reset(self) -> None:
        """Forget who was chosen; choose again by the same rule."""
        self._chosen = self._choice if isinstance(self._choice, int) else None
        self._seen_s: float | None = None

    @property
    def chosen(self) -> int | None:
        """The id that is followed; None before the choice fell."""
        return self._chosen

    def __call__(self, poses: Poses, frame: Frame) -> Poses:
        choice = self._choice
        if len(poses) and poses.ids.min() < 0:  # see `Identity`
            poses = poses.take(poses.ids > 0)
        if choice is None:
            return poses
        away = self._seen_s is not None and frame.time_s - self._seen_s > self._memory_s
        if away and isinstance(choice, str):
            self.reset()
        if self._chosen is None and len(poses):
            self._chosen = self._choose(choice, poses, frame)
        rows = np.flatnonzero(poses.ids == (self._chosen or 0))
        if len(rows):
            self._seen_s = frame.time_s
        return poses.take(rows)

    def _choose(self, choice: Choice, poses: Poses, frame: Frame) -> int | None:
        if choice == "largest":
            return int(poses.ids[poses.radius_px.argmax()])
        if isinstance(choice, tuple):
            row = poses.at(choice)
            return None if row is None else int(poses.ids[row])  # nobody is there yet
        middle = (frame.width / 2, frame.height / 2)
        return int(poses.ids[poses.apart_radii(middle).argmin()])
