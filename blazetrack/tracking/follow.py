"""The follow node: pass on only the followed person."""

from __future__ import annotations

import re

import numpy as np

from blazetrack.errors import InputError, did_you_mean
from blazetrack.types import Frame, Poses

__all__ = ["Choice", "Follow", "parse_choice"]

Choice = int | str | tuple[float, float]

WORDS = ("largest", "center")
MAX_PX = 1e9  # of a point


def parse_choice(value: Choice | None) -> Choice | None:
    """The followed person: an id from 1, `largest`, `center`, or a point `x,y` in image pixels.

    Raises:
        InputError: it is none of these.
    """
    if isinstance(value, tuple) and [abs(one) < MAX_PX for one in value] == [True, True]:
        return value  # false for NaN
    if value is None or (isinstance(value, str) and value in WORDS):
        return value
    text = str(value).strip()
    if re.fullmatch(r"0*[1-9]\d{0,17}", text):
        return int(text)
    number = r"\s*(\d{1,9}(?:\.\d*)?)\s*"
    if point := re.fullmatch(f"{number},{number}", text):
        return float(point[1]), float(point[2])
    hint = f"; {did_you_mean(text, WORDS)}" if text.isalpha() else ""
    raise InputError(
        f"follow: expected an id, largest, center or x,y in pixels, got '{text[:40]}'{hint}"
    )


class Follow:
    """Pass on only the followed person; all confirmed people where none is chosen.

    The choice is made once, in the first frame in which a person fits it, and stays with that
    person's id. While the person is out of sight the result is empty; after `memory_s` `largest`
    and `center` choose anew, an id and a point do not. Tentative people, with ids below 0, are
    dropped in any case.

    Args:
        follow: None for all people; else an id, `largest`, `center`, or `x,y` in pixels.
        memory_s: how long to wait for the followed person.
    """

    def __init__(self, follow: int | str | None = None, memory_s: float = 5.0) -> None:
        self._memory_s = memory_s
        self.follow(follow)

    def follow(self, choice: Choice | None) -> None:
        """Follow another person from the next frame on; None passes on all people.

        Raises:
            InputError: the choice is wrong.
        """
        self._choice = parse_choice(choice)
        self.reset()

    def reset(self) -> None:
        """Forget the followed id; choose again by the same rule."""
        self._id = self._choice if isinstance(self._choice, int) else None
        self._seen_s: float | None = None

    def __call__(self, poses: Poses, frame: Frame) -> Poses:
        choice = self._choice
        if len(poses) and poses.ids.min() < 0:  # see `Identify`
            poses = poses.take(poses.ids > 0)
        if choice is None:
            return poses
        away = self._seen_s is not None and frame.time_s - self._seen_s > self._memory_s
        if away and isinstance(choice, str):
            self.reset()
        if self._id is None and len(poses):
            self._id = _choose(choice, poses, frame)
        rows = np.flatnonzero(poses.ids == (self._id or 0))
        if len(rows):
            self._seen_s = frame.time_s
        return poses.take(rows)


def _choose(choice: Choice, poses: Poses, frame: Frame) -> int | None:
    if choice == "largest":
        return int(poses.ids[poses.radius_px.argmax()])
    if isinstance(choice, tuple):
        row = poses.at(choice)
        return None if row is None else int(poses.ids[row])  # no person at this point yet
    center = (frame.width / 2, frame.height / 2)
    return int(poses.ids[poses.apart_radii(center).argmin()])
