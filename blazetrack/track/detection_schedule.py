"""When and where to look for somebody new."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blazetrack.types import Frame, Poses, Rois

__all__ = ["Search", "places", "second_look"]

Float = NDArray[np.float64]

# Neighbouring tiles share this part of a side: somebody on a border is whole in one of them.
SHARED = 0.4
# The thumbnail whose cells tell that something changed: columns and rows, how much a cell must
# change (0..255), and which part of all cells.
CELLS_WH, CHANGED, CELLS_CHANGED = (32, 18), 24.0, 0.02
# Nearer to the middle of a person followed, in radii, it is they who move.
BESIDE = 1.3
# Runs of the detector that may be saved up.
SAVED = 3.0


def places(frame: Frame, *, tiles: int = 0) -> Rois:
    """The whole picture, then squares of it that overlap, in rows.

    Args:
        frame: the picture.
        tiles: how many squares along the longer side; 0 is the whole picture alone.
    """
    size = np.array([frame.width, frame.height], np.float64)
    centers, sizes = [size / 2], [size]
    if tiles > 0:
        side = size.max() / (1 + (tiles - 1) * (1 - SHARED))
        x, y = (_middles(length, side) for length in size)
        centers += [np.array([a, b]) for b in y for a in x]
        sizes += [np.array([side, side])] * (len(x) * len(y))
    count = len(centers)
    return Rois(np.array(centers), np.array(sizes), np.zeros(count), np.zeros(count, np.int64))


def second_look(frame: Frame, *, tiles: int = 0) -> Rois | None:
    """Where to look again in a still picture: everywhere, see `places`; nowhere without tiles."""
    return places(frame, tiles=tiles) if tiles > 0 else None


def _middles(length: float, side: float) -> Float:
    """Middles of squares that cover a length, evenly; one that is longer stands in the middle."""
    if side >= length:
        return np.array([length / 2])
    count = int(np.ceil((length - side) / (side * (1 - SHARED)) - 1e-9)) + 1
    return np.linspace(side / 2, length - side / 2, count)


class Search:
    """Where to look for somebody new in this frame: nowhere, in the whole picture or a part of it.

    The first frame is searched everywhere, and so are the next ones as long as more people are
    found: those found first hide the others from the detector. While nobody is followed, every
    frame is searched; while everybody wanted is followed, none is. Between, searches wait: a frame
    at first, twice as long each time that nobody was found anywhere, up to `longest`. Whoever is
    lost or comes brings the wait back to the shortest, and a change of the picture away from the
    people followed brings the next search forward. Whatever happens, there are no more searches
    than `budget` for each run of the landmark network.

    Args:
        max_people: how many are wanted.
        shortest: frames between searches when somebody may be near.
        longest: frames between searches when nothing happens.
        budget: searches for each person and frame followed.
        tiles: look into the whole picture and each tile in turn, see `places`; the whole picture
            alone where one person is enough.
    """

    def __init__(
        self,
        max_people: int = 1,
        shortest: int = 1,
        longest: int = 30,
        budget: float = 0.2,
        tiles: int = 0,
    ) -> None:
        self._max_people = max_people
        self._shortest, self._longest = max(shortest, 1), max(longest, shortest, 1)
        self._budget = budget
        self._tiles = tiles if max_people > 1 else 0  # one alone is the nearest, and large
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._wait = self._shortest
        self._since = 0
        self._saved = SAVED
        self._followed = 0
        self._turn: int | None = None
        self._starts = False
        self._searched: Float | None = None

    def __call__(self, frame: Frame, kept: Poses | None = None) -> Rois | None:
        followed = 0 if kept is None else len(kept)
        self._saved = min(self._saved + self._budget * followed, SAVED)
        self._since += 1
        if followed != self._followed:
            self._wait = self._shortest
        more, self._followed = followed > self._followed, followed
        if not self._due(frame, kept):
            return None
        self._since = 0
        everywhere = places(frame, tiles=self._tiles)
        self._starts = self._turn is None or (self._starts and more)
        if self._starts:
            self._turn = 0
            return everywhere
        self._saved = max(self._saved - 1, 0.0)
        turn = self._turn or 0
        self._turn = (turn + 1) % len(everywhere)
        if self._turn == 0:  # looked everywhere
            self._wait = min(2 * self._wait, self._longest)
        return everywhere.take(slice(turn, turn + 1))

    def _due(self, frame: Frame, kept: Poses | None) -> bool:
        if kept is None or not len(kept):
            return True
        if len(kept) >= self._max_people or self._saved < 1 or self._since < self._shortest:
            return False
        thumbnail = _thumbnail(frame.image)
        if self._since < self._wait and not self._changed(thumbnail, frame, kept):
            return False
        self._searched = thumbnail
        return True

    def _changed(self, thumbnail: Float, frame: Frame, kept: Poses) -> bool:
        """Is the picture another one than at the last search, besides the people followed?"""
        if self._searched is None or self._searched.shape != thumbnail.shape:
            return True
        rows, columns = thumbnail.shape
        x = (np.arange(columns) + 0.5) * frame.width / columns
        y = (np.arange(rows) + 0.5) * frame.height / rows
        changed = np.abs(thumbnail - self._searched) > CHANGED
        for center, radius in zip(kept.alignment_px[:, 0], kept.radius_px, strict=True):
            changed &= np.hypot(x - center[0], (y - center[1])[:, None]) > BESIDE * radius
        return bool(changed.mean() > CELLS_CHANGED)


def _thumbnail(image: NDArray[np.uint8]) -> Float:
    """Green of every so many pixels, as means of 2×2: enough to see that something moved."""
    columns, rows = CELLS_WH
    y = ((np.arange(rows) + 0.5) * image.shape[0] / rows).astype(np.intp)
    x = ((np.arange(columns) + 0.5) * image.shape[1] / columns).astype(np.intp)
    y2, x2 = np.minimum(y + 1, image.shape[0] - 1), np.minimum(x + 1, image.shape[1] - 1)
    green = image[..., 1]
    corners = [green[np.ix_(a, b)].astype(np.float64) for a in (y, y2) for b in (x, x2)]
    mean: Float = np.mean(corners, axis=0)
    return mean
