"""Cameras and streams, with a device made of paper and one real stream."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from blazetrack.errors import InputError, SourceError
from blazetrack.sources import camera, open_source
from blazetrack.sources.camera import CameraSource


class PaperCamera:
    """Gives `pictures` blue pictures, then none."""

    def __init__(self, pictures: int, opens: bool = True) -> None:
        self.left, self.open, self.settings, self.opened = pictures, opens, {}, 0

    def __call__(self, *address: Any) -> PaperCamera:
        self.opened += 1
        return self

    def isOpened(self) -> bool:
        return self.open

    def set(self, what: int, value: float) -> bool:
        self.settings[what] = value
        return True

    def get(self, what: int) -> float:
        return 25.0 if what == cv2.CAP_PROP_FPS else 0.0

    def read(self) -> tuple[bool, Any]:
        if not self.left:
            return False, None
        self.left -= 1
        return True, np.full((6, 8, 3), (255, 0, 0), np.uint8)

    def release(self) -> None:
        self.open = False


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "_MISS_PAUSE_S", 0.0)
    monkeypatch.setattr(camera, "_REOPEN_PAUSE_S", 0.0)


def test_camera_frames_are_rgb_with_clock_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", device := PaperCamera(10))
    ticks = iter([100.0, 100.5, 101.5])
    with CameraSource(0, size=(8, 6), fps=25, clock=lambda: next(ticks)) as source:
        source.limit(3)
        frames = list(source)
    assert source.info == camera.SourceInfo("camera 0", "live", 8, 6, 25.0, is_camera=True)
    assert [frame.time_s for frame in frames] == [0.0, 0.5, 1.5]
    assert frames[0].image[0, 0].tolist() == [0, 0, 255]
    assert device.settings[cv2.CAP_PROP_FRAME_WIDTH] == 8
    assert not device.open


@pytest.mark.parametrize("device", [PaperCamera(0, opens=False), PaperCamera(0)])
def test_camera_missing_or_busy_is_one_line(
    monkeypatch: pytest.MonkeyPatch, device: PaperCamera
) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", device)
    with pytest.raises(SourceError, match=r"^camera 3: expected live pictures, got none; [^\n]*$"):
        open_source("3")
    assert not device.open


def test_camera_missing_prints_nothing(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SourceError, match="camera 97: expected live pictures"):
        open_source(97)
    assert capfd.readouterr().err == ""


def test_camera_unplugged_raises(monkeypatch: pytest.MonkeyPatch, no_pause: None) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", PaperCamera(3))
    frames = iter(CameraSource(0, retry_s=0))
    assert [next(frames).index for _ in range(3)] == [0, 1, 2]  # with the one of the opening
    with pytest.raises(SourceError, match="camera 0: gives no more pictures after 3 frames; "):
        next(frames)


class Plugs:
    """Stands for `cv2.VideoCapture`: each opening gets the next camera, the last one stays."""

    def __init__(self, *cameras: PaperCamera) -> None:
        self.cameras = list(cameras)
        self.opened: list[PaperCamera] = []

    def __call__(self, *address: Any) -> PaperCamera:
        made = self.cameras.pop(0) if len(self.cameras) > 1 else self.cameras[0]
        self.opened.append(made)
        return made


def seconds() -> Callable[[], float]:
    """A clock that goes on by one second at each look."""
    ticks = count()
    return lambda: float(next(ticks))


def test_camera_reopened_continues_time(monkeypatch: pytest.MonkeyPatch, no_pause: None) -> None:
    away = [PaperCamera(0, opens=False) for _ in range(3)]
    plugs = Plugs(PaperCamera(2), *away, PaperCamera(4))
    monkeypatch.setattr(cv2, "VideoCapture", plugs)
    lines: list[str] = []
    source = CameraSource(0, size=(8, 6), clock=seconds(), report=lines.append)
    source.limit(6)
    frames = list(source)
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4, 5]
    times = [frame.time_s for frame in frames]
    assert times == sorted(set(times))
    assert times[2] - times[1] > 4  # the time in between has passed
    assert [line.partition(";")[0] for line in lines] == [
        "camera 0: gives no more pictures",
        "camera 0: is back after 5.0 s",
    ]
    assert "waiting up to 10 s" in lines[0]
    assert source.warnings == ["camera 0: was away for 5.0 s"]
    assert source.waiting == ""
    assert plugs.opened[-1].settings[cv2.CAP_PROP_FRAME_WIDTH] == 8
    assert not plugs.opened[0].open


def test_camera_lost_raises_after_retry_time(
    monkeypatch: pytest.MonkeyPatch, no_pause: None
) -> None:
    plugs = Plugs(PaperCamera(3), PaperCamera(0, opens=False))
    monkeypatch.setattr(cv2, "VideoCapture", plugs)
    source = CameraSource(0, retry_s=5, clock=seconds())
    frames: list[Any] = []
    with pytest.raises(SourceError, match=r"after 3 frames and did not come back in 5 s; [^\n]+$"):
        frames.extend(iter(source))
    assert 3 <= len(plugs.opened) <= 6
    assert source.waiting == ""


def test_camera_waiting_is_reported_and_closable(
    monkeypatch: pytest.MonkeyPatch, no_pause: None
) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", Plugs(PaperCamera(1), PaperCamera(0, opens=False)))
    source = CameraSource(0, retry_s=86_400)
    shown: list[str] = []

    def close_soon(pause_s: float) -> None:
        if source.waiting:
            shown.append(source.waiting)
            source.close()

    monkeypatch.setattr(camera.time, "sleep", close_soon)
    assert len(list(source)) == 1
    assert shown == ["waiting for camera 0"]


def test_stream_without_length_is_reopened(monkeypatch: pytest.MonkeyPatch, no_pause: None) -> None:
    plugs = Plugs(PaperCamera(3), PaperCamera(3), PaperCamera(0, opens=False))
    monkeypatch.setattr(cv2, "VideoCapture", plugs)
    source = CameraSource("rtsp://me:secret@10.0.0.2/live", retry_s=5, clock=seconds())
    assert not source.info.is_camera
    assert len(list(source)) == 3 + 3
    assert "the stream ended after 6 frames and did not come back in 5 s" in source.warnings[-1]
    assert "secret" not in " ".join(source.warnings)


@pytest.mark.parametrize("seconds", [-1, float("nan"), 1e9])
def test_open_source_retry_out_of_range_is_refused(seconds: float) -> None:
    with pytest.raises(InputError, match="retry_s: expected 0 to 86400 seconds"):
        open_source(0, retry_s=seconds)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=tmp_path)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_stream_missing_is_one_line(server: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SourceError, match="check the address and the network"):
        open_source(f"{server}/none.ts")
    assert capfd.readouterr().err == ""
