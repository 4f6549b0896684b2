"""Tasks: the data of a run, its loss and its evaluation, by the kind of the network."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from blazetrack.model_info import ModelInfo
from blazetrack.skeleton import Skeleton
from models.data.prefetch import Arrays
from models.data.transforms.augment import AugmentSettings
from models.train.config import DetectorSettings, LandmarkSettings, Settings
from models.train.datasets import Log

__all__ = ["Predict", "Task", "open_task", "plain_images"]

Predict = Callable[[NDArray[np.uint8]], Mapping[str, Any]]
"""Images `(B, h, w, 3)` → outputs of the deployed network by name."""


class Task(Protocol):
    """The interface of a task to `models.train.trainer`."""

    @property
    def settings(self) -> Settings:
        """Settings of the run, completed from the data."""
        ...

    @property
    def skeleton(self) -> Skeleton:
        """Keypoints of the network; unused for detectors."""
        ...

    def parts(self, outputs: Collection[str]) -> tuple[str, ...]:
        """Names of the parts of the loss of a network with these outputs."""
        ...

    def batches(self, start: int, side: int) -> Generator[Arrays, None, None]:
        """Training batches from `start` on, `side` pixels; `image` is uint8, the rest targets."""
        ...

    def evaluate(self, predict: Predict, info: ModelInfo) -> dict[str, float]:
        """Figures on the development sets."""
        ...


def open_task(settings: Settings, log: Log) -> Task:
    """The task of a run with its data opened, which takes a while the first time.

    Args:
        settings: of the run.
        log: called with one line on each data set.
    """
    if isinstance(settings, LandmarkSettings):
        from models.train.tasks.landmarks import LandmarkTask

        return LandmarkTask(settings, log)
    from models.train.tasks.detector import DetectorTask

    assert isinstance(settings, DetectorSettings)
    return DetectorTask(settings, log)


def plain_images(settings: Settings, side: int, count: int) -> list[NDArray[np.uint8]]:
    """Training images of a run without augmentation, as its network gets them.

    Args:
        settings: of the run.
        side: of the images in pixels.
        count: number of images.
    """
    if isinstance(settings, LandmarkSettings):
        data = settings.data.model_copy(
            update={"augment": AugmentSettings.none(), "negatives": 0.0}
        )
        settings = settings.model_copy(update={"data": data})
    images: list[NDArray[np.uint8]] = []
    for batch in open_task(settings, lambda line: None).batches(0, side):
        images += list(batch["image"])
        if len(images) >= count:
            break
    return images[:count]
