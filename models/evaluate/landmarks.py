"""One table of all models on one data set: the same crops, the same code.

    python -m models.evaluate full full:unrefined runs/blazepose_lite lite.tflite --on lspet_dev
    python -m models.evaluate full lite.tflite --on squats
    python -m models.evaluate full --on mine/coco.json --markdown --sheet worst.png
    python -m models.evaluate detector pose_detector detector.tflite --on coco_dev

PCK counts a keypoint as right within 0.2 of the torso, which is the mean of its two diagonals as
labelled; people without a whole torso are left out of it. Who scores no more than `--min-score`
was not found, and all keypoints of a person who was not found are wrong.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from blazetrack import PoseTracker
from models.common import command
from models.common.tables import Style, print_table
from models.evaluate.datasets import DATA, PeopleSet, open_people_set
from models.evaluate.load_model import Subject, as_file, open_subject
from models.evaluate.scores import Answers, Figures, answer_crops, figures, truth_of

__all__ = ["Row", "app", "evaluate"]

app = command.new_app("Measure landmark models on labelled people.")


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One row of the table.

    Attributes:
        model: what it is called.
        way: `crops`, aligned by the labels, or `tracker`, the whole pipeline over a clip.
        answers: what the model said.
        figures: how good that is.
    """

    model: str
    way: str
    answers: Answers
    figures: Figures


@app.command()
def main(
    models: Annotated[list[str], typer.Argument(help="Names, files or folders of runs.")],
    on: Annotated[str, typer.Option(help="lspet_dev, coco_dev, squats or a COCO .json.")],
    data: Annotated[Path, typer.Option(help="Folder of the data sets.")] = DATA,
    limit: Annotated[int | None, typer.Option(min=1, help="So many people, evenly.")] = None,
    axis: Annotated[
        tuple[str, str] | None, typer.Option(help="Of a .json: keypoints, from 1st to 2nd is up.")
    ] = None,
    min_score: Annotated[float, typer.Option(help="At or below it nobody was found.")] = 0.5,
    threads: Annotated[int, typer.Option(min=1, help="Cores for TFLite.")] = 1,
    joints: Annotated[bool, typer.Option("--joints", help="Also PCK per keypoint.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    sheet: Annotated[
        Path | None, typer.Option(help="PNG of the people each model sees worst.")
    ] = None,
) -> None:
    """Measure models, one row each; behind a name with heatmaps `:unrefined` leaves them unused."""
    testset = open_people_set(on, data, limit, axis)
    print(testset.note, file=sys.stderr)
    rows = []
    for name in models:
        subject = open_subject(name, threads)
        rows += evaluate(subject, testset, min_score, threads)
    style = Style.json if as_json else Style.markdown if markdown else Style.rich
    print_rows(rows, testset.name, style, joints)
    if sheet is not None:
        _sheets(sheet, rows, testset)


def evaluate(
    subject: Subject, testset: PeopleSet, min_score: float = 0.5, threads: int = 1
) -> list[Row]:
    """Measure a model: on aligned crops, and on a clip as a tracker too."""
    truth = truth_of(testset.samples)
    ways = {"crops": answer_crops(subject.model, testset.samples, subject.refine)}
    if testset.frames is not None:
        ways["tracker"] = _track(subject, testset, threads)
    return [
        Row(subject.label, way, answers, figures(answers, truth, min_score))
        for way, answers in ways.items()
    ]


def _track(subject: Subject, testset: PeopleSet, threads: int) -> Answers:
    """What the whole pipeline says of the one person of a clip."""
    options = {} if subject.refine else {"refine": False}
    with as_file(subject) as path, PoseTracker(path, threads=threads, options=options) as tracker:
        skeleton = tracker.skeleton
        points = np.full((len(testset.samples), len(skeleton), 2), np.nan)
        scores = np.full(len(points), np.nan)
        for i, frame in enumerate(testset.frames or ()):
            poses = tracker(frame)
            if len(poses):
                points[i], scores[i] = poses.landmarks_px[0, :, :2], poses.scores[0]
    return Answers(skeleton, points, scores)


def print_rows(rows: Sequence[Row], data: str, style: Style, joints: bool = False) -> None:
    """Print the table; with `joints` a second one of PCK per keypoint."""
    if style is Style.json:
        content = [
            {"model": row.model, "data": data, "way": row.way, **asdict(row.figures)}
            for row in rows
        ]
        print(json.dumps(content, indent=1))
        return
    head = ["model", "on", "people", "found", "PCK@0.2", "PCKh@0.5", "PDJ", "PCP", "OKS"]
    print_table(head, [_cells(row, data) for row in rows], style)
    if joints:
        names = list(dict.fromkeys(name for row in rows for name in row.figures.joints))
        cells = [[name, *(_part(row.figures.joints.get(name)) for row in rows)] for name in names]
        print_table(["PCK@0.2 of", *(f"{row.model}, {row.way}" for row in rows)], cells, style)


def _cells(row: Row, data: str) -> list[str]:
    it = row.figures
    parts = (it.found, it.pck, it.pckh, it.pdj, it.pcp, it.oks)
    people = f"{it.people}" if it.measured == it.people else f"{it.people} ({it.measured})"
    return [row.model, f"{data}, {row.way}", people, *map(_part, parts)]


def _part(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _sheets(path: Path, rows: Sequence[Row], testset: PeopleSet) -> None:
    from models.evaluate.worst_cases import write_sheet

    truth = truth_of(testset.samples)
    for row in rows:
        name = "_".join(f"{row.model} {row.way}".replace("(", "").replace(")", "").split())
        place = path if len(rows) == 1 else path.with_name(f"{path.stem}.{name}{path.suffix}")
        write_sheet(place, testset.samples, row.answers, truth)
        print(f"wrote {place}", file=sys.stderr)
