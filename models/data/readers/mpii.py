"""MPII Human Pose, from the JSON annotations that most projects use (`train.json`, `valid.json`).

Cite: Andriluka, Pishchulin, Gehler & Schiele, CVPR 2014; for research use only. Each entry has
`image`, `joints` (16 x y, counted from 1), `joints_vis` (1 labelled, 0 not), `center` and `scale`
(the person's height in 200 pixels). Hidden joints are not marked.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from blazetrack.errors import InputError
from blazetrack.skeleton import MPII16
from models.data.readers.dataset import LabelledPeople, PersonLabels, collect, read_json

__all__ = ["mpii"]

PERSON_PX = 200.0


def mpii(
    labels: Path | str,
    pictures: Path | str | None = None,
    *,
    min_side_px: float = 0.0,
    name: str | None = None,
) -> LabelledPeople:
    """Read a user's copy of MPII.

    Args:
        labels: the JSON file.
        pictures: the folder of pictures; by default `images/` beside the file or its folder.
        min_side_px: people whose height (`scale`) is less are left out.
        name: in messages; by default `mpii_` and the file's name.

    Raises:
        InputError: a file is missing or of another layout.
    """
    labels = Path(labels)
    name = name or f"mpii_{labels.stem}"
    entries = read_json(labels, name)
    if not isinstance(entries, list) or not entries:
        raise InputError(f"{name}: {labels}: expected a list of people")
    folder = Path(pictures) if pictures else _pictures_of(labels, name)
    small, people = Counter[str](), []
    for i, entry in enumerate(entries):
        if _height_px(entry, name, i) < min_side_px:
            small[f"people smaller than {min_side_px:g} pixels"] += 1
        else:
            people.append(_person(entry, folder, name, i))
    return collect(name, MPII16, people, skipped=small)


def _pictures_of(labels: Path, name: str) -> Path:
    for folder in (labels.parent / "images", labels.parent.parent / "images"):
        if folder.is_dir():
            return folder
    raise InputError(f"{name}: expected the pictures in 'images' beside {labels}; give the folder")


def _height_px(entry: Any, name: str, number: int) -> float:
    try:
        return float(entry.get("scale", np.inf)) * PERSON_PX
    except (AttributeError, TypeError, ValueError):
        raise InputError(
            f"{name}: person {number}: expected an object with image, joints"
        ) from None


def _person(entry: dict[str, Any], folder: Path, name: str, number: int) -> PersonLabels:
    try:
        joints = np.array(entry["joints"], np.float32).reshape(16, -1)[:, :2]
        labelled = np.array(entry["joints_vis"], np.float32).reshape(16) > 0
        picture = folder / str(entry["image"])
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"{name}: person {number}: expected image, joints (16 × 2) and joints_vis (16): {error}"
        ) from error
    labelled &= (joints > 0).all(axis=1)  # −1 −1 stands for no place
    points = np.where(labelled[:, None], joints - 1.0, np.nan).astype(np.float32)
    unknown = np.full(16, np.nan, np.float32)
    return PersonLabels(picture, points, unknown, f"{name}/{number:05d}")
