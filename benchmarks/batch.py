"""Speed of `blazetrack batch` against one process, and its results after a crash.

    python -m benchmarks.batch                   # 200 drawn clips, as many processes as cores
    python -m benchmarks.batch --ray             # also on a Ray cluster of this machine

The same clips are tracked by one process, one after the other with one thread, and by a batch;
times are those of the whole run, start of the processes included. Then a batch is killed in the
middle and run again. Exit code 0 if the speed-up is at least 0.9 times the number of processes, and
all results and indices are equal to the byte.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.machine import describe_machine
from benchmarks.report import check_writable, exit_2_on_error, write_json
from blazetrack import Poses, open_sink, open_source
from blazetrack.batch import Summary, run_batch
from blazetrack.batch.folder import BatchFolder
from blazetrack.batch.index import write_index
from blazetrack.batch.inputs import collect, name_results
from blazetrack.batch.job import Job, options_key
from blazetrack.batch.processes import usable_cores
from blazetrack.batch.track_item import Worker
from blazetrack.errors import BlazetrackError

EFFICIENCY = 0.9  # minimum speed-up per process
MILLION = 1_000_000


def draw_clips(folder: Path, count: int, frames: int) -> None:
    """Write clips of a drawn person, each another one."""
    folder.mkdir()
    for seed in range(count):
        with (
            open_source(f"synthetic?frames={frames}&size=640x480&seed={seed}") as source,
            open_sink(folder / f"{seed:04}.mp4") as sink,
        ):
            for frame in source:
                sink.write(frame, Poses.empty(), frame.image)


def serial(clips: Path, out: Path, options: dict[str, Any]) -> None:
    """Track the clips in this process, one after the other."""
    job = Job(out.absolute(), (".jsonl",), options)
    with job.open_tracker() as tracker:
        job = replace(job, key=options_key(job, tracker))
    items = name_results(collect([str(clips)], out).items, {})
    with BatchFolder(job.out) as folder:
        folder.begin(len(items))
        worker = Worker(job)
        for item in items:
            folder.add(worker.track(item), job.key)
        write_index(job.out, folder.rows.values())
        worker.close()


def killed(clips: Path, out: Path, options: dict[str, Any], workers: int) -> Summary:
    """Kill a batch once half of the clips are done, and run it again."""
    code = (
        "import sys; from blazetrack.batch import run_batch; "
        f"run_batch([{str(clips)!r}], {str(out)!r}, options={options!r}, workers={workers})"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    journal, half = out / ".batch" / "journal.jsonl", len(list(clips.iterdir())) // 2
    while not (journal.exists() and journal.read_bytes().count(b"\n") >= half):
        if process.poll() is not None:
            raise BlazetrackError("the batch ended before it could be killed")
        time.sleep(0.01)
    process.kill()
    process.wait()
    return run_batch([str(clips)], out, options=options, workers=workers)


def same(one: Path, other: Path) -> bool:
    """Whether two output folders hold the same files to the byte."""

    def files(folder: Path) -> dict[str, bytes]:
        found = [path for path in folder.rglob("*") if path.is_file()]
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in found
            if ".batch" not in path.parts
        }

    return files(one) == files(other)


def measure(
    folder: Path, clips: Path, rounds: int, workers: int, options: dict[str, Any]
) -> dict[str, Any]:
    """Times of both ways, in turn."""
    times: dict[str, list[float]] = {"serial": [], "batch": [], "cpu": []}
    for number in range(rounds):
        for name in ("serial", "batch"):
            out = folder / f"{name}_{number}"
            begin_s, begin_cpu_s = time.monotonic(), _cpu_s()
            if name == "serial":
                serial(clips, out, options)
            else:
                run_batch([str(clips)], out, options=options, workers=workers)
                times["cpu"].append(_cpu_s() - begin_cpu_s)
            times[name].append(time.monotonic() - begin_s)
    ratios = [one / other for one, other in zip(times["serial"], times["batch"], strict=True)]
    return {
        "serial_s": median(times["serial"]),
        "batch_s": median(times["batch"]),
        "speed_up": median(ratios),
        "speed_ups": ratios,
        "batch_cpu_s": median(times["cpu"]),
    }


def _cpu_s() -> float:
    """Processor time of this process and of those that it began and that have ended."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    usages = [resource.getrusage(kind) for kind in kinds]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks.batch", description=__doc__)
    parser.add_argument("--clips", type=int, default=200, help="number of clips")
    parser.add_argument("--frames", type=int, default=30, help="frames of each")
    parser.add_argument("--rounds", type=int, default=1, help="repetitions, in turn")
    parser.add_argument("--workers", type=int, default=usable_cores(), help="processes")
    parser.add_argument("--model", help="landmark model")
    parser.add_argument("--ray", action="store_true", help="also on a Ray cluster of this machine")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    wanted = parser.parse_args(arguments)
    check_writable(wanted.json)
    options = {"model": wanted.model}
    folder = Path(tempfile.mkdtemp(prefix="blazetrack-batch-"))
    try:
        clips, first = folder / "clips", folder / "serial_0"
        draw_clips(clips, wanted.clips, wanted.frames)
        found = measure(folder, clips, wanted.rounds, wanted.workers, options)
        held = {
            f"speed-up >= {EFFICIENCY * wanted.workers:.1f} with {wanted.workers} processes": (
                found["speed_up"] >= EFFICIENCY * wanted.workers
            ),
            "batch: same bytes as one process": same(first, folder / "batch_0"),
        }
        resumed = killed(clips, folder / "killed", options, wanted.workers)
        held["killed in the middle and run again: same bytes"] = (
            same(first, folder / "killed") and 0 < resumed.finished_before < wanted.clips
        )
        if wanted.ray:
            run_batch(
                [str(clips)],
                folder / "ray",
                options=options,
                engine="ray",
                address="local",
                workers=wanted.workers,
            )
            held["Ray: same bytes"] = same(first, folder / "ray")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _print(found, wanted.clips, wanted.frames, wanted.workers)
    for name, holds in held.items():
        print(f"{'yes' if holds else 'NO ':3}  {name}")
    content = {"figures": found, "holds": held, "machine": describe_machine()}
    write_json(wanted.json, {"clips": wanted.clips, "frames": wanted.frames, **content})
    return 0 if all(held.values()) else 1


def _print(found: dict[str, Any], clips: int, frames: int, workers: int) -> None:
    table = Table("", "one process", f"batch, {workers} processes")
    times_s = found["serial_s"], found["batch_s"]
    table.add_row("seconds", *(f"{one:.1f}" for one in times_s))
    table.add_row("clips per second", *(f"{clips / one:.2f}" for one in times_s))
    table.add_row("frames per second", *(f"{clips * frames / one:.0f}" for one in times_s))
    table.add_row("speed-up", "1", f"{found['speed_up']:.2f}")
    table.add_row("processor seconds per clip", "", f"{found['batch_cpu_s'] / clips:.3f}")
    hours = found["batch_cpu_s"] / clips * MILLION / 3600
    table.add_row("core hours per million clips", "", f"{hours:.0f}")
    Console().print(table)


if __name__ == "__main__":
    with exit_2_on_error():
        sys.exit(main())
