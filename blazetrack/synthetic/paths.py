"""Paths of drawn people: a floor in perspective, and routes of legs on it.

The camera is at chest height: a nearer person is larger and lower in the picture. Lengths on the
floor are in body heights: x from the middle of the picture to its right, z away from the camera.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import atan2, hypot, sin

from blazetrack.synthetic import motion
from blazetrack.synthetic.body import Place

__all__ = ["FAR", "NEAR", "START_S", "Floor", "Route", "Spot"]

Spot = tuple[float, float]
"""x and z on the floor."""

NEAR, FAR = 2.25, 3.40  # depths of the used floor
START_S = 0.4  # seconds to accelerate, and the same to stop
TURN_S = 0.6  # seconds to turn into the direction of a walk, and the same to turn back
REST_S = 0.2  # seconds before and after an exercise
# Parts of the full turn: a walker's body, and its head back to the camera. The published detector
# finds far more people at three quarters than from the side.
TURNED, LOOKS = 0.75, 0.5
GONE = 0.45  # body heights beyond the edge of the picture where a walker is invisible


@dataclass(frozen=True, slots=True)
class Floor:
    """The floor in a picture of some size."""

    width: int
    height: int

    @property
    def lens(self) -> float:
        """Pixels of one body height at a depth of 1."""
        return 0.74 * NEAR * min(self.height, 0.8 * self.width)

    def place(self, spot: Spot) -> Place:
        """The place in the picture."""
        x, z = spot
        tall, tallest = self.lens / z, self.lens / NEAR
        return Place(0.5 * self.width + tall * x, 0.95 * self.height - 0.7 * (tallest - tall), tall)

    def spot(self, part: float, z: float) -> Spot:
        """The spot at a part of the picture's width and a depth."""
        return (part - 0.5) * self.width * z / self.lens, z

    def outside(self, side: int, z: float) -> Spot:
        """A spot just outside the picture, to its left (−1) or right (1)."""
        return self.spot(0.5 + 0.5 * side, z)[0] + side * GONE, z


@dataclass(frozen=True, slots=True)
class Leg:
    """One part of a route: a walk, or a stay if `start` is `end`."""

    begins_s: float
    ends_s: float
    start: Spot
    end: Spot
    heading: float  # at the start
    end_heading: float
    exercise: str | None = None

    def pace(self, time_s: float) -> tuple[float, float]:
        """Finished part of the way, and the part of full speed: 0 to 1."""
        if self.start == self.end:
            return 0.0, 0.0
        seconds = self.ends_s - self.begins_s
        gone = min(max(time_s - self.begins_s, 0.0), seconds)
        left, cruise = seconds - gone, seconds - START_S
        if gone < START_S:
            return gone**2 / (2 * START_S * cruise), motion.ease(gone / START_S)
        if left < START_S:
            return 1.0 - left**2 / (2 * START_S * cruise), motion.ease(left / START_S)
        return (gone - 0.5 * START_S) / cruise, 1.0

    def spot(self, time_s: float) -> Spot:
        """The place at a time."""
        part, _ = self.pace(time_s)
        (x0, z0), (x1, z1) = self.start, self.end
        return x0 + part * (x1 - x0), z0 + part * (z1 - z0)

    def stance(self, time_s: float) -> motion.Stance:
        """The stance at a time."""
        if self.start == self.end:
            return replace(self._standing(time_s), heading=self.end_heading)
        x, z = self.end[0] - self.start[0], self.end[1] - self.start[1]
        far, along = hypot(x, z), TURNED * atan2(x, -z)
        part, vigour = self.pace(time_s)
        speed = far / (self.ends_s - self.begins_s - START_S)
        step = min(0.22 + 0.18 * speed, 0.42)
        begun = motion.ease((time_s - self.begins_s) / TURN_S)
        ended = motion.ease((self.ends_s - time_s) / TURN_S)
        heading = self.heading + begun * (along - self.heading)
        heading = self.end_heading + ended * (heading - self.end_heading)
        pose = motion.walk(0.25 + part * far / (2 * step), step, vigour)
        pose.head[0] -= LOOKS * sin(heading)
        return replace(pose, heading=heading)

    def _standing(self, time_s: float) -> motion.Stance:
        if self.exercise is None:
            return motion.stand()
        move, seconds = motion.EXERCISES[self.exercise]
        return move(min(max((time_s - self.begins_s - REST_S) / seconds, 0.0), 1.0))


@dataclass(slots=True)
class Route:
    """The legs of one person, made as far as they are needed.

    Attributes:
        spot: end of the legs so far.
        heading: there.
        more: adds legs each time it is advanced; at its end the person stays.
    """

    spot: Spot
    heading: float
    legs: list[Leg] = field(default_factory=list)
    more: Iterator[None] = field(default_factory=lambda: iter(()))

    @property
    def ends_s(self) -> float:
        """End of the legs so far."""
        return self.legs[-1].ends_s if self.legs else 0.0

    def stay(self, seconds: float) -> None:
        """Stand."""
        self._add(seconds, self.spot, self.heading, None)

    def exercise(self, name: str) -> None:
        """Do one of `motion.EXERCISES` once."""
        self._add(motion.EXERCISES[name][1] + 2 * REST_S, self.spot, self.heading, name)

    def walk(self, to: Spot, speed: float, heading: float) -> None:
        """Walk straight to a spot at a speed in body heights per second, and turn there."""
        far = hypot(to[0] - self.spot[0], to[1] - self.spot[1])
        # A short way ends before full speed.
        self._add(max(far / speed, START_S) + START_S, to, heading, None)

    def leg(self, time_s: float) -> Leg:
        """The leg at a time."""
        while time_s >= self.ends_s:
            try:
                next(self.more)
            except StopIteration:
                self.stay(float("inf"))
        return self.legs[bisect_right(self.legs, time_s, key=lambda leg: leg.begins_s) - 1]

    def _add(self, seconds: float, to: Spot, heading: float, exercise: str | None) -> None:
        start_s, at = self.ends_s, (self.spot, to, self.heading, heading)
        self.legs.append(Leg(start_s, start_s + seconds, *at, exercise))
        self.spot, self.heading = to, heading
