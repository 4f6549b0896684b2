"""Scenes of several drawn people who walk on one floor, cross, occlude each other and return.

Every person stays in a lane of depth, so the order of painting is constant. Routes are random; a
sample without crossings and returns is rejected.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import copysign

import numpy as np
from numpy.typing import NDArray

from blazetrack.synthetic import motion
from blazetrack.synthetic.body import Build, Place
from blazetrack.synthetic.figure import Look
from blazetrack.synthetic.paths import FAR, NEAR, START_S, Floor, Route, Spot
from blazetrack.synthetic.scene import Actor, MakeActors, Motion, SceneOptions

__all__ = ["PEOPLE", "SCENES"]

Float = NDArray[np.float64]
MAX_PEOPLE = 6
SPEEDS = (0.6, 1.1)  # body heights per second
EDGE = 0.13  # empty part of the picture's width at either side
TRIES = 60
CHECKED_S = 20.0  # checked seconds of a sample
SAMPLES_HZ = 5.0


def _crowd(options: SceneOptions, rng: np.random.Generator) -> tuple[Actor, ...]:
    """People on random routes that cross."""
    floor = Floor(*options.size)
    count = options.people or int(rng.integers(2, MAX_PEOPLE + 1))
    seconds = min(options.frames / options.fps, CHECKED_S)
    lanes, returns = _lanes(count, rng), rng.random() < 0.9
    least, best = np.inf, []
    for _ in range(TRIES):
        spots = rng.permutation(np.linspace(EDGE, 1.0 - EDGE, 2 * count)).reshape(count, 2)
        routes = [
            _wander(floor, lane, own, np.random.default_rng(rng.integers(2**63)))
            for lane, own in zip(lanes, spots, strict=True)
        ]
        shortfall = _shortfall(floor, routes, seconds, returns)
        if shortfall < least:
            least, best = shortfall, routes
        if not shortfall:
            break
    return _make_actors(options, floor, rng, best)


def _lanes(count: int, rng: np.random.Generator) -> Float:
    """Near and far depth of each lane, the far lane first: `(count, 2)`."""
    edges = np.linspace(FAR, NEAR, MAX_PEOPLE + 1)
    chosen, gap = np.sort(rng.permutation(MAX_PEOPLE)[:count]), 0.2 * (edges[0] - edges[1])
    return np.stack([edges[chosen + 1] + gap, edges[chosen] - gap], 1)


def _wander(floor: Floor, lane: Float, own: Float, rng: np.random.Generator) -> Route:
    """An endless route between two spots of one person and the outside of the picture.

    `own` holds the two spots in parts of the picture's width.
    """

    def at(part: float) -> Spot:
        return floor.spot(part, rng.uniform(*lane))

    def legs() -> Iterator[None]:
        here, speed = 0, rng.uniform(*SPEEDS)
        if rng.random() < 0.7:
            route.stay(rng.uniform(0.2, 2.5))
        while True:
            there, pace = 1 - here, speed * rng.uniform(0.9, 1.15)
            way = copysign(1.0, own[there] - own[here])
            kind = rng.choice(4, p=[0.4, 0.2, 0.2, 0.2])
            if kind == 1:  # stop and go
                route.walk(at(0.5 * (own[here] + own[there])), pace, 0.9 * way)
                route.stay(rng.uniform(0.3, 0.9))
            elif kind > 1:  # leave by the near or by the far side
                side = (1 if own[here] > 0.5 else -1) * (1 if kind == 2 else -1)
                route.walk(floor.outside(side, rng.uniform(*lane)), pace, -1.2 * side)
                route.stay(rng.uniform(0.4, 1.4))
            route.walk(at(own[there]), pace, rng.uniform(-0.4, 0.4))
            here = there
            if rng.random() < 0.5:
                route.exercise(str(rng.choice(list(motion.EXERCISES))))
            else:
                route.stay(rng.uniform(0.8, 2.5))
            yield

    route = Route(at(own[0]), rng.uniform(-0.4, 0.4))
    route.more = legs()
    return route


def _shortfall(floor: Floor, routes: Sequence[Route], seconds: float, returns: bool) -> float:
    """Missing crossings, people and returns in the first seconds of a sample; 0 is accepted."""
    times = np.arange(0.0, seconds, 1.0 / SAMPLES_HZ)
    places = [[floor.place(route.leg(t).spot(t)) for t in times] for route in routes]
    x, tall = np.array([[(p.x_px, p.height_px) for p in row] for row in places]).transpose(2, 0, 1)
    here = (x > 0.0) & (x < floor.width)  # (N, T)
    crossings, hidden = 0, 0.0
    for k, far in enumerate(x):
        for other in range(k + 1, len(x)):
            both, off = here[k] & here[other], far - x[other]
            crossings += int(np.sum((off[1:] * off[:-1] < 0) & both[1:] & both[:-1]))
            behind = both & (np.abs(off) < 0.09 * (tall[k] + tall[other]))
            hidden = max(hidden, _longest(behind) / SAMPLES_HZ)
    wanted = round(seconds / 10.0 * max(2, len(routes))) if len(routes) > 1 else 0
    gone = [_longest(~row) / SAMPLES_HZ for row in here if row[0] and row[-1]]
    few = len(routes) / 2 - here.sum(0).min()
    return float(
        max(0, wanted - crossings)
        + max(0.0, hidden - 1.6)
        + max(0.0, few)
        + (returns and seconds > 6.0 and max(gone, default=0.0) < 0.5)
    )


def _longest(flags: NDArray[np.bool_]) -> int:
    """Length of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]])))
    return int(np.max(edges[1::2] - edges[::2], initial=0))


def _crossing(options: SceneOptions, rng: np.random.Generator) -> tuple[Actor, ...]:
    """Two people walk past each other, one in front of the other; the others stand."""
    floor = Floor(*options.size)
    lanes = _lanes(options.people or 2, rng)
    walkers = rng.permutation(len(lanes))[:2]
    way = -1.0 if rng.random() < 0.5 else 1.0
    meet = rng.uniform(0.4, 0.6)
    meet_s, least_s = (options.frames / options.fps * part for part in (meet, min(meet, 1 - meet)))
    asides = iter(rng.permutation(np.linspace(0.32, 0.68, max(1, len(lanes) - 2))))
    routes = []
    for k, lane in enumerate(lanes):
        z, headings = rng.uniform(*lane), rng.uniform(-0.3, 0.3, 2)
        if k in walkers:
            way = -way
            start, end = (0.5 + way * part for part in rng.uniform((-0.34, 0.28), (-0.28, 0.34)))
            route = Route(floor.spot(start, z), headings[0])
            goal = floor.spot(end, z)
            far = abs(goal[0] - route.spot[0])
            # Faster in a clip that is too short for a normal walk.
            speed = max(rng.uniform(*SPEEDS), far / (1.2 * least_s))
            route.stay(max(0.0, meet_s - 0.5 * (far / speed + START_S)))
            route.walk(goal, speed, headings[1])
        else:
            route = Route(floor.spot(float(next(asides)), z), headings[0])
        routes.append(route)
    return _make_actors(options, floor, rng, routes)


def _make_actors(
    options: SceneOptions, floor: Floor, rng: np.random.Generator, routes: Sequence[Route]
) -> tuple[Actor, ...]:
    """Actors from far to near in different shirts, with random ids."""
    numbers = rng.permutation(len(routes)) + 1
    looks: list[Look] = []
    while len(looks) < len(routes):
        look = Look.sample(rng)
        if all(look.shirt != other.shirt for other in looks):
            looks.append(look)
    return tuple(
        Actor(int(number), Build.sample(rng), look, _motion(options, floor, rng, route))
        for number, look, route in zip(numbers, looks, routes, strict=True)
    )


def _motion(options: SceneOptions, floor: Floor, rng: np.random.Generator, route: Route) -> Motion:
    breath = rng.uniform(0.0, 10.0)

    def motion_at(index: int) -> tuple[Place, motion.Stance]:
        time_s = index / options.fps
        leg = route.leg(time_s)
        return floor.place(leg.spot(time_s)), motion.idle(leg.stance(time_s), time_s + breath)

    return motion_at


PEOPLE = {"crowd": (1, MAX_PEOPLE), "crossing": (2, MAX_PEOPLE)}
"""Scene → least and greatest number of people."""

SCENES: dict[str, MakeActors] = {"crowd": _crowd, "crossing": _crossing}
