"""The landmarks that are drawn with a line between them."""

from __future__ import annotations

from blazetrack.skeleton import BLAZEPOSE33

__all__ = ["POSE_CONNECTIONS"]

POSE_CONNECTIONS = frozenset(BLAZEPOSE33.edges)
