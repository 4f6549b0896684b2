"""Crowds in figures: sums over clips, limits, tables, the report for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from typing import Any

from rich.table import Table

from benchmarks.machine import describe
from benchmarks.tracking_metrics import ClipScore, total

__all__ = ["LIMITS", "OURS", "Clip", "clip_line", "holds", "report", "sum_table", "summary"]

OURS = "blazetrack"
PACKAGES = ("blazetrack", "numpy", "opencv-python", "ai-edge-litert", "trackers")
DETECTOR_SHARE, DETECTOR_FRAMES = "detector's share of network time", "frames with the detector"

LIMITS: dict[str, tuple[str, float]] = {
    "IDF1": ("≥", 0.97),
    "switches a clip": ("≤", 1.0),
    "recall of the seen": ("≥", 0.97),
    "precision": ("≥", 0.98),
    DETECTOR_SHARE: ("≤", 0.20),
}
"""What blazetrack must reach: figure → at least or at most, and the value."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One side on one clip.

    Attributes:
        seed: of the scene.
        people: different people in the truth.
        frames: of the clip.
        score: see `tracking_metrics`.
        detector_runs: how often the detector ran.
        seconds: of the detector and of all networks, None where that cannot be seen.
    """

    seed: int
    people: int
    frames: int
    score: ClipScore
    detector_runs: int
    seconds: tuple[float, float] | None


def summary(clips: Sequence[Clip]) -> dict[str, float]:
    """Name → figure over all clips of a side."""
    out = total(clip.score for clip in clips)
    out[DETECTOR_FRAMES] = sum(c.detector_runs for c in clips) / sum(c.frames for c in clips)
    known = [clip.seconds for clip in clips if clip.seconds is not None]
    if known:
        detector, networks = (sum(part) for part in zip(*known, strict=True))
        out[DETECTOR_SHARE] = detector / max(networks, 1e-9)
    return out


def holds(name: str, figures: dict[str, float]) -> bool:
    """Is the limit of that name met?"""
    sign, limit = LIMITS[name]
    value = figures[name]
    return value >= limit if sign == "≥" else value <= limit


def sum_table(sums: dict[str, dict[str, float]], title: str) -> Table:
    """All figures, both sides beside each other; blazetrack is held to the limits."""
    table = Table(title=title)
    table.add_column("", no_wrap=True)
    for name in (*sums, "limit", "holds"):
        table.add_column(name, justify="right")
    for name in sums[OURS]:
        values = [_shown(figures.get(name)) for figures in sums.values()]
        sign, limit = LIMITS.get(name, ("", 0.0))
        verdict = "" if not sign else "yes" if holds(name, sums[OURS]) else "[red]NO[/red]"
        table.add_row(name, *values, f"{sign} {limit:g}" if sign else "", verdict)
    return table


def clip_line(name: str, clip: Clip) -> str:
    """One side on one clip, to see which ones fail."""
    figures = "  ".join(
        f"{key} {value:.3f}" if isinstance(value, float) else f"{key} {value:>3}"
        for key, value in _line(clip).items()
    )
    return f"seed {clip.seed:>2}  {clip.people} people  {name:<12}  {figures}"


def report(
    source: str, by_side: dict[str, list[Clip]], sums: dict[str, dict[str, float]]
) -> dict[str, Any]:
    """The report for programs."""
    return {
        "source": source,
        "date": date.today().isoformat(),
        "machine": describe(),
        "packages": {name: version(name) for name in PACKAGES},
        "limits": {name: f"{sign} {limit:g}" for name, (sign, limit) in LIMITS.items()},
        "passed": {name: holds(name, sums[OURS]) for name in LIMITS},
        "sides": {
            name: {
                "all": sums[name],
                "clips": [{"seed": c.seed, "people": c.people, **_line(c)} for c in clips],
            }
            for name, clips in by_side.items()
        },
    }


def _line(clip: Clip) -> dict[str, float]:
    clear = clip.score.clear
    return {
        "IDF1": clip.score.identity["IDF1"],
        "switches": clear["IDSW"],
        "missed": clear["CLR_FN"],
        "false": clear["CLR_FP"],
        "detector": clip.detector_runs,
    }


def _shown(value: float | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.3f}"
