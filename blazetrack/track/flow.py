"""Optical flow between runs of the landmark network: `flow`, `needs_landmarks`, `merge_poses`.

Pyramidal Lucas-Kanade (Bouguet 2001, as in OpenCV), checked by its forward-backward error
(Kalal et al., "Forward-Backward Error", ICPR 2010).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import InputError
from blazetrack.types import Frame, Poses

__all__ = ["Flow", "merge_poses", "needs_landmarks", "parse_every"]

Float = NDArray[np.float64]
Grey = NDArray[np.uint8]

SIDE_PX = 320  # longer side of the greyscale picture at most
WINDOW, LEVELS = (15, 15), 3
CRITERIA = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 10, 0.03)
# Errors in radii of the person. A keypoint with a larger error moves with the others; a person
# with too few other keypoints needs the network.
MAX_POINT_ERROR, MIN_GOOD_SHARE = 0.02, 0.5
# `auto`: by this quantile of a person's errors, summed since the last network run; and flowed
# frames in a row at most.
DRIFT_QUANTILE, MAX_DRIFT, MAX_FLOWED = 0.9, 0.015, 3


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
    and where the flow of a person fails. Flow moves landmarks in x and y and the alignment points.
    z, world landmarks, visibility, presence, score and mask stay those of the last network run.

    Args:
        network_every: frames from one network run to the next; 1 is no optical flow. `auto` runs
            the network when the forward-backward errors since its last run add up to too much, at
            the latest in the 4th frame.

    Raises:
        InputError: `network_every` is neither a number from 1 nor `auto`.
    """

    def __init__(self, network_every: int | str = 1) -> None:
        every = parse_every(network_every)
        self._auto = every == "auto"
        self._max_flowed = MAX_FLOWED if isinstance(every, str) else every - 1
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first frame."""
        self._last: Grey | None = None
        self._ids: list[int] = []
        self._flowed = 0
        self._drift = 0.0

    def __call__(self, frame: Frame, poses: Poses | None = None) -> Poses | None:
        if not self._max_flowed:
            return None
        last, ids = self._last, self._ids
        self._last, scale = _small(frame)
        self._ids = [] if poses is None else poses.ids.tolist()
        known = ids == self._ids and self._flowed < self._max_flowed
        flowed = None
        if poses is not None and len(poses) and known and last is not None:
            flowed = self._moved(poses, last, self._last, scale)
        self._flowed = 0 if flowed is None else self._flowed + 1
        self._drift = 0.0 if flowed is None else self._drift
        return flowed

    def _moved(self, poses: Poses, last: Grey, now: Grey, scale: Float) -> Poses | None:
        """The poses in this frame; None where the flow is not good enough."""
        if last.shape != now.shape:
            return None
        shift, error = optical_flow(poses.landmarks_px[..., :2], last, now, scale)
        error = np.minimum(error / np.maximum(poses.radius_px, 1.0)[:, None], 1.0)
        good = error <= MAX_POINT_ERROR
        if good.mean(axis=1).min() < MIN_GOOD_SHARE:
            return None
        self._drift += float(np.quantile(error, DRIFT_QUANTILE, axis=1).max())
        if self._auto and self._drift > MAX_DRIFT:
            return None
        whole = np.array([np.median(s[g], axis=0) for s, g in zip(shift, good, strict=True)])
        landmarks_px = poses.landmarks_px.copy()
        landmarks_px[..., :2] += np.where(good[..., None], shift, whole[:, None])
        return replace(
            poses, landmarks_px=landmarks_px, alignment_px=poses.alignment_px + whole[:, None]
        )


def optical_flow(points_px: Float, last: Grey, now: Grey, scale: Float) -> tuple[Float, Float]:
    """Motion of points between two pictures.

    Args:
        points_px: `(N, K, 2)` image pixels.
        last: the greyscale picture with these points.
        now: the other picture.
        scale: `(2,)` pixels of the pictures per image pixel, x y.

    Returns:
        `(N, K, 2)` motion and `(N, K)` forward-backward error, in image pixels; the error is
        infinite where there is no flow.
    """
    # OpenCV counts pixels as here: (0, 0) is the centre of the top left one.
    start = ((points_px.reshape(-1, 2) + 0.5) * scale - 0.5).astype(np.float32)
    there, ok = _lucas_kanade(last, now, start)
    back, ok_back = _lucas_kanade(now, last, there)
    shift = (there - start) / scale
    error = np.hypot(*((back - start) / scale).T)
    error[~(ok & ok_back)] = np.inf
    return shift.reshape(points_px.shape), error.reshape(points_px.shape[:2])


def _lucas_kanade(
    last: Grey, now: Grey, points: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Positions of points in the other picture, and whether each was found."""
    found: Any
    found, status, _ = cv2.calcOpticalFlowPyrLK(
        last, now, points[:, None], None, winSize=WINDOW, maxLevel=LEVELS, criteria=CRITERIA
    )
    return found[:, 0], status[:, 0] > 0


def _small(frame: Frame) -> tuple[Grey, Float]:
    """The small greyscale picture, and its pixels per image pixel, x y."""
    factor = min(SIDE_PX / max(frame.width, frame.height), 1.0)
    size = max(round(frame.width * factor), 1), max(round(frame.height * factor), 1)
    small = cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    return grey, np.array([size[0] / frame.width, size[1] / frame.height])
