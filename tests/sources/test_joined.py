"""Several files as one source, and patterns of names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from blazetrack import Poses, open_sink, open_source
from blazetrack.errors import InputError, SourceError
from blazetrack.sources.patterns import is_pattern
from blazetrack.types import Frame


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with the pictures 1.png, 2.png and 10.png and the films a.mp4 and b.mp4."""
    for number in (1, 2, 10):
        image = np.full((16, 20, 3), number, np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.png"), image)
    for name, count in (("a.mp4", 3), ("b.mp4", 4)):
        with open_sink(tmp_path / name) as sink:
            for index in range(count):
                frame = Frame(np.zeros((32, 48, 3), np.uint8), index, index / 10)
                sink.write(frame, Poses.empty())
    return tmp_path


def test_open_source_pattern_is_in_natural_order(files: Path) -> None:
    source = open_source(f"{files}/*.png")
    frames = list(source)
    assert [Path(frame.file).name for frame in frames] == ["1.png", "2.png", "10.png"]
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [1, 2, 10]
    assert all(frame.still for frame in frames)
    assert (source.info.kind, source.info.frames) == ("stills", 3)


def test_open_source_list_keeps_order_and_times(files: Path) -> None:
    texts = [files / "b.mp4", str(files / "2.png"), files / "1.png", files / "a.mp4"]
    with open_source(texts) as source:
        for _ in range(2):  # each iteration starts again
            frames = list(source)
            assert [frame.index for frame in frames] == list(range(9))
            assert [Path(frame.file).name for frame in frames] == (
                ["b.mp4"] * 4 + ["2.png", "1.png"] + ["a.mp4"] * 3
            )
            assert [frame.still for frame in frames] == [False] * 4 + [True] * 2 + [False] * 3
            assert frames[6].time_s == 0.0
    assert source.info.kind == "video"


def test_open_source_list_of_one_is_that_source(files: Path) -> None:
    assert open_source([files / "a.mp4"]).info == open_source(files / "a.mp4").info


def test_open_source_list_limits_apply_to_all(files: Path) -> None:
    texts = [files / "a.mp4", files / "b.mp4"]
    assert len(list(open_source(texts, max_frames=5))) == 5
    times = [frame.time_s for frame in open_source(texts, start_s=0.1, end_s=0.3)]
    assert times == pytest.approx([0.1, 0.2, 0.1, 0.2], abs=1e-3)


def test_open_source_list_skips_unreadable_pictures(files: Path) -> None:
    (files / "2.png").write_bytes(b"no picture")
    source = open_source(f"{files}/*.png")
    assert [Path(frame.file).name for frame in source] == ["1.png", "10.png"]
    assert source.skipped == 1
    assert "2.png" in source.warnings[0]


def test_open_source_pattern_without_file_is_refused(files: Path) -> None:
    with pytest.raises(SourceError, match="no file fits this pattern"):
        open_source(f"{files}/*.jpg")
    with pytest.raises(SourceError, match="expected at least one, got none"):
        open_source([])
    with pytest.raises(SourceError, match="no such file"):
        open_source([files / "1.png", files / "x.mp4"])


@pytest.mark.parametrize("span", [(-1.0, None), (2.0, 1.0), (1.0, 1.0), (float("nan"), None)])
def test_open_source_wrong_span_is_refused(files: Path, span: tuple[Any, Any]) -> None:
    with pytest.raises(InputError, match="expected 0 <= start < end"):
        open_source(files / "a.mp4", start_s=span[0], end_s=span[1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p/*.jpg", True), ("**/x.png", True), ("a?.png", True), ("[ab].png", True),
        ("synthetic?frames=3", False), ("synthetic:squats?seed=1&size=2x2", False),
        ("http://x/a?b=*", False), ("mine.cam:Cam?port=2", False),
        ("clip.mp4", False), ("0", False),
    ],
)  # fmt: skip
def test_is_pattern(text: str, expected: bool) -> None:
    assert is_pattern(text) == expected


def test_is_pattern_name_of_a_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "a[1].png").touch()
    assert not is_pattern(f"{tmp_path}/a[1].png")
