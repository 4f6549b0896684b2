"""Settings of the data of a run, a class for each task of `models.train.tasks`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, Literal, TypeVar

from pydantic import Field

from blazetrack.errors import InputError
from blazetrack.heads import HEADS
from blazetrack.store.skeleton_text import SkeletonText
from models.common.config_base import Strict
from models.data.readers.lsp import Split
from models.data.targets.ssd import MatchSettings
from models.data.transforms.augment import AugmentSettings
from models.data.transforms.mosaic import CanvasSettings

__all__ = [
    "DATA_SETTINGS",
    "DataSettings",
    "DatasetSettings",
    "DetectorDataSettings",
    "DetectorDatasetSettings",
    "FieldSettings",
    "PoseDataSettings",
    "PoseDatasetSettings",
    "RefinementDataSettings",
    "SceneDataSettings",
    "SceneDatasetSettings",
    "shares_of",
    "task_of",
]


class DatasetSettings(Strict):
    """One data set.

    Attributes:
        kind: `lsp` (LSP or LSPET), `coco` (a JSON file with any keypoints), `people` (cut out of
            COCO, `people.npz`), `mpii`, `synthetic` (drawn), `pack` (written before).
        path: file or folder, from `data.root` on.
        split: of `lsp`: `train`, `dev` or `all`.
        rows: only these people or pictures, from and to; all by default.
        share: of a batch; by default in proportion to the number of people or pictures.
        pseudo_labels: the published `full` network labels what is not labelled
            (`models.distill.pseudo_label`).
        count: of `synthetic`, number of people.
        seed: of `synthetic`.
    """

    renamed: ClassVar[Mapping[str, str]] = {"taught": "pseudo_labels"}

    kind: Literal["lsp", "coco", "people", "mpii", "synthetic", "pack"]
    path: str = ""
    split: Split = "train"
    rows: list[int] | None = Field(default=None, min_length=2, max_length=2)
    share: float | None = Field(default=None, gt=0)
    pseudo_labels: bool = False
    count: int = Field(default=2000, gt=0)
    seed: int = Field(default=0, ge=0)


class PoseDatasetSettings(DatasetSettings):
    """One data set of a landmark network.

    Attributes:
        min_side_px: of `coco` and `mpii`: smaller people are left out.
        partners: of `coco`: pairs of names that change places in a mirror.
        axis: of `coco`: two names, from the first to the second is up.
        sources: of `people`: only people of these sources, by the file's `source`.
        leave_out: of `people`: a JSON file with row numbers that are left out, from `data.root` on.
        unknown_visibility: of `people`: sources whose visibility labels are ignored.
    """

    min_side_px: float = Field(default=0.0, ge=0)
    partners: list[list[str]] | None = None
    axis: list[str] | None = Field(default=None, min_length=2, max_length=2)
    sources: list[str] | None = None
    leave_out: str = ""
    unknown_visibility: list[str] = Field(default_factory=list)


class DetectorDatasetSettings(DatasetSettings):
    """One data set of a detector: one person in each picture, or all people of a COCO file.

    Attributes:
        ignore_unlabelled: detections of the published detector without a label are ignored.
        detected_labels: its detections are the labels of people who have too few, such as those
            whose hips are outside of the picture.
        leave_out_pictures: of a COCO file: ids of pictures that are left out.
    """

    renamed: ClassVar[Mapping[str, str]] = {
        **DatasetSettings.renamed,
        "search": "ignore_unlabelled",
    }

    kind: Literal["lsp", "coco", "synthetic"]
    ignore_unlabelled: bool = False
    detected_labels: bool = False
    leave_out_pictures: list[int] = Field(default_factory=list)


D = TypeVar("D", bound=DatasetSettings)


class DataSettings(Strict, Generic[D]):
    """Training data.

    Attributes:
        root: where the paths begin; itself from the current folder on.
        packs: folder for decoded and pseudo-labelled pictures.
        workers: threads that make batches,
        processes: or processes, where there are more than two cores.
        in_memory: hold all pictures in memory; else they are mapped from disk.
        train: data sets by name.
        dev: those for evaluation during training.
    """

    root: str = "."
    packs: str = "runs/packs"
    workers: int = Field(default=2, gt=0)
    processes: bool = False
    in_memory: bool = False
    train: dict[str, D] = Field(min_length=1)
    dev: dict[str, D] = Field(default_factory=dict)


class PoseDataSettings(DataSettings[PoseDatasetSettings]):
    """Training data of a landmark network.

    Attributes:
        skeleton: name of the keypoint set, or one of its own; by default that of the first data
            set.
        augment: random changes.
        negatives: share of crops without a person.
        backgrounds: a COCO file that they are cut from; by default the people's own pictures.
    """

    renamed: ClassVar[Mapping[str, str]] = {"people": "train"}

    skeleton: str | SkeletonText | None = None
    augment: AugmentSettings = AugmentSettings()
    negatives: float = Field(default=0.1, ge=0, lt=1)
    backgrounds: str = ""


class RefinementDataSettings(PoseDataSettings):
    """Training data of a refinement network: crops around keypoints that are displaced at random.

    Attributes:
        previous: the landmark model whose keypoints it refines: a TFLite file, or the folder of a
            training run.
        errors: displacements are drawn from a `normal` distribution with mean and covariance of
            its errors, or are these errors (`samples`).
        error_people: number of training pictures on which they are measured.
    """

    previous: str
    errors: Literal["normal", "samples"] = "normal"
    error_people: int = Field(default=600, gt=0)


class DetectorDataSettings(DataSettings[DetectorDatasetSettings]):
    """Training data of a detector.

    Attributes:
        canvas: what is shown, and random changes.
        matching: which anchors are positive.
        distill_detector: the outputs of the published detector are learnt too, see
            `models.distill.detector_targets`; for a network of its side and cells.
    """

    renamed: ClassVar[Mapping[str, str]] = {"scenes": "train", "answers": "distill_detector"}

    canvas: CanvasSettings = CanvasSettings()
    matching: MatchSettings = MatchSettings()
    distill_detector: bool = False


class FieldSettings(Strict):
    """Targets of a network with part affinity fields.

    Attributes:
        sigma: of the confidence around a keypoint, in cells.
        width: half of a limb's width, in cells.
    """

    sigma: float = Field(default=1.0, gt=0)
    width: float = Field(default=1.0, gt=0)


class SceneDatasetSettings(DatasetSettings):
    """One data set of a network for several people: a COCO file, or drawn pictures (`crowd`).

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


DATA_SETTINGS: Mapping[str, type[DataSettings[Any]]] = {
    "landmarks": PoseDataSettings,
    "refinement": RefinementDataSettings,
    "detector": DetectorDataSettings,
    "scenes": SceneDataSettings,
}
"""Task → settings of its data."""


def task_of(head: str) -> str:
    """The task that networks with a head are trained for."""
    one = HEADS[head]
    return "scenes" if one.several and one.kind == "landmarks" else one.kind


def shares_of(where: str, wanted: Mapping[str, DatasetSettings]) -> dict[str, float] | None:
    """The `share` of each data set; None where none has one.

    Raises:
        InputError: some have one and some do not.
    """
    given = {name: one.share for name, one in wanted.items() if one.share is not None}
    if given and len(given) < len(wanted):
        missing = ", ".join(name for name in wanted if name not in given)
        raise InputError(f"{where}: {missing}: has no share, the others do: give all one, or none")
    return given or None
