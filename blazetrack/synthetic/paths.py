"""Where drawn people go: a floor in the picture, and routes of legs that are walked on it.

The floor is seen by a camera at chest height: who stands nearer is larger and lower in the
picture. Where somebody is at a time follows from the route alone. Lengths on the floor are in body
heights: x from the middle of the picture to its right, z away from the camera.
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

NEAR, FAR = 2.25, 3.40  # depths of the floor that are walked on
START_S = 0.4  # seconds to get up to speed, and the same to stop
TURN_S = 0.6  # seconds to turn to where one goes, and the same to turn back
REST_S = 0.2  # seconds between coming to a stand and an exercise, and after it
# A walker is drawn turned by this part of the full turn, and looks this much back to the camera:
# the published detector finds far more people seen at three quarters than from the side.
TURNED, LOOKS = 0.75, 0.5
GONE = 0.45  # body heights beyond the edge of the picture where nothing of a walker is seen


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
        """What lies at a part of the picture's width, at a depth."""
        return (part - 0.5) * self.width * z / self.lens, z

    def outside(self, side: int, z: float) -> Spot:
        """Just out of the picture, to its left (−1) or right (1)."""
        return self.spot(0.5 + 0.5 * side, z)[0] + side * GONE, z


@dataclass(frozen=True, slots=True)
class Leg:
    """One part of a route: a walk, or a stay where `start` is `end`."""

    begins_s: float
    ends_s: float
    start: Spot
    end: Spot
    faced: float  # heading at the begin
    faces: float  # heading at the end
    exercise: str | None = None

    def pace(self, time_s: float) -> tuple[float, float]:
        """Part of the way that is gone, and the speed beside full speed: 0 to 1."""
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
        """Where one is on it."""
        part, _ = self.pace(time_s)
        (x0, z0), (x1, z1) = self.start, self.end
        return x0 + part * (x1 - x0), z0 + part * (z1 - z0)

    def stance(self, time_s: float) -> motion.Stance:
        """How one stands or walks on it, and where one is turned."""
        if self.start == self.end:
            return replace(self._standing(time_s), heading=self.faces)
        x, z = self.end[0] - self.start[0], self.end[1] - self.start[1]
        far, along = hypot(x, z), TURNED * atan2(x, -z)
        part, vigour = self.pace(time_s)
        speed = far / (self.ends_s - self.begins_s - START_S)
        step = min(0.22 + 0.18 * speed, 0.42)
        begun = motion.ease((time_s - self.begins_s) / TURN_S)
        ended = motion.ease((self.ends_s - time_s) / TURN_S)
        heading = self.faced + begun * (along - self.faced)
        heading = self.faces + ended * (heading - self.faces)
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
    """What somebody does, leg after leg; made as far as it was asked for.

    Attributes:
        spot: where the legs so far end.
        faces: and what is faced there.
        more: adds legs each time it is advanced; at its end one stays.
    """

    spot: Spot
    faces: float
    legs: list[Leg] = field(default_factory=list)
    more: Iterator[None] = field(default_factory=lambda: iter(()))

    @property
    def ends_s(self) -> float:
        """Seconds that the legs so far take."""
        return self.legs[-1].ends_s if self.legs else 0.0

    def stay(self, seconds: float) -> None:
        """Stand about."""
        self._add(seconds, self.spot, self.faces, None)

    def exercise(self, name: str) -> None:
        """Do one of `motion.EXERCISES` once."""
        self._add(motion.EXERCISES[name][1] + 2 * REST_S, self.spot, self.faces, name)

    def walk(self, to: Spot, speed: float, faces: float) -> None:
        """Walk straight to a spot at so many body heights per second, and face somewhere there."""
        far = hypot(to[0] - self.spot[0], to[1] - self.spot[1])
        # Who has not far to go does not get up to speed.
        self._add(max(far / speed, START_S) + START_S, to, faces, None)

    def leg(self, time_s: float) -> Leg:
        """The leg one is on."""
        while time_s >= self.ends_s:
            try:
                next(self.more)
            except StopIteration:
                self.stay(float("inf"))
        return self.legs[bisect_right(self.legs, time_s, key=lambda leg: leg.begins_s) - 1]

    def _add(self, seconds: float, to: Spot, faces: float, exercise: str | None) -> None:
        begins_s = self.ends_s
        ends_s = begins_s + seconds
        self.legs.append(Leg(begins_s, ends_s, self.spot, to, self.faces, faces, exercise))
        self.spot, self.faces = to, faces
