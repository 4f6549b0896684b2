"""Labelled people in picture files: the common result of all readers of data sets.

A reader lists people (`PersonLabels`) without opening a picture; `collect` checks the labels and
counts what it leaves out; `LabelledPeople` decodes a picture on access.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.align.roi import circle_of_keypoints
from blazetrack.errors import InputError, SourceError
from blazetrack.skeleton import Skeleton
from blazetrack.sources.images import read_picture
from models.data.annotated import AnnotatedImage
from models.data.lazy_sequence import LazySequence

__all__ = ["LabelledPeople", "PersonLabels", "collect", "read_json", "read_npz"]

Float = NDArray[np.float32]

# A label may lie this far outside of its picture: annotation tools round and clip differently.
SLACK_PX = 2.0
# From this share of labels outside on, pictures and labels do not belong together.
MISFIT = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class PersonLabels:
    """The labels of one person, as a data set has them.

    Attributes:
        path: the picture.
        points_px: `(K, 2)` float32, NaN where not labelled.
        visibility: `(K,)` float32: 1 visible, 0 hidden, NaN unknown.
        source: data set and number, for messages.
        size_wh: width and height of the picture that the labels were made for, where known.
    """

    path: Path
    points_px: Float
    visibility: Float
    source: str
    size_wh: tuple[int, int] | None = None


class LabelledPeople(LazySequence[AnnotatedImage]):
    """People of a data set, one in each image; pictures are decoded on access.

    Args:
        name: of the data set.
        skeleton: its keypoints.
        people: usable labels.
        alignment_px: `(N, 2, 2)` float32, their circles.
        skipped: reason → number of people or labels that were left out.
    """

    def __init__(
        self,
        name: str,
        skeleton: Skeleton,
        people: Sequence[PersonLabels],
        alignment_px: Float,
        skipped: Counter[str],
    ) -> None:
        self.name, self.skeleton, self.people = name, skeleton, people
        self._alignment_px, self.skipped = alignment_px, skipped

    def __len__(self) -> int:
        return len(self.people)

    def part(self, rows: slice) -> LabelledPeople:
        people, circles = self.people[rows], self._alignment_px[rows]
        return LabelledPeople(self.name, self.skeleton, people, circles, self.skipped)

    @property
    def note(self) -> str:
        """One line: the number of people, and what was left out."""
        left = "".join(f"; left out: {count} {what}" for what, count in self.skipped.items())
        return f"{self.name}: {len(self)} people{left}"

    @property
    def fingerprint(self) -> str:
        """64 hex digits that change with labels, order, and the size of any picture file."""
        digest = hashlib.sha256(repr((self.name, self.skeleton)).encode())
        for person in self.people:
            digest.update(f"{person.source} {person.path.stat().st_size}".encode())
            digest.update(person.points_px.tobytes() + person.visibility.tobytes())
        digest.update(self._alignment_px.tobytes())
        return digest.hexdigest()

    def row(self, index: int) -> AnnotatedImage:
        person = self.people[index]
        try:
            image = read_picture(person.path)
        except SourceError as error:
            raise InputError(f"{person.source}: {error}") from error
        height, width = image.shape[:2]
        if person.size_wh not in (None, (width, height)):
            want = "×".join(str(side) for side in person.size_wh or ())
            raise InputError(
                f"{person.source}: {person.path} is {width}×{height} pixels, but its labels are"
                f" for {want}; use the pictures that were labelled"
            )
        points = person.points_px.copy()
        points[~_inside(points, (width, height))] = np.nan
        seen = np.where(np.isfinite(points[:, 0]), person.visibility, np.nan).astype(np.float32)
        return AnnotatedImage.of(
            image,
            self.skeleton,
            points[None],
            self._alignment_px[index][None],
            [person.source],
            visibility=seen[None],
        )


def collect(
    name: str,
    skeleton: Skeleton,
    people: Iterable[PersonLabels],
    *,
    axis: tuple[str, str] | None = None,
    skipped: Counter[str] | None = None,
) -> LabelledPeople:
    """Check the people of a data set and keep the usable ones.

    Labels outside of their picture are dropped one by one, people with fewer than two labelled
    places are left out; both are counted.

    Args:
        name: of the data set, for messages.
        skeleton: its keypoints.
        people: in any order.
        axis: see `circle_of_keypoints`.
        skipped: reason → count of what the reader has left out already.

    Raises:
        InputError: a picture is missing, no person is usable, or so many labels lie outside that
            these are not the pictures that were labelled.
    """
    found = list(people)
    counts = Counter[str]() if skipped is None else Counter(skipped)
    if not found:
        left = "".join(f"; left out: {count} {what}" for what, count in counts.items())
        raise InputError(f"{name}: expected labelled people, got none{left}")
    _all_there(name, found)
    found = _within(name, found, counts)
    kept: list[PersonLabels] = []
    circles: list[Float] = []
    for person in found:
        circle = circle_of_keypoints(person.points_px, skeleton, axis=axis)
        if circle is None:
            counts["people with fewer than two labelled keypoints"] += 1
            continue
        kept.append(person)
        circles.append(circle.astype(np.float32))
    if not kept:
        raise InputError(f"{name}: none of {len(found)} people has two labelled keypoints")
    return LabelledPeople(name, skeleton, kept, np.stack(circles), +counts)


def _all_there(name: str, people: Sequence[PersonLabels]) -> None:
    pictures = {person.path for person in people}
    listed = {
        folder: {path.name for path in folder.iterdir()} if folder.is_dir() else set()
        for folder in {path.parent for path in pictures}
    }
    missing = sorted(path for path in pictures if path.name not in listed[path.parent])
    if missing:
        raise InputError(
            f"{name}: {len(missing)} of {len(pictures)} pictures are missing, the first is"
            f" {missing[0]}"
        )


def _within(name: str, people: Sequence[PersonLabels], counts: Counter[str]) -> list[PersonLabels]:
    """The people without the labels that lie outside of their picture."""
    kept, outside, labels = [], 0, 0
    for person in people:
        labelled = np.isfinite(person.points_px).all(axis=1)
        out = labelled & ~_inside(person.points_px, person.size_wh)
        labels, outside = labels + int(labelled.sum()), outside + int(out.sum())
        points = np.where(out[:, None], np.float32(np.nan), person.points_px)
        kept.append(replace(person, points_px=points) if out.any() else person)
    if outside > MISFIT * labels:
        raise InputError(
            f"{name}: {outside} of {labels} labels lie outside of their picture; are these the"
            " pictures that were labelled, in the same size?"
        )
    counts["labels outside of their picture"] += outside
    return kept


def _inside(points_px: Float, size_wh: tuple[int, int] | None) -> NDArray[np.bool_]:
    """`(K,)` bool; without a known size, only what is left of or above the picture is outside."""
    far = np.array(size_wh if size_wh else (np.inf, np.inf), np.float64) - 1 + SLACK_PX
    return np.asarray(((points_px >= -SLACK_PX) & (points_px <= far)).all(axis=1))


def read_json(path: Path, name: str) -> Any:
    """The content of a JSON file of labels; `InputError` where it is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{name}: cannot read {path} ({error.strerror})") from error
    except ValueError as error:
        raise InputError(f"{name}: {path} is not JSON: {error}") from error


def read_npz(
    path: Path, key: str, skeleton: Skeleton, name: str
) -> list[tuple[Float, tuple[int, int]]]:
    """Rows `(K, 3)` float32 and width and height of the pictures, of an archive of labels.

    The archive holds `names`, `size_wh (N, 2)` and, under `key`, rows `(N, K, 3)`.

    Raises:
        InputError: it is missing, or has other arrays or keypoints.
    """
    if not path.is_file():
        raise InputError(f"{name}: expected {path}, found no such file")
    with np.load(path, allow_pickle=False) as arrays:
        missing = {key, "names", "size_wh"} - set(arrays.files)
        if missing:
            raise InputError(f"{name}: {path} lacks {', '.join(sorted(missing))}")
        rows, names = arrays[key], tuple(str(n) for n in arrays["names"])
        sizes = [(width, height) for width, height in arrays["size_wh"].tolist()]
    if names != skeleton.names:
        raise InputError(
            f"{name}: {path}: expected the {len(skeleton)} keypoints of {skeleton.name}, got"
            f" {' '.join(names)}"
        )
    return list(zip(rows, sizes, strict=True))
