"""What a `.jsonl` of a run holds, as arrays: one set per person."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import SourceError
from blazetrack.skeleton import SKELETONS, Skeleton

__all__ = ["Person", "Recording", "read_recording"]

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Person:
    """One person over the M frames that show them.

    Attributes:
        rows: `(M,)` int64, which frames of the recording, rising.
        landmarks_px: `(M, K, 3)`, x y z in pixels of the picture.
        world_landmarks_m: `(M, K, 3)`, metres from the middle of the hips.
        visibility: `(M, K)`, 0..1.
    """

    rows: NDArray[np.int64]
    landmarks_px: Float
    world_landmarks_m: Float
    visibility: Float


@dataclass(frozen=True)
class Recording:
    """The T frames of a run.

    Attributes:
        name: the file.
        frames: `(T,)` int64, their numbers.
        time_s: `(T,)`.
        size_px: `(T, 2)`, width and height of the pictures.
        people: id → person, in the order in which they came.
        skeleton: names the K keypoints; None for a set that is not blazetrack's own.
        warnings: one line for each thing that was left out.
    """

    name: str
    frames: NDArray[np.int64]
    time_s: Float
    size_px: Float
    people: dict[int, Person]
    skeleton: Skeleton | None
    warnings: tuple[str, ...] = ()


def read_recording(path: str | os.PathLike[str]) -> Recording:
    """Read what `--out FILE.jsonl` has written, also by a run that was killed.

    A last line that is only half there is left out, with a warning.

    Raises:
        SourceError: no such file, nothing in it, or a line that blazetrack has not written.
    """
    name = os.fspath(path)
    warnings: list[str] = []
    heads: list[tuple[int, float, int, int]] = []
    seen: dict[int, dict[int, tuple[Float, Float, Float]]] = {}  # id → row → arrays
    for number, record in _records(name, warnings):
        try:
            heads.append(
                (
                    int(record["frame"]),
                    float(record["time_s"]),
                    int(record["width"]),
                    int(record["height"]),
                )
            )
            for pose in record["poses"]:
                seen.setdefault(int(pose["id"]), {})[len(heads) - 1] = _arrays(pose)
        except (KeyError, TypeError, ValueError, IndexError):
            raise SourceError(
                f"{name}: line {number}: expected a frame as `--out FILE.jsonl` writes it, got "
                "something else; choose another file"
            ) from None
    if not heads:
        raise SourceError(
            f"{name}: expected the frames of a run, got no whole line; is it the right file?"
        )
    counts = {arrays[2].size for rows in seen.values() for arrays in rows.values()}
    if len(counts) > 1:
        raise SourceError(
            f"{name}: expected one set of keypoints, got people with {min(counts)} and with "
            f"{max(counts)} of them; plot each run's file by itself"
        )
    frames, time_s, width, height = (np.array(column) for column in zip(*heads, strict=True))
    return Recording(
        name=name,
        frames=frames,
        time_s=time_s,
        size_px=np.stack([width, height], axis=1).astype(np.float64),
        people={number: _person(rows) for number, rows in seen.items()},
        skeleton=next((s for s in SKELETONS.values() if {len(s)} == counts), None),
        warnings=tuple(warnings),
    )


def _records(name: str, warnings: list[str]) -> Iterator[tuple[int, Any]]:
    """Line number and content of each line."""
    try:
        with open(name, "rb") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    record = json.loads(line.decode("utf-8"))
                except (ValueError, RecursionError):
                    if number > 1 and not line.endswith(b"\n"):
                        warnings.append(
                            f"{name}: line {number}, the last one, is not complete (was the run "
                            "killed?); it is left out"
                        )
                        return
                    raise SourceError(
                        f"{name}: line {number} is not JSON; expected what `--out FILE.jsonl` "
                        "writes, one frame per line"
                    ) from None
                yield number, record
    except OSError as error:
        raise SourceError(
            f"{name}: cannot be read ({error.strerror}); expected a .jsonl that `blazetrack run` "
            "has written"
        ) from None


def _arrays(pose: Any) -> tuple[Float, Float, Float]:
    pixels = np.array(pose["landmarks_px"], np.float64)
    metres = np.array(pose["world_landmarks_m"], np.float64)
    visibility = np.array(pose["visibility"], np.float64)
    if not pixels.shape == metres.shape == (*visibility.shape, 3) or visibility.ndim != 1:
        raise ValueError
    return pixels, metres, visibility


def _person(rows: dict[int, tuple[Float, Float, Float]]) -> Person:
    pixels, metres, visibility = (np.stack(part) for part in zip(*rows.values(), strict=True))
    return Person(np.array(list(rows), np.int64), pixels, metres, visibility)
