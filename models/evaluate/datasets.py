"""Data sets for evaluation by name; never used for training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from blazetrack.align.roi import circle_of_keypoints
from blazetrack.errors import InputError, did_you_mean
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.sources import open_source
from blazetrack.types import Frame
from models.data.annotated import AnnotatedImage
from models.data.lazy_sequence import evenly_spaced
from models.data.readers.coco import coco
from models.data.readers.dataset import LabelledPeople
from models.data.readers.lsp import lsp

__all__ = ["DATA", "NAMES", "EvaluationSet", "labelled_people", "open_evaluation_set"]

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
NAMES = ("lspet_dev", "lspet_whole", "coco_dev", "squats")
MIN_SIDE_PX = 96  # smaller boxes of COCO people are limited by the image, not by the model


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """Labelled people.

    Attributes:
        note: one line on its content.
        samples: the people.
        frames: a clip of one person, one frame per sample; None for single images.
    """

    note: str
    samples: Sequence[AnnotatedImage]
    frames: Sequence[Frame] | None = None


def open_evaluation_set(
    name: str, data: Path, limit: int | None = None, axis: tuple[str, str] | None = None
) -> EvaluationSet:
    """A data set by name, or the labels of any COCO-format file.

    Args:
        name: one of `NAMES`, or a path that ends in `.json`.
        data: folder that holds `lspet/`, `lspet_whole/`, `coco_dev/` and `golden/`.
        limit: maximum number of people, evenly spaced.
        axis: of a COCO-format file: two keypoints, the second above the first.

    Raises:
        InputError: there is no such data set, or its files are missing.
    """
    if name == "squats":
        return _squats(data / "golden", limit)
    people = labelled_people(name, data, axis)
    return EvaluationSet(people.note, evenly_spaced(people, limit))


def labelled_people(name: str, data: Path, axis: tuple[str, str] | None = None) -> LabelledPeople:
    """The people of a data set of single images; see `open_evaluation_set`."""
    if name.endswith(".json"):
        return coco(Path(name), axis=axis)
    if name == "lspet_dev":
        return lsp(data / "lspet", "dev", name)
    if name == "lspet_whole":
        return lsp(data / name, "dev", name)
    if name == "coco_dev":
        return coco(data / name / "person_keypoints.json", min_side_px=MIN_SIDE_PX, name=name)
    hint = did_you_mean(name, NAMES)
    raise InputError(f"no data set '{name}'; {hint}; a COCO file ends in .json")


def _squats(folder: Path, limit: int | None) -> EvaluationSet:
    """The golden clip: one person, 33 landmarks per frame from another port."""
    path = folder / "pose_squats.full.json"
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"squats: expected golden landmarks in {path}: {error}") from error
    frames = list(open_source(folder / "pose_squats.mp4"))
    if len(frames) != len(rows):
        raise InputError(f"squats: {len(frames)} frames, but landmarks for {len(rows)}")
    samples = [_golden(frame, row) for frame, row in zip(frames, rows, strict=True)][:limit]
    note = f"squats: {len(samples)} frames of one person"
    return EvaluationSet(note, samples, frames[:limit])


def _golden(frame: Frame, row: list[list[float]]) -> AnnotatedImage:
    points = np.array(row, np.float32)
    circle = circle_of_keypoints(points, BLAZEPOSE33)
    if circle is None:
        raise InputError(f"squats: frame {frame.index}: its landmarks are all equal")
    source = f"squats/{frame.index:02d}"
    return AnnotatedImage.of(frame.image, BLAZEPOSE33, points[None], circle[None], [source])
