"""The arithmetic and the verdicts of the parity report, without the reference."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.differences import CLIP_LIMITS, STATIC_LIMITS, Check, compare, judge
from benchmarks.frame_sets import FrameSet
from benchmarks.parity import Section, measure, report
from benchmarks.reference.answers import Answers


def answers(frames: int = 4, detector_runs: int | None = 1) -> Answers:
    rng = np.random.default_rng(3)
    return Answers(
        np.ones(frames, bool),
        rng.uniform(0, 500, (frames, 33, 3)),
        rng.uniform(-1, 1, (frames, 33, 3)),
        rng.uniform(0, 1, (frames, 33)),
        detector_runs,
    )


def without(base: Answers, row: int) -> Answers:
    """The same answers, but nobody found in one frame."""
    found, points = base.found.copy(), base.landmarks_px.copy()
    world, visibility = base.world_m.copy(), base.visibility.copy()
    found[row] = False
    points[row] = world[row] = visibility[row] = np.nan
    return Answers(found, points, world, visibility, base.detector_runs)


def moved(base: Answers, **shift: float) -> Answers:
    """The same answers, one landmark of one frame elsewhere."""
    points = base.landmarks_px.copy()
    points[1, 7] += [shift.get("x", 0.0), shift.get("y", 0.0), shift.get("z", 0.0)]
    return replace(base, landmarks_px=points)


def failed(checks: list[Check]) -> list[str]:
    return [check.name for check in checks if not check.passed]


def test_equal_answers_pass_every_limit() -> None:
    differences = compare(answers(), answers())
    assert failed(judge(differences, STATIC_LIMITS)) == []
    assert failed(judge(differences, CLIP_LIMITS)) == []


def test_a_landmark_is_apart_by_its_distance_in_the_picture() -> None:
    differences = compare(moved(answers(), x=3.0, y=-4.0, z=9.0), answers())
    assert differences["xy max px"] == pytest.approx(5.0)
    assert differences["z max px"] == pytest.approx(9.0)
    assert differences["xy median px"] == 0.0


def test_one_landmark_too_far_fails_pictures_but_not_a_clip() -> None:
    differences = compare(moved(answers(), x=0.051), answers())
    assert failed(judge(differences, STATIC_LIMITS)) == ["xy max px"]
    assert failed(judge(differences, CLIP_LIMITS)) == []


def test_depth_is_printed_and_not_judged() -> None:
    assert failed(judge(compare(moved(answers(), z=2.0), answers()), STATIC_LIMITS)) == []


def test_somebody_found_by_one_side_only_fails() -> None:
    differences = compare(without(answers(), 2), answers())
    assert differences["found apart"] == 1
    assert differences["found by both"] == 3
    assert differences["xy max px"] == 0.0
    assert failed(judge(differences, STATIC_LIMITS)) == ["found apart"]


def test_nothing_to_compare_is_not_agreement() -> None:
    nobody = without(answers(frames=1), 0)
    names = failed(judge(compare(nobody, nobody), STATIC_LIMITS))
    assert names == ["xy max px", "world max m", "visibility max"]


def test_a_hole_in_the_landmarks_is_not_agreement() -> None:
    differences = compare(moved(answers(), x=float("nan")), answers())
    assert failed(judge(differences, STATIC_LIMITS)) == ["xy max px"]


def test_another_number_of_detector_runs_fails_a_clip() -> None:
    differences = compare(answers(detector_runs=2), answers(detector_runs=1))
    assert failed(judge(differences, CLIP_LIMITS)) == ["detector runs apart"]


def test_detector_runs_that_nobody_counted_fail_a_clip() -> None:
    differences = compare(answers(detector_runs=2), answers(detector_runs=None))
    assert failed(judge(differences, CLIP_LIMITS)) == ["detector runs apart"]


def test_another_number_of_frames_is_refused() -> None:
    with pytest.raises(ValueError, match="4 frames against 3"):
        compare(answers(4), answers(3))


def test_a_set_whose_files_are_absent_is_skipped_with_the_reason(tmp_path) -> None:
    absent = FrameSet("clip", False, lambda: iter(()), tmp_path / "clip.mp4")
    (section,) = measure(absent)
    assert section.passed
    assert section.skipped == f"no {tmp_path / 'clip.mp4'}"


def test_the_json_report_holds_no_nan() -> None:
    checks = tuple(judge({"xy max px": float("nan"), "found apart": 0.0}, {"xy max px": 0.05}))
    sections = [Section("pictures", "mediapipe_legacy", checks), Section("a", "b", skipped="no a")]
    text = json.dumps(report(sections), allow_nan=False)
    assert json.loads(text)["passed"] is False
    assert json.loads(text)["sections"][0]["checks"][0]["value"] is None
