"""The command: some mutated inputs of each kind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
KINDS = ("film", "picture", "tflite", "recording", "graph", "card", "options", "websocket")

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def fuzz(*args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.fuzz", *args]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_fuzz_each_kind_gives_no_fault(tmp_path: Path) -> None:
    pytest.importorskip("uvicorn")
    pytest.importorskip("matplotlib")
    result = tmp_path / "result.json"
    done = fuzz("--cases", "2", "--seed", "1", "--json", str(result))
    assert done.returncode == 0, done.stdout + done.stderr
    counts = json.loads(result.read_text())["counts"]
    assert {kind: sum(row.values()) for kind, row in counts.items()} == dict.fromkeys(KINDS, 2)


def test_fuzz_one_case_prints_command_line_and_result() -> None:
    done = fuzz("--only", "options", "--case", "7")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("('run', 'synthetic")
    assert "options: refused" in done.stdout or "options: accepted" in done.stdout


def test_fuzz_unknown_kind_suggests_one() -> None:
    done = fuzz("--only", "filn")
    assert done.returncode == 2
    assert done.stderr == "--only: no input 'filn'; did you mean 'film'?\n"
