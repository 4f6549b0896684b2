"""The camera of a Raspberry Pi, with a stand-in for its program."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from blazetrack import PoseTracker, open_source
from blazetrack.errors import SourceError
from blazetrack.sources.picam import PiCameraSource
from blazetrack.sources.synthetic import SyntheticSource

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the program exists on Linux only")

STAND_IN = Path(__file__).parent / "stand_in_camera.py"
ROOT = Path(__file__).parents[2]
Connect = Callable[..., None]


@pytest.fixture
def connect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Put the stand-in on the PATH, with a fault and a number of pictures."""

    def install(fault: str = "", frames: int = 40, name: str = "rpicam-vid") -> None:
        program = tmp_path / name
        program.write_text(
            f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" "{STAND_IN}" "$@"\n'
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setenv("CAMERA_FAULT", fault)
        monkeypatch.setenv("CAMERA_FRAMES", str(frames))

    return install


def test_picam_tracks_every_picture_of_the_program(connect: Connect) -> None:
    connect(frames=40)
    with open_source("picam", size=(256, 192)) as source, PoseTracker("blaze_lite") as tracker:
        assert source.info.kind == "live"
        assert source.info.is_camera
        found = [len(tracker(frame)) for frame in source]
        assert found == [1] * 40
        assert source.warnings == ["picam:0: gives no more pictures after 40 frames"]


def test_picam_pictures_are_those_of_the_camera_in_rgb(connect: Connect) -> None:
    connect(frames=2)
    drawn = SyntheticSource(frames=2, size=(128, 96))
    with open_source("picam:1?size=128x96&fps=15") as source:
        assert source.info.name == "picam:1"
        for frame, want in zip(source, drawn, strict=True):
            difference = np.abs(frame.image.astype(int) - want.image)
            assert difference.mean() < 4  # colour has half of the size
        assert frame.time_s > 0


def test_picam_width_is_rounded_up_so_that_rows_have_no_padding(connect: Connect) -> None:
    connect(frames=1)
    with open_source("picam", size=(200, 111)) as source:
        (frame,) = source
        assert (frame.width, frame.height) == (256, 112)
        assert (source.info.width, source.info.height) == (256, 112)


def test_picam_older_name_of_the_program_is_used_too(connect: Connect) -> None:
    connect(frames=1, name="libcamera-vid")
    with open_source("picam", size=(128, 96)) as source:
        assert len(list(source)) == 1


def test_picam_cut_picture_is_left_out(connect: Connect) -> None:
    connect("cut", frames=3)
    with open_source("picam", size=(128, 96)) as source:
        assert len(list(source)) == 2
        assert source.warnings == ["picam:0: gives no more pictures after 2 frames"]


def test_picam_max_frames_ends_the_program(connect: Connect) -> None:
    connect(frames=10_000)
    with open_source("picam", size=(128, 96), max_frames=3) as source:
        assert isinstance(source, PiCameraSource)
        assert len(list(source)) == 3
    assert source._process.returncode is not None
    assert source.warnings == []


@pytest.mark.parametrize(
    ("text", "fault", "message"),
    [
        (
            "picam:2",
            "",
            "picam:2: expected live pictures, got none: no cameras available; "
            "try rpicam-hello --list-cameras",
        ),
        (
            "picam",
            "busy",
            "picam:0: expected live pictures, got none: failed to acquire camera "
            "/base/i2c/imx708@1a; try rpicam-hello --list-cameras",
        ),
        (
            "picam",
            "size",
            "picam:0: expected live pictures, got none: it gives 136x96, not 128x96; "
            "try rpicam-hello --list-cameras",
        ),
        ("picam:x", "", "picam:x: expected the number of a camera, as in picam:1, got 'x'"),
        ("picam:", "", "picam:: expected the number of a camera, as in picam:1, got ''"),
    ],
)
def test_picam_without_pictures_gives_one_line(
    text: str, fault: str, message: str, connect: Connect
) -> None:
    connect(fault)
    with pytest.raises(SourceError) as caught:
        open_source(text, size=(128, 96))
    assert str(caught.value) == message


def test_picam_that_stays_silent_gives_one_line(connect: Connect) -> None:
    connect("silent")
    with pytest.raises(SourceError, match="got none: no picture for 1 s; try rpicam-hello"):
        open_source("picam", size=(128, 96), retry_s=1)


def test_picam_unplugged_gives_one_line(connect: Connect) -> None:
    connect("unplugged", frames=3)
    with (
        open_source("picam", size=(128, 96)) as source,
        pytest.raises(SourceError) as caught,
    ):
        list(source)
    assert str(caught.value) == (
        "picam:0: gives no more pictures after 2 frames: camera frontend has timed out; "
        "check the cable, then start again"
    )


def test_picam_without_program_names_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="expected the program rpicam-vid, found none") as caught:
        open_source("picam")
    assert str(caught.value).endswith("sudo apt install rpicam-apps-lite")


def test_picam_size_out_of_range_is_refused(connect: Connect) -> None:
    connect()
    with pytest.raises(SourceError, match="expected sides of 64 to 8192 pixels, got 32x96"):
        open_source("picam", size=(32, 96))
