"""Drawing of world landmarks in metres, each person on a floor of their own."""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray

from blazetrack.render.labels import Label, draw_labels
from blazetrack.render.limbs import MIN_VISIBILITY, attached_keypoints
from blazetrack.render.people import dot, id_color, line, side_color
from blazetrack.render.text import Color, Image, Points
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.types import Poses

__all__ = ["draw_world"]

_GROUND: Color = (30, 33, 39)
_GRID: Color = (72, 78, 90)
_PITCH_RAD = 0.22  # the camera looks down a little, so that the floor is visible
_ROOM_M = (2.0, 2.5)  # width and height of a cell: arms out, arms up
_FLOOR_M = (0.7, 0.35)  # half the side of a floor, and the side of its squares
_FLOOR_AT = 0.88  # the middle of a floor, in parts of the height
_FAR_M = 10.0  # coordinates are clipped to this


def draw_world(
    poses: Poses,
    skeleton: Skeleton = BLAZEPOSE33,
    *,
    size: tuple[int, int],
    turn_rad: float = 0.0,
    mirror: bool = False,
) -> Image:
    """Draw world landmarks in a parallel projection.

    The origin of world landmarks is the person's mid-hip, so each person gets a cell, in the order
    of the rows, with the lowest keypoint on the floor. Distant parts are darker, hidden ones dim.

    Args:
        poses: people with world landmarks in metres: x right, y down, z away from the camera.
        skeleton: edges and sides of the keypoints.
        size: width and height of the image.
        turn_rad: rotation of the view around the vertical axis; 0 is the camera's view.
        mirror: exchange left and right.

    Returns:
        `(height, width, 3)` uint8 RGB.
    """
    width, height = size
    canvas = np.full((height, width, 3), _GROUND, np.uint8)
    columns, rows = _places(max(1, len(poses)), width, height)
    for place in range(max(1, len(poses))):
        left, top = place % columns * width // columns, place // columns * height // rows
        cell = canvas[top : top + height // rows, left : left + width // columns]
        _floor(cell, turn_rad)
        if place < len(poses):
            world = np.clip(np.nan_to_num(poses.world_landmarks_m[place]), -_FAR_M, _FAR_M)
            if mirror:
                world = world * (-1.0, 1.0, 1.0)
            seen = attached_keypoints(poses.visibility[place] >= MIN_VISIBILITY, skeleton)
            _person(cell, world, seen, skeleton, turn_rad)
            number = int(poses.ids[place])
            draw_labels(cell, [Label(f"person {number}", (0.0, 0.0), id_color(number))])
    return canvas


def _places(people: int, width: int, height: int) -> tuple[int, int]:
    """Columns and rows that make the people largest."""

    def scale(columns: int) -> float:
        return _scale(width / columns, height / ceil(people / columns))

    columns = max(range(1, people + 1), key=scale)
    return columns, ceil(people / columns)


def _scale(width: float, height: float) -> float:
    """Pixels per metre in a cell of this size."""
    return min(width / _ROOM_M[0], height / _ROOM_M[1])


def _project(points: Points, cell: Image, turn_rad: float) -> tuple[Points, Points]:
    """Points `(N, 3)` in metres, from the middle of the floor → pixels of the cell, and depth.

    Returns:
        `(N, 2)` float64 pixels and `(N,)` float64 metres.
    """
    height, width = cell.shape[:2]
    x, y, z = points.T
    across = x * np.cos(turn_rad) + z * np.sin(turn_rad)
    away = z * np.cos(turn_rad) - x * np.sin(turn_rad)
    down = y * np.cos(_PITCH_RAD) - away * np.sin(_PITCH_RAD)
    metre = _scale(width, height)
    xy = np.stack([width / 2 + metre * across, _FLOOR_AT * height + metre * down], axis=1)
    return xy, away


def _floor(cell: Image, turn_rad: float) -> None:
    half, step = _FLOOR_M
    for offset in np.arange(-half, half + step / 2, step):
        ends = [[offset, 0, -half], [offset, 0, half], [-half, 0, offset], [half, 0, offset]]
        xy, _ = _project(np.array(ends), cell, turn_rad)
        line(cell, xy[0], xy[1], _GRID, 1)
        line(cell, xy[2], xy[3], _GRID, 1)


def _person(
    cell: Image, world: Points, seen: NDArray[np.bool_], skeleton: Skeleton, turn_rad: float
) -> None:
    stands = world - (0.0, float(world[:, 1].max()), 0.0)
    xy, away = _project(stands, cell, turn_rad)
    width = max(1, round(_scale(cell.shape[1], cell.shape[0]) / 45))
    sides = [side_color(name) for name in skeleton.names]
    limbs = sorted(skeleton.edges, key=lambda edge: -float(away[list(edge)].mean()))
    for a, b in limbs:  # the farthest first
        color = sides[a] if sides[a] == sides[b] else side_color("")
        ink = _shade(color, float(away[[a, b]].mean()), bool(seen[a] and seen[b]))
        line(cell, xy[a], xy[b], _GROUND, width + 2)
        line(cell, xy[a], xy[b], ink, width)
    for k in np.argsort(-away):
        dot(cell, xy[k], width, _shade(sides[k], float(away[k]), bool(seen[k])))


def _shade(color: Color, away_m: float, seen: bool) -> Color:
    """Darker with depth, and nearly the background where hidden."""
    part = float(np.clip(0.85 - 0.5 * away_m, 0.5, 1.0)) * (1.0 if seen else 0.35)
    red, green, blue = (
        round(part * c + (1 - part) * g) for c, g in zip(color, _GROUND, strict=True)
    )
    return red, green, blue
