"""Other people pasted over a crop: the occlusion of crowds, which rectangles do not resemble.

The outline of a person is approximated from the keypoints: limbs are capsules, the trunk is a
quadrilateral, the head a disc.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.types import Rois
from models.data.annotated import AnnotatedImage
from models.data.transforms.person_crop import cut, region

__all__ = ["outline", "paste_person"]

Float = NDArray[np.float64]

LIMB, HEAD = 0.11, 0.17  # half widths in radii of the person's circle
MIN_KEYPOINTS = 6  # people with fewer labels have no outline
SCALE = (0.6, 1.3)  # of the pasted person, relative to the one below
ANGLE_DEG = 25.0
DISTANCE = (0.15, 0.5)  # between their centres, in crop sides: the middle one stays in the centre
FRACTION = 4  # bits of sub-pixel positions in OpenCV's drawing
HEAD_NAMES = ("nose", "head_top", "neck", "left_eye", "right_eye", "left_ear", "right_ear")


def paste_person(
    crop: AnnotatedImage, donor: AnnotatedImage, rng: np.random.Generator
) -> AnnotatedImage:
    """The crop with the donor's person in front; keypoints below become hidden.

    Args:
        crop: S × S pixels.
        donor: a picture of one person or more; the first is pasted.
        rng: of place, size and angle.
    """
    if not len(donor) or not len(crop):
        return crop
    side = crop.image.shape[0]
    theirs = cut(donor.take([0]), side, _place(donor, rng), mirror=bool(rng.random() < 0.5))[0]
    radius = float(np.hypot(*(theirs.alignment_px[0, 1] - theirs.alignment_px[0, 0])))
    mask = outline(theirs, radius)
    if mask is None:
        return crop
    share = mask[..., None].astype(np.float32) / np.float32(255)
    blend = crop.image + share * (theirs.image.astype(np.float32) - crop.image)
    xy = np.where(crop.labelled[..., None], crop.points_px[..., :2], -1.0)
    cells = np.rint(xy).astype(int)
    inside = ((cells >= 0) & (cells < side)).all(axis=-1)
    x, y = np.clip(cells, 0, side - 1).transpose(2, 0, 1)
    hidden = inside & (mask[y, x] > 127)
    seen = np.where(hidden, 0.0, crop.visibility).astype(crop.visibility.dtype)
    return replace(crop, image=np.rint(blend).astype(np.uint8), visibility=seen)


def _place(donor: AnnotatedImage, rng: np.random.Generator) -> Rois:
    """The region of the donor's picture that covers the crop."""
    rois = region(donor.alignment_px[:1])
    size = rois.size_px / rng.uniform(*SCALE)
    way, far = rng.uniform(0, 2 * np.pi), rng.uniform(*DISTANCE)
    center = rois.center_px + far * size[:, :1] * (np.cos(way), np.sin(way))
    turn = np.radians(rng.uniform(-ANGLE_DEG, ANGLE_DEG, 1))
    return Rois(center, size, rois.angle_rad + turn, rois.ids)


def outline(person: AnnotatedImage, radius_px: float) -> NDArray[np.uint8] | None:
    """`(H, W)` coverage of the first person, 0..255; None where too few keypoints are labelled.

    Args:
        person: the picture; at least one person.
        radius_px: of the person's circle, the unit of the widths.
    """
    known, skeleton = person.labelled[0], person.skeleton
    if int(known.sum()) < MIN_KEYPOINTS or radius_px < 2:
        return None
    height, width = person.image.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    xy = np.nan_to_num(person.points_px[0, :, :2].astype(np.float64))
    places = np.clip(np.rint(xy * 2**FRACTION), -(2**20), 2**20).astype(int)
    wide = max(1, round(2 * LIMB * radius_px))
    for one, other in skeleton.edges:
        if known[one] and known[other]:
            cv2.line(
                mask, places[one].tolist(), places[other].tolist(), 255, wide, cv2.LINE_AA, FRACTION
            )
    torso = list(skeleton.torso or ())
    if torso and known[torso].all():
        cv2.fillConvexPoly(mask, cv2.convexHull(places[torso]), 255, cv2.LINE_AA, FRACTION)
    names = skeleton.names
    head = [names.index(name) for name in HEAD_NAMES if name in names]
    head = [row for row in head if known[row]]
    if head:
        center = np.rint(xy[head].mean(axis=0)).astype(int)
        cv2.circle(mask, center.tolist(), round(HEAD * radius_px), 255, -1, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(mask, (3, 3), 0), np.uint8)
