"""Counting ids on people made of numbers: every figure is known beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("trackers", reason='pip install "blazetrack[benchmark]"')

from benchmarks.reference.answers import Found
from benchmarks.tracking_metrics import ClipScore, judge_clip, likeness, total
from blazetrack.synthetic import Truth

BODY = np.random.default_rng(5).uniform((0, 0), (100, 300), (33, 2))


def crowd(*places: float, ids: Sequence[int] | None = None) -> Truth:
    """People of 100×300 px who stand at these x, all of them in full view."""
    n = len(places)
    points = BODY + np.array([[x, 50.0] for x in places]).reshape(n, 1, 2)
    given = np.arange(1, n + 1) if ids is None else np.array(ids)
    return Truth(points, np.ones((n, 33), bool), np.ones(n, bool), given.astype(np.int64))


def hide(truth: Truth, row: int, points: int) -> Truth:
    """The same, but that many points of one person are behind somebody."""
    visible = truth.visible.copy()
    visible[row, :points] = False
    return replace(truth, visible=visible)


def cut(truth: Truth, row: int) -> Truth:
    """The same, but one person is not whole in the picture."""
    whole = truth.whole.copy()
    whole[row] = False
    return replace(truth, whole=whole)


def answer(*places: float, ids: Sequence[int] | None = None) -> Found:
    truth = crowd(*places, ids=ids)
    return Found(truth.landmarks_px, np.ones(len(truth)), truth.ids)


def counts(score: ClipScore) -> tuple[int, int, int]:
    """Pairs, misses and false alarms."""
    return tuple(score.clear[name] for name in ("CLR_TP", "CLR_FN", "CLR_FP"))


def test_who_is_followed_as_they_are_has_every_figure_at_its_best() -> None:
    figures = total([judge_clip([crowd(0, 400)] * 5, [answer(0, 400)] * 5)])
    for name in ("IDF1", "MOTA", "recall of the seen", "precision", "PCK@0.2 of the paired"):
        assert figures[name] == 1.0
    assert figures["switches a clip"] == figures["fragmentations a clip"] == 0
    assert figures["OKS of the paired"] == pytest.approx(1.0)


def test_two_ids_that_change_places_are_two_switches_and_half_an_idf1() -> None:
    answers = [answer(0, 400)] * 5 + [answer(0, 400, ids=[2, 1])] * 5
    score = judge_clip([crowd(0, 400)] * 10, answers)
    assert score.clear["IDSW"] == 2
    assert score.identity["IDF1"] == 0.5
    assert score.clear["MOTA"] == pytest.approx(1 - 2 / 20)


def test_a_new_id_after_an_absence_is_a_switch() -> None:
    truths = [crowd(0)] * 3 + [crowd()] * 3 + [crowd(0)] * 3
    answers = [answer(0)] * 3 + [answer()] * 3 + [answer(0, ids=[2])] * 3
    assert judge_clip(truths, answers).clear["IDSW"] == 1


def test_somebody_half_out_of_the_picture_is_neither_missed_nor_a_false_alarm() -> None:
    truths = [cut(crowd(0, 400), 1)] * 4
    missed, found = judge_clip(truths, [answer(0)] * 4), judge_clip(truths, [answer(0, 400)] * 4)
    assert counts(missed) == counts(found) == (4, 0, 0)
    assert (missed.excused, found.excused) == (0, 4)
    assert found.identity["IDF1"] == 1.0


def test_somebody_hidden_may_be_guessed() -> None:
    score = judge_clip([hide(crowd(0, 400), 1, 33)] * 4, [answer(0, 400)] * 4)
    assert counts(score) == (4, 0, 0)
    assert score.excused == 4


def test_one_hidden_person_excuses_one_answer() -> None:
    score = judge_clip([hide(crowd(0, 400), 1, 20)], [answer(0, 400, 400)])
    assert counts(score) == (1, 0, 1)


def test_an_answer_belongs_to_the_person_who_counts_before_the_one_behind() -> None:
    score = judge_clip([hide(crowd(2, 0), 1, 33)], [answer(0)])
    assert counts(score) == (1, 0, 0)


def test_people_less_than_nine_tenths_in_view_count_only_when_asked_for() -> None:
    clip = [hide(crowd(0, 400), 1, 10)] * 2, [answer(0)] * 2
    assert counts(judge_clip(*clip)) == (2, 0, 0)
    score = judge_clip(*clip, part_seen=0.5)
    assert counts(score) == (2, 2, 0)
    assert (score.seen, score.seen_found) == (2, 2)


def test_what_is_hidden_is_not_measured() -> None:
    truth, found = hide(crowd(0), 0, 15), answer(0)
    found.landmarks_px[0, :15] += 500.0
    assert likeness(truth, found, truth.visible)[0, 0] == pytest.approx(1.0)
    score = judge_clip([truth], [found], part_seen=0.5)
    assert (score.right, score.points) == (18, 18)


def test_an_answer_elsewhere_is_a_miss_and_a_false_alarm() -> None:
    score = judge_clip([crowd(0)], [answer(800)])
    assert counts(score) == (0, 1, 1)
    assert score.doubles == 0


def test_a_second_skeleton_on_one_body_is_a_double() -> None:
    score = judge_clip([crowd(0)] * 3, [answer(0, 1)] * 3)
    assert counts(score) == (3, 0, 3)
    assert score.doubles == 3


def test_a_pair_holds_while_it_matches_though_another_comes_nearer() -> None:
    truths = [crowd(0)] * 2
    answers = [answer(2, ids=[1]), answer(2, 0, ids=[1, 2])]
    assert judge_clip(truths, answers).clear["IDSW"] == 0


@pytest.mark.parametrize(("between", "broken"), [(crowd(0), 1), (crowd(), 0)])
def test_only_who_is_missed_in_view_is_a_fragment(between: Truth, broken: int) -> None:
    truths = [crowd(0)] * 2 + [between] * 2 + [crowd(0)] * 2
    answers = [answer(0)] * 2 + [answer()] * 2 + [answer(0)] * 2
    assert judge_clip(truths, answers).fragmentations == broken


def test_nobody_found_is_all_zero() -> None:
    figures = total([judge_clip([crowd(0)] * 2, [answer()] * 2)])
    assert all(value == 0 for value in figures.values())


def test_clips_add_up() -> None:
    good = judge_clip([crowd(0)] * 3, [answer(0)] * 3)
    bad = judge_clip([crowd(0)] * 3, [answer()] * 3)
    figures = total([good, bad])
    assert figures["recall of the seen"] == 0.5
    assert figures["IDF1"] == pytest.approx(2 / 3)


def test_another_number_of_answers_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        judge_clip([crowd(0)], [])
