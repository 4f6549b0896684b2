"""Keypoint sets by name: names, edges to draw, left/right partners, index maps.

Drawing, mirroring, metrics, CSV headers and data sets all read this description.
"""

from __future__ import annotations

from dataclasses import dataclass

from blazetrack.errors import InputError, did_you_mean

__all__ = [
    "BLAZEPOSE33",
    "COCO17",
    "COCO18",
    "LSP14",
    "MPII16",
    "SKELETONS",
    "Skeleton",
    "get_skeleton",
    "skeletons_of",
]


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A named set of K keypoints.

    Attributes:
        name: the set's name.
        names: K keypoint names in order, snake case.
        edges: index pairs to draw as lines.
        torso: indices of left shoulder, right shoulder, left hip, right hip, where the set has
            them; PCK is relative to their diagonal.
        swaps: index pairs that are exchanged in a mirrored image; None follows from `left` and
            `right` in the names.
    """

    name: str
    names: tuple[str, ...]
    edges: tuple[tuple[int, int], ...] = ()
    torso: tuple[int, int, int, int] | None = None
    swaps: tuple[tuple[int, int], ...] | None = None

    def __len__(self) -> int:
        return len(self.names)

    def index(self, name: str) -> int:
        """Index of a keypoint by name; `InputError` with the nearest name for an unknown one."""
        try:
            return self.names.index(name)
        except ValueError:
            hint = did_you_mean(name, self.names)
            raise InputError(f"skeleton {self.name}: no keypoint '{name}'; {hint}") from None

    @property
    def partners(self) -> tuple[int, ...]:
        """For each keypoint its index in a mirrored image."""
        if self.swaps is not None:
            becomes = dict([*self.swaps, *((b, a) for a, b in self.swaps)])
            return tuple(becomes.get(i, i) for i in range(len(self)))
        sides = {"left": "right", "right": "left"}
        words = (name.split("_") for name in self.names)
        others = ["_".join(sides.get(word, word) for word in one) for one in words]
        return tuple(self.names.index(o) if o in self.names else i for i, o in enumerate(others))

    def map_to(self, other: Skeleton) -> list[tuple[int, int]]:
        """Pairs (index here, index in `other`) of the keypoints with the same name."""
        return [(i, other.names.index(n)) for i, n in enumerate(self.names) if n in other.names]


_BODY = (
    "left_shoulder-right_shoulder left_shoulder-left_elbow left_elbow-left_wrist "
    "right_shoulder-right_elbow right_elbow-right_wrist left_shoulder-left_hip "
    "right_shoulder-right_hip left_hip-right_hip left_hip-left_knee left_knee-left_ankle "
    "right_hip-right_knee right_knee-right_ankle "
)


def _skeleton(name: str, keypoints: str, edges: str, body: str = _BODY) -> Skeleton:
    """A set with the names of its keypoints and its edges `a-b`, those of the body included."""
    names = tuple(keypoints.split())
    index = names.index
    pairs = (pair.split("-") for pair in (body + edges).split())
    torso = (index("left_shoulder"), index("right_shoulder"), index("left_hip"), index("right_hip"))
    return Skeleton(name, names, tuple((index(a), index(b)) for a, b in pairs), torso)


# In the order of the published landmark model (mediapipe/python/solutions/pose.py).
BLAZEPOSE33 = _skeleton(
    "blazepose33",
    """
    nose left_eye_inner left_eye left_eye_outer right_eye_inner right_eye right_eye_outer
    left_ear right_ear mouth_left mouth_right left_shoulder right_shoulder left_elbow
    right_elbow left_wrist right_wrist left_pinky right_pinky left_index right_index
    left_thumb right_thumb left_hip right_hip left_knee right_knee left_ankle right_ankle
    left_heel right_heel left_foot_index right_foot_index
    """,
    """
    nose-left_eye_inner left_eye_inner-left_eye left_eye-left_eye_outer left_eye_outer-left_ear
    nose-right_eye_inner right_eye_inner-right_eye right_eye-right_eye_outer
    right_eye_outer-right_ear mouth_left-mouth_right left_wrist-left_pinky left_wrist-left_index
    left_wrist-left_thumb left_pinky-left_index right_wrist-right_pinky right_wrist-right_index
    right_wrist-right_thumb right_pinky-right_index left_ankle-left_heel
    left_heel-left_foot_index left_ankle-left_foot_index right_ankle-right_heel
    right_heel-right_foot_index right_ankle-right_foot_index
    """,
)
COCO17 = _skeleton(
    "coco17",
    """
    nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow
    right_elbow left_wrist right_wrist left_hip right_hip left_knee right_knee left_ankle
    right_ankle
    """,
    "nose-left_eye nose-right_eye left_eye-left_ear right_eye-right_ear",
)
# Order and edges of OpenPose's model COCO_18 (arXiv 1611.08050; poseParameters.cpp); the neck is
# the middle of the shoulders.
COCO18 = _skeleton(
    "coco18",
    """
    nose neck right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist right_hip
    right_knee right_ankle left_hip left_knee left_ankle right_eye left_eye right_ear left_ear
    """,
    """
    neck-right_shoulder neck-left_shoulder right_shoulder-right_elbow right_elbow-right_wrist
    left_shoulder-left_elbow left_elbow-left_wrist neck-right_hip right_hip-right_knee
    right_knee-right_ankle neck-left_hip left_hip-left_knee left_knee-left_ankle neck-nose
    nose-right_eye right_eye-right_ear nose-left_eye left_eye-left_ear
    """,
    body="",
)
LSP14 = _skeleton(
    "lsp14",
    """
    right_ankle right_knee right_hip left_hip left_knee left_ankle right_wrist right_elbow
    right_shoulder left_shoulder left_elbow left_wrist neck head_top
    """,
    "neck-head_top",
)
MPII16 = _skeleton(
    "mpii16",
    """
    right_ankle right_knee right_hip left_hip left_knee left_ankle pelvis thorax neck head_top
    right_wrist right_elbow right_shoulder left_shoulder left_elbow left_wrist
    """,
    "pelvis-thorax thorax-neck neck-head_top",
)
SKELETONS = {s.name: s for s in (BLAZEPOSE33, COCO17, COCO18, LSP14, MPII16)}


def skeletons_of(keypoints: int) -> list[Skeleton]:
    """The known keypoint sets with so many keypoints."""
    return [one for one in SKELETONS.values() if len(one) == keypoints]


def get_skeleton(name: str) -> Skeleton:
    """The keypoint set `name`; `InputError` with the nearest name for an unknown one."""
    if name not in SKELETONS:
        raise InputError(f"no skeleton '{name}'; {did_you_mean(name, SKELETONS)}")
    return SKELETONS[name]
