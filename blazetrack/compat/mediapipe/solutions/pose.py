"""`mp.solutions.pose`: 33 landmarks of one person, with the numbers of mediapipe 0.10.21.

The graph is `mediapipe_legacy`; see docs/parity.md.
"""

from __future__ import annotations

import enum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from blazetrack.compat.mediapipe.framework.formats import landmark_pb2
from blazetrack.compat.mediapipe.solutions.pose_connections import POSE_CONNECTIONS
from blazetrack.compat.messages import Message, Repeated
from blazetrack.compat.names import missing
from blazetrack.errors import InputError
from blazetrack.pipeline import PoseTracker
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.types import Poses

__all__ = ["POSE_CONNECTIONS", "UPPER_BODY_POSE_CONNECTIONS", "Pose", "PoseLandmark",
           "SolutionOutputs"]  # fmt: skip

MODELS = ("lite", "full", "heavy")
"""By model complexity."""

UPPER_BODY = 25
"""Number of landmarks with `upper_body_only` (mediapipe 0.8.3)."""

UPPER_BODY_POSE_CONNECTIONS = frozenset(pair for pair in POSE_CONNECTIONS if max(pair) < UPPER_BODY)

_FRAME_S = 1 / 30  # order of the frames only: the graph's filters count calls

PoseLandmark = enum.IntEnum(  # type: ignore[misc]
    "PoseLandmark",
    {name.upper(): index for index, name in enumerate(BLAZEPOSE33.names)},
    module=__name__,
)


class SolutionOutputs(NamedTuple):
    """What was found in one image.

    Attributes:
        pose_landmarks: `NormalizedLandmarkList` of 33, or None without a person.
        pose_world_landmarks: `LandmarkList` of 33 in metres, origin mid-hip, or None.
        segmentation_mask: `(H, W)` float32 in 0..1 with `enable_segmentation`, or None.
    """

    pose_landmarks: Any = None
    pose_world_landmarks: Any = None
    segmentation_mask: NDArray[np.float32] | None = None


class Pose:
    """Find the landmarks of one person in image after image.

    Also takes the positional order of releases before 0.8.8 (thresholds in the fourth and fifth
    place) and before 0.8.4 (`upper_body_only`, a bool, in the second place).

    Args:
        static_image_mode: every image is a picture on its own.
        model_complexity: 0, 1 or 2: the network `lite`, `full` or `heavy`.
        smooth_landmarks: filter over time; without effect on static images.
        enable_segmentation: also return the person's mask.
        smooth_segmentation: without effect, as in mediapipe 0.10.21.
        min_detection_confidence: minimum score of a detection, 0..1.
        min_tracking_confidence: minimum score to follow a person, 0..1.
        upper_body_only: return the first 25 landmarks only.

    Raises:
        InputError: an argument is out of range.
        ModelError: the network is not on this machine and cannot be fetched.
    """

    def __init__(
        self,
        static_image_mode: bool = False,
        model_complexity: int = 1,
        smooth_landmarks: bool = True,
        enable_segmentation: bool | float = False,
        smooth_segmentation: bool | float = True,
        min_detection_confidence: float = 0.5,
        min_tracking_confidence: float = 0.5,
        upper_body_only: bool = False,
    ) -> None:
        if isinstance(model_complexity, bool):
            upper_body_only, model_complexity = model_complexity or upper_body_only, 1
        if isinstance(enable_segmentation, float):
            min_detection_confidence, enable_segmentation = enable_segmentation, False
        if isinstance(smooth_segmentation, float):
            min_tracking_confidence = smooth_segmentation
        if model_complexity not in range(len(MODELS)):
            raise InputError(f"Pose: model_complexity: expected 0, 1 or 2, got {model_complexity}")
        self._landmarks = UPPER_BODY if upper_body_only else len(BLAZEPOSE33)
        self._count = 0
        self._tracker = PoseTracker(
            MODELS[model_complexity],
            graph="mediapipe_legacy",
            static=bool(static_image_mode),
            masks=bool(enable_segmentation),
            min_detection=min_detection_confidence,
            min_tracking=min_tracking_confidence,
            smoothing=None if smooth_landmarks else "off",
        )

    def process(self, image: NDArray[np.uint8]) -> SolutionOutputs:
        """Find the landmarks in the next image.

        Args:
            image: `(H, W, 3)` uint8, RGB.

        Raises:
            InputError: the image is of another kind, or this object is closed.
        """
        shape = getattr(image, "shape", None)
        if shape is None:
            raise InputError(
                f"Pose.process: expected an image, got {type(image).__name__}; did the camera or "
                "file have a frame?"
            )
        if len(shape) != 3 or shape[2] != 3:
            raise InputError(
                f"Input image must contain three channel rgb data: expected (H, W, 3), got {shape}"
            )
        poses = self._tracker.process(image, self._count * _FRAME_S)
        self._count += 1
        return _outputs(poses, int(shape[1]), int(shape[0]), self._landmarks)

    def reset(self) -> None:
        """Forget the person; the next image is the first one."""
        self._tracker.reset()

    def close(self) -> None:
        """Close the networks; may be called twice."""
        self._tracker.close()

    def __enter__(self) -> Pose:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _outputs(poses: Poses, width: int, height: int, count: int) -> SolutionOutputs:
    """The first person as messages; the numbers are float32, as in MediaPipe."""
    if not len(poses):
        return SolutionOutputs()
    unit = poses.landmarks_px[0, :count] / (width, height, width)
    visibility = poses.visibility[0, :count, None]
    normalized = np.concatenate([unit, visibility], axis=1)
    world = np.concatenate([poses.world_landmarks_m[0, :count], visibility], axis=1)
    return SolutionOutputs(
        _list_of(landmark_pb2.NormalizedLandmarkList, landmark_pb2.NormalizedLandmark, normalized),
        _list_of(landmark_pb2.LandmarkList, landmark_pb2.Landmark, world),
        None if poses.masks is None else poses.masks[0],
    )


def _list_of(kind: type[Message], item: type[Message], values: NDArray[np.float64]) -> Message:
    """A list of landmarks from `(K, 4)` x, y, z, visibility; their presence is not set."""
    rows = values.astype(np.float32).tolist()
    make = item.from_values
    landmarks = [make({"x": x, "y": y, "z": z, "visibility": seen}) for x, y, z, seen in rows]
    return kind.from_values({"landmark": Repeated(item, landmarks)})


def __getattr__(name: str) -> Any:
    raise missing("mediapipe.solutions.pose", name, __all__)
