"""Reading the files of complete and of killed runs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blazetrack.errors import SourceError
from blazetrack.recording import read_recording
from blazetrack.sinks import open_sink
from blazetrack.skeleton import BLAZEPOSE33, COCO17
from blazetrack.types import Frame, Poses


@pytest.fixture
def file(tmp_path: Path, people: Callable[..., Poses]) -> Path:
    """Four frames: no person, id 2, ids 1 and 2, id 1."""
    found = [
        Poses.empty(),
        people((10, 20, 5), ids=[2]),
        people((30, 20, 5), (11, 21, 5), ids=[1, 2]),
        people((31, 21, 5), ids=[1]),
    ]
    with open_sink(tmp_path / "a.jsonl") as sink:
        for index, poses in enumerate(found):
            sink.write(Frame(np.zeros((48, 64, 3), np.uint8), index + 5, index / 10), poses)
    return tmp_path / "a.jsonl"


def test_read_recording_gives_arrays_per_person(file: Path) -> None:
    recording = read_recording(file)
    assert recording.frames.tolist() == [5, 6, 7, 8]
    assert recording.time_s.tolist() == [0.0, 0.1, 0.2, 0.3]
    assert recording.size_px.tolist() == [[64, 48]] * 4
    assert recording.skeleton is BLAZEPOSE33
    assert list(recording.people) == [2, 1]
    second, first = recording.people.values()
    assert second.rows.tolist() == [1, 2]
    assert first.rows.tolist() == [2, 3]
    assert first.landmarks_px.shape == first.world_landmarks_m.shape == (2, 33, 3)
    assert first.landmarks_px[:, 7, :2].tolist() == [[30, 20], [31, 21]]
    assert first.visibility.tolist() == [[0.9] * 33] * 2
    assert recording.warnings == ()


def test_read_recording_incomplete_last_line_is_omitted(file: Path) -> None:
    data = file.read_bytes()
    for cut in (1, 50, data.rindex(b"\n", 0, -1) + 2 - len(data)):
        file.write_bytes(data[: -abs(cut)])
        recording = read_recording(file)
        if abs(cut) == 1:  # only the line end is missing: the line is whole
            assert (len(recording.frames), recording.warnings) == (4, ())
            continue
        assert len(recording.frames) == 3
        (warning,) = recording.warnings
        assert warning.startswith(f"{file}: line 4, the last one, is not complete")


@pytest.mark.parametrize(
    ("keypoints", "written", "read"),
    [
        (17, {"skeleton": COCO17}, COCO17),
        (17, {"skeleton": replace(COCO17, name="mine")}, None),
        (17, {}, COCO17),  # not named: the sink's set has 33
        (5, {}, None),
    ],
)
def test_read_recording_skeleton_is_named_or_counted(
    tmp_path: Path, people: Callable[..., Poses], keypoints: int, written: Any, read: Any
) -> None:
    with open_sink(tmp_path / "a.jsonl", **written) as sink:
        frame = Frame(np.zeros((48, 64, 3), np.uint8), 0, 0.0)
        sink.write(frame, people((9, 9, 5), ids=[1], keypoints=keypoints))
    assert read_recording(tmp_path / "a.jsonl").skeleton is read


def test_read_recording_old_file_without_skeleton_counts_keypoints(file: Path) -> None:
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert {line.pop("skeleton") for line in lines} == {"blazepose33"}
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert read_recording(file).skeleton is BLAZEPOSE33


def change(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda record: {**record, **changes}


def change_pose(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda record: {**record, "poses": [{**record["poses"][0], **changes}]}


@pytest.mark.parametrize(
    "broken",
    [
        lambda record: [],
        lambda record: 7,
        lambda record: {},
        change(poses=7),
        change(poses=[7]),
        change(time_s="late"),
        change(width=None),
        change_pose(id="x"),
        change_pose(landmarks_px=[[1, 2]]),
        change_pose(landmarks_px="no"),
        change_pose(visibility=[[0.5]]),
        change_pose(world_landmarks_m=None),
    ],
)
def test_read_recording_wrong_line_is_refused(file: Path, broken: Callable[[Any], Any]) -> None:
    lines = file.read_text().splitlines(keepends=True)
    lines[1] = json.dumps(broken(json.loads(lines[1]))) + "\n"
    file.write_text("".join(lines))
    with pytest.raises(SourceError, match=r"a\.jsonl: line 2: expected a frame as"):
        read_recording(file)


@pytest.mark.parametrize("text", [b"frame,time_s\n0,0.0\n", b"\xff\xfe\n", b"[" * 100_000 + b"\n"])
def test_read_recording_line_not_json_is_refused(file: Path, text: bytes) -> None:
    file.write_bytes(text)
    with pytest.raises(SourceError, match=r"a\.jsonl: line 1 is not JSON"):
        read_recording(file)
    file.write_bytes(text[:5])  # also where it is the only one and not complete
    with pytest.raises(SourceError, match=r"a\.jsonl: line 1 is not JSON"):
        read_recording(file)


def test_read_recording_mixed_keypoint_counts_are_refused(file: Path) -> None:
    lines = file.read_text().splitlines()
    record = json.loads(lines[1])
    for key in ("landmarks_px", "world_landmarks_m", "visibility"):
        record["poses"][0][key] = record["poses"][0][key][:17]
    file.write_text("\n".join([lines[0], json.dumps(record), *lines[2:]]) + "\n")
    with pytest.raises(SourceError, match="got people with 17 and with 33 of them"):
        read_recording(file)


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_read_recording_empty_file_is_refused(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(SourceError, match="expected the frames of a run, got no whole line"):
        read_recording(file)


def test_read_recording_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"cannot be read \(.*\); expected a \.jsonl"):
        read_recording(tmp_path / "gone.jsonl")
    with pytest.raises(SourceError, match="expected a file, got a folder"):
        read_recording(tmp_path)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no such device here")
def test_read_recording_device_is_refused_at_once() -> None:
    with pytest.raises(SourceError, match="expected a file, got a device"):
        read_recording("/dev/zero")


def test_read_recording_endless_line_is_refused(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blazetrack.recording.MAX_LINE", 1000)
    file.write_bytes(b"x" * 5000)
    with pytest.raises(SourceError, match="line 1 has more than 1,000 bytes"):
        read_recording(file)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("frame", value) for value in ("1e400", "true", "1.5", "1" * 4000, "NaN", '"1"')],
        *[("time_s", value) for value in ("1e400", "NaN", "-Infinity", "1e300", "null")],
        *[("width", value) for value in ("0", "-5", "1e400", "10000000", "1" * 400)],
        *[("height", value) for value in ("0", "false")],
        *[("id", value) for value in ("1e400", "1" * 400, "true")],
        *[("visibility", value) for value in ("1" * 400, "1e400", "NaN", "null", '"x"')],
    ],
)
def test_read_recording_impossible_number_is_refused(file: Path, key: str, value: str) -> None:
    record = json.loads(file.read_text().splitlines()[1])
    if key == "visibility":
        record["poses"][0][key][3] = "HERE"
    else:
        (record["poses"][0] if key == "id" else record)[key] = "HERE"
    file.write_text(json.dumps(record).replace('"HERE"', value) + "\n")
    with pytest.raises(SourceError, match=r"a\.jsonl: line 1: expected a frame as"):
        read_recording(file)
