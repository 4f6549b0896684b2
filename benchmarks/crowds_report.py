"""Report of `benchmarks.crowds`: figures over all clips, limits, tables, JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from rich.table import Table

from benchmarks.machine import describe_machine, package_versions
from benchmarks.tracking_metrics import ClipScore, total

__all__ = ["LIMITS", "OURS", "Clip", "clip_line", "holds", "report", "summary", "summary_table"]

OURS = "blazetrack"
DETECTOR_SHARE, DETECTOR_FRAMES = "detector share of network time", "frames with detector run"

LIMITS: dict[str, tuple[str, float]] = {
    "IDF1": ("≥", 0.97),
    "ID switches per clip": ("≤", 1.0),
    "recall, full view": ("≥", 0.97),
    "precision": ("≥", 0.98),
    DETECTOR_SHARE: ("≤", 0.20),
}
"""Limits of blazetrack: figure → direction and value."""


@dataclass(frozen=True, slots=True)
class Clip:
    """Result of one tracker on one clip.

    Attributes:
        seed: of the scene.
        people: different people in the truth.
        frames: of the clip.
        score: see `tracking_metrics`.
        detector_runs: number of detector runs.
        seconds: time in the detector and in all networks, None where unknown.
    """

    seed: int
    people: int
    frames: int
    score: ClipScore
    detector_runs: int
    seconds: tuple[float, float] | None


def summary(clips: Sequence[Clip]) -> dict[str, float]:
    """Name → figure over all clips of one tracker."""
    out = total(clip.score for clip in clips)
    out[DETECTOR_FRAMES] = sum(c.detector_runs for c in clips) / sum(c.frames for c in clips)
    known = [clip.seconds for clip in clips if clip.seconds is not None]
    if known:
        detector, networks = (sum(part) for part in zip(*known, strict=True))
        out[DETECTOR_SHARE] = detector / max(networks, 1e-9)
    return out


def holds(name: str, figures: dict[str, float]) -> bool:
    """Whether the limit of that name is met."""
    sign, limit = LIMITS[name]
    value = figures[name]
    return value >= limit if sign == "≥" else value <= limit


def summary_table(sums: dict[str, dict[str, float]], title: str) -> Table:
    """All figures, one column per tracker; the limits apply to blazetrack."""
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
    """One line of text per tracker and clip."""
    figures = "  ".join(
        f"{key} {value:.3f}" if isinstance(value, float) else f"{key} {value:>3}"
        for key, value in _line(clip).items()
    )
    return f"seed {clip.seed:>2}  {clip.people} people  {name:<12}  {figures}"


def report(
    source: str, by_tracker: dict[str, list[Clip]], sums: dict[str, dict[str, float]]
) -> dict[str, Any]:
    """The JSON report."""
    return {
        "source": source,
        "date": date.today().isoformat(),
        "machine": describe_machine(),
        "packages": package_versions("trackers"),
        "limits": {name: f"{sign} {limit:g}" for name, (sign, limit) in LIMITS.items()},
        "passed": {name: holds(name, sums[OURS]) for name in LIMITS},
        "trackers": {
            name: {
                "all": sums[name],
                "clips": [{"seed": c.seed, "people": c.people, **_line(c)} for c in clips],
            }
            for name, clips in by_tracker.items()
        },
    }


def _line(clip: Clip) -> dict[str, float]:
    clear = clip.score.clear
    return {
        "IDF1": clip.score.identity["IDF1"],
        "ID switches": clear["IDSW"],
        "missed": clear["CLR_FN"],
        "false": clear["CLR_FP"],
        "detector runs": clip.detector_runs,
    }


def _shown(value: float | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.3f}"
