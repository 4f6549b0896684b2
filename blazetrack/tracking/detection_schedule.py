"""When and where the detector runs: `needs_detection`, `second_look`, `detection_schedule`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from blazetrack.tracking.orientations import (
    ORIENTATIONS,
    Orientation,
    some_orientations,
    turned_image,
)
from blazetrack.types import Frame, Poses, Rois

__all__ = ["DetectionSchedule", "needs_detection", "second_look", "tile_rois"]

Float = NDArray[np.float64]

TILE_OVERLAP = 0.4  # part of a side that neighbours share: a person on a border is whole in one
# Change detection on a thumbnail: columns and rows, by how much a cell must change (0..255), and
# which part of all cells. Cells nearer to a tracked person than BESIDE radii do not count.
CELLS_WH, CELL_CHANGE, CHANGED_SHARE = (32, 18), 24.0, 0.02
BESIDE = 1.3
MAX_SAVED_RUNS = 3.0  # detector runs that may be saved up


def needs_detection(
    carried: Rois | None = None, poses: Poses | None = None, *, max_people: int = 1
) -> bool:
    """Whether fewer people are tracked than wanted.

    Args:
        carried: regions from the last frame.
        poses: people found in them in this frame; if given, `carried` does not count.
        max_people: number of people wanted.
    """
    tracked = poses if poses is not None else carried
    return tracked is None or len(tracked) < max_people


def second_look(frame: Frame, *, tiles: int = 0) -> Rois | None:
    """The regions of a second pass over a still image, see `tile_rois`; None without tiles.

    Args:
        frame: the image.
        tiles: number of tiles along the longer side; 0 is no second pass.
    """
    return tile_rois(frame, tiles=tiles) if tiles > 0 else None


def tile_rois(frame: Frame, *, tiles: int = 0) -> Rois:
    """The whole image, then overlapping square tiles in rows.

    Args:
        frame: the image.
        tiles: number of tiles along the longer side; 0 is the whole image alone.
    """
    size = np.array([frame.width, frame.height], np.float64)
    centers, sizes = [size / 2], [size]
    if tiles > 0:
        side = size.max() / (1 + (tiles - 1) * (1 - TILE_OVERLAP))
        x, y = (_tile_centers(length, side) for length in size)
        centers += [np.array([a, b]) for b in y for a in x]
        sizes += [np.array([side, side])] * (len(x) * len(y))
    count = len(centers)
    return Rois(np.array(centers), np.array(sizes), np.zeros(count), np.zeros(count, np.int64))


def _tile_centers(length: float, side: float) -> Float:
    """Centres of tiles that cover a length evenly; a longer tile is centred on it."""
    if side >= length:
        return np.array([length / 2])
    count = int(np.ceil((length - side) / (side * (1 - TILE_OVERLAP)) - 1e-9)) + 1
    return np.linspace(side / 2, length - side / 2, count)


class DetectionSchedule:
    """The regions that the detector searches in this frame: none, the whole image or a part of it.

    All regions are searched in the first frame, also of images of another size, and in the next
    ones as long as each adds people: those found first hide the others from the detector. While no
    person is tracked, every frame is searched; while all wanted people are tracked, none is. In
    between the interval starts at one frame and doubles after each round without a new person, up
    to `max_interval`. It falls back to `min_interval` when the number of people changes, and a
    change of the image away from tracked people brings the next search forward.

    While no person is tracked, the whole image is searched in other orientations too, in turn with
    the upright regions, so that it costs nothing more per frame.

    Args:
        max_people: number of people wanted.
        min_interval: frames between searches after a change.
        max_interval: frames between searches while nothing changes.
        budget: searches per run of the landmark network, at most.
        tiles: search the whole image and each tile in turn, see `tile_rois`; not used where one
            person is enough.
        orientations: in degrees, clockwise; the first one for all regions, `[0]` searches
            upright people only.

    Raises:
        InputError: there are no orientations.
    """

    def __init__(
        self,
        max_people: int = 1,
        min_interval: int = 1,
        max_interval: int = 30,
        budget: float = 0.2,
        tiles: int = 0,
        orientations: tuple[Orientation, ...] = ORIENTATIONS,
    ) -> None:
        self._orientations = some_orientations("detection_schedule", orientations)
        self._max_people = max_people
        self._min_interval = max(min_interval, 1)
        self._max_interval = max(max_interval, self._min_interval)
        self._budget = budget
        self._tiles = tiles if max_people > 1 else 0  # a single person is the nearest, and large
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first frame."""
        self._interval = self._min_interval
        self._since = 0
        self._saved_runs = MAX_SAVED_RUNS
        self._tracked = 0
        self._turn: int | None = None
        self._starting = False
        self._size: tuple[int, int] | None = None
        self._searched: Float | None = None

    def __call__(self, frame: Frame, poses: Poses | None = None) -> Rois | None:
        tracked = 0 if poses is None else len(poses)
        self._saved_runs = min(self._saved_runs + self._budget * tracked, MAX_SAVED_RUNS)
        self._since += 1
        if tracked != self._tracked:
            self._interval = self._min_interval
        more, self._tracked = tracked > self._tracked, tracked
        if not self._is_due(frame, poses):
            return None
        self._since = 0
        regions = self._regions(frame)
        if self._size != (frame.width, frame.height):  # other regions
            self._size, self._turn = (frame.width, frame.height), None
        self._starting = self._turn is None or (self._starting and more)
        if self._starting:
            self._turn = 0
            return regions
        if not tracked:
            regions = Rois.joined([regions, turned_image(frame, self._orientations[1:])])
        self._saved_runs = max(self._saved_runs - 1, 0.0)
        turn = (self._turn or 0) % len(regions)
        self._turn = (turn + 1) % len(regions)
        if self._turn == 0:  # all regions were searched
            self._interval = min(2 * self._interval, self._max_interval)
        return regions.take(slice(turn, turn + 1))

    def _regions(self, frame: Frame) -> Rois:
        """Whole image and tiles, in the first orientation."""
        regions = tile_rois(frame, tiles=self._tiles)
        angle_rad = turned_image(frame, self._orientations[:1]).angle_rad
        return replace(regions, angle_rad=angle_rad.repeat(len(regions)))

    def _is_due(self, frame: Frame, poses: Poses | None) -> bool:
        if poses is None or not len(poses):
            return True
        if len(poses) >= self._max_people or self._saved_runs < 1:
            return False
        if self._since < self._min_interval:
            return False
        thumbnail = _thumbnail(frame.image)
        if self._since < self._interval and not self._has_changed(thumbnail, frame, poses):
            return False
        self._searched = thumbnail
        return True

    def _has_changed(self, thumbnail: Float, frame: Frame, poses: Poses) -> bool:
        """Whether the image changed since the last search, away from the tracked people."""
        if self._searched is None or self._searched.shape != thumbnail.shape:
            return True
        rows, columns = thumbnail.shape
        x = (np.arange(columns) + 0.5) * frame.width / columns
        y = (np.arange(rows) + 0.5) * frame.height / rows
        changed = np.abs(thumbnail - self._searched) > CELL_CHANGE
        for center, radius in zip(poses.alignment_px[:, 0], poses.radius_px, strict=True):
            changed &= np.hypot(x - center[0], (y - center[1])[:, None]) > BESIDE * radius
        return bool(changed.mean() > CHANGED_SHARE)


def _thumbnail(image: NDArray[np.uint8]) -> Float:
    """`CELLS_WH` samples of the green channel, each the mean of 2×2 pixels."""
    columns, rows = CELLS_WH
    y = ((np.arange(rows) + 0.5) * image.shape[0] / rows).astype(np.intp)
    x = ((np.arange(columns) + 0.5) * image.shape[1] / columns).astype(np.intp)
    y2, x2 = np.minimum(y + 1, image.shape[0] - 1), np.minimum(x + 1, image.shape[1] - 1)
    green = image[..., 1]
    corners = [green[np.ix_(a, b)].astype(np.float64) for a in (y, y2) for b in (x, x2)]
    mean: Float = np.mean(corners, axis=0)
    return mean
