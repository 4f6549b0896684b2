"""Toy networks and images for the whole pipeline: people are bright discs."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import cv2
import numpy as np

from blazetrack.backends import FakeModel
from blazetrack.graph import Trace
from blazetrack.heads.anchors import anchor_centers
from blazetrack.heads.ssd import encode_boxes
from blazetrack.model_info import ModelInfo
from blazetrack.pipeline import PoseTracker
from blazetrack.sources import Source, SourceInfo
from blazetrack.store import Store
from blazetrack.types import Frame, Poses

RADIUS = 14
Kind: TypeAlias = Literal["video", "stills", "live", "synthetic"]


def bright(pixels: np.ndarray) -> list[tuple[float, float, float]]:
    """The discs in a crop: x, y, radius, all in crop pixels."""
    light = (pixels[..., 0] > 127).astype(np.uint8)
    count, _, stats, centers = cv2.connectedComponentsWithStats(light)
    areas = stats[1:count, cv2.CC_STAT_AREA]
    return [
        (x, y, math.sqrt(area / math.pi))
        for (x, y), area in zip(centers[1:count], areas, strict=True)
    ]


def find_discs(info: ModelInfo, pixels: np.ndarray) -> dict[str, np.ndarray]:
    """Outputs of a perfect detector: one row per disc, at the nearest anchor."""
    assert info.anchors is not None
    centers, side = anchor_centers(info.anchors, info.input_hw), info.input_hw[0]
    raw = np.zeros((1, len(centers), 12), np.float32)
    logits = np.full((1, len(centers), 1), -100, np.float32)
    for x, y, radius in bright(pixels):
        middle, rim = np.array([x, y]) / side, np.array([x, y - 2 * radius]) / side
        anchor = np.square(centers - middle).sum(axis=1).argmin()
        box = np.concatenate([middle - radius / side, middle + radius / side])
        points = np.array([[middle, rim, middle, rim]], np.float32)
        raw[0, anchor] = encode_boxes(
            box[None].astype(np.float32), points, centers[anchor : anchor + 1], info.input_hw
        )
        logits[0, anchor] = 3
    return {"boxes": raw, "scores": logits}


def look_at_disc(info: ModelInfo, pixels: np.ndarray) -> dict[str, np.ndarray]:
    """Outputs of a perfect landmark network: all points in the middle of the nearest disc."""
    side = info.input_hw[0]
    rows = np.zeros((1, 39, 5), np.float32)
    middle = np.array([side / 2, side / 2])
    discs = sorted(bright(pixels), key=lambda disc: math.dist(disc[:2], middle))
    if discs:
        x, y, radius = discs[0]
        rows[..., :2] = x, y
        rows[:, 34, 1] = y - 2 * radius
        rows[..., 3:] = 4
    return {
        "landmarks": rows.reshape(1, -1),
        "score": np.array([[0.95 if discs else 0.01]], np.float32),
        "mask": np.where(pixels[None, ..., :1] > 127, 10, -10).astype(np.float32),
        "heatmap": np.full((1, 64, 64, 39), -50, np.float32),
        "world": np.zeros((1, 117), np.float32),
    }


class ToyModel(FakeModel):
    """A toy network with a published description."""

    def __init__(
        self,
        info: ModelInfo,
        locate: Callable[[frozenset[str]], Path],
        backend: str,
        threads: int | None,
        file: Path | None = None,
    ) -> None:
        outputs = find_discs if info.kind == "detector" else look_at_disc
        # All keypoints of a disc are in one place, so the score is that of the network.
        super().__init__(replace(info, score_coefficients={}), lambda pixels: outputs(info, pixels))
        self.threads = threads
        self.seconds = 0.0
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


class ToyStore(Store):
    """Describes the published models and never fetches one."""

    find = Store.describe


class ToyWorld:
    """Trackers with toy networks, and images for them.

    Attributes:
        height, width, radius: of the images and the discs, in pixels.
        models: kind → the model of the newest tracker.
    """

    height, width, radius = 240, 320, RADIUS

    def __init__(self, folder: Path) -> None:
        self.models: dict[str, ToyModel] = {}
        self._store = ToyStore(folder, offline=True)

    def open_model(self, info: ModelInfo, *rest: Any) -> ToyModel:
        self.models[info.kind] = ToyModel(info, *rest)
        return self.models[info.kind]

    def tracker(self, *model: str, **options: Any) -> PoseTracker:
        return PoseTracker(*model, store=self._store, **options)

    def picture(self, *discs: tuple[float, float]) -> np.ndarray:
        image = np.zeros((self.height, self.width, 3), np.uint8)
        for x, y in discs:
            cv2.circle(image, (round(x), round(y)), self.radius, (255, 255, 255), -1)
        return image

    def frame(self, index: int, *discs: tuple[float, float], fps: float = 30) -> Frame:
        return Frame(self.picture(*discs), index, index / fps)

    def make(self, choice: Any) -> tuple[PoseTracker, Trace]:
        """A tracker and its trace, as the live page makes them."""
        trace, options = Trace(window=1), choice.tracker_options()
        return self.tracker(options.pop("model"), hooks=[trace], **options), trace

    def source(self, kind: Kind = "video", frames: int = 1000, fps: float = 100.0) -> Discs:
        """One disc that moves to and fro."""
        return Discs(self, kind, frames, fps)

    @staticmethod
    def places(poses: Poses) -> list[tuple[float, float]]:
        """First keypoint of each person."""
        return [tuple(xy) for xy in poses.landmarks_px[:, 0, :2].tolist()]


class Discs(Source):
    """Images of one disc that moves to and fro; counts its closes."""

    def __init__(self, world: ToyWorld, kind: Kind, frames: int, fps: float) -> None:
        super().__init__(SourceInfo("discs", kind, world.width, world.height, fps, frames))
        self._world, self._count, self._fps = world, frames, fps
        self.closed = 0

    def _frames(self) -> Generator[Frame, None, None]:
        for index in range(self._count):
            x = 160 + 60 * math.sin(index / 10)
            yield self._world.frame(index, (x, 120), fps=self._fps)

    def close(self) -> None:
        self.closed += 1
