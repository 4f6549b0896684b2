"""Draw the kites of docs/training.md: labelled pictures, and a clip to track.

python docs/draw_kites.py              # kite/ and clip.mp4 in the current folder
python docs/draw_kites.py FOLDER CLIP
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from typer import Argument

from blazetrack import Frame, Poses, open_sink

SIDE = 96  # pixels
SETS = {"train": range(32), "dev": range(32, 40)}
NAMES = ["nose", "left_tip", "right_tip", "tail", "knot"]
EDGES = [[1, 2], [1, 3], [2, 4], [3, 4], [1, 5], [5, 4]]
CATEGORY = {"id": 1, "name": "kite", "keypoints": NAMES, "skeleton": EDGES}

# Corners in parts of the kite's size, and the four panels between them and the knot.
SHAPE = np.array([[0, -1.0], [-0.7, -0.3], [0.7, -0.3], [0, 1], [0, -0.3]])
RED, YELLOW = (230, 60, 60), (240, 210, 70)
PANELS = (((0, 1, 4), RED), ((0, 4, 2), RED), ((1, 3, 4), YELLOW), ((4, 3, 2), YELLOW))


def draw_kite(seed: int) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """A picture `(96, 96, 3)` RGB of a kite against the sky, and its five points `(5, 2)`."""
    rng = np.random.default_rng(seed)
    angle, size = rng.uniform(-0.5, 0.5), rng.uniform(24, 34)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = SHAPE @ turn.T * size + rng.uniform(38, 58, 2)
    sky = np.linspace((140, 200, 200), (195, 255, 255), SIDE)[:, None]
    picture = (sky - rng.integers(0, 30, (SIDE, SIDE, 1))).astype(np.uint8)
    for corners, color in PANELS:
        panel = (points[list(corners)] * 16).astype(np.int32)
        cv2.fillConvexPoly(picture, panel, color, cv2.LINE_AA, 4)
    return picture, points


def write_kites(folder: Path) -> None:
    """Write `train.json`, `dev.json` in COCO's keypoint format, and the pictures of both."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for name, numbers in SETS.items():
        images: list[dict[str, Any]] = []
        labels: list[dict[str, Any]] = []
        for i in numbers:
            picture, points = draw_kite(i)
            cv2.imwrite(str(folder / "images" / f"{i:03d}.png"), picture[..., ::-1])
            images.append({"id": i, "file_name": f"{i:03d}.png", "width": SIDE, "height": SIDE})
            keypoints = np.column_stack([points, np.full(5, 2)]).ravel().tolist()
            labels.append({"id": i, "image_id": i, "category_id": 1, "keypoints": keypoints})
        content = {"images": images, "annotations": labels, "categories": [CATEGORY]}
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")


def write_clip(path: Path, frames: int = 4) -> None:
    """Write a clip of one kite that stands still."""
    picture, _ = draw_kite(SETS["train"][0])
    with open_sink(str(path)) as clip:
        for i in range(frames):
            clip.write(Frame(picture, i, i / 30), Poses.empty(), picture)


def main(
    folder: Annotated[Path, Argument(help="Folder of the data set.")] = Path("kite"),
    clip: Annotated[Path, Argument(help="File of the clip.")] = Path("clip.mp4"),
) -> None:
    """Draw the kites of docs/training.md."""
    write_kites(folder)
    write_clip(clip)
    typer.echo(f"{folder}: {len(SETS['train'])} pictures for training, {len(SETS['dev'])} for dev")
    typer.echo(str(clip))


if __name__ == "__main__":
    typer.run(main)
