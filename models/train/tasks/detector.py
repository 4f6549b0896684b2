"""Detector task: head boxes with alignment points in whole images."""

from __future__ import annotations

from collections.abc import Collection, Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.backends import FakeModel
from blazetrack.model_info import ModelInfo
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from models.common.person_finder import PersonFinder, people_found
from models.data.annotated import AnnotatedImage
from models.data.batches import Batches
from models.data.examples import Canvases
from models.data.prefetch import Arrays
from models.data.targets.ssd import SsdTargets
from models.distill.detector_targets import DetectorSoftLabels
from models.train.config import DetectorSettings
from models.train.datasets import Log, open_dataset, shares_of
from models.train.losses import loss_module
from models.train.tasks import Predict
from models.zoo import ARCHITECTURES, anchors_of

__all__ = ["DetectorTask"]


class DetectorTask:
    """Head boxes with alignment points in whole images; a `models.train.tasks.Task`.

    Args:
        settings: of the run.
        log: called with one line on each data set.
    """

    skeleton: Skeleton = BLAZEPOSE33

    def __init__(self, settings: DetectorSettings, log: Log) -> None:
        data = settings.data
        self.settings = settings
        self._head = ARCHITECTURES[settings.network.name].head
        self._images = {
            name: open_dataset(name, one, data, log) for name, one in data.train.items()
        }
        self._dev = {name: open_dataset(name, one, data, log) for name, one in data.dev.items()}

    def parts(self, outputs: Collection[str]) -> tuple[str, ...]:
        """See `Task`."""
        module = loss_module(self._head)
        distilled = module.DISTILLED_PARTS if self.settings.data.distill_detector else ()
        names: tuple[str, ...] = (*module.parts(outputs), *distilled)
        return names

    def batches(self, start: int, side: int) -> Generator[Arrays, None, None]:
        """See `Task`."""
        data, run = self.settings.data, self.settings.run
        anchors = anchors_of(self.settings.network.name)
        soft_labels = DetectorSoftLabels(anchors, side) if data.distill_detector else None
        targets = SsdTargets(anchors, data.matching, soft_labels)
        with Batches(
            self._images,
            run.batch,
            Canvases(side, targets, data.canvas),
            seed=run.seed,
            weights=shares_of("data.train", data.train),
            workers=data.workers,
            processes=data.processes,
            start=start,
        ) as batches:
            yield from batches

    def evaluate(self, predict: Predict, info: ModelInfo) -> dict[str, float]:
        """Share of the people of each development set that are found; other findings per image."""

        def outputs_of(pixels: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
            outputs = predict(pixels[None])
            return {name: np.asarray(value, np.float32) for name, value in outputs.items()}

        finder = PersonFinder(FakeModel(info, outputs_of))
        figures = {}
        for name, pack in self._dev.items():
            count = min(len(pack), self.settings.run.dev_samples)
            rows = np.linspace(0, len(pack) - 1, count).round().astype(int)
            images = [pack[int(row)] for row in rows]
            found, extra = np.sum([_counts(finder, image) for image in images], axis=0)
            people = sum(len(image) for image in images)
            figures[f"{name} found"] = float(found / max(people, 1))
            figures[f"{name} extra"] = float(extra / count)
        return figures


def _counts(finder: PersonFinder, image: AnnotatedImage) -> tuple[int, int]:
    """Number of people of an image that are found, and of other findings."""
    found, centers = finder.find(image.image), image.alignment_px[:, 0]
    torso = np.hypot(*(image.points_px[:, 0, :2] - centers).T)
    of = people_found(found.alignment_px, image.alignment_px, torso)
    return int((of >= 0).sum()), int((of < 0).sum())
