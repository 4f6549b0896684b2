"""Tasks that networks are trained for; each has its data, examples and development figures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from models.data.transforms.augment import AugmentSettings
from models.train.data_settings import PoseDataSettings, task_of
from models.train.datasets import Datasets, Log
from models.train.settings import Settings
from models.train.tasks.base import Task
from models.train.tasks.detector import DetectorTask
from models.train.tasks.landmarks import LandmarkTask
from models.train.tasks.refinement import RefinementTask
from models.train.tasks.scenes import SceneTask
from models.zoo import ARCHITECTURES

__all__ = ["TASKS", "Task", "open_task", "plain_images"]

TASKS: Mapping[str, type[Task]] = {
    "landmarks": LandmarkTask,
    "refinement": RefinementTask,
    "detector": DetectorTask,
    "scenes": SceneTask,
}
"""Task by name, as `models.train.data_settings.task_of` gives it for a head."""


def open_task(settings: Settings, log: Log, datasets: Datasets | None = None) -> Task:
    """The task of a run with its data, see `Task`."""
    return TASKS[task_of(ARCHITECTURES[settings.network.name].head)](settings, log, datasets)


def plain_images(settings: Settings, side: int, count: int) -> list[NDArray[np.uint8]]:
    """Up to `count` training images of a run without augmentation, `side` pixels each."""
    if isinstance(settings.data, PoseDataSettings):
        plain = {"augment": AugmentSettings.none(), "negatives": 0.0}
        settings = settings.model_copy(update={"data": settings.data.model_copy(update=plain)})
    images: list[NDArray[np.uint8]] = []
    for batch in open_task(settings, lambda line: None).batches(0, side):
        images += list(batch["image"])
        if len(images) >= count:
            break
    return images[:count]
