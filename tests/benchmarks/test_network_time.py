"""Times of the networks inside of the pipeline."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.network_time import measure
from blazetrack import PoseTracker, open_source
from blazetrack.errors import InputError
from blazetrack.store import Store
from blazetrack.types import Frame


@pytest.mark.weights
def test_measure_gives_a_median_per_round(weights: Store) -> None:
    with open_source("synthetic:squats?size=320x240&frames=4") as source:
        frames = list(source)
    with PoseTracker("full", threads=1) as full, PoseTracker("blaze_lite", threads=1) as lite:
        landmarks, detectors = measure(frames, {"full": full, "blaze_lite": lite}, 2)
    for times in (landmarks, detectors):
        assert list(times) == ["full", "blaze_lite"]
        assert all(len(one) == 2 and min(one) > 0 for one in times.values())


@pytest.mark.weights
def test_measure_without_a_person_is_refused(weights: Store) -> None:
    empty = [Frame(np.zeros((240, 320, 3), np.uint8), index, index / 30) for index in range(3)]
    with (
        PoseTracker("blaze_lite", threads=1) as tracker,
        pytest.raises(InputError, match="no person is tracked with blaze_lite"),
    ):
        measure(empty, {"blaze_lite": tracker}, 1)
