"""Arrays and times that a program may hand to the tracker: handled, or refused in one line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from blazetrack import PoseTracker
from blazetrack.errors import InputError
from blazetrack.sources import open_source
from blazetrack.store import Store
from blazetrack.types import Frame


@pytest.fixture(scope="module")
def drawn() -> list[Frame]:
    with open_source("synthetic?frames=6&size=320x320") as source:
        return list(source)


@pytest.fixture
def tracker(weights: Store) -> Iterator[PoseTracker]:
    with PoseTracker(store=weights) as tracker:
        yield tracker


@pytest.mark.parametrize(
    "image",
    [
        None,
        [[[0, 0, 0]]],
        np.zeros((48, 64), np.uint8),
        np.zeros((48, 64, 4), np.uint8),
        np.zeros((0, 64, 3), np.uint8),
        np.zeros((1, 48, 64, 3), np.uint8),
        np.zeros((48, 64, 3), np.float32),
        np.zeros((48, 64, 3), np.int64),
    ],
    ids=lambda image: f"{getattr(image, 'shape', image)} {getattr(image, 'dtype', '')}",
)
def test_wrong_array_is_an_error_and_tracker_continues(
    tracker: PoseTracker, drawn: list[Frame], image: Any
) -> None:
    with pytest.raises(InputError, match="expected"):
        tracker.process(image, 0.0)
    assert len(tracker.process(drawn[0].image, 0.0)) == 1


def test_array_layout_does_not_matter(tracker: PoseTracker, drawn: list[Frame]) -> None:
    plain = drawn[0].image
    still = plain.copy()
    still.flags.writeable = False
    flipped = np.ascontiguousarray(plain[:, ::-1])[:, ::-1]
    columns = np.asfortranarray(plain)
    found = []
    for image in (plain, still, flipped, columns):
        tracker.reset()
        found.append(tracker.process(image, 0.0).landmarks_px)
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])
    np.testing.assert_array_equal(still, plain)


@pytest.mark.parametrize("time_s", [float("nan"), float("inf"), -float("inf")])
def test_non_finite_time_is_an_error(
    tracker: PoseTracker, drawn: list[Frame], time_s: float
) -> None:
    with pytest.raises(InputError, match="expected finite seconds"):
        tracker.process(drawn[0].image, time_s)
    assert len(tracker.process(drawn[0].image, 0.0)) == 1
    assert tracker.time_faults == 0


@pytest.mark.parametrize(
    ("times", "faults"),
    [
        ((-3.0, -2.9, -2.8, -2.7, -2.6, 0.0), 0),
        ((0.0, 0.0, 0.0, 0.0, 0.0, 0.0), 5),
        ((5.0, 4.0, 3.0, 2.0, 1.0, 0.0), 5),
        ((0.0, 0.1, 0.1, 0.05, 0.2, 1e9), 2),
    ],
    ids=["negative", "equal", "backward", "mixed"],
)
def test_non_increasing_times_are_counted(
    tracker: PoseTracker, drawn: list[Frame], times: tuple[float, ...], faults: int
) -> None:
    for frame, time_s in zip(drawn, times, strict=True):
        poses = tracker.process(frame.image, time_s)
        assert poses.ids.tolist() == [1]
        assert np.isfinite(poses.landmarks_px).all()
    assert tracker.time_faults == faults
