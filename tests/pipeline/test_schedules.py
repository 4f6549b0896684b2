"""The threaded schedule writes what the serial one writes, to the byte."""

from __future__ import annotations

from pathlib import Path

from blazetrack.pipeline import PoseTracker
from blazetrack.runner import Schedule, run
from blazetrack.sinks import open_sink
from blazetrack.sources import open_source
from blazetrack.store import Store


def outputs(folder: Path, schedule: Schedule, store: Store) -> dict[str, bytes]:
    folder.mkdir()
    names = [folder / name for name in ("a.mp4", "a.jsonl", "a.csv")]
    source = open_source("synthetic?scene=leaves&frames=60&size=320x240")
    with source, PoseTracker(store=store, threads=1) as tracker:
        report = run(source, tracker, [open_sink(name) for name in names], schedule=schedule)
    assert report.frames == 60
    assert not report.dropped
    return {name.name: name.read_bytes() for name in names}


def test_threaded_outputs_equal_serial_outputs(weights: Store, tmp_path: Path) -> None:
    serial = outputs(tmp_path / "serial", "serial", weights)
    threaded = outputs(tmp_path / "threaded", "threaded", weights)
    assert [name for name in serial if threaded[name] != serial[name]] == []
