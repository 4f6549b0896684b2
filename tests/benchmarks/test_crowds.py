"""The crowds' command around a side that knows the truth; no weights, no MediaPipe."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

pytest.importorskip("trackers", reason='pip install "blazetrack[benchmark]"')

from benchmarks.crowds import fill, run_clip
from benchmarks.crowds_report import (
    LIMITS,
    OURS,
    Clip,
    clip_line,
    holds,
    report,
    sum_table,
    summary,
)
from benchmarks.reference.answers import Found
from benchmarks.reference.people import TasksPeople
from blazetrack.errors import BlazetrackError, SourceError
from blazetrack.sources.synthetic import SyntheticSource
from blazetrack.types import Frame

TEXT = "synthetic:exercises?frames=4&size=320x240"


class Knowing:
    """A side that reads the truth; another id in each frame where `forgets`."""

    def __init__(self, forgets: bool = False) -> None:
        self._source, self._forgets = SyntheticSource.from_text(TEXT), forgets
        self.detector_runs, self.seconds, self.closed = 0, (0.1, 1.0), False

    def __call__(self, frame: Frame) -> Found:
        truth = self._source.truth(frame.index)
        self.detector_runs += 1
        ids = truth.ids + frame.index if self._forgets else truth.ids
        return Found(truth.landmarks_px, np.ones(len(truth)), ids)

    def close(self) -> None:
        self.closed = True


@pytest.fixture(scope="module")
def clips() -> dict[str, list[Clip]]:
    done = run_clip(TEXT, 7, {OURS: Knowing, "tasks 1": lambda: Knowing(forgets=True)})
    return {name: [clip] for name, clip in done.items()}


def test_every_side_sees_the_frames_and_is_judged_and_closed() -> None:
    side = Knowing()
    clip = run_clip(TEXT, 7, {"one": lambda: side})["one"]
    assert (clip.seed, clip.people, clip.frames, clip.detector_runs) == (7, 1, 4, 4)
    assert clip.score.identity["IDF1"] == 1.0
    assert side.closed


def test_the_line_of_a_clip_tells_what_went_wrong(clips: dict[str, list[Clip]]) -> None:
    line = clip_line("tasks 1", clips["tasks 1"][0])
    assert line.startswith("seed  7  1 people  tasks 1")
    assert "IDF1 0.250  switches   3  missed   0  false   0" in line


def test_limits_hold_or_do_not(clips: dict[str, list[Clip]]) -> None:
    ours, theirs = (summary(clips[name]) for name in (OURS, "tasks 1"))
    assert all(holds(name, ours) for name in LIMITS)
    assert [name for name in LIMITS if not holds(name, theirs)] == ["IDF1", "switches a clip"]


def test_the_table_stands_both_sides_beside_each_other(clips: dict[str, list[Clip]]) -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(sum_table({name: summary(done) for name, done in clips.items()}, "title"))
    text = console.export_text()
    assert "…" not in text
    (row,) = [line for line in text.splitlines() if "IDF1" in line]
    assert [cell.strip() for cell in row.strip("│").split("│")] == [
        "IDF1", "1.000", "0.250", "≥ 0.97", "yes",
    ]  # fmt: skip


def test_the_report_for_programs_holds_each_clip(clips: dict[str, list[Clip]]) -> None:
    sums = {name: summary(done) for name, done in clips.items()}
    text = json.dumps(report(TEXT, clips, sums), allow_nan=False)
    sides = json.loads(text)["sides"]
    assert sides["tasks 1"]["clips"][0]["switches"] == 3
    assert sides[OURS]["all"]["IDF1"] == 1.0


def test_what_a_side_cannot_tell_is_left_open(clips: dict[str, list[Clip]]) -> None:
    side = Knowing()
    side.seconds = None
    clip = run_clip(TEXT, 7, {"one": lambda: side})["one"]
    assert "detector's share of network time" not in summary([clip])
    assert summary([clip])["frames with the detector"] == 1.0


def test_a_clip_is_named_by_its_seed() -> None:
    text = "synthetic:crowd?people={people}&seed={seed}&frames={frames}"
    assert fill(text, 3, 10.0) == "synthetic:crowd?people=5&seed=3&frames=300"


def test_a_source_without_truth_is_refused() -> None:
    with pytest.raises(SourceError, match=r"expected a synthetic source, .* got 'clip\.mp4'"):
        fill("clip.mp4", 0, 1.0)


def test_a_reference_that_does_not_start_is_one_line(tmp_path: Path) -> None:
    image = np.zeros((8, 8, 3), np.uint8)
    tasks = TasksPeople(Path(sys.executable), tmp_path / "none.task", 6)
    with pytest.raises(BlazetrackError, match=r"run_people\.py ended with 1: "):
        tasks(image)
    tasks.close()
