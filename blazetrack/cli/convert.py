"""`blazetrack convert`: the recording of a run in other formats, filled and filtered."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blazetrack.cli.options import echo, log
from blazetrack.cli.run_options import Angles
from blazetrack.common.files import expand, is_same_file
from blazetrack.errors import InputError, SinkError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blazetrack.recording import Recording
    from blazetrack.sinks import Sink

__all__ = ["convert"]

ENDINGS = (".jsonl", ".csv", ".parquet", ".trc", ".mot", ".bvh", ".json")


def convert(
    file: Annotated[Path, typer.Argument(help="A .jsonl of `blazetrack run`.")],
    out: Annotated[
        list[str],
        typer.Option("--out", "-o", help=f"Write FILE: {', '.join(ENDINGS)}. Repeatable."),
    ],
    ids: Annotated[
        list[int] | None,
        typer.Option("--id", help="Only this person; repeatable.", show_default="all"),
    ] = None,
    max_gap: Annotated[
        float | None,
        typer.Option(
            min=0.001, help="Fill gaps of up to so many seconds.", show_default="fill none"
        ),
    ] = None,
    low_pass: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            help="Filter without delay; cutoff in Hz, 6 for walking.",
            show_default="no filter",
        ),
    ] = None,
    angle: Angles = None,
) -> None:
    """Write the recording of a run in other formats; fill gaps and filter it if wanted.

    blazetrack convert poses.jsonl --out walk.trc --out walk.bvh

    blazetrack convert poses.jsonl --out smooth.jsonl --max-gap 0.5 --low-pass 6
    """
    from blazetrack.cli.checks import check_angles
    from blazetrack.clip_filter import count_gaps, fill_gaps
    from blazetrack.clip_filter import low_pass as filter_recording
    from blazetrack.recording import read_recording
    from blazetrack.sinks import open_sink

    file = expand(file)
    _check_outs(file, out)
    angles = check_angles(angle, out)
    recording = read_recording(file)
    for line in recording.warnings:
        log(f"warning: {line}")
    recording = _select(recording, ids or [])
    if recording.skeleton is None:
        raise InputError(f"{file}: names no known keypoint set; convert a recording of blazetrack")
    sinks = [open_sink(name, skeleton=recording.skeleton, angles=angles) for name in out]
    _check_fit(recording, sinks)
    if max_gap is not None:
        gaps, frames = count_gaps(recording)
        recording = fill_gaps(recording, max_gap)
        left, frames_left = count_gaps(recording)
        echo(f"gaps filled: {gaps - left} ({frames - frames_left} frames), left: {left}")
    if low_pass is not None:
        recording = filter_recording(recording, low_pass)
    _write(recording, sinks)


def _check_outs(file: Path, outs: Sequence[str]) -> None:
    for place, name in enumerate(outs):
        ending = os.path.splitext(name)[1].lower()
        if ending not in ENDINGS:
            raise SinkError(
                f"--out {name}: expected a file that ends in {' '.join(ENDINGS)}; a recording has "
                f"no pictures; {did_you_mean(ending, ENDINGS)}"
            )
        for other in (str(file), *outs[:place]):
            if is_same_file(name, other):
                raise SinkError(f"--out {name}: is the same file as {other}; choose another name")


def _select(recording: Recording, ids: Sequence[int]) -> Recording:
    known = recording.people
    for number in ids:
        if number not in known:
            listed = ", ".join(map(str, known)) or "none"
            raise InputError(f"{recording.name}: no person has the id {number}; known: {listed}")
    chosen = {number: known[number] for number in known if not ids or number in ids}
    return replace(recording, people=chosen)


def _check_fit(recording: Recording, sinks: Sequence[Sink]) -> None:
    """Refuse a format that needs more than there is, before anything is written."""
    for sink in sinks:
        if sink.needs_world and recording.people and not recording.has_world:
            raise SinkError(
                f"{sink.name}: expected world landmarks in metres, but {recording.name} has none; "
                "write a .csv or .jsonl"
            )
        if sink.needs_world and len({*recording.files}) > 1:
            raise SinkError(
                f"{sink.name}: holds the movement of one clip, but {recording.name} has pictures "
                "or several clips; write a .csv or .jsonl"
            )


def _write(recording: Recording, sinks: Sequence[Sink]) -> None:
    from contextlib import ExitStack

    from blazetrack.recording import replay

    with ExitStack() as stack:
        for sink in sinks:
            stack.enter_context(sink)
        for frame, poses in replay(recording):
            for sink in sinks:
                sink.write(frame, poses)
    for sink in sinks:
        for line in sink.warnings:
            log(f"warning: {line}")
        for name in sink.written:
            echo(f"wrote {name}")
