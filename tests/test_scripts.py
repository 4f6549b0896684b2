"""The shell scripts, run in a copy of the project where every tool only says that it was called."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = [*sorted((ROOT / "scripts").iterdir()), ROOT / ".ci" / "run"]
TOOLS = ("python", "ruff", "mypy", "lint-imports", "blazetrack", "apt-get")
# FAIL names a call that ends in failure.
STUB = """#!/bin/sh
call="$(basename "$0")${*:+ $*}"
echo "$call" >>calls
[ "$call" != "${FAIL:-}" ]
"""

pytestmark = pytest.mark.skipif(
    os.name == "nt" or shutil.which("bash") is None, reason="needs a POSIX bash"
)

Call = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def call(tmp_path: Path) -> Call:
    """Run a script of the copy; gives its exit code and the calls it made."""
    for script in SCRIPTS:
        copy = tmp_path / script.relative_to(ROOT)
        copy.parent.mkdir(exist_ok=True)
        shutil.copy(script, copy)
    for name in ("setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    tools = tmp_path / ".venv" / "bin"
    tools.mkdir(parents=True)
    for name in TOOLS:
        (tools / name).write_text(STUB)
        (tools / name).chmod(0o755)

    def run(script: str, *args: str, fail: str = "") -> tuple[int, list[str]]:
        log = tmp_path / "calls"
        log.write_text("")
        done = subprocess.run(
            ["bash", tmp_path / script, *args],
            cwd=tmp_path.parent,
            env={**os.environ, "FAIL": fail},
            capture_output=True,
        )
        return done.returncode, log.read_text().splitlines()

    return run


def without_setup(calls: list[str]) -> list[str]:
    setup = ("python -m pip", "python -c", "apt-get")
    return [line for line in calls if not line.startswith(setup)]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_is_sound_and_can_be_run(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True)
    assert os.access(script, os.X_OK)
    head, *lines = script.read_text(encoding="utf-8").splitlines()
    assert head == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines


def test_test_runs_every_check_and_then_the_tests(call: Call) -> None:
    code, calls = call("scripts/test", "tests/align", "-k", "crop")
    assert code == 0
    assert without_setup(calls) == [
        "ruff check .",
        "ruff format --check .",
        "mypy",
        "lint-imports",
        "blazetrack models pull",
        "python -m pytest tests/align -k crop",
    ]
    assert any("install" in line and "-e .[dev]" in line for line in calls)


@pytest.mark.parametrize("tool", ["ruff check .", "ruff format --check .", "mypy", "lint-imports"])
def test_a_check_that_fails_ends_the_test(call: Call, tool: str) -> None:
    code, calls = call("scripts/test", fail=tool)
    assert code != 0
    assert calls[-1] == tool


def test_tests_run_without_weights_too(call: Call) -> None:
    code, calls = call("scripts/test", fail="blazetrack models pull")
    assert (code, calls[-1]) == (0, "python -m pytest")


def test_tests_that_fail_fail_the_script_and_ci(call: Call) -> None:
    assert call("scripts/test", fail="python -m pytest")[0] != 0
    code, calls = call(".ci/run", fail="python -m pytest")
    assert code != 0
    assert calls[-1] == "python -m pytest"


def test_the_demo_hands_on_its_arguments(call: Call) -> None:
    code, calls = call("scripts/demo", "--frames", "9")
    assert code == 0
    assert without_setup(calls) == ["blazetrack demo --frames 9"]


def test_nothing_is_installed_twice(call: Call, tmp_path: Path) -> None:
    installs = [any("pip install" in line for line in call("scripts/setup")[1]) for _ in "12"]
    assert installs == [True, False]
    with (tmp_path / "setup.cfg").open("a") as file:
        file.write("# a new need\n")
    assert any("pip install" in line for line in call("scripts/setup")[1])


def test_an_installation_that_fails_is_tried_again(call: Call) -> None:
    install = next(line for line in call("scripts/setup", "dev")[1] if "pip install" in line)
    for folder in ("first", "second"):
        code, calls = call("scripts/setup", "other", fail=install.replace("[dev]", "[other]"))
        assert code != 0, folder
        assert any("pip install" in line for line in calls)
