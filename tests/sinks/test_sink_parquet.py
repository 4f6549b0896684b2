"""Parquet, read by pandas and pyarrow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blazetrack.angles import parse_angle
from blazetrack.errors import MissingExtra, SinkError
from blazetrack.sinks import open_sink
from blazetrack.types import Frame, Poses
from tests.conftest import MakePeople

pyarrow = pytest.importorskip("pyarrow")


def write(path: Path, clip: list[Poses]) -> None:
    with open_sink(path, angles=[parse_angle("lean=mid_hip,nose")]) as sink:
        for index, poses in enumerate(clip):
            image = np.zeros((32, 48, 3), np.uint8)
            sink.write(Frame(image, index, index / 30, file="a.mp4"), poses)
        if path.suffix == ".parquet":
            assert sink.last_frame is None
    assert (sink.last_frame, sink.written) == (len(clip) - 1, [str(path)])


def test_parquet_equals_csv(
    tmp_path: Path, people: MakePeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    pandas = pytest.importorskip("pandas")
    monkeypatch.setattr("blazetrack.sinks.parquet._MAX_ROWS", 3)
    rng = np.random.default_rng(0)
    clip = [Poses.empty()]
    for count in (2, 1, 3, 0, 2):
        poses = people(*[(9.123456, 9, 5)] * count, ids=list(range(count)))
        world = rng.normal(size=poses.landmarks_px.shape)
        world[:1, 25] = world[:1, 23]  # a thigh without a length has no angle
        clip.append(replace(poses, world_landmarks_m=world))
    for ending in ("parquet", "csv"):
        write(tmp_path / f"a.{ending}", clip)
    table = pandas.read_parquet(tmp_path / "a.parquet")
    pandas.testing.assert_frame_equal(table, pandas.read_csv(tmp_path / "a.csv"), check_dtype=False)
    types = pyarrow.parquet.read_schema(tmp_path / "a.parquet")
    assert [str(types.field(name).type) for name in ("frame", "id", "lean_deg", "file")] == [
        "int64", "int64", "double", "string",
    ]  # fmt: skip


def test_parquet_full_disk_is_an_error(tmp_path: Path, people: MakePeople) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    (tmp_path / "a.parquet").symlink_to("/dev/full")
    sink = open_sink(tmp_path / "a.parquet")
    sink.write(Frame(np.zeros((4, 4, 3), np.uint8)), people((1, 1, 1)))
    with pytest.raises(SinkError, match="cannot be written"):
        sink.close()
    sink.close()
    assert sink.last_frame is None


def test_parquet_without_pyarrow_is_the_pip_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r'pip install "blazetrack\[parquet\]"'):
        open_sink(tmp_path / "a.parquet")
