"""Pictures of people: over an image, or on a plain ground for a notebook."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from html import escape
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.render import draw_poses
from blazetrack.results.convert import people, skeleton_of
from blazetrack.types import Poses

__all__ = ["draw", "to_html", "to_png"]

Image = NDArray[np.uint8]

_SIDE_PX = 360  # longer side of a notebook's picture
_GROUND = 32  # grey level


def draw(poses: Poses, image: Image, **options: bool) -> Image:
    """Draw people onto a copy of their image; options as those of `draw_poses`."""
    return draw_poses(image, poses, skeleton_of(poses), **options)


def to_png(poses: Poses) -> bytes:
    """The people on a plain ground, as the bytes of a PNG file."""
    finite = poses.landmarks_px[np.isfinite(poses.landmarks_px).all(axis=2)][:, :2]
    if not len(finite):
        return _encode(np.full((60, 160, 3), _GROUND, np.uint8))
    low, high = finite.min(axis=0), finite.max(axis=0)
    scale = _SIDE_PX * 0.8 / max(float((high - low).max()), 1.0)
    margin = _SIDE_PX * 0.1

    def shown(points: NDArray[Any]) -> NDArray[Any]:
        moved = points.copy()
        moved[..., :2] = (points[..., :2] - low) * scale + margin
        return moved

    width, height = np.ceil((high - low) * scale + 2 * margin).astype(int).tolist()
    moved = replace(
        poses,
        landmarks_px=shown(poses.landmarks_px),
        alignment_px=shown(poses.alignment_px),
        masks=None,
    )
    return _encode(draw(moved, np.full((height, width, 3), _GROUND, np.uint8), ids=len(poses) > 1))


def to_html(poses: Poses) -> str:
    """A picture of the people, and a table with id, score, visible keypoints and box of each."""
    picture = b64encode(to_png(poses)).decode("ascii")
    rows = "".join(
        f"<tr><td>{person.id}</td><td>{person.score:.2f}</td>"
        f"<td>{int((person.visibility >= 0.5).sum())} of {len(person)}</td>"
        f"<td>{', '.join(f'{side:.0f}' for side in person.box)}</td></tr>"
        for person in people(poses)
    )
    return (
        f'<img alt="{escape(repr(poses))}" src="data:image/png;base64,{picture}">'
        "<table><tr><th>id</th><th>score</th><th>visible</th><th>box, px</th></tr>"
        f"{rows}</table>"
    )


def _encode(image: Image) -> bytes:
    _, data = cv2.imencode(".png", image[..., ::-1])
    encoded: bytes = data.tobytes()
    return encoded
