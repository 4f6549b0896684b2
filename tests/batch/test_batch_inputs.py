"""Inputs of a batch: what texts name, and the names of the results."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from blazetrack.batch.inputs import Inputs, collect, name_results
from blazetrack.errors import InputError

OUT = Path("out")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with films and pictures, of which nothing but the names counts."""
    monkeypatch.chdir(tmp_path)
    for name in ("a/x.mp4", "a/b/x.mp4", "a/b/y.JPG", "a/notes.txt", "a/.hidden/z.mp4", "c.mov"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def names(inputs: Inputs) -> list[str]:
    return [item.name for item in name_results(inputs.items, {})]


def test_collect_folder_gives_films_and_pictures_below_it(files: Path) -> None:
    found = collect(["a"], OUT)
    assert [item.source for item in found.items] == ["a/x.mp4", "a/b/x.mp4", "a/b/y.JPG"]
    assert names(found) == ["x.mp4", "b/x.mp4", "b/y.JPG"]
    assert found.others == 1


def test_collect_pattern_keeps_the_folders_below_its_fixed_part(files: Path) -> None:
    assert sorted(names(collect(["a/**/*.mp4"], OUT))) == ["b/x.mp4", "x.mp4"]


def test_collect_list_gives_its_lines(files: Path) -> None:
    (files / "list.txt").write_bytes("\ufeffc.mov\r\n# no\n\n  a/x.mp4\n".encode())
    assert names(collect(["@list.txt"], OUT)) == ["c.mov", "x.mp4"]
    with pytest.raises(InputError, match=r"@none.txt: cannot read this list of sources \(No such"):
        collect(["@none.txt"], OUT)


def test_collect_duplicate_is_one_input(files: Path) -> None:
    (files / "link.mov").symlink_to(files / "c.mov")
    found = collect(["c.mov", "./c.mov", "link.mov", "a", "a/x.mp4"], OUT)
    assert names(found) == ["c.mov", "x.mp4", "b/x.mp4", "b/y.JPG"]
    assert found.duplicates == 3


def test_collect_output_folder_is_left_out(files: Path) -> None:
    found = collect(["a", "a/b/x.mp4"], Path("a/b"))
    assert names(found) == ["x.mp4"]
    assert found.faults == {"a/b/x.mp4": "a/b/x.mp4: is in the output folder; choose another one"}


def test_collect_output_of_another_batch_is_left_out(files: Path) -> None:
    (files / "a" / "b" / ".batch").mkdir()
    assert names(collect(["a"], OUT)) == ["x.mp4"]
    assert names(collect(["a/b"], OUT)) == ["x.mp4", "y.JPG"]


def test_collect_text_that_names_nothing_is_a_fault(files: Path) -> None:
    (files / "empty").mkdir()
    found = collect(["*.avi", "empty", "0", "c.mov"], OUT)
    assert names(found) == ["c.mov"]
    assert found.faults == {
        "*.avi": "'*.avi': no file fits this pattern; check the folder and the ending",
        "0": "0: is a camera, which does not end; a batch takes files",
        "empty": "empty: expected films or pictures in this folder, got none",
    }


def test_collect_missing_file_and_address_are_inputs(files: Path) -> None:
    found = collect(["none.mp4", "http://me:secret@host/a/b.mp4?key=1", "synthetic?seed=1"], OUT)
    assert [item.is_file for item in found.items] == [True, False, False]
    assert names(found) == ["none.mp4", "b.mp4", "synthetic_seed=1"]
    assert "secret" not in found.items[1].shown + found.items[1].key


def test_name_results_of_one_name_get_a_hash(files: Path) -> None:
    found = collect(["a/x.mp4", "a/b/x.mp4"], OUT)
    first, second = names(found)
    assert first == "x.mp4"
    assert second.startswith("x.mp4-")
    assert len(second) == len("x.mp4-") + 8
    kept = {os.path.realpath("a/b/x.mp4"): "x.mp4"}  # of an earlier run
    assert name_results(found.items, kept)[1].name == "x.mp4"
    assert name_results(found.items, kept)[0].name.startswith("x.mp4-")
