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

FILES = ["out.mp4", "out.jsonl", "out.csv", "out.json", "out.png", "out.jpg"]


def frame(index: int = 0) -> Frame:
    return Frame(np.zeros((32, 48, 3), np.uint8), index, index / 30)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("out.jsonx", r"got the ending '\.jsonx'; did you mean '\.json'\?"),
        ("out", "got no ending; known: .bvh, .csv, .jpeg, .jpg, .json, .jsonl, .mot, .mp4"),
        ("", "got no ending"),
        (
            "out.avi",
            r"ends in \.mp4 \.jsonl \.csv \.jpg .*, got the ending '\.avi'",
        ),
    ],
)
def test_open_sink_unknown_ending_is_one_line(text: str, words: str) -> None:
    with pytest.raises(SinkError, match=words) as caught:
        open_sink(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", FILES)
def test_sink_creates_no_file_before_first_frame(tmp_path: Path, name: str) -> None:
    with open_sink(tmp_path / name):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", FILES)
def test_open_sink_missing_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SinkError, match=r"the folder '.*none' does not exist"):
        open_sink(tmp_path / "none" / name)


@pytest.mark.parametrize("name", FILES)
def test_open_sink_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(SinkError, match="got a folder"):
        open_sink(tmp_path / name)


@pytest.mark.parametrize("name", FILES)
def test_open_sink_read_only_folder_is_refused(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(SinkError, match="writing is not allowed here"):
        open_sink(tmp_path / name)


@pytest.mark.parametrize("name", FILES)
def test_sink_close_is_idempotent_write_after_is_refused(tmp_path: Path, name: str) -> None:
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
def test_sink_full_disk_is_one_line(tmp_path: Path, name: str) -> None:
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
def test_sink_removed_folder_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with open_sink(tmp_path / "folder" / name) as sink:
        (tmp_path / "folder").rmdir()
        with pytest.raises(SinkError, match=r"cannot be written \((?i:no such file)"):
            sink.write(frame(), Poses.empty())


@pytest.mark.parametrize("name", FILES)
def test_sink_needs_picture_except_for_text(tmp_path: Path, name: str) -> None:
    assert open_sink(tmp_path / name).needs_picture == (
        name not in ("out.jsonl", "out.csv", "out.json")
    )
