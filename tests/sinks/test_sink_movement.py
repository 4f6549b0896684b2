"""TRC, MOT and BVH, opened by other programs."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blazetrack.angles import parse_angle, standard_angles
from blazetrack.errors import SinkError
from blazetrack.sinks import open_sink
from blazetrack.sinks.bones import joint_points
from blazetrack.sinks.trc import upright
from blazetrack.skeleton import BLAZEPOSE33, COCO17, LSP14, MPII16, Skeleton
from blazetrack.types import Frame, Poses
from tests.conftest import MakePeople

MOVEMENTS = ("a.trc", "a.mot", "a.bvh")
FRAMES = 20
FOREARM = ("left_wrist", "left_pinky", "left_index", "left_thumb")


def frame(index: int, **options: Any) -> Frame:
    return Frame(np.zeros((32, 48, 3), np.uint8), index, index / 25, **options)


def turn(axis: int, angle_rad: float) -> np.ndarray:
    matrix = np.eye(3)
    a, b = (axis + 1) % 3, (axis + 2) % 3
    matrix[a, a] = matrix[b, b] = np.cos(angle_rad)
    matrix[b, a] = np.sin(angle_rad)
    matrix[a, b] = -matrix[b, a]
    return matrix


def body() -> np.ndarray:
    """`(33, 3)`: a person who stands, in metres, x right, y down; no two keypoints in one place."""
    rng = np.random.default_rng(5)
    points = rng.normal(0, 0.02, (33, 3))
    places = {
        "shoulder": (0.2, -0.5, 0.0), "elbow": (0.22, -0.2, 0.0), "wrist": (0.23, 0.05, -0.1),
        "pinky": (0.24, 0.14, -0.1), "index": (0.22, 0.14, -0.12), "thumb": (0.2, 0.1, -0.1),
        "hip": (0.12, 0.0, 0.0), "knee": (0.13, 0.45, -0.02), "ankle": (0.13, 0.9, 0.0),
        "heel": (0.13, 0.95, 0.05), "foot_index": (0.15, 0.95, -0.2), "ear": (0.08, -0.68, 0.0),
        "eye": (0.04, -0.72, -0.1),
    }  # fmt: skip
    for part, (x, y, z) in places.items():
        points[BLAZEPOSE33.index(f"left_{part}")] = x, y, z
        points[BLAZEPOSE33.index(f"right_{part}")] = -x, y, z
    points[BLAZEPOSE33.index("nose")] = 0.0, -0.68, -0.13
    return points


def moving() -> np.ndarray:
    """`(FRAMES, 33, 3)`: the person turns as a whole and bends an arm; all lengths are kept."""
    elbow, rest = body()[BLAZEPOSE33.index("left_elbow")], body()
    forearm = [BLAZEPOSE33.index(name) for name in FOREARM]
    frames = []
    for step in range(FRAMES):
        points = rest.copy()
        points[forearm] = (rest[forearm] - elbow) @ turn(0, 0.1 * step).T + elbow
        frames.append(points @ turn(1, 0.3 * step).T @ turn(2, 0.02 * step).T)
    return np.stack(frames)


@pytest.fixture
def clip(people: MakePeople) -> list[Poses]:
    """Person 4 in all frames but 7 and 8, person 2 in the frames 5 to 9."""
    found = []
    for index, points in enumerate(moving()):
        ids = [number for number, seen in ((4, index not in (7, 8)), (2, 5 <= index < 10)) if seen]
        poses = people(*[(9, 9, 5)] * len(ids), ids=ids)
        world = [points if number == 4 else points * 0.9 for number in ids]
        found.append(replace(poses, world_landmarks_m=np.reshape(world, (len(ids), 33, 3))))
    return found


def write(path: Path, clip: list[Poses], **options: Any) -> Any:
    with open_sink(path, **options) as sink:
        for index, poses in enumerate(clip):
            sink.write(frame(index), poses)
    return sink


def read_mot(path: Path) -> Any:
    pandas = pytest.importorskip("pandas")
    return pandas.read_csv(path, sep="\t", skiprows=6)


def test_trc_is_read_by_another_reader(tmp_path: Path, clip: list[Poses]) -> None:
    reader = pytest.importorskip("trc", reason="needs trc-data-reader")
    sink = write(tmp_path / "a.trc", clip)
    assert sink.written == [str(tmp_path / "a.trc"), str(tmp_path / "a_2.trc")]
    assert sink.last_frame == FRAMES - 1
    data = reader.TRCData()
    data.load(str(tmp_path / "a.trc"))
    assert (data["DataRate"], data["Units"], data["NumFrames"]) == (25.0, "m", FRAMES)
    assert data["NumMarkers"] == len(data["Markers"]) == 29
    assert {"Hip", "Neck", "Nose", "RKnee", "LBigToe", "LWrist"} <= set(data["Markers"])
    np.testing.assert_allclose(data["Time"], np.arange(FRAMES) / 25)
    seen = [index for index in range(FRAMES) if index not in (7, 8)]
    knee = upright(moving()[:, BLAZEPOSE33.index("right_knee")])
    np.testing.assert_allclose(np.array(data["RKnee"])[seen], knee[seen], atol=6e-7)
    assert np.isnan(data["RKnee"][7]).all()
    data = reader.TRCData()
    data.load(str(tmp_path / "a_2.trc"))
    assert data["NumFrames"] == 5
    assert data["Time"][0] == 0.2


def test_mot_angles_equal_those_of_csv(tmp_path: Path, clip: list[Poses]) -> None:
    lean = parse_angle("lean=mid_hip,nose")
    for ending in ("mot", "csv"):
        write(tmp_path / f"a.{ending}", clip, angles=[lean])
    with (tmp_path / "a.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["id"] == "4"]
    table = read_mot(tmp_path / "a.mot")
    names = (*standard_angles(BLAZEPOSE33).names, "lean")
    assert list(table) == ["time", *names]
    assert table["time"].tolist() == [float(row["time_s"]) for row in rows]
    for name in names:
        assert table[name].tolist() == [float(row[f"{name}_deg"]) for row in rows]
    assert f"nRows={FRAMES - 2}" in (tmp_path / "a.mot").read_text().splitlines()


def test_trc_and_mot_are_read_by_opensim(
    tmp_path: Path, clip: list[Poses], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # it writes a log file where it is imported
    opensim = pytest.importorskip("opensim")
    for ending in ("trc", "mot"):
        write(tmp_path / f"a.{ending}", clip)
    table = opensim.TimeSeriesTableVec3(str(tmp_path / "a.trc"))
    assert (table.getNumRows(), table.getNumColumns()) == (FRAMES, 29)
    data = opensim.MarkerData(str(tmp_path / "a.trc"))
    assert (data.getNumFrames(), data.getDataRate()) == (FRAMES, 25)
    angles = opensim.Storage(str(tmp_path / "a.mot"))
    assert (angles.getSize(), angles.isInDegrees()) == (FRAMES - 2, True)


def positions(path: Path) -> dict[str, np.ndarray]:
    """Joint → `(T, 3)` as another program places it."""
    bvhio = pytest.importorskip("bvhio")
    root = bvhio.readAsHierarchy(str(path))
    count = bvhio.readAsBvh(str(path)).FrameCount
    found: dict[str, list[Any]] = {}
    for index in range(count):
        root.loadPose(index)
        for joint, _, _ in root.layout():
            found.setdefault(joint.Name, []).append(list(joint.PositionWorld))
    return {name: np.array(places) for name, places in found.items()}


def test_bvh_joints_are_where_the_landmarks_are(tmp_path: Path, clip: list[Poses]) -> None:
    sink = write(tmp_path / "a.bvh", clip)
    assert sink.warnings == [f"{tmp_path / 'a.bvh'}: interpolated frames without the person: 2"]
    placed = positions(tmp_path / "a.bvh")
    truth = joint_points(upright(moving()), BLAZEPOSE33)
    assert len(placed) == 17
    seen = [index for index in range(FRAMES) if index not in (6, 7, 8, 9)]
    for name in placed.keys() & truth.keys():
        np.testing.assert_allclose(placed[name][seen], truth[name][seen], atol=1e-3)
    head = placed["Head"] - placed["Neck"]
    assert np.ptp(np.linalg.norm(head, axis=1)) < 1e-5
    assert "Frame Time: 0.04000000" in (tmp_path / "a.bvh").read_text()


def test_bvh_bones_keep_their_lengths(tmp_path: Path, people: MakePeople) -> None:
    rng = np.random.default_rng(0)
    clip = [
        replace(people((9, 9, 5), ids=[1]), world_landmarks_m=points[None])
        for points in moving() + rng.normal(0, 0.02, (FRAMES, 33, 3))
    ]
    write(tmp_path / "a.bvh", clip)
    placed = positions(tmp_path / "a.bvh")
    for one, other in (("LeftUpLeg", "LeftLeg"), ("RightArm", "RightForeArm"), ("Hips", "Chest")):
        lengths = np.linalg.norm(placed[one] - placed[other], axis=1)
        assert np.ptp(lengths) < 1e-5
        truth = joint_points(np.concatenate([p.world_landmarks_m for p in clip]), BLAZEPOSE33)
        median = np.median(np.linalg.norm(truth[one] - truth[other], axis=1))
        assert lengths[0] == pytest.approx(median, abs=1e-5)


def test_bvh_of_a_set_without_hands_and_feet(tmp_path: Path, people: MakePeople) -> None:
    order = [BLAZEPOSE33.index(name) for name in COCO17.names]
    clip = [
        replace(people((9, 9, 5), ids=[1], keypoints=17), world_landmarks_m=points[None, order])
        for points in moving()
    ]
    write(tmp_path / "a.bvh", clip, skeleton=COCO17)
    placed = positions(tmp_path / "a.bvh")
    truth = joint_points(upright(moving()), BLAZEPOSE33)
    np.testing.assert_allclose(placed["LeftHand"], truth["LeftHand"], atol=1e-3)


def test_bvh_of_faulty_times_keeps_the_order_of_frames(tmp_path: Path, clip: list[Poses]) -> None:
    with open_sink(tmp_path / "a.bvh") as sink:
        for index in (0, 1, 2, 3):
            sink.write(replace(frame(index), time_s=(0.0, 0.5, 0.2, 0.3)[index]), clip[index])
    placed, truth = positions(tmp_path / "a.bvh"), joint_points(upright(moving()), BLAZEPOSE33)
    np.testing.assert_allclose(placed["LeftHand"], truth["LeftHand"][:4], atol=1e-3)


@pytest.mark.parametrize(
    ("name", "skeleton", "words"),
    [
        ("a.trc", Skeleton("hand", ("palm", "thumb")), "expected keypoints of a body"),
        ("a.mot", Skeleton("hand", ("palm", "thumb")), "expected keypoints with joints"),
        ("a.bvh", Skeleton("hand", ("palm", "thumb")), "skeleton hand without left_ankle"),
    ],
)
def test_movement_of_another_skeleton_is_refused(
    tmp_path: Path, name: str, skeleton: Skeleton, words: str
) -> None:
    with pytest.raises(SinkError, match=words):
        open_sink(tmp_path / name, skeleton=skeleton)
    for body_set in (COCO17, LSP14, MPII16):
        open_sink(tmp_path / name, skeleton=body_set)


@pytest.mark.parametrize("name", MOVEMENTS)
def test_movement_of_pictures_or_several_clips_is_refused(tmp_path: Path, name: str) -> None:
    with open_sink(tmp_path / name) as sink:
        with pytest.raises(SinkError, match="holds the movement of one clip"):
            sink.write(frame(0, still=True), Poses.empty())
        sink.write(frame(0, file="a.mp4"), Poses.empty())
        with pytest.raises(SinkError, match="holds the movement of one clip"):
            sink.write(frame(1, file="b.mp4"), Poses.empty())
    assert sink.warnings == [f"{tmp_path / name}: no person was found; no file is written"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", MOVEMENTS)
def test_movement_without_metres_is_a_warning(
    tmp_path: Path, name: str, people: MakePeople
) -> None:
    sink = write(tmp_path / name, [people((9, 9, 5), ids=[1])])
    lack = "the people have no world landmarks; no file is written"
    assert sink.warnings == [f"{tmp_path / name}: {lack}"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", MOVEMENTS)
def test_movement_of_one_frame_is_written(tmp_path: Path, name: str, clip: list[Poses]) -> None:
    sink = write(tmp_path / name, clip[:1])
    assert sink.written == [str(tmp_path / name)]
    sink.close()
    with pytest.raises(SinkError, match="is closed"):
        sink.write(frame(1), clip[1])


@pytest.mark.parametrize("name", MOVEMENTS)
def test_movement_full_disk_is_an_error(tmp_path: Path, name: str, clip: list[Poses]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    (tmp_path / name).symlink_to("/dev/full")
    sink = open_sink(tmp_path / name)
    sink.write(frame(0), clip[0])
    with pytest.raises(SinkError, match="cannot be written"):
        sink.close()
