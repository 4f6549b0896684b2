"""The verdict on what a command did and left behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.fuzz import run_case
from benchmarks.fuzz.kinds import Case

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

CASE = Case(("info",), {"a.txt": b"good"}, ("o.jsonl",))


def refuse() -> None:
    print("blazetrack: warning: odd", "blazetrack: no such file", sep="\n", file=sys.stderr)
    Path("out/o.jsonl").write_text('{"frame": 0}\n')
    sys.exit(2)


def refuse_without_a_message() -> None:
    sys.exit(2)


def fail() -> None:
    raise ValueError("bad")


def end_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def wait() -> None:
    time.sleep(60)


def leave_half() -> None:
    Path("out/o.jsonl").write_text('{"frame": 0}\n{"fr')


def leave_workspace() -> None:
    Path("home/.unfinished-1").mkdir()


def write_beside() -> None:
    Path("../outside/made").write_text("")


def change_input() -> None:
    Path("in/a.txt").write_text("other")


@pytest.mark.parametrize(
    ("work", "result"),
    [
        (lambda: None, "accepted"),
        (refuse, "refused"),
        (refuse_without_a_message, "traceback"),
        (fail, "traceback"),
        (end_itself, "crash"),
        (wait, "hang"),
        (leave_half, "half-written"),
        (leave_workspace, "half-written"),
        (write_beside, "outside"),
        (change_input, "outside"),
    ],
)
def test_run_case_command_gives_result(
    work: Callable[[], None], result: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_case, "_command", lambda args: work())
    monkeypatch.setattr(run_case, "LIMIT_S", 1.0)
    outcome = run_case.run_case(CASE, tmp_path)
    assert outcome.result == result, outcome.detail


@pytest.mark.parametrize(
    ("name", "data", "complete"),
    [
        ("a.csv", b"a,b\n1,2\n", True),
        ("a.csv", b"a,b\n1", False),
        ("a.mp4", b"\0\0\0\x08ftyp\0\0\0\x08moov", True),
        ("a.mp4", b"\0\0\0\x08ftyp\0\0\0\x10mdat", False),
        ("a.png", b"\x89PNG", False),
        ("a.svg", b"<svg></svg>\n", True),
    ],
)
def test_is_complete_file_gives_verdict(
    name: str, data: bytes, complete: bool, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    assert run_case.is_complete(tmp_path / name) is complete
