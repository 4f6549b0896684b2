"""The source `synthetic`: drawn people who move, with the true position of every joint.

It needs no camera and no file: the default of the demo and the ground truth of the tests.
"""

from __future__ import annotations

from collections.abc import Generator

from blazetrack.errors import InputError, SourceError, did_you_mean
from blazetrack.sources.base import Source, SourceInfo
from blazetrack.synthetic.clip import PEOPLE, SCENES, Clip, Truth
from blazetrack.synthetic.scene import SceneOptions
from blazetrack.types import Frame

__all__ = ["SyntheticSource"]

SIDES_PX = (64, 4096)


class SyntheticSource(Source):
    """Drawn people in a drawn room, with truth.

    Args:
        scene: a name of `synthetic.SCENES`.
        frames: length of the clip.
        size: width and height in pixels.
        fps: frames per second.
        seed: of the people, the room and the start of the motion.
        people: number of people, in the scenes of several; None leaves it to the scene.

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
        (low, high), (few, many) = SIDES_PX, PEOPLE[scene]
        in_scene = f"{few} to {many} in '{scene}'" if few < many else f"{few} in '{scene}'"
        hint = "" if few < many else " (try 'crowd')"
        for name, fits, expected, got in (
            ("frames", frames >= 1, "1 or more", frames),
            ("size", all(low <= s <= high for s in size), f"sides of {low} to {high} pixels", size),
            ("fps", 0.1 <= fps <= 1000.0, "0.1 to 1000", fps),
            ("seed", seed >= 0, "0 or more", seed),
            ("people", people is None or few <= people <= many, in_scene + hint, people),
        ):
            if not fits:
                raise SourceError(f"synthetic: {name}: expected {expected}, got {got}")
        name = f"synthetic:{scene}"
        super().__init__(SourceInfo(name, "synthetic", size[0], size[1], float(fps), frames))
        self.clip = Clip(scene, SceneOptions(frames, size, float(fps), people), seed)
        self._count, self._fps = frames, float(fps)

    def frame(self, index: int) -> Frame:
        """Draw frame `index`; frames can be drawn in any order."""
        return Frame(self.clip.image(self._checked(index)), index, index / self._fps)

    def truth(self, index: int) -> Truth:
        """The joints of all people in frame `index`."""
        return self.clip.truth(self._checked(index))

    def _checked(self, index: int) -> int:
        if not 0 <= index < self._count:
            last = self._count - 1
            raise InputError(f"{self.info.name}: expected a frame of 0 to {last}, got {index}")
        return index

    def _frames(self) -> Generator[Frame, None, None]:
        for index in range(self._count):
            yield self.frame(index)
