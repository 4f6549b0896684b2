"""Keypoints of one person in an aligned crop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from blazetrack.store.skeleton_text import read_skeleton
from models.data.annotated import AnnotatedImage
from models.data.examples import Example, PersonCrops
from models.data.pack import Pack, open_pack
from models.data.readers.coco import CocoImages, read_coco
from models.data.targets import TARGETS
from models.train.data_settings import PoseDatasetSettings, PoseDataSettings
from models.train.datasets import (
    Datasets,
    Log,
    open_each,
    pack_people,
    pseudo_labelled,
    read_people,
)
from models.train.settings import Settings
from models.train.tasks.base import Task, with_keypoints
from models.zoo import ARCHITECTURES

__all__ = ["LandmarkTask", "open_backgrounds", "open_people"]


class LandmarkTask(Task):
    """Crops of people and of backgrounds, with the targets of the network's head."""

    @staticmethod
    def open(data: PoseDataSettings, log: Log) -> Datasets:
        """All data sets of a run; `log` is called with lines about their content."""
        sets = open_each(data, lambda name, one: open_people(name, one, data, log))
        return replace(sets, backgrounds=open_backgrounds(data))

    def completed(self, settings: Settings) -> Settings:
        """Settings with the keypoint set of the data."""
        data = settings.data
        assert isinstance(data, PoseDataSettings)
        first = next(iter(self.datasets.train.values()))[0].skeleton
        skeleton = first if data.skeleton is None else read_skeleton(data.skeleton)
        return with_keypoints(settings, skeleton, {"keypoints": len(skeleton)})

    def example(self, side: int) -> Example:
        """What makes one crop of `side` pixels with its targets."""
        data = self.settings.data
        assert isinstance(data, PoseDataSettings)
        encode = TARGETS[ARCHITECTURES[self.settings.network.name].head]
        backgrounds = self.datasets.backgrounds
        return PersonCrops(side, self.skeleton, encode, data.augment, data.negatives, backgrounds)


def open_people(name: str, wanted: PoseDatasetSettings, data: PoseDataSettings, log: Log) -> Pack:
    """The people of a data set, decoded; the first time this takes a while.

    Args:
        name: in the settings.
        wanted: the data set.
        data: where it lies, and where packs do.
        log: called with lines about its content.

    Returns:
        People in the part of their picture that a crop can reach, one in each image.

    Raises:
        InputError: its `rows` hold no people.
    """
    path = Path(data.root) / wanted.path
    if wanted.kind == "pack":
        images = open_pack(path, in_memory=data.in_memory)
        log(f"{name}: {len(images)} people")
        return images
    people = read_people(name, path, wanted, Path(data.root))
    log(people.note)
    if wanted.pseudo_labels:
        return pseudo_labelled(people, data.packs, data.in_memory, log)
    return pack_people(people, data.packs, data.in_memory)


def open_backgrounds(data: PoseDataSettings) -> Sequence[AnnotatedImage]:
    """Pictures to cut crops without a person from; none where the people's own serve."""
    return CocoImages(read_coco(Path(data.root) / data.backgrounds)) if data.backgrounds else ()
