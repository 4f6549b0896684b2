"""Search for people who are not upright in the image: `next_orientation`, `other_orientations`.

The published detector and landmark network find upright people; turned looks at the image find
others, such as people who lie, hang or stand on their hands.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from blazetrack.errors import InputError
from blazetrack.types import Frame, Poses, Rois

__all__ = [
    "ORIENTATIONS",
    "NextOrientation",
    "Orientation",
    "OtherOrientations",
    "some_orientations",
    "turned_image",
]

Orientation = Literal[0, 90, 180, 270]
ORIENTATIONS: tuple[Orientation, ...] = (0, 90, 270, 180)


def turned_image(frame: Frame, orientations: tuple[Orientation, ...]) -> Rois:
    """The whole image as one region per orientation.

    Args:
        frame: the image.
        orientations: degrees, clockwise on the screen, by which a person is turned who is upright
            in the crop of the region.
    """
    count = len(orientations)
    size = np.array([[frame.width, frame.height]], np.float64).repeat(count, axis=0)
    angle = np.deg2rad(np.array(orientations, np.float64))
    angle = np.where(angle > np.pi, angle - 2 * np.pi, angle)
    return Rois(size / 2, size, angle, np.zeros(count, np.int64))


def some_orientations(who: str, orientations: tuple[Orientation, ...]) -> tuple[Orientation, ...]:
    """The orientations, if there are any.

    Raises:
        InputError: there are none.
    """
    if not orientations:
        raise InputError(f"{who}: expected orientations out of 0, 90, 180 and 270, got none")
    return orientations


class NextOrientation:
    """The whole image in the orientation that is searched in this frame.

    While no person is tracked the orientations are searched in turn, one a frame; each search
    begins with the first one.

    Args:
        orientations: in degrees, clockwise; `[0]` searches upright people only.

    Raises:
        InputError: there are no orientations.
    """

    def __init__(self, orientations: tuple[Orientation, ...] = ORIENTATIONS) -> None:
        self._orientations = some_orientations("next_orientation", orientations)
        self.reset()

    def reset(self) -> None:
        """Begin with the first orientation."""
        self._turn = 0

    def __call__(self, frame: Frame, poses: Poses | None = None) -> Rois:
        """The region.

        Args:
            frame: the image.
            poses: people of the last frame.
        """
        if poses is None or len(poses):
            self._turn = 0
        orientation = self._orientations[self._turn % len(self._orientations)]
        self._turn += 1
        return turned_image(frame, (orientation,))


class OtherOrientations:
    """The whole image in the other orientations, where the people found upright are not sure.

    Args:
        orientations: in degrees, clockwise; the first one was searched already. `[0]`
            searches upright people only.
        min_sure_score: people with at least this score are sure.

    Raises:
        InputError: there are no orientations.
    """

    def __init__(
        self, orientations: tuple[Orientation, ...] = ORIENTATIONS, min_sure_score: float = 0.7
    ) -> None:
        others = some_orientations("other_orientations", orientations)[1:]
        self._others = tuple(dict.fromkeys(others))
        self._min_sure_score = min_sure_score

    def __call__(self, frame: Frame, poses: Poses | None = None) -> Rois | None:
        """The regions; None where the best of `poses` is sure, or there are no others."""
        if poses is not None and poses.scores.max(initial=0.0) >= self._min_sure_score:
            return None
        return turned_image(frame, self._others) if self._others else None
