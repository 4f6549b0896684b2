"""Drawn people with known joints: clips for the demo and tests, single pictures for training."""

from __future__ import annotations

from blazetrack.synthetic.clip import PEOPLE, SCENES, Clip, Truth
from blazetrack.synthetic.person import DrawnPerson, draw_person

__all__ = ["PEOPLE", "SCENES", "Clip", "DrawnPerson", "Truth", "draw_person"]
