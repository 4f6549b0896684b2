"""MediaPipe's own tests of `solutions.pose` and its drawing, unmodified, against the drop-in.

    python -m benchmarks.mediapipe_tests FOLDER [--json FILE] [--data FOLDER]

`FOLDER` holds `pose_test.py` and `drawing_utils_test.py` of MediaPipe, as the wheel of 0.10.21 has
them in `mediapipe/python/solutions`; they are no part of this project. The tests need absl-py and
protobuf. Their picture and film are those of `FOLDER/testdata`, else of
`../shared/data/golden`; the landmarks expected in the film are then those of mediapipe 0.10.21
itself (`reference/`).
Exit code 0 if all tests pass, 1 if one fails, 2 if they could not be run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray

from benchmarks.frame_sets import DATA
from benchmarks.reference.results import save_frames, track_with_solutions
from benchmarks.report import check_writable, exit_2_on_error, write_json
from blazetrack.errors import SourceError

__all__ = ["Outcome", "main", "run_test_file"]

FILES = ("pose_test.py", "drawing_utils_test.py")
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One file of tests: how many ran, how many failed, and the end of its output."""

    file: str
    tests: int
    failed: int
    output: str

    @property
    def passed(self) -> bool:
        return self.tests > 0 and self.failed == 0


def main(
    folder: Annotated[Path, typer.Argument(help="Folder with MediaPipe's two test files.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write it here.")] = None,
    data: Annotated[
        Path, typer.Option(help="Folder with golden/.", show_default="../shared/data")
    ] = DATA,
) -> None:
    """Run MediaPipe's own tests of solutions.pose and drawing_utils against the drop-in."""
    with exit_2_on_error(), tempfile.TemporaryDirectory(prefix="blazetrack-tests-") as name:
        check_writable(json_file)
        place = Path(name)
        for file in FILES:
            if not (folder / file).is_file():
                raise SourceError(f"{folder}: expected {' and '.join(FILES)}, found no {file}")
            shutil.copy(folder / file, place / file)
        prepare_data(folder / "testdata", data / "golden", place / "testdata")
        outcomes = [run_test_file(place / file) for file in FILES]
        for one in outcomes:
            print(f"{one.file}: {one.tests} tests, {one.failed} failed")
            if not one.passed:
                print(one.output)
        write_json(json_file, {"files": [asdict(one) for one in outcomes]})
    raise SystemExit(0 if all(one.passed for one in outcomes) else 1)


def prepare_data(own: Path, golden: Path, target: Path) -> None:
    """Put the tests' picture, film and expected landmarks into a folder.

    Args:
        own: folder of MediaPipe's test data; may be absent.
        golden: the same picture, mask and film.
        target: is made.

    Raises:
        SourceError: neither is there.
        BlazetrackError: mediapipe 0.10.21 cannot be installed.
    """
    if own.is_dir():
        shutil.copytree(own, target)
        return
    if not golden.is_dir():
        raise SourceError(f"{own}: expected MediaPipe's test data, found none there or in {golden}")
    target.mkdir()
    for file in ("pose.jpg", "pose_segmentation.png", "pose_squats.mp4"):
        shutil.copy(golden / file, target / file)
    with tempfile.TemporaryDirectory(prefix="blazetrack-tests-") as frames:
        save_frames(_read_film(golden / "pose_squats.mp4"), Path(frames))
        theirs = track_with_solutions(Path(frames), static=False)
    np.savez(
        target / "pose_squats.full.npz",
        predictions=theirs.landmarks_px,
        predictions_world=theirs.world_m,
    )


def _read_film(path: Path) -> Iterator[NDArray[np.uint8]]:
    """The frames as the tests read them."""
    film = cv2.VideoCapture(str(path))
    while True:
        read, bgr = film.read()
        if not read:
            return
        yield cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def run_test_file(path: Path) -> Outcome:
    """Run a file of tests by `blazetrack mediapipe`, in a process of its own."""
    command = [sys.executable, "-m", "blazetrack", "mediapipe", str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=path.parent, env=environment, capture_output=True, text=True, check=False
    )
    output = done.stdout + done.stderr
    ran = re.search(r"^Ran (\d+) tests?", output, re.M)
    failed = sum(int(one) for one in re.findall(r"(?:failures|errors)=(\d+)", output))
    if done.returncode and not failed:
        failed = 1
    return Outcome(path.name, int(ran[1]) if ran else 0, failed, output[-4000:])


if __name__ == "__main__":
    typer.run(main)
