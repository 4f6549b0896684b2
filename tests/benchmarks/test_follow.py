"""Scoring of `benchmarks.follow` on made-up people; no weights."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.follow import FollowResult, clip_line, hip_point, report, run_clip, score_follow
from benchmarks.reference.results import FrameResult
from blazetrack.errors import SourceError
from blazetrack.sources.synthetic import SyntheticSource
from blazetrack.synthetic import Truth
from blazetrack.types import Frame, Poses

BODY = np.random.default_rng(5).uniform((0, 0), (100, 300), (33, 2))
FRAMES = 60
FOLLOWED, OTHER = 0, 400  # x of the two people


def truth(hidden: int = 0) -> Truth:
    """Person 2 at FOLLOWED with `hidden` points occluded, and person 1 at OTHER."""
    points = BODY + np.array([[OTHER, 0.0], [FOLLOWED, 0.0]])[:, None]
    visible = np.ones((2, 33), bool)
    visible[1, :hidden] = False
    return Truth(points, visible, np.ones(2, bool), np.array([1, 2]))


def predictions(*places: float | None) -> list[FrameResult]:
    """One person of the same shape at these x, none where None."""
    one = np.ones(1)
    empty = FrameResult(np.zeros((0, 33, 2)), np.zeros(0), np.zeros(0, np.int64))
    return [
        empty if x is None else FrameResult((BODY + np.array([x, 0.0]))[None], one, np.array([1]))
        for x in places
    ]


def score(places: Sequence[float | None], truths: Sequence[Truth] | None = None) -> FollowResult:
    return score_follow(truths or [truth()] * len(places), predictions(*places), 2)


def test_score_follow_all_on_the_followed_person_passes() -> None:
    result = score([FOLLOWED] * FRAMES)
    assert result.passed
    assert result.faults == []
    assert (result.full_view, result.tracked, result.wrong, result.last) == (FRAMES, FRAMES, (), 30)


def test_score_follow_one_prediction_on_another_person_fails() -> None:
    result = score([FOLLOWED] * 20 + [OTHER] + [FOLLOWED] * 39)
    assert not result.passed
    assert result.wrong == (20,)
    assert result.faults == ["another person from frame 20"]


def test_score_follow_another_person_during_occlusion_passes() -> None:
    truths = [truth()] * 20 + [truth(hidden=10)] + [truth()] * 39
    result = score([FOLLOWED] * 20 + [OTHER] + [FOLLOWED] * 39, truths)
    assert result.passed
    assert (result.full_view, result.tracked) == (59, 59)


def test_score_follow_unmatched_prediction_fails_only_in_the_last_second() -> None:
    between = 0.5 * (FOLLOWED + OTHER)
    assert score([FOLLOWED] * 29 + [between] + [FOLLOWED] * 30).passed
    result = score([FOLLOWED] * 30 + [between] + [FOLLOWED] * 29)
    assert result.faults == ["not the followed person in frame 30"]


@pytest.mark.parametrize(("empty", "passes"), [(12, True), (13, False)])
def test_score_follow_one_fifth_of_empty_frames_passes(empty: int, passes: bool) -> None:
    result = score([None] * empty + [FOLLOWED] * (FRAMES - empty))
    assert result.passed is passes
    assert result.faults == ([] if passes else ["too few predictions"])


def test_score_follow_empty_last_second_fails() -> None:
    result = score([FOLLOWED] * 270 + [None] * 30)
    assert result.faults == ["no prediction at the end"]


def test_score_follow_never_in_full_view_fails() -> None:
    assert not score([FOLLOWED] * FRAMES, [truth(hidden=10)] * FRAMES).passed


def test_score_follow_occluded_person_is_behind() -> None:
    places = [FOLLOWED] * FRAMES
    hidden = [truth(hidden=10)] * 5 + [truth()] * 55
    assert not score(places).behind
    assert score(places, hidden).behind
    assert not score_follow(hidden, predictions(*places), 1).behind


def test_score_follow_empty_truth_is_no_error() -> None:
    empty = Truth(np.zeros((0, 33, 2)), np.zeros((0, 33), bool), np.zeros(0, bool), np.zeros(0))
    result = score([FOLLOWED, None], [empty] * 2)
    assert (result.full_view, result.wrong, result.last_wrong) == (0, (), (0,))


def test_hip_point_is_between_the_hips_of_the_followed_person() -> None:
    x, y = BODY[23:25].mean(axis=0)
    assert hip_point(truth(), 2) == f"{x:.1f},{y:.1f}"
    with pytest.raises(SourceError, match=r"expected person 3 in the first frame, got \[1 2\]"):
        hip_point(truth(), 3)


def test_run_clip_follows_from_the_hip_point() -> None:
    source = SyntheticSource("crossing", frames=4, size=(320, 180), seed=1)
    points_given = []

    def follow(point: str) -> nullcontext:
        points_given.append(point)
        return nullcontext(perfect_tracker)

    def perfect_tracker(frame: Frame) -> Poses:
        now = source.truth(frame.index)
        points = np.zeros((1, 33, 3))
        points[0, :, :2] = now.landmarks_px[now.ids == 2][0]
        ones = np.ones((1, 33))
        return Poses(points, points, ones, ones, np.ones(1), np.array([7]), np.zeros((1, 2, 2)))

    result = run_clip(source, 2, follow)
    assert points_given == [hip_point(source.truth(0), 2)]
    assert result.passed
    assert result.full_view == 4


def test_clip_line_names_person_and_faults() -> None:
    lost = score([FOLLOWED] * 20 + [OTHER] * 40)
    assert clip_line(3, lost) == (
        "seed  3  person 2, in front  tracked  60 of  60  wrong  40  "
        "FAILED: another person from frame 20, not the followed person in frame 30"
    )
    assert clip_line(3, replace(lost, wrong=(), last_wrong=())).endswith("wrong   0  passed")


def test_report_lists_every_clip() -> None:
    results = {0: score([FOLLOWED] * FRAMES), 1: score([OTHER] * FRAMES)}
    written = json.loads(json.dumps(report(results), allow_nan=False))
    assert written["passed"] == 1
    assert [clip["passed"] for clip in written["clips"]] == [True, False]
    assert written["clips"][1]["wrong"] == list(range(FRAMES))
