"""Differences between two pipelines on the same frames, and their limits.

Image differences are distances `hypot(dx, dy)` of a landmark between the two results, over all
landmarks of all frames in which both found a person. Still pictures must agree to 1e-4 px. On a
clip the feedback through the filters amplifies rounding, so the median and the 95th percentile are
limited there, not the maximum.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from benchmarks.reference.results import SequenceResult

__all__ = ["CLIP_LIMITS", "STATIC_LIMITS", "TASKS_LIMITS", "Check", "check_limits", "compare"]

STATIC_LIMITS = {"xy max px": 1e-4, "world max m": 5e-4, "visibility max": 1e-3}
"""Legacy graph on single pictures."""

TASKS_LIMITS = {"xy max px": 1e-4}
"""Tasks graph on single pictures."""

CLIP_LIMITS = {
    "xy median px": 1e-4,
    "xy p95 px": 1e-4,
    "world max m": 5e-4,
    "visibility max": 1e-3,
    "detector runs difference": 0.0,
}
"""Legacy graph on a clip, smoothing on."""

FOUND = "found by one only"


@dataclass(frozen=True, slots=True)
class Check:
    """One measured value and its upper limit.

    Attributes:
        name: of the value, with its unit.
        value: NaN where there is no data.
        limit: None where the value is only printed.
    """

    name: str
    value: float
    limit: float | None = None

    @property
    def passed(self) -> bool:
        """False also where a value with a limit is NaN."""
        return self.limit is None or (isfinite(self.value) and self.value <= self.limit)


def compare(ours: SequenceResult, theirs: SequenceResult) -> dict[str, float]:
    """Name → difference between two results on the same frames.

    Raises:
        ValueError: the numbers of frames differ.
    """
    if len(ours.found) != len(theirs.found):
        raise ValueError(f"compare: {len(ours.found)} frames against {len(theirs.found)}")
    both = ours.found & theirs.found
    apart = np.abs(ours.landmarks_px[both] - theirs.landmarks_px[both])
    xy = np.hypot(apart[..., 0], apart[..., 1])
    out = {
        "frames": float(len(both)),
        "found by both": float(both.sum()),
        FOUND: float((ours.found != theirs.found).sum()),
        "xy median px": _percentile(xy, 50),
        "xy p95 px": _percentile(xy, 95),
        "xy max px": _percentile(xy, 100),
        "z max px": _percentile(apart[..., 2], 100),
        "world max m": _percentile(np.abs(ours.world_m[both] - theirs.world_m[both]), 100),
        "visibility max": _percentile(np.abs(ours.visibility[both] - theirs.visibility[both]), 100),
    }
    if ours.detector_runs is not None and theirs.detector_runs is not None:
        out["detector runs"] = float(ours.detector_runs)
        out["detector runs difference"] = float(abs(ours.detector_runs - theirs.detector_runs))
    return out


def check_limits(differences: dict[str, float], limits: dict[str, float]) -> list[Check]:
    """Every difference as a check; `FOUND` always has the limit 0."""
    limits = {FOUND: 0.0, **limits}
    missing = [name for name in limits if name not in differences]
    known = [Check(name, value, limits.get(name)) for name, value in differences.items()]
    return known + [Check(name, float("nan"), limits[name]) for name in missing]


def _percentile(values: NDArray[np.float64], percent: float) -> float:
    """NaN without values or with any NaN, so that missing data never passes a limit."""
    return float(np.percentile(values, percent)) if values.size else float("nan")
