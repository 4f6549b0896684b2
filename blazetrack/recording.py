"""Read the `.jsonl` of a run into arrays, one set per person."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.common.files import check_regular
from blazetrack.errors import SourceError
from blazetrack.skeleton import SKELETONS, Skeleton
from blazetrack.types import Frame, Poses

__all__ = ["Person", "Recording", "read_recording", "record"]

Float = NDArray[np.float64]
MAX_LINE = 64 << 20  # bytes of one frame
MAX_VALUE = 1e9  # pixels, metres or seconds; larger ones are no result of a run


def _number(value: Any, low: float, high: float = MAX_VALUE) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ValueError
    return value


def _whole(value: Any, low: int, high: int = 2**53) -> int:
    if not isinstance(value, int):
        raise TypeError
    return int(_number(value, low, high))


_HEAD: dict[str, Callable[[Any], float]] = {
    "frame": partial(_whole, low=-(2**53)),
    "time_s": partial(_number, low=-MAX_VALUE),
    "width": partial(_whole, low=1, high=1_000_000),
    "height": partial(_whole, low=1, high=1_000_000),
}


@dataclass(frozen=True)
class Person:
    """One person in M frames.

    Attributes:
        rows: `(M,)` int64, rows of the recording, increasing.
        landmarks_px: `(M, K, 3)`, x y z in image pixels.
        world_landmarks_m: `(M, K, 3)`, metres from the centre of the hips.
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
        frames: `(T,)` int64, frame numbers.
        time_s: `(T,)`.
        size_px: `(T, 2)`, width and height of the images.
        people: id → person, in the order of appearance.
        skeleton: the keypoint set; None for an unknown one.
        warnings: one line per omission.
    """

    name: str
    frames: NDArray[np.int64]
    time_s: Float
    size_px: Float
    people: dict[int, Person]
    skeleton: Skeleton | None
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        people = ", ".join(map(str, self.people)) or "none"
        return f"Recording({self.name}: {len(self.frames)} frames, ids {people})"


def read_recording(path: str | os.PathLike[str]) -> Recording:
    """Read a file of `--out FILE.jsonl`, also of a run that was killed.

    An incomplete last line is omitted, with a warning.

    Raises:
        SourceError: no such file, an empty one, or a line that blazetrack did not write.
    """
    name = os.fspath(path)
    warnings: list[str] = []
    heads: list[tuple[float, ...]] = []
    names: set[str | None] = set()  # of the skeletons
    seen: dict[int, dict[int, tuple[Float, Float, Float]]] = {}  # id → row → arrays
    for number, record in _records(name, warnings):
        try:
            heads.append(tuple(convert(record[key]) for key, convert in _HEAD.items()))
            for pose in record["poses"]:
                names.add(record.get("skeleton"))
                seen.setdefault(_whole(pose["id"], -(2**53)), {})[len(heads) - 1] = _arrays(pose)
        except (LookupError, TypeError, ValueError, ArithmeticError, MemoryError):
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
        skeleton=_skeleton(names, counts),
        warnings=tuple(warnings),
    )


def record(
    name: str, results: Iterable[tuple[Frame, Poses]], skeleton: Skeleton | None
) -> Recording:
    """Collect the results of a run.

    Args:
        name: of the source.
        results: the frames and their people.
        skeleton: the keypoint set of the people.
    """
    heads: list[tuple[float, ...]] = []
    seen: dict[int, dict[int, tuple[Float, Float, Float]]] = {}
    for frame, poses in results:
        for row, number in enumerate(poses.ids.tolist()):
            arrays = (poses.landmarks_px, poses.world_landmarks_m, poses.visibility)
            pixels, metres, visibility = (values[row] for values in arrays)
            seen.setdefault(number, {})[len(heads)] = (pixels, metres, visibility)
        heads.append((frame.index, frame.time_s, frame.width, frame.height))
    columns = np.array(heads, np.float64).reshape(-1, len(_HEAD)).T
    return Recording(
        name=name,
        frames=columns[0].astype(np.int64),
        time_s=columns[1],
        size_px=columns[2:].T.copy(),
        people={number: _person(rows) for number, rows in seen.items()},
        skeleton=skeleton,
    )


def _skeleton(names: set[str | None], counts: set[int]) -> Skeleton | None:
    """The named set; by the number of keypoints in files that name none."""
    fitting = [one for one in SKELETONS.values() if {len(one)} == counts]
    return next((one for one in fitting if names in ({one.name}, {None})), None)


def _records(name: str, warnings: list[str]) -> Iterator[tuple[int, Any]]:
    """Line number and parsed content of each line."""
    check_regular(name, SourceError)
    try:
        with open(name, "rb") as file:
            for number, line in enumerate(iter(partial(file.readline, MAX_LINE), b""), 1):
                if len(line) == MAX_LINE:
                    raise SourceError(
                        f"{name}: line {number} has more than {MAX_LINE:,} bytes; expected one "
                        "frame per line"
                    )
                if not line.strip():
                    continue
                try:
                    record = json.loads(line.decode("utf-8"))
                except (ValueError, RecursionError):
                    if number > 1 and not line.endswith(b"\n"):
                        warnings.append(
                            f"{name}: line {number}, the last one, is not complete (was the run "
                            "killed?); it is omitted"
                        )
                        return
                    raise SourceError(
                        f"{name}: line {number} is not JSON; expected what `--out FILE.jsonl` "
                        "writes, one frame per line"
                    ) from None
                yield number, record
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        reason = getattr(error, "strerror", None) or error
        raise SourceError(
            f"{name}: cannot be read ({reason}); expected a .jsonl that `blazetrack run` "
            "has written"
        ) from None


def _arrays(pose: Any) -> tuple[Float, Float, Float]:
    pixels = np.array(pose["landmarks_px"], np.float64)
    metres = np.array(pose["world_landmarks_m"], np.float64)
    visibility = np.array(pose["visibility"], np.float64)
    for values in (pixels, metres, visibility):
        if values.size and not np.abs(values).max() <= MAX_VALUE:  # also where it is not a number
            raise ValueError
    if not pixels.shape == metres.shape == (*visibility.shape, 3) or visibility.ndim != 1:
        raise ValueError
    return pixels, metres, visibility


def _person(rows: dict[int, tuple[Float, Float, Float]]) -> Person:
    pixels, metres, visibility = (np.stack(part) for part in zip(*rows.values(), strict=True))
    return Person(np.array(list(rows), np.int64), pixels, metres, visibility)
