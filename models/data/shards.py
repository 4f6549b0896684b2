"""Decoded people in a few large files, so that training never waits for a JPEG decoder.

A pack is a folder named by a hash of what went into it. Its people lie in parts of `PART` each:
`0000.pixels.npy` (all pictures end to end, raw, as files of two cores are read faster than JPEGs
are decoded) and `0000.labels.npz`. A part is written under another name and moved, `index.json`
comes last: what was interrupted goes on where it stopped, and a pack is whole or not there.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from blazetrack.errors import InputError
from blazetrack.skeleton import Skeleton
from models.data.lazy_sequence import Rows
from models.data.readers.skeletons import skeleton_fields, skeleton_from_fields
from models.data.sample import PoseSample

__all__ = ["Shards", "open_pack", "pack", "pack_key"]

FORMAT = 1
PART = 512
ARRAYS = ("points_px", "visibility", "weights", "world_m", "alignment_px", "source")


def pack_key(recipe: Mapping[str, Any]) -> str:
    """The folder's name for a recipe: 16 hex digits of a hash.

    Args:
        recipe: all that decides what is packed, as values JSON can hold: settings, seeds, and the
            readers' `fingerprint`.
    """
    try:
        text = json.dumps({"format": FORMAT, **recipe}, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"shards: the recipe must be values that JSON can hold: {error}"
        ) from error
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def pack(
    samples: Iterable[PoseSample],
    folder: Path | str,
    recipe: Mapping[str, Any],
    *,
    total: int | None = None,
    change: Callable[[PoseSample], PoseSample] | None = None,
    in_memory: bool = False,
    progress: bool = True,
) -> Shards:
    """Write all samples below `folder`, unless the same recipe lies there already.

    Args:
        samples: of one skeleton; a sequence is not asked again for parts that are written.
        folder: holds packs; made where it is missing.
        recipe: see `pack_key`.
        total: how many there are, where `samples` has no length.
        change: what is done to each sample first, `align.around` for large pictures; the recipe
            has to name it.
        in_memory: see `open_pack`.
        progress: show a bar on stderr.

    Raises:
        InputError: no samples, or of several skeletons.
    """
    place = Path(folder) / pack_key(recipe)
    if not (place / "index.json").is_file():
        place.mkdir(parents=True, exist_ok=True)
        count = len(samples) if isinstance(samples, Sequence) else total
        lengths = list(_write_parts(samples, place, change, count, progress))
        if not lengths:
            raise InputError("shards: expected samples to pack, got none")
        index = {"parts": len(lengths), "count": sum(lengths), "recipe": dict(recipe)}
        temporary = place / f"index.{os.getpid()}.tmp"
        temporary.write_text(json.dumps(index, indent=1), encoding="utf-8")
        temporary.replace(place / "index.json")
    return open_pack(place, in_memory=in_memory)


def open_pack(place: Path | str, *, in_memory: bool = False) -> Shards:
    """The samples of a pack.

    Args:
        place: the folder that `pack` wrote.
        in_memory: read all pictures now; else they are mapped, and the system keeps what fits.

    Raises:
        InputError: it is not there, not finished or damaged.
    """
    place = Path(place)
    try:
        index = json.loads((place / "index.json").read_text(encoding="utf-8"))
        mode = None if in_memory else "r"
        parts = [_Part.read(place / f"{i:04d}", mode) for i in range(index["parts"])]
    except FileNotFoundError as error:
        raise InputError(f"shards: {place} is no finished pack: no {error.filename}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"shards: {place} is damaged, remove it: {error}") from error
    shards = Shards(place, parts, index["recipe"])
    if len(shards) != index["count"]:
        want, got = index["count"], len(shards)
        raise InputError(f"shards: {place} is damaged, remove it: {want} people, found {got}")
    return shards


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Up to `PART` people: pixels end to end, where each begins, and the labels by name."""

    skeleton: Skeleton
    pixels: NDArray[np.uint8]
    labels: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(self.labels["starts"])

    @classmethod
    def read(cls, stem: Path, mode: Any) -> _Part:
        pixels = np.load(stem.with_suffix(".pixels.npy"), mmap_mode=mode, allow_pickle=False)
        with np.load(stem.with_suffix(".labels.npz"), allow_pickle=False) as arrays:
            labels = {name: arrays[name] for name in ("skeleton", "starts", "sizes_hw", *ARRAYS)}
        skeleton = skeleton_from_fields(json.loads(str(labels.pop("skeleton"))))
        part = cls(skeleton, pixels, labels)
        if int(labels["starts"][-1] + 3 * labels["sizes_hw"][-1].prod()) != len(pixels):
            raise ValueError(f"{stem.name}.pixels.npy is not as long as its labels say")
        return part

    @classmethod
    def of(cls, people: Sequence[PoseSample], skeleton: Skeleton | None = None) -> _Part:
        skeleton = skeleton or people[0].skeleton
        for person in people:
            if person.skeleton != skeleton:
                raise InputError(
                    f"shards: {person.source} has the keypoints {person.skeleton.name}, the first"
                    f" sample {skeleton.name}; bring all to one skeleton (`to_skeleton`)"
                )
        sizes = np.array([person.image.shape[:2] for person in people], np.int64)
        ends = np.cumsum(3 * sizes.prod(axis=1))
        labels = {
            "starts": np.concatenate([[0], ends[:-1]]),
            "sizes_hw": sizes,
            **{name: np.array([getattr(person, name) for person in people]) for name in ARRAYS},
        }
        pixels = np.concatenate([person.image.reshape(-1) for person in people])
        return cls(skeleton, pixels, labels)

    def write(self, stem: Path) -> None:
        text = np.array(json.dumps(skeleton_fields(self.skeleton)))
        temporary = stem.with_suffix(f".{os.getpid()}.npy")
        np.save(temporary, self.pixels)
        temporary.replace(stem.with_suffix(".pixels.npy"))
        temporary = stem.with_suffix(f".{os.getpid()}.npz")
        np.savez(temporary, skeleton=text, **self.labels)  # type: ignore[arg-type]
        temporary.replace(stem.with_suffix(".labels.npz"))  # comes last: now the part is there

    def person(self, row: int) -> PoseSample:
        labels = {name: self.labels[name][row] for name in ARRAYS}
        height, width = self.labels["sizes_hw"][row].tolist()
        start = int(self.labels["starts"][row])
        flat = np.asarray(self.pixels[start : start + 3 * height * width])
        source = str(labels.pop("source"))
        return PoseSample(flat.reshape(height, width, 3), self.skeleton, source=source, **labels)


class Shards(Rows[PoseSample]):
    """The samples of a pack; pictures are views, read-only where they are mapped.

    Attributes:
        place: the folder.
        recipe: what went in.
    """

    def __init__(self, place: Path, parts: Sequence[_Part], recipe: Mapping[str, Any]) -> None:
        self.place, self.recipe = place, recipe
        self._rows = [(part, row) for part in parts for row in range(len(part))]

    def __len__(self) -> int:
        return len(self._rows)

    def row(self, index: int) -> PoseSample:
        part, row = self._rows[index]
        return part.person(row)

    def __reduce__(self) -> tuple[Callable[[Path], Shards], tuple[Path]]:
        return open_pack, (self.place,)  # another process maps the files itself

    @property
    def skeleton(self) -> Skeleton:
        """Of all samples."""
        return self._rows[0][0].skeleton

    @property
    def sources(self) -> list[str]:
        """Where each sample comes from."""
        return [str(part.labels["source"][row]) for part, row in self._rows]

    @property
    def fingerprint(self) -> str:
        """The key of the pack."""
        return self.place.name


def _write_parts(
    samples: Iterable[PoseSample],
    place: Path,
    change: Callable[[PoseSample], PoseSample] | None,
    count: int | None,
    progress: bool,
) -> Iterator[int]:
    """Write what is not there yet; yields the length of each part."""
    skeleton: Skeleton | None = None
    with Progress(
        TextColumn(f"packing {place.name}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not progress,
    ) as bar:
        task = bar.add_task("", total=count)
        for number, (length, people) in enumerate(_chunks(samples)):
            stem = place / f"{number:04d}"
            done = (
                stem.with_suffix(".labels.npz").is_file() and len(_Part.read(stem, "r")) == length
            )
            if not done:
                changed = people() if change is None else map(change, people())
                part = _Part.of([_watched(person, bar, task) for person in changed], skeleton)
                skeleton = part.skeleton
                part.write(stem)
            bar.update(task, completed=number * PART + length)
            yield length


def _watched(person: PoseSample, bar: Progress, task: TaskID) -> PoseSample:
    bar.advance(task)
    return person


def _chunks(
    samples: Iterable[PoseSample],
) -> Iterator[tuple[int, Callable[[], Iterable[PoseSample]]]]:
    """Length and people of each part; a sequence is not asked for people before they are needed."""
    if isinstance(samples, Sequence):
        for start in range(0, len(samples), PART):
            rows = range(start, min(start + PART, len(samples)))
            yield len(rows), partial(_take, samples, rows)
        return
    stream = iter(samples)
    while chunk := list(islice(stream, PART)):
        yield len(chunk), partial(_take, chunk, range(len(chunk)))


def _take(samples: Sequence[PoseSample], rows: range) -> Iterator[PoseSample]:
    return (samples[row] for row in rows)
