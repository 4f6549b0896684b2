"""Detectors beside each other: who is found, what else is found, and how long it takes.

    python -m models.evaluate detector pose_detector runs/blazeface_lite --on lspet_dev
    python -m models.evaluate detector pose_detector detector.tflite --on coco_dev
    python -m models.evaluate detector pose_detector detector.tflite --on no_person

A person is found by a finding whose centre is within 0.5 torso of the mid-hip, whose circle is
right within a factor of 1.6 and 30°. Only people with a whole torso labelled are asked for. The
data sets do not label everybody, so findings that are nobody's are false alarms for sure only in
`no_person`.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from blazetrack.errors import InputError, ModelError
from blazetrack.metrics import torso_size
from blazetrack.sources.images import list_pictures, read_picture
from models.common import command
from models.common.person_finder import PersonFinder, people_found
from models.common.tables import Style, print_table
from models.data.annotated import AnnotatedImage
from models.evaluate.datasets import DATA, labelled_people
from models.evaluate.load_model import Subject, open_subject

__all__ = ["DetectorFigures", "Scenes", "app", "find_people", "open_scenes"]

Float = NDArray[np.float64]

app = command.new_app("Measure detectors on pictures with labelled people.")


@dataclass(frozen=True, slots=True, eq=False)
class Scenes:
    """Pictures and who is to be found in them.

    Attributes:
        name: what tables call it.
        note: one line on what is in it.
        pictures: the files.
        alignment_px: of each picture `(T, 2, 2)`.
        torso_px: of each picture `(T,)`.
    """

    name: str
    note: str
    pictures: Sequence[Path]
    alignment_px: Sequence[Float]
    torso_px: Sequence[Float]


@dataclass(frozen=True, slots=True)
class DetectorFigures:
    """One row of the table.

    Attributes:
        pictures: how many were looked at.
        people: how many were asked for.
        found: how many of them were found.
        others: findings that are none of them.
        others_in: pictures with such findings.
        ms: mean time of the network for one picture; None for a Keras network.
    """

    pictures: int
    people: int
    found: int
    others: int
    others_in: int
    ms: float | None


@app.command()
def main(
    models: Annotated[list[str], typer.Argument(help="Names, files or folders of runs.")],
    on: Annotated[str, typer.Option(help="lspet_dev, coco_dev, no_person or a COCO .json.")],
    data: Annotated[Path, typer.Option(help="Folder of the data sets.")] = DATA,
    limit: Annotated[int | None, typer.Option(min=1, help="So many pictures, evenly.")] = None,
    min_score: Annotated[float, typer.Option(help="Findings below are none.")] = 0.5,
    threads: Annotated[int, typer.Option(min=1, help="Cores for TFLite.")] = 1,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure detectors, one row each."""
    scenes = open_scenes(on, data, limit)
    print(scenes.note, file=sys.stderr)
    rows: dict[str, DetectorFigures] = {}
    for name in models:
        subject = open_subject(name, threads)
        rows[subject.label] = find_people(subject, scenes, min_score)
    style = Style.json if as_json else Style.markdown if markdown else Style.rich
    _print(rows, scenes.name, style)


def open_scenes(name: str, data: Path, limit: int | None = None) -> Scenes:
    """Pictures of a data set, with those of its people who have a whole torso labelled."""
    if name == "no_person":
        pictures = list_pictures(data / name)
        return _scenes(name, f"{name}: {len(pictures)} pictures", {p: [] for p in pictures}, limit)
    people = labelled_people(name, data)
    by_picture: dict[Path, list[AnnotatedImage]] = defaultdict(list)
    for person, sample in zip(people.people, people, strict=True):
        by_picture[person.path].append(sample)
    if people.skeleton.torso is None:
        raise InputError(f"{name}: its keypoints have no torso, so nobody can be asked for")
    return _scenes(name, people.note, by_picture, limit)


def _scenes(
    name: str, note: str, by_picture: Mapping[Path, Sequence[AnnotatedImage]], limit: int | None
) -> Scenes:
    paths = list(by_picture)
    rows = np.linspace(0, len(paths) - 1, min(limit or len(paths), len(paths))).round().astype(int)
    paths = [paths[row] for row in rows]
    alignment, torso = [], []
    for path in paths:
        whole = [(one, size) for one in by_picture[path] if (size := _torso_px(one)) > 0]
        alignment.append(np.array([one.alignment_px for one, _ in whole]).reshape(-1, 2, 2))
        torso.append(np.array([size for _, size in whole]))
    return Scenes(name, note, paths, alignment, torso)


def _torso_px(sample: AnnotatedImage) -> float:
    """Size of a torso; 0 where it is not wholly labelled."""
    corners = sample.skeleton.torso
    if corners is None or not sample.has_torso[0]:
        return 0.0
    return float(torso_size(sample.points_px[..., :2].astype(np.float64), corners)[0])


def find_people(subject: Subject, scenes: Scenes, min_score: float = 0.5) -> DetectorFigures:
    """Run a detector over whole pictures, as the pipeline does."""
    if subject.model.info.kind != "detector":
        kind = subject.model.info.kind
        raise ModelError(f"evaluate: expected a detector, got {subject.label} ({kind})")
    finder = PersonFinder(subject.model, min_score)
    people = found = others = others_in = 0
    for path, alignment, torso in zip(
        scenes.pictures, scenes.alignment_px, scenes.torso_px, strict=True
    ):
        of = people_found(finder.find(read_picture(path)).alignment_px, alignment, torso)
        people += len(torso)
        found += int((of >= 0).sum())
        others += int((of < 0).sum())
        others_in += bool((of < 0).any())
    ms = subject.milliseconds()
    return DetectorFigures(len(scenes.pictures), people, found, others, others_in, ms)


def _print(rows: Mapping[str, DetectorFigures], data: str, style: Style) -> None:
    if style is Style.json:
        content = [{"model": name, "data": data, **asdict(row)} for name, row in rows.items()]
        print(json.dumps(content, indent=1))
        return
    head = ["detector", "on", "people", "found", "part", "other findings", "in pictures", "ms"]
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
