"""`blazetrack bench`: figures as JSON and as a table."""

from __future__ import annotations

import json

import pytest

from blazetrack.cli import main
from blazetrack.cli.bench import board_facts, measure, model_sizes
from blazetrack.store import Store

CLIP = "synthetic?size=320x240&frames=40"


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main(["bench", *args])
    out, err = capsys.readouterr()
    return int(end.value.code or 0), out, err


def test_bench_json_has_all_figures(weights: Store, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, CLIP, "--frames", "20", "--threads", "1", "--json")
    assert code == 0
    report = json.loads(out)
    assert report["machine"]["processor"]
    assert report["start"]["seconds"] > 0
    assert report["skipped_frame_ms"] >= 0
    assert {model["name"] for model in report["models"]} == {"full", "pose_detector"}
    (row,) = report["rounds"]
    assert row["frames"] == 20
    assert row["fps"] > 0
    assert row["frame_p90_ms"] > 0
    assert report["board"].keys() == {"before", "after"}
    assert 0 < row["network_ms"] < row["frame_ms"]
    assert {"tracked_crops", "tracked_landmarks", "smooth"} <= {
        node["name"] for node in row["nodes"]
    }


def test_bench_people_uses_pose_multi(weights: Store, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, CLIP, "--people", "2", "--frames", "20", "--threads", "1", "--json")
    assert code == 0
    report = json.loads(out)
    assert report["graph"] == "pose_multi"
    (row,) = report["rounds"]
    assert row["detector_runs"] > 0
    assert 0 < row["detector_share"] < 1


def test_bench_prints_table_of_80_columns(
    weights: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("blazetrack.backends.installed", lambda: ("tflite_runtime",))
    monkeypatch.setattr("blazetrack.cli.bench.measure", lambda *args, **options: measured)
    measured = measure(CLIP, 20, threads=1, model=None, graph="pose", people=1)
    code, out, _ = run(capsys, CLIP, "--frames", "20", "--threads", "4", "--backend", "all")
    assert code == 0
    assert "start to first result" in out
    *_, first, second, _, row = out[: out.index("per node")].rstrip().splitlines()
    assert first.split() == ["frames", "frame", "network", "other", "other", "/", *2 * ["detector"]]
    assert second.split()[:3] == ["backend", "threads", "per"]
    assert row.split()[0] == "tflite_runtime"


def test_bench_of_all_backends_has_a_row_for_each(
    weights: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blazetrack.backends.installed", lambda: ("litert", "auto"))
    options = ("--frames", "20", "--threads", "1", "--backend", "all")
    code, out, _ = run(capsys, CLIP, *options, "--json")
    assert code == 0
    assert [row["backend"] for row in json.loads(out)["rounds"]] == ["litert", "auto"]


def test_bench_without_people_is_one_line(
    weights: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "synthetic?scene=empty&size=320x240", "--frames", "20")
    assert code == 2
    assert "no person was tracked" in err


def test_bench_model_sizes_are_those_of_the_models_that_run() -> None:
    sizes = {model["name"]: model for model in model_sizes("pose", "blaze_lite")}
    assert sizes["blaze_detector_lite"]["published_mb"] == pytest.approx(3.609608)
    assert sizes["blaze_lite"]["published_mb"] == pytest.approx(2.801452)


def test_bench_prints_temperature_and_throttling_before_and_after() -> None:
    before = {"temperature_c": 48.0, "clock_mhz": 1800.0, "max_clock_mhz": None, "throttling": ""}
    after = {**before, "temperature_c": 80.5, "throttling": "throttled now"}
    assert board_facts({"before": before, "after": after}) == {
        "temperature": "48.0 °C → 80.5 °C",
        "clock": "1800 MHz → 1800 MHz",
        "throttling": "? → throttled now",
    }
