"""The embedded source: drawn people who move, with the truth of where each joint is.

No camera and no download: the default of the demo and the ground truth of the tests. A stage has
a room and actors; each actor has a body, a look, places and a movement. A frame follows from
(scene, size, frames, fps, seed, people, index) alone, so any frame can be asked for first.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import InputError, SourceError, did_you_mean
from blazetrack.sources.base import Source, SourceInfo
from blazetrack.synthetic import background, crowd, motion
from blazetrack.synthetic.body import Build, Place
from blazetrack.synthetic.figure import Look
from blazetrack.synthetic.scene import Actor, Cast, Script, Stage
from blazetrack.synthetic.shapes import Shape, cast_shadow, covered, paint
from blazetrack.types import Frame

__all__ = ["SCENES", "SyntheticSource", "Truth"]

SIDES_PX = (64, 4096)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Where the joints of the drawn people are, one row per person that is in the picture.

    Attributes:
        landmarks_px: `(N, 33, 2)` float64, x y, in the order of `skeleton.BLAZEPOSE33`.
        visible: `(N, 33)` bool, inside the picture and not behind a nearer person (whose own
            limbs hide nothing of their own).
        whole: `(N,)` bool, all that is drawn of the person lies inside the picture.
        ids: `(N,)` int64, from 1, the same person in every frame.
    """

    landmarks_px: NDArray[np.float64]
    visible: NDArray[np.bool_]
    whole: NDArray[np.bool_]
    ids: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)


def _exercises(
    script: Script, rng: np.random.Generator, only: str | None = None
) -> tuple[Actor, ...]:
    late = rng.uniform(0.0, motion.CYCLE_S) if only is None else 0.0
    breath = rng.uniform(0.0, 10.0)

    def act(index: int) -> motion.Stance:
        time_s = index / script.fps
        return motion.idle(motion.exercise(time_s + late, only), time_s + breath)

    return (_actor(rng, script.place(), act),)


def _leaves(script: Script, rng: np.random.Generator) -> tuple[Actor, ...]:
    """Walk out of the picture, stay away, come back: each about a third of the clip."""
    place = script.place()
    away = 0.5 * script.size[0] / place.height_px + 0.35
    away *= 1.0 if rng.random() < 0.5 else -1.0

    def act(index: int) -> motion.Stance:
        u = index / script.frames
        x = away * (motion.ease((u - 0.18) / 0.22) - motion.ease((u - 0.60) / 0.22))
        return motion.idle(motion.sidestep(x), index / script.fps)

    return (_actor(rng, place, act),)


def _still(script: Script, rng: np.random.Generator) -> tuple[Actor, ...]:
    """One moment of one exercise, a little turned."""
    stance = motion.idle(motion.exercise(rng.uniform(0, motion.CYCLE_S)), rng.uniform(0, 60))
    stance.trunk[0] += rng.uniform(-0.3, 0.3)
    stance.arms[:] += rng.normal(0.0, 0.12, (2, 4))
    place = script.place(rng.random(), rng.uniform(-1, 1), rng.random())
    return (_actor(rng, place, lambda index: stance),)


def _actor(rng: np.random.Generator, place: Place, act: Callable[[int], motion.Stance]) -> Actor:
    """Somebody by lot who stays at a place."""
    build, look = Build.drawn_by_lot(rng), Look.drawn_by_lot(rng)
    return Actor(1, build, look, lambda index: (place, act(index)))


SCENES: dict[str, Cast] = {
    "exercises": _exercises,
    **{name: partial(_exercises, only=name) for name in motion.EXERCISES},
    "leaves": _leaves,
    "still": _still,
    "empty": lambda script, rng: (),
    **crowd.SCENES,
}
"""Name → who acts; in `still` every frame has another person in another room."""
_PEOPLE = {**crowd.PEOPLE, "empty": (0, 0)}  # where it is not one


class SyntheticSource(Source):
    """A drawn person in a drawn room, with truth.

    Args:
        scene: a name of `SCENES`.
        frames: how many frames the clip has.
        size: width and height in pixels.
        fps: frames per second.
        seed: chooses the people, the room and the moment the clip begins at.
        people: how many, in the scenes of several; None leaves it to the scene.

    Raises:
        SourceError: there is no such scene, or a number is out of range.
    """

    def __init__(
        self,
        scene: str = "exercises",
        frames: int = 300,
        size: tuple[int, int] = (640, 480),
        fps: float = 30.0,
        seed: int = 0,
        people: int | None = None,
    ) -> None:
        if scene not in SCENES:
            raise SourceError(f"synthetic: no scene '{scene}'; {did_you_mean(scene, SCENES)}")
        low, high = SIDES_PX
        few, many = _PEOPLE.get(scene, (1, 1))
        for name, fits, expected, got in (
            ("frames", frames >= 1, "1 or more", frames),
            ("size", all(low <= s <= high for s in size), f"sides of {low} to {high} pixels", size),
            ("fps", 0.0 < fps <= 1000.0, "over 0 and up to 1000", fps),
            ("seed", seed >= 0, "0 or more", seed),
            (
                "people",
                people is None or few <= people <= many,
                f"{few} to {many} in '{scene}'"
                if few < many
                else f"{few} in '{scene}' (try 'crowd')",
                people,
            ),
        ):
            if not fits:
                raise SourceError(f"synthetic: {name}: expected {expected}, got {got}")
        name = f"synthetic:{scene}"
        super().__init__(SourceInfo(name, "synthetic", size[0], size[1], float(fps), frames))
        self._scene, self._seed = scene, seed
        self._script = Script(frames, size, float(fps), people)
        self._stage = lru_cache(maxsize=1)(self._build)

    @classmethod
    def from_text(cls, text: str) -> SyntheticSource:
        """Open `synthetic`, `synthetic:SCENE` or `synthetic[:SCENE]?key=value&…`.

        Args:
            text: keys are the arguments of the class; `size` reads `1280x720`.

        Raises:
            SourceError: an unknown scene or key, a key given twice, a value that is none.
        """
        word, _, query = text.partition("?")
        _, colon, scene = word.partition(":")
        options: dict[str, Any] = {"scene": scene} if colon else {}
        for pair in filter(None, query.split("&")):
            key, _, value = pair.partition("=")
            if key not in _READ:
                raise SourceError(f"{text}: no option '{key}'; {did_you_mean(key, _READ)}")
            if key in options:
                raise SourceError(f"{text}: '{key}' is given twice; give it once")
            read, expected = _READ[key]
            try:
                options[key] = read(value)
            except ValueError:
                raise SourceError(f"{text}: {key}: expected {expected}, got '{value}'") from None
        return cls(**options)

    def frame(self, index: int) -> Frame:
        """Draw frame `index`, whatever was drawn before."""
        stage = self._stage(self._stage_of(index))
        image = stage.room.copy()
        poses = [actor.pose(index) for actor in stage.actors]
        for place, joints, _ in poses:
            feet = joints.points[27:33, 0]
            half = 0.5 * np.ptp(feet) + 0.12 * joints.scale
            cast_shadow(image, feet.mean(), place.y_px + 0.02 * joints.scale, half)
        for _, _, shapes in poses:
            paint(image, shapes)
        background.add_noise(image, stage.noise, index)
        return Frame(image, index, index / self._script.fps)

    def truth(self, index: int) -> Truth:
        """Where everybody's joints are in frame `index`."""
        last = np.array(self._script.size) - 1.0
        rows: list[tuple[int, NDArray[np.float64], NDArray[np.bool_], bool]] = []
        nearer: list[Shape] = []
        for actor in reversed(self._stage(self._stage_of(index)).actors):
            _, joints, shapes = actor.pose(index)
            corners = np.concatenate([corners for corners, _ in shapes])
            low, high = corners.min(0), corners.max(0)
            if (high >= 0).all() and (low <= last).all():
                xy = joints.points[:, :2]
                seen = ((xy >= 0) & (xy <= last)).all(1) & ~covered(xy, nearer)
                whole = bool((low >= 0).all() and (high <= last).all())
                rows.append((actor.id, xy, seen, whole))
                nearer += shapes
        rows.sort(key=lambda row: row[0])
        return Truth(
            np.array([row[1] for row in rows], np.float64).reshape(-1, 33, 2),
            np.array([row[2] for row in rows], np.bool_).reshape(-1, 33),
            np.array([row[3] for row in rows], np.bool_),
            np.array([row[0] for row in rows], np.int64),
        )

    def _stage_of(self, index: int) -> int:
        count = self._script.frames
        if not 0 <= index < count:
            raise InputError(f"{self.info.name}: expected a frame of 0 to {count - 1}, got {index}")
        return index if self._scene == "still" else 0

    def _build(self, number: int) -> Stage:
        rng = np.random.default_rng((self._seed, number))
        actors = SCENES[self._scene](self._script, rng)
        room = background.draw_room(rng, *self._script.size)
        return Stage(room, background.make_noise(rng, *self._script.size), actors)

    def _frames(self) -> Generator[Frame, None, None]:
        for index in range(self._script.frames):
            yield self.frame(index)


def _read_size(text: str) -> tuple[int, int]:
    width, height = text.lower().split("x")
    return int(width), int(height)


_READ: dict[str, tuple[Callable[[str], Any], str]] = {
    "scene": (str, "the name of a scene"),
    "frames": (int, "a whole number"),
    "size": (_read_size, "WIDTHxHEIGHT in pixels"),
    "fps": (float, "a number"),
    "seed": (int, "a whole number"),
    "people": (int, "a whole number"),
}
