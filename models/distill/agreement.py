"""How far what a network read agrees with what people labelled, and what follows from that.

Distances are in parts of the torso's diagonal, so that numbers mean the same for every person. All
is plain numpy; readings have one row per run over the same person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from blazetrack.metrics import torso_size
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from models.data.sample import PoseSample

__all__ = [
    "ARMS",
    "CHAINS",
    "FACE",
    "HEAD",
    "LEGS",
    "Truth",
    "blend",
    "distances",
    "far",
    "has_torso",
    "mixed_up",
    "states",
]

Float = NDArray[np.float64]

HEAD = len(BLAZEPOSE33)  # a 34th point of our own: the middle of the ears
FACE = tuple(range(11))
EARS = tuple(BLAZEPOSE33.index(name) for name in ("left_ear", "right_ear"))
# The middle of the ears lies this far up the line from neck to head top, and within 0.13 torso
# of there for 95 % of the people whom the published network reads well (45 pictures of LSPET).
EARS_UP_THE_HEAD = 0.52
# Torso diagonal per radius of the person's circle: median over LSPET and COCO people; a torso seen
# along its length is shorter, and would make every distance large.
TORSO_PER_RADIUS = 0.6
SHORTEST_TORSO = 0.4
FARTHEST = 1.0  # a joint that is farther off than this is simply wrong


def _chains() -> tuple[tuple[int, ...], ...]:
    """For each of the 33 points the joints that carry it, nearest first; none for the face."""
    one_side = {
        "shoulder": "elbow hip",
        "elbow": "shoulder wrist",
        "wrist": "elbow shoulder",
        "pinky": "wrist elbow",
        "index": "wrist elbow",
        "thumb": "wrist elbow",
        "hip": "knee shoulder",
        "knee": "hip ankle",
        "ankle": "knee hip",
        "heel": "ankle knee",
        "foot_index": "ankle knee",
    }
    chains = []
    for name in BLAZEPOSE33.names:
        side, _, part = name.partition("_")
        carriers = one_side.get(part, "").split()
        chains.append(tuple(BLAZEPOSE33.index(f"{side}_{carrier}") for carrier in carriers))
    return tuple(chains)


def _parts(*parts: str) -> tuple[int, ...]:
    names = enumerate(BLAZEPOSE33.names)
    return tuple(i for i, name in names if name.partition("_")[2] in parts)


CHAINS = _chains()
ARMS = _parts("shoulder", "elbow", "wrist", "pinky", "index", "thumb")
LEGS = _parts("hip", "knee", "ankle", "heel", "foot_index")


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Labelled joints of one person that the 33 points can be compared with.

    Attributes:
        point: `(J,)` int64, which of the 33 points it is; `HEAD` is the middle of the ears.
        xy_px: `(J, 2)` float64, where people say it is.
        unit_px: the torso's diagonal, the yardstick of all distances.
    """

    point: NDArray[np.int64]
    xy_px: Float
    unit_px: float

    @classmethod
    def between(cls, points_px: Float, alignment_px: NDArray[np.floating]) -> Truth:
        """What runs `(R, 33, 3)` over one person say in the middle, where nothing is labelled."""
        radius = float(np.hypot(*(alignment_px[1] - alignment_px[0])))
        middle = np.median(points_px[..., :2], axis=0)
        return cls(np.arange(len(BLAZEPOSE33)), middle, max(TORSO_PER_RADIUS * radius, 1e-6))

    @classmethod
    def of(cls, sample: PoseSample) -> Truth:
        """What is labelled in a sample, of any skeleton that shares names with BlazePose."""
        known, xy = sample.labelled, sample.points_px[:, :2].astype(np.float64)
        pairs = [(i, p) for i, p in sample.skeleton.map_to(BLAZEPOSE33) if known[i]]
        points = [p for _, p in pairs]
        joints = xy[[i for i, _ in pairs]].reshape(-1, 2)
        head = _head(sample)
        if head is not None:
            joints, points = np.vstack([joints, head]), [*points, HEAD]
        return cls(np.array(points, np.int64), joints, _unit_px(sample, xy, known))

    def __len__(self) -> int:
        return len(self.point)

    def swapped(self, points: Iterable[int]) -> Truth:
        """The same labels with left and right exchanged for these of the 33 points."""
        moved = {p: BLAZEPOSE33.partners[p] for p in points}
        return replace(self, point=np.array([moved.get(int(p), p) for p in self.point], np.int64))


def _head(sample: PoseSample) -> Float | None:
    """`(2,)` where the middle of the ears must be, from neck and head top."""
    names = sample.skeleton.names
    if "neck" not in names or "head_top" not in names:
        return None
    ends = [names.index("neck"), names.index("head_top")]
    if not sample.labelled[ends].all():
        return None
    neck, top = sample.points_px[ends, :2].astype(np.float64)
    middle: Float = neck + EARS_UP_THE_HEAD * (top - neck)
    return middle


def _unit_px(sample: PoseSample, xy: Float, known: NDArray[np.bool_]) -> float:
    center, rim = sample.alignment_px.astype(np.float64)
    radius = float(np.hypot(*(rim - center)))
    if has_torso(sample.skeleton, known) and sample.skeleton.torso is not None:
        torso = float(torso_size(xy[None], sample.skeleton.torso)[0])
        return max(torso, SHORTEST_TORSO * radius, 1e-6)
    return max(TORSO_PER_RADIUS * radius, 1e-6)


def has_torso(skeleton: Skeleton, known: NDArray[np.bool_]) -> bool:
    """Whether both hips and both shoulders are labelled, so that there is an upright."""
    return skeleton.torso is not None and bool(known[list(skeleton.torso)].all())


def distances(points_px: Float, truth: Truth) -> Float:
    """`(R, J)` distance of each joint in runs `(R, 33, 2 or 3)`, in parts of the torso."""
    xy = points_px[..., :2]
    with_head = np.concatenate([xy, xy[:, EARS].mean(axis=1, keepdims=True)], axis=1)
    off: Float = np.linalg.norm(with_head[:, truth.point] - truth.xy_px, axis=-1) / truth.unit_px
    return off


def far(off: Float, rows: Sequence[int] | NDArray[np.int64] | None = None) -> Float:
    """`(R,)` mean distance of each run over the joints `rows`; what is quite wrong counts as 1."""
    clipped = np.minimum(off, FARTHEST)
    mean: Float = (clipped if rows is None else clipped[:, rows]).mean(axis=1)
    return mean


def mixed_up(truth: Truth) -> dict[str, tuple[int, ...]]:
    """Ways in which labels of left and right can be mixed up: name → which of the 33 points.

    Only what at least two labelled joints on each side could tell is asked.
    """
    ways = {"all": tuple(range(len(BLAZEPOSE33))), "arms": ARMS, "legs": LEGS}
    return {way: points for way, points in ways.items() if _both_sides(truth, points)}


def _both_sides(truth: Truth, points: tuple[int, ...]) -> bool:
    sides = [BLAZEPOSE33.names[p].partition("_")[0] for p in truth.point if p in points]
    return min(sides.count("left"), sides.count("right")) >= 2


def states(off: Float, truth: Truth, tolerance: float, face_tolerance: float) -> NDArray[np.int8]:
    """`(34,)` int8, what each point, and last the head, says: 1 agrees, -1 does not, 0 is silent.

    Args:
        off: `(J,)` distances of one reading.
        truth: the J joints.
        tolerance: how far off a joint agrees.
        face_tolerance: the same for points of the face and the head.
    """
    said = np.zeros(len(BLAZEPOSE33) + 1, np.int8)
    facial = (truth.point < len(FACE)) | (truth.point == HEAD)
    agrees = off <= np.where(facial, face_tolerance, tolerance)
    said[truth.point] = np.where(agrees, 1, -1)
    return said


def blend(off: Float, truth: Truth, softness: float, near_softness: float) -> Float:
    """`(R, 33)` how much each run counts for each point: by the person, and by the joints around.

    Chosen on held-out joints of LSPET and COCO people: against the single best run it raised
    PCK@0.2 there from 0.71 to 0.74 and from 0.77 to 0.81 (softness 0.02 and 0.05, 12 runs).

    Args:
        off: `(R, J)` from `distances`.
        truth: the J joints.
        softness: how much worse than the best run, over all joints, makes a run count 1/e.
        near_softness: the same for the joints that carry a point, and itself.
    """
    person = far(off) / softness
    cost = np.repeat(person[:, None], len(BLAZEPOSE33), axis=1)
    row_of = {int(p): row for row, p in enumerate(truth.point)}
    face = [row for p, row in row_of.items() if p < len(FACE) or p == HEAD]
    for point, chain in enumerate(CHAINS):
        near = [row_of[p] for p in (point, *chain) if p in row_of] if chain else face
        if near:
            cost[:, point] += far(off, near) / near_softness
    weights = np.exp(cost.min(axis=0) - cost)
    share: Float = weights / weights.sum(axis=0)
    return share
