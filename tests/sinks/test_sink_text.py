"""JSON Lines and the table: the same people, read back."""

from __future__ import annotations

import csv
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blazetrack.angles import parse_angle, standard_angles
from blazetrack.errors import InputError, SinkError
from blazetrack.mask_rle import decode_mask
from blazetrack.sinks import open_sink
from blazetrack.sinks.csv import CsvSink, header
from blazetrack.skeleton import BLAZEPOSE33, COCO17, Skeleton
from blazetrack.types import Frame, Poses


def frame(index: int = 0) -> Frame:
    return Frame(np.zeros((32, 48, 3), np.uint8), index, index / 30)


def people(count: int, keypoints: int = 33, seed: int = 0) -> Poses:
    rng = np.random.default_rng(seed)
    return Poses(
        rng.uniform(-50, 1300, (count, keypoints, 3)),
        rng.uniform(-1, 1, (count, keypoints, 3)),
        rng.random((count, keypoints)),
        rng.random((count, keypoints)),
        rng.random(count),
        np.arange(1, count + 1),
        rng.uniform(0, 1000, (count, 2, 2)),
    )


def write(path: Path, *frames: Poses, **options: object) -> list[str]:
    with open_sink(path, **options) as sink:
        for index, poses in enumerate(frames):
            sink.write(frame(index), poses)
    return path.read_text(encoding="utf-8").splitlines()


def test_jsonl_has_every_frame_and_every_number(tmp_path: Path) -> None:
    poses = people(2)
    lines = write(tmp_path / "a.jsonl", Poses.empty(), poses)
    empty, both = map(json.loads, lines)
    size, skeleton = {"width": 48, "height": 32}, {"skeleton": "blazepose33"}
    assert empty == {"frame": 0, "time_s": 0.0, **size, **skeleton, "poses": []}
    assert list(both) == ["frame", "time_s", "width", "height", "skeleton", "poses"]
    assert both["time_s"] == round(1 / 30, 6)
    assert [person["id"] for person in both["poses"]] == [1, 2]
    for row, person in enumerate(both["poses"]):
        assert sorted(person) == sorted(
            ["id", "score", "landmarks_px", "visibility", "presence", "world_landmarks_m"]
        )
        np.testing.assert_allclose(person["landmarks_px"], poses.landmarks_px[row], atol=6e-4)
        np.testing.assert_allclose(
            person["world_landmarks_m"], poses.world_landmarks_m[row], atol=6e-6
        )
        np.testing.assert_allclose(person["visibility"], poses.visibility[row], atol=6e-5)
        np.testing.assert_allclose(person["presence"], poses.presence[row], atol=6e-5)
        assert person["score"] == round(poses.scores[row], 4)


def test_csv_row_per_person_and_empty_row_without_people(tmp_path: Path) -> None:
    poses = people(2)
    head, *rows = (line.split(",") for line in write(tmp_path / "a.csv", Poses.empty(), poses))
    assert head[:6] == ["frame", "time_s", "width", "height", "id", "score"]
    parts = ["x_px", "y_px", "z_px", "visibility", "presence", "x_m", "y_m", "z_m"]
    assert head[6:14] == [f"nose_{part}" for part in parts]
    assert len(head) == 6 + 33 * 8 + 12
    joints = ("knee", "elbow", "hip", "shoulder", "ankle")
    both = [f"{side}_{joint}_deg" for joint in joints for side in ("left", "right")]
    assert head[-12:] == [*both, "trunk_deg", "neck_deg"]
    assert [len(row) for row in rows] == [len(head)] * 3
    assert rows[0] == ["0", "0.0", "48", "32", *[""] * (len(head) - 4)]
    assert [row[4] for row in rows[1:]] == ["1", "2"]
    column = head.index("right_foot_index_visibility")
    assert float(rows[2][column]) == round(poses.visibility[1, 32], 4)
    assert float(rows[2][-13]) == round(poses.world_landmarks_m[1, 32, 2], 5)
    angles = standard_angles(BLAZEPOSE33)(poses.world_landmarks_m)
    assert [float(cell) for cell in rows[2][-12:]] == pytest.approx(angles[1], abs=6e-3)


def test_csv_angles_of_ones_own_are_last_columns(tmp_path: Path) -> None:
    lean = parse_angle("lean=mid_hip,nose")
    head, row = write(tmp_path / "a.csv", people(1), angles=[lean])
    assert head.endswith(",neck_deg,lean_deg")
    assert len(head.split(",")) == len(row.split(","))


def test_csv_undefined_angle_is_empty_cell(tmp_path: Path) -> None:
    poses = people(2)
    metres = poses.world_landmarks_m.copy()
    metres[0] = 0.0  # a model that gives no metres
    metres[1, BLAZEPOSE33.index("left_ankle")] = metres[1, BLAZEPOSE33.index("left_knee")]
    rows = write(tmp_path / "a.csv", replace(poses, world_landmarks_m=metres))[1:]
    nowhere, one = (row.split(",")[-12:] for row in rows)
    assert nowhere == [""] * 12
    assert one[0] == one[8] == ""  # knee and ankle
    assert all(one[1:8])


def test_csv_takes_another_skeleton(tmp_path: Path) -> None:
    lines = write(tmp_path / "a.csv", people(1, 17), skeleton=COCO17)
    assert lines[0].split(",") == header(COCO17)
    assert len(lines[1].split(",")) == len(header(COCO17))


def test_csv_other_skeleton_is_refused(tmp_path: Path) -> None:
    with (
        open_sink(tmp_path / "a.csv", skeleton=BLAZEPOSE33) as sink,
        pytest.raises(InputError, match=r"expected 33 keypoints \(blazepose33\), got 17"),
    ):
        sink.write(frame(), people(1, 17))
    assert not (tmp_path / "a.csv").exists()


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
@pytest.mark.parametrize("field", ["landmarks_px", "world_landmarks_m", "presence", "scores"])
def test_text_sink_nan_is_refused(tmp_path: Path, name: str, field: str) -> None:
    poses = people(1)
    broken = getattr(poses, field).copy()
    broken.flat[-1] = np.nan
    with open_sink(tmp_path / name) as sink:
        sink.write(frame(), poses)
        with pytest.raises(SinkError, match="frame 1 holds a landmark that is not a finite"):
            sink.write(frame(1), replace(poses, **{field: broken}))
    assert "nan" not in (tmp_path / name).read_text().lower()


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_text_sink_flushes_each_frame(tmp_path: Path, name: str) -> None:
    with open_sink(tmp_path / name) as sink:
        for index in range(3):
            sink.write(frame(index), people(1))
            lines = (tmp_path / name).read_text().splitlines()
            assert len(lines) == index + 1 + name.endswith("csv")


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_text_sink_replaces_existing_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("old\n" * 100)
    assert "old" not in write(tmp_path / name, Poses.empty())


def test_csv_with_files_has_last_column_with_names(tmp_path: Path) -> None:
    names = ["a.png", 'b, "c".png', ""]
    with open_sink(tmp_path / "a.csv") as sink:
        for index, name in enumerate(names):
            image = np.zeros((32, 48, 3), np.uint8)
            sink.write(Frame(image, index, 0.0, True, name), people(index))
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == [*header(BLAZEPOSE33), "file"]
    assert [row[-1] for row in rows[1:]] == [names[0], names[1], names[2], names[2]]
    assert {len(row) for row in rows} == {len(rows[0])}


def test_jsonl_has_file_and_mask(tmp_path: Path) -> None:
    masks = np.zeros((2, 32, 48), np.float32)
    masks[1, 4:20, 8:30] = 0.7
    frame = Frame(np.zeros((32, 48, 3), np.uint8), 0, 0.0, True, "x/a.png")
    with open_sink(tmp_path / "a.jsonl") as sink:
        sink.write(frame, replace(people(2), masks=masks))
    record = json.loads((tmp_path / "a.jsonl").read_text(encoding="utf-8"))
    assert record["file"] == "x/a.png"
    for person, mask in zip(record["poses"], masks, strict=True):
        assert (decode_mask(person["mask"]) == (mask > 0.5)).all()


def test_csv_names_with_commas_and_quotes_stay_one_column_each(tmp_path: Path) -> None:
    skeleton = Skeleton("odd", ("a,b", 'c"d', "e\nf"), ())
    with CsvSink(tmp_path / "a.csv", skeleton=skeleton) as sink:
        sink.write(Frame(np.zeros((4, 4, 3), np.uint8), 0, 0.0), Poses.empty(3))
    with open(tmp_path / "a.csv", newline="", encoding="utf-8") as file:
        head, row = csv.reader(file)
    assert [name for name in head if name.endswith("x_px")] == ["a,b_x_px", 'c"d_x_px', "e\nf_x_px"]
    assert len(head) == len(row)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_write_pipe_without_a_reader_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blazetrack.sinks.base._PIPE_S", 0.1)
    os.mkfifo(tmp_path / "a.jsonl")
    with open_sink(tmp_path / "a.jsonl") as sink, pytest.raises(SinkError, match="cannot be writ"):
        sink.write(Frame(np.zeros((4, 4, 3), np.uint8), 0, 0.0), Poses.empty())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_write_pipe_with_a_reader_gets_the_lines(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jsonl")
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit((tmp_path / "a.jsonl").read_text)
        with open_sink(tmp_path / "a.jsonl") as sink:
            sink.write(Frame(np.zeros((4, 4, 3), np.uint8), 7, 0.0), Poses.empty())
        assert json.loads(read.result())["frame"] == 7
