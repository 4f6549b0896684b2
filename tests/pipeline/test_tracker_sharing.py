"""One tracker in several threads or processes: a clear error, no mixed results."""

from __future__ import annotations

import copy
import pickle
import threading

import numpy as np
import pytest

from blazetrack.errors import InputError
from blazetrack.pipeline import PoseTracker

IMAGE = np.zeros((64, 64, 3), np.uint8)


def small_tracker(**options: object) -> PoseTracker:
    models = {"model": "blaze_lite", "detector": "blaze_detector_lite", "threads": 1}
    return PoseTracker(**models, **options)  # type: ignore[arg-type]


class Hold:
    """A hook that stops at the first node until it is released."""

    def __init__(self) -> None:
        self.begun, self.released = threading.Event(), threading.Event()

    def before(self, *args: object) -> None:
        self.begun.set()
        assert self.released.wait(60)

    def after(self, *args: object) -> None:
        pass


def test_tracker_used_by_another_thread_at_the_same_time_is_an_error() -> None:
    hold = Hold()
    tracker = small_tracker(hooks=[hold])
    results: list[int] = []
    thread = threading.Thread(target=lambda: results.append(len(tracker.process(IMAGE, 0.0))))
    thread.start()
    assert hold.begun.wait(60)
    try:
        with pytest.raises(InputError, match="in use by another thread; make a tracker for each"):
            tracker.process(IMAGE, 1.0)
    finally:
        hold.released.set()
        thread.join()
    assert results == [0]
    assert len(tracker.process(IMAGE, 2.0)) == 0  # in turn, any thread may call it
    tracker.close()


def test_tracker_copied_or_pickled_is_one_line() -> None:
    tracker = small_tracker()
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(InputError, match="cannot be copied or pickled; make one in each"):
            attempt(tracker)
