"""Drawing of poses onto an image: limbs, joints, ids, regions."""

from __future__ import annotations

from colorsys import hsv_to_rgb

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.geometry import apply, rectangle_to_image
from blazetrack.render.labels import Label, draw_labels, person_text
from blazetrack.render.limbs import MIN_VISIBILITY, attached_keypoints, is_sure
from blazetrack.render.masks import tint_masks
from blazetrack.render.text import DARK, LIGHT, Color, Image, Points
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.types import Poses

__all__ = ["dot", "draw_poses", "id_color", "line", "region_corners", "side_color"]

Mask = NDArray[np.bool_]

_LEFT: Color = (255, 138, 0)
_RIGHT: Color = (0, 194, 255)
_SHIFT = 4  # OpenCV draws in sixteenths of a pixel
_FAR = 30_000.0  # pixels; coordinates are clipped to OpenCV's number range


def draw_poses(
    image: Image,
    poses: Poses,
    skeleton: Skeleton = BLAZEPOSE33,
    *,
    boxes: bool = False,
    ids: bool = True,
    masks: bool = True,
) -> Image:
    """Draw people onto a copy of the image.

    The person's left side is orange, the right one blue; thickness follows the person's size.
    Hidden joints and their limbs are not drawn, nor are limbs that hang on a hidden one
    (`attached_keypoints`). Limbs with an unsure end (`is_sure`) are thin and without a rim.

    Args:
        image: `(H, W, 3)` uint8 RGB, not modified.
        poses: people in the pixels of `image`.
        skeleton: edges and sides of the keypoints.
        boxes: draw the region of the next frame's crop.
        masks: tint each person's mask, where the poses have masks.
        ids: label each person with id and score, as `person 1 · 98 %`; a score that is no
            calibrated probability as `person 1 · 0.98`.

    Returns:
        `(H, W, 3)` uint8 RGB, a new array.
    """
    canvas = np.array(image, dtype=np.uint8, order="C")  # a copy
    if masks and poses.masks is not None:
        tint_masks(canvas, poses.masks, [id_color(number) for number in poses.ids.tolist()])
    sides = [side_color(name) for name in skeleton.names]
    labels = []
    for row in range(len(poses)):
        finite = np.isfinite(poses.landmarks_px[row, :, :2]).all(axis=1)
        seen = attached_keypoints((poses.visibility[row] >= MIN_VISIBILITY) & finite, skeleton)
        sure = is_sure(poses.visibility[row])
        xy, alignment = _near(poses.landmarks_px[row, :, :2]), _near(poses.alignment_px[row])
        thickness = _thickness(alignment, canvas)
        color = id_color(int(poses.ids[row]))
        if boxes:
            corners = region_corners(alignment)
            for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
                line(canvas, a, b, color, max(1, thickness // 2))
        _limbs(canvas, xy, seen, sure, skeleton, sides, thickness)
        _joints(canvas, xy, seen, sure, sides, thickness)
        if ids and seen.any():
            number, score = int(poses.ids[row]), float(poses.scores[row])
            text = person_text(number, score, calibrated=poses.calibrated)
            x, y = xy[seen].mean(axis=0)[0], xy[seen].min(axis=0)[1] - 9 * thickness
            labels.append(Label(text, (x, y), color))
    draw_labels(canvas, labels)
    return canvas


def id_color(number: int) -> Color:
    """The colour of an id; neighbours differ, by steps of the golden ratio."""
    red, green, blue = hsv_to_rgb((0.33 + number * 0.618034) % 1.0, 0.75, 0.95)
    return round(255 * red), round(255 * green), round(255 * blue)


def region_corners(alignment_px: Points) -> Points:
    """Corners of the square region that follows from two alignment points.

    Centre, twice the distance × 1.25, and the angle that turns the second point above the first
    (MediaPipe, alignment_points_to_rects_calculator.cc and pose_detection_to_roi.pbtxt).

    Args:
        alignment_px: `(2, 2)` float64, x y.

    Returns:
        `(4, 2)` float64, x y, clockwise from the person's upper left.
    """
    center, up = alignment_px
    dx, dy = up - center
    size, angle = 2.5 * np.hypot(dx, dy), np.pi / 2 - np.arctan2(-dy, dx)
    unit = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    sides = np.array([[size, size]])
    square = rectangle_to_image(center[None], sides, np.array([angle]), (1, 1))
    return apply(square[0], unit)


def side_color(name: str) -> Color:
    """Orange for a keypoint of the person's left side, blue for one of the right."""
    words = name.split("_")
    return _LEFT if "left" in words else _RIGHT if "right" in words else LIGHT


def _near(points: Points) -> Points:
    """Points clipped to the range that OpenCV can draw; NaN is 0."""
    return np.clip(np.nan_to_num(points), -_FAR, _FAR)


def _thickness(alignment_px: Points, canvas: Image) -> int:
    """Limb thickness in pixels: a share of the person's region, limited by the image size."""
    size = 2.5 * float(np.hypot(*(alignment_px[1] - alignment_px[0])))
    return max(1, round(min(size, 1.5 * float(max(canvas.shape[:2]))) / 150))


def line(canvas: Image, a: Points, b: Points, color: Color, thickness: int) -> None:
    """An antialiased line between two points `(2,)`."""
    cv2.line(canvas, _fixed(a), _fixed(b), color, thickness, cv2.LINE_AA, _SHIFT)


def dot(canvas: Image, center: Points, radius: int, color: Color) -> None:
    """An antialiased disc around a point `(2,)`."""
    cv2.circle(canvas, _fixed(center), radius << _SHIFT, color, cv2.FILLED, cv2.LINE_AA, _SHIFT)


def _fixed(point: Points) -> tuple[int, int]:
    """A point in sixteenths of a pixel, as OpenCV draws it."""
    x, y = np.rint(point * (1 << _SHIFT))
    return int(x), int(y)


def _limbs(
    canvas: Image,
    xy: Points,
    seen: Mask,
    sure: Mask,
    skeleton: Skeleton,
    sides: list[Color],
    thickness: int,
) -> None:
    edges = [(a, b) for a, b in skeleton.edges if seen[a] and seen[b]]
    firm = [(a, b) for a, b in edges if sure[a] and sure[b]]
    for a, b in firm:  # a dark rim under all limbs, for contrast on any background
        line(canvas, xy[a], xy[b], DARK, thickness + 2)
    for a, b in edges:
        color = sides[a] if sides[a] == sides[b] else LIGHT
        line(canvas, xy[a], xy[b], color, thickness if (a, b) in firm else max(1, thickness // 3))


def _joints(
    canvas: Image, xy: Points, seen: Mask, sure: Mask, sides: list[Color], thickness: int
) -> None:
    for k in np.flatnonzero(seen):
        if sure[k]:
            dot(canvas, xy[k], thickness + 1, DARK)
            dot(canvas, xy[k], thickness, sides[k])
        else:
            dot(canvas, xy[k], max(1, thickness // 2), sides[k])
