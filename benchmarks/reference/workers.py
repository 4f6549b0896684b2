"""The sides of a comparison as processes: long-lived ones that are timed, fresh ones that start."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from benchmarks.reference.worker_process import ALONE, Child, last_line
from blazetrack.errors import BlazetrackError

__all__ = ["Side", "Start", "Worker", "start_once", "write_task_bundle"]

SCRIPTS = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Side:
    """One of those compared.

    Attributes:
        name: for the report.
        python: of the environment that it is installed in.
        script: the worker's file name.
        computes: what it does for each frame, in words.
        model: a file or a name that the worker has to be told of.
    """

    name: str
    python: Path
    script: str
    computes: str
    model: Path | str | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """One fresh process: seconds from its spawn to its first result, and its peak memory."""

    first_s: float
    peak_bytes: int
    found: int


class Worker:
    """A process that holds the frames and runs a round over them when asked; a context manager.

    Attributes:
        about: versions, as the process itself says them.
        found: in how many frames of the last round it found somebody.
        others: cores that anything but this worker kept busy, round by round.
    """

    def __init__(self, side: Side, frames: Path, cores: Sequence[int]) -> None:
        self._child = _child(side, frames, cores)
        self.about = self._child.hear()
        self.found = 0
        self.others: list[float] = []
        self._cores = cores

    def round(self) -> list[float]:
        """The seconds of each frame of one round over all frames."""
        began, before = time.perf_counter(), self._foreign_s()
        self._child.say(b"round\n")
        answer = self._child.hear()
        used_s = self._foreign_s() - before
        self.others.append(max(0.0, used_s / (time.perf_counter() - began)))
        self.found = int(answer["found"])
        return [float(seconds) for seconds in answer["seconds"]]

    def _foreign_s(self) -> float:
        """Seconds that these cores were busy so far, without what this worker used."""
        names = {f"cpu{core}" for core in self._cores}
        lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
        ticks = 0
        for name, *fields in (line.split() for line in lines if line.startswith("cpu")):
            if name in names:  # user nice system idle iowait irq softirq steal
                ticks += sum(int(fields[i]) for i in (0, 1, 2, 5, 6, 7))
        stat = Path(f"/proc/{self._child.pid}/stat").read_text(encoding="utf-8", errors="replace")
        own = stat.rpartition(")")[2].split()[11:13]  # utime, stime
        return float(ticks - sum(map(int, own))) / os.sysconf("SC_CLK_TCK")

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._child.end()


def start_once(side: Side, frames: Path, cores: Sequence[int], count: int = 1) -> Start:
    """Start a fresh process, let it run `count` frames, and wait for its end."""
    began = time.perf_counter()
    child = _child(side, frames, cores, ["--once", str(count)])
    try:
        child.hear()
        first_s = time.perf_counter() - began
        last = child.hear()
    finally:
        child.end()
    return Start(first_s, int(last["peak_bytes"]), int(last["found"]))


def write_task_bundle(python: Path, path: Path) -> None:
    """Have mediapipe 0.10.21 write the `.task` bundle: later wheels hold no weights."""
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); "
        "from run_tasks import write_bundle; write_bundle(Path(sys.argv[2]))"
    )
    command = [str(python), *ALONE, "-c", code, str(SCRIPTS), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BlazetrackError(
            f"reference: the .task bundle was not written: {last_line(done.stderr)}"
        )


def _child(side: Side, frames: Path, cores: Sequence[int], more: Sequence[str] = ()) -> Child:
    model = [] if side.model is None else ["--model", str(side.model)]
    listed = ",".join(map(str, cores))
    arguments = [str(frames), "--cores", listed, *model, *more]
    return Child(f"the worker of {side.name}", side.python, SCRIPTS / side.script, arguments)
