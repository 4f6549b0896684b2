"""The table of targets."""

from __future__ import annotations

from blazetrack.heads import HEADS
from models.data.targets import TARGETS


def test_every_head_has_targets() -> None:
    assert set(TARGETS) == set(HEADS)
