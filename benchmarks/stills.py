"""PCK@0.2 of the whole pipeline on pictures and clips, beside `solutions.pose` of MediaPipe.

    python -m benchmarks.stills [--model NAME[+DETECTOR]]... [--graph NAME] [--set KEY=VALUE]...
    python -m benchmarks.stills --clips

Nothing is aligned by labels: a person who is not found counts as wrong with all keypoints. PCK
counts a keypoint within 0.2 of the torso, the mean of its two labelled diagonals (column `short`:
the shorter one, stricter for people seen from the side); only keypoints that labels and model have
in common, and only people with a fully labelled torso. A picture counts as found if it has a pose,
wherever that is. The data sets are those of `labelled_frames`.

Pictures are independent: blazetrack is reset before each, MediaPipe runs with
`static_image_mode`. Clips run twice: tracked, each clip from a fresh start (blazetrack in the graph
of `--track-graph`), and frame by frame like pictures. Unsteadiness is the second difference of the
error, see `FrameScores`; it covers the frames that an implementation found, so compare it together
with their number.

Exit code 0 after a measurement, 2 if it could not be measured. MediaPipe's `lite` and `heavy` come
through npm; without npm their rows are skipped with a message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.frame_sets import DATA
from benchmarks.labelled_frames import (
    STILLS,
    FrameScores,
    open_clips,
    open_stills,
    score_frames,
)
from benchmarks.machine import describe_machine, package_versions
from benchmarks.model_names import parse_model
from benchmarks.reference.environment import MEDIAPIPE
from benchmarks.report import check_writable, exit_2_on_error, write_json
from benchmarks.stills_runs import (
    Column,
    Implementation,
    options_of,
    reference_name,
    references,
    run_all,
    run_blazetrack,
)
from blazetrack.graph import parse_set
from models.common.tables import Style, print_table

__all__ = ["main", "report", "table"]

Results = dict[str, dict[str, FrameScores]]


def main(
    data: Annotated[
        Path, typer.Option(help="Folder of the data sets.", show_default="../shared/data")
    ] = DATA,
    clips: Annotated[
        bool, typer.Option("--clips", help="The clips of clips_dev, in place of pictures.")
    ] = False,
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--model", help="NAME or FILE[+DETECTOR]; repeat it. [default: full, blaze_lite]"
        ),
    ] = None,
    detector: Annotated[
        str | None, typer.Option(help="Of models without +DETECTOR; by default their own.")
    ] = None,
    graph: Annotated[str, typer.Option(help="For pictures, and clips frame by frame.")] = (
        "pose_image"
    ),
    track_graph: Annotated[str, typer.Option(help="For clips as clips.")] = "pose",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="node.option=value, for each graph with that node."),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=0, help="Only the first N pictures of a set, or clips; 0 is all.")
    ] = 0,
    skip_reference: Annotated[bool, typer.Option(help="Only blazetrack.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write it here.")] = None,
) -> None:
    """Judge the whole pipeline on pictures or clips, beside MediaPipe."""
    errors = Console(stderr=True)
    with exit_2_on_error():
        check_writable(json_file)
        graphs = [graph, track_graph] if clips else [graph]
        options = options_of(graphs, dict(parse_set(text) for text in settings or ()))
        compared: dict[str, Implementation] = {
            text: partial(run_blazetrack, *parse_model(text, detector), options)
            for text in models or ("full", "blaze_lite")
        }
        reference, skipped = ([], None) if skip_reference else references()
        results: Results = {name: {} for name in (*compared, *map(reference_name, reference))}
        with errors.status("reading") as status:
            for column in (
                _clip_columns(data, graphs, limit) if clips else _still_columns(data, graph, limit)
            ):
                for name, predictions in run_all(column, compared, reference, status.update):
                    results[name][column.title] = score_frames(
                        column.clips, predictions, consecutive=column.consecutive
                    )
        print_table(*table(results), Style.markdown if markdown else Style.rich)
        if skipped:
            errors.print(f"skipped: {skipped}", soft_wrap=True, markup=False)
        write_json(json_file, report(results, graphs, options, skipped))


def _still_columns(data: Path, graph: str, limit: int) -> Iterator[Column]:
    for name in STILLS:
        yield Column(name, [open_stills(name, data, limit)], graph, True, False)


def _clip_columns(data: Path, graphs: Sequence[str], limit: int) -> Iterator[Column]:
    clips = open_clips(data, limit)
    graph, track_graph = graphs
    yield Column("tracked", clips, track_graph, False, True)
    yield Column("frame by frame", clips, graph, True, True)


def table(results: Results) -> tuple[list[str], list[list[str]]]:
    """Heads and rows; the cells of a column depend on its labels."""
    heads, rows = [""], [[name] for name in results]
    first = next(iter(results.values()))
    for title, one in first.items():
        scores = [columns[title] for columns in results.values()]
        cells = {f"{title}: found": [f"{s.found} of {s.frames}" for s in scores]}
        if one.pck is not None:
            cells["PCK@0.2"] = [_number(s.pck) for s in scores]
            cells["short"] = [_number(s.pck_short) for s in scores]
        if any(s.unsteadiness is not None for s in scores):
            cells["unsteadiness: median"] = [_number(s.unsteadiness) for s in scores]
            cells["mean"] = [_number(s.mean_unsteadiness) for s in scores]
        heads += cells
        for i, row in enumerate(rows):
            row += [column[i] for column in cells.values()]
    return heads, rows


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def report(
    results: Results,
    graphs: Sequence[str],
    options: Mapping[str, dict[str, Any]],
    skipped: str | None,
) -> dict[str, Any]:
    """The JSON report."""
    return {
        "reference": MEDIAPIPE,
        "graphs": {graph: options[graph] for graph in graphs},
        "machine": describe_machine(),
        "packages": package_versions(),
        "skipped": skipped,
        "results": {
            name: {title: asdict(scores) for title, scores in columns.items()}
            for name, columns in results.items()
        },
    }


if __name__ == "__main__":
    typer.run(main)
