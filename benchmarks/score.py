"""Whether the score of a pose is a probability: AUROC, calibration, orientations; and its fit.

    python -m benchmarks.score [--model NAME[+DETECTOR]]... [--plot FILE]
    python -m benchmarks.score --fit --model NAME

A score is that a pose is right, by the rules of `right_poses`. Measured is the whole pipeline: the
graph `pose_image` with all its poses on the pictures of `coco_dev` and `no_person`, and
`pose_multi` on clips of `benchmarks.crowds`, every tenth frame. AUROC is the probability that a
right pose scores higher than a wrong one; the calibration error is the mean over poses of the
difference between mean score and share of right poses, in ten bins of the score. Column
`orientations`: share of people in `lspet_whole` and `coco_dev` for whom, of four orientations, that
nearest to their own scores highest.

With `--fit` it prints coefficients for the model's card, fitted to `coco_train` and to drawn crowds
of other seeds.

Exit code 0 if the limits hold for every model, 1 if not, 2 if it could not be measured.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.calibration import Scored, auroc, calibration_error, draw_reliability
from benchmarks.frame_sets import DATA
from benchmarks.machine import describe_machine
from benchmarks.model_names import parse_model
from benchmarks.report import check_writable, exit_2_on_error, write_json
from benchmarks.right_poses import crowd_frames, empty_pictures, labelled_pictures
from benchmarks.score_fit import coefficients_text, fit_coefficients
from benchmarks.score_samples import Looker, Samples, sample_poses
from benchmarks.scored_poses import orientation_share, score_poses
from blazetrack.pipeline import PoseTracker
from models.common.tables import Style, print_table
from models.evaluate.datasets import open_evaluation_set

__all__ = ["MAX_ERROR", "MIN_AUROC", "main"]

MIN_AUROC, MAX_ERROR = 0.9, 0.05
MODELS = ("lite", "full", "heavy", "blaze_lite", "blaze_full")
PEOPLE = 6
FIT_SEEDS = 1000  # seeds of the crowds of the fit, behind those of the benchmarks

Result = dict[str, Any]


def main(
    data: Annotated[
        Path, typer.Option(help="Folder of the data sets.", show_default="../shared/data")
    ] = DATA,
    models: Annotated[
        list[str] | None,
        typer.Option("--model", help="NAME or FILE[+DETECTOR]; repeat it. [default: all]"),
    ] = None,
    fit: Annotated[bool, typer.Option("--fit", help="Fit coefficients.")] = False,
    step: Annotated[int, typer.Option(min=1, help="Every N-th picture of the fit.")] = 3,
    clips: Annotated[int, typer.Option(min=0, help="Crowds.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of a crowd.")] = 5.0,
    people: Annotated[
        int, typer.Option(min=1, help="People for the orientations, of each set.")
    ] = 150,
    plot: Annotated[Path | None, typer.Option(help="Write a reliability diagram.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write it here.")] = None,
) -> None:
    """Judge the score of poses, or fit it."""
    status = Console(stderr=True)
    with exit_2_on_error():
        check_writable(json_file)
        chosen = {text: parse_model(text) for text in models or MODELS}
        if fit:
            for name, (model, detector) in chosen.items():
                print(f"{name}:", coefficients_text(fit_model(model, detector, data, step, clips)))
            return
        results: dict[str, Result] = {}
        together: dict[str, Scored] = {}
        for name, (model, detector) in chosen.items():
            with status.status(name):
                sets = scored_sets(model, detector, data, clips, seconds)
                share = _orientations(model, detector, data, people)
            together[name] = Scored.joined(*sets.values())
            results[name] = {
                **{title: _figures(one) for title, one in {**sets, "all": together[name]}.items()},
                "orientations": share,
            }
        print_table(*table(results), Style.markdown if markdown else Style.rich)
        if plot is not None:
            draw_reliability(together, plot)
        write_json(json_file, {"machine": describe_machine(), "results": results})
    raise SystemExit(0 if all(_holds(one["all"]) for one in results.values()) else 1)


def fit_model(
    model: str, detector: str | None, data: Path, step: int, clips: int
) -> dict[str, float]:
    """Coefficients of a model."""
    with closing(Looker(model, detector)) as looker:
        pictures = labelled_pictures(data / "coco_train" / "pictures.json", step)
        drawn = crowd_frames(range(FIT_SEEDS, FIT_SEEDS + 2 * clips), 10.0, fps=2)
        return fit_coefficients(
            Samples.joined(
                [
                    *sample_poses(looker, pictures),
                    *sample_poses(looker, drawn, weight=0.5, provoke=False),
                ]
            )
        )


def scored_sets(
    model: str, detector: str | None, data: Path, clips: int, seconds: float
) -> dict[str, Scored]:
    """Data set → scores of the pipeline."""
    pictures = {
        "coco_dev": labelled_pictures(data / "coco_dev" / "person_keypoints.json"),
        "no_person": empty_pictures(data / "no_person"),
    }
    out = {}
    for title, frames in pictures.items():
        options = {"min_pose_score": 0.0}
        with PoseTracker(
            model, detector=detector, graph="pose_image", people=PEOPLE, options=options
        ) as tracker:
            out[title] = score_poses(tracker, frames)
    with PoseTracker(model, detector=detector, people=PEOPLE) as tracker:
        out["crowds"] = score_poses(tracker, crowd_frames(range(clips), seconds))
    return out


def _orientations(model: str, detector: str | None, data: Path, people: int) -> float:
    with closing(Looker(model, detector)) as looker:
        samples = [
            one
            for name in ("lspet_whole", "coco_dev")
            for one in open_evaluation_set(name, data, people).samples
        ]
        return orientation_share(looker, samples)


def _figures(scored: Scored) -> Result:
    count = len(scored)
    return {
        "poses": count,
        "right": float(scored.right.mean()) if count else None,
        "auroc": auroc(scored) if 0 < scored.right.sum() < count else None,
        "calibration error": calibration_error(scored),
    }


def _holds(figures: Result) -> bool:
    area = figures["auroc"]
    return area is not None and area >= MIN_AUROC and figures["calibration error"] <= MAX_ERROR


def table(results: dict[str, Result]) -> tuple[list[str], list[list[str]]]:
    """Heads and rows."""
    heads = ["", "set", "poses", "right", "AUROC", "calibration error", "orientations"]
    rows = []
    for name, sets in results.items():
        share = sets["orientations"]
        for title, one in sets.items():
            if title == "orientations":
                continue
            keys = ("right", "auroc", "calibration error")
            cells = ["–" if one[key] is None else f"{one[key]:.3f}" for key in keys]
            last = f"{share:.3f}" if title == "all" else ""
            rows.append([name, title, str(one["poses"]), *cells, last])
    return heads, rows


if __name__ == "__main__":
    typer.run(main)
