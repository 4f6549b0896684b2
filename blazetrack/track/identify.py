"""Who is who: ids that stay, and whether anybody is still to be found."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blazetrack.backends import Model
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.track.appearance import clothes
from blazetrack.track.assignment import Sight, again, best_pairs, costs
from blazetrack.track.likeness import one_per_body
from blazetrack.track.pose_nms import believable, inside
from blazetrack.track.tracklet import Trail, crowded
from blazetrack.types import Frame, Poses, Rois

__all__ = ["Identity", "needs_detection"]

# Somebody new so near to another may be a bad look at that one; seen in so many frames, they are
# not.
SURE = 4


def needs_detection(
    carried: Rois | None = None, poses: Poses | None = None, *, max_people: int = 1
) -> bool:
    """Whether fewer people are followed than may be there.

    Args:
        carried: regions followed from the last frame.
        poses: people found in them in this frame; where given, it alone counts.
        max_people: how many are wanted.
    """
    followed = poses if poses is not None else carried
    return followed is None or len(followed) < max_people


class Identity:
    """Put together the people of a frame and name each with an id that stays.

    Somebody newly found gets the id of the person remembered whom they fit best, by the place
    where that one should be by now, by size and, with `guard`, by clothes; else the next number.
    Ids count from 1 and belong to this object; below 0 are people who may not be there at all.

    Args:
        memory_s: how long somebody lost may come back under the same id.
        alike: poses at least so alike (0..1) are one body and count once; above 1 none are.
        guard: doubt the ids of those who were followed too: a region that slid onto somebody else
            does not take the id along, people who cross keep their own, and somebody new next to
            another has to be seen in several frames.
        model: the landmark model; its keypoints tell where clothes are.
        max_people: how many are named at most, those known longest; None is no limit.
    """

    def __init__(
        self,
        memory_s: float = 1.0,
        alike: float = 2.0,
        guard: bool = False,
        model: Model | None = None,
        max_people: int | None = None,
    ) -> None:
        self._max_people = max_people
        self._memory_s = memory_s
        self._alike = alike
        self._guard = guard
        self._skeleton = (None if model is None else model.info.skeleton) or BLAZEPOSE33
        self.reset()

    def reset(self) -> None:
        """Forget everybody; the next person is number 1."""
        self._people = self._doubtful = 0
        self._trails: dict[int, Trail] = {}
        self._last_s: float | None = None

    def __call__(
        self, frame: Frame, kept: Poses | None = None, fresh: Poses | None = None
    ) -> Poses:
        poses, time_s = _join(kept, fresh), frame.time_s
        for person, trail in list(self._trails.items()):
            if abs(time_s - trail.time_s) > self._memory_s:
                del self._trails[person]
        if self._guard and len(poses):
            poses = poses.take(self._believed(poses, frame))
        poses = self._one_per_body(poses)
        sight = self._look(frame, poses)
        ids = self._at_most(self._named(poses.ids.tolist(), sight, time_s))
        if 0 in ids:
            rows = np.flatnonzero(ids)
            poses, sight, ids = poses.take(rows), sight.take(rows), [i for i in ids if i]
        self._note(ids, sight, time_s)
        self._last_s = time_s
        return poses if ids == poses.ids.tolist() else poses.with_ids(np.array(ids, np.int64))

    def _at_most(self, ids: list[int]) -> list[int]:
        """Ids of which those are 0 that are too many: the newest."""
        known = sorted(person for person in ids if person > 0)
        if self._max_people is None or len(known) <= self._max_people:
            return ids
        kept = set(known[: self._max_people])
        return [person if person in kept else 0 for person in ids]

    def _followed(self, person: int) -> bool:
        """Was this person seen in the last frame?"""
        trail = self._trails.get(person)
        return trail is not None and trail.time_s == self._last_s

    def _believed(self, poses: Poses, frame: Frame) -> NDArray[np.bool_]:
        """Which poses are people: those followed for a while are, others have to look it."""
        known = [person > 0 and self._followed(person) for person in poses.ids.tolist()]
        believed: NDArray[np.bool_] = inside(poses, frame) & (believable(poses) | np.array(known))
        return believed

    def _one_per_body(self, poses: Poses) -> Poses:
        if len(poses) < 2 or self._alike > 1:
            return poses
        # The region of somebody followed without a break is the one to go on with.
        followed = [self._trust(person) for person in poses.ids.tolist()]
        points, trust = poses.landmarks_px[..., :2], poses.scores + np.array(followed)
        rows = one_per_body(points, poses.radius_px, trust, self._alike)
        return poses if len(rows) == len(poses) else poses.take(rows)

    def _trust(self, person: int) -> float:
        if not self._followed(person):
            return 0.0
        return 1.0 + (person > 0) * (1.0 + self._trails[person].sights)

    def _look(self, frame: Frame, poses: Poses) -> Sight:
        if self._guard and poses.landmarks_px.shape[1] == len(self._skeleton):
            points, visibility = poses.landmarks_px[..., :2], poses.visibility
            colours = clothes(frame.image, points, visibility, self._skeleton)
        else:
            colours = np.zeros((len(poses), 0, 3))
        return Sight(poses.alignment_px[:, 0], poses.radius_px, colours)

    def _named(self, ids: list[int], sight: Sight, time_s: float) -> list[int]:
        """The ids of the poses, given as whom they were looked for (0: anybody); 0 for nobody."""
        if not self._guard:
            return self._fresh_named(ids, sight, time_s)
        followed = [person if self._followed(person) else 0 for person in ids]
        # Those followed share their ids among themselves first; what does not fit, and who is
        # found anew, may be somebody lost.
        rows = [row for row, person in enumerate(followed) if person]
        trails = [self._trails[followed[row]] for row in rows]
        named = self._pairs(rows, trails, followed, sight, time_s, jumps=False)
        seen = [self._trails[person] for person in named.values() if person > 0]
        rest = [row for row in range(len(ids)) if row not in named]
        rest = [row for row in rest if not again(sight.take([row]), seen, time_s)]
        trails = [one for one in self._trails.values() if one.id > 0 and one not in seen]
        named |= self._pairs(rest, trails, followed, sight, time_s, jumps=True)
        # Where somebody lost was looked for, others are for the detector to find.
        rest = [row for row in rest if row not in named and (followed[row] or not ids[row])]
        trails = [one for one in self._trails.values() if one.id < 0]
        trails = [one for one in trails if one.id not in named.values()]
        named |= self._pairs(rest, trails, followed, sight, time_s, jumps=True)
        for row in rest:
            if row not in named:
                near = crowded(row, sight.center_px, sight.radius_px)
                named[row] = self._new(doubtful=near or followed[row] != 0)
        return self._settled([named.get(row, 0) for row in range(len(ids))], sight, time_s)

    def _fresh_named(self, ids: list[int], sight: Sight, time_s: float) -> list[int]:
        """Ids for those found anew; all others stay as they are."""
        rows = [row for row, person in enumerate(ids) if not person]
        lost = [trail for trail in self._trails.values() if trail.id not in ids]
        named = self._pairs(rows, lost, ids, sight, time_s, jumps=True)
        return [person or named.get(row) or self._new() for row, person in enumerate(ids)]

    def _pairs(
        self,
        rows: list[int],
        trails: list[Trail],
        followed: list[int],
        sight: Sight,
        time_s: float,
        *,
        jumps: bool,
    ) -> dict[int, int]:
        """Row → id, of the best assignment of these poses to these people."""
        if not rows or not trails:
            return {}
        own = np.equal.outer([followed[row] for row in rows], [trail.id for trail in trails])
        pairs = best_pairs(costs(sight.take(rows), trails, own, time_s, jumps=jumps))
        return {rows[row]: trails[column].id for row, column in pairs.items()}

    def _settled(self, ids: list[int], sight: Sight, time_s: float) -> list[int]:
        """Ids of which those are no longer doubtful that were seen often enough."""
        for row, person in enumerate(ids):
            if person < 0 and person in self._trails and self._trails[person].sights >= SURE:
                del self._trails[person]
                lost = [one for one in self._trails.values() if one.id > 0 and one.id not in ids]
                named = self._pairs([row], lost, ids, sight, time_s, jumps=True)
                ids[row] = named.get(row) or self._new()
        return ids

    def _new(self, *, doubtful: bool = False) -> int:
        if doubtful:
            self._doubtful -= 1
            return self._doubtful
        self._people += 1
        return self._people

    def _note(self, ids: list[int], sight: Sight, time_s: float) -> None:
        """Remember where everybody is."""
        near = self._near(ids, sight, time_s) if self._guard else [False] * len(ids)
        for row, person in enumerate(ids):
            center, radius, colours = sight.center_px[row], sight.radius_px[row], sight.colours[row]
            trail = self._trails.get(person)
            if trail is None:
                self._trails[person] = Trail(person, center, float(radius), time_s, colours)
            else:
                trail.seen(center, float(radius), colours, time_s, near=near[row])

    def _near(self, ids: list[int], sight: Sight, time_s: float) -> list[bool]:
        """Is anybody near each person, seen or hidden?"""
        hidden = [one for person, one in self._trails.items() if person > 0 and person not in ids]
        centers = np.array([*sight.center_px, *(trail.expected_px(time_s) for trail in hidden)])
        radii = np.array([*sight.radius_px, *(trail.radius_px for trail in hidden)])
        return [crowded(row, centers, radii) for row in range(len(ids))]


def _join(kept: Poses | None, fresh: Poses | None) -> Poses:
    if kept is None:
        return Poses.empty() if fresh is None else fresh
    if fresh is None or not len(fresh):
        return kept if len(kept) or fresh is None else fresh
    return Poses.joined([kept, fresh]) if len(kept) else fresh
