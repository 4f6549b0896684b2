"""The task of a run: its data, as batches for training and as figures of development sets."""

from __future__ import annotations

from collections.abc import Generator, Mapping

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import InputError
from blazetrack.heads.displacement import region_share
from blazetrack.heads.paf import limbs_of
from blazetrack.model_info import ModelInfo
from blazetrack.skeleton import Skeleton
from blazetrack.store.skeleton_text import read_skeleton, skeleton_text
from models.data.batches import Batches
from models.data.examples import Canvases, Example, KeypointCrops, PersonCrops
from models.data.keypoint_crops import Displace, NormalErrors, SampledErrors
from models.data.lazy_sequence import evenly_spaced
from models.data.prefetch import Arrays
from models.data.targets import TARGETS
from models.data.transforms.augment import AugmentSettings
from models.distill.detector_targets import DetectorSoftLabels
from models.train.config import Settings, skeleton_of_run
from models.train.datasets import (
    Datasets,
    DetectorDataSettings,
    Log,
    PoseDataSettings,
    RefinementDataSettings,
    open_datasets,
    shares_of,
)
from models.train.development import Predict, figures_of
from models.train.previous_stage import open_stage, stage_errors
from models.train.scenes import SceneDataSettings, open_scenes
from models.zoo import ARCHITECTURES, anchors_of

__all__ = ["Task", "plain_images"]


class Task:
    """The data of a run; opening it takes a while the first time.

    Args:
        settings: of the run.
        log: called with one line on each data set.
        datasets: opened already, such as those of a packed run; by default those of the settings.

    Attributes:
        settings: completed from the data.
        datasets: the images.
        skeleton: keypoints of the network; unused for detectors.
    """

    def __init__(self, settings: Settings, log: Log, datasets: Datasets | None = None) -> None:
        data = settings.data
        if datasets is None:
            if isinstance(data, SceneDataSettings):
                datasets = open_scenes(data, log)
            else:
                datasets = open_datasets(data, log)
        self.datasets = datasets
        if isinstance(data, PoseDataSettings):
            first = next(iter(self.datasets.train.values()))[0].skeleton
            skeleton = first if data.skeleton is None else read_skeleton(data.skeleton)
            settings = _with_keypoints(settings, skeleton, {"keypoints": len(skeleton)})
        elif isinstance(data, SceneDataSettings):
            skeleton = read_skeleton(data.skeleton)
            limbs = len(limbs_of(skeleton).pairs)
            counts = {"keypoints": len(skeleton), "limbs": limbs}
            settings = _with_keypoints(settings, skeleton, counts)
        self.settings, self.skeleton = settings, skeleton_of_run(settings)
        self._displace: Displace | None = None
        self._log = log

    def batches(self, start: int, side: int) -> Generator[Arrays, None, None]:
        """Training batches from `start` on, `side` pixels; `image` is uint8, the rest targets."""
        data, run = self.settings.data, self.settings.run
        with Batches(
            self.datasets.train,
            run.batch,
            self._example(side),
            seed=run.seed,
            weights=shares_of("data.train", data.train),
            workers=data.workers,
            processes=data.processes,
            start=start,
        ) as batches:
            yield from batches

    def _example(self, side: int) -> Example:
        data, network = self.settings.data, self.settings.network.name
        if isinstance(data, RefinementDataSettings):
            share = region_share(ARCHITECTURES[network].head_options)
            displace = self._displacements(data)
            return KeypointCrops(side, share, displace, self.skeleton, data.augment)
        encode = TARGETS[ARCHITECTURES[network].head]
        if isinstance(data, PoseDataSettings):
            backgrounds = self.datasets.backgrounds
            return PersonCrops(
                side, self.skeleton, encode, data.augment, data.negatives, backgrounds
            )
        if isinstance(data, SceneDataSettings):
            options, fields = ARCHITECTURES[network].head_options, data.fields
            targets = encode(self.skeleton, options, fields.sigma, fields.width)
            return Canvases(side, targets, data.canvas)
        assert isinstance(data, DetectorDataSettings)
        anchors = anchors_of(network)
        soft_labels = DetectorSoftLabels(anchors, side) if data.distill_detector else None
        return Canvases(side, encode(anchors, data.matching, soft_labels), data.canvas)

    def _displacements(self, data: RefinementDataSettings) -> Displace:
        """How the stage before misses the keypoints, measured at the first call."""
        if self._displace is None:
            errors = stage_errors(
                open_stage(data.previous),
                list(self.datasets.train.values()),
                self.skeleton,
                data.augment.cut,
                data.error_people,
                self.settings.run.seed,
            )
            kind = NormalErrors if data.errors == "normal" else SampledErrors
            self._displace = kind(errors)
            known = errors[np.isfinite(errors).all(axis=-1)]
            mean = float(np.hypot(*known.T).mean())
            self._log(f"{data.previous}: mean error {mean:.3f} of the crop's side")
        return self._displace

    def evaluate(self, predict: Predict, info: ModelInfo) -> dict[str, float]:
        """Figures of the development sets, on up to `run.dev_samples` of each."""
        return {
            f"{name} {figure}": value
            for name, images in self.datasets.dev.items()
            for figure, value in figures_of(info)(
                evenly_spaced(images, self.settings.run.dev_samples), predict, info
            ).items()
        }


def _with_keypoints(settings: Settings, skeleton: Skeleton, counts: Mapping[str, int]) -> Settings:
    """Settings with the keypoint set as text, and its counts as options of the network."""
    options = settings.network.options
    for name, count in counts.items():
        if options.get(name, count) != count:
            raise InputError(
                f"network.options.{name}: {skeleton.name} has {count} {name}, got {options[name]}"
            )
    network = settings.network.model_copy(update={"options": {**options, **counts}})
    data = settings.data.model_copy(update={"skeleton": skeleton_text(skeleton)})
    return settings.model_copy(update={"network": network, "data": data})


def plain_images(settings: Settings, side: int, count: int) -> list[NDArray[np.uint8]]:
    """Up to `count` training images of a run without augmentation, `side` pixels each."""
    if isinstance(settings.data, PoseDataSettings):
        plain = {"augment": AugmentSettings.none(), "negatives": 0.0}
        settings = settings.model_copy(update={"data": settings.data.model_copy(update=plain)})
    images: list[NDArray[np.uint8]] = []
    for batch in Task(settings, lambda line: None).batches(0, side):
        images += list(batch["image"])
        if len(images) >= count:
            break
    return images[:count]
