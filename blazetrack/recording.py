"""Read the `.jsonl` of a run into arrays, one set per person."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from blazetrack.common.files import check_regular
from blazetrack.errors import SourceError
from blazetrack.skeleton import Skeleton, skeletons_of
from blazetrack.types import Frame, Poses

__all__ = ["Person", "Recorder", "Recording", "read_recording", "record", "replay"]

Float = NDArray[np.float64]
_Arrays: TypeAlias = tuple[Float, Float, Float, Float, Any]  # the columns of `Person` in one frame
_Seen: TypeAlias = dict[int, dict[int, _Arrays]]  # id → row → arrays
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
        presence: `(M, K)`, 0..1.
        scores: `(M,)`, 0..1.
    """

    rows: NDArray[np.int64]
    landmarks_px: Float
    world_landmarks_m: Float
    visibility: Float
    presence: Float
    scores: Float


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
        files: file that each frame was read from, empty for a camera; empty if none is known.
    """

    name: str
    frames: NDArray[np.int64]
    time_s: Float
    size_px: Float
    people: dict[int, Person]
    skeleton: Skeleton | None
    warnings: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def has_world(self) -> bool:
        """Whether there are world landmarks: a model without them gives zeros."""
        return any(person.world_landmarks_m.any() for person in self.people.values())

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
    files: list[str] = []
    names: set[str | None] = set()  # of the skeletons
    seen: _Seen = {}
    for number, record in _records(name, warnings):
        try:
            heads.append(tuple(convert(record[key]) for key, convert in _HEAD.items()))
            files.append(str(record.get("file", "")))
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
    return _recording(name, heads, files, seen, _skeleton(names, counts), warnings)


def record(
    name: str, results: Iterable[tuple[Frame, Poses]], skeleton: Skeleton | None
) -> Recording:
    """Collect the results of a run.

    Args:
        name: of the source.
        results: the frames and their people.
        skeleton: the keypoint set of the people.
    """
    recorder = Recorder()
    for frame, poses in results:
        recorder.add(frame, poses)
    return recorder.recording(name, skeleton)


class Recorder:
    """Collects the people of one frame after the other; images are not kept."""

    def __init__(self) -> None:
        self._heads: list[tuple[float, ...]] = []
        self._files: list[str] = []
        self._seen: _Seen = {}

    def __len__(self) -> int:
        return len(self._heads)

    def add(self, frame: Frame, poses: Poses) -> None:
        """Take the next frame."""
        columns = (poses.landmarks_px, poses.world_landmarks_m, poses.visibility, poses.presence)
        for row, number in enumerate(poses.ids.tolist()):
            arrays = (*(values[row] for values in columns), poses.scores[row])
            self._seen.setdefault(number, {})[len(self._heads)] = arrays
        self._heads.append((frame.index, frame.time_s, frame.width, frame.height))
        self._files.append(frame.file)

    def recording(self, name: str, skeleton: Skeleton | None) -> Recording:
        """All frames so far."""
        return _recording(name, self._heads, self._files, self._seen, skeleton)


def replay(recording: Recording) -> Iterator[tuple[Frame, Poses]]:
    """The frames of a recording and their people, in order.

    The images are black and take no memory; `alignment_px`, which a recording does not hold, is 0.
    """
    people: list[dict[int, int]] = [{} for _ in recording.frames]  # of each frame: id → row
    for number, person in recording.people.items():
        for place, row in enumerate(person.rows.tolist()):
            people[row][number] = place
    counts = {person.visibility.shape[1] for person in recording.people.values()}
    keypoints = len(recording.skeleton) if recording.skeleton else next(iter(counts), 33)
    files = recording.files or ("",) * len(people)
    for row, places in enumerate(people):
        width, height = recording.size_px[row].astype(int).tolist()
        image = np.broadcast_to(np.uint8(0), (height, width, 3))
        index, time_s = int(recording.frames[row]), float(recording.time_s[row])
        frame = Frame(image, index, time_s, file=files[row])
        yield frame, _poses(recording, places) if places else Poses.empty(keypoints)


def _poses(recording: Recording, places: dict[int, int]) -> Poses:
    """The people of one frame, from their ids and their rows."""
    found = [(recording.people[number], place) for number, place in places.items()]
    return Poses(
        landmarks_px=np.stack([person.landmarks_px[place] for person, place in found]),
        world_landmarks_m=np.stack([person.world_landmarks_m[place] for person, place in found]),
        visibility=np.stack([person.visibility[place] for person, place in found]),
        presence=np.stack([person.presence[place] for person, place in found]),
        scores=np.array([person.scores[place] for person, place in found]),
        ids=np.array(list(places), np.int64),
        alignment_px=np.zeros((len(found), 2, 2)),
        skeleton=recording.skeleton,
    )


def _recording(
    name: str,
    heads: list[tuple[float, ...]],
    files: list[str],
    seen: _Seen,
    skeleton: Skeleton | None,
    warnings: Sequence[str] = (),
) -> Recording:
    columns = np.array(heads, np.float64).reshape(-1, len(_HEAD)).T
    return Recording(
        name=name,
        frames=columns[0].astype(np.int64),
        time_s=columns[1],
        size_px=columns[2:].T.copy(),
        people={number: _person(rows) for number, rows in seen.items()},
        skeleton=skeleton,
        warnings=tuple(warnings),
        files=tuple(files) if any(files) else (),
    )


def _skeleton(names: set[str | None], counts: set[int]) -> Skeleton | None:
    """The named set; by the number of keypoints in files that name none."""
    fitting = skeletons_of(*counts) if len(counts) == 1 else []
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


def _arrays(pose: Any) -> _Arrays:
    pixels = np.array(pose["landmarks_px"], np.float64)
    metres = np.array(pose["world_landmarks_m"], np.float64)
    visibility = np.array(pose["visibility"], np.float64)
    presence = np.array(pose.get("presence", pose["visibility"]), np.float64)
    score = np.float64(pose.get("score", 1.0))
    for values in (pixels, metres, visibility, presence, score):
        if values.size and not np.abs(values).max() <= MAX_VALUE:  # also where it is not a number
            raise ValueError
    if not pixels.shape == metres.shape == (*visibility.shape, 3) or visibility.ndim != 1:
        raise ValueError
    fits = presence.shape == visibility.shape
    return pixels, metres, visibility, presence if fits else visibility, score


def _person(rows: dict[int, _Arrays]) -> Person:
    columns = (np.stack(part) for part in zip(*rows.values(), strict=True))
    return Person(np.array(list(rows), np.int64), *columns)
