"""Clips of drawn people with the true position of every joint.

A frame follows from (scene, options, seed, index) alone, so frames can be drawn in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from blazetrack.synthetic import background, crowd, motion
from blazetrack.synthetic.figure import draw_shadow
from blazetrack.synthetic.scene import MakeActors, Scene, SceneOptions, exercises, leaves, still
from blazetrack.synthetic.shapes import Shape, covered, paint

__all__ = ["PEOPLE", "SCENES", "Clip", "Truth"]

SCENES: dict[str, MakeActors] = {
    "exercises": exercises,
    **{name: partial(exercises, only=name) for name in motion.EXERCISES},
    "leaves": leaves,
    "still": still,
    "empty": lambda options, rng: (),
    **crowd.SCENES,
}
"""Name → actors; `still` has another person and another room in every frame."""

PEOPLE = {name: crowd.PEOPLE.get(name, (1, 1)) for name in SCENES} | {"empty": (0, 0)}
"""Name → least and greatest number of people."""


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Joints of the drawn people, one row per person in the picture.

    Attributes:
        landmarks_px: `(N, 33, 2)` float64, x y, in the order of `skeleton.BLAZEPOSE33`.
        visible: `(N, 33)` bool, inside the picture and not behind a nearer person; a person's own
            limbs hide none of its joints.
        whole: `(N,)` bool, the whole figure lies inside the picture.
        ids: `(N,)` int64, from 1, the same person in every frame.
    """

    landmarks_px: NDArray[np.float64]
    visible: NDArray[np.bool_]
    whole: NDArray[np.bool_]
    ids: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)


class Clip:
    """Frames of one of `SCENES`; the seed gives people, room and the start of the motion."""

    def __init__(self, name: str, options: SceneOptions, seed: int) -> None:
        self._name, self._options, self._seed = name, options, seed
        self._scenes = lru_cache(maxsize=1)(self._make_scene)

    def scene(self, index: int) -> Scene:
        """The scene that frame `index` shows."""
        return self._scenes(index if self._name == "still" else 0)

    def image(self, index: int) -> NDArray[np.uint8]:
        """Draw frame `index`: `(H, W, 3)` uint8 RGB."""
        scene = self.scene(index)
        image = scene.room.copy()
        poses = [actor.pose(index) for actor in scene.actors]
        for place, joints, _ in poses:
            draw_shadow(image, joints, place.y_px + 0.02 * joints.scale)
        for _, _, shapes in poses:
            paint(image, shapes)
        background.add_noise(image, scene.noise, index)
        return image

    def truth(self, index: int) -> Truth:
        """The joints of all people in frame `index`."""
        last = np.array(self._options.size) - 1.0
        rows: list[tuple[int, NDArray[np.float64], NDArray[np.bool_], bool]] = []
        nearer: list[Shape] = []
        for actor in reversed(self.scene(index).actors):
            _, joints, shapes = actor.pose(index)
            corners = np.concatenate([corners for corners, _ in shapes])
            low, high = corners.min(0), corners.max(0)
            if (high >= 0).all() and (low <= last).all():
                xy = joints.points[:, :2]
                visible = ((xy >= 0) & (xy <= last)).all(1) & ~covered(xy, nearer)
                whole = bool((low >= 0).all() and (high <= last).all())
                rows.append((actor.id, xy, visible, whole))
                nearer += shapes
        rows.sort(key=lambda row: row[0])
        return Truth(
            np.array([row[1] for row in rows], np.float64).reshape(-1, 33, 2),
            np.array([row[2] for row in rows], np.bool_).reshape(-1, 33),
            np.array([row[3] for row in rows], np.bool_),
            np.array([row[0] for row in rows], np.int64),
        )

    def _make_scene(self, number: int) -> Scene:
        rng = np.random.default_rng((self._seed, number))
        actors = SCENES[self._name](self._options, rng)
        room = background.draw_room(rng, *self._options.size)
        return Scene(room, background.make_noise(rng, *self._options.size), actors)
