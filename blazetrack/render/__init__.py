"""Drawings of people: over a frame, and of their world landmarks."""

from __future__ import annotations

from blazetrack.render.people import draw_poses, id_color, region_corners
from blazetrack.render.world import draw_world

__all__ = ["draw_poses", "draw_world", "id_color", "region_corners"]
