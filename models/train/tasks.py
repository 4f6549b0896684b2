"""What a network learns: its data, its loss, and how it is measured on the way."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from blazetrack.align.roi import MARGIN
from blazetrack.errors import InputError
from blazetrack.metrics import mean_of, pck, torso_size
from blazetrack.skeleton import Skeleton
from blazetrack.store.skeleton_text import read_skeleton, skeleton_text
from models.data.annotated import AnnotatedImage
from models.data.batches import Batches, eval_batches
from models.data.body_measures import TORSO_PER_RADIUS
from models.data.examples import PersonCrops
from models.data.prefetch import Arrays
from models.data.transforms.augment import AugmentSettings
from models.train.config import DetectorSettings, PoseSettings, Settings
from models.train.datasets import (
    Log,
    open_backgrounds,
    open_dataset,
    shares_of,
)

__all__ = ["PoseTask", "Predict", "Task", "crop_pck", "plain_pictures", "task_of"]

Predict = Callable[[NDArray[np.uint8]], Mapping[str, Any]]

# Where a keypoint set has no torso, a person's stands in: so much of the crop's side.
TORSO_OF_SIDE = TORSO_PER_RADIUS / (2 * MARGIN)


class Task(Protocol):
    """What `models.train` must know of a task."""

    @property
    def settings(self) -> Settings:
        """Those given, with what follows from the data filled in."""
        ...

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of what the loss consists of."""
        ...

    def loss(self, targets: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
        """Parts of the loss and `total`, scalars, in operations of Keras."""
        ...

    def batches(self, start: int, side: int) -> Generator[Arrays, None, None]:
        """Training batches from `start` on, `side` pixels; `image` is uint8, the rest targets."""
        ...

    def develop(self, predict: Predict, side: int) -> dict[str, float]:
        """Figures on the data kept aside, at `side` pixels."""
        ...


def task_of(settings: Settings, say: Log) -> Task:
    """The task that settings ask for; opens its data, which the first time takes a while."""
    if isinstance(settings, PoseSettings):
        return PoseTask(settings, say)
    from models.train.detector_task import DetectorTask

    assert isinstance(settings, DetectorSettings)
    return DetectorTask(settings, say)


def plain_pictures(settings: Settings, side: int, count: int) -> list[NDArray[np.uint8]]:
    """Training pictures of a run as its network sees them, without chance in them.

    Args:
        settings: of the run.
        side: of the pictures in pixels.
        count: how many.
    """
    if isinstance(settings, PoseSettings):
        data = settings.data.model_copy(
            update={"augment": AugmentSettings.none(), "negatives": 0.0}
        )
        settings = settings.model_copy(update={"data": data})
    pictures: list[NDArray[np.uint8]] = []
    for batch in task_of(settings, lambda line: None).batches(0, side):
        pictures += list(batch["image"])
        if len(pictures) >= count:
            break
    return pictures[:count]


class PoseTask:
    """Keypoints on aligned crops; a `Task`.

    Args:
        settings: of the run.
        say: is told a line about each data set.
    """

    def __init__(self, settings: PoseSettings, say: Log) -> None:
        data = settings.data
        self._people = {
            name: open_dataset(name, one, data, say) for name, one in data.train.items()
        }
        self._dev = {name: open_dataset(name, one, data, say) for name, one in data.dev.items()}
        first = next(iter(self._people.values()))[0].skeleton
        self.skeleton = first if data.skeleton is None else read_skeleton(data.skeleton)
        self.settings = self._filled_in(settings)
        self._dev_arrays: dict[str, list[Arrays]] = {}

    def _filled_in(self, settings: PoseSettings) -> PoseSettings:
        """With the keypoint set written out, and a network that has so many."""
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

    @property
    def parts(self) -> tuple[str, ...]:
        """See `Task`."""
        from models.train.losses import POSE_PARTS

        return POSE_PARTS

    def loss(self, targets: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
        """See `Task`."""
        from models.train.losses import pose_loss

        return pose_loss(targets, outputs, self.settings.loss, self.skeleton.partners)

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

    def develop(self, predict: Predict, side: int) -> dict[str, float]:
        """PCK@0.2 of each data set kept aside, and the share of its people that score > 0.5."""
        figures = {}
        for name, samples in self._dev.items():
            batches = self._kept_aside(name, samples, side)
            outputs = [predict(arrays["image"]) for arrays in batches]
            points = np.concatenate([np.asarray(one["points"], np.float32) for one in outputs])
            scores = np.concatenate([np.asarray(one["score"], np.float32) for one in outputs])
            truth = {
                key: np.concatenate([arrays[key] for arrays in batches])
                for key in ("points", "points_weight")
            }
            figures[f"{name} pck"] = crop_pck(points, truth, self.skeleton)
            figures[f"{name} found"] = float((scores > 0).mean())
        return figures

    def _kept_aside(self, name: str, samples: Sequence[AnnotatedImage], side: int) -> list[Arrays]:
        """At most `run.dev_samples` of them, spread evenly, as arrays; made once."""
        if name not in self._dev_arrays:
            count = min(len(samples), self.settings.run.dev_samples)
            rows = np.linspace(0, len(samples) - 1, count).round().astype(int)
            chosen = [samples[int(row)] for row in rows]
            batches = eval_batches(chosen, 32, side, skeleton=self.skeleton)
            keys = ("image", "points", "points_weight")
            self._dev_arrays[name] = [{key: one[key] for key in keys} for one in batches]
        return self._dev_arrays[name]


def crop_pck(points: Any, truth: Mapping[str, Any], skeleton: Skeleton) -> float:
    """PCK@0.2 in the crop: of all keypoints with ground truth, people with a whole torso.

    Args:
        points: `(M, ≥K, 3)` the network's, in parts of the side.
        truth: `points` and `points_weight`, both `(M, ≥K, 3)`.
        skeleton: the K keypoints; without a torso a person's stands in.
    """
    k = len(skeleton)
    predicted = np.asarray(points, np.float64)[:, :k, :2]
    want = np.asarray(truth["points"], np.float64)[:, :k, :2]
    labelled = truth["points_weight"][:, :k, 0] >= 1  # people's word, not a teacher's
    size = np.full(len(want), TORSO_OF_SIDE)
    if skeleton.torso is not None:
        whole = labelled[:, list(skeleton.torso)].all(axis=1)
        size = np.where(whole, torso_size(want, skeleton.torso), np.nan)
    known = labelled & np.isfinite(size)[:, None]
    return mean_of(pck(predicted, want, size), known)[0]
