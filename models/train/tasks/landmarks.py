"""Landmark task: keypoints of one person in aligned crops."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.align.roi import MARGIN
from blazetrack.errors import InputError
from blazetrack.heads import head_of
from blazetrack.metrics import mean_of, pck, torso_size
from blazetrack.model_info import ModelInfo
from blazetrack.skeleton import Skeleton
from blazetrack.store.skeleton_text import read_skeleton, skeleton_text
from models.data.annotated import AnnotatedImage
from models.data.batches import Batches, eval_batches
from models.data.body_measures import TORSO_PER_RADIUS
from models.data.examples import PersonCrops
from models.data.prefetch import Arrays
from models.train.config import LandmarkSettings
from models.train.datasets import Log, open_backgrounds, open_dataset, shares_of
from models.train.losses import loss_module
from models.train.tasks import Predict
from models.zoo import ARCHITECTURES

__all__ = ["LandmarkTask", "crop_pck"]

# Torso of keypoint sets that have none: that of a person, in parts of the crop's side.
TORSO_OF_SIDE = TORSO_PER_RADIUS / (2 * MARGIN)


class LandmarkTask:
    """Keypoints in aligned crops; a `models.train.tasks.Task`.

    Args:
        settings: of the run.
        log: called with one line on each data set.
    """

    def __init__(self, settings: LandmarkSettings, log: Log) -> None:
        data = settings.data
        self._people = {
            name: open_dataset(name, one, data, log) for name, one in data.train.items()
        }
        self._dev = {name: open_dataset(name, one, data, log) for name, one in data.dev.items()}
        first = next(iter(self._people.values()))[0].skeleton
        self.skeleton = first if data.skeleton is None else read_skeleton(data.skeleton)
        self.settings = self._completed(settings)
        self._head = ARCHITECTURES[settings.network.name].head
        self._dev_batches: dict[str, list[Arrays]] = {}

    def _completed(self, settings: LandmarkSettings) -> LandmarkSettings:
        """With the keypoint set as text, and the network's number of keypoints."""
        keypoints = len(self.skeleton)
        if settings.network.options.get("keypoints", keypoints) != keypoints:
            raise InputError(
                f"network.options.keypoints: {self.skeleton.name} has {keypoints} keypoints, got"
                f" {settings.network.options['keypoints']}"
            )
        options = {**settings.network.options, "keypoints": keypoints}
        network = settings.network.model_copy(update={"options": options})
        data = settings.data.model_copy(update={"skeleton": skeleton_text(self.skeleton)})
        return settings.model_copy(update={"network": network, "data": data})

    def parts(self, outputs: Collection[str]) -> tuple[str, ...]:
        """See `Task`."""
        names: tuple[str, ...] = loss_module(self._head).parts(outputs)
        return names

    def batches(self, start: int, side: int) -> Generator[Arrays, None, None]:
        """See `Task`."""
        data, run = self.settings.data, self.settings.run
        crops = PersonCrops(
            side,
            self.skeleton,
            augment=data.augment,
            negatives=data.negatives,
            backgrounds=open_backgrounds(data),
        )
        with Batches(
            self._people,
            run.batch,
            crops,
            seed=run.seed,
            weights=shares_of("data.train", data.train),
            workers=data.workers,
            processes=data.processes,
            start=start,
        ) as batches:
            yield from batches

    def evaluate(self, predict: Predict, info: ModelInfo) -> dict[str, float]:
        """PCK@0.2 of each development set, and the share of its people with a score above 0.5."""
        side, decode = info.input_hw[0], head_of(info).decode
        figures = {}
        for name, samples in self._dev.items():
            batches = self._development(name, samples, side)
            points = np.full((0, len(self.skeleton), 2), np.nan)
            scores = np.zeros(0)
            for batch in batches:
                outputs = predict(batch["image"])
                for row in range(len(batch["image"])):
                    one = {key: np.asarray(value)[row : row + 1] for key, value in outputs.items()}
                    people = decode(one, info)
                    points = np.concatenate([points, people.xyz_crop[:1, :, :2] / side])
                    scores = np.concatenate([scores, people.scores[:1]])
            truth = {
                key: np.concatenate([batch[key] for batch in batches])
                for key in ("points", "points_weight")
            }
            figures[f"{name} pck"] = crop_pck(points, truth, self.skeleton)
            figures[f"{name} found"] = float((scores > 0.5).mean())
        return figures

    def _development(self, name: str, samples: Sequence[AnnotatedImage], side: int) -> list[Arrays]:
        """Batches of up to `run.dev_samples` people, evenly spaced; made once."""
        if name not in self._dev_batches:
            count = min(len(samples), self.settings.run.dev_samples)
            rows = np.linspace(0, len(samples) - 1, count).round().astype(int)
            chosen = [samples[int(row)] for row in rows]
            batches = eval_batches(chosen, 32, side, skeleton=self.skeleton)
            keys = ("image", "points", "points_weight")
            self._dev_batches[name] = [{key: one[key] for key in keys} for one in batches]
        return self._dev_batches[name]


def crop_pck(points: NDArray[np.float64], truth: Mapping[str, Any], skeleton: Skeleton) -> float:
    """PCK@0.2 in the crop, over labelled keypoints of people with a fully labelled torso.

    Args:
        points: `(M, ≥K, 2)` predictions in parts of the side.
        truth: `points` and `points_weight`, both `(M, ≥K, 3)`.
        skeleton: the K keypoints; without a torso, that of a person is assumed.
    """
    k = len(skeleton)
    predicted = points[:, :k, :2]
    want = np.asarray(truth["points"], np.float64)[:, :k, :2]
    labelled = truth["points_weight"][:, :k, 0] >= 1  # human labels, not pseudo-labels
    size = np.full(len(want), TORSO_OF_SIDE)
    if skeleton.torso is not None:
        whole = labelled[:, list(skeleton.torso)].all(axis=1)
        size = np.where(whole, torso_size(want, skeleton.torso), np.nan)
    known = labelled & np.isfinite(size)[:, None]
    return mean_of(pck(predicted, want, size), known)[0]
