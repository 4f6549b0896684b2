"""People as pictures: drawn onto a frame, seen in space, and both as a live view."""

from __future__ import annotations

from blazetrack.render.live import draw_live
from blazetrack.render.people import draw_poses, id_color, region_corners
from blazetrack.render.world import draw_world

__all__ = ["draw_live", "draw_poses", "draw_world", "id_color", "region_corners"]
