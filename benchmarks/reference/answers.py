"""What a pipeline says of a row of frames, and how the reference is asked for it."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.reference.environment import reference_python
from blazetrack.errors import BlazetrackError
from blazetrack.types import Poses

__all__ = ["Answers", "Found", "ask_solutions", "ask_tasks", "save_frames"]

SCRIPTS = Path(__file__).parent


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """One person per frame at most, NaN where nobody was found.

    Attributes:
        found: `(F,)` bool.
        landmarks_px: `(F, K, 3)` float64, image pixels; z in pixels too.
        world_m: `(F, K, 3)` float64, metres.
        visibility: `(F, K)` float64 in 0..1.
        detector_runs: how often the detector ran, None where that cannot be observed.
    """

    found: NDArray[np.bool_]
    landmarks_px: NDArray[np.float64]
    world_m: NDArray[np.float64]
    visibility: NDArray[np.float64]
    detector_runs: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The people that were found in one frame, whoever found them.

    Attributes:
        landmarks_px: `(N, 33, 2)` float64, x y in image pixels.
        scores: `(N,)` float64, larger is surer.
        ids: `(N,)` int64.
    """

    landmarks_px: NDArray[np.float64]
    scores: NDArray[np.float64]
    ids: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of(cls, poses: Poses) -> Found:
        """What our pipeline found; a score is the person's times the mean of its visibilities."""
        scores = poses.scores * poses.visibility.mean(axis=1)
        return cls(poses.landmarks_px[..., :2], scores, poses.ids)


def save_frames(images: Iterable[NDArray[np.uint8]], folder: Path) -> int:
    """Write `(H, W, 3)` RGB pictures as numbered `.npy` files and return how many.

    Both sides read these files, so a difference never comes from decoding.
    """
    count = 0
    for count, image in enumerate(images, start=1):
        np.save(folder / f"{count - 1:06d}.npy", np.ascontiguousarray(image))
    return count


def ask_solutions(frames: Path, *, static: bool) -> Answers:
    """`mp.solutions.pose` on a folder of saved frames.

    Args:
        frames: written by `save_frames`.
        static: each frame on its own and unsmoothed, else one clip at 30 frames a second.
    """
    flags = ["--static"] if static else []
    return _ask("run_solutions.py", frames, flags)


def ask_tasks(frames: Path) -> Answers:
    """The Tasks `PoseLandmarker`, image mode, on a folder of saved frames."""
    return _ask("run_tasks.py", frames, [])


def _ask(script: str, frames: Path, flags: list[str]) -> Answers:
    python = reference_python()
    with tempfile.TemporaryDirectory(prefix="blazetrack-reference-") as folder:
        out = Path(folder) / "answers.npz"
        command: list[Any] = [python, "-I", SCRIPTS / script, frames, out, *flags]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise BlazetrackError(f"reference: {script} ended with {done.returncode}: {last}")
        with np.load(out) as saved:
            runs = int(saved["detector_run"].sum()) if "detector_run" in saved else None
            return Answers(
                saved["found"], saved["landmarks_px"], saved["world_m"], saved["visibility"], runs
            )
