"""Confidence maps and part affinity fields → people (arXiv 1611.08050, sections 2.3 and 2.4).

Maps are enlarged and smoothed; their maxima are candidates for keypoints. A candidate limb between
two of them has the mean of the field along it as its score. Limbs are assigned kind by kind, and
those that share a keypoint become a person. The time is bounded by `MAX_PEAKS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import erf

import numpy as np
from numpy.typing import NDArray

from blazetrack.common.linear_assignment import least_cost_pairs

__all__ = [
    "Found",
    "Limbs",
    "Rules",
    "best_first",
    "best_total",
    "find_peaks",
    "parse_people",
]

Array = NDArray[np.float32]
Float = NDArray[np.float64]
Int = NDArray[np.int64]
Limb = tuple[int, int, float]  # number of the first and second peak, score

MAX_PEAKS = 96  # per keypoint, the highest (tf-pose-estimation, Max_Human)
SAMPLES = 10  # of the field along a limb
MIN_SAMPLES = 8  # more of them must be above `MIN_FIELD`
MIN_FIELD = 0.05
MIN_KEYPOINTS, MIN_SCORE = 4, 0.4  # of a person
TAPS = 25  # of the smoothing kernel
NEIGHBOURS = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1))  # y x


@dataclass(frozen=True, slots=True)
class Rules:
    """What the published programs do differently.

    Attributes:
        upsample: cells of the enlarged map per cell.
        cubic: enlarge by cubic interpolation, else by repeating cells; smooth with a Gaussian of 3
            cells and mirrored borders, else with tf-pose-estimation's kernel and borders of 0.
        corners: a maximum is above its neighbours over the corners too.
        min_peak: confidence that a maximum must exceed, after smoothing.
        last_sample: samples along a limb reach its second keypoint.
    """

    upsample: int
    cubic: bool
    corners: bool
    min_peak: float
    last_sample: bool


@dataclass(frozen=True, slots=True)
class Limbs:
    """The limbs of a skeleton.

    Attributes:
        pairs: `(L, 2)` indices of keypoints, in the order of assembly.
        channels: `(L,)` channel of the field's x; that of y follows it.
        joining: as many of the last ones begin no person.
    """

    pairs: Int
    channels: Int
    joining: int


@dataclass(frozen=True, slots=True)
class Found:
    """The people found.

    Attributes:
        xy_cells: `(N, K, 2)` cells of the enlarged map, NaN where a keypoint was not found.
        confidence: `(N, K)`, likewise.
        scores: `(N,)` sum of the confidences of keypoints and limbs, per keypoint.
    """

    xy_cells: Float
    confidence: Float
    scores: Float


@dataclass(slots=True)
class _Person:
    peaks: Int  # (K,) number of each keypoint's peak, -1 for none
    count: int
    score: float


def parse_people(
    maps: Array, fields: Array, limbs: Limbs, rules: Rules, upsample: int, *, optimal: bool = False
) -> Found:
    """People from maps.

    Args:
        maps: `(h, w, K)` confidence, without the background.
        fields: `(h, w, 2L)`.
        limbs: of the skeleton.
        rules: of the published program.
        upsample: cells of the enlarged map per cell.
        optimal: assign the limbs of the highest total, else the best one first.
    """
    keypoints = maps.shape[2]
    peaks = find_peaks(maps, rules, upsample)
    enlarged = rules.cubic and upsample > 1
    if enlarged:
        maps, fields = (_enlarged(one, upsample) for one in (maps, fields))
    step = 1 if enlarged else upsample
    confidence = [
        maps[xy[:, 1] // step, xy[:, 0] // step, k].astype(np.float64) for k, xy in enumerate(peaks)
    ]
    people: list[_Person] = []
    for number, (first, second) in enumerate(limbs.pairs.tolist()):
        channel = int(limbs.channels[number])
        scores = _limb_scores(
            peaks[first],
            peaks[second],
            fields[..., channel : channel + 2],
            step,
            last_sample=rules.last_sample,
        )
        pairs = best_total(scores) if optimal else best_first(scores)
        begins = number < len(limbs.pairs) - limbs.joining
        for limb in pairs:
            _join(people, limb, (first, second), confidence, begins)
    people = [
        one for one in people if one.count >= MIN_KEYPOINTS and one.score >= MIN_SCORE * one.count
    ]
    xy_cells = np.full((len(people), keypoints, 2), np.nan)
    found = np.full((len(people), keypoints), np.nan)
    for row, person in enumerate(people):
        for k in np.flatnonzero(person.peaks >= 0).tolist():
            xy_cells[row, k] = peaks[k][person.peaks[k]]
            found[row, k] = confidence[k][person.peaks[k]]
    return Found(xy_cells, found, np.array([one.score / one.count for one in people], np.float64))


def find_peaks(maps: Array, rules: Rules, upsample: int) -> list[Int]:
    """Maxima of each enlarged and smoothed map: K times `(P, 2)` x y, row by row.

    Of equal neighbours the first one counts; the published programs take each of them.
    """
    rows, columns = (_smoothing(side, upsample, rules.cubic) for side in maps.shape[:2])
    smooth = np.tensordot(columns, np.tensordot(rows, maps, 1), (1, 1)).swapaxes(0, 1)
    height, width = smooth.shape[:2]
    padded = np.pad(smooth, ((1, 1), (1, 1), (0, 0)), constant_values=-np.inf)
    top = smooth > rules.min_peak  # false for NaN
    for dy, dx in NEIGHBOURS:
        if rules.corners or not dx * dy:
            other = padded[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width]
            top &= smooth > other if (dy, dx) < (0, 0) else smooth >= other
    peaks = []
    for k in range(maps.shape[2]):
        y, x = np.nonzero(top[..., k])
        if len(y) > MAX_PEAKS:
            highest = np.argsort(-smooth[y, x, k], kind="stable")[:MAX_PEAKS]
            y, x = y[np.sort(highest)], x[np.sort(highest)]
        peaks.append(np.stack([x, y], axis=1))
    return peaks


def _limb_scores(first: Int, second: Int, field: Array, step: int, *, last_sample: bool) -> Float:
    """`(P, Q)` mean of the field along each possible limb, -inf where it is none.

    Longer limbs than half of the map's height have less (paper's demonstration and pafprocess.cpp).

    Args:
        first, second: `(P, 2)` and `(Q, 2)` peaks in cells of the enlarged map.
        field: `(h, w, 2)`.
        step: cells of the enlarged map per cell of the field.
        last_sample: see `Rules`.
    """
    if not len(first) or not len(second):
        return np.zeros((len(first), len(second)))
    along = (second[None] - first[:, None]).astype(np.float64)
    length = np.hypot(along[..., 0], along[..., 1])
    parts = np.linspace(0, 1, SAMPLES, endpoint=last_sample)
    at = first[:, None, None] + parts[:, None] * along[:, :, None]
    x, y = np.moveaxis((at + 0.5).astype(np.int64) // step, -1, 0)
    sampled = field[y, x].astype(np.float64)
    safe = np.maximum(length, 1e-12)
    each = (sampled * (along / safe[..., None])[:, :, None]).sum(axis=-1)
    prior = np.minimum(0.0, 0.5 * field.shape[0] * step / safe - 1.0)
    score: Float = each.mean(axis=-1) + prior
    good = ((each > MIN_FIELD).sum(axis=-1) > MIN_SAMPLES) & (score > 0) & (length > 0)
    return np.where(good, score, -np.inf)


def best_first(scores: Float) -> list[Limb]:
    """The paper's greedy assignment: the best limb, then the best of the rest."""
    first, second = np.nonzero(np.isfinite(scores) & (scores > 0))
    order = np.argsort(-scores[first, second], kind="stable")
    used_first, used_second, limbs = set(), set(), []
    for a, b in zip(first[order].tolist(), second[order].tolist(), strict=True):
        if a not in used_first and b not in used_second:
            used_first.add(a)
            used_second.add(b)
            limbs.append((a, b, float(scores[a, b])))
    return limbs


def best_total(scores: Float) -> list[Limb]:
    """The assignment of the highest total score."""
    cost = np.where(scores > 0, -scores, np.inf)
    pairs = least_cost_pairs(cost, impossible=0.0)
    return [(a, b, float(scores[a, b])) for a, b in pairs.items()]


def _join(
    people: list[_Person],
    limb: Limb,
    keypoints: tuple[int, int],
    confidence: list[Float],
    begins: bool,
) -> None:
    """Add a limb to the people that have one of its peaks (`process_paf` in pafprocess.cpp)."""
    (a, b), (peak_a, peak_b, score) = keypoints, limb
    having = [one for one in people if one.peaks[a] == peak_a or one.peaks[b] == peak_b]
    added = float(confidence[b][peak_b]) + score
    if not having and begins:
        peaks = np.full(len(confidence), -1)
        peaks[[a, b]] = peak_a, peak_b
        people.append(_Person(peaks, 2, float(confidence[a][peak_a]) + added))
    elif len(having) == 2 and not ((having[0].peaks >= 0) & (having[1].peaks >= 0)).any():
        person, other = having
        person.peaks = np.maximum(person.peaks, other.peaks)
        person.count += other.count
        person.score += other.score + score
        people[:] = [one for one in people if one is not other]
    elif len(having) == 2 or (having and having[0].peaks[b] != peak_b):
        having[0].peaks[b] = peak_b
        having[0].count += 1
        having[0].score += added


def _enlarged(maps: Array, upsample: int) -> Array:
    rows, columns = (_cubic(side, upsample) for side in maps.shape[:2])
    large: Array = np.tensordot(columns, np.tensordot(rows, maps, 1), (1, 1)).swapaxes(0, 1)
    return large


@cache
def _smoothing(side: int, upsample: int, cubic: bool) -> Array:
    """`(side · upsample, side)`: enlarge and smooth along one axis."""
    large = side * upsample
    enlarge = _cubic(side, upsample) if cubic else np.repeat(np.eye(side), upsample, axis=0)
    radius = TAPS // 2
    taps = _gaussian() if cubic else _published_kernel()
    smooth = np.zeros((large, large))
    for offset, weight in zip(range(-radius, radius + 1), taps.tolist(), strict=True):
        at = np.arange(large) + offset
        if cubic:  # mirrored about the border, as scipy.ndimage does
            at = np.mod(at, 2 * large)
            at = np.where(at < large, at, 2 * large - 1 - at)
        inside = (at >= 0) & (at < large)
        np.add.at(smooth, (np.arange(large)[inside], at[inside]), weight)
    matrix: Array = (smooth @ enlarge).astype(np.float32)
    return matrix


def _published_kernel() -> Float:
    """The kernel of 25 cells and 3 deviations of tf-pose-estimation, tensblur/smoother.py.

    It is the square root of the outer product of a Gaussian with itself, so the Gaussian that it
    applies is wider by √2: about 5.6 cells.
    """
    deviations = 3.0
    reach = deviations + (2 * deviations + 1) / TAPS / 2
    edges = np.linspace(-reach, reach, TAPS + 1)
    cumulated = np.array([0.5 * (1 + erf(edge / 2**0.5)) for edge in edges.tolist()])
    root = np.sqrt(np.diff(cumulated))
    taps: Float = root / root.sum()
    return taps


def _gaussian(sigma: float = 3.0) -> Float:
    weights = np.exp(-0.5 * np.square((np.arange(TAPS) - TAPS // 2) / sigma))
    taps: Float = weights / weights.sum()
    return taps


@cache
def _cubic(side: int, upsample: int) -> Array:
    """`(side · upsample, side)`: cubic interpolation with a = -0.75, cells centred (OpenCV)."""
    a = -0.75
    at = (np.arange(side * upsample) + 0.5) / upsample - 0.5
    base = np.floor(at).astype(np.int64)
    matrix = np.zeros((len(at), side))
    for offset in (-1, 0, 1, 2):
        t = np.abs(at - base - offset)
        near = ((a + 2) * t - (a + 3)) * t * t + 1
        far = ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
        weight = np.where(t <= 1, near, far)
        np.add.at(matrix, (np.arange(len(at)), np.clip(base + offset, 0, side - 1)), weight)
    result: Array = matrix.astype(np.float32)
    return result
