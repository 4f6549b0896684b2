"""Differences, limits and report of `benchmarks.parity`, without the reference."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import parity
from benchmarks.differences import CLIP_LIMITS, STATIC_LIMITS, Check, check_limits, compare
from benchmarks.frame_sets import FrameSet
from benchmarks.parity import Section, measure, report
from benchmarks.reference.results import SequenceResult


def results(frames: int = 4, detector_runs: int | None = 1) -> SequenceResult:
    rng = np.random.default_rng(3)
    return SequenceResult(
        np.ones(frames, bool),
        rng.uniform(0, 500, (frames, 33, 3)),
        rng.uniform(-1, 1, (frames, 33, 3)),
        rng.uniform(0, 1, (frames, 33)),
        detector_runs,
    )


def without(base: SequenceResult, row: int) -> SequenceResult:
    """The same results without a person in one frame."""
    found, points = base.found.copy(), base.landmarks_px.copy()
    world, visibility = base.world_m.copy(), base.visibility.copy()
    found[row] = False
    points[row] = world[row] = visibility[row] = np.nan
    return SequenceResult(found, points, world, visibility, base.detector_runs)


def moved(base: SequenceResult, **shift: float) -> SequenceResult:
    """The same results with one landmark of one frame shifted."""
    points = base.landmarks_px.copy()
    points[1, 7] += [shift.get("x", 0.0), shift.get("y", 0.0), shift.get("z", 0.0)]
    return replace(base, landmarks_px=points)


def failed(checks: list[Check]) -> list[str]:
    return [check.name for check in checks if not check.passed]


def test_compare_equal_results_pass_every_limit() -> None:
    differences = compare(results(), results())
    assert failed(check_limits(differences, STATIC_LIMITS)) == []
    assert failed(check_limits(differences, CLIP_LIMITS)) == []


def test_compare_uses_image_distance() -> None:
    differences = compare(moved(results(), x=3.0, y=-4.0, z=9.0), results())
    assert differences["xy max px"] == pytest.approx(5.0)
    assert differences["z max px"] == pytest.approx(9.0)
    assert differences["xy median px"] == 0.0


def test_check_limits_one_outlier_fails_pictures_but_not_a_clip() -> None:
    differences = compare(moved(results(), x=0.051), results())
    assert failed(check_limits(differences, STATIC_LIMITS)) == ["xy max px"]
    assert failed(check_limits(differences, CLIP_LIMITS)) == []


def test_check_limits_depth_has_no_limit() -> None:
    assert failed(check_limits(compare(moved(results(), z=2.0), results()), STATIC_LIMITS)) == []


def test_check_limits_person_found_by_one_only_fails() -> None:
    differences = compare(without(results(), 2), results())
    assert differences["found by one only"] == 1
    assert differences["found by both"] == 3
    assert differences["xy max px"] == 0.0
    assert failed(check_limits(differences, STATIC_LIMITS)) == ["found by one only"]


def test_check_limits_without_common_person_fails() -> None:
    empty = without(results(frames=1), 0)
    names = failed(check_limits(compare(empty, empty), STATIC_LIMITS))
    assert names == ["xy max px", "world max m", "visibility max"]


def test_check_limits_nan_landmark_fails() -> None:
    differences = compare(moved(results(), x=float("nan")), results())
    assert failed(check_limits(differences, STATIC_LIMITS)) == ["xy max px"]


def test_check_limits_other_detector_runs_fail_a_clip() -> None:
    differences = compare(results(detector_runs=2), results(detector_runs=1))
    assert failed(check_limits(differences, CLIP_LIMITS)) == ["detector runs difference"]


def test_check_limits_unknown_detector_runs_fail_a_clip() -> None:
    differences = compare(results(detector_runs=2), results(detector_runs=None))
    assert failed(check_limits(differences, CLIP_LIMITS)) == ["detector runs difference"]


def test_compare_other_number_of_frames_is_refused() -> None:
    with pytest.raises(ValueError, match="4 frames against 3"):
        compare(results(4), results(3))


def test_measure_absent_files_are_skipped_with_the_reason(tmp_path) -> None:
    absent = FrameSet("clip", False, lambda: iter(()), tmp_path / "clip.mp4")
    sections = measure(absent)
    assert [section.model for section in sections] == ["lite", "full", "heavy"]
    assert all(section.passed for section in sections)
    assert {section.skipped for section in sections} == {f"no {tmp_path / 'clip.mp4'}"}


def test_measure_unavailable_model_is_skipped_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frames = FrameSet("a picture", True, lambda: iter([np.zeros((9, 9, 3), np.uint8)]))
    monkeypatch.setattr(parity, "track_with_tasks", lambda folder, model: results())
    monkeypatch.setattr(parity, "track_with_solutions", lambda folder, **options: results())
    monkeypatch.setattr(parity, "track_with_blazetrack", lambda *given, **options: results())
    sections = measure(frames, ["lite", "full"], {"lite": "no npm"})
    assert [(one.graph, one.model, one.skipped) for one in sections] == [
        ("mediapipe_legacy", "lite", "no npm"),
        ("mediapipe_legacy", "full", None),
        ("mediapipe_tasks", "lite", "no npm"),
        ("mediapipe_tasks", "full", None),
    ]
    assert all(one.passed for one in sections)


def test_main_unknown_model_exits_with_2() -> None:
    with pytest.raises(SystemExit) as end:
        parity.main(models=["ful"], only="pose.jpg")
    assert end.value.code == 2


def test_report_has_no_nan() -> None:
    checks = tuple(
        check_limits({"xy max px": float("nan"), "found by one only": 0.0}, {"xy max px": 0.05})
    )
    sections = [
        Section("pictures", "mediapipe_legacy", "full", checks),
        Section("a", "b", "lite", skipped="no a"),
    ]
    text = json.dumps(report(sections), allow_nan=False)
    assert json.loads(text)["passed"] is False
    assert json.loads(text)["sections"][0]["checks"][0]["value"] is None
