"""Results of a pipeline on a sequence of frames, and MediaPipe's results on saved frames."""

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
from benchmarks.reference.worker_process import last_line
from blazetrack.errors import BlazetrackError
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.types import Poses

__all__ = [
    "FrameResult",
    "SequenceResult",
    "save_frames",
    "track_with_solutions",
    "track_with_tasks",
]

SCRIPTS = Path(__file__).parent


@dataclass(frozen=True, slots=True, eq=False)
class SequenceResult:
    """At most one person per frame; NaN in frames without a person.

    Attributes:
        found: `(F,)` bool.
        landmarks_px: `(F, K, 3)` float64, image pixels; z in pixels too.
        world_m: `(F, K, 3)` float64, metres.
        visibility: `(F, K)` float64 in 0..1.
        detector_runs: number of detector runs, None where it cannot be observed.
    """

    found: NDArray[np.bool_]
    landmarks_px: NDArray[np.float64]
    world_m: NDArray[np.float64]
    visibility: NDArray[np.float64]
    detector_runs: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FrameResult:
    """The predicted people of one frame.

    Attributes:
        landmarks_px: `(N, 33, 2)` float64, x y in image pixels, NaN where the model has no such
            keypoint.
        scores: `(N,)` float64, higher is more confident.
        ids: `(N,)` int64.
    """

    landmarks_px: NDArray[np.float64]
    scores: NDArray[np.float64]
    ids: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def from_poses(cls, poses: Poses) -> FrameResult:
        """blazetrack's poses; a score is the person's times the mean of its visibilities."""
        scores = poses.scores * poses.visibility.mean(axis=1)
        landmarks_px = poses.landmarks_px[..., :2]
        if poses.skeleton not in (None, BLAZEPOSE33):
            theirs, ours = np.array(poses.skeleton.map_to(BLAZEPOSE33)).T
            mapped = np.full((len(poses), len(BLAZEPOSE33), 2), np.nan)
            mapped[:, ours] = landmarks_px[:, theirs]
            landmarks_px = mapped
        return cls(landmarks_px, scores, poses.ids)


def save_frames(images: Iterable[NDArray[np.uint8]], folder: Path) -> int:
    """Write `(H, W, 3)` RGB images as numbered `.npy` files and return their number.

    All implementations read these files, so no difference comes from decoding.
    """
    count = 0
    for count, image in enumerate(images, start=1):
        np.save(folder / f"{count - 1:06d}.npy", np.ascontiguousarray(image))
    return count


def track_with_solutions(frames: Path, *, static: bool, complexity: int = 1) -> SequenceResult:
    """Run `mp.solutions.pose` over a folder of saved frames.

    Args:
        frames: written by `save_frames`; or a folder of such folders, which are independent clips.
        static: each frame on its own and unsmoothed, else clips at 30 frames a second.
        complexity: 0 lite, 1 full, 2 heavy; 0 and 2 need `install_landmark_files`.
    """
    flags = ["--complexity", str(complexity), *(["--static"] if static else [])]
    return _run_script("run_solutions.py", frames, flags)


def track_with_tasks(frames: Path, model: str = "full") -> SequenceResult:
    """Run the Tasks `PoseLandmarker` in image mode over a folder of saved frames.

    Args:
        frames: written by `save_frames`.
        model: `lite`, `full` or `heavy`; all but `full` need `install_landmark_files`.
    """
    return _run_script("run_tasks.py", frames, ["--model", model])


def _run_script(script: str, frames: Path, flags: list[str]) -> SequenceResult:
    python = reference_python()
    with tempfile.TemporaryDirectory(prefix="blazetrack-reference-") as folder:
        out = Path(folder) / "result.npz"
        command: list[Any] = [python, "-I", SCRIPTS / script, frames, out, *flags]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            last = last_line(done.stderr)
            raise BlazetrackError(f"reference: {script} ended with {done.returncode}: {last}")
        with np.load(out) as saved:
            runs = int(saved["detector_run"].sum()) if "detector_run" in saved else None
            return SequenceResult(
                saved["found"], saved["landmarks_px"], saved["world_m"], saved["visibility"], runs
            )
