"""The table of targets."""

from __future__ import annotations

from blazetrack.heads import HEADS
from models.data.targets import TARGETS


def test_every_head_has_targets() -> None:
    whole = {name for name, head in HEADS.items() if head.kind != "refinement"}
    assert set(TARGETS) == whole  # `models.data.keypoint_crops` makes those of a refinement
