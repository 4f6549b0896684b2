"""Ratios of times that were measured in the same rounds, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

__all__ = ["Ratio", "interleaved", "ratio"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ratio:
    """Ratio of the medians, and the minimum and maximum within one round."""

    value: float
    low: float
    high: float


def ratio(values: Sequence[float], baseline: Sequence[float]) -> Ratio:
    """`values` ÷ `baseline`, one of each per round.

    Raises:
        ValueError: their numbers differ.
    """
    within = [value / base for value, base in zip(values, baseline, strict=True)]
    return Ratio(median(values) / median(baseline), min(within), max(within))


def interleaved(items: Sequence[T], times: int) -> list[T]:
    """Every item once per turn, `times` turns; the order rotates by one each turn."""
    turns = (turn % len(items) for turn in range(times))
    return [item for first in turns for item in (*items[first:], *items[:first])]
