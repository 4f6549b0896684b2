"""COCO-format labels with any keypoints: people, or whatever else a user has labelled.

The keypoint set is read from the file itself: `categories[…].keypoints` are the names and
`.skeleton` the edges, counted from 1. Each annotation gives x, y, v per keypoint; v is 0 not
labelled, 1 hidden, 2 visible.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.align.roi import circle_of_keypoints
from blazetrack.errors import InputError, did_you_mean
from blazetrack.skeleton import COCO17, Skeleton
from blazetrack.sources.images import read_picture
from models.data.annotated import AnnotatedImage, boxes_around
from models.data.custom_skeleton import build_skeleton
from models.data.lazy_sequence import LazySequence
from models.data.readers.dataset import LabelledPeople, PersonLabels, collect, read_json, read_npz

__all__ = ["Annotation", "CocoFile", "CocoImages", "coco", "coco_people", "read_coco"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Annotation(PersonLabels):
    """One labelled person or thing of a COCO file.

    Attributes:
        picture: number of the picture in the file.
        box_px: `(4,)` float64 x0 y0 x1 y1; NaN where the file has none.
        crowd: many people in one box, without usable keypoints.
    """

    picture: int
    box_px: NDArray[np.float64]
    crowd: bool


@dataclass(frozen=True, slots=True, eq=False)
class CocoFile:
    """The keypoint set, pictures and annotations of a COCO file."""

    name: str
    skeleton: Skeleton
    pictures: dict[int, Path]
    annotations: list[Annotation]


class CocoImages(LazySequence[AnnotatedImage]):
    """The pictures of a COCO file with all their people; decoded on access.

    Boxes hold the annotation's box and its labelled keypoints. Crowds, and people with fewer than
    two labelled places, are ignored regions.

    Args:
        file: as read.
        leave_out: ids of pictures that are left out.
    """

    def __init__(self, file: CocoFile, leave_out: Collection[int] = ()) -> None:
        self._skeleton = file.skeleton
        paths = {number: path for number, path in file.pictures.items() if number not in leave_out}
        self._paths = list(paths.values())
        by_picture: dict[int, list[Annotation]] = {number: [] for number in paths}
        for found in file.annotations:
            if found.picture in paths:
                by_picture[found.picture].append(found)
        self._annotations = list(by_picture.values())

    def __len__(self) -> int:
        return len(self._paths)

    def row(self, index: int) -> AnnotatedImage:
        image = read_picture(self._paths[index])
        people, ignored = [], [np.zeros((0, 4), np.float32)]
        for found in self._annotations[index]:
            circle = circle_of_keypoints(found.points_px, self._skeleton)
            if found.crowd or circle is None:
                ignored.append(_extent(found))
            else:
                people.append(
                    AnnotatedImage.of(
                        image,
                        self._skeleton,
                        found.points_px[None],
                        circle[None],
                        [found.source],
                        visibility=found.visibility[None],
                        boxes_px=_extent(found),
                    )
                )
        boxes = np.concatenate(ignored)
        whole = AnnotatedImage.empty(image, self._skeleton).joined(people)
        return replace(whole, ignore_px=boxes[np.isfinite(boxes).all(axis=1)])


def coco(
    labels: Path | str,
    pictures: Path | str | None = None,
    *,
    axis: tuple[str, str] | None = None,
    min_side_px: float = 0.0,
    **options: Any,
) -> LabelledPeople:
    """Read the labelled people (or things) of a COCO file, one sample each.

    Args:
        labels, pictures: see `read_coco`.
        axis: names of two keypoints, tail and head: the upright; by default from hips to
            shoulders for people, and up in the picture for everything else.
        min_side_px: those whose box (or points, without a box) is smaller on its longer side are
            left out, as are those with fewer than two labelled keypoints.
        options: `partners`, `category` and `name` of `read_coco`.

    Raises:
        InputError: a file is missing, or holds values that cannot be used.
    """
    file = read_coco(labels, pictures, **options)
    for word in axis or ():
        file.skeleton.index(word)
    skipped = Counter[str]()
    people: list[PersonLabels] = []
    for found in file.annotations:
        if found.crowd:
            skipped["crowds"] += 1
        elif np.isfinite(found.points_px[:, 0]).sum() < 2:
            skipped["people with fewer than 2 labelled keypoints"] += 1
        elif _side_px(found) < min_side_px:
            skipped[f"people smaller than {min_side_px:g} pixels"] += 1
        else:
            people.append(found)
    return collect(file.name, file.skeleton, people, axis=axis, skipped=skipped)


def read_coco(
    labels: Path | str,
    pictures: Path | str | None = None,
    *,
    partners: Sequence[tuple[str, str]] | None = None,
    category: str | None = None,
    name: str | None = None,
) -> CocoFile:
    """Read a COCO file as it is, with crowds and people of few labels.

    Args:
        labels: the JSON file, or a folder with one such file.
        pictures: the folder of pictures; by default `images/`, `pictures/` or a folder named like
            the file, beside it, else the file's own folder.
        partners: keypoints that change places when the picture is flipped; by default those named
            alike but for `left` and `right`.
        category: whose keypoints; by default the first category that has some.
        name: in messages; by default the file's name.

    Raises:
        InputError: a file is missing, or holds values that cannot be read.
    """
    labels = _labels_in(Path(labels), name)
    name = name or labels.stem
    content = read_json(labels, name)
    lists = ("images", "annotations", "categories")
    if not isinstance(content, dict) or not all(isinstance(content.get(k), list) for k in lists):
        raise InputError(f"{name}: {labels}: expected a COCO file with {', '.join(lists)}")
    folder = Path(pictures) if pictures else _pictures_beside(labels)
    try:
        kind = _category(content["categories"], category, name)
        edges = [(int(a) - 1, int(b) - 1) for a, b in kind.get("skeleton") or ()]
        skeleton = build_skeleton(kind.get("name", name), kind["keypoints"], edges, partners)
        images = {int(image["id"]): image for image in content["images"]}
        annotations = [
            _annotation(entry, images, folder, len(skeleton), name)
            for entry in content["annotations"]
            if entry.get("category_id", kind.get("id")) == kind.get("id") and "keypoints" in entry
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        what = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise InputError(f"{name}: {labels}: not a COCO keypoint file: {what}") from error
    paths = {number: folder / str(image["file_name"]) for number, image in images.items()}
    return CocoFile(name, skeleton, paths, annotations)


def coco_people(
    folder: Path | str,
    name: str | None = None,
    *,
    sources: Collection[str] | None = None,
    leave_out: Collection[int] = (),
    unknown_visibility: Collection[str] = (),
) -> LabelledPeople:
    """Read people cut out of COCO: `people.npz` (`keypoints_px`, `size_wh`, `names`), `people/`.

    Args:
        folder: of `people.npz`, which may also name the `source` of each person, `(N,)` text.
        name: in messages; by default the folder's.
        sources: only people of these sources; all by default.
        leave_out: rows that are left out.
        unknown_visibility: sources whose labels do not say whether a keypoint is hidden.

    Raises:
        InputError: a file is missing or of another layout.
    """
    folder = Path(folder)
    name = name or folder.name
    rows = read_npz(folder / "people.npz", "keypoints_px", COCO17, name)
    with np.load(folder / "people.npz", allow_pickle=False) as arrays:
        known = "source" in arrays.files
        origins = arrays["source"].tolist() if known else [""] * len(rows)
    for wanted in {*(sources or ()), *unknown_visibility} - set(origins):
        raise InputError(f"{name}: no source '{wanted}'; {did_you_mean(wanted, set(origins))}")
    people, skipped = [], Counter[str]()
    for i, ((keypoints, size_wh), origin) in enumerate(zip(rows, origins, strict=True)):
        if i in leave_out or (sources is not None and origin not in sources):
            skipped["rows of other sources or in `leave_out`"] += 1
            continue
        points, visibility = _points(keypoints)
        if origin in unknown_visibility:
            visibility = np.full_like(visibility, np.nan)
        path, source = folder / "people" / f"{i:05d}.jpg", f"{name}/{i:05d}"
        people.append(PersonLabels(path, points, visibility, source, size_wh))
    return collect(name, COCO17, people, skipped=skipped)


def _category(categories: list[Any], wanted: str | None, name: str) -> dict[str, Any]:
    able = [kind for kind in categories if isinstance(kind, dict) and kind.get("keypoints")]
    if not able:
        raise InputError(f"{name}: none of its {len(categories)} categories names keypoints")
    if wanted is None:
        return able[0]
    for kind in able:
        if kind.get("name") == wanted:
            return kind
    hint = did_you_mean(wanted, [str(kind.get("name")) for kind in able])
    raise InputError(f"{name}: no category '{wanted}' with keypoints; {hint}")


def _labels_in(path: Path, name: str | None) -> Path:
    if not path.is_dir():
        return path
    found = sorted(path.glob("*.json"))
    if len(found) != 1:
        files = ", ".join(file.name for file in found) or "none"
        raise InputError(f"{name or path.name}: expected one .json file in {path}, found {files}")
    return found[0]


def _pictures_beside(labels: Path) -> Path:
    for word in ("images", "pictures", labels.stem):
        if (labels.parent / word).is_dir():
            return labels.parent / word
    return labels.parent


def _annotation(
    entry: dict[str, Any], images: dict[int, Any], folder: Path, count: int, name: str
) -> Annotation:
    number = int(entry["image_id"])
    source = f"{name}/{entry.get('id', number)}"
    if number not in images:
        raise InputError(f"{source}: image_id {number} is none of the file's {len(images)} images")
    image = images[number]
    keypoints = np.array(entry["keypoints"], np.float32)
    if keypoints.size != 3 * count:
        raise InputError(
            f"{source}: expected {count} keypoints (x, y, v each), got {keypoints.size} values"
        )
    keypoints = keypoints.reshape(count, 3)
    if not np.isin(keypoints[:, 2], (0, 1, 2)).all() or not np.isfinite(keypoints).all():
        raise InputError(f"{source}: expected finite x, y and v of 0, 1 or 2")
    size = (int(image["width"]), int(image["height"])) if "width" in image else None
    x, y, width, height = entry.get("bbox") or (np.nan,) * 4
    box = np.array([x, y, x + width, y + height], np.float64)
    path = folder / str(image["file_name"])
    return Annotation(
        path,
        *_points(keypoints),
        source,
        size,
        picture=number,
        box_px=box,
        crowd=bool(entry.get("iscrowd")),
    )


def _side_px(found: Annotation) -> float:
    if np.isfinite(found.box_px).all():
        return float((found.box_px[2:] - found.box_px[:2]).max())
    return float((np.nanmax(found.points_px, axis=0) - np.nanmin(found.points_px, axis=0)).max())


def _extent(found: Annotation) -> NDArray[np.float32]:
    """`(1, 4)` around its box and its labelled keypoints; NaN where it has neither."""
    corners = np.concatenate([found.box_px.reshape(2, 2), found.points_px])
    return boxes_around(corners[None]).astype(np.float32)


def _points(keypoints: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """`(K, 3)` x, y, v → points `(K, 2)` and visibility `(K,)`, NaN where not labelled."""
    labelled = keypoints[:, 2] > 0
    points = np.where(labelled[:, None], keypoints[:, :2], np.nan).astype(np.float32)
    return points, np.where(labelled, keypoints[:, 2] - 1, np.nan).astype(np.float32)
