"""Thresholds and smoothing as plain options of a tracker, on toy networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from blazetrack.errors import GraphError, InputError


def jitter(toy: Any, **options: Any) -> float:
    """Movement from frame to frame of a disc that jitters by two pixels."""
    with toy.tracker(**options) as tracker:
        clip = [toy.frame(i, (150 + 2 * (i % 2), 120)) for i in range(30)]
        x = [toy.places(tracker(frame))[0][0] for frame in clip]
    return float(np.abs(np.diff(x[10:])).mean())


def test_tracker_smoothing_grows_with_strength(toy: Any) -> None:
    moves = [jitter(toy, smoothing=s) for s in ("off", "light", 0.5, "strong", 1.0)]
    assert moves == sorted(moves, reverse=True)
    assert len(set(moves)) == len(moves)
    assert moves[2] == jitter(toy)


def test_tracker_smoothing_off_can_be_switched_on(toy: Any) -> None:
    with toy.tracker(smoothing="off") as tracker:
        assert not tracker.smoothing
        tracker.smoothing = True
        assert tracker.smoothing


@pytest.mark.parametrize(
    ("value", "words"),
    [("of", "did you mean 'off'"), (1.5, "got '1.5'"), (-0.1, "0 to 1"), ("nan", "0 to 1")],
)
def test_tracker_smoothing_out_of_range_is_refused(toy: Any, value: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        toy.tracker(smoothing=value)


def test_tracker_smoothing_without_filter_is_refused_off_is_not(toy: Any) -> None:
    toy.tracker(graph="pose_image", smoothing="off").close()
    with pytest.raises(GraphError, match=r"option 'smoothing'; graphs with it: .*pose_multi"):
        toy.tracker(graph="pose_image", smoothing="strong")


@pytest.mark.parametrize("option", ["min_detection", "min_tracking"])
def test_tracker_threshold_above_score_finds_none(toy: Any, option: str) -> None:
    for graph in ("pose", "pose_multi", "pose_image", "mediapipe_legacy", "mediapipe_tasks"):
        with toy.tracker(graph=graph, **{option: 0.99}) as tracker:
            assert len(tracker(toy.frame(0, (100, 80)))) == 0
        with toy.tracker(graph=graph, **{option: 0.1}) as tracker:
            assert len(tracker(toy.frame(0, (100, 80)))) == 1


@pytest.mark.parametrize("option", ["min_detection", "min_tracking"])
@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_tracker_threshold_out_of_range_is_refused(toy: Any, option: str, value: float) -> None:
    with pytest.raises(InputError, match=f"{option}: expected 0 to 1"):
        toy.tracker(**{option: value})
