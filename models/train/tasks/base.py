"""The task of a run: its data, as batches for training and as figures of development sets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping
from typing import Any

from blazetrack.errors import InputError
from blazetrack.model_info import ModelInfo
from blazetrack.skeleton import Skeleton
from blazetrack.store.skeleton_text import skeleton_text
from models.data.batches import Batches
from models.data.examples import Example
from models.data.lazy_sequence import evenly_spaced
from models.data.prefetch import Arrays
from models.train.data_settings import shares_of
from models.train.datasets import Datasets, Log
from models.train.development import Predict, figures_of
from models.train.settings import Settings, skeleton_of_run

__all__ = ["Task", "with_keypoints"]


class Task(ABC):
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
        self._log = log
        self.datasets = self.open(settings.data, log) if datasets is None else datasets
        self.settings = self.completed(settings)
        self.skeleton = skeleton_of_run(self.settings)

    @staticmethod
    @abstractmethod
    def open(data: Any, log: Log) -> Datasets:
        """All data sets of a run; `log` is called with lines about their content."""

    @abstractmethod
    def example(self, side: int) -> Example:
        """What makes one image of `side` pixels with its targets."""

    def completed(self, settings: Settings) -> Settings:
        """Settings with what follows from the data."""
        return settings

    def batches(self, start: int, side: int) -> Generator[Arrays, None, None]:
        """Training batches from `start` on, `side` pixels; `image` is uint8, the rest targets."""
        data, run = self.settings.data, self.settings.run
        with Batches(
            self.datasets.train,
            run.batch,
            self.example(side),
            seed=run.seed,
            weights=shares_of("data.train", data.train),
            workers=data.workers,
            processes=data.processes,
            start=start,
        ) as batches:
            yield from batches

    def evaluate(self, predict: Predict, info: ModelInfo) -> dict[str, float]:
        """Figures of the development sets, on up to `run.dev_samples` of each."""
        return {
            f"{name} {figure}": value
            for name, images in self.datasets.dev.items()
            for figure, value in figures_of(info)(
                evenly_spaced(images, self.settings.run.dev_samples), predict, info
            ).items()
        }


def with_keypoints(settings: Settings, skeleton: Skeleton, counts: Mapping[str, int]) -> Settings:
    """Settings with the keypoint set as text, and its counts as options of the network.

    Raises:
        InputError: the network has an option with another count.
    """
    options = settings.network.options
    for name, count in counts.items():
        if options.get(name, count) != count:
            raise InputError(
                f"network.options.{name}: {skeleton.name} has {count} {name}, got {options[name]}"
            )
    network = settings.network.model_copy(update={"options": {**options, **counts}})
    data = settings.data.model_copy(update={"skeleton": skeleton_text(skeleton)})
    return settings.model_copy(update={"network": network, "data": data})
