"""The door of the sinks, and what is the same for all of them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from blazetrack.errors import SinkError
from blazetrack.sinks import open_sink
from blazetrack.types import Frame, Poses

FILES = ["out.mp4", "out.jsonl", "out.csv"]


def frame(index: int = 0) -> Frame:
    return Frame(np.zeros((32, 48, 3), np.uint8), index, index / 30)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("out.json", r"got the ending '\.json'; did you mean '\.jsonl'\?"),
        ("out", "got no ending; known: .csv, .jsonl, .mp4"),
        ("", "got no ending"),
        ("out.avi", r"ends in \.mp4 \.jsonl \.csv, got the ending '\.avi'"),
    ],
)
def test_an_unknown_ending_is_one_line(text: str, words: str) -> None:
    with pytest.raises(SinkError, match=words) as caught:
        open_sink(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", FILES)
def test_no_file_before_the_first_frame(tmp_path: Path, name: str) -> None:
    with open_sink(tmp_path / name):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", FILES)
def test_a_missing_folder_is_told_at_once(tmp_path: Path, name: str) -> None:
    with pytest.raises(SinkError, match=r"the folder '.*none' does not exist"):
        open_sink(tmp_path / "none" / name)


@pytest.mark.parametrize("name", FILES)
def test_a_folder_is_no_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(SinkError, match="got a folder"):
        open_sink(tmp_path / name)


@pytest.mark.parametrize("name", FILES)
def test_a_forbidden_folder_is_told_at_once(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(SinkError, match="writing is not allowed here"):
        open_sink(tmp_path / name)


@pytest.mark.parametrize("name", FILES)
def test_closing_twice_is_harmless_and_writing_after_is_not(tmp_path: Path, name: str) -> None:
    sink = open_sink(tmp_path / name)
    sink.write(frame(), Poses.empty())
    sink.close()
    size = (tmp_path / name).stat().st_size
    sink.close()
    with pytest.raises(SinkError, match="is closed"):
        sink.write(frame(1), Poses.empty())
    assert (tmp_path / name).stat().st_size == size


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /dev/full")
@pytest.mark.parametrize("name", FILES)
def test_a_full_disk_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to("/dev/full")
    sink = open_sink(tmp_path / name)

    def run() -> None:
        with sink:
            for index in range(40):
                sink.write(frame(index), Poses.empty())

    with pytest.raises(SinkError, match=r"cannot be (written|finished) \([^\n]+\)$"):
        run()
    sink.close()


@pytest.mark.parametrize("name", FILES)
def test_a_folder_that_went_away_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with open_sink(tmp_path / "folder" / name) as sink:
        (tmp_path / "folder").rmdir()
        with pytest.raises(SinkError, match=r"cannot be written \((?i:no such file)"):
            sink.write(frame(), Poses.empty())


@pytest.mark.parametrize("name", FILES)
def test_only_pictures_need_pictures(tmp_path: Path, name: str) -> None:
    assert open_sink(tmp_path / name).needs_picture == name.endswith("mp4")
