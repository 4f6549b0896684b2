"""Optical flow between runs of the landmark network: `flow`, `needs_landmarks`, `merge_poses`.

Pyramidal Lucas-Kanade (Bouguet 2001, as in OpenCV), checked by its forward-backward error
(Kalal et al., "Forward-Backward Error", ICPR 2010).
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import replace
from math import hypot
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.common.clock import median
from blazetrack.errors import InputError
from blazetrack.types import Frame, Poses

__all__ = ["Flow", "merge_poses", "needs_landmarks", "parse_every"]

Float = NDArray[np.float64]
Grey = NDArray[np.uint8]
Moves = list[list[float]]  # x y in pixels

SIDE_PX = 160  # longer side of the greyscale picture at most
WINDOW, LEVELS = (9, 9), 2
CRITERIA = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 5, 0.03)
# Forward-backward error in radii of the person. A keypoint with a larger one is lost: it moves with
# the body. One whose flow is farther from its velocity counts as lost in the mean error, too.
MAX_POINT_ERROR, MAX_CONFLICT = 0.03, 0.2
# A person with a larger mean error, in parts of `MAX_POINT_ERROR`, needs the network.
MAX_MEAN_ERROR = 0.16
# Frames in a row without the network: of `auto`, and at most of `every` after early network runs.
AUTO_FLOWED, MAX_FLOWED = 3, 4


def parse_every(value: int | str) -> int | str:
    """The interval of the landmark network: a number of frames from 1, or `auto`.

    Raises:
        InputError: it is neither.
    """
    text = str(value).strip()
    if text == "auto" or re.fullmatch(r"[1-9][0-9]{0,5}", text):
        return text if text == "auto" else int(text)
    raise InputError(f"every: expected a number of frames from 1, or auto, got '{text[:40]}'")


def needs_landmarks(flowed: Poses | None = None) -> bool:
    """Whether the landmark network runs in this frame: no person was moved by optical flow."""
    return flowed is None or not len(flowed)


def merge_poses(tracked: Poses | None = None, flowed: Poses | None = None) -> Poses | None:
    """The poses of tracked people: by optical flow where there are any, else by the network."""
    return tracked if needs_landmarks(flowed) else flowed


class Flow:
    """Move the poses of the last frame by optical flow; None where the landmark network is due.

    The network is due in every `network_every`-th frame, in the frame after a person came or went,
    and where the mean forward-backward error of a person's keypoints is large: fast hands are lost
    by the flow, but not by the network. Flow moves landmarks in x and y and the alignment points.
    z, world landmarks, visibility, presence, score and mask stay those of the last network run.

    Args:
        network_every: frames from one network run to the next, on average: after one that was due
            early, more frames pass without it, at most 4 or `network_every` - 1 in a row. 1 is no
            optical flow. `auto` lets up to 3 pass after each.

    Raises:
        InputError: `network_every` is neither a number from 1 nor `auto`.
    """

    def __init__(self, network_every: int | str = 1) -> None:
        every = parse_every(network_every)
        if isinstance(every, int):
            self._per_run, self._max_left = every - 1, max(every - 1, MAX_FLOWED)
        else:
            self._per_run = self._max_left = AUTO_FLOWED
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first frame."""
        self._last: Grey | None = None
        self._poses: deque[tuple[float, Poses]] = deque(maxlen=3)
        self._time_s = 0.0
        self._left = self._per_run  # frames that may still pass without the network

    def __call__(self, frame: Frame, poses: Poses | None = None) -> Poses | None:
        if not self._per_run:
            return None
        last, last_s = self._last, self._time_s
        self._last, scale = _small(frame)
        self._time_s = frame.time_s
        if poses is None or not len(poses):
            self._poses.clear()
            return None
        if last is None or last.shape != self._last.shape:
            self._poses.clear()
        self._poses.append((last_s, poses))
        if last is None or not self._is_known(poses):
            self._left = self._per_run
            return None
        flowed = None
        if self._left:
            expected = self._velocity() * (frame.time_s - last_s)
            flowed = self._moved(poses, expected, last, self._last, scale)
        if flowed is None:
            self._left = min(self._left + self._per_run, self._max_left)
        else:
            self._left -= 1
        return flowed

    def _is_known(self, poses: Poses) -> bool:
        """Whether the people are those of the frame before."""
        before = self._poses[-2][1] if len(self._poses) > 1 else None
        return before is not None and before.ids.tolist() == poses.ids.tolist()

    def _velocity(self) -> Float:
        """`(N, K, 2)` pixels per second over the last two frames."""
        now_s, now = self._poses[-1]
        same = (one for one in self._poses if one[1].ids.tolist() == now.ids.tolist())
        before_s, before = next(same)
        if now_s <= before_s:
            return np.zeros_like(now.landmarks_px[..., :2])
        moved: Float = now.landmarks_px[..., :2] - before.landmarks_px[..., :2]
        return moved / (now_s - before_s)

    def _moved(
        self, poses: Poses, expected: Float, last: Grey, now: Grey, scale: Float
    ) -> Poses | None:
        """The poses in this frame; None where the flow is not good enough.

        Args:
            poses: N people in the last frame.
            expected: `(N, K, 2)` motion by their velocity, in pixels.
            last: the picture of the last frame.
            now: the picture of this one.
            scale: see `optical_flow`.
        """
        radii = np.maximum(poses.radius_px, 1.0).tolist()
        shift, error = optical_flow(poses.landmarks_px[..., :2], last, now, scale, expected)
        people = zip(shift.tolist(), error.tolist(), expected.tolist(), radii, strict=True)
        moves = []
        for one in people:
            moved = _moves(*one)
            if moved is None:
                return None
            moves.append(moved)
        landmarks_px, alignment_px = poses.landmarks_px.copy(), poses.alignment_px.copy()
        for row, (body, steps) in enumerate(moves):
            landmarks_px[row, :, :2] += steps
            alignment_px[row] += body
        return replace(poses, landmarks_px=landmarks_px, alignment_px=alignment_px)


def _moves(
    shift: Moves, error: list[float], expected: Moves, radius: float
) -> tuple[tuple[float, float], Moves] | None:
    """Motion of the body and of each keypoint of one person; None where the errors are large.

    Plain numbers, see `pose_score`.
    """
    limit, far = MAX_POINT_ERROR * radius, MAX_CONFLICT * radius
    total = 0.0
    for (x, y), (ex, ey), value in zip(shift, expected, error, strict=True):
        sure = value <= limit and hypot(x - ex, y - ey) <= far
        total += value / limit if sure else 1.0
    if total > MAX_MEAN_ERROR * len(shift):
        return None
    moved = [move for move, value in zip(shift, error, strict=True) if value <= limit]
    body, usual = _median_xy(moved), _median_xy(expected)
    beside = body[0] - usual[0], body[1] - usual[1]
    steps = [
        move if value <= limit else [ex + beside[0], ey + beside[1]]
        for move, (ex, ey), value in zip(shift, expected, error, strict=True)
    ]
    return body, steps


def _median_xy(moves: Moves) -> tuple[float, float]:
    x, y = zip(*moves, strict=True)
    return median(x), median(y)


def optical_flow(
    points_px: Float, last: Grey, now: Grey, scale: Float, expected_px: Float | None = None
) -> tuple[Float, Float]:
    """Motion of points between two pictures.

    Args:
        points_px: `(N, K, 2)` image pixels.
        last: the greyscale picture with these points.
        now: the other picture.
        scale: `(2,)` pixels of the pictures per image pixel, x y.
        expected_px: `(N, K, 2)` expected motion, from which the search begins; None is no motion.

    Returns:
        `(N, K, 2)` motion and `(N, K)` forward-backward error, in image pixels; the error is
        infinite where there is no flow.
    """
    # OpenCV counts pixels as here: (0, 0) is the centre of the top left one.
    start = ((points_px.reshape(-1, 2) + 0.5) * scale - 0.5).astype(np.float32)
    guess = start
    if expected_px is not None:
        guess = start + (expected_px.reshape(-1, 2) * scale).astype(np.float32)
    there, ok = _lucas_kanade(last, now, start, guess)
    back, ok_back = _lucas_kanade(now, last, there, start)
    shift = (there - start) / scale
    error = np.hypot(*((back - start) / scale).T)
    error[~(ok & ok_back)] = np.inf
    return shift.reshape(points_px.shape), error.reshape(points_px.shape[:2])


def _lucas_kanade(
    last: Grey, now: Grey, points: NDArray[np.float32], guess: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Positions of points in the other picture, and whether each was found."""
    found: Any
    found, status, _ = cv2.calcOpticalFlowPyrLK(
        last,
        now,
        points[:, None],
        guess[:, None].copy(),  # is overwritten
        winSize=WINDOW,
        maxLevel=LEVELS,
        criteria=CRITERIA,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    return found[:, 0], status[:, 0] > 0


def _small(frame: Frame) -> tuple[Grey, Float]:
    """The small greyscale picture, and its pixels per image pixel, x y."""
    factor = min(SIDE_PX / max(frame.width, frame.height), 1.0)
    size = max(round(frame.width * factor), 1), max(round(frame.height * factor), 1)
    # Four pixels are read for each: a mean over all takes eight times as long and gains nothing.
    small = cv2.resize(frame.image, size, interpolation=cv2.INTER_LINEAR)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    return grey, np.array([size[0] / frame.width, size[1] / frame.height])
