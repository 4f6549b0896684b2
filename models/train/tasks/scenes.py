"""Keypoints of several people in a whole picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from blazetrack.errors import InputError
from blazetrack.heads.paf import limbs_of
from blazetrack.skeleton import Skeleton
from blazetrack.store.skeleton_text import read_skeleton
from models.common.person_finder import PersonFinder
from models.data.annotated import AnnotatedImage
from models.data.examples import Canvases, Example
from models.data.pack import Pack, pack
from models.data.readers.coco import CocoImages, coco, read_coco
from models.data.readers.crowds import crowds
from models.data.targets import TARGETS
from models.data.transforms.detector_view import ignore_unlabelled
from models.data.transforms.scene_view import scene_view
from models.train.data_settings import SceneDatasetSettings, SceneDataSettings
from models.train.datasets import DOUBTFUL, Datasets, Log, open_each
from models.train.settings import Settings
from models.train.tasks.base import Task, with_keypoints
from models.zoo import ARCHITECTURES

__all__ = ["SceneTask"]


class SceneTask(Task):
    """Canvases with whole pictures, with confidence maps and part affinity fields."""

    @staticmethod
    def open(data: SceneDataSettings, log: Log) -> Datasets:
        """All data sets of a run, decoded; `log` is called with lines about their content."""
        skeleton = read_skeleton(data.skeleton)
        return open_each(data, lambda name, one: _open(name, one, data, skeleton, log))

    def completed(self, settings: Settings) -> Settings:
        """Settings with the keypoint set and its number of limbs."""
        assert isinstance(settings.data, SceneDataSettings)
        skeleton = read_skeleton(settings.data.skeleton)
        counts = {"keypoints": len(skeleton), "limbs": len(limbs_of(skeleton).pairs)}
        return with_keypoints(settings, skeleton, counts)

    def example(self, side: int) -> Example:
        """What makes one canvas of `side` pixels with its targets."""
        data = self.settings.data
        assert isinstance(data, SceneDataSettings)
        architecture = ARCHITECTURES[self.settings.network.name]
        encode, fields = TARGETS[architecture.head], data.fields
        targets = encode(self.skeleton, architecture.head_options, fields.sigma, fields.width)
        return Canvases(side, targets, data.canvas)


def _open(
    name: str,
    wanted: SceneDatasetSettings,
    data: SceneDataSettings,
    skeleton: Skeleton,
    log: Log,
) -> Pack:
    path = Path(data.root) / wanted.path
    pictures: Sequence[AnnotatedImage]
    if wanted.kind == "crowd":
        drawn = crowds(wanted.count, seed=wanted.seed)
        pictures, fingerprint = drawn, drawn.fingerprint
    else:
        pictures, fingerprint = CocoImages(read_coco(path, name=name)), coco(path).fingerprint
    rows = range(len(pictures))[slice(*wanted.rows) if wanted.rows else slice(None)]
    finder = PersonFinder.published(DOUBTFUL) if wanted.ignore_unlabelled else None

    def views() -> Iterator[AnnotatedImage]:
        for row in rows:
            view = scene_view(pictures[row], skeleton)
            if finder is not None:
                view = ignore_unlabelled(view, finder.find(view.image), whole=True)
            yield view

    recipe = {
        "scene_view": fingerprint,
        "skeleton": list(skeleton.names),
        "rows": wanted.rows,
        "ignore_unlabelled": DOUBTFUL if wanted.ignore_unlabelled else None,
    }
    packed = pack(views(), data.packs, recipe, total=len(rows), in_memory=data.in_memory)
    if not packed.sources:
        raise InputError(f"{name}: no labelled person in {len(packed)} pictures")
    log(f"{name}: {len(packed)} pictures with {len(packed.sources)} people")
    return packed
