"""Name, temperature, clock and throttling of a machine, from the files of made-up ones."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from blazetrack.common.board import (
    BoardState,
    cpu_features,
    processor_name,
    read_board,
    read_throttling,
    soc_name,
)

PI = """processor\t: 0
model name\t: ARMv7 Processor rev 4 (v7l)
Features\t: half thumb

Hardware\t: BCM2835
Model\t\t: Raspberry Pi Zero 2 W Rev 1.0
"""
LAPTOP = "processor\t: 0\nmodel name\t: Fast CPU @ 2.00GHz\nmodel\t\t: 7\n"


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def test_processor_name_of_a_pi_is_its_board(tmp_path: Path) -> None:
    assert processor_name(PI, tmp_path) == "Raspberry Pi Zero 2 W Rev 1.0"


def test_processor_name_of_a_laptop_is_its_processor(tmp_path: Path) -> None:
    assert processor_name(LAPTOP, tmp_path) == "Fast CPU @ 2.00GHz"


def test_processor_name_from_the_device_tree(tmp_path: Path) -> None:
    write(tmp_path, "proc/device-tree/model", "Some Board 3\0")
    assert processor_name("processor\t: 0\nModel\t\t:\n", tmp_path) == "Some Board 3"


def test_soc_name_is_the_last_compatible_chip(tmp_path: Path) -> None:
    assert soc_name(tmp_path) == ""
    words = "raspberrypi,5-model-b\0brcm,bcm2712\0"
    write(tmp_path, "proc/device-tree/compatible", words)
    assert soc_name(tmp_path) == "bcm2712"


def test_processor_name_without_files_is_not_empty(tmp_path: Path) -> None:
    assert processor_name("", tmp_path)


def test_board_reports_the_hottest_sensor_and_the_fastest_core(tmp_path: Path) -> None:
    for number, heat in enumerate(("48312", "51000", "no number")):
        write(tmp_path, f"sys/class/thermal/thermal_zone{number}/temp", f"{heat}\n")
    for core, clock in enumerate(("600000", "1500000")):
        folder = f"sys/devices/system/cpu/cpu{core}/cpufreq"
        write(tmp_path, f"{folder}/scaling_cur_freq", clock)
        write(tmp_path, f"{folder}/scaling_max_freq", "1800000")
    board = read_board(tmp_path, lambda: 0x50005)
    assert board == BoardState(51.0, 1500.0, 1800.0, "under-voltage, throttled now")
    assert board.facts() == {
        "temperature": "51.0 °C",
        "clock": "1500 of 1800 MHz",
        "throttling": "under-voltage, throttled now",
    }


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        (0, "none"),
        (0x20000, "frequency capped before"),
        (0xE0008, "soft temperature limit now; frequency capped, throttled before"),
    ],
)
def test_throttling_names_what_is_now_and_what_was(tmp_path: Path, bits: int, text: str) -> None:
    assert read_board(tmp_path, lambda: bits).throttling == text


def test_board_without_sensors_has_no_facts(tmp_path: Path) -> None:
    assert read_board(tmp_path, lambda: None).facts() == {}


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
@pytest.mark.parametrize(
    ("script", "bits"),
    [("echo throttled=0x50000", 0x50000), ("echo VCHI failed >&2; exit 255", None), ("", None)],
)
def test_throttling_is_read_from_vcgencmd(
    script: str, bits: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "vcgencmd"
    program.write_text(f'#!/bin/sh\n[ "$1" = get_throttled ] || exit 1\n{script}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_throttling() == bits


def test_throttling_without_vcgencmd_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_throttling() is None


def test_cpu_features_are_the_relevant_ones() -> None:
    x86 = "flags\t\t: fpu sse4_1 avx2 fma avx512f syscall\n"
    assert cpu_features(x86) == ["sse4_1", "avx2", "fma", "avx512f"]
    assert cpu_features("Features\t: fp asimd asimddp crc32\n") == ["asimd", "asimddp"]
    assert cpu_features("") == []
