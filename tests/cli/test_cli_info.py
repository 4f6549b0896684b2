"""`blazetrack info`: facts about machine and installation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import blazetrack
from blazetrack.common.board import BoardState
from blazetrack.sources.devices import Camera


def test_info_has_facts_for_bug_report(command: Any) -> None:
    facts = command("info", "--json").json()
    assert facts["blazetrack"] == blazetrack.__version__
    assert "pose" in facts["graphs"]
    assert 1 <= facts["threads"] <= 4
    assert any(line.startswith("numpy ") for line in facts["packages"])
    names = [line.split()[0] for line in command("info").out.splitlines()]
    assert names == list(facts)


def test_info_lists_local_models(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLAZETRACK_HOME", str(tmp_path / "empty"))
    facts = command("info", "--json").json()
    assert (facts["models"], facts["here"]) == (
        str(tmp_path / "empty"),
        ["blaze_detector_lite", "blaze_lite", "blaze_detector", "blaze_full"],
    )
    assert not (tmp_path / "empty").exists()


def test_info_lists_the_cameras(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Camera(0, "Face Cam", "/dev/video0"), Camera(2, "Desk Cam", "/dev/video2")]
    monkeypatch.setattr("blazetrack.sources.devices.list_cameras", lambda: found)
    assert command("info", "--json").json()["cameras"] == [str(one) for one in found]
    monkeypatch.setattr("blazetrack.sources.devices.list_cameras", lambda: None)
    assert "try blazetrack run 0" in command("info").out


def test_info_names_the_pi_its_camera_and_its_temperature(
    command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = BoardState(48.3, 1500.0, 1800.0, "under-voltage now")
    monkeypatch.setattr("blazetrack.cli.info.read_board", lambda: board)
    monkeypatch.setattr("blazetrack.cli.info.processor_name", lambda: "Raspberry Pi 4 Model B")
    monkeypatch.setattr("blazetrack.sources.devices.camera_program", lambda: "/usr/bin/rpicam-vid")
    monkeypatch.setattr("blazetrack.sources.devices.list_cameras", list)
    out = command("info").out
    for line in (
        "processor    Raspberry Pi 4 Model B",
        "temperature  48.3 °C",
        "clock        1500 of 1800 MHz",
        "throttling   under-voltage now",
        "cameras      picam: the Raspberry Pi's own",
    ):
        assert line in out.splitlines()
