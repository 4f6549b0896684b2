"""Stderr of native code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from blazetrack.common.native_stderr import held_stderr, without_notices

NOTICE = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"


def test_without_notices_keeps_other_lines(capfd: pytest.CaptureFixture[str]) -> None:
    with without_notices():
        os.write(2, b"before\n" + NOTICE + b"ERROR: broken\n")
    assert capfd.readouterr().err == "before\nERROR: broken\n"
    os.write(2, NOTICE)
    assert capfd.readouterr().err == NOTICE.decode()


def test_held_stderr_returns_the_kept_lines(capfd: pytest.CaptureFixture[str]) -> None:
    with held_stderr(re.compile(rb"Corrupt ")) as lines:
        os.write(2, b"Corrupt JPEG data\nof another thread\n")
        with without_notices():
            os.write(2, NOTICE + b"Corrupt too\n")
    assert lines == ["Corrupt JPEG data", "Corrupt too"]
    assert capfd.readouterr().err == "of another thread\n"


def test_held_stderr_in_several_threads_is_restored(capfd: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        for _ in range(50):
            with held_stderr(re.compile(rb"kept")):
                os.write(2, b"kept\n")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(2, b"visible\n")
    assert capfd.readouterr().err == "visible\n"


def test_without_notices_after_error_restores_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with without_notices():
            os.write(2, b"reason\n")
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        fail()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "reason\nafter\n"


@pytest.mark.skipif(os.name == "nt", reason="closes a file descriptor of POSIX")
def test_without_notices_without_stderr_runs_block() -> None:
    code = (
        "import os; os.close(2)\n"
        "from blazetrack.common.native_stderr import without_notices\n"
        "with without_notices(): print('ran')"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert (done.returncode, done.stdout) == (0, "ran\n")


def test_tracker_prints_nothing_on_stderr(weights: object, tmp_path: Path) -> None:
    code = (
        "from blazetrack import PoseTracker, open_source\n"
        "with PoseTracker() as tracker:\n"
        "    for frame in open_source('synthetic?frames=2'): print(len(tracker(frame)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n1\n", "")
