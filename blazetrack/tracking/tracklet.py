"""Motion and appearance state of one tracked person."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Tracklet", "is_crowded"]

Float = NDArray[np.float64]

SMOOTH_S = 0.4  # time constant of the means of velocity and colours
COAST_S = 1.5  # time constant with which the predicted velocity of a lost person decays
NEAR_WEIGHT = 0.1  # weight of an appearance sample taken while another person is near
NEAR_RADII = 0.8  # centres nearer than this, in radii of the larger circle, may be confused


def is_crowded(row: int, centers_px: Float, radii_px: Float) -> bool:
    """Whether the person at `row` has another one near, of centres `(N, 2)` and radii `(N,)`."""
    distance = np.hypot(*(centers_px - centers_px[row]).T)
    distance[row] = np.inf
    return bool((distance < NEAR_RADII * np.maximum(radii_px, radii_px[row])).any())


@dataclass(slots=True, eq=False)
class Tracklet:
    """One person: the last observation and the motion model.

    While people are near each other, regions can slide from one body to another, so velocity is
    not updated and appearance hardly; `met` keeps the last observation before that.

    Attributes:
        id: of the person; below 0 while the tracklet is tentative.
        center_px: `(2,)` mid-hip of the last observation.
        radius_px: of the circle around the person, then.
        time_s: of the last observation.
        colours: `(P, 3)` of the clothes, NaN where unknown.
        velocity: `(2,)` pixels per second.
        met: mid-hip and time of the last observation before another person came near, else None.
        frames: number of frames in which the person was observed.
    """

    id: int
    center_px: Float
    radius_px: float
    time_s: float
    colours: Float = field(default_factory=lambda: np.zeros((0, 3)))
    velocity: Float = field(default_factory=lambda: np.zeros(2))
    met: tuple[Float, float] | None = None
    frames: int = 1

    def predicted_px(self, time_s: float) -> Float:
        """`(2,)` predicted mid-hip."""
        if self.met is None:
            return _extrapolate(self.center_px, self.velocity, time_s - self.time_s)
        before, since_s = self.met
        weight = np.exp(-max(0.0, time_s - since_s) / COAST_S)
        moved = _extrapolate(before, self.velocity, time_s - since_s)
        center: Float = weight * moved + (1 - weight) * self.center_px
        return center

    def update(
        self, center_px: Float, radius_px: float, colours: Float, time_s: float, *, near: bool
    ) -> None:
        """Add an observation; `near` means that another person is near enough to be confused."""
        passed_s = max(time_s - self.time_s, 0.0)
        weight = float(-np.expm1(-passed_s / SMOOTH_S))
        self.frames += 1
        if near:
            if self.met is None:
                self.met = self.center_px, self.time_s
            weight *= NEAR_WEIGHT
        else:
            if self.met is None and passed_s > 0:  # else the path since then is unknown
                velocity = (center_px - self.center_px) / passed_s
                self.velocity = self.velocity + weight * (velocity - self.velocity)
            self.met = None
        mean = self.colours + weight * (colours - self.colours)
        known = np.where(np.isfinite(self.colours), self.colours, colours)
        self.colours = np.where(np.isfinite(mean), mean, known)
        self.center_px, self.radius_px, self.time_s = center_px, radius_px, time_s


def _extrapolate(center_px: Float, velocity: Float, passed_s: float) -> Float:
    """Motion with a velocity that decays to rest."""
    moving_s = COAST_S * -np.expm1(-max(0.0, passed_s) / COAST_S)
    center: Float = center_px + velocity * moving_s
    return center
