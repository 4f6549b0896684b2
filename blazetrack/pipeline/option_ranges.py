"""The range of every number among the options of the nodes, checked before a frame is read."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from blazetrack.errors import GraphError
from blazetrack.graph import GraphSpec
from blazetrack.graph.spec import shown

__all__ = ["RANGES", "check_ranges"]

MAX_SIDE = 4096  # pixels of a crop
RANGES: dict[str, tuple[float, float]] = {
    "budget": (0, 1000),
    "duplicate_oks": (0, 10),
    "every": (1, 100_000),
    "frame_s": (1e-6, 3600),
    "kernel_size": (1, 63),
    "limb": (0, 10),
    "margin": (0, 100),
    "max_gap_s": (0, 1e6),
    "max_interval": (1, 1_000_000),
    "max_people": (1, 1000),
    "memory_s": (0, 1e6),
    "min_candidates": (1, 1000),
    "min_distance": (0, 100),
    "min_interval": (1, 1_000_000),
    "min_iou": (0, 1),
    "min_score": (0, 1),
    "min_sure_score": (0, 1),
    "network_every": (1, 100_000),
    "points": (0, 100),
    "size": (1, MAX_SIDE),
    "strength": (0, 1),
    "tiles": (0, 8),
}
"""Option → smallest and largest value; of all nodes that have an option of this name."""


def check_ranges(spec: GraphSpec, nodes: Container[str]) -> None:
    """Refuse numbers that no node can take: out of range, infinite, or not a number.

    Args:
        spec: the graph with all options.
        nodes: the node table; nodes of one's own check their options themselves.

    Raises:
        GraphError: in one line, with the node and the option.
    """
    for node in spec.nodes:
        for option, value in node.options.items() if node.use in nodes else ():
            low, high = RANGES.get(option, (float("-inf"), float("inf")))
            for number in value if isinstance(value, (list, tuple)) else (value,):
                if _is_number(number) and not (low <= number <= high and abs(number) < 1e300):
                    expected = f"expected {low:g} to {high:g}, got {shown(value)}"
                    raise GraphError(f"{spec.where(node.name)}: option '{option}': {expected}")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
