"""Keypoint sets of a user's own, built from names, edges and partners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from blazetrack.errors import InputError
from blazetrack.skeleton import SKELETONS, Skeleton

__all__ = ["build_skeleton"]

TORSO = ("left_shoulder", "right_shoulder", "left_hip", "right_hip")


def build_skeleton(
    name: str,
    names: Sequence[str],
    edges: Sequence[tuple[int, int]] = (),
    partners: Sequence[tuple[str, str]] | None = None,
) -> Skeleton:
    """A keypoint set; the known one where the names are the same.

    Args:
        name: of the set.
        names: K keypoint names in order.
        edges: index pairs from 0.
        partners: names that change places when the picture is flipped, none at all if the list is
            empty; None pairs `left_…` with `right_…` by name.

    Raises:
        InputError: no names, a name twice, an edge or a partner that is none of them.
    """
    names = tuple(names)
    if not names:
        raise InputError(f"skeleton {name}: expected keypoint names, got none")
    twice = next((word for word in names if names.count(word) > 1), None)
    if twice is not None:
        raise InputError(f"skeleton {name}: the keypoint '{twice}' is named twice")
    for a, b in edges:
        if not (0 <= a < len(names) and 0 <= b < len(names)):
            raise InputError(
                f"skeleton {name}: edge {a + 1}-{b + 1}: expected keypoints 1 to {len(names)}"
            )
    if partners is None:
        known = next((s for s in SKELETONS.values() if s.names == names), None)
        if known is not None:
            return known
    has_torso = all(word in names for word in TORSO)
    a, b, c, d = (names.index(word) if has_torso else 0 for word in TORSO)
    torso = (a, b, c, d) if has_torso else None
    plain = Skeleton(name, names, tuple((a, b) for a, b in edges), torso)
    return plain if partners is None else replace(plain, swaps=_swaps(plain, partners))


def _swaps(plain: Skeleton, partners: Sequence[tuple[str, str]]) -> tuple[tuple[int, int], ...]:
    used: set[str] = set()
    for pair in partners:
        if len(set(pair)) != 2:
            raise InputError(f"skeleton {plain.name}: partners: expected two names, got {pair}")
        for word in pair:
            plain.index(word)
            if word in used:
                raise InputError(f"skeleton {plain.name}: '{word}' has two partners")
            used.add(word)
    return tuple((plain.index(a), plain.index(b)) for a, b in partners)
