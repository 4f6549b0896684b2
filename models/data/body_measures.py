"""Proportions of people, measured on labelled data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.data.annotated import AnnotatedImage

__all__ = ["TORSO_PER_RADIUS", "ears_from_neck"]

# Middle of the ears on the line from neck (0) to head top (1); within 0.13 torso of there for
# 95 % of the people with good predictions of the published network (45 pictures of LSPET).
EARS_UP_THE_HEAD = 0.52
# Torso diagonal per radius of the person's circle: median over LSPET and COCO people.
TORSO_PER_RADIUS = 0.6


def ears_from_neck(person: AnnotatedImage) -> NDArray[np.float64] | None:
    """`(2,)` estimate of the middle of the ears of one person, from neck and head top."""
    names = person.skeleton.names
    if "neck" not in names or "head_top" not in names:
        return None
    ends = [names.index("neck"), names.index("head_top")]
    if not person.labelled[0, ends].all():
        return None
    neck, top = person.points_px[0, ends, :2].astype(np.float64)
    middle: NDArray[np.float64] = neck + EARS_UP_THE_HEAD * (top - neck)
    return middle
