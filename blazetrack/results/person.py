"""One person of a result, with keypoints by name."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from blazetrack.angles import standard_angles
from blazetrack.errors import InputError, did_you_mean
from blazetrack.skeleton import Skeleton
from blazetrack.types import Poses

__all__ = ["Keypoint", "PersonPose"]

Float = NDArray[np.float64]


class Keypoint(NamedTuple):
    """One keypoint of one person.

    Attributes:
        x: pixels, to the right.
        y: pixels, down.
        z: pixels, negative towards the camera.
        visibility: probability to be in the image and not hidden.
        presence: probability to be in the image.
        world: x, y, z in metres, origin mid-hip.
    """

    x: float
    y: float
    z: float
    visibility: float
    presence: float
    world: tuple[float, float, float]

    @property
    def xy(self) -> tuple[float, float]:
        """x and y in pixels."""
        return self.x, self.y


class PersonPose:
    """One row of `Poses`; its arrays are views, nothing is copied.

    Args:
        poses: the people.
        row: which of them.
        skeleton: names of the keypoints.
    """

    __slots__ = ("_poses", "_row", "skeleton")

    def __init__(self, poses: Poses, row: int, skeleton: Skeleton) -> None:
        self._poses, self._row, self.skeleton = poses, row, skeleton

    @property
    def id(self) -> int:
        """The same number for the same person in every frame."""
        return int(self._poses.ids[self._row])

    @property
    def score(self) -> float:
        """Probability that the pose is right."""
        return float(self._poses.scores[self._row])

    @property
    def xy(self) -> Float:
        """`(K, 2)` float64, x y in pixels."""
        return self._poses.landmarks_px[self._row, :, :2]

    @property
    def xyz(self) -> Float:
        """`(K, 3)` float64, x y z in pixels."""
        return self._poses.landmarks_px[self._row]  # type: ignore[no-any-return]

    @property
    def world(self) -> Float:
        """`(K, 3)` float64, metres, origin mid-hip."""
        return self._poses.world_landmarks_m[self._row]  # type: ignore[no-any-return]

    @property
    def visibility(self) -> Float:
        """`(K,)` float64 in 0..1."""
        return self._poses.visibility[self._row]  # type: ignore[no-any-return]

    @property
    def presence(self) -> Float:
        """`(K,)` float64 in 0..1."""
        return self._poses.presence[self._row]  # type: ignore[no-any-return]

    @property
    def mask(self) -> NDArray[np.float32] | None:
        """`(H, W)` float32 in 0..1, or None without segmentation."""
        masks = self._poses.masks
        return None if masks is None else masks[self._row]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 in pixels, around all keypoints."""
        (x0, y0), (x1, y1) = self.xy.min(axis=0).tolist(), self.xy.max(axis=0).tolist()
        return x0, y0, x1, y1

    def __getitem__(self, name: str | int) -> Keypoint:
        index = name if isinstance(name, int) else self.skeleton.index(name)
        x, y, z = self.xyz[index].tolist()
        seen, present = float(self.visibility[index]), float(self.presence[index])
        wx, wy, wz = self.world[index].tolist()
        return Keypoint(x, y, z, seen, present, (wx, wy, wz))

    def __len__(self) -> int:
        return len(self.skeleton)

    def angle(self, joint: str) -> float:
        """An angle in degrees, in space: 180 is a straight limb.

        Args:
            joint: `left_knee`, `right_elbow`, `trunk`, …: a name of `angles.known_angles`.

        Raises:
            InputError: the keypoint set has no such angle.
        """
        angles = standard_angles(self.skeleton)
        if joint not in angles.names:
            hint = did_you_mean(joint, angles.names)
            raise InputError(f"angle: expected a joint with two limbs, got '{joint}'; {hint}")
        return float(angles(self.world)[angles.names.index(joint)])

    def to_dict(self) -> dict[str, Any]:
        """Id, score, and for each keypoint by name pixels, probabilities and metres."""
        return {
            "id": self.id,
            "score": self.score,
            "keypoints": {name: self[name]._asdict() for name in self.skeleton.names},
        }

    def __repr__(self) -> str:
        x0, y0, x1, y1 = self.box
        return (
            f"PersonPose(id {self.id}, score {self.score:.2f}, {len(self)} keypoints in "
            f"{x0:.0f},{y0:.0f}..{x1:.0f},{y1:.0f})"
        )
