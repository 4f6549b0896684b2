"""Results in other forms: one person by keypoint names, tables, other libraries' types, pictures.

The methods of `Poses` that are named so call these functions.
"""

from __future__ import annotations

from blazetrack.results.convert import (
    skeleton_of,
    to_coco,
    to_dict,
    to_pandas,
    to_supervision,
)
from blazetrack.results.person import Keypoint, PersonPose
from blazetrack.results.picture import draw, to_html, to_png

__all__ = ["Keypoint", "PersonPose", "draw", "skeleton_of", "to_coco", "to_dict", "to_html",
           "to_pandas", "to_png", "to_supervision"]  # fmt: skip
