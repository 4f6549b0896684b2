"""Gap filling and zero-phase filtering of a finished recording.

Both use frames of the future, which a live run does not have; needs SciPy (the extra `filter`).
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import InputError, MissingExtra
from blazetrack.recording import Float, Person, Recording

__all__ = ["count_gaps", "fill_gaps", "low_pass"]

_FILTERED = ("landmarks_px", "world_landmarks_m")
_ORDER = 2  # of the filter in one direction; both directions make it 4
_MIN_FRAMES = 4  # of a stretch that is filtered
_MAX_STEP = 10.0  # between frames of a stretch, in times of the median
_MAX_JITTER = 0.01  # of the time between frames, for a clip of constant frame rate

Rows = NDArray[np.int64]


def fill_gaps(recording: Recording, max_gap_s: float) -> Recording:
    """Interpolate frames without a person between two with that person.

    Positions by a monotone cubic spline (PCHIP), which does not overshoot; visibility, presence and
    score linearly.

    Args:
        recording: of one clip.
        max_gap_s: longer gaps, from the frame before to the frame after, are left.

    Raises:
        MissingExtra: SciPy is not installed.
        InputError: the times of the frames do not increase.
    """
    if not max_gap_s > 0:
        raise InputError(f"max_gap_s: expected more than 0 seconds, got {max_gap_s:g}")
    pchip = _scipy("interpolate").PchipInterpolator
    _check_times(recording)
    people = {}
    for number, person in recording.people.items():
        rows = _with_gaps_filled(recording, person, max_gap_s)
        if len(rows) == len(person.rows):
            people[number] = person
            continue
        known, wanted = recording.time_s[person.rows], recording.time_s[rows]
        kept = np.isin(rows, person.rows)
        columns = {}
        for name in _FILTERED:
            values = getattr(person, name)
            columns[name] = pchip(known, values, axis=0)(wanted)
            columns[name][kept] = values
        for name in ("visibility", "presence", "scores"):
            columns[name] = _linear(known, getattr(person, name), wanted)
        people[number] = Person(rows, **columns)
    return replace(recording, people=people)


def low_pass(recording: Recording, cutoff_hz: float) -> Recording:
    """Filter the landmarks by a Butterworth filter of order 4, forwards and backwards.

    The two directions cancel the delay. The cutoff is that of both together, where half of the
    power is left (Winter, Biomechanics and Motor Control of Human Movement, section 3.4.4.2).
    Each stretch of frames without a gap, also in time, is filtered on its own; one of fewer than 4
    frames stays as it is. Clips of varying frame rate are filtered on an even grid in time.

    Args:
        recording: of one clip.
        cutoff_hz: below half of the frame rate; 6 is usual for walking.

    Raises:
        MissingExtra: SciPy is not installed.
        InputError: the times of the frames do not increase, or the cutoff is too high.
    """
    signal = _scipy("signal")
    _check_times(recording)
    steps = np.diff(recording.time_s)
    if not len(steps):
        return recording
    rate = 1 / float(np.median(steps))
    if not 0 < cutoff_hz < rate / 2:
        raise InputError(
            f"low pass: expected a cutoff between 0 and half of the frame rate, {rate / 2:.4g} Hz, "
            f"got {cutoff_hz:g}"
        )
    both = (np.sqrt(2) - 1) ** (1 / (2 * _ORDER))
    corner = np.arctan(np.tan(np.pi * cutoff_hz / rate) / both) * rate / np.pi
    sections = signal.butter(_ORDER, corner, fs=rate, output="sos")
    people = {}
    for number, person in recording.people.items():
        columns = {name: getattr(person, name).copy() for name in _FILTERED}
        for stretch in _stretches(person.rows, recording.time_s, _MAX_STEP / rate):
            times = recording.time_s[person.rows[stretch]]
            for values in columns.values():
                values[stretch] = _filtered(signal, sections, rate, times, values[stretch])
        people[number] = replace(person, **columns)
    return replace(recording, people=people)


def count_gaps(recording: Recording) -> tuple[int, int]:
    """Number of gaps inside of people's tracks, and of frames in them."""
    inner = [np.diff(person.rows) - 1 for person in recording.people.values()]
    return sum(int((gaps > 0).sum()) for gaps in inner), sum(int(gaps.sum()) for gaps in inner)


def _with_gaps_filled(recording: Recording, person: Person, max_gap_s: float) -> Rows:
    """The rows of a person and those of its short gaps."""
    known = person.rows
    parts = [known[:1]]
    for before, after in pairwise(known.tolist()):
        length_s = recording.time_s[after] - recording.time_s[before]
        start = before + 1 if length_s <= max_gap_s else after
        parts.append(np.arange(start, after + 1, dtype=np.int64))
    return np.concatenate(parts)


def _stretches(rows: Rows, time_s: Float, max_step_s: float) -> list[slice]:
    """Slices of rows that follow each other, of those that are long enough."""
    apart = (np.diff(rows) > 1) | (np.diff(time_s[rows]) > max_step_s)
    ends = [0, *(np.flatnonzero(apart) + 1).tolist(), len(rows)]
    return [slice(start, end) for start, end in pairwise(ends) if end - start >= _MIN_FRAMES]


def _filtered(signal: Any, sections: Float, rate: float, times: Float, values: Float) -> Float:
    """One stretch `(T, …)`, filtered at equal distances in time."""
    even = times[0] + np.arange(max(round((times[-1] - times[0]) * rate) + 1, 2)) / rate
    is_even = len(even) == len(times) and np.abs(even - times).max() * rate <= _MAX_JITTER
    source = values if is_even else _linear(times, values, even)
    pad = min(3 * (2 * len(sections) + 1), len(source) - 1)
    smooth: Float = signal.sosfiltfilt(sections, source, axis=0, padlen=pad)
    return smooth if is_even else _linear(even, smooth, times)


def _linear(known: Float, values: Float, wanted: Float) -> Float:
    """Values `(T, …)` at other times."""
    flat = values.reshape(len(known), -1).T
    columns = [np.interp(wanted, known, column) for column in flat]
    return np.stack(columns, axis=1).reshape(len(wanted), *values.shape[1:])


def _check_times(recording: Recording) -> None:
    if len({*recording.files}) > 1:
        raise InputError(
            f"{recording.name}: expected the frames of one clip, got {len({*recording.files})} "
            "files; filter each on its own"
        )
    if not (np.diff(recording.time_s) > 0).all():
        raise InputError(
            f"{recording.name}: expected times that increase from frame to frame, got others; "
            "filter a recording of one clip"
        )


def _scipy(module: str) -> Any:
    try:
        return import_module(f"scipy.{module}")
    except ImportError:
        raise MissingExtra("SciPy", "filter") from None
