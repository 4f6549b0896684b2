"""Tracking metrics on made-up people with known figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("trackers", reason='pip install "blazetrack[benchmark]"')

from benchmarks.reference.results import FrameResult
from benchmarks.tracking_metrics import ClipScore, oks_matrix, score_clip, total
from blazetrack.synthetic import Truth

BODY = np.random.default_rng(5).uniform((0, 0), (100, 300), (33, 2))


def crowd(*places: float, ids: Sequence[int] | None = None) -> Truth:
    """People of 100×300 px at these x, all in full view."""
    n = len(places)
    points = BODY + np.array([[x, 50.0] for x in places]).reshape(n, 1, 2)
    given = np.arange(1, n + 1) if ids is None else np.array(ids)
    return Truth(points, np.ones((n, 33), bool), np.ones(n, bool), given.astype(np.int64))


def hide(truth: Truth, row: int, points: int) -> Truth:
    """The same with that many points of one person occluded."""
    visible = truth.visible.copy()
    visible[row, :points] = False
    return replace(truth, visible=visible)


def cut(truth: Truth, row: int) -> Truth:
    """The same with one person partly outside the picture."""
    whole = truth.whole.copy()
    whole[row] = False
    return replace(truth, whole=whole)


def prediction(*places: float, ids: Sequence[int] | None = None) -> FrameResult:
    truth = crowd(*places, ids=ids)
    return FrameResult(truth.landmarks_px, np.ones(len(truth)), truth.ids)


def counts(score: ClipScore) -> tuple[int, int, int]:
    """Pairs, misses and false alarms."""
    return tuple(score.clear[name] for name in ("CLR_TP", "CLR_FN", "CLR_FP"))


def test_total_perfect_tracking_has_the_best_figures() -> None:
    figures = total([score_clip([crowd(0, 400)] * 5, [prediction(0, 400)] * 5)])
    for name in ("IDF1", "MOTA", "recall, full view", "precision", "PCK@0.2 of matches"):
        assert figures[name] == 1.0
    assert figures["ID switches per clip"] == figures["fragmentations per clip"] == 0
    assert figures["OKS of matches"] == pytest.approx(1.0)


def test_score_clip_swapped_ids_are_two_switches_and_half_idf1() -> None:
    predictions = [prediction(0, 400)] * 5 + [prediction(0, 400, ids=[2, 1])] * 5
    score = score_clip([crowd(0, 400)] * 10, predictions)
    assert score.clear["IDSW"] == 2
    assert score.identity["IDF1"] == 0.5
    assert score.clear["MOTA"] == pytest.approx(1 - 2 / 20)


def test_score_clip_new_id_after_absence_is_a_switch() -> None:
    truths = [crowd(0)] * 3 + [crowd()] * 3 + [crowd(0)] * 3
    predictions = [prediction(0)] * 3 + [prediction()] * 3 + [prediction(0, ids=[2])] * 3
    assert score_clip(truths, predictions).clear["IDSW"] == 1


def test_score_clip_partly_outside_is_ignored() -> None:
    truths = [cut(crowd(0, 400), 1)] * 4
    missed, found = (
        score_clip(truths, [prediction(0)] * 4),
        score_clip(truths, [prediction(0, 400)] * 4),
    )
    assert counts(missed) == counts(found) == (4, 0, 0)
    assert (missed.ignored, found.ignored) == (0, 4)
    assert found.identity["IDF1"] == 1.0


def test_score_clip_prediction_of_occluded_person_is_ignored() -> None:
    score = score_clip([hide(crowd(0, 400), 1, 33)] * 4, [prediction(0, 400)] * 4)
    assert counts(score) == (4, 0, 0)
    assert score.ignored == 4


def test_score_clip_occluded_person_excuses_one_prediction() -> None:
    score = score_clip([hide(crowd(0, 400), 1, 20)], [prediction(0, 400, 400)])
    assert counts(score) == (1, 0, 1)


def test_score_clip_counted_person_matches_before_occluded_one() -> None:
    score = score_clip([hide(crowd(2, 0), 1, 33)], [prediction(0)])
    assert counts(score) == (1, 0, 0)


def test_score_clip_min_visible_counts_partly_occluded_people() -> None:
    clip = [hide(crowd(0, 400), 1, 10)] * 2, [prediction(0)] * 2
    assert counts(score_clip(*clip)) == (2, 0, 0)
    score = score_clip(*clip, min_visible=0.5)
    assert counts(score) == (2, 2, 0)
    assert (score.full_view, score.full_view_matched) == (2, 2)


def test_score_clip_occluded_points_are_not_measured() -> None:
    truth, found = hide(crowd(0), 0, 15), prediction(0)
    found.landmarks_px[0, :15] += 500.0
    assert oks_matrix(truth, found, truth.visible)[0, 0] == pytest.approx(1.0)
    score = score_clip([truth], [found], min_visible=0.5)
    assert (score.correct, score.points) == (18, 18)


def test_score_clip_prediction_elsewhere_is_miss_and_false_alarm() -> None:
    score = score_clip([crowd(0)], [prediction(800)])
    assert counts(score) == (0, 1, 1)
    assert score.duplicates == 0


def test_score_clip_second_skeleton_is_a_duplicate() -> None:
    score = score_clip([crowd(0)] * 3, [prediction(0, 1)] * 3)
    assert counts(score) == (3, 0, 3)
    assert score.duplicates == 3


def test_score_clip_keeps_a_pair_while_it_matches() -> None:
    truths = [crowd(0)] * 2
    predictions = [prediction(2, ids=[1]), prediction(2, 0, ids=[1, 2])]
    assert score_clip(truths, predictions).clear["IDSW"] == 0


@pytest.mark.parametrize(("between", "fragments"), [(crowd(0), 1), (crowd(), 0)])
def test_score_clip_miss_in_view_is_a_fragmentation(between: Truth, fragments: int) -> None:
    truths = [crowd(0)] * 2 + [between] * 2 + [crowd(0)] * 2
    predictions = [prediction(0)] * 2 + [prediction()] * 2 + [prediction(0)] * 2
    assert score_clip(truths, predictions).fragmentations == fragments


def test_total_without_predictions_is_zero() -> None:
    figures = total([score_clip([crowd(0)] * 2, [prediction()] * 2)])
    assert all(value == 0 for value in figures.values())


def test_total_sums_clips() -> None:
    good = score_clip([crowd(0)] * 3, [prediction(0)] * 3)
    bad = score_clip([crowd(0)] * 3, [prediction()] * 3)
    figures = total([good, bad])
    assert figures["recall, full view"] == 0.5
    assert figures["IDF1"] == pytest.approx(2 / 3)


def test_score_clip_other_number_of_predictions_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        score_clip([crowd(0)], [])
