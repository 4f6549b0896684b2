"""`benchmarks.crowds` with trackers that return the truth; no weights, no MediaPipe."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

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
    summary,
    summary_table,
)
from benchmarks.reference.results import FrameResult
from benchmarks.reference.tasks_landmarker import TasksLandmarker
from blazetrack.errors import BlazetrackError, SourceError
from blazetrack.skeleton import BLAZEPOSE33, COCO18
from blazetrack.sources import open_source
from blazetrack.types import Frame

TEXT = "synthetic:exercises?frames=4&size=320x240"


class PerfectTracker:
    """Returns the truth; with `new_ids` another id in each frame."""

    def __init__(self, new_ids: bool = False) -> None:
        self._source: Any = open_source(TEXT)
        self._new_ids = new_ids
        self.detector_runs, self.seconds, self.closed = 0, (0.1, 1.0), False

    def __call__(self, frame: Frame) -> FrameResult:
        truth = self._source.truth(frame.index)
        self.detector_runs += 1
        ids = truth.ids + frame.index if self._new_ids else truth.ids
        return FrameResult(truth.landmarks_px, np.ones(len(truth)), ids)

    def close(self) -> None:
        self.closed = True


def test_frame_result_of_other_keypoints_leaves_the_rest_unknown(people: Any) -> None:
    found = replace(people((7, 7, 3), keypoints=len(COCO18)), skeleton=COCO18)
    points = FrameResult.from_poses(found).landmarks_px
    assert points.shape == (1, 33, 2)
    assert points[0, BLAZEPOSE33.index("left_knee")].tolist() == [7.0, 7.0]
    assert np.isnan(points[0, BLAZEPOSE33.index("left_heel")]).all()


@pytest.fixture(scope="module")
def clips() -> dict[str, list[Clip]]:
    done = run_clip(
        TEXT, 7, {OURS: PerfectTracker, "tasks 1": lambda: PerfectTracker(new_ids=True)}
    )
    return {name: [clip] for name, clip in done.items()}


def test_run_clip_scores_and_closes_every_tracker() -> None:
    tracker = PerfectTracker()
    clip = run_clip(TEXT, 7, {"one": lambda: tracker})["one"]
    assert (clip.seed, clip.people, clip.frames, clip.detector_runs) == (7, 1, 4, 4)
    assert clip.score.identity["IDF1"] == 1.0
    assert tracker.closed


def test_clip_line_lists_the_errors(clips: dict[str, list[Clip]]) -> None:
    line = clip_line("tasks 1", clips["tasks 1"][0])
    assert line.startswith("seed  7  1 people  tasks 1")
    assert "IDF1 0.250  ID switches   3  missed   0  false   0" in line


def test_holds_compares_with_the_limits(clips: dict[str, list[Clip]]) -> None:
    ours, theirs = (summary(clips[name]) for name in (OURS, "tasks 1"))
    assert all(holds(name, ours) for name in LIMITS)
    assert [name for name in LIMITS if not holds(name, theirs)] == ["IDF1", "ID switches per clip"]


def test_summary_table_has_one_column_per_tracker(clips: dict[str, list[Clip]]) -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(summary_table({name: summary(done) for name, done in clips.items()}, "title"))
    text = console.export_text()
    assert "…" not in text
    (row,) = [line for line in text.splitlines() if "IDF1" in line]
    assert [cell.strip() for cell in row.strip("│").split("│")] == [
        "IDF1", "1.000", "0.250", "≥ 0.97", "yes",
    ]  # fmt: skip


def test_report_lists_every_clip(clips: dict[str, list[Clip]]) -> None:
    sums = {name: summary(done) for name, done in clips.items()}
    text = json.dumps(report(TEXT, clips, sums), allow_nan=False)
    trackers = json.loads(text)["trackers"]
    assert trackers["tasks 1"]["clips"][0]["ID switches"] == 3
    assert trackers[OURS]["all"]["IDF1"] == 1.0


def test_summary_without_network_time_omits_its_share() -> None:
    tracker = PerfectTracker()
    tracker.seconds = None
    clip = run_clip(TEXT, 7, {"one": lambda: tracker})["one"]
    assert "detector share of network time" not in summary([clip])
    assert summary([clip])["frames with detector run"] == 1.0


def test_fill_sets_seed_people_and_frames() -> None:
    text = "synthetic:crowd?people={people}&seed={seed}&frames={frames}"
    assert fill(text, 3, 10.0) == "synthetic:crowd?people=5&seed=3&frames=300"


def test_fill_source_without_truth_is_refused() -> None:
    with pytest.raises(SourceError, match=r"expected a synthetic source, .* got 'clip\.mp4'"):
        fill("clip.mp4", 0, 1.0)


def test_tasks_landmarker_that_does_not_start_is_one_line(tmp_path: Path) -> None:
    image = np.zeros((8, 8, 3), np.uint8)
    tasks = TasksLandmarker(Path(sys.executable), tmp_path / "none.task", 6)
    with pytest.raises(BlazetrackError, match=r"serve_tasks\.py ended with 1: "):
        tasks(image)
    tasks.close()
