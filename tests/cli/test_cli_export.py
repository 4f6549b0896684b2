"""`blazetrack export`, as a user calls it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blazetrack.export.vector_file import read_vectors

Command = Callable[..., Any]


def test_export_vectors_writes_the_clip(command: Command, tmp_path: Path) -> None:
    result = command("export", "vectors", "pose.vectors", "--max-frames", 13, "--offline")
    assert (result.code, result.err) == (0, [])
    assert result.out == "wrote pose.vectors: 13 frames, 12 with a person, 2 detector runs\n"
    assert len(read_vectors(tmp_path / "pose.vectors").frames) == 13


def test_export_vectors_takes_a_source(command: Command, tmp_path: Path) -> None:
    source = "synthetic:still?frames=2&size=320x240"
    assert command("export", "vectors", "a.vectors", source, "--offline").code == 0
    frames = read_vectors(tmp_path / "a.vectors").frames
    assert [one["frame.size_wh"].tolist() for one in frames] == [[320, 240]] * 2


def test_export_vectors_refusals_are_one_line_and_leave_nothing(
    command: Command, tmp_path: Path
) -> None:
    for args, message in (
        (["none/a.vectors"], "the folder 'none' does not exist"),
        (["a.vectors", "none.mp4"], "none.mp4"),
        (["a.vectors", "--model", "blaze_lit"], "did you mean 'blaze_lite'?"),
        (["a.vectors", "--detector", "blaze_lite"], "detector"),
    ):
        result = command("export", "vectors", *args, "--offline")
        assert result.code == 2
        assert len(result.err) == 1, args
        assert message in result.err[0], args
    assert not list(tmp_path.iterdir())


def test_export_web_refusals_are_one_line_and_leave_nothing(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no npm
    for args, message in (
        (["page"], "npm, which is not on the PATH: install Node.js"),
        (["page", "--offline"], "give --runtime FOLDER"),
        (["page", "--runtime", "none"], "index.js, which is not there"),
        (["none/page"], "the folder 'none' does not exist"),
        (["page", "--model", "blaze_detector_lite"], "expected a landmarks model"),
    ):
        result = command("export", "web", *args)
        assert result.code == 2
        assert len(result.err) == 1, args
        assert message in result.err[0], args
    assert not list(tmp_path.iterdir())


def test_export_android_names_models_and_what_to_do_next(command: Command, tmp_path: Path) -> None:
    result = command("export", "android", "phone", "--offline")
    assert (result.code, result.err) == (0, [])
    first, second = result.out.splitlines()
    assert first.startswith("wrote phone: ")
    assert first.endswith(" files, models blaze_detector_lite 3.6 MB, blaze_lite 5.5 MB")
    assert second == "build the app: phone/build_apk, or open the folder in Android Studio"
    assert (tmp_path / "phone" / "build_apk").is_file()


def test_export_android_refusals_are_one_line_and_leave_nothing(
    command: Command, tmp_path: Path
) -> None:
    for args, message in (
        (["none/phone"], "the folder 'none' does not exist"),
        (["phone", "--model", "blaze_lit"], "did you mean 'blaze_lite'?"),
        (["phone", "--detector", "blaze_lite"], "expected a detector model, got blaze_lite"),
    ):
        result = command("export", "android", *args, "--offline")
        assert result.code == 2
        assert len(result.err) == 1, args
        assert message in result.err[0], args
    assert not list(tmp_path.iterdir())
