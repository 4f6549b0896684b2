"""A recording: three files of the same frames."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

from blazetrack.errors import SinkError
from blazetrack.sinks.recording import RecordingSink, free_stem
from blazetrack.types import Frame, Poses


def frame(index: int) -> Frame:
    return Frame(np.zeros((32, 48, 3), np.uint8), index, 7.0 + index / 10)


def test_recording_files_count_frames_from_zero(tmp_path: Path) -> None:
    with RecordingSink(tmp_path / "one") as recording:
        assert recording.needs_picture
        for index in (50, 51, 53, 54):  # a live source lost one
            recording.write(frame(index), Poses.empty())
    assert [path.name for path in recording.files] == ["one.mp4", "one.jsonl", "one.csv"]
    assert (recording.frames, recording.seconds) == (4, pytest.approx(0.4))
    records = [json.loads(line) for line in (tmp_path / "one.jsonl").read_text().splitlines()]
    assert [(record["frame"], record["time_s"]) for record in records] == [
        (0, 0.0), (1, 0.1), (2, 0.3), (3, 0.4)
    ]  # fmt: skip
    assert len((tmp_path / "one.csv").read_text().splitlines()) == 1 + 4
    with av.open(str(tmp_path / "one.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 4


def test_recording_stem_with_dot_is_kept(tmp_path: Path) -> None:
    assert RecordingSink(tmp_path / "v1.5").files[0].name == "v1.5.mp4"


def test_recording_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="does not exist"):
        RecordingSink(tmp_path / "none" / "one")


def test_recording_one_file_fails_others_are_finished(tmp_path: Path) -> None:
    recording = RecordingSink(tmp_path / "one")
    recording.write(frame(0), Poses.empty())
    lines = recording._parts[1]
    lines.close()
    with pytest.raises(SinkError, match=r"one\.jsonl: is closed"):
        recording.write(frame(1), Poses.empty())
    with av.open(str(tmp_path / "one.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 2
    assert len((tmp_path / "one.csv").read_text().splitlines()) == 1 + 1


def test_recording_collects_warnings(tmp_path: Path) -> None:
    with RecordingSink(tmp_path / "one") as recording:
        for time_s in (0.0, 0.1, 0.1):
            recording.write(Frame(frame(0).image, 0, time_s), Poses.empty())
    assert "1 frames had a time" in recording.warnings[0]


def test_free_stem_takes_first_unused_number(tmp_path: Path) -> None:
    assert free_stem(tmp_path, "2025-03-01").name == "blazetrack_2025-03-01_001"
    (tmp_path / "blazetrack_2025-03-01_001.csv").touch()
    (tmp_path / "blazetrack_2025-03-01_003.png").touch()
    assert free_stem(tmp_path, "2025-03-01").name == "blazetrack_2025-03-01_002"
    assert free_stem(tmp_path, "2025-03-02").name == "blazetrack_2025-03-02_001"
    assert free_stem(tmp_path / "none", "2025-03-01").name == "blazetrack_2025-03-01_001"
