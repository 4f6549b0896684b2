"""Evaluate models on one data set: landmark models and detectors, a table row each.

python -m models.evaluate full full:unrefined runs/blaze_lite blaze_lite.tflite --on lspet_dev
python -m models.evaluate full blaze_lite.tflite --on squats
python -m models.evaluate full --on mine/coco.json --markdown --sheet worst.png
python -m models.evaluate error_feedback.tflite --on lspet_dev --stages
python -m models.evaluate pose_detector detector.tflite --on coco_dev
python -m models.evaluate zoo --on lspet_dev --on coco_dev
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from blazetrack.errors import InputError, warn_renamed
from models.common import command
from models.common.tables import Style
from models.evaluate.datasets import DATA, open_evaluation_set
from models.evaluate.detectors import open_detection_set, print_detectors, score_detector
from models.evaluate.landmarks import (
    evaluate_landmarks,
    print_landmarks,
    write_sheets,
)
from models.evaluate.load_model import load_model
from models.evaluate.stages import evaluate_stages, print_stages, stage_scores
from models.evaluate.zoo import evaluate_zoo, print_zoo

__all__ = ["app"]

app = command.new_app("Evaluate landmark models or detectors on labelled people.")


@app.command()
def main(
    models: Annotated[list[str], typer.Argument(help="Names, files or folders of runs.")],
    on: Annotated[
        list[str],
        typer.Option(
            help="lspet_dev, lspet_whole, coco_dev, squats, no_person or a COCO .json."
            " Repeat it for several; zoo only."
        ),
    ],
    data: Annotated[Path, typer.Option(help="Folder of the data sets.")] = DATA,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Maximum number of people or images, evenly spaced.")
    ] = None,
    axis: Annotated[
        tuple[str, str] | None,
        typer.Option(help="Of a .json: two keypoints, the second above the first. Landmarks only."),
    ] = None,
    min_score: Annotated[float, typer.Option(help="Minimum score of a found person.")] = 0.5,
    threads: Annotated[int, typer.Option(min=1, help="Threads for TFLite.")] = 1,
    joints: Annotated[
        bool, typer.Option("--joints", help="Also PCK per keypoint. Landmarks only.")
    ] = False,
    stages: Annotated[
        bool, typer.Option("--stages", help="A row per stage of each .tflite file. Landmarks only.")
    ] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    sheet: Annotated[
        Path | None, typer.Option(help="PNG of each model's worst people. Landmarks only.")
    ] = None,
) -> None:
    """Evaluate models of one kind, one row each; `NAME:unrefined` leaves heatmaps unused.

    `zoo` alone is the table of all systems in models/weights/zoo, without a minimum score.
    """
    style = Style.json if as_json else Style.markdown if markdown else Style.rich
    if models == ["zoo"]:
        if joints or sheet:
            raise InputError("evaluate: --joints and --sheet take single models, not the zoo")
        _evaluate_zoo(on, data, limit, axis, threads, style)
        return
    if len(on) > 1:
        raise InputError("evaluate: several --on are for the zoo only: give one")
    (name,) = on
    if models[0] == "detector":
        warn_renamed("evaluate", "detector MODEL…", "MODEL…")
        models = models[1:]
    loaded = [load_model(name, threads) for name in models]
    kinds = {one.model.info.kind for one in loaded}
    if len(kinds) != 1:
        raise InputError("evaluate: expected models of one kind, got landmark models and detectors")
    if kinds == {"detector"}:
        if axis or joints or sheet or stages:
            raise InputError(
                "evaluate: --axis, --joints, --stages and --sheet are for landmark models only"
            )
        images = open_detection_set(name, data, limit)
        print(images.note, file=sys.stderr)
        rows = {one.label: score_detector(one, images, min_score) for one in loaded}
        print_detectors(rows, name, style)
        return
    people = open_evaluation_set(name, data, limit, axis)
    print(people.note, file=sys.stderr)
    if stages:
        staged = {one.label: evaluate_stages(one, people, min_score, threads) for one in loaded}
        results = [result for each in staged.values() for result in each.values()]
    else:
        staged = {}
        each = [evaluate_landmarks(one, people, min_score, threads) for one in loaded]
        results = [result for one in each for result in one]
    print_landmarks(results, name, style, joints)
    if style is not Style.json:
        print_stages([stage_scores(label, name, one) for label, one in staged.items()], style)
    if sheet is not None:
        write_sheets(sheet, results, people)


def _evaluate_zoo(
    on: list[str],
    data: Path,
    limit: int | None,
    axis: tuple[str, str] | None,
    threads: int,
    style: Style,
) -> None:
    rows = []
    for name in on:
        people = open_evaluation_set(name, data, limit, axis)
        print(people.note, file=sys.stderr)
        rows += evaluate_zoo(people, name, threads=threads)
    print_zoo(rows, style)


if __name__ == "__main__":
    command.run(app, "models.evaluate")
