"""The nodes `mediapipe_rois_from_detections` and `mediapipe_rois_from_poses`, in float32.

A region that differs by one part in ten million changes a few pixels of the crop by one grey
level, and where the network is unsure that moves a landmark by half a pixel. So regions are
computed in MediaPipe's order of operations.
"""

from __future__ import annotations

from bisect import bisect

import numpy as np
from numpy.typing import NDArray

from blazetrack.align.roi import MARGIN
from blazetrack.errors import InputError
from blazetrack.types import Crops, Detections, Frame, Poses, Rois

__all__ = [
    "atan2_float32",
    "padding_float32",
    "rois_float32",
    "rois_from_detections",
    "rois_from_poses",
    "unpad_float32",
]

Float32 = NDArray[np.float32]


def rois_from_detections(
    detections: Detections,
    crop: Crops,
    *,
    points: tuple[int, int] = (0, 1),
    margin: float = MARGIN,
) -> Rois:
    """As the node `rois_from_detections`, for crops of the whole image."""
    if max(points) >= (known := detections.keypoints_unit.shape[1]):
        raise InputError(f"mediapipe_rois_from_detections: points {points}: detector has {known}")
    unit, ids = detections.keypoints_unit[:, list(points)], np.zeros(len(detections), np.int64)
    unpadded = unpad_float32(unit, crop, detections.row)
    return rois_float32(unpadded, crop.image_wh, ids, margin).valid()


def rois_from_poses(poses: Poses, frame: Frame, *, margin: float = MARGIN) -> Rois:
    """As the node `rois_from_poses`."""
    image_wh = (frame.width, frame.height)
    unit = (poses.alignment_px / np.array(image_wh, np.float64)).astype(np.float32)
    return rois_float32(unit, image_wh, poses.ids, margin).valid()


def padding_float32(size_wh: Float32) -> Float32:
    """Width of the left and of the upper bar of a letterbox, in parts of its side.

    (image_to_tensor_utils.cc, `PadRoi` for a square tensor)

    Args:
        size_wh: `(..., 2)` float32, width and height of what is letterboxed.

    Returns:
        `(..., 2)` float32.
    """
    zero, one, two = np.array([0, 1, 2], np.float32)
    aspect = size_wh[..., 1] / size_wh[..., 0]
    bars: Float32 = np.maximum(one - np.stack([one / aspect, aspect], axis=-1), zero) / two
    return bars


def unpad_float32(points_unit: Float32, crop: Crops, row: NDArray[np.int64]) -> Float32:
    """Points of crops → of the regions in them, both 0..1.

    (detection_letterbox_removal_calculator.cc, landmark_letterbox_removal_calculator.cc)

    Args:
        points_unit: `(N, P, 2)` float32, x y.
        crop: the crops.
        row: `(N,)` int64, which crop each belongs to.
    """
    if not crop.letterboxed:
        return points_unit
    padding = padding_float32(crop.rois.size_px[row].astype(np.float32))[:, None]
    unpadded: Float32 = (points_unit - padding) / (np.float32(1) - (padding + padding))
    return unpadded


def rois_float32(
    points_unit: Float32, image_wh: tuple[int, int], ids: NDArray[np.int64], margin: float
) -> Rois:
    """Regions from alignment points, as `align.roi.rois_from_alignment` in float32.

    (alignment_points_to_rects_calculator.cc, rect_transformation_calculator.cc)

    Args:
        points_unit: `(N, 2, 2)` float32, parts of the image's width and height.
        image_wh: width and height of the image.
        ids: `(N,)` int64.
        margin: side of the square per diameter of the circle.

    Returns:
        Regions in pixels as float64: the exact product of a float32 part and the image's size,
        from which both follow again. Width and height may differ in the last bit.
    """
    size_wh = np.array(image_wh, np.float32)
    center, rim = np.moveaxis(points_unit * size_wh, 1, 0)
    dx, dy = (rim - center).T
    diameter = (np.sqrt(dx * dx + dy * dy).astype(np.float64) * 2.0).astype(np.float32)
    longest = (diameter[:, None] / size_wh * size_wh).max(axis=1, keepdims=True)
    size = longest / size_wh * np.float32(margin)
    turn = np.array([atan2_float32(-y, x) for y, x in zip(dy, dx, strict=True)], np.float32)
    angle = (np.float32(np.pi / 2) - turn).astype(np.float64)
    angle -= 2 * np.pi * np.floor((angle + np.pi) / (2 * np.pi))
    image = np.array(image_wh, np.float64)
    return Rois(center / size_wh * image, size * image, angle.astype("f4").astype("f8"), ids)


# Polynomial of fdlibm's atanf, which C libraries use, from its last coefficient to its first.
_ATAN = np.array(
    [1.6285819933e-02, -3.6531571299e-02, 4.9768779427e-02, -5.8335702866e-02, 6.6610731184e-02,
     -7.6918758452e-02, 9.0908870101e-02, -1.1111110449e-01, 1.4285714924e-01, -2.0000000298e-01,
     3.3333334327e-01],
    np.float32,
)  # fmt: skip
# Its reductions: from each limit on, atan(x) = angle + atan((a·x − b) / (c + d·x)).
_LIMITS = (0.4375, 0.6875, 1.1875, 2.4375)
_REDUCTIONS = np.array(
    # a, b, c, d, and the angle as the sum of two numbers
    [[1, 0, 1, 0, 0, 0],
     [2, 1, 2, 1, 4.6364760399e-01, 5.0121582440e-09],
     [1, 1, 1, 1, 7.8539812565e-01, 3.7748947079e-08],
     [1, 1.5, 1, 1.5, 9.8279368877e-01, 3.4473217170e-08],
     [0, 1, 0, 1, 1.5707962513e00, 7.5497894159e-08]],
    np.float32,
)  # fmt: skip
_PI, _PI_LOW = np.float32(np.pi), np.float32(-8.7422776573e-08)


def atan2_float32(y: np.float32, x: np.float32) -> np.float32:
    """`atan2f` to the bit as the C library computes it; numpy's differs in the last one.

    Args:
        y, x: finite float32.
    """
    if x == 0:
        return np.copysign(np.float32(np.pi / 2), y) if y else np.float32(0)
    turn = _atan_float32(min(abs(y / x), np.float32(3e38)))  # the reduction needs a finite number
    if x < 0:
        turn = _PI - (turn - _PI_LOW)
    return np.float32(np.copysign(turn, y))


def _atan_float32(x: np.float32) -> np.float32:
    """`atanf` of a finite float32 ≥ 0."""
    a, b, c, d, angle, rest = _REDUCTIONS[bisect(_LIMITS, x)]
    x = (a * x - b) / (c + d * x)
    z = x * x
    w = z * z
    even = odd = np.float32(0)
    for factor in _ATAN[::2]:
        even = factor + w * even
    for factor in _ATAN[1::2]:
        odd = factor + w * odd
    bend = x * (z * even + w * odd)
    return np.float32(angle - ((bend - rest) - x))
