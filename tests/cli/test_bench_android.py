"""`blazetrack bench --android`, with a stand-in for adb and its phone."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blazetrack.cli.bench_android import parse_timings
from blazetrack.errors import InputError

Command = Callable[..., Any]

BENCH = ("bench", "--android", "--model", "blaze_lite", "--threads", 2, "--frames", 50)
ONE = "List of devices attached\nserial1\tdevice\n\n"
# TensorFlow Lite 2.4, without percentiles.
OLD = """count=1 curr=360262
count=50 first=249042 curr=250889 min=247067 max=254474 avg=249684 std=1442
Inference timings in us: Init: 16242, First inference: 360262, Warmup (avg): 304586, \
Inference (avg): 249684
"""


@pytest.fixture
def phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the stand-in, which is the only program on the PATH."""
    if sys.platform == "win32":
        pytest.skip("a shell script stands in for adb")
    folder = tmp_path / "phone"
    folder.mkdir()
    (folder / "devices").write_text(ONE)
    stand_in = Path(__file__).with_name("android_device.py")
    words = map(shlex.quote, (sys.executable, str(stand_in), str(folder)))
    program = tmp_path / "bin" / "adb"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {" ".join(words)} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.delenv("ANDROID_SERIAL", raising=False)
    return folder


def test_bench_android_pushes_models_and_program_and_gives_times(
    command: Command, phone: Path, tmp_path: Path
) -> None:
    (tmp_path / "tool").write_text("a program")
    result = command(*BENCH, "--android-tool", "tool", "--json")
    assert result.code == 0, result.err
    report = json.loads(result.out)
    machine = report["machine"]
    assert (machine["processor"], machine["soc"], machine["cores"]) == (
        "Maker Phone 1",
        "chip42",
        6,
    )
    assert machine["features"] == ["asimd", "asimddp", "fphp"]
    assert report["board"]["after"]["temperature_c"] == 28.7
    assert report["board"]["after"]["throttling"] == "light"
    (row,) = report["rounds"]
    assert (row["threads"], row["networks"]["landmarks"]) == (
        2,
        {
            "runs": 50,
            "init_ms": 5.579,
            "first_ms": 20.0,
            "mean_ms": 10.0,
            "median_ms": 9.5,
            "p95_ms": 11.0,
        },
    )
    assert row["networks"]["detector"]["mean_ms"] == 5.0
    assert (phone / "benchmark_model").read_text() == "a program"
    commands = (phone / "commands").read_text()
    assert "--num_threads=2 --num_runs=50 --use_xnnpack=true" in commands
    assert "rm -f /data/local/tmp/blazetrack/detector.tflite" in commands


def test_bench_android_uses_the_program_on_the_phone_and_prints_a_table(
    command: Command, phone: Path
) -> None:
    (phone / "benchmark_model").write_text("pushed before")
    result = command(*BENCH)
    assert result.code == 0, result.err
    assert "Maker Phone 1" in result.out
    assert "28.7 °C → 28.7 °C" in result.out
    rows = [line.split() for line in result.out.splitlines() if "blaze_lite" in line]
    assert rows[0] == ["2", "blaze_lite", "100.0", "10.00", "9.50", "11.00", "20.00", "5.58"]


def test_bench_android_without_a_program_lets_litert_cli_copy_its_own(
    command: Command, phone: Path
) -> None:
    litert = phone.parent / "bin" / "litert"
    litert.write_text(f'#!/bin/sh\necho "$@" >{shlex.quote(str(phone / "benchmark_model"))}\n')
    litert.chmod(0o755)
    assert command(*BENCH).code == 0
    words = (phone / "benchmark_model").read_text().split()
    assert (words[0], words[2:]) == ("benchmark", ["--android", "--cpu"])


@pytest.mark.parametrize(
    ("devices", "serial", "message"),
    [
        ("List of devices attached\n\n", None, "expected an Android device at USB, found none;"),
        (ONE, "other", "expected the device other at USB, found none;"),
        (f"{ONE}serial2\tdevice\n", None, "found serial1, serial2; name one by ANDROID_SERIAL"),
        ("serial1\tunauthorized\n", None, "is unauthorized, expected it ready; confirm USB"),
        (ONE, None, "expected benchmark_model on the phone, found none; give TensorFlow Lite's"),
    ],
    ids=["none", "other", "several", "unauthorized", "no program"],
)
def test_bench_android_that_cannot_run_is_one_line(
    devices: str,
    serial: str | None,
    message: str,
    command: Command,
    phone: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (phone / "devices").write_text(devices)
    if serial:
        monkeypatch.setenv("ANDROID_SERIAL", serial)
    result = command(*BENCH)
    assert (result.code, len(result.err)) == (2, 1), result.err
    assert message in result.err[0]


def test_bench_android_without_adb_is_one_line(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = command(*BENCH)
    assert (result.code, len(result.err)) == (2, 1)
    assert "expected the program adb, found none; install" in result.err[0]


@pytest.mark.parametrize("words", [("--graph", "pose"), ("clip.mp4",), ("--every", "2")])
def test_bench_android_with_options_of_the_pipeline_is_refused(
    words: tuple[str, ...], command: Command
) -> None:
    result = command(*BENCH, *words)
    assert result.code == 2
    assert "runs the networks alone: expected no source, --graph" in result.err[0]


def test_parse_timings_of_older_versions_has_no_percentiles() -> None:
    times = parse_timings(OLD)
    assert times == {
        "runs": 50,
        "init_ms": 16.242,
        "first_ms": 360.262,
        "mean_ms": 249.684,
        "median_ms": None,
        "p95_ms": None,
    }


def test_parse_timings_without_a_result_shows_the_last_line() -> None:
    with pytest.raises(InputError, match="got: Failed to load model"):
        parse_timings("STARTING!\nFailed to load model\n\n")
