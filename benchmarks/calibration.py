"""Quality of scores as probabilities: AUROC, calibration error, reliability diagram."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import MissingExtra, SinkError

__all__ = ["BINS", "Scored", "auroc", "calibration_error", "draw_reliability", "reliability"]

Float = NDArray[np.float64]
Mask = NDArray[np.bool_]

BINS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Scores of N poses, and which of them are right.

    Attributes:
        scores: `(N,)` float64 in 0..1.
        right: `(N,)` bool.
    """

    scores: Float
    right: Mask

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def joined(cls, *parts: Scored) -> Scored:
        """All poses of several sets."""
        scores, right = ([getattr(part, name) for part in parts] for name in ("scores", "right"))
        return cls(np.concatenate(scores), np.concatenate(right))


def auroc(scored: Scored) -> float:
    """Probability that a right pose scores higher than a wrong one, ties count half.

    NaN where all poses are right, or all are wrong.
    """
    _, rank, count = np.unique(scored.scores, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - (count - 1) / 2  # mean rank of equal scores
    right = int(scored.right.sum())
    pairs = right * (len(scored) - right)
    if not pairs:
        return float("nan")
    above = middle[rank][scored.right].sum() - right * (right + 1) / 2
    return float(above / pairs)


def reliability(scored: Scored, bins: int = BINS) -> NDArray[np.float64]:
    """`(bins, 3)` number of poses, mean score and share of right ones in bins of equal width.

    Mean and share of an empty bin are NaN.
    """
    place = np.clip((scored.scores * bins).astype(int), 0, bins - 1)
    count = np.bincount(place, minlength=bins).astype(np.float64)
    sums = [np.bincount(place, values, bins) for values in (scored.scores, scored.right)]
    means = [np.divide(s, count, out=np.full(bins, np.nan), where=count > 0) for s in sums]
    return np.stack([count, *means], axis=1)


def calibration_error(scored: Scored, bins: int = BINS) -> float:
    """Expected calibration error: mean over poses of |mean score − share right| of their bin."""
    count, mean, share = reliability(scored, bins).T
    return float(np.nansum(count * np.abs(mean - share)) / max(len(scored), 1))


def draw_reliability(scores: Mapping[str, Scored], path: Path) -> None:
    """Write a reliability diagram with a line for each name.

    Raises:
        MissingExtra: matplotlib is not installed.
        SinkError: the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtra("matplotlib", "plot") from None
    figure = Figure(figsize=(6.4, 4.8), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="0.6", linestyle="--", label="calibrated")
    for name, scored in scores.items():
        count, mean, share = reliability(scored).T
        used = count > 0
        axes.plot(mean[used], share[used], marker="o", label=f"{name} ({len(scored)} poses)")
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="score", ylabel="share of right poses")
    axes.grid(alpha=0.3)
    axes.legend()
    try:
        figure.savefig(path, dpi=110)
    except OSError as error:
        raise SinkError(f"--plot {path}: cannot be written: {error.strerror}") from error
