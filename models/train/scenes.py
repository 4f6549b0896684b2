"""Data sets of networks that find several people in a whole picture: settings and packs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from blazetrack.errors import InputError
from blazetrack.skeleton import Skeleton
from blazetrack.store.skeleton_text import SkeletonText, read_skeleton
from models.common.config_base import Strict
from models.common.person_finder import PersonFinder
from models.data.annotated import AnnotatedImage
from models.data.pack import Pack, pack
from models.data.readers.coco import CocoImages, coco, read_coco
from models.data.readers.crowds import crowds
from models.data.transforms.detector_view import ignore_unlabelled
from models.data.transforms.mosaic import CanvasSettings
from models.data.transforms.scene_view import scene_view
from models.train.datasets import DOUBTFUL, Datasets, DatasetSettings, DataSettings, Log

__all__ = ["FieldSettings", "SceneDataSettings", "SceneDatasetSettings", "open_scenes"]


class FieldSettings(Strict):
    """The targets.

    Attributes:
        sigma: of the confidence around a keypoint, in cells.
        width: half of a limb's width, in cells.
    """

    sigma: float = Field(default=1.0, gt=0)
    width: float = Field(default=1.0, gt=0)


class SceneDatasetSettings(DatasetSettings):
    """One data set: the pictures of a COCO file, or drawn ones (`crowd`, `count` of them).

    Attributes:
        ignore_unlabelled: detections of the published detector without a label are ignored.
    """

    kind: Literal["coco", "crowd"]  # type: ignore[assignment]
    pseudo_labels: Literal[False] = False
    ignore_unlabelled: bool = False


class SceneDataSettings(DataSettings[SceneDatasetSettings]):
    """Training data of a network for several people.

    Attributes:
        skeleton: name of the keypoint set, or one of its own, with edges.
        canvas: what is shown, and random changes.
        fields: the targets.
    """

    skeleton: str | SkeletonText = "coco18"
    canvas: CanvasSettings = CanvasSettings()
    fields: FieldSettings = FieldSettings()


def open_scenes(data: SceneDataSettings, log: Log) -> Datasets:
    """All data sets of a run, decoded; `log` is called with lines about their content."""
    skeleton = read_skeleton(data.skeleton)
    train, dev = (
        {name: _open(name, one, data, skeleton, log) for name, one in sets.items()}
        for sets in (data.train, data.dev)
    )
    return Datasets(train, dev)


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
