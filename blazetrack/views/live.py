"""Drawing of the live view: people (mirrored), world landmarks beside them, notes on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from blazetrack.render.people import draw_poses
from blazetrack.render.text import LIGHT, Color, Image, text_size, veil, write
from blazetrack.render.world import draw_world
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.types import Poses

__all__ = ["draw_live", "mirrored"]

_MIN_HEIGHT = 480  # pixels; smaller pictures are enlarged, so that text on them is readable
_TINTS: dict[str, Color] = {"!": (255, 92, 92), "~": (255, 196, 84)}


def draw_live(
    image: Image,
    poses: Poses,
    skeleton: Skeleton = BLAZEPOSE33,
    *,
    mirror: bool = False,
    boxes: bool = False,
    turn_rad: float | None = None,
    notes: Sequence[str] = (),
    keys: Sequence[tuple[str, str]] = (),
) -> Image:
    """Draw a frame for a live view.

    The picture fills the result's height from its left edge, so a point of the result is a point
    of the picture times `height of the result / height of the picture`.

    Args:
        image: `(H, W, 3)` uint8 RGB; not modified.
        poses: people in the pixels of `image`.
        skeleton: limbs, and the side of each keypoint.
        mirror: exchange left and right; text is not mirrored.
        boxes: draw the region of the next crop.
        turn_rad: show the world landmarks beside the picture at this angle; None hides them.
        notes: short texts for the status line at the top; `!…` is red, `~…` yellow.
        keys: keys and their functions, as a list over the picture.

    Returns:
        `(H', W', 3)` uint8 RGB, a new array.
    """
    image, poses = _enlarged(image, poses)
    if mirror:
        image, poses = mirrored(image, poses)
    canvas = draw_poses(image, poses, skeleton, boxes=boxes)
    if notes:
        _line_of_notes(canvas, notes)
    if keys:
        _list_of_keys(canvas, keys)
    if turn_rad is None:
        return canvas
    size = (round(0.72 * canvas.shape[0]), canvas.shape[0])
    world = draw_world(poses, skeleton, size=size, turn_rad=turn_rad, mirror=mirror)
    return np.concatenate([canvas, world], axis=1)


def mirrored(image: Image, poses: Poses) -> tuple[Image, Poses]:
    """A picture and its people with left and right of the picture exchanged.

    Keypoints keep their names and sides; world landmarks do not change.
    """
    width = image.shape[1]
    landmarks, alignment = poses.landmarks_px.copy(), poses.alignment_px.copy()
    landmarks[..., 0] = width - 1 - landmarks[..., 0]
    alignment[..., 0] = width - 1 - alignment[..., 0]
    masks = None if poses.masks is None else poses.masks[..., ::-1]
    people = replace(poses, landmarks_px=landmarks, alignment_px=alignment, masks=masks)
    return image[:, ::-1], people


def _enlarged(image: Image, poses: Poses) -> tuple[Image, Poses]:
    height, width = image.shape[:2]
    if height >= _MIN_HEIGHT:
        return image, poses
    scale = _MIN_HEIGHT / height
    size = (max(1, round(width * scale)), _MIN_HEIGHT)
    large = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    people = replace(
        poses,
        landmarks_px=poses.landmarks_px * scale,
        alignment_px=poses.alignment_px * scale,
        masks=None,
    )
    return large, people


def _line_of_notes(canvas: Image, notes: Sequence[str]) -> None:
    """Notes on a dark strip at the top, scaled down to fit the width."""
    height, width = canvas.shape[:2]
    scale = float(min(height, width)) / 1100
    gap = int(26 * scale)
    words = [(note.lstrip("!~"), _TINTS.get(note[:1], LIGHT)) for note in notes]

    def length() -> int:
        return gap + sum(text_size(word, scale)[0][0] + gap for word, _ in words)

    if length() > width:
        scale *= width / length()
        gap = int(26 * scale)
    (_, high), below = text_size("Ag", scale)
    pad = max(2, round(0.7 * high))
    veil(canvas, (0, 0, width, high + below + 2 * pad), 0.6)
    x = gap
    for word, tint in words:
        write(canvas, word, (x, pad + high), scale, tint)
        x += text_size(word, scale)[0][0] + gap


def _list_of_keys(canvas: Image, keys: Sequence[tuple[str, str]]) -> None:
    """Two columns on a dark background, centred."""
    height, width = canvas.shape[:2]
    scale = min(height, width) / 1000
    first = max(text_size(key, scale)[0][0] for key, _ in keys)
    second = max(text_size(text, scale)[0][0] for _, text in keys)
    (_, high), below = text_size("Ag", scale)
    step, gap, pad = round(2.0 * (high + below)), high * 2, high * 2
    wide, tall = first + gap + second + 2 * pad, step * len(keys) + 2 * pad
    left, top = (width - wide) // 2, (height - tall) // 2
    veil(canvas, (left, top, left + wide, top + tall), 0.78)
    for row, (key, text) in enumerate(keys):
        base = top + pad + row * step + (step + high) // 2
        write(canvas, key, (left + pad, base), scale, _TINTS["~"])
        write(canvas, text, (left + pad + first + gap, base), scale, LIGHT)
