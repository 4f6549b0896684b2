"""How many people of a crowded picture are found? `coco_dev`, beside MediaPipe Tasks.

    python -m benchmarks.coco_people [--data FOLDER] [--variant TEXT]... [--json FILE]

Every picture stands alone: ours through a graph for still pictures, theirs in image mode with
`num_poses=6`. How answers are judged is in `keypoint_ap`. The pictures come labelled without the
people that COCO gave no keypoints, so somebody found in a background may count as a false alarm,
for both sides alike.

An answer's score is how sure the network is of the person times the mean visibility of the points.
Tasks does not tell the first, so there it is the second alone, which only its AP depends on.
Recall at equal precision is the best recall that some least score of ours gives while precision is
at least that of Tasks as it comes; a variant with higher `min_score`s at the second look tells more
than the score alone.

A variant is a name, or `name: option=value, …`: options of the graph as for `--set`, and `people`.

Ends with exit code 0 if one of the variants has 1.5 times the recall of Tasks at equal precision, 1
if none has, 2 if it could not be measured; with `--skip-reference` nothing is judged.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.frame_sets import DATA
from benchmarks.keypoint_ap import MOST, PeopleScore, judge_pictures, require_pycocotools
from benchmarks.machine import describe
from benchmarks.reference.answers import Found
from benchmarks.reference.implementations import newest_tasks
from benchmarks.reference.people import TasksPeople
from benchmarks.report import check_writable, write_json
from blazetrack.errors import BlazetrackError, InputError
from blazetrack.graph import parse_set
from blazetrack.pipeline import PoseTracker
from blazetrack.sources import open_source
from blazetrack.types import Frame

__all__ = ["VARIANTS", "Variant", "main", "parse_variant"]

NUM_POSES = 6
PACKAGES = ("blazetrack", "numpy", "opencv-python", "ai-edge-litert", "pycocotools")
TIMES = 1.5
"""Our recall by theirs, at equal precision."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to run ours.

    Attributes:
        name: for the table.
        people: at most in one picture.
        options: `{"node.option": value}`.
    """

    name: str
    people: int = MOST
    options: dict[str, Any] = field(default_factory=dict)


SURE = {"again.tiles": 3, "detect2.min_score": 0.75, "marks2.min_score": 0.97}
VARIANTS = (
    Variant("one look"),
    Variant("2 tiles", options={"again.tiles": 2}),
    Variant("3 tiles, sure", options=SURE),
)
"""The usual ones; tiles are the squares along the longer side that are looked into as well."""


def main(
    data: Annotated[
        Path, typer.Option(help="Folder with coco_dev/.", show_default="../shared/data")
    ] = DATA,
    variants: Annotated[
        list[str] | None,
        typer.Option("--variant", help="Instead of the usual ones: 'name: node.option=value, …'."),
    ] = None,
    graph: Annotated[str, typer.Option(help="Our graph.")] = "pose_image",
    height: Annotated[float, typer.Option(help="People less high, in px, do not count.")] = 96.0,
    pictures: Annotated[int, typer.Option(min=0, help="Only the first ones; 0 is all.")] = 0,
    newest: Annotated[
        str, typer.Option(help="Version for Tasks.", show_default="the newest published")
    ] = "",
    skip_reference: Annotated[bool, typer.Option(help="Only blazetrack.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write it here.")] = None,
) -> None:
    """Find the people of crowded pictures, beside MediaPipe Tasks."""
    console = Console()
    try:
        check_writable(json_file)
        require_pycocotools()
        chosen = [parse_variant(text) for text in variants] if variants else list(VARIANTS)
        folder = data / "coco_dev"
        labels = read_labels(folder, pictures)
        scores: dict[str, PeopleScore] = {}
        with Console(stderr=True).status("pictures") as status:
            if not skip_reference:
                status.update("Tasks")
                name, found = ask_tasks(folder, labels, newest)
                scores[name] = judge_pictures(labels, found, height)
            theirs = next(iter(scores.values()), None)
            for variant in chosen:
                status.update(variant.name)
                found = ask_ours(folder, labels, graph, variant)
                scores[variant.name] = judge_pictures(labels, found, height)
        console.print(table(scores, theirs, len(labels["images"]), height))
        write_json(json_file, report(chosen, graph, scores, theirs))
    except BlazetrackError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    reached = theirs is None or any(
        (ratio or 0.0) >= TIMES for ratio in (times(score, theirs) for score in scores.values())
    )
    raise SystemExit(0 if reached else 1)


def parse_variant(text: str) -> Variant:
    """`name: option=value, …`; `people` is the most in one picture, the rest is the graph's.

    Raises:
        BlazetrackError: it does not read so.
    """
    name, _, rest = text.partition(":")
    people, options = MOST, {}
    for part in filter(None, map(str.strip, rest.split(","))):
        if part.startswith("people="):
            if not part[7:].isdecimal():
                raise InputError(f"--variant {text!r}: people: expected a whole number")
            people = int(part[7:])
        else:
            key, value = parse_set(part)
            options[key] = value
    return Variant(name.strip(), people, options)


def read_labels(folder: Path, pictures: int = 0) -> dict[str, Any]:
    """The labels of the first pictures, 0 being all.

    Raises:
        InputError: the folder is not there.
    """
    path = folder / "person_keypoints.json"
    if not path.is_file():
        raise InputError(f"coco_people: no {path}: it is no part of the project; name its --data")
    labels: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    images = labels["images"][: pictures or None]
    known = {image["id"] for image in images}
    people = [one for one in labels["annotations"] if one["image_id"] in known]
    return {"images": images, "annotations": people, "categories": labels["categories"]}


def ask_tasks(folder: Path, labels: dict[str, Any], newest: str) -> tuple[str, dict[int, Found]]:
    """Name of the side, and picture's id → who Tasks finds."""
    with tempfile.TemporaryDirectory(prefix="blazetrack-people-") as name:
        bundle = Path(name) / "pose_full.task"
        number, python = newest_tasks(bundle, newest)
        with closing(TasksPeople(python, bundle, NUM_POSES)) as tasks:
            found = _ask(folder, labels, lambda frame: tasks(frame.image))
    return f"tasks {number}", found


def ask_ours(
    folder: Path, labels: dict[str, Any], graph: str, variant: Variant
) -> dict[int, Found]:
    """Picture's id → who we find."""

    def ask(frame: Frame) -> Found:
        tracker.reset()
        return Found.of(tracker(frame))

    options = variant.options
    with PoseTracker(graph=graph, people=variant.people, options=options) as tracker:
        return _ask(folder, labels, ask)


def _ask(folder: Path, labels: dict[str, Any], ask: Callable[[Frame], Found]) -> dict[int, Found]:
    return {number: ask(frame) for number, frame in _frames(folder, labels)}


def _frames(folder: Path, labels: dict[str, Any]) -> Iterator[tuple[int, Frame]]:
    for image in labels["images"]:
        with open_source(folder / "images" / image["file_name"]) as source:
            yield from ((int(image["id"]), frame) for frame in source)


def times(ours: PeopleScore, theirs: PeopleScore) -> float | None:
    """Our recall by theirs at their precision; None where that precision is out of reach."""
    point = ours.at_precision(theirs.precision)
    return None if point is None or not theirs.recall else point[0] / theirs.recall


def table(
    scores: dict[str, PeopleScore], theirs: PeopleScore | None, pictures: int, height: float
) -> Table:
    """One row per side; ratios are to Tasks."""
    people = next(iter(scores.values())).people
    out = Table(title=f"{pictures} pictures, {people} people of {height:g} px or more")
    out.add_column("", no_wrap=True)
    for name in (
        "AP",
        "AP50",
        "recall",
        "pre-\ncision",
        "recall at\ntheir pre-\ncision",
        "by theirs",
    ):
        out.add_column(name, justify="right")
    for name, score in scores.items():
        cells = [f"{v:.3f}" for v in (score.ap, score.ap50, score.recall, score.precision)]
        if theirs is not None and score is not theirs:
            point, ratio = score.at_precision(theirs.precision), times(score, theirs)
            cells.append("–" if point is None else f"{point[0]:.3f}")
            cells.append("–" if ratio is None else f"{ratio:.2f}")
        out.add_row(name, *cells)
    return out


def report(
    variants: list[Variant],
    graph: str,
    scores: dict[str, PeopleScore],
    theirs: PeopleScore | None,
) -> dict[str, Any]:
    """The report for programs."""
    settings = {one.name: {"people": one.people, "options": one.options} for one in variants}
    sides = {}
    for name, score in scores.items():
        point = None if theirs is None else score.at_precision(theirs.precision)
        equal = None if point is None else {"recall": point[0], "score": point[1]}
        sides[name] = {
            **settings.get(name, {"people": NUM_POSES}),
            "ap": score.ap,
            "ap50": score.ap50,
            "labelled people": score.people,
            "recall": score.recall,
            "precision": score.precision,
            "at their precision": equal,
        }
    packages = {name: version(name) for name in PACKAGES}
    return {"graph": graph, "machine": describe(), "packages": packages, "sides": sides}


if __name__ == "__main__":
    typer.run(main)
