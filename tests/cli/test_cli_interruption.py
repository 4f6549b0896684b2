"""A run that is ended from outside or by a full disk, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import av
import numpy as np
import pytest

from tests.signal_process import BLAZETRACK

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals need another system"),
]

SOURCE = "synthetic?frames=100000&size=320x240"
FPS = 30
FILES = ("x.mp4", "x.jsonl", "x.csv")
LAG = 30  # frames: more than an encoder looks ahead

Command: TypeAlias = Callable[..., Any]  # `blazetrack ARGS` in this process
Ended: TypeAlias = tuple[int, str, str]


def run(*args: object) -> list[str]:
    return [*BLAZETRACK, "run", SOURCE, *map(str, args)]


def outs(folder: Path) -> list[str]:
    return [f"--out={folder / name}" for name in FILES]


def start(call: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        call,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
    )


def end(process: subprocess.Popen[Any], number: int, ready: Callable[[], bool]) -> Ended:
    """Send a signal once a run is ready for it; gives exit code, stdout and stderr."""
    try:
        for _ in range(600):
            if ready():
                break
            assert process.poll() is None, "it ended by itself"
            time.sleep(0.1)
        else:
            pytest.fail("it did not begin")
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    return process.returncode, out, err


def holds(path: Path, count: int) -> Callable[[], bool]:
    """Whether a file of lines has so many."""
    return lambda: path.exists() and path.read_bytes().count(b"\n") >= count


def whole_lines(path: Path) -> int:
    """How many frames a `.jsonl` holds; they must be the first ones, each complete."""
    text = path.read_text(encoding="utf-8")
    assert text.endswith("\n")
    frames = [json.loads(line)["frame"] for line in text.splitlines()]
    assert frames == list(range(len(frames)))
    return len(frames)


def whole_rows(path: Path) -> int:
    """How many rows a `.csv` with one person holds below its header, all of the same width."""
    rows = path.read_text(encoding="utf-8").splitlines()
    assert {row.count(",") for row in rows} == {rows[0].count(",")}
    return len(rows) - 1


def pictures(path: Path) -> int:
    """How many frames of a film can be decoded; they must be in time and show something."""
    with av.open(str(path)) as film:
        frames = list(film.decode(video=0))
    times_s = [float(frame.pts * frame.time_base) for frame in frames]
    assert times_s == pytest.approx([index / FPS for index in range(len(frames))], abs=1e-3)
    assert all(np.ptp(frame.to_ndarray(format="rgb24")) > 50 for frame in frames[::20])
    return len(frames)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_run_signal_completes_files_and_summary(weights: object, tmp_path: Path, name: str) -> None:
    number = getattr(signal, name)
    process = start(run(*outs(tmp_path), f"--trace={tmp_path / 't'}"))
    code, out, err = end(process, number, holds(tmp_path / "x.jsonl", 10))
    assert code == 128 + number
    assert "Traceback" not in err
    count = whole_lines(tmp_path / "x.jsonl")
    assert whole_rows(tmp_path / "x.csv") == pictures(tmp_path / "x.mp4") == count
    events = json.loads((tmp_path / "t").read_text(encoding="utf-8"))["traceEvents"]
    assert sum(event["name"] == "write" for event in events) == count
    assert re.search(rf"frames +\W {count} ", out)
    assert "detector runs" in out
    ended_by = "Ctrl-C" if name == "SIGINT" else name
    each = ", ".join(f"{tmp_path / file} up to frame {count - 1}" for file in FILES)
    message = f"blazetrack: ended by {ended_by} after {count} frames; complete: {each}"
    assert err.splitlines()[-1] == message


def test_run_closed_terminal_completes_files(weights: object, tmp_path: Path) -> None:
    screen, terminal = os.openpty()
    process = subprocess.Popen(
        run(*outs(tmp_path)), stdin=terminal, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    ready, closing = holds(tmp_path / "x.jsonl", 10), threading.Event()

    def show() -> None:
        """Empty the screen, for a full one would stop the run; in the end close it."""
        while not closing.is_set():
            if select.select([screen], [], [], 0.1)[0]:
                os.read(screen, 4096)
        os.close(screen)

    def closed() -> bool:
        if ready():
            closing.set()
            showing.join()  # what is printed from here on is an error
        return closing.is_set()

    showing = threading.Thread(target=show, daemon=True)
    showing.start()
    code, _, _ = end(process, signal.SIGHUP, closed)
    assert code == 128 + signal.SIGHUP
    count = whole_lines(tmp_path / "x.jsonl")
    assert whole_rows(tmp_path / "x.csv") == pictures(tmp_path / "x.mp4") == count


def test_info_signal_is_one_line(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    monkeypatch.setattr("blazetrack.cli.info.collect", lambda: signal.raise_signal(signal.SIGTERM))
    result = command("info")
    signal.signal(signal.SIGTERM, before)
    assert result.code == 143
    assert result.err[-1] == "blazetrack: ended by SIGTERM"


def test_run_killed_video_is_playable(weights: object, tmp_path: Path) -> None:
    process = start(run(*outs(tmp_path)))
    code, _, _ = end(process, signal.SIGKILL, holds(tmp_path / "x.jsonl", 5 * FPS))
    assert code == -signal.SIGKILL
    count = whole_lines(tmp_path / "x.jsonl")
    assert count - 1 <= whole_rows(tmp_path / "x.csv") <= count
    assert count - 2 * FPS - LAG <= pictures(tmp_path / "x.mp4") <= count


def on_small_disk(folder: Path, kilobytes: int, *names: str) -> Ended:
    """Run with some outputs on a disk of this size, which is copied into `folder` afterwards."""
    disk, copy = folder / "disk", folder / "copy"
    disk.mkdir()
    copy.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", str(disk)]
    # In a namespace of its own, the mount needs no privileges and leaves nothing behind.
    inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    try:
        able = subprocess.run([*inside, shlex.join(mount)], capture_output=True).returncode == 0
    except OSError:
        able = False
    if not able:
        pytest.skip("no small disk can be mounted here")
    outs = [f"--out={disk / name}" for name in names]
    script = (
        f"{shlex.join(mount)} && {{ {shlex.join(run(*outs, '--out', folder / 'x.jsonl'))}; "
        f"code=$?; cp {shlex.quote(str(disk))}/* {shlex.quote(str(copy))}; exit $code; }}"
    )
    done = subprocess.run([*inside, script], capture_output=True, encoding="utf-8", timeout=300)
    return done.returncode, done.stdout, done.stderr


def reported(err: str, path: Path) -> int:
    """Number of complete frames of a file, by the last line on stderr."""
    (line,) = (line for line in err.splitlines() if line.startswith("blazetrack: "))
    assert "Traceback" not in err
    found = re.search(rf"{re.escape(str(path))} up to frame (\d+)", line)
    assert found, line
    return int(found[1]) + 1


def test_run_full_disk_video_is_playable(weights: object, tmp_path: Path) -> None:
    code, _, err = on_small_disk(tmp_path, 100, "x.mp4")
    assert code == 2
    film = tmp_path / "disk" / "x.mp4"
    assert f"blazetrack: {film}: cannot be written (no space left on device); complete: " in err
    assert pictures(tmp_path / "copy" / "x.mp4") == reported(err, film) >= 2 * FPS
    assert whole_lines(tmp_path / "x.jsonl") == reported(err, tmp_path / "x.jsonl")
    lost = whole_lines(tmp_path / "x.jsonl") - pictures(tmp_path / "copy" / "x.mp4")
    assert 0 < lost <= 2 * FPS + LAG


def test_run_full_disk_files_are_valid(weights: object, tmp_path: Path) -> None:
    code, _, err = on_small_disk(tmp_path, 800, "x.mp4", "x.csv", "y.jsonl")
    assert code == 2
    assert "(No space left on device)" in err
    disk, copy = tmp_path / "disk", tmp_path / "copy"
    assert pictures(copy / "x.mp4") == reported(err, disk / "x.mp4") >= 2 * FPS
    assert whole_rows(copy / "x.csv") == reported(err, disk / "x.csv") >= 2 * FPS
    assert whole_lines(copy / "y.jsonl") == reported(err, disk / "y.jsonl") >= 2 * FPS
    assert whole_lines(tmp_path / "x.jsonl") == reported(err, tmp_path / "x.jsonl")


def test_run_file_size_limit_files_are_valid(weights: object, tmp_path: Path) -> None:
    pytest.importorskip("resource")
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000)); "
    call = run(*outs(tmp_path), "--schedule", "serial")
    call[2] = limit + call[2]
    done = subprocess.run(call, capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode == 2
    assert "(File too large)" in done.stderr
    count = whole_lines(tmp_path / "x.jsonl")
    assert count == reported(done.stderr, tmp_path / "x.jsonl")
    assert whole_rows(tmp_path / "x.csv") == reported(done.stderr, tmp_path / "x.csv") == count + 1
    # The film is on a disk that has room: it is finished.
    assert pictures(tmp_path / "x.mp4") == reported(done.stderr, tmp_path / "x.mp4") == count + 1
