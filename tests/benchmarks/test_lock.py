"""The judge of a lock, on people and answers made of numbers; no weights."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.lock import Lock, clip_line, hip_point, judge_lock, report, run_clip
from benchmarks.reference.answers import Found
from blazetrack.errors import SourceError
from blazetrack.sources.synthetic import SyntheticSource
from blazetrack.synthetic import Truth
from blazetrack.types import Frame, Poses

BODY = np.random.default_rng(5).uniform((0, 0), (100, 300), (33, 2))
FRAMES = 60
CHOSEN, OTHER = 0, 400  # where the two stand in x


def truth(hidden: int = 0) -> Truth:
    """Person 2 at CHOSEN, so many of whose points are hidden, and person 1 at OTHER."""
    points = BODY + np.array([[OTHER, 0.0], [CHOSEN, 0.0]])[:, None]
    visible = np.ones((2, 33), bool)
    visible[1, :hidden] = False
    return Truth(points, visible, np.ones(2, bool), np.array([1, 2]))


def answers(*places: float | None) -> list[Found]:
    """Somebody of the same shape at these x, nobody where None."""
    one = np.ones(1)
    nobody = Found(np.zeros((0, 33, 2)), np.zeros(0), np.zeros(0, np.int64))
    return [
        nobody if x is None else Found((BODY + np.array([x, 0.0]))[None], one, np.array([1]))
        for x in places
    ]


def judge(places: Sequence[float | None], truths: Sequence[Truth] | None = None) -> Lock:
    return judge_lock(truths or [truth()] * len(places), answers(*places), 2)


def test_a_lock_that_stays_survives() -> None:
    lock = judge([CHOSEN] * FRAMES)
    assert lock.survived
    assert lock.faults == []
    assert (lock.full_view, lock.answered, lock.wrong, lock.last) == (FRAMES, FRAMES, (), 30)


def test_a_single_answer_on_another_person_loses_it() -> None:
    lock = judge([CHOSEN] * 20 + [OTHER] + [CHOSEN] * 39)
    assert not lock.survived
    assert lock.wrong == (20,)
    assert lock.faults == ["on another from frame 20"]


def test_an_answer_on_another_person_is_let_pass_while_the_chosen_is_hidden() -> None:
    truths = [truth()] * 20 + [truth(hidden=10)] + [truth()] * 39
    lock = judge([CHOSEN] * 20 + [OTHER] + [CHOSEN] * 39, truths)
    assert lock.survived
    assert (lock.full_view, lock.answered) == (59, 59)


def test_an_answer_on_nobody_is_let_pass_but_for_the_last_second() -> None:
    between = 0.5 * (CHOSEN + OTHER)
    assert judge([CHOSEN] * 29 + [between] + [CHOSEN] * 30).survived
    lock = judge([CHOSEN] * 30 + [between] + [CHOSEN] * 29)
    assert lock.faults == ["not on the chosen in frame 30"]


@pytest.mark.parametrize(("silent", "survives"), [(12, True), (13, False)])
def test_a_fifth_of_the_frames_may_go_without_an_answer(silent: int, survives: bool) -> None:
    lock = judge([None] * silent + [CHOSEN] * (FRAMES - silent))
    assert lock.survived is survives
    assert lock.faults == ([] if survives else ["too few answers"])


def test_a_lock_without_an_answer_in_the_last_second_is_lost() -> None:
    lock = judge([CHOSEN] * 270 + [None] * 30)
    assert lock.faults == ["nobody at the end"]


def test_a_person_who_is_never_in_full_view_tells_nothing_of_a_lock() -> None:
    assert not judge([CHOSEN] * FRAMES, [truth(hidden=10)] * FRAMES).survived


def test_who_gets_hidden_is_behind() -> None:
    places = [CHOSEN] * FRAMES
    hidden = [truth(hidden=10)] * 5 + [truth()] * 55
    assert not judge(places).behind
    assert judge(places, hidden).behind
    assert not judge_lock(hidden, answers(*places), 1).behind


def test_nobody_in_the_picture_is_no_error() -> None:
    nobody = Truth(np.zeros((0, 33, 2)), np.zeros((0, 33), bool), np.zeros(0, bool), np.zeros(0))
    lock = judge([CHOSEN, None], [nobody] * 2)
    assert (lock.full_view, lock.wrong, lock.last_wrong) == (0, (), (0,))


def test_the_point_lies_between_the_hips_of_the_chosen() -> None:
    x, y = BODY[23:25].mean(axis=0)
    assert hip_point(truth(), 2) == f"{x:.1f},{y:.1f}"
    with pytest.raises(SourceError, match=r"expected person 3 in the first frame, got \[1 2\]"):
        hip_point(truth(), 3)


def test_a_clip_is_followed_from_the_point_on() -> None:
    source = SyntheticSource("crossing", frames=4, size=(320, 180), seed=1)
    asked = []

    def follow(point: str) -> nullcontext:
        asked.append(point)
        return nullcontext(knows)

    def knows(frame: Frame) -> Poses:
        now = source.truth(frame.index)
        points = np.zeros((1, 33, 3))
        points[0, :, :2] = now.landmarks_px[now.ids == 2][0]
        ones = np.ones((1, 33))
        return Poses(points, points, ones, ones, np.ones(1), np.array([7]), np.zeros((1, 2, 2)))

    lock = run_clip(source, 2, follow)
    assert asked == [hip_point(source.truth(0), 2)]
    assert lock.survived
    assert lock.full_view == 4


def test_the_line_of_a_clip_tells_who_was_chosen_and_what_went_wrong() -> None:
    lost = judge([CHOSEN] * 20 + [OTHER] * 40)
    assert clip_line(3, lost) == (
        "seed  3  person 2, in front  answered  60 of  60  wrong  40  "
        "LOST: on another from frame 20, not on the chosen in frame 30"
    )
    assert clip_line(3, replace(lost, wrong=(), last_wrong=())).endswith("wrong   0  survived")


def test_the_report_for_programs_holds_each_clip() -> None:
    locks = {0: judge([CHOSEN] * FRAMES), 1: judge([OTHER] * FRAMES)}
    told = json.loads(json.dumps(report(locks), allow_nan=False))
    assert told["survived"] == 1
    assert [clip["survived"] for clip in told["clips"]] == [True, False]
    assert told["clips"][1]["wrong"] == list(range(FRAMES))
