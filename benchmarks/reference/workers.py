"""The compared implementations as processes: timed in rounds, or started once."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.reference.worker_process import ISOLATED, WorkerProcess, last_line
from blazetrack.errors import BlazetrackError

__all__ = ["Implementation", "Start", "Worker", "start_once", "write_task_bundle"]

SCRIPTS = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Implementation:
    """One of the compared implementations.

    Attributes:
        name: for the report.
        python: of the environment that it is installed in.
        script: the worker's file name.
        computes: its work for each frame, in words.
        model: model file or name for the worker, if it needs one.
        backend: of blazetrack; empty for the others.
    """

    name: str
    python: Path
    script: str
    computes: str
    model: Path | str | None = None
    backend: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """One fresh process: seconds from spawn to first result, peak memory, frames with a person."""

    first_s: float
    peak_bytes: int
    found: int


class Worker:
    """A process that holds all frames in memory and runs rounds over them; a context manager.

    Attributes:
        about: versions inside the process.
        found: frames of the last round with a person.
        others: cores kept busy by other processes, per round.
        cpu_s: CPU seconds of the process, per round.
    """

    def __init__(self, one: Implementation, frames: Path, cores: Sequence[int]) -> None:
        self._process = _open(one, frames, cores)
        self.about = self._process.receive()
        self.found = 0
        self.others: list[float] = []
        self.cpu_s: list[float] = []
        self._cores = cores

    def round(self) -> list[float]:
        """The seconds of each frame of one round over all frames."""
        began, before = time.perf_counter(), self._foreign_s()
        self._process.send(b"round\n")
        reply = self._process.receive()
        used_s = self._foreign_s() - before
        self.others.append(max(0.0, used_s / (time.perf_counter() - began)))
        self.found = int(reply["found"])
        self.cpu_s.append(float(reply["cpu_s"]))
        return [float(seconds) for seconds in reply["seconds"]]

    def _foreign_s(self) -> float:
        """Busy seconds of these cores so far, minus those of this worker."""
        names = {f"cpu{core}" for core in self._cores}
        lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
        ticks = 0
        for name, *fields in (line.split() for line in lines if line.startswith("cpu")):
            if name in names:  # user nice system idle iowait irq softirq steal
                ticks += sum(int(fields[i]) for i in (0, 1, 2, 5, 6, 7))
        stat = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="utf-8", errors="replace")
        own = stat.rpartition(")")[2].split()[11:13]  # utime, stime
        return float(ticks - sum(map(int, own))) / os.sysconf("SC_CLK_TCK")

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.close()


def start_once(one: Implementation, frames: Path, cores: Sequence[int], count: int = 1) -> Start:
    """Start a fresh process, let it run `count` frames, and wait for its end."""
    began = time.perf_counter()
    process = _open(one, frames, cores, ["--once", str(count)])
    try:
        process.receive()
        first_s = time.perf_counter() - began
        last = process.receive()
    finally:
        process.close()
    return Start(first_s, int(last["peak_bytes"]), int(last["found"]))


def write_task_bundle(python: Path, path: Path, model: str = "full") -> None:
    """Write the `.task` bundle with mediapipe 0.10.21: later wheels hold no weights.

    Args:
        python: of the environment with mediapipe 0.10.21.
        path: of the bundle.
        model: `lite`, `full` or `heavy`; all but `full` need `install_landmark_files`.
    """
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); "
        "from run_tasks import write_bundle; write_bundle(Path(sys.argv[2]), sys.argv[3])"
    )
    command = [str(python), *ISOLATED, "-c", code, str(SCRIPTS), str(path), model]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BlazetrackError(
            f"reference: writing the .task bundle ended with {done.returncode}: "
            f"{last_line(done.stderr)}"
        )


def _open(
    one: Implementation, frames: Path, cores: Sequence[int], more: Sequence[str] = ()
) -> WorkerProcess:
    model = [] if one.model is None else ["--model", str(one.model)]
    backend = ["--backend", one.backend] if one.backend else []
    arguments = [str(frames), "--cores", ",".join(map(str, cores)), *model, *backend, *more]
    return WorkerProcess(f"the worker of {one.name}", one.python, SCRIPTS / one.script, arguments)
