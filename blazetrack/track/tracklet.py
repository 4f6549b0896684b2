"""Where somebody was, where they are going, and what speaks for it being them again."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Trail", "crowded"]

Float = NDArray[np.float64]

# Speed and clothes are means over about this long.
STEADY_S = 0.4
# Somebody out of sight is expected to go on for about this long, then to stand.
COAST_S = 1.5
# What a sight of somebody's clothes counts for while somebody else may stand before them.
TRUST_NEAR = 0.1
# Somebody so near, in radii of the larger circle, may be mistaken for the other one.
NEAR = 0.8


def crowded(row: int, centers_px: Float, radii_px: Float) -> bool:
    """Is anybody near the person at `row`, of those with centres `(N, 2)` and radii `(N,)`?"""
    apart = np.hypot(*(centers_px - centers_px[row]).T)
    apart[row] = np.inf
    return bool((apart < NEAR * np.maximum(radii_px, radii_px[row])).any())


@dataclass(slots=True, eq=False)
class Trail:
    """One person: the last sight of them, and what is expected next.

    While people stand in each other's way, regions slide from one body to another, so what is
    seen then is not believed: `meeting` keeps the last sight before it.

    Attributes:
        id: the person's.
        center_px: `(2,)` mid-hip at the last sight.
        radius_px: of the circle around the person, then.
        time_s: when that was.
        colours: `(P, 3)` of the clothes, NaN where unknown.
        velocity: `(2,)` pixels per second.
        met: place and time at which a meeting began; None while nobody is near.
        sights: in how many frames the person was seen.
    """

    id: int
    center_px: Float
    radius_px: float
    time_s: float
    colours: Float = field(default_factory=lambda: np.zeros((0, 3)))
    velocity: Float = field(default_factory=lambda: np.zeros(2))
    met: tuple[Float, float] | None = None
    sights: int = 1

    def expected_px(self, time_s: float) -> Float:
        """`(2,)` where the mid-hip should be."""
        if self.met is None:
            return _ahead(self.center_px, self.velocity, time_s - self.time_s)
        before, since = self.met
        trust = np.exp(-max(0.0, time_s - since) / COAST_S)
        apart = _ahead(before, self.velocity, time_s - since)
        place: Float = trust * apart + (1 - trust) * self.center_px
        return place

    def seen(
        self, center_px: Float, radius_px: float, colours: Float, time_s: float, *, near: bool
    ) -> None:
        """Note where the person is now; `near`: somebody else is so near that it may be them."""
        passed_s = max(time_s - self.time_s, 0.0)
        weight = float(-np.expm1(-passed_s / STEADY_S))
        self.sights += 1
        if near:
            if self.met is None:
                self.met = self.center_px, self.time_s
            weight *= TRUST_NEAR
        else:
            if self.met is None and passed_s > 0:  # else the way since is not known
                speed = (center_px - self.center_px) / passed_s
                self.velocity = self.velocity + weight * (speed - self.velocity)
            self.met = None
        mixed = self.colours + weight * (colours - self.colours)
        self.colours = np.where(np.isfinite(mixed), mixed, _either(self.colours, colours))
        self.center_px, self.radius_px, self.time_s = center_px, radius_px, time_s


def _ahead(center_px: Float, velocity: Float, passed_s: float) -> Float:
    going_s = COAST_S * -np.expm1(-max(0.0, passed_s) / COAST_S)
    place: Float = center_px + velocity * going_s
    return place


def _either(one: Float, other: Float) -> Float:
    return np.where(np.isfinite(one), one, other)
