"""What a detector learns of an annotated image: heads, alignments and mid-shoulders.

The head box is a square with half the radius of the person's circle as its side, its middle a
little nearer to the mid-shoulder than to the middle of the head. There is that of the published
detector, for people of all sizes: 0.20 torso below the middle of the head, measured on 350 people
of COCO and LSPET. With other middles a detector that begins as the published one first has to
forget where it finds large people. The published box itself has a constant side. People whose
labels are too few become ignored regions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from blazetrack.skeleton import Skeleton
from models.common.person_finder import FoundPeople
from models.data.annotated import AnnotatedImage
from models.data.body_measures import ears_from_neck

__all__ = [
    "MID_SHOULDER",
    "SURE",
    "TO_SHOULDER",
    "detector_view",
    "head_center",
    "ignore_unlabelled",
]

Float = NDArray[np.float64]

MID_SHOULDER = Skeleton("mid_shoulder", ("mid_shoulder",))
HEAD_PER_RADIUS = 0.5
TO_SHOULDER = 0.55  # of the way from the middle of the head to the mid-shoulder
# Each part of the head counts once, however many of its points a data set has.
HEAD_PARTS = (("nose",), ("left_eye", "right_eye"), ("left_ear", "right_ear"))
SURE = 0.6  # minimum score of detections that are taken for labels
# A detection is a labelled person if the middles of the heads are this near, in sides of the
# larger box, or the mid-hips, in radii of the larger circle.
SAME_HEAD, SAME_HIPS = 0.75, 0.5


def head_center(person: AnnotatedImage) -> Float | None:
    """`(2,)` middle of a person's head: of eyes, ears and nose, or on the line from neck to top."""
    names, known = person.skeleton.names, person.labelled[0]

    def middle(wanted: Sequence[str]) -> Float | None:
        rows = [names.index(name) for name in wanted if name in names]
        rows = [row for row in rows if known[row]]
        return person.points_px[0, rows, :2].astype(np.float64).mean(axis=0) if rows else None

    parts = [place for part in HEAD_PARTS if (place := middle(part)) is not None]
    if parts:
        mean: Float = np.mean(parts, axis=0)
        return mean
    return ears_from_neck(person)


def detector_view(
    image: AnnotatedImage,
    pseudo_labels: Callable[[str], AnnotatedImage | None] = lambda source: None,
    found: FoundPeople | None = None,
) -> AnnotatedImage:
    """The same picture with the targets of a detector, in float64.

    Args:
        image: of any skeleton that names shoulders, hips and head.
        pseudo_labels: the same person in `blazepose33` by `source`, where there are such labels.
        found: people in the same picture; those with a score of at least `SURE` are the labels of
            people who have too few, such as those whose hips are outside of the picture.

    Returns:
        People whose head, shoulders and hips are known: head boxes, alignment and `MID_SHOULDER`.
        The boxes of all others are ignored; the whole picture where one has no box.
    """
    view = AnnotatedImage.empty(image.image, MID_SHOULDER, np.float64)
    people, ignored = [], [image.ignore_px.astype(np.float64)]
    for row, source in enumerate(image.sources):
        person, pseudo = image.take([row]), pseudo_labels(source)
        labels = (pseudo, person)
        views = (_person(one, person) for one in labels if one is not None)
        usable = next((one for one in views if one is not None), None)
        if usable is None and found is not None:
            usable = _detected(person, found)
        if usable is not None:
            people.append(usable)
        else:
            ignored.append(person.boxes_px.astype(np.float64))
    boxes = np.concatenate(ignored)
    height, width = image.image.shape[:2]
    unknown = np.isnan(boxes).any(axis=1)
    boxes[unknown] = 0, 0, width, height
    return replace(view.joined(people), ignore_px=boxes)


def _person(labels: AnnotatedImage, person: AnnotatedImage) -> AnnotatedImage | None:
    """The view of one person by `labels`, and by its own head where these have none."""
    torso = labels.skeleton.torso
    heads = (head_center(one) for one in (labels, person))
    head = next((one for one in heads if one is not None), None)
    if torso is None or head is None or not labels.has_torso[0]:
        return None
    shoulder = labels.points_px[0, list(torso[:2]), :2].astype(np.float64).mean(axis=0)
    middle = head + TO_SHOULDER * (shoulder - head)
    return _target(person, middle, labels.alignment_px[0].astype(np.float64), shoulder)


def _detected(person: AnnotatedImage, found: FoundPeople) -> AnnotatedImage | None:
    """The view of one person by the best sure detection at their head, or else in their box."""
    heads, sides = found.boxes_px.reshape(-1, 2, 2).mean(axis=1), np.ptp(found.boxes_px[:, ::2], 1)
    (x0, y0, x1, y1), head = person.boxes_px[0], head_center(person)
    if head is None:
        x, y = heads.T
        near = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)  # a person without a box has NaN
    else:
        near = np.hypot(*(heads - head).T) < SAME_HEAD * sides
    rows = np.flatnonzero(near & (found.scores >= SURE))
    if not len(rows):
        return None
    best = rows[found.scores[rows].argmax()]
    return _target(person, heads[best], found.alignment_px[best], found.shoulders_px[best])


def _target(
    person: AnnotatedImage, middle: Float, alignment: Float, shoulder: Float
) -> AnnotatedImage:
    """The view of one person with these `(2,)`, `(2, 2)` and `(2,)` pixels."""
    center, rim = alignment
    half = 0.5 * HEAD_PER_RADIUS * float(np.hypot(*(rim - center)))
    return AnnotatedImage.of(
        person.image,
        MID_SHOULDER,
        shoulder[None, None],
        alignment[None],
        person.sources,
        boxes_px=np.concatenate([middle - half, middle + half])[None],
    )


def ignore_unlabelled(
    view: AnnotatedImage, found: FoundPeople, *, whole: bool = False
) -> AnnotatedImage:
    """The view that also ignores detections that are no labelled person.

    Args:
        view: a `detector_view`, or with `whole` a `scene_view`.
        found: people in the same picture.
        whole: ignore the box around the circle, else that of the head.
    """
    labelled = _near(found.boxes_px, view.boxes_px, SAME_HEAD)
    theirs, mine = (_around_circle(a) for a in (found.alignment_px, view.alignment_px))
    labelled |= _near(theirs, mine, 0.5 * SAME_HIPS)
    boxes = _around_circle(found.alignment_px) if whole else found.boxes_px
    return replace(view, ignore_px=np.concatenate([view.ignore_px, boxes[~labelled]]))


def _near(boxes: Float, known: NDArray[np.floating], near: float) -> NDArray[np.bool_]:
    """`(F,)` which boxes have a known one whose middle is nearer than `near` larger sides."""
    apart = boxes.reshape(-1, 1, 2, 2).mean(axis=2) - known.reshape(1, -1, 2, 2).mean(axis=2)
    side = np.maximum((boxes[:, 2] - boxes[:, 0])[:, None], known[:, 2] - known[:, 0])
    same: NDArray[np.bool_] = (np.hypot(apart[..., 0], apart[..., 1]) < near * side).any(axis=1)
    return same


def _around_circle(alignment_px: NDArray[np.floating]) -> NDArray[np.float64]:
    center, rim = alignment_px[:, 0], alignment_px[:, 1]
    radius = np.hypot(*(rim - center).T)[:, None]
    return np.concatenate([center - radius, center + radius], axis=1)
