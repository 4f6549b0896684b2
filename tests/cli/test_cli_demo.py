"""`blazetrack demo`: its files, its score, its table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import pytest


def test_demo_tracks_drawn_person(command: Any, weights: object, tmp_path: Path) -> None:
    result = command("demo", "--frames", 45, "--offline", "--json")
    assert (result.code, result.err) == (0, [])
    report = result.json()
    assert report["frames"] == report["frames_with_people"] == 45
    assert report["ids"] == [1]
    assert report["detector_runs"] == 1
    assert report["pck"] >= 0.95
    with av.open(str(tmp_path / "demo.mp4")) as film:
        assert film.streams.video[0].codec_context.name == "h264"
        assert sum(1 for _ in film.decode(video=0)) == 45
    lines = (tmp_path / "demo.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["frame"] for line in lines] == list(range(45))


def test_demo_blaze_lite_needs_no_download(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLAZETRACK_HOME", str(tmp_path / "empty"))
    result = command("demo", "--model", "blaze_lite", "--frames", 45, "--offline", "--json")
    assert (result.code, result.err) == (0, [])
    report = result.json()
    assert report["models"] == {"detector": "blaze_detector_lite", "landmarks": "blaze_lite"}
    assert report["frames_with_people"] == 45
    assert report["pck"] >= 0.9


def test_demo_prints_table_and_files(command: Any, weights: object, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    result = command("demo", "--frames", 3, "--folder", "here")
    assert result.code == 0
    for words in ("PCK@0.2", "detector runs", "frames per second"):
        assert words in result.out
    *_, video, lines, following = result.out.splitlines()
    assert video == f"wrote {Path('here/demo.mp4')}"
    assert lines == f"wrote {Path('here/demo.jsonl')}"
    assert following.startswith("next: blazetrack run ")
    assert (tmp_path / "here" / "demo.jsonl").is_file()


def test_demo_missing_folder_is_made(command: Any, weights: object, tmp_path: Path) -> None:
    short = ("--frames", 2, "--model", "blaze_lite", "--json")
    assert command("demo", "-o", "new/folder", *short).code == 0
    assert (tmp_path / "new" / "folder" / "demo.mp4").exists()
    (tmp_path / "file").touch()
    result = command("demo", "-o", "file/x", *short)
    assert result.code == 2
    assert result.err == [
        "blazetrack: --folder file/x: this folder cannot be made (Not a directory)"
    ]
