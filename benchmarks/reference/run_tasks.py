"""Run `PoseLandmarker` of mediapipe 0.10.21 on saved images, under the reference Python.

    python run_tasks.py FRAMES OUT.npz [--model NAME]

`FRAMES` and `OUT.npz` as in `run_solutions.py`, without `detector_run`: in image mode the detector
runs on every image.

The `.task` bundle is assembled from two published files inside the installed package, with the
normalisation metadata that the task graph requires, so nothing is downloaded. The wheel has the
landmark network `full`; the others are placed there before.

The script must not import blazetrack, which is not installed in that environment.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import mediapipe as mp
import numpy as np
from mediapipe.tasks.python.core.base_options import BaseOptions
from mediapipe.tasks.python.metadata.metadata_writers import model_asset_bundle_utils
from mediapipe.tasks.python.metadata.metadata_writers.metadata_writer import MetadataWriter
from mediapipe.tasks.python.vision import PoseLandmarker, PoseLandmarkerOptions, RunningMode

KEYPOINTS = 33
MODULES = Path(mp.__file__).parent / "modules"
PARTS = {  # name in the bundle: (published file, mean, standard deviation of the input)
    "pose_detector.tflite": ("pose_detection/pose_detection.tflite", 127.5, 127.5),
    "pose_landmarks_detector.tflite": ("pose_landmark/pose_landmark_{model}.tflite", 0.0, 255.0),
}


def write_bundle(path: Path, model: str = "full") -> None:
    """Write the `.task` bundle of the published detector and a published landmark model."""
    models = {}
    for name, (published, mean, std) in PARTS.items():
        file = MODULES / published.format(model=model)
        writer = MetadataWriter.create(bytearray(file.read_bytes()))
        models[name], _ = writer.add_image_input([mean], [std]).populate()
    model_asset_bundle_utils.create_model_asset_bundle(models, str(path))


def run(frames: list[Path], bundle: Path) -> dict[str, np.ndarray]:
    """The arrays of `OUT.npz`."""
    count = len(frames)
    out: dict[str, np.ndarray] = {
        "found": np.zeros(count, bool),
        "landmarks_px": np.full((count, KEYPOINTS, 3), np.nan),
        "world_m": np.full((count, KEYPOINTS, 3), np.nan),
        "visibility": np.full((count, KEYPOINTS), np.nan),
    }
    options = PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(bundle)),
        running_mode=RunningMode.IMAGE,
        min_pose_detection_confidence=0.5,
        min_pose_presence_confidence=0.5,
    )
    with PoseLandmarker.create_from_options(options) as landmarker:
        for row, path in enumerate(frames):
            image = np.load(path)
            height, width, _ = image.shape
            result = landmarker.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=image))
            if not result.pose_landmarks:
                continue
            image_points, world_points = result.pose_landmarks[0], result.pose_world_landmarks[0]
            out["found"][row] = True
            out["landmarks_px"][row] = [
                (p.x * width, p.y * height, p.z * width) for p in image_points
            ]
            out["world_m"][row] = [(p.x, p.y, p.z) for p in world_points]
            out["visibility"][row] = [p.visibility for p in image_points]
    return out


def main() -> None:
    """Parse the arguments, run, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("frames", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", default="full", help="lite, full or heavy")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "pose.task"
        write_bundle(bundle, args.model)
        np.savez(args.out, **run(sorted(args.frames.glob("*.npy")), bundle))


if __name__ == "__main__":
    main()
