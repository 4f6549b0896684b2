"""A recording: three files of the same frames."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

from blazetrack.errors import SinkError
from blazetrack.sinks.recording import ENDINGS, Recording, free_stem
from blazetrack.types import Frame, Poses


def frame(index: int) -> Frame:
    return Frame(np.zeros((32, 48, 3), np.uint8), index, 7.0 + index / 10)


def test_three_files_have_the_same_frames_counted_from_zero(tmp_path: Path) -> None:
    with Recording(tmp_path / "one") as recording:
        assert recording.needs_picture
        for index in (50, 51, 53, 54):  # a live source lost one
            recording.write(frame(index), Poses.empty())
    assert [path.name for path in recording.files] == ["one" + ending for ending in ENDINGS]
    assert (recording.frames, recording.seconds) == (4, pytest.approx(0.4))
    records = [json.loads(line) for line in (tmp_path / "one.jsonl").read_text().splitlines()]
    assert [(record["frame"], record["time_s"]) for record in records] == [
        (0, 0.0), (1, 0.1), (2, 0.3), (3, 0.4)
    ]  # fmt: skip
    assert len((tmp_path / "one.csv").read_text().splitlines()) == 1 + 4
    with av.open(str(tmp_path / "one.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 4


def test_a_name_with_a_dot_keeps_it(tmp_path: Path) -> None:
    assert Recording(tmp_path / "v1.5").files[0].name == "v1.5.mp4"


def test_a_missing_folder_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="does not exist"):
        Recording(tmp_path / "none" / "one")


def test_where_one_file_fails_the_others_are_finished(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "one")
    recording.write(frame(0), Poses.empty())
    lines = recording._parts[1]
    lines.close()
    with pytest.raises(SinkError, match=r"one\.jsonl: is closed"):
        recording.write(frame(1), Poses.empty())
    with av.open(str(tmp_path / "one.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 2
    assert len((tmp_path / "one.csv").read_text().splitlines()) == 1 + 1


def test_warnings_of_the_parts_are_the_recordings(tmp_path: Path) -> None:
    with Recording(tmp_path / "one") as recording:
        for time_s in (0.0, 0.1, 0.1):
            recording.write(Frame(frame(0).image, 0, time_s), Poses.empty())
    assert "1 frames had a time" in recording.warnings[0]


def test_a_free_name_is_the_first_number_that_no_file_has(tmp_path: Path) -> None:
    assert free_stem(tmp_path, "2025-03-01").name == "blazetrack_2025-03-01_001"
    (tmp_path / "blazetrack_2025-03-01_001.csv").touch()
    (tmp_path / "blazetrack_2025-03-01_003.png").touch()
    assert free_stem(tmp_path, "2025-03-01").name == "blazetrack_2025-03-01_002"
    assert free_stem(tmp_path, "2025-03-02").name == "blazetrack_2025-03-02_001"
    assert free_stem(tmp_path / "none", "2025-03-01").name == "blazetrack_2025-03-01_001"
