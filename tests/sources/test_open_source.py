"""The door: which kind of source a text names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from blazetrack.errors import InputError, SourceError
from blazetrack.sources import frame_from_array, open_source


def picture(path: Path, height: int = 6, width: int = 8) -> Path:
    cv2.imwrite(str(path), np.zeros((height, width, 3), np.uint8))
    return path


def test_open_source_missing_file_suggests_similar_name(tmp_path: Path) -> None:
    picture(tmp_path / "squats.png")
    with pytest.raises(SourceError, match=r"no such file or folder; did you mean 'squats\.png'\?"):
        open_source(tmp_path / "squat.png")


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right of the user")
def test_open_source_link_to_a_missing_file_is_named_as_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.mp4").symlink_to("nowhere")
    with pytest.raises(SourceError, match=r"link\.mp4': is a link to a file that does not exist"):
        open_source(tmp_path / "link.mp4")


def test_open_source_missing_file_lists_kinds(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="expected a camera number, a video"):
        open_source(str(tmp_path / "qqqqqqqq"))


@pytest.mark.parametrize("text", ["", "no/such/folder/clip.mp4", "nul\0byte.mp4", "x" * 5000])
def test_open_source_impossible_path_is_one_line(text: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_source(text)
    assert "\n" not in str(caught.value)


def test_open_source_misspelt_synthetic_is_suggested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match="did you mean 'synthetic'"):
        open_source("sinthetic")


def test_open_source_max_frames_limits_frames_and_info(tmp_path: Path) -> None:
    for number in range(3):
        picture(tmp_path / f"{number}.png")
    source = open_source(tmp_path, max_frames=2)
    assert source.info.frames == 2
    assert [frame.index for frame in source] == [0, 1]


def test_open_source_max_frames_zero_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="max_frames: expected 1 or more, got 0"):
        open_source(picture(tmp_path / "a.png"), max_frames=0)


def test_open_source_fps_is_clock_of_folder(tmp_path: Path) -> None:
    for number in range(3):
        picture(tmp_path / f"{number}.png")
    assert [frame.time_s for frame in open_source(tmp_path, fps=10)] == [0.0, 0.1, 0.2]


def test_open_source_upper_case_ending_is_picture(tmp_path: Path) -> None:
    with open_source(picture(tmp_path / "A.PNG")) as source:
        assert source.info.kind == "stills"


def test_import_loads_no_decoder() -> None:
    code = (
        "import sys, blazetrack.sources, blazetrack.sinks; "
        "sys.exit(bool({'cv2', 'av'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_frame_from_array_contiguous_is_not_copied() -> None:
    image = np.zeros((4, 5, 3), np.uint8)
    image.setflags(write=False)
    frame = frame_from_array(image, 7, 0.5)
    assert frame.image is image
    assert (frame.index, frame.time_s) == (7, 0.5)


def test_frame_from_array_strided_is_copied() -> None:
    image = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)[::-1, ::2]
    frame = frame_from_array(image)
    assert frame.image.flags.c_contiguous
    assert (frame.image == image).all()


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 5), np.uint8),
        np.zeros((4, 5, 4), np.uint8),
        np.zeros((4, 5, 3), np.float32),
        np.zeros((0, 5, 3), np.uint8),
        [[1, 2, 3]],
        None,
    ],
)
def test_frame_from_array_wrong_array_is_refused(image: object) -> None:
    with pytest.raises(InputError, match=r"^Frame\.image: expected [^\n]*$"):
        frame_from_array(image)


def test_frame_from_array_nan_time_is_refused() -> None:
    with pytest.raises(InputError, match=r"^Frame\.time_s: expected .*, got nan$"):
        frame_from_array(np.zeros((4, 5, 3), np.uint8), 0, float("nan"))


@pytest.mark.parametrize("text", ["2147483648", "1" * 5000, "99999"])
def test_open_camera_number_of_many_digits_is_one_line(text: str) -> None:
    with pytest.raises(SourceError, match=r"camera \d{1,40}: expected a number from 0 to 9999"):
        open_source(text)


@pytest.mark.parametrize(
    "text", ["synthetic:crowd?fps=1e-6", "synthetic?fps=5e-324", "synthetic?fps=nan"]
)
def test_open_synthetic_impossible_rate_is_refused(text: str) -> None:
    with pytest.raises(SourceError, match=r"synthetic: fps: expected 0\.1 to 1000"):
        open_source(text)


def test_open_synthetic_number_of_many_digits_is_one_short_line() -> None:
    with pytest.raises(SourceError, match="frames: expected a whole number") as error:
        open_source(f"synthetic?frames={'9' * 100}")
    assert "\n" not in str(error.value)
