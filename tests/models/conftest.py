"""Fixtures: a tiny trained network, a labelled person, small folders in data-set layouts."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from blazetrack.align.roi import circle_of_keypoints
from blazetrack.skeleton import LSP14, Skeleton
from models.data.annotated import PEOPLE, AnnotatedImage

Configure: TypeAlias = Callable[..., Path]

NETWORK = """
network:
  name: blazepose
  options:
    {side: 32, stem: 8, width: [8, 8], depth: [0, 0], decoder_depth: [0],
     regression_width: [8, 8], regression_depth: [0, 0], top: 8, head: 8}
"""


@pytest.fixture(scope="session")
def configure(tmp_path_factory: pytest.TempPathFactory) -> Configure:
    """Write a config for a tiny landmark network and drawn people; packs are shared."""
    folder = tmp_path_factory.mktemp("workshop")

    def write(name: str = "tiny", more: str = "") -> Path:
        text = f"""{NETWORK}
data:
  packs: {folder / "packs"}
  train: {{drawn: {{kind: synthetic, count: 8}}}}
  dev: {{other: {{kind: synthetic, count: 4, seed: 1}}}}
  workers: 1
optimizer: {{average_steps: 40}}
run: {{steps: 6, batch: 4, log_steps: 2, dev_steps: 3, dev_samples: 4}}
{more}"""
        path = folder / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def tiny_run(configure: Configure, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of six steps."""
    pytest.importorskip("keras", reason="the workshop needs Keras")
    from models.train.config import load_settings
    from models.train.trainer import train

    run = tmp_path_factory.mktemp("runs") / "tiny"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Keras 3 on NumPy 2
        assert train(load_settings(configure()), run) == 0
    return run


MakePerson: TypeAlias = Callable[..., AnnotatedImage]

# A standing person, seen from the front, in parts of a picture; the subject's left is on the right.
STANDING = {
    "head_top": (0.50, 0.08), "neck": (0.50, 0.22), "nose": (0.50, 0.14),
    "left_shoulder": (0.60, 0.26), "right_shoulder": (0.40, 0.26),
    "left_elbow": (0.66, 0.38), "right_elbow": (0.34, 0.38),
    "left_wrist": (0.70, 0.50), "right_wrist": (0.30, 0.49),
    "left_hip": (0.56, 0.52), "right_hip": (0.44, 0.52),
    "left_knee": (0.57, 0.72), "right_knee": (0.43, 0.71),
    "left_ankle": (0.58, 0.92), "right_ankle": (0.42, 0.91),
}  # fmt: skip


@pytest.fixture
def make_person() -> MakePerson:
    """Make a standing person; keypoints beyond `STANDING` have no label."""

    def make(
        skeleton: Skeleton = LSP14,
        size_wh: tuple[int, int] = (120, 160),
        number: int = 0,
        **changes: Any,
    ) -> AnnotatedImage:
        k = len(skeleton)
        points = np.full((k, 3), np.nan, np.float32)
        for i, name in enumerate(skeleton.names):
            if name in STANDING:
                points[i, :2] = np.multiply(STANDING[name], size_wh)
        circle = circle_of_keypoints(points, skeleton)
        image = np.random.default_rng(number).integers(0, 256, (*size_wh[::-1], 3), np.uint8)
        person = AnnotatedImage.of(
            image,
            skeleton,
            points[None],
            np.zeros((1, 2, 2)) if circle is None else circle[None],
            [f"test/{number:05d}"],
            visibility=np.where(np.isfinite(points[:, 0]), 1, np.nan).astype(np.float32)[None],
        )
        return replace(person, **{k: v[None] if k in PEOPLE else v for k, v in changes.items()})

    return make


@pytest.fixture
def make_lsp(tmp_path: Path) -> Callable[..., Path]:
    """Make standing people of 40×60 pixels in the packed layout of LSPET."""

    def make(joints_px: NDArray[np.float32] | None = None, people: int = 8) -> Path:
        folder = tmp_path / "lspet"
        (folder / "images").mkdir(parents=True)
        if joints_px is None:
            places = [np.multiply(STANDING[name], (40, 60)) for name in LSP14.names]
            joints_px = np.ones((people, 14, 3), np.float32)
            joints_px[..., :2] = places
        for i in range(len(joints_px)):
            write_picture(folder / "images" / f"{i + 1:05d}.jpg", (40, 60))
        size = np.tile(np.array([[40, 60]], np.int32), (len(joints_px), 1))
        names = np.array(LSP14.names)
        np.savez(folder / "joints.npz", joints_px=joints_px, names=names, size_wh=size)
        return folder

    return make


@pytest.fixture
def make_coco(tmp_path: Path) -> Callable[..., Path]:
    """Make a COCO-format folder of two labelled kites with five points; returns the JSON file."""

    def make(**changes: Any) -> Path:
        keypoints = [20, 5, 2, 10, 20, 2, 30, 20, 1, 20, 45, 2, 20, 55, 2]
        content: dict[str, Any] = {
            "categories": [
                {
                    "id": 7,
                    "name": "kite",
                    "keypoints": ["tip", "left_wing", "right_wing", "tail", "knot"],
                    "skeleton": [[1, 2], [1, 3], [2, 4], [3, 4], [4, 5]],
                }
            ],
            "images": [
                {"id": i, "file_name": f"{i}.png", "width": 40, "height": 60} for i in (1, 2)
            ],
            "annotations": [
                {"id": 10 + i, "image_id": i, "category_id": 7, "keypoints": keypoints}
                for i in (1, 2)
            ],
        }
        folder = tmp_path / "kites"
        (folder / "images").mkdir(parents=True)
        for i in (1, 2):
            write_picture(folder / "images" / f"{i}.png", (40, 60))
        for key, value in changes.items():
            part, _, field = key.partition("__")
            if field:
                content[part][0][field] = value
            else:
                content[part] = value
        path = folder / "kites.json"
        path.write_text(json.dumps(content))
        return path

    return make


def write_picture(path: Path, size_wh: tuple[int, int], grey: int = 90) -> None:
    cv2.imwrite(str(path), np.full((*size_wh[::-1], 3), grey, np.uint8))
