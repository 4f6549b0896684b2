"""What a detector learns: people in whole pictures, by their alignment."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.backends import FakeModel
from blazetrack.model_info import ModelInfo
from models.common import command
from models.common.person_finder import PersonFinder, people_found
from models.data.annotated import AnnotatedImage
from models.data.batches import Batches
from models.data.examples import Canvases
from models.data.prefetch import Arrays
from models.data.targets.ssd import SsdTargets
from models.distill.detector_targets import DetectorSoftLabels
from models.train.config import DetectorSettings
from models.train.datasets import Log, open_dataset, shares_of

__all__ = ["DetectorTask"]

Predict = Callable[[NDArray[np.uint8]], Mapping[str, Any]]


class DetectorTask:
    """Head boxes with alignment points, in whole pictures; a `models.train.tasks.Task`.

    Args:
        settings: of the run.
        say: is told a line about each data set.
    """

    def __init__(self, settings: DetectorSettings, say: Log) -> None:
        command.load_keras()  # the anchors stand beside the network
        data = settings.data
        self.settings = settings
        self._scenes = {
            name: open_dataset(name, one, data, say) for name, one in data.train.items()
        }
        self._dev = {name: open_dataset(name, one, data, say) for name, one in data.dev.items()}

    @property
    def parts(self) -> tuple[str, ...]:
        """See `Task`."""
        from models.train.losses import ANSWER_PARTS, DETECTOR_PARTS

        return DETECTOR_PARTS + (ANSWER_PARTS if self.settings.data.distill_detector else ())

    def loss(self, targets: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
        """See `Task`."""
        from models.train.losses import detector_loss

        return detector_loss(targets, outputs, self.settings.loss)

    def batches(self, start: int, side: int) -> Generator[Arrays, None, None]:
        """See `Task`."""
        from models.zoo import anchors_of

        data, run = self.settings.data, self.settings.run
        anchors = anchors_of(self.settings.network.name)
        soft_labels = DetectorSoftLabels(anchors, side) if data.distill_detector else None
        targets = SsdTargets(anchors, data.matching, soft_labels)
        with Batches(
            self._scenes,
            run.batch,
            Canvases(side, targets, data.canvas),
            seed=run.seed,
            weights=shares_of("data.train", data.train),
            workers=data.workers,
            processes=data.processes,
            start=start,
        ) as batches:
            yield from batches

    def develop(self, predict: Predict, side: int) -> dict[str, float]:
        """Share of the people of each data set who are found, and what else is, per picture."""

        def answer(pixels: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
            outputs = predict(pixels[None])
            return {name: np.asarray(value, np.float32) for name, value in outputs.items()}

        from models.zoo import anchors_of

        anchors = anchors_of(self.settings.network.name)
        names = {"boxes": "boxes", "scores": "scores"}
        info = ModelInfo("dev", "detector", (side, side), (0, 1), "zero", names, None, anchors)
        finder = PersonFinder(FakeModel(info, answer))
        figures = {}
        for name, pack in self._dev.items():
            count = min(len(pack), self.settings.run.dev_samples)
            rows = np.linspace(0, len(pack) - 1, count).round().astype(int)
            scenes = [pack[int(row)] for row in rows]
            found, extra = np.sum([_counts(finder, scene) for scene in scenes], axis=0)
            people = sum(len(scene) for scene in scenes)
            figures[f"{name} found"] = float(found / max(people, 1))
            figures[f"{name} extra"] = float(extra / count)
        return figures


def _counts(finder: PersonFinder, scene: AnnotatedImage) -> tuple[int, int]:
    """How many people of a scene are found, and how many findings are none of them."""
    found, centers = finder.find(scene.image), scene.alignment_px[:, 0]
    torso = np.hypot(*(scene.points_px[:, 0, :2] - centers).T)
    of = people_found(found.alignment_px, scene.alignment_px, torso)
    return int((of >= 0).sum()), int((of < 0).sum())
