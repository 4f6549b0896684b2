"""The identify node: one pose per person, with an id that stays."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

import numpy as np

from blazetrack.backends import Model
from blazetrack.common.linear_assignment import least_cost_pairs
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.tracking.appearance import clothing_colours, colour_distance
from blazetrack.tracking.assignment import (
    UNKNOWN_CLOTHES,
    Observations,
    costs,
    is_duplicate,
)
from blazetrack.tracking.pose_nms import is_inside, pose_nms
from blazetrack.tracking.tracklet import Tracklet, is_crowded
from blazetrack.types import Frame, Poses

__all__ = ["Identify"]

# A tentative track, one that began near another person, is confirmed after so many frames.
CONFIRM_FRAMES = 4


class Identify:
    """Join the tracked and the new poses of a frame and give each person an id that stays.

    A new pose gets the id of the lost person that it fits best, by predicted position, by size and,
    with `use_appearance`, by clothes; else the next id. Ids count from 1 and belong to this object;
    ids below 0 are tentative tracks.

    Args:
        memory_s: how long a lost person keeps the id.
        duplicate_oks: poses with at least this OKS (0..1) are one person; above 1 none are.
        use_appearance: also verify the ids of tracked poses, so that a region that drifts onto
            another person does not carry the id along and people who cross keep their own; drop
            poses that are hardly people; and hold a new track near another person as tentative.
        model: the landmark model; its keypoints locate the clothes.
        max_people: number of people at most, the longest known first; None is no limit.
        min_score: with `use_appearance`, minimum score of a pose that is no confirmed person yet.
    """

    def __init__(
        self,
        memory_s: float = 1.0,
        duplicate_oks: float = 2.0,
        use_appearance: bool = False,
        model: Model | None = None,
        max_people: int | None = None,
        min_score: float = 0.5,
    ) -> None:
        self._max_people, self._min_score = max_people, min_score
        self._memory_s = memory_s
        self._duplicate_oks = duplicate_oks
        self._use_appearance = use_appearance
        self._skeleton = (None if model is None else model.info.skeleton) or BLAZEPOSE33
        self.reset()

    def reset(self) -> None:
        """Drop all tracks; the next id is 1."""
        self._confirmed = self._tentative = 0
        self.restart()

    def restart(self) -> None:
        """Drop all tracks; ids go on, so that no person of a new scene gets an old one."""
        self._tracklets: dict[int, Tracklet] = {}
        self._last_s: float | None = None

    def __call__(
        self, frame: Frame, tracked: Poses | None = None, new: Poses | None = None
    ) -> Poses:
        poses, time_s = _joined(tracked, new), frame.time_s
        for person, tracklet in list(self._tracklets.items()):
            if abs(time_s - tracklet.time_s) > self._memory_s:
                del self._tracklets[person]
        poses = self._without_doubtful(poses, frame)
        seen = self._observe(frame, poses)
        kept = self._distinct_rows(poses, seen)
        if len(kept) < len(poses):
            poses, seen = poses.take(kept), seen.take(kept)
        ids = self._limited(self._assign(poses.ids.tolist(), seen, time_s))
        if 0 in ids:
            rows = np.flatnonzero(ids)
            poses, seen, ids = poses.take(rows), seen.take(rows), [i for i in ids if i]
        self._update(ids, seen, time_s)
        self._last_s = time_s
        return poses if ids == poses.ids.tolist() else poses.with_ids(np.array(ids, np.int64))

    def _was_tracked(self, person: int) -> bool:
        """Whether this person was in the last frame."""
        tracklet = self._tracklets.get(person)
        return tracklet is not None and tracklet.time_s == self._last_s

    def _without_doubtful(self, poses: Poses, frame: Frame) -> Poses:
        """Confirmed tracks, and poses that are probably people; those in the image."""
        if not self._use_appearance or not len(poses):
            return poses
        known = [person > 0 and self._was_tracked(person) for person in poses.ids.tolist()]
        sure = (poses.scores >= self._min_score) | np.array(known)
        return poses.take(is_inside(poses, frame) & sure)

    def _distinct_rows(self, poses: Poses, seen: Observations) -> list[int]:
        """Rows without further poses of the same body."""
        if len(poses) < 2 or self._duplicate_oks > 1:
            return list(range(len(poses)))
        ranks = np.array([self._rank(i, seen.take([r])) for r, i in enumerate(poses.ids.tolist())])
        points, scores = poses.landmarks_px[..., :2], poses.scores + 2 * ranks
        return pose_nms(points, poses.radius_px, scores, self._duplicate_oks)

    def _rank(self, person: int, seen: Observations) -> float:
        """Of two regions on one body that of the person with these clothes stays, else the older.

        Args:
            person: id of the region.
            seen: the pose in it.
        """
        if not self._was_tracked(person):
            return 0.0
        tracklet = self._tracklets[person]
        clothes = colour_distance(seen.colours, tracklet.colours[None])[0, 0]
        clothes = clothes if np.isfinite(clothes) else UNKNOWN_CLOTHES
        age = tracklet.frames / (1e6 if self._use_appearance else 1.0)
        return 1.0 + (person > 0) * (2.0 - clothes + age)

    def _observe(self, frame: Frame, poses: Poses) -> Observations:
        if self._use_appearance and poses.landmarks_px.shape[1] == len(self._skeleton):
            points, visibility = poses.landmarks_px[..., :2], poses.visibility
            colours = clothing_colours(frame.image, points, visibility, self._skeleton)
        else:
            colours = np.zeros((len(poses), 0, 3))
        return Observations(poses.alignment_px[:, 0], poses.radius_px, colours)

    def _assign(self, ids: list[int], seen: Observations, time_s: float) -> list[int]:
        """Ids of the poses, from those of their regions (0 for a new one); 0 drops a pose."""
        if not self._use_appearance:
            rows = [row for row, person in enumerate(ids) if not person]
            named = self._matched(rows, self._lost(ids), ids, seen, time_s)
            return [person or named.get(row) or self._next_id() for row, person in enumerate(ids)]
        tracked = [person if self._was_tracked(person) else 0 for person in ids]
        match = partial(self._matched, tracked=tracked, seen=seen, time_s=time_s)
        # Tracked people first, among themselves.
        rows = [row for row, person in enumerate(tracked) if person]
        named = match(rows, [self._tracklets[tracked[row]] for row in rows], jumps=False)
        # Then lost people, with the poses that do not show a matched one once more.
        rest = self._distinct(set(range(len(ids))) - named.keys(), named, seen, time_s)
        named |= match(rest, self._lost(named.values()))
        # Then tentative tracks and new ones, but not from a region predicted for a lost person.
        rest = [row for row in rest if row not in named and (tracked[row] or not ids[row])]
        named |= match(rest, self._lost(named.values(), tentative=True))
        for row in (row for row in rest if row not in named):
            near = is_crowded(row, seen.center_px, seen.radius_px)
            named[row] = self._next_id(tentative=near or tracked[row] != 0)
        return self._confirm([named.get(row, 0) for row in range(len(ids))], seen, time_s)

    def _distinct(
        self, rows: Collection[int], named: dict[int, int], seen: Observations, time_s: float
    ) -> list[int]:
        """Rows, in order, that do not show a confirmed person of `named` once more."""
        matched = [self._tracklets[person] for person in named.values() if person > 0]
        return [r for r in sorted(rows) if not is_duplicate(seen.take([r]), matched, time_s)]

    def _lost(self, ids: Collection[int], *, tentative: bool = False) -> list[Tracklet]:
        """Confirmed (or tentative) tracklets without those in `ids`."""
        everyone = self._tracklets.values()
        return [one for one in everyone if (one.id < 0) == tentative and one.id not in ids]

    def _matched(
        self,
        rows: list[int],
        tracklets: list[Tracklet],
        tracked: list[int],
        seen: Observations,
        time_s: float,
        *,
        jumps: bool = True,
    ) -> dict[int, int]:
        """Row → id, of the best assignment of these poses to these tracklets."""
        if not rows or not tracklets:
            return {}
        own = np.equal.outer([tracked[row] for row in rows], [one.id for one in tracklets])
        known = [one for one in self._tracklets.values() if one.id > 0]
        cost = costs(seen.take(rows), tracklets, own, time_s, known=known, jumps=jumps)
        pairs = least_cost_pairs(cost)
        return {rows[row]: tracklets[column].id for row, column in pairs.items()}

    def _confirm(self, ids: list[int], seen: Observations, time_s: float) -> list[int]:
        """Ids in which tentative tracks of enough frames are confirmed: a lost person, or new."""
        for row, person in enumerate(ids):
            tracklet = self._tracklets.get(person)
            if person < 0 and tracklet is not None and tracklet.frames >= CONFIRM_FRAMES:
                del self._tracklets[person]
                named = self._matched([row], self._lost(ids), ids, seen, time_s)
                ids[row] = named.get(row) or self._next_id()
        return ids

    def _limited(self, ids: list[int]) -> list[int]:
        """Ids in which the newest of too many people are 0."""
        known = sorted(person for person in ids if person > 0)
        if self._max_people is None or len(known) <= self._max_people:
            return ids
        kept = set(known[: self._max_people])
        return [person if person in kept else 0 for person in ids]

    def _next_id(self, *, tentative: bool = False) -> int:
        if tentative:
            self._tentative -= 1
            return self._tentative
        self._confirmed += 1
        return self._confirmed

    def _update(self, ids: list[int], seen: Observations, time_s: float) -> None:
        """Add the poses of this frame to their tracklets."""
        near = self._crowded(ids, seen, time_s) if self._use_appearance else [False] * len(ids)
        for row, person in enumerate(ids):
            center, radius, colours = seen.center_px[row], seen.radius_px[row], seen.colours[row]
            tracklet = self._tracklets.get(person)
            if tracklet is None:
                self._tracklets[person] = Tracklet(person, center, float(radius), time_s, colours)
            else:
                tracklet.update(center, float(radius), colours, time_s, near=near[row])

    def _crowded(self, ids: list[int], seen: Observations, time_s: float) -> list[bool]:
        """Whether each person has another one near, seen or lost."""
        lost = self._lost(ids)
        centers = np.array([*seen.center_px, *(one.predicted_px(time_s) for one in lost)])
        radii = np.array([*seen.radius_px, *(one.radius_px for one in lost)])
        return [is_crowded(row, centers, radii) for row in range(len(ids))]


def _joined(tracked: Poses | None, new: Poses | None) -> Poses:
    given = [poses for poses in (tracked, new) if poses is not None]
    return Poses.joined([poses for poses in given if len(poses)] or given[-1:])
