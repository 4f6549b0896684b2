"""Files that users name: special files, large ones, and the identity of files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from blazetrack.common.files import check_regular, expand, is_same_file, read_text
from blazetrack.errors import GraphError


def test_expand_unknown_user_stays_as_it_is() -> None:
    assert expand("~no-such-user-here/x") == Path("~no-such-user-here/x")
    assert expand("~/x").is_absolute()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_read_text_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(GraphError, match="pipe: expected a file, got a pipe"):
        read_text(tmp_path / "pipe", "graph", GraphError)


def test_check_regular_folder_and_device_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="got a folder"):
        check_regular(tmp_path, GraphError)
    if os.path.exists("/dev/zero"):
        with pytest.raises(GraphError, match="got a device"):
            check_regular("/dev/zero", GraphError)


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"\xff\xfe", "UTF-8"), (b"x" * 200, "at most 100 bytes"), (None, "cannot read this graph")],
)
def test_read_text_bad_file_gives_one_line(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(GraphError, match=problem):
        read_text(path, "graph", GraphError, max_bytes=100)


def test_read_text_name_with_a_zero_byte_gives_one_line() -> None:
    with pytest.raises(GraphError, match="cannot read this graph"):
        read_text("a\0b", "graph", GraphError)


def test_is_same_file_links_and_spellings_are_one_file(tmp_path: Path) -> None:
    first, other = tmp_path / "one", tmp_path / "other"
    first.write_text("x")
    other.write_text("x")
    os.link(first, tmp_path / "hard")
    (tmp_path / "soft").symlink_to(first)
    (tmp_path / "folder").symlink_to(tmp_path)
    for name in ("hard", "soft", "folder/one", "./one"):
        assert is_same_file(first, tmp_path / name)
    assert not is_same_file(first, other)


def test_is_same_file_missing_files_compare_by_place(tmp_path: Path) -> None:
    (tmp_path / "folder").symlink_to(tmp_path)
    assert is_same_file(tmp_path / "new", tmp_path / "folder" / "new")
    assert not is_same_file(tmp_path / "new", tmp_path / "old")
    assert not is_same_file("a\0b", tmp_path / "old")
