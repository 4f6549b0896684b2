"""Run a case in a process of its own, with limits, and judge what it did and what it left."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from benchmarks.fuzz.kinds import Case
from benchmarks.fuzz.mutate import OUTSIDE

__all__ = [
    "FAULTS", "LIMIT_S", "PASSED", "Ended", "Outcome",
    "clear", "is_complete", "run_case", "run_forked", "start",
]  # fmt: skip

LIMIT_S = 20.0
MAX_MEMORY, MAX_FILE = 8 << 30, 1 << 30  # bytes
PASSED = ("accepted", "refused")
FAULTS = ("traceback", "crash", "hang", "half-written", "outside")
_FOLDERS = ("in", "out", "home", "tmp", "user")


class Outcome(NamedTuple):
    """The result of a case: one of `PASSED` or `FAULTS`, and the line that shows it."""

    result: str
    detail: str
    seconds: float


class Ended(NamedTuple):
    """A process that has ended: exit code or minus a signal, stderr, whether it was stopped."""

    code: int
    stderr: str
    seconds: float
    stopped: bool


def run_case(case: Case, place: Path) -> Outcome:
    """Run a command line in an empty folder; nothing beside its folder `case` may change.

    Args:
        case: the command line and its inputs.
        place: a folder for it, which stays.
    """
    folder = place / "case"
    for name in _FOLDERS:
        (folder / name).mkdir(parents=True)
    outside = place / "outside"
    outside.mkdir()
    for name, data in case.files.items():
        (folder / "in" / name).write_bytes(data.replace(OUTSIDE.encode(), os.fsencode(outside)))
    args = [arg.replace(OUTSIDE, str(outside)) for arg in case.args]
    before = _contents(place)
    out, err = place / "stdout", place / "stderr"
    ended = run_forked(lambda: _command(args), folder, out, err, LIMIT_S)
    return _judge(case, ended, place, before)


def _command(args: Sequence[str]) -> None:
    from blazetrack.cli import main

    main(args)


def run_forked(
    work: Callable[[], None], folder: Path, out: Path, err: Path, limit_s: float
) -> Ended:
    """Run a function in a fork of this process, with `folder` as its current folder."""
    began = time.monotonic()
    process = start(work, folder, out, err)
    status = None
    while status is None and time.monotonic() - began < limit_s:
        done, code = os.waitpid(process, os.WNOHANG)
        status = code if done else None
        time.sleep(0.003)
    seconds = time.monotonic() - began
    with suppress(ProcessLookupError):  # also what it has started
        os.killpg(process, signal.SIGKILL)
    stopped = status is None
    if status is None:
        _, status = os.waitpid(process, 0)
    text = err.read_bytes().decode(errors="replace")
    return Ended(os.waitstatus_to_exitcode(status), text, seconds, stopped)


def start(work: Callable[[], None], folder: Path, out: Path, err: Path) -> int:
    """Start a function in a fork of this process; the fork's number, also of its group."""
    sys.stdout.flush()
    sys.stderr.flush()
    err.touch()  # is there before the fork is
    process = os.fork()
    if process:
        return process
    code = 70
    try:
        _enter(folder, out, err)
        work()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - the fork ends here, whatever happened
        traceback.print_exc()
        code = 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _enter(folder: Path, out: Path, err: Path) -> None:
    """Make a fork look like a fresh process of a user, with limits."""
    import resource

    os.setsid()
    for number, path in ((0, Path(os.devnull)), (1, out), (2, err)):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(path, flags, 0o644), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    os.chdir(folder)
    os.environ |= {
        "HOME": str(folder / "user"), "TMPDIR": str(folder / "tmp"), "COLUMNS": "200",
        "BLAZETRACK_HOME": str(folder / "home"), "BLAZETRACK_OFFLINE": "1",
    }  # fmt: skip
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE, MAX_FILE))


def _judge(case: Case, ended: Ended, place: Path, before: dict[str, bytes]) -> Outcome:
    lines = [line for line in ended.stderr.splitlines() if line.startswith("blazetrack: ")]
    errors = [line for line in lines if not line.startswith("blazetrack: warning")]
    last = (errors or ended.stderr.strip().splitlines() or [""])[-1][:300]
    result, detail = "refused" if ended.code == 2 else "accepted", last
    outside = _changed(place, before, case.outs)
    half = _half_written(place / "case", case.outs)
    if ended.stopped:
        result, detail = "hang", f"no end within {LIMIT_S:.0f} s"
    elif ended.code < 0 or ended.code > 128:
        result, detail = "crash", f"exit code {ended.code}: {last}"
    elif "Traceback (most" in ended.stderr or ended.code not in (0, 2):
        result, detail = "traceback", f"exit code {ended.code}: {last}"
    elif ended.code == 2 and len(errors) != 1:
        result, detail = "traceback", f"expected one line of error, got {len(errors)}: {last}"
    elif outside:
        result, detail = "outside", ", ".join(outside)
    elif half:
        result, detail = "half-written", f"{half}; {last}"
    return Outcome(result, detail, ended.seconds)


def _contents(place: Path) -> dict[str, bytes]:
    """The bytes of all files, and the names of all folders."""
    paths = (path for path in place.rglob("*") if path.name not in ("stdout", "stderr"))
    return {str(path.relative_to(place)): path.read_bytes() if path.is_file() else b""
            for path in paths}  # fmt: skip


def _changed(place: Path, before: dict[str, bytes], outs: Sequence[str]) -> list[str]:
    """What was written, changed or removed where nothing may be."""
    after = _contents(place)
    allowed = {f"case/out/{name}" for name in outs}
    free = ("case/home/", "case/user/.cache/", "case/user/.config/", "case/tmp/")
    return [
        name
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
        and name not in allowed
        and not f"{name}/".startswith(free)
    ]


def _half_written(folder: Path, outs: Sequence[str]) -> str:
    """The first file that is not complete, or was not to stay; empty for none."""
    left = [*(folder / "tmp").iterdir(), *(folder / "home").glob(".unfinished-*")]
    if left:
        return f"left {left[0].relative_to(folder)}"
    for name in outs:
        path = folder / "out" / name
        if path.is_file() and not is_complete(path):
            return f"out/{name} is not complete"
    return ""


def is_complete(path: Path) -> bool:
    """Whether a result file ends where its format says."""
    data, ending = path.read_bytes(), path.suffix
    if ending == ".jsonl":
        with suppress(ValueError):
            return data.endswith(b"\n") and all(map(json.loads, data.splitlines()))
        return False
    if ending == ".csv":
        columns = {line.count(b",") for line in data.splitlines()}
        return data.endswith(b"\n") and len(columns) == 1
    if ending == ".mp4":
        return b"moov" in _boxes(data)
    ends = {".png": b"IEND\xaeB`\x82", ".jpg": b"\xff\xd9", ".svg": b"</svg>"}
    return data.rstrip(b"\n").endswith(ends[ending])


def _boxes(data: bytes) -> list[bytes]:
    """Names of the outermost boxes of an MP4 file; none if they do not fill it."""
    names, at = [], 0
    while at + 8 <= len(data):
        size, head = int.from_bytes(data[at : at + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        if size < head:
            return []
        names.append(data[at + 4 : at + 8])
        at += size
    return names if at == len(data) else []


def clear(place: Path) -> None:
    """Remove the folder of a case, also one that was made unreadable."""
    shutil.rmtree(place, ignore_errors=True)
