"""`track`: a whole clip in one call."""

from __future__ import annotations

import numpy as np
import pytest

from blazetrack import PoseTracker, open_source, track
from blazetrack.errors import SourceError
from blazetrack.store import Store


def test_track_gives_all_frames_as_arrays(weights: Store) -> None:
    clip = track("synthetic?frames=4", "full")
    assert clip.frames.tolist() == [0, 1, 2, 3]
    assert clip.time_s.shape == (4,)
    assert clip.skeleton is not None
    assert clip.skeleton.name == "blazepose33"
    person = clip.people[1]
    assert person.rows.tolist() == [0, 1, 2, 3]
    with PoseTracker("full") as tracker, open_source("synthetic?frames=4") as source:
        last = [tracker(frame) for frame in source][-1]
    assert np.array_equal(person.landmarks_px[-1], last.landmarks_px[0])
    assert person.visibility.shape == (4, 33)


def test_track_shows_progress_on_stderr(weights: Store, capsys: pytest.CaptureFixture[str]) -> None:
    track("synthetic?frames=2", "full", progress=True)
    captured = capsys.readouterr()
    assert "2" in captured.err
    assert not captured.out


def test_track_of_an_absent_file_is_refused(weights: Store) -> None:
    with pytest.raises(SourceError, match=r"absent\.mp4"):
        track("absent.mp4", "full")
