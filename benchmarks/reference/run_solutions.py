"""Run `mp.solutions.pose` of mediapipe 0.10.21 over saved frames, under the reference Python.

    python run_solutions.py FRAMES OUT.npz [--static] [--complexity N]

`FRAMES` is a folder of `.npy` images, `(H, W, 3)` uint8 RGB, in the order of their names; or of
folders of such images, one clip each, also in that order.
`OUT.npz` holds one row per frame: `found` and `detector_run` `(F,)` bool, `landmarks_px` and
`world_m` `(F, 33, 3)` float64, `visibility` `(F, 33)` float64; NaN without a person.

The script must not import blazetrack, which is not installed in that environment.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import mediapipe as mp
import numpy as np
from mediapipe.python.solution_base import SolutionBase

KEYPOINTS = 33
DETECTOR_INPUT = "image_for_pose_detection"  # modules/pose_landmark/pose_landmark_cpu.pbtxt


class _WithDetectorInput(SolutionBase):
    """Observes one more stream of the graph: the image that passes the gate to the detector.

    It is between `Pose` and `SolutionBase` in the method resolution order, so that `Pose` sets
    the graph up unchanged, with its own import list and options.
    """

    def __init__(self, **stock: Any) -> None:
        super().__init__(**{**stock, "outputs": [*stock["outputs"], DETECTOR_INPUT]})


class ObservedPose(mp.solutions.pose.Pose, _WithDetectorInput):
    """The stock `Pose` with one more output: the detector's input."""


def _points(landmarks: Any, scale: tuple[float, float, float]) -> np.ndarray:
    return np.array([(p.x, p.y, p.z) for p in landmarks.landmark], np.float64) * scale


def run(frames: list[Path], static: bool, complexity: int) -> dict[str, np.ndarray]:
    """The arrays of `OUT.npz` for one clip."""
    count = len(frames)
    out: dict[str, np.ndarray] = {
        "found": np.zeros(count, bool),
        "detector_run": np.zeros(count, bool),
        "landmarks_px": np.full((count, KEYPOINTS, 3), np.nan),
        "world_m": np.full((count, KEYPOINTS, 3), np.nan),
        "visibility": np.full((count, KEYPOINTS), np.nan),
    }
    with ObservedPose(static_image_mode=static, model_complexity=complexity) as pose:
        for row, path in enumerate(frames):
            image = np.load(path)
            height, width, _ = image.shape
            result = pose.process(image)
            out["detector_run"][row] = getattr(result, DETECTOR_INPUT) is not None
            if result.pose_landmarks is None:
                continue
            out["found"][row] = True
            out["landmarks_px"][row] = _points(result.pose_landmarks, (width, height, width))
            out["world_m"][row] = _points(result.pose_world_landmarks, (1.0, 1.0, 1.0))
            out["visibility"][row] = [p.visibility for p in result.pose_landmarks.landmark]
    return out


def main() -> None:
    """Parse the arguments, run, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("frames", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--static", action="store_true", help="each frame on its own, unsmoothed")
    parser.add_argument("--complexity", type=int, default=1, help="0 lite, 1 full, 2 heavy")
    args = parser.parse_args()
    clips = sorted(path for path in args.frames.iterdir() if path.is_dir()) or [args.frames]
    rows = [run(sorted(clip.glob("*.npy")), args.static, args.complexity) for clip in clips]
    np.savez(args.out, **{name: np.concatenate([one[name] for one in rows]) for name in rows[0]})


if __name__ == "__main__":
    main()
