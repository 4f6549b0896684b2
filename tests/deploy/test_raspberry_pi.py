"""An emulated Raspberry Pi gives the landmarks of this machine."""

from __future__ import annotations

import configparser
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "raspberry_pi"
# In x, y and z. Regions follow from landmarks, so that a rounding in the first frame grows; the
# network is less sure of z.
MAX_DIFFERENCE_PX = (0.5, 0.5, 2.0)
RUN = ["run", "synthetic?frames=10", "--model", "blaze_lite", "--threads", "1", "--offline"]
PROGRAM = """
import sys
from blazetrack.cli import main
from blazetrack.common.board import processor_name
print(processor_name())
main(sys.argv[1:])
"""


def emulate(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the emulated Pi, which is made if need be."""
    return subprocess.run(
        [FOLDER / "emulate", ROOT / "build" / "raspberry_pi", "pi4", *command],
        env={**os.environ, "PIP": f"{sys.executable} -m pip"},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


@pytest.fixture(scope="module")
def pi() -> None:
    """The emulated Pi; skips where it cannot be made."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        pytest.skip("the emulated Raspberry Pi needs x86-64 Linux")
    missing = [name for name in ("apt-get", "dpkg-deb") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"the emulated Raspberry Pi needs {', '.join(missing)}")
    done = emulate("python3", "-c", "print(1)")
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        pytest.skip(f"the emulated Raspberry Pi cannot be made: {last}")


def poses(file: Path) -> list[np.ndarray]:
    """Landmarks of the people of each frame."""
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [np.array([one["landmarks_px"] for one in line["poses"]]) for line in lines]


@pytest.mark.slow
def test_emulated_pi_gives_the_landmarks_of_this_machine(pi: None, tmp_path: Path) -> None:
    done = emulate("python3", "-c", PROGRAM, *RUN, "--out", str(tmp_path / "pi.jsonl"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Raspberry Pi 4 Model B Rev 1.4\n")
    assert "XNNPACK is off" not in done.stderr
    command = [sys.executable, "-m", "blazetrack", *RUN, "--out", str(tmp_path / "here.jsonl")]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    here, there = poses(tmp_path / "here.jsonl"), poses(tmp_path / "pi.jsonl")
    assert [len(people) for people in there] == [1] * 10
    for want, got in zip(here, there, strict=True):
        assert (np.abs(want - got) <= MAX_DIFFERENCE_PX).all()


def test_emulate_unknown_board_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    if os.name != "posix":
        pytest.skip("a shell script")
    done = subprocess.run(
        [FOLDER / "emulate", tmp_path / "pi", "pi9", "true"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr == "emulate: no board 'pi9'; known: pi4 pi5 zero2\n"
    assert not (tmp_path / "pi").exists()


def test_service_runs_a_command_that_parses() -> None:
    import typer

    from blazetrack.cli import app

    unit = configparser.ConfigParser()
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(FOLDER / "blazetrack.service")
    program, *args = unit["Service"]["ExecStart"].split()
    assert re.fullmatch(r"/home/\w+/.+/bin/blazetrack", program)
    command = typer.main.get_command(app)
    verb = command.commands[args[0]]  # type: ignore[attr-defined]
    verb.make_context("blazetrack", args[1:])
