"""Decoded pictures in a few large files, so that training never waits for a decoder.

A pack is a folder named by a hash of its recipe. Its pictures lie in parts of at most `PART`:
`0000.pixels.npy` (all pixels end to end, raw: two cores read them faster than they decode files)
and `0000.labels.npz`. A part is written under another name and renamed, `index.json` comes last:
an interrupted pack is resumed, and a pack is whole or not there.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from blazetrack.errors import InputError
from blazetrack.skeleton import Skeleton
from blazetrack.store.skeleton_text import SkeletonText
from models.data.annotated import PEOPLE, AnnotatedImage
from models.data.lazy_sequence import LazySequence

__all__ = ["Pack", "open_pack", "pack", "pack_key"]

FORMAT = 1
PART, PART_BYTES = 512, 1 << 28


def pack_key(recipe: Mapping[str, Any]) -> str:
    """The folder's name for a recipe: 16 hex digits of a hash.

    Args:
        recipe: all that decides what is packed, as values that JSON can hold: settings, seeds, and
            the readers' `fingerprint`.
    """
    try:
        text = json.dumps({"format": FORMAT, **recipe}, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"pack: the recipe must be values that JSON can hold: {error}") from error
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def pack(
    images: Iterable[AnnotatedImage],
    folder: Path | str,
    recipe: Mapping[str, Any],
    *,
    total: int | None = None,
    in_memory: bool = False,
) -> Pack:
    """Write all images below `folder`, unless the same recipe lies there already.

    Args:
        images: of one skeleton; of a sequence, rows of finished parts are not made again.
        folder: holds packs; made where it is missing.
        recipe: see `pack_key`.
        total: for the progress bar where `images` has no length.
        in_memory: see `open_pack`.

    Raises:
        InputError: no images, or of several skeletons.
    """
    place = Path(folder) / pack_key(recipe)
    if not (place / "index.json").is_file():
        place.mkdir(parents=True, exist_ok=True)
        lengths = list(_write_parts(images, place, total))
        if not lengths:
            raise InputError("pack: expected pictures with usable people, got none")
        index = {"parts": len(lengths), "count": sum(lengths), "recipe": dict(recipe)}
        temporary = place / f"index.{os.getpid()}.tmp"
        temporary.write_text(json.dumps(index, indent=1), encoding="utf-8")
        temporary.replace(place / "index.json")
    return open_pack(place, in_memory=in_memory)


def open_pack(place: Path | str, *, in_memory: bool = False) -> Pack:
    """The images of a pack.

    Args:
        place: the folder that `pack` wrote.
        in_memory: read all pictures now; else they are mapped, and the system keeps what fits.

    Raises:
        InputError: it is not there, not finished, damaged, or of a layout of before.
    """
    place = Path(place)
    try:
        index = json.loads((place / "index.json").read_text(encoding="utf-8"))
        if "parts" not in index:
            raise InputError(
                f"pack: {place} has the layout of an older release: remove it, and let the next"
                " training run make it again"
            )
        mode = None if in_memory else "r"
        parts = [_Part.read(place / f"{i:04d}", mode) for i in range(index["parts"])]
        images = Pack(place, parts)
        want, got = index["count"], len(images)
    except FileNotFoundError as error:
        raise InputError(f"pack: {place} is no finished pack: no {error.filename}") from error
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"pack: {place} is damaged, remove it: {error}") from error
    if want != got:
        raise InputError(f"pack: {place} is damaged, remove it: {want} pictures, found {got}")
    return images


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Some images: pixels end to end, and labels by name; people of all images end to end."""

    skeleton: Skeleton
    pixels: NDArray[np.uint8]
    labels: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(self.labels["starts"])

    @classmethod
    def read(cls, stem: Path, mode: Any) -> _Part:
        pixels = np.load(stem.with_suffix(".pixels.npy"), mmap_mode=mode, allow_pickle=False)
        with np.load(stem.with_suffix(".labels.npz"), allow_pickle=False) as arrays:
            labels = {name: arrays[name] for name in arrays.files}
        skeleton = SkeletonText.model_validate_json(str(labels.pop("skeleton"))).skeleton
        if "people_from" not in labels:  # before there were several people in a picture
            count, dtype = len(labels["starts"]), labels["points_px"].dtype
            labels["people_from"] = np.arange(count + 1)
            labels["boxes_px"] = np.full((count, 4), np.nan, dtype)
            labels["ignore_from"] = np.zeros(count + 1, np.int64)
            labels["ignore_px"] = np.zeros((0, 4), dtype)
        if int(labels["starts"][-1] + 3 * labels["sizes_hw"][-1].prod()) != len(pixels):
            raise ValueError(f"{stem.name}.pixels.npy is not as long as its labels require")
        return cls(skeleton, pixels, labels)

    @classmethod
    def of(cls, images: Sequence[AnnotatedImage], skeleton: Skeleton | None = None) -> _Part:
        skeleton = skeleton or images[0].skeleton
        for image in images:
            if image.skeleton != skeleton:
                raise InputError(
                    f"pack: {image.source} has the keypoints {image.skeleton.name}, the first"
                    f" image {skeleton.name}; bring all to one skeleton (`to_skeleton`)"
                )
        sizes = np.array([image.image.shape[:2] for image in images], np.int64)

        def starts(counts: Sequence[int]) -> NDArray[np.int64]:
            return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

        labels = {
            "starts": starts(3 * sizes.prod(axis=1))[:-1],
            "sizes_hw": sizes,
            "people_from": starts([len(image) for image in images]),
            "ignore_from": starts([len(image.ignore_px) for image in images]),
            "source": np.array([one for image in images for one in image.sources], np.str_),
        }
        for name in (*PEOPLE, "ignore_px"):
            labels[name] = np.concatenate([getattr(image, name) for image in images])
        pixels = np.concatenate([image.image.reshape(-1) for image in images])
        return cls(skeleton, pixels, labels)

    def write(self, stem: Path) -> None:
        text = np.array(SkeletonText.of(self.skeleton).model_dump_json())
        temporary = stem.with_suffix(f".{os.getpid()}.npy")
        np.save(temporary, self.pixels)
        temporary.replace(stem.with_suffix(".pixels.npy"))
        temporary = stem.with_suffix(f".{os.getpid()}.npz")
        np.savez(temporary, skeleton=text, **self.labels)  # type: ignore[arg-type]
        temporary.replace(stem.with_suffix(".labels.npz"))  # comes last: now the part is there

    def image(self, row: int) -> AnnotatedImage:
        labels = self.labels
        height, width = labels["sizes_hw"][row].tolist()
        start = int(labels["starts"][row])
        flat = np.asarray(self.pixels[start : start + 3 * height * width])
        people = slice(*labels["people_from"][row : row + 2].tolist())
        ignored = slice(*labels["ignore_from"][row : row + 2].tolist())
        return AnnotatedImage(
            flat.reshape(height, width, 3),
            self.skeleton,
            ignore_px=labels["ignore_px"][ignored],
            sources=tuple(labels["source"][people].tolist()),
            **{name: labels[name][people] for name in PEOPLE},
        )


class Pack(LazySequence[AnnotatedImage]):
    """The images of a pack; pictures are views, read-only where they are mapped.

    Attributes:
        place: the folder.
    """

    def __init__(self, place: Path, parts: Sequence[_Part]) -> None:
        self.place, self._parts = place, parts
        self._rows = [(part, row) for part in parts for row in range(len(part))]

    def __len__(self) -> int:
        return len(self._rows)

    def row(self, index: int) -> AnnotatedImage:
        part, row = self._rows[index]
        return part.image(row)

    def __reduce__(self) -> tuple[Callable[[Path], Pack], tuple[Path]]:
        return open_pack, (self.place,)  # another process maps the files itself

    @property
    def skeleton(self) -> Skeleton:
        """Of all images."""
        return self._parts[0].skeleton

    @property
    def sources(self) -> list[str]:
        """Of all people."""
        return [one for part in self._parts for one in part.labels["source"].tolist()]

    @property
    def fingerprint(self) -> str:
        """The key of the pack."""
        return self.place.name


def _write_parts(images: Iterable[AnnotatedImage], place: Path, total: int | None) -> Iterator[int]:
    """Write what is not there yet, with a progress bar on stderr; yields each part's length."""
    skeleton: Skeleton | None = None
    count = len(images) if isinstance(images, Sequence) else total
    with Progress(
        TextColumn(f"packing {place.name}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    ) as bar:
        task, done = bar.add_task("", total=count), 0
        for number, (length, rows) in enumerate(_chunks(images)):
            stem = place / f"{number:04d}"
            written = stem.with_suffix(".labels.npz").is_file()
            if not written or len(_Part.read(stem, "r")) != length:
                chunk = []
                for image in rows:
                    chunk.append(image)
                    bar.advance(task)
                part = _Part.of(chunk, skeleton)
                skeleton = part.skeleton
                part.write(stem)
            done += length
            bar.update(task, completed=done)
            yield length


def _chunks(images: Iterable[AnnotatedImage]) -> Iterator[tuple[int, Iterable[AnnotatedImage]]]:
    """Length and images of each part; those of a sequence are made only where they are needed."""
    if isinstance(images, Sequence):
        for start in range(0, len(images), PART):
            rows = range(start, min(start + PART, len(images)))
            yield len(rows), map(images.__getitem__, rows)
        return
    chunk: list[AnnotatedImage] = []
    for image in images:
        chunk.append(image)
        if len(chunk) == PART or sum(one.image.nbytes for one in chunk) > PART_BYTES:
            yield len(chunk), chunk
            chunk = []
    if chunk:
        yield len(chunk), chunk
