"""What a drawn scene is made of: the options it may know, its actors, its room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blazetrack.synthetic.body import Build, Joints, Place, solve
from blazetrack.synthetic.figure import Look, outline
from blazetrack.synthetic.motion import Stance
from blazetrack.synthetic.shapes import Shape

__all__ = ["Act", "Actor", "Cast", "Script", "Stage"]

Act = Callable[[int], tuple[Place, Stance]]


@dataclass(frozen=True, slots=True)
class Actor:
    """One person of a stage; `act` gives place and stance for a frame's index."""

    id: int
    build: Build
    look: Look
    act: Act

    def pose(self, index: int) -> tuple[Place, Joints, list[Shape]]:
        """Where the actor stands, the joints in pixels and the shapes to paint."""
        place, stance = self.act(index)
        joints = place.project(solve(self.build, stance))
        return place, joints, outline(self.build, self.look, joints)


@dataclass(frozen=True, slots=True)
class Stage:
    """What stays the same while a scene plays; actors from far to near."""

    room: NDArray[np.uint8]
    noise: NDArray[np.uint8]
    actors: tuple[Actor, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """What a scene may know: the options of the source; `people` is None where none were named."""

    frames: int
    size: tuple[int, int]
    fps: float
    people: int | None = None

    def place(self, smaller: float = 0.0, aside: float = 0.0, lower: float = 0.0) -> Place:
        """Where one person fits with the arms raised and held out.

        Args:
            smaller: 0 is as tall as fits, 1 three quarters of it.
            aside: −1 to 1, from the middle to the left or right.
            lower: 0 to 1, further up in the picture.
        """
        width, height = self.size
        tall = min(0.70 * height, 0.84 * width) * (1.0 - 0.25 * smaller)
        room = max(0.0, 0.5 * width - 0.56 * tall)
        return Place(width * 0.5 + 0.6 * aside * room, height * (0.93 - 0.05 * lower), tall)


Cast = Callable[[Script, np.random.Generator], tuple[Actor, ...]]
