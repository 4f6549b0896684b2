"""Ctrl-C in the middle of a run, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import av
import pytest

# A shell that starts something in the background lets it ignore Ctrl-C; this one must not.
INTERRUPTIBLE = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from blazetrack.cli import main; main(sys.argv[1:])"
)


def wait_for(done: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    for _ in range(600):
        if done():
            return
        assert process.poll() is None, "it ended by itself"
        time.sleep(0.1)
    pytest.fail("it did not begin")


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to another process")
def test_ctrl_c_leaves_whole_files_and_a_summary(weights: object, tmp_path: Path) -> None:
    lines, table = tmp_path / "x.jsonl", tmp_path / "x.csv"
    outs = [f"--out={tmp_path / name}" for name in ("x.mp4", "x.jsonl", "x.csv")]
    source = "synthetic?frames=100000&size=640x480"
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, "run", source, *outs, f"--trace={tmp_path / 't'}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    try:
        wait_for(lambda: lines.exists() and lines.read_bytes().count(b"\n") >= 10, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in err
    frames = [json.loads(line)["frame"] for line in lines.read_text(encoding="utf-8").splitlines()]
    count = len(frames)
    assert frames == list(range(count))
    assert len(table.read_text(encoding="utf-8").splitlines()) == 1 + count
    with av.open(str(tmp_path / "x.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == count
    events = json.loads((tmp_path / "t").read_text(encoding="utf-8"))["traceEvents"]
    assert sum(event["name"] == "write" for event in events) == count
    assert re.search(rf"frames +\W {count} ", out)
    assert "detector runs" in out
