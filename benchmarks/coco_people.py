"""Recall and AP on crowded pictures: `coco_dev`, beside MediaPipe Tasks.

    python -m benchmarks.coco_people [--data FOLDER] [--variant TEXT]... [--json FILE]

Every picture is independent: blazetrack runs a graph for still pictures, Tasks runs in image mode
with `num_poses=6`. The metrics are those of `keypoint_ap`. People without labelled keypoints are
not in the labels, so a prediction in the background may count as a false alarm, for both alike.

A prediction's score is the network's person score times the mean visibility of the points. Tasks
returns no person score, so there it is the mean visibility alone, which affects its AP only. Recall
at equal precision is the highest recall of any score threshold at which precision is at least that
of Tasks without one; variants with a higher `min_score` of the second look extend the range.

A variant is a name, or `name: option=value, …`: options of the graph as for `--set`, and `people`
and `model`, `NAME[+DETECTOR]`.

Exit code 0 if one of the variants has 1.5 times the recall of Tasks at equal precision, 1 if none
has, 2 if it could not be measured; with `--skip-reference` there is no limit.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.frame_sets import DATA
from benchmarks.keypoint_ap import MAX_PEOPLE, PeopleScore, require_pycocotools, score_images
from benchmarks.machine import describe_machine, package_versions
from benchmarks.model_names import parse_model
from benchmarks.reference.implementations import newest_tasks
from benchmarks.reference.results import FrameResult
from benchmarks.reference.tasks_landmarker import TasksLandmarker
from benchmarks.report import check_writable, exit_2_on_error, write_json
from blazetrack.errors import InputError
from blazetrack.graph import parse_set
from blazetrack.pipeline import PoseTracker
from blazetrack.sources import open_source
from blazetrack.types import Frame

__all__ = ["VARIANTS", "Variant", "main", "parse_variant"]

NUM_POSES = 6
MIN_RATIO = 1.5
"""blazetrack's recall ÷ Tasks' recall, at equal precision."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One configuration of blazetrack.

    Attributes:
        name: for the table.
        people: maximum in one picture.
        model: landmark model, `NAME[+DETECTOR]`; None for the graph's own.
        options: `{"node.option": value}`.
    """

    name: str
    people: int = MAX_PEOPLE
    model: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


STRICT = {
    "second_look.tiles": 3,
    "second_detect.min_score": 0.75,
    "second_landmarks.min_score": 0.97,
}
VARIANTS = (
    Variant("no tiles"),
    Variant("2 tiles", options={"second_look.tiles": 2}),
    Variant("3 tiles, strict", options=STRICT),
)
"""The default variants; tiles are squares along the longer side that the detector also searches."""


def main(
    data: Annotated[
        Path, typer.Option(help="Folder with coco_dev/.", show_default="../shared/data")
    ] = DATA,
    variants: Annotated[
        list[str] | None,
        typer.Option("--variant", help="Replaces the default ones: 'name: node.option=value, …'."),
    ] = None,
    graph: Annotated[str, typer.Option(help="blazetrack's graph.")] = "pose_image",
    height: Annotated[
        float, typer.Option(help="Minimum height of a person who counts, px.")
    ] = 96.0,
    pictures: Annotated[int, typer.Option(min=0, help="Only the first N; 0 is all.")] = 0,
    newest: Annotated[
        str, typer.Option(help="Version for Tasks.", show_default="the newest published")
    ] = "",
    skip_reference: Annotated[bool, typer.Option(help="Only blazetrack.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write it here.")] = None,
) -> None:
    """Find the people of crowded pictures, beside MediaPipe Tasks."""
    console = Console()
    with exit_2_on_error():
        check_writable(json_file)
        require_pycocotools()
        chosen = [parse_variant(text) for text in variants] if variants else list(VARIANTS)
        folder = data / "coco_dev"
        labels = read_labels(folder, pictures)
        scores: dict[str, PeopleScore] = {}
        with Console(stderr=True).status("pictures") as status:
            if not skip_reference:
                status.update("Tasks")
                name, predicted = find_with_tasks(folder, labels, newest)
                scores[name] = score_images(labels, predicted, height)
            theirs = next(iter(scores.values()), None)
            for variant in chosen:
                status.update(variant.name)
                predicted = find_with_blazetrack(folder, labels, graph, variant)
                scores[variant.name] = score_images(labels, predicted, height)
        console.print(table(scores, theirs, len(labels["images"]), height))
        write_json(json_file, report(chosen, graph, scores, theirs))
    reached = theirs is None or any(
        (recall_ratio(score, theirs) or 0.0) >= MIN_RATIO for score in scores.values()
    )
    raise SystemExit(0 if reached else 1)


def parse_variant(text: str) -> Variant:
    """Parse `name: option=value, …`; the rest but for `people` and `model` is the graph's.

    Raises:
        BlazetrackError: not of this form.
    """
    name, _, rest = text.partition(":")
    people, model, options = MAX_PEOPLE, None, {}
    for part in filter(None, map(str.strip, rest.split(","))):
        if part.startswith("people="):
            if not part[7:].isdecimal():
                raise InputError(f"--variant {text!r}: people: expected a whole number")
            people = int(part[7:])
        elif part.startswith("model="):
            model = part[6:]
        else:
            key, value = parse_set(part)
            options[key] = value
    return Variant(name.strip(), people, model, options)


def read_labels(folder: Path, pictures: int = 0) -> dict[str, Any]:
    """The labels of the first `pictures` pictures, 0 is all.

    Raises:
        InputError: there is no such folder.
    """
    path = folder / "person_keypoints.json"
    if not path.is_file():
        raise InputError(
            f"coco_people: no {path}: it is not part of the project; pass its folder with --data"
        )
    labels: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    images = labels["images"][: pictures or None]
    known = {image["id"] for image in images}
    people = [one for one in labels["annotations"] if one["image_id"] in known]
    return {"images": images, "annotations": people, "categories": labels["categories"]}


def find_with_tasks(
    folder: Path, labels: dict[str, Any], newest: str
) -> tuple[str, dict[int, FrameResult]]:
    """Name for the table, and picture id → people found by Tasks."""
    with tempfile.TemporaryDirectory(prefix="blazetrack-people-") as name:
        bundle = Path(name) / "pose_full.task"
        number, python = newest_tasks(bundle, newest)
        with closing(TasksLandmarker(python, bundle, NUM_POSES)) as tasks:
            predicted = {k: tasks(frame.image) for k, frame in _frames(folder, labels)}
    return f"tasks {number}", predicted


def find_with_blazetrack(
    folder: Path, labels: dict[str, Any], graph: str, variant: Variant
) -> dict[int, FrameResult]:
    """Picture id → people found by blazetrack."""
    out = {}
    model, detector = (None, None) if variant.model is None else parse_model(variant.model)
    with PoseTracker(
        model, detector=detector, graph=graph, people=variant.people, options=variant.options
    ) as tracker:
        for number, frame in _frames(folder, labels):
            tracker.reset()
            out[number] = FrameResult.from_poses(tracker(frame))
    return out


def _frames(folder: Path, labels: dict[str, Any]) -> Iterator[tuple[int, Frame]]:
    for image in labels["images"]:
        with open_source(folder / "images" / image["file_name"]) as source:
            yield from ((int(image["id"]), frame) for frame in source)


def recall_ratio(ours: PeopleScore, theirs: PeopleScore) -> float | None:
    """Ratio of recalls at the precision of `theirs`; None where `ours` never reaches it."""
    point = ours.at_precision(theirs.precision)
    return None if point is None or not theirs.recall else point[0] / theirs.recall


def table(
    scores: dict[str, PeopleScore], theirs: PeopleScore | None, pictures: int, height: float
) -> Table:
    """One row per configuration; ratios are to Tasks."""
    people = next(iter(scores.values())).people
    out = Table(title=f"{pictures} pictures, {people} people of {height:g} px or more")
    out.add_column("", no_wrap=True)
    at_equal = "recall at\nTasks' pre-\ncision"
    for name in ("AP", "AP50", "recall", "pre-\ncision", at_equal, "÷ Tasks'"):
        out.add_column(name, justify="right")
    for name, score in scores.items():
        cells = [f"{v:.3f}" for v in (score.ap, score.ap50, score.recall, score.precision)]
        if theirs is not None and score is not theirs:
            point, ratio = score.at_precision(theirs.precision), recall_ratio(score, theirs)
            cells.append("–" if point is None else f"{point[0]:.3f}")
            cells.append("–" if ratio is None else f"{ratio:.2f}")
        out.add_row(name, *cells)
    return out


def report(
    variants: list[Variant], graph: str, scores: dict[str, PeopleScore], theirs: PeopleScore | None
) -> dict[str, Any]:
    """The JSON report."""
    settings = {
        one.name: {"people": one.people, "model": one.model, "options": one.options}
        for one in variants
    }
    results = {}
    for name, score in scores.items():
        point = None if theirs is None else score.at_precision(theirs.precision)
        equal = None if point is None else {"recall": point[0], "score": point[1]}
        results[name] = {
            **settings.get(name, {"people": NUM_POSES}),
            "ap": score.ap,
            "ap50": score.ap50,
            "labelled people": score.people,
            "recall": score.recall,
            "precision": score.precision,
            "at Tasks' precision": equal,
        }
    return {
        "graph": graph,
        "machine": describe_machine(),
        "packages": package_versions("pycocotools"),
        "results": results,
    }


if __name__ == "__main__":
    typer.run(main)
