"""Peak memory of a run over films of 1080p and 4K, short and long.

    python -m benchmarks.memory [--frames 300,10000] [--model blaze_lite] [--json FILE]

Each film shows a drawn person. A group of pictures is encoded once and repeated, so that a long
film costs no more to make than a short one. Each run is a fresh process, `blazetrack run FILM --out
poses.jsonl`; printed is the largest resident set of that process, and its growth over that of the
shortest film. A megabyte is 10⁶ bytes. Exit code 0 if every run stays within the limit of its size,
and the longest within `MAX_GROWTH` of the shortest.
"""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import av
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.machine import describe_machine, package_versions
from benchmarks.report import check_writable, exit_2_on_error, write_json
from blazetrack.errors import InputError
from blazetrack.synthetic.clip import Clip
from blazetrack.synthetic.scene import SceneOptions

__all__ = ["SIZES", "encode_group", "main", "make_film", "peak_bytes", "verdict"]

SIZES = {"1080p": (1920, 1080), "4K": (3840, 2160)}
LIMITS_MB = {"1080p": 250, "4K": 400}
MAX_GROWTH = 1.1  # peak of the longest film over that of the shortest
GROUP, FPS = 30, 30  # frames


def main(
    frames: Annotated[str, typer.Option(help="Lengths of the films, by comma.")] = "300,10000",
    sizes: Annotated[str, typer.Option(help="Sizes, by comma.")] = ",".join(SIZES),
    model: Annotated[str, typer.Option(help="Landmark model.")] = "blaze_lite",
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write it here.")] = None,
) -> None:
    """Print the peak memory of each run; exit code 1 where one exceeds its limit."""
    with exit_2_on_error():
        check_writable(json_file)
        lengths, names = _lengths(frames), _names(sizes)
        peaks: dict[str, dict[int, int]] = {}
        with TemporaryDirectory() as folder:
            for name in names:
                group = encode_group(SIZES[name])
                for length in lengths:
                    film = make_film(Path(folder) / f"{name}.mp4", group, SIZES[name], length)
                    peaks.setdefault(name, {})[length] = peak_bytes(film, model)
                    film.unlink()
        faults = verdict(peaks)
        Console().print(table(peaks))
        write_json(json_file, {"machine": describe_machine(), "packages": package_versions("av"),
                               "model": model, "peak_bytes": peaks, "faults": faults})  # fmt: skip
    for line in faults:
        typer.echo(line, err=True)
    raise typer.Exit(1 if faults else 0)


def encode_group(size: tuple[int, int]) -> list[bytes]:
    """The packets of a closed group of pictures of a drawn person."""
    drawn = Clip("squats", SceneOptions(GROUP, (640, 360), float(FPS), None), 0)
    coder: Any = av.CodecContext.create("libx264", "w")
    coder.width, coder.height = size
    coder.pix_fmt, coder.time_base = "yuv420p", Fraction(1, FPS)
    coder.options = {"preset": "ultrafast", "bf": "0", "g": str(GROUP), "crf": "30"}
    packets = []
    for index in range(GROUP):
        frame = av.VideoFrame.from_ndarray(drawn.image(index), format="rgb24")
        frame = frame.reformat(*size, format="yuv420p")
        frame.pts = index
        packets += [bytes(packet) for packet in coder.encode(frame)]
    return packets + [bytes(packet) for packet in coder.encode(None)]


def make_film(path: Path, group: list[bytes], size: tuple[int, int], frames: int) -> Path:
    """A film of so many frames, which repeats the group of pictures."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for index in range(frames):
            packet = av.Packet(group[index % GROUP])
            packet.stream, packet.time_base = stream, Fraction(1, FPS)
            packet.pts = packet.dts = index
            packet.duration, packet.is_keyframe = 1, index % GROUP == 0
            container.mux(packet)
    return path


# Started by a small process, because Linux counts the resident set of the parent, up to the call of
# exec, as the child's.
_STARTER = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def peak_bytes(film: Path, model: str) -> int:
    """Largest resident set of a run over a film, in a process of its own."""
    out = film.with_suffix(".jsonl")
    command = [sys.executable, "-m", "blazetrack", "run", str(film), "--model", model,
               "--out", str(out), "--json"]  # fmt: skip
    starter = [sys.executable, "-c", _STARTER, *command]
    done = subprocess.run(starter, stdout=subprocess.PIPE, text=True, check=False)
    out.unlink(missing_ok=True)
    if done.returncode:
        raise InputError(f"the run ended with exit code {done.returncode}")
    return int(done.stdout) * (1 if sys.platform == "darwin" else 1024)


def verdict(peaks: dict[str, dict[int, int]]) -> list[str]:
    """One line for each limit that is exceeded."""
    faults = []
    for name, runs in peaks.items():
        for frames, peak in runs.items():
            if peak > LIMITS_MB[name] * 1e6:
                got = f"{peak / 1e6:.0f} MB"
                faults.append(f"{name}, {frames} frames: {got}, at most {LIMITS_MB[name]} expected")
        growth = runs[max(runs)] / runs[min(runs)]
        if growth > MAX_GROWTH:
            faults.append(f"{name}: grows with the length of the film, by a factor of {growth:.2f}")
    return faults


def table(peaks: dict[str, dict[int, int]]) -> Table:
    """The table of all runs."""
    columns = ("film", "frames", "peak MB", "growth MB", "limit MB")
    out = Table(*columns, title="peak memory of blazetrack run")
    for name, runs in peaks.items():
        for frames, peak in runs.items():
            growth = f"{(peak - runs[min(runs)]) / 1e6:+.1f}" if frames > min(runs) else ""
            out.add_row(name, str(frames), f"{peak / 1e6:.0f}", growth, str(LIMITS_MB[name]))
    return out


def _lengths(text: str) -> list[int]:
    lengths = [int(part) for part in text.split(",") if part.strip().isdecimal()]
    if not lengths or min(lengths) < 1:
        raise InputError(f"--frames: expected numbers from 1, as in 300,10000, got '{text}'")
    return lengths


def _names(text: str) -> list[str]:
    names = [part.strip() for part in text.split(",")]
    for name in names:
        if name not in SIZES:
            raise InputError(f"--sizes: expected {' or '.join(SIZES)}, got '{name}'")
    return names


if __name__ == "__main__":
    typer.run(main)
