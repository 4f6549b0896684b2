"""A drawn scene: its options, its people, its room; and the scenes of one person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blazetrack.synthetic import motion
from blazetrack.synthetic.body import Build, Joints, Place, solve
from blazetrack.synthetic.figure import Look, outline
from blazetrack.synthetic.motion import Stance
from blazetrack.synthetic.shapes import Shape

__all__ = ["Actor", "MakeActors", "Motion", "Scene", "SceneOptions", "exercises", "leaves", "still"]

Motion = Callable[[int], tuple[Place, Stance]]
"""Index of a frame → place and stance."""


@dataclass(frozen=True, slots=True)
class Actor:
    """One person of a scene."""

    id: int
    build: Build
    look: Look
    motion: Motion

    def pose(self, index: int) -> tuple[Place, Joints, list[Shape]]:
        """Place, joints in pixels and shapes to paint in frame `index`."""
        place, stance = self.motion(index)
        joints = place.project(solve(self.build, stance))
        return place, joints, outline(self.build, self.look, joints)


@dataclass(frozen=True, slots=True)
class Scene:
    """The fixed parts of a scene; actors from far to near."""

    room: NDArray[np.uint8]
    noise: NDArray[np.uint8]
    actors: tuple[Actor, ...]


@dataclass(frozen=True, slots=True)
class SceneOptions:
    """Length and size of a clip; `people` is None for the number that the scene chooses."""

    frames: int
    size: tuple[int, int]
    fps: float
    people: int | None = None

    def place(self, smaller: float = 0.0, aside: float = 0.0, lower: float = 0.0) -> Place:
        """A place where one person fits with the arms raised and held out.

        Args:
            smaller: 0 is the tallest that fits, 1 three quarters of it.
            aside: −1 to 1, from the middle to the left or right.
            lower: 0 to 1, further up in the picture.
        """
        width, height = self.size
        tall = min(0.70 * height, 0.84 * width) * (1.0 - 0.25 * smaller)
        room = max(0.0, 0.5 * width - 0.56 * tall)
        return Place(width * 0.5 + 0.6 * aside * room, height * (0.93 - 0.05 * lower), tall)


MakeActors = Callable[[SceneOptions, np.random.Generator], tuple[Actor, ...]]


def exercises(
    options: SceneOptions, rng: np.random.Generator, only: str | None = None
) -> tuple[Actor, ...]:
    """One person who cycles through all exercises, or through one of them."""
    start_s = rng.uniform(0.0, motion.CYCLE_S) if only is None else 0.0
    breath_s = rng.uniform(0.0, 10.0)

    def stance(index: int) -> Stance:
        time_s = index / options.fps
        return motion.idle(motion.exercise(time_s + start_s, only), time_s + breath_s)

    return (_sample_actor(rng, options.place(), stance),)


def leaves(options: SceneOptions, rng: np.random.Generator) -> tuple[Actor, ...]:
    """One person who leaves the picture and returns: each part about a third of the clip."""
    place = options.place()
    away = 0.5 * options.size[0] / place.height_px + 0.35
    away *= 1.0 if rng.random() < 0.5 else -1.0

    def stance(index: int) -> Stance:
        u = index / options.frames
        x = away * (motion.ease((u - 0.18) / 0.22) - motion.ease((u - 0.60) / 0.22))
        return motion.idle(motion.sidestep(x), index / options.fps)

    return (_sample_actor(rng, place, stance),)


def still(options: SceneOptions, rng: np.random.Generator) -> tuple[Actor, ...]:
    """One person at one moment of an exercise, slightly turned."""
    stance = motion.idle(motion.exercise(rng.uniform(0, motion.CYCLE_S)), rng.uniform(0, 60))
    stance.trunk[0] += rng.uniform(-0.3, 0.3)
    stance.arms[:] += rng.normal(0.0, 0.12, (2, 4))
    place = options.place(rng.random(), rng.uniform(-1, 1), rng.random())
    return (_sample_actor(rng, place, lambda index: stance),)


def _sample_actor(rng: np.random.Generator, place: Place, stance: Callable[[int], Stance]) -> Actor:
    """A random person who stays at a place."""
    return Actor(1, Build.sample(rng), Look.sample(rng), lambda index: (place, stance(index)))
