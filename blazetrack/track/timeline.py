"""The timeline node: frames on a steady clock, and where another scene begins."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.common.clock import SteadyClock, median
from blazetrack.types import Frame

__all__ = ["Timeline", "difference", "thumbnail"]

Float32 = NDArray[np.float32]

SIZE_WH = (48, 27)  # of a thumbnail
MIN_CONTRAST = 4.0  # standard deviation; a black or white flash has less, and shows no scene
# A cut changes the picture by more than this, by more than usual, and in more than few places.
# (On 18 real and 15 drawn clips: no false cut at 10 to 30 frames per second.)
MIN_DIFFERENCE, USUAL_FACTOR, MIN_CHANGED = 0.25, 4.0, 0.2
MIN_CHANGE = 12.0  # of a cell that has changed, 0..255
MAX_GAIN = 2.0  # change of the exposure that is undone
MAX_SHIFT = 0.6  # of a side, by which a camera may pan between two frames


class Timeline:
    """Frames with times that always rise; `restarts` where one does not continue the last.

    The engine then clears what other nodes and loops carry. A frame continues the last one that
    showed something, unless its size differs, or its picture differs by far more than usual, also
    with a panning camera and another exposure.

    Args:
        find_cuts: compare pictures.
        max_gap_s: a step of the time up to this is never doubtful.

    Attributes:
        restarts: the newest frame shows another scene.
    """

    def __init__(self, find_cuts: bool = True, max_gap_s: float = 1.0) -> None:
        self._find_cuts, self._max_gap_s = find_cuts, max_gap_s
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first frame."""
        self.restarts = False
        self._clock = SteadyClock(self._max_gap_s)
        self._index = 0
        self._size: tuple[int, int] | None = None
        self._last: Float32 | None = None
        self._usual: deque[float] = deque(maxlen=8)

    def __call__(self, frame: Frame) -> Frame:
        time_s, index = self._clock(frame.time_s), self._index
        self._index += 1
        size = frame.width, frame.height
        self.restarts = self._size not in (None, size)
        self._size = size
        if self._find_cuts and self._is_cut(thumbnail(frame.image)):
            self.restarts = True
        return frame if time_s == frame.time_s else replace(frame, index=index, time_s=time_s)

    def _is_cut(self, picture: Float32) -> bool:
        if picture.std() < MIN_CONTRAST:
            return False
        last, self._last = self._last, picture
        if last is None:
            return False
        value, changed = difference(last, picture)
        usual = median(self._usual) if self._usual else 0.0
        cut = value > max(MIN_DIFFERENCE, USUAL_FACTOR * usual) and changed > MIN_CHANGED
        if cut:
            self._usual.clear()
        else:
            self._usual.append(value)
        return cut


def thumbnail(image: NDArray[np.uint8]) -> Float32:
    """`(27, 48, 3)` means of an image, of one in some pixels of a large one."""
    width, height = SIZE_WH
    step = max(min(image.shape[0] // height, image.shape[1] // width) // 3, 1)
    small = cv2.resize(_samples(image, step), SIZE_WH, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _samples(image: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """Every `step`-th pixel of every `step`-th row."""
    if step == 1 or image.strides[1:] != (3, 1):
        return np.ascontiguousarray(image[::step, ::step])
    pixels = image.view("V3")[::step, ::step]  # three bytes at once: less than half the time
    return np.ascontiguousarray(pixels).view(np.uint8)


def difference(last: Float32, picture: Float32) -> tuple[float, float]:
    """How much two thumbnails differ: 1 − their correlation, and the share of changed cells.

    Of the two positions, as they are and shifted to fit best, the better one counts.
    """
    found = _difference(last, picture)
    if found[0] <= MIN_DIFFERENCE:
        return found
    (x, y), _ = cv2.phaseCorrelate(last.mean(axis=2), picture.mean(axis=2))
    dx, dy, (width, height) = round(x), round(y), SIZE_WH
    if (dx or dy) and abs(dx) < MAX_SHIFT * width and abs(dy) < MAX_SHIFT * height:
        shifted = _difference(_part(last, -dx, -dy), _part(picture, dx, dy))
        found = min(found, shifted)
    return found


def _part(picture: Float32, dx: int, dy: int) -> Float32:
    """What remains of a thumbnail that is moved so that the other one fits to it."""
    height, width = picture.shape[:2]
    rows = slice(max(0, dy), height - max(0, -dy))
    return picture[rows, max(0, dx) : width - max(0, -dx)]


def _difference(last: Float32, picture: Float32) -> tuple[float, float]:
    a, b = _centered(last), _centered(picture)
    power_a, power_b = float(np.vdot(a, a)) / a.size, float(np.vdot(b, b)) / b.size
    correlation = float(np.vdot(a, b)) / a.size / max((power_a * power_b) ** 0.5, 1e-6)
    gain = (power_a / max(power_b, 1e-6)) ** 0.5
    gain = min(max(gain, 1 / MAX_GAIN), MAX_GAIN)
    red, green, blue = (np.abs(a - gain * b) > MIN_CHANGE).T
    return 1.0 - correlation, np.count_nonzero(red | green | blue) / len(a)


def _centered(picture: Float32) -> Float32:
    """`(cells, 3)` differences from the mean colour."""
    cells = picture.reshape(-1, 3)
    total: Float32 = np.ones(len(cells), np.float32) @ cells  # exact, as the cells are integers
    return cells - total / np.float32(len(cells))
