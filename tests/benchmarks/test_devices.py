"""`python -m benchmarks.devices`: results of bench as rows of the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from benchmarks.devices import BEGIN, END, PAGE, SOURCE, add_rows, main, rows
from blazetrack.errors import InputError


@pytest.fixture
def report() -> dict[str, Any]:
    state = {"temperature_c": 48.2, "clock_mhz": None, "max_clock_mhz": None, "throttling": ""}
    hot = state | {"temperature_c": 79.6, "throttling": "throttled now"}
    row = {"threads": 1, "fps": 12.34, "frame_p90_ms": 91.24}
    return {
        "machine": {
            "processor": "Raspberry Pi 5 Model B Rev 1.0",
            "soc": "bcm2712",
            "features": ["asimd"],
            "blazetrack": "0.1.0",
        },
        "board": {"before": state, "after": hot},
        "source": SOURCE,
        "every": None,
        "models": [{"name": "blaze_detector_lite"}, {"name": "blaze_lite"}],
        "rounds": [row, {**row, "threads": 4, "fps": 30.0}],
    }


def test_rows_hold_device_chip_speed_and_heat(report: dict[str, Any]) -> None:
    first, second = rows(report)
    assert list(first.values()) == [
        "Raspberry Pi 5 Model B Rev 1.0",
        "bcm2712",
        "blaze_lite + blaze_detector_lite",
        "48 → 80 °C",
        "throttled now",
        "0.1.0",
        "1",
        "12.3",
        "91.2",
    ]
    assert (second["threads"], second["frames/s"]) == ("4", "30.0")
    assert rows(report | {"every": "2"}, "mine | a")[0]["models"].endswith(", every 2")
    assert rows(report, "mine | a")[0]["device"] == "mine / a"


def test_add_rows_replaces_the_rows_of_the_same_device(report: dict[str, Any]) -> None:
    page = f"# Devices\n{BEGIN}| a |\n|---|\n{END}rest\n"
    once = add_rows(page, rows(report))
    assert once.startswith(f"# Devices\n{BEGIN}| device | chip |")
    assert once.endswith(f"{END}rest\n")
    assert add_rows(once, rows(report)) == once
    report["rounds"][0]["fps"] = 15.0
    again = add_rows(once, rows(report))
    assert again.count("Raspberry Pi 5") == 2
    assert "| 15.0 |" in again
    assert "| 12.3 |" not in again


def test_page_of_the_project_has_the_table(report: dict[str, Any]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert "Raspberry Pi 5 Model B" in add_rows(page, rows(report))
    assert add_rows(page, []) == page


def test_main_writes_the_page(report: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(f"{BEGIN}{END}")
    (tmp_path / "bench.json").write_text(json.dumps(report))
    main(str(tmp_path / "bench.json"), page=tmp_path / "page.md")
    assert "| bcm2712 |" in (tmp_path / "page.md").read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": "0"}, "expected a result of the default source, got 0"),
        ({"board": None}, "expected the output of blazetrack bench --json of this version"),
        ({"rounds": [{"threads": 1}]}, "got one without 'fps'"),
    ],
)
def test_rows_of_another_result_are_refused(
    change: dict[str, Any], message: str, report: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match=message):
        rows(report | change)


@pytest.mark.parametrize("text", ["{", "[]", "no JSON"])
def test_main_refuses_another_file_in_one_line(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bench.json").write_text(text)
    with pytest.raises((SystemExit, typer.Exit)):
        main(str(tmp_path / "bench.json"), page=tmp_path / "page.md")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_add_rows_without_marks_is_refused(report: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="expected a page with the lines"):
        add_rows("# Devices\n", rows(report))
