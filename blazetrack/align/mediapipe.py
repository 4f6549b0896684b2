"""MediaPipe's own arithmetic, for the parity graphs.

A region that differs by one part in ten million moves a few pixels of the crop by one grey level,
and with a network at the edge of its knowledge that is half a pixel in a landmark. So the parity
graphs compute regions in float32 and in MediaPipe's order of operations, and sample in steps of
1/32 pixel as OpenCV did when MediaPipe 0.10.21 was built. Everything else uses float64.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.types import Crops, Rois

__all__ = [
    "Arithmetic",
    "atan2_float32",
    "padding_float32",
    "project_float32",
    "rectangle_corners",
    "rois_float32",
    "sample_fixed_point",
    "unpad_float32",
]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

# How to compute: plainly, or in float32 and to the bit as MediaPipe does.
Arithmetic = Literal["float64", "mediapipe"]

# OpenCV's INTER_BITS: a pixel has 32 positions in each direction.
STEPS = 32


def padding_float32(size_wh: Float32) -> Float32:
    """Width of the left and of the upper bar of a letterbox, as parts of its side.

    (image_to_tensor_utils.cc, `PadRoi` for a square tensor)

    Args:
        size_wh: `(..., 2)` float32, width and height of what is letterboxed.

    Returns:
        `(..., 2)` float32.
    """
    one, two = np.float32(1), np.float32(2)
    aspect = size_wh[..., 1] / size_wh[..., 0]
    left = np.where(aspect < one, np.float32(0), (one - one / aspect) / two)
    top = np.where(aspect < one, (one - aspect) / two, np.float32(0))
    return np.stack([left, top], axis=-1)


def unpad_float32(points_unit: Float32, crop: Crops, row: NDArray[np.int64]) -> Float32:
    """Points of crops → of the regions in them, both 0..1.

    (detection_letterbox_removal_calculator.cc, landmark_letterbox_removal_calculator.cc)

    Args:
        points_unit: `(N, P, 2)` float32, x y.
        crop: the crops they were found in.
        row: `(N,)` int64, which crop each belongs to.
    """
    if not crop.letterboxed:
        return points_unit
    padding = padding_float32(crop.rois.size_px[row].astype(np.float32))[:, None]
    unpadded: Float32 = (points_unit - padding) / (np.float32(1) - (padding + padding))
    return unpadded


def project_float32(points_unit: Float32, crop: Crops, row: NDArray[np.int64]) -> Float32:
    """Points of crops → of the image, both 0..1.

    (landmark_projection_calculator.cc)

    Args:
        points_unit: `(N, P, 2)` float32, x y.
        crop: the crops they were found in; its regions are from `rois_float32`.
        row: `(N,)` int64, which crop each belongs to.
    """
    rois, size_wh = crop.rois.take(row), np.array(crop.image_wh, np.float64)
    center = (rois.center_px / size_wh).astype(np.float32)[:, None]
    size = (rois.size_px / size_wh).astype(np.float32)[:, None]
    cos = np.cos(rois.angle_rad).astype(np.float32)[:, None]
    sin = np.sin(rois.angle_rad).astype(np.float32)[:, None]
    shifted = unpad_float32(points_unit, crop, row) - np.float32(0.5)
    x, y = shifted[..., 0], shifted[..., 1]
    projected: Float32 = np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1) * size + center
    return projected


def rois_float32(
    points_unit: Float32, image_wh: tuple[int, int], ids: NDArray[np.int64], margin: float
) -> Rois:
    """Regions from alignment points, as `align.roi.rois_from_alignment`, in float32.

    (alignment_points_to_rects_calculator.cc, rect_transformation_calculator.cc)

    Args:
        points_unit: `(N, 2, 2)` float32, parts of the image's width and height.
        image_wh: width and height of the image.
        ids: `(N,)` int64.
        margin: side of the square per diameter of the circle.

    Returns:
        Regions in pixels as float64: the exact product of a float32 part and the image's size,
        so that both can be had back. Width and height may differ in the last bit.
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
    return Rois(
        (center / size_wh).astype(np.float64) * image,
        size.astype(np.float64) * image,
        angle.astype(np.float32).astype(np.float64),
        ids,
    )


# Polynomial and table of fdlibm's atanf, which C libraries answer with.
_ATAN = np.array(
    [3.3333334327e-01, -2.0000000298e-01, 1.4285714924e-01, -1.1111110449e-01, 9.0908870101e-02,
     -7.6918758452e-02, 6.6610731184e-02, -5.8335702866e-02, 4.9768779427e-02, -3.6531571299e-02,
     1.6285819933e-02],
    np.float32,
)  # fmt: skip
_ATAN_HIGH = np.array([4.6364760399e-01, 7.8539812565e-01, 9.8279368877e-01, 1.5707962513e00], "f4")
_ATAN_LOW = np.array([5.0121582440e-09, 3.7748947079e-08, 3.4473217170e-08, 7.5497894159e-08], "f4")
_PI, _PI_LOW = np.float32(np.pi), np.float32(-8.7422776573e-08)


def atan2_float32(y: np.float32, x: np.float32) -> np.float32:
    """`atan2f` to the bit as the C library gives it; numpy's differs in the last one.

    Args:
        y, x: finite float32.
    """
    if x == 0:
        return np.copysign(np.float32(np.pi / 2), y) if y else np.float32(0)
    turn = _atan_float32(abs(y / x))
    if x < 0:
        turn = _PI - (turn - _PI_LOW)
    return np.float32(np.copysign(turn, y))


def _atan_float32(x: np.float32) -> np.float32:
    """`atanf` of a float32 ≥ 0: brought near 0 by one of four identities, then a polynomial."""
    one, two, half = np.float32(1), np.float32(2), np.float32(1.5)
    part = int(np.searchsorted(np.array([0.4375, 0.6875, 1.1875, 2.4375]), x, side="right")) - 1
    if part == 0:
        x = (two * x - one) / (two + x)
    elif part == 1:
        x = (x - one) / (x + one)
    elif part == 2:
        x = (x - half) / (one + half * x)
    elif part == 3:
        x = -one / x
    z = x * x
    w = z * z
    odd, even = np.float32(0), np.float32(0)
    for c in _ATAN[10::-2]:
        even = c + w * even
    for c in _ATAN[9::-2]:
        odd = c + w * odd
    bend = x * (z * even + w * odd)
    if part < 0:
        return np.float32(x - bend)
    return np.float32(_ATAN_HIGH[part] - ((bend - _ATAN_LOW[part]) - x))


def rectangle_corners(center_px: Float64, size_px: Float64, angle_rad: float) -> Float32:
    """Corners of a rotated rectangle in float32: bottom left, top left, top right, bottom right.

    (OpenCV 3.4 and 4, `RotatedRect::points`.)
    """
    degrees = np.float32(float(np.float32(angle_rad) * np.float32(180)) / np.pi)
    radians = float(degrees) * np.pi / 180
    cos = np.float32(np.cos(radians)) * np.float32(0.5)
    sin = np.float32(np.sin(radians)) * np.float32(0.5)
    (x, y), (width, height) = center_px.astype(np.float32), size_px.astype(np.float32)
    low = np.array([x - sin * height - cos * width, y + cos * height - sin * width])
    high = np.array([x + sin * height - cos * width, y - cos * height - sin * width])
    twice = np.array([x, y]) * np.float32(2)
    return np.stack([low, high, twice - low, twice - high]).astype(np.float32)


def sample_fixed_point(
    image: NDArray[np.uint8],
    center_px: Float64,
    size_px: Float64,
    angle_rad: float,
    size_hw: tuple[int, int],
    border: int,
) -> NDArray[np.uint8]:
    """Cut one region as `cv2.warpPerspective` of OpenCV 3.4 and 4 did: positions in 1/32 pixel.

    (image_to_tensor_converter_opencv.cc)

    Args:
        image: `(H, W, 3)` uint8.
        center_px: `(2,)`, x y.
        size_px: `(2,)`, width and height before rotation.
        angle_rad: clockwise on the screen.
        size_hw: height and width of the result.
        border: an OpenCV border mode.

    Returns:
        `(h, w, 3)` uint8.
    """
    height, width = size_hw
    target = np.array([[0, height], [0, 0], [width, 0], [width, height]], np.float32)
    corners = rectangle_corners(center_px, size_px, angle_rad)
    matrix = cv2.invert(cv2.getPerspectiveTransform(corners, target))[1]
    y, x = np.mgrid[:height, :width].astype(np.float64)
    scale = STEPS / (matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2])
    columns = np.rint((matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]) * scale).astype(np.int64)
    rows = np.rint((matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]) * scale).astype(np.int64)
    whole = np.clip(np.stack([columns // STEPS, rows // STEPS], axis=-1), -(2**15), 2**15 - 1)
    part = (rows % STEPS) * STEPS + columns % STEPS
    pixels: NDArray[np.uint8] = cv2.remap(
        image,
        whole.astype(np.int16),
        part.astype(np.uint16),
        cv2.INTER_LINEAR,
        borderMode=border,
    )
    return pixels
