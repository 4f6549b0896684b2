"""The rerun viewer's recordings and the virtual camera."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blazetrack.errors import SinkError
from blazetrack.sinks import open_sink
from blazetrack.types import Frame, Poses
from tests.conftest import MakePeople


def frame(index: int = 0, width: int = 64) -> Frame:
    return Frame(np.full((48, width, 3), 30, np.uint8), index, index / 10)


def test_rerun_recording_is_read_by_rerun(tmp_path: Path, people: MakePeople) -> None:
    cli = Path(pytest.importorskip("rerun_cli").__file__).parent / "rerun"
    two = people((20, 30, 9), (40, 30, 9), ids=[3, 14])
    two.world_landmarks_m[0] = np.random.default_rng(0).normal(size=(33, 3))
    with open_sink(tmp_path / "a.rrd") as sink:
        for index, poses in enumerate((Poses.empty(), two, two[:1])):
            sink.write(frame(index), poses)
    assert (sink.written, sink.last_frame) == ([str(tmp_path / "a.rrd")], 2)
    printed = subprocess.run(
        [cli, "rrd", "print", "-v", tmp_path / "a.rrd"], capture_output=True, text=True, check=True
    ).stdout
    for entity in ("/picture/person_14", "/space/person_3", "/angles/person_3/left_knee"):
        assert entity in printed
    assert "/space/person_14@Points3D" not in printed  # without metres


def test_rerun_without_display_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rerun")
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SinkError, match=r"rerun: no display .*--out poses\.rrd"):
        open_sink("rerun")


class Camera:
    """A virtual camera that keeps its pictures."""

    def __init__(self, **options: Any) -> None:
        self.options, self.sent = options, []  # type: ignore[var-annotated]
        self.width, self.height = options["width"], options["height"]
        self.closed = False

    def send(self, picture: np.ndarray) -> None:
        self.sent.append(picture)

    def close(self) -> None:
        self.closed = True


def test_virtual_camera_gets_drawn_pictures_of_one_size(
    monkeypatch: pytest.MonkeyPatch, people: MakePeople
) -> None:
    library = pytest.importorskip("pyvirtualcam")
    made: list[Camera] = []
    monkeypatch.setattr(
        library, "Camera", lambda **options: made.append(Camera(**options)) or made[-1]
    )
    with open_sink("virtual_camera?fps=25&device=/dev/video9") as sink:
        sink.write(frame(0), people((20, 30, 9)))
        sink.write(frame(1), Poses.empty(), np.zeros((48, 64, 3), np.uint8))
        with pytest.raises(SinkError, match="expected pictures of 64×48, got 32×48"):
            sink.write(frame(2, width=32), Poses.empty())
    (camera,) = made
    assert camera.options == {"width": 64, "height": 48, "fps": 25.0, "device": "/dev/video9"}
    assert [int(picture.max()) > 30 for picture in camera.sent] == [True, False]
    assert camera.closed


def test_virtual_camera_that_the_system_lacks_is_one_line(
    monkeypatch: pytest.MonkeyPatch, people: MakePeople
) -> None:
    library = pytest.importorskip("pyvirtualcam")

    def refuse(**options: Any) -> None:
        raise RuntimeError("v4l2loopback: not\nfound.")

    monkeypatch.setattr(library, "Camera", refuse)
    with (
        open_sink("virtual_camera") as sink,
        pytest.raises(SinkError, match=r"cannot be opened \(v4l2loopback: not found\); on Linux"),
    ):
        sink.write(frame(), people((20, 30, 9)))
