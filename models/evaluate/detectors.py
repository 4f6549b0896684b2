"""Scores of detectors on whole images: people found, other findings, time.

A person is found by a detection whose centre is within 0.5 torso of the mid-hip and whose circle
has the right size within a factor of 1.6 and the right angle within 30°. Only people with a fully
labelled torso count. The data sets do not label all people, so that other findings are certain
false alarms only in `no_person`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import InputError, ModelError
from blazetrack.sources.images import list_pictures, read_picture
from models.common.person_finder import PersonFinder, people_found
from models.common.tables import Style, print_table
from models.data.lazy_sequence import evenly_spaced
from models.evaluate.datasets import labelled_people
from models.evaluate.load_model import EvaluatedModel
from models.evaluate.scores import ground_truth, torso_sizes

__all__ = [
    "DetectionSet",
    "DetectorScores",
    "open_detection_set",
    "print_detectors",
    "score_detector",
]

Float = NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class DetectionSet:
    """Images with the people that a detector should find.

    Attributes:
        note: one line on its content.
        pictures: the files.
        alignment_px: of each image `(T, 2, 2)`.
        torso_px: of each image `(T,)`.
    """

    note: str
    pictures: Sequence[Path]
    alignment_px: Sequence[Float]
    torso_px: Sequence[Float]


@dataclass(frozen=True, slots=True)
class DetectorScores:
    """One row of the table.

    Attributes:
        pictures: number of images.
        people: number of people to find.
        found: number of them that were found.
        others: number of other findings.
        others_in: number of images with other findings.
        ms: mean time of the network per image; None for a Keras network.
    """

    pictures: int
    people: int
    found: int
    others: int
    others_in: int
    ms: float | None


def open_detection_set(name: str, data: Path, limit: int | None = None) -> DetectionSet:
    """Images of a data set with those of its people who have a fully labelled torso."""
    rows: dict[Path, list[int]] = defaultdict(list)
    if name == "no_person":
        pictures = list_pictures(data / name)
        note = f"{name}: {len(pictures)} pictures"
        alignment, torso = np.zeros((0, 2, 2), np.float32), np.zeros(0)
    else:
        people = labelled_people(name, data)
        if people.skeleton.torso is None:
            raise InputError(f"{name}: expected keypoints with a torso, got {people.skeleton.name}")
        pictures = list(dict.fromkeys(person.path for person in people.people))
        note, samples = people.note, list(people)
        alignment = np.concatenate([sample.alignment_px for sample in samples])
        torso = torso_sizes(ground_truth(samples))
        for row in np.flatnonzero(np.isfinite(torso)).tolist():
            rows[people.people[row].path].append(row)
    pictures = evenly_spaced(pictures, limit)
    kept = [np.array(rows[path], np.int64) for path in pictures]
    return DetectionSet(
        note, pictures, [alignment[one] for one in kept], [torso[one] for one in kept]
    )


def score_detector(
    evaluated: EvaluatedModel, images: DetectionSet, min_score: float = 0.5
) -> DetectorScores:
    """Run a detector on whole images, as in the pipeline."""
    kind = evaluated.model.info.kind
    if kind != "detector":
        raise ModelError(f"evaluate: expected a detector, got {evaluated.label} ({kind})")
    finder = PersonFinder(evaluated.model, min_score)
    people = found = others = others_in = 0
    for path, alignment, torso in zip(
        images.pictures, images.alignment_px, images.torso_px, strict=True
    ):
        of = people_found(finder.find(read_picture(path)).alignment_px, alignment, torso)
        people += len(torso)
        found += int((of >= 0).sum())
        others += int((of < 0).sum())
        others_in += bool((of < 0).any())
    ms = evaluated.mean_ms()
    return DetectorScores(len(images.pictures), people, found, others, others_in, ms)


def print_detectors(rows: Mapping[str, DetectorScores], data: str, style: Style) -> None:
    """Print the table of the scores by model."""
    if style is Style.json:
        content = [{"model": name, "data": data, **asdict(row)} for name, row in rows.items()]
        print(json.dumps(content, indent=1))
        return
    head = ["detector", "on", "people", "found", "share", "other findings", "in images", "ms"]
    cells = [
        [
            name,
            data,
            f"{row.people}",
            f"{row.found}",
            f"{row.found / row.people:.3f}" if row.people else "–",
            f"{row.others}",
            f"{row.others_in} of {row.pictures}",
            "–" if row.ms is None else f"{row.ms:.2f}",
        ]
        for name, row in rows.items()
    ]
    print_table(head, cells, style)
