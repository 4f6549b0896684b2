"""Programs written for `mp.solutions.pose`, unmodified, with a film in place of the camera.

    python -m benchmarks.mediapipe_programs PROGRAM.py... [--film FILE] [--frames N] [--json FILE]

Each runs under `blazetrack mediapipe` in a process and a folder of its own (`fake_camera.py`) and
is to end with exit code 0, or by Ctrl-C where it ends by no key. Exit code 0 if all do, 1 if one
does not, 2 if they could not be run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.frame_sets import DATA
from benchmarks.report import check_writable, exit_2_on_error, write_json
from blazetrack.errors import SourceError

__all__ = ["ProgramRun", "main", "run_program"]

ROOT = Path(__file__).parents[1]
CAMERA = Path(__file__).parent / "reference" / "fake_camera.py"
CTRL_C = 130
LIMIT_S = 300


@dataclass(frozen=True, slots=True)
class ProgramRun:
    """How a program ended: exit code, images that it gave to `Pose`, those with a person."""

    program: str
    code: int
    images: int
    people: int
    shown: int
    error: str

    @property
    def passed(self) -> bool:
        return self.code in (0, CTRL_C) and self.images > 0


def main(
    programs: Annotated[list[Path], typer.Argument(help="Python files.")],
    film: Annotated[
        Path, typer.Option(help="What the camera shows.", show_default="of ../shared/data")
    ] = DATA / "golden" / "pose_squats.mp4",
    picture: Annotated[
        Path, typer.Option(help="In place of absent pictures.", show_default="of ../shared/data")
    ] = DATA / "golden" / "pose.jpg",
    frames: Annotated[int, typer.Option(min=1, help="Frames before a key is pressed.")] = 60,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write it here.")] = None,
) -> None:
    """Run programs written for MediaPipe's solutions.pose to their end."""
    table = Table("program", "exit code", "images", "with a person", "shown")
    with exit_2_on_error():
        check_writable(json_file)
        for path in (*programs, film, picture):
            if not path.is_file():
                raise SourceError(f"{path}: expected a file, found none")
        runs = [run_program(path, film, picture, frames) for path in programs]
        for one in runs:
            numbers = (one.code, one.images, one.people, one.shown)
            table.add_row(one.program, *map(str, numbers))
        Console().print(table)
        for one in runs:
            if not one.passed:
                print(f"{one.program}: {one.error}")
        write_json(json_file, {"programs": [asdict(one) for one in runs]})
    raise SystemExit(0 if all(one.passed for one in runs) else 1)


def run_program(program: Path, film: Path, picture: Path, frames: int) -> ProgramRun:
    """Run one program in an empty folder."""
    with tempfile.TemporaryDirectory(prefix="blazetrack-program-") as folder:
        report = Path(folder) / "report.json"
        command = [
            sys.executable, CAMERA, film.resolve(), picture.resolve(), str(frames), report,
            program.resolve(),
        ]  # fmt: skip
        paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        try:
            done = subprocess.run(
                command, cwd=folder, env={**os.environ, "PYTHONPATH": paths},
                capture_output=True, text=True, check=False, timeout=LIMIT_S,
            )  # fmt: skip
            code, error = done.returncode, done.stderr.strip()[-1000:]
        except subprocess.TimeoutExpired:
            code, error = -1, f"did not end within {LIMIT_S} s"
        counts = {"images": 0, "people": 0, "shown": 0}
        if report.is_file():
            counts = json.loads(report.read_text(encoding="utf-8"))
    return ProgramRun(program.name, code, error=error, **counts)


if __name__ == "__main__":
    typer.run(main)
