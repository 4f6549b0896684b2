"""The score of `demo` and `bench` against the known joints."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from blazetrack.cli.drawn_pck import Score
from blazetrack.types import Frame, Poses


def test_score_compares_nearest_pose_to_each_whole_person(people: Any) -> None:
    drawn = people((20, 20, 9), (50, 20, 9))
    spread = drawn.landmarks_px + np.linspace(0, 10, 33)[:, None]  # a body with a torso
    drawn, far = (replace(drawn, landmarks_px=spread + shift) for shift in (0.0, 500.0))
    truth = SimpleNamespace(landmarks_px=drawn.landmarks_px[..., :2], whole=np.array([True, False]))
    source: Any = SimpleNamespace(truth=lambda index: truth)

    def score(*found: Poses) -> float | None:
        made = Score(source)
        for index, poses in enumerate(found):
            made.add(Frame(np.zeros((48, 64, 3), np.uint8), index), poses)
        return made.value()

    assert score(drawn.take([1, 0])) == 1.0
    assert score(drawn.take([0]), far, far, far) == 0.25
    assert score(Poses.empty()) == 0.0
    assert score() is None


def test_score_source_without_truth_is_none() -> None:
    source: Any = SimpleNamespace()
    made = Score(source)
    made.add(Frame(np.zeros((48, 64, 3), np.uint8)), Poses.empty())
    assert made.value() is None
