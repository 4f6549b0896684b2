"""Data sets of a training run: settings, pseudo-labels, and packs.

Packs lie in `data.packs` by a hash of all that went into them: the same settings find the same
pack, other settings make another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, TypeVar

from pydantic import Field

from blazetrack.errors import InputError
from blazetrack.store.skeleton_text import SkeletonText
from models.common.config_base import Strict
from models.common.person_finder import PersonFinder
from models.data.annotated import AnnotatedImage
from models.data.lazy_sequence import LazyRows
from models.data.pack import Pack, open_pack, pack
from models.data.readers.coco import CocoImages, coco, coco_people, read_coco
from models.data.readers.dataset import LabelledPeople, read_json
from models.data.readers.lsp import Split, lsp
from models.data.readers.mpii import mpii
from models.data.readers.synthetic import SyntheticPeople, synthetic
from models.data.targets.ssd import MatchSettings
from models.data.transforms.augment import AugmentSettings
from models.data.transforms.detector_view import detector_view, ignore_unlabelled
from models.data.transforms.mosaic import CanvasSettings
from models.data.transforms.person_crop import around

__all__ = [
    "DATA_SETTINGS",
    "DataSettings",
    "DatasetSettings",
    "Datasets",
    "DetectorDataSettings",
    "PoseDataSettings",
    "RefinementDataSettings",
    "open_backgrounds",
    "open_dataset",
    "open_datasets",
    "shares_of",
]

Log = Callable[[str], None]
People = LabelledPeople | SyntheticPeople

# Detections from this score on may be unlabelled people (`ignore_unlabelled`).
DOUBTFUL = 0.3


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
    """

    renamed: ClassVar[Mapping[str, str]] = {
        **DatasetSettings.renamed,
        "search": "ignore_unlabelled",
    }

    kind: Literal["lsp", "coco", "synthetic"]
    ignore_unlabelled: bool = False


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


DATA_SETTINGS: Mapping[str, type[DataSettings[Any]]] = {
    "landmarks": PoseDataSettings,
    "refinement": RefinementDataSettings,
    "detector": DetectorDataSettings,
}
"""Kind of the network's head → settings of its data."""


@dataclass(frozen=True)
class Datasets:
    """The images of a run: data sets by name.

    Attributes:
        train: for training.
        dev: for evaluation during training.
        backgrounds: pictures to cut crops without a person from; none where the people's own
            pictures serve.
    """

    train: Mapping[str, Sequence[AnnotatedImage]]
    dev: Mapping[str, Sequence[AnnotatedImage]]
    backgrounds: Sequence[AnnotatedImage] = ()


def open_datasets(data: DataSettings[Any], log: Log) -> Datasets:
    """All data sets of a run; `log` is called with lines about their content."""
    train, dev = (
        {name: open_dataset(name, one, data, log) for name, one in sets.items()}
        for sets in (data.train, data.dev)
    )
    return Datasets(
        train, dev, open_backgrounds(data) if isinstance(data, PoseDataSettings) else ()
    )


def open_dataset(name: str, wanted: DatasetSettings, data: DataSettings[Any], log: Log) -> Pack:
    """The images of a data set, decoded; the first time this takes a while.

    Args:
        name: in the settings.
        wanted: the data set.
        data: where it lies, and where packs do.
        log: called with lines about its content.

    Returns:
        People in the part of their picture that a crop can reach, one in each image; for a
        detector whole pictures as `detector_view` makes them.
    """
    path = Path(data.root) / wanted.path
    if wanted.kind == "pack":
        images = open_pack(path, in_memory=data.in_memory)
        log(f"{name}: {len(images)} people")
        return images
    people = _read(name, path, wanted, Path(data.root))
    whole = isinstance(wanted, DetectorDatasetSettings) and wanted.kind == "coco"
    if wanted.rows is not None and not whole:
        people = people.part(slice(*wanted.rows))
        if not len(people):
            raise InputError(f"{name}: rows {wanted.rows}: without people")
    log(people.note)
    if isinstance(wanted, DetectorDatasetSettings):
        pictures = CocoImages(read_coco(path, name=name)) if whole else people
        return _detector_pack(name, people, pictures, wanted, data, log)
    if wanted.pseudo_labels:
        return _pseudo_labelled(people, data.packs, data.in_memory, log)
    return _pack_people(people, data.packs, data.in_memory)


def _read(name: str, path: Path, wanted: DatasetSettings, root: Path) -> People:
    if wanted.kind == "synthetic":
        return synthetic(wanted.count, seed=wanted.seed)
    if wanted.kind == "lsp":
        return lsp(path, wanted.split, name)
    options: dict[str, Any] = {}
    if wanted.kind == "people":
        if isinstance(wanted, PoseDatasetSettings):
            rows = read_json(root / wanted.leave_out, name) if wanted.leave_out else ()
            options = {
                "sources": wanted.sources,
                "leave_out": frozenset(rows),
                "unknown_visibility": wanted.unknown_visibility,
            }
        return coco_people(path, name, **options)
    if isinstance(wanted, PoseDatasetSettings):
        options["min_side_px"] = wanted.min_side_px
        if wanted.kind == "mpii":
            return mpii(path, name=name, **options)
        options["partners"] = wanted.partners and [(a, b) for a, b in wanted.partners]
        options["axis"] = wanted.axis and tuple(wanted.axis)
    return coco(path, name=name, **options)


def _pack_people(people: People, packs: str, in_memory: bool) -> Pack:
    """People decoded, in pictures that are no larger than a crop needs."""
    recipe = {"people": people.fingerprint, "around": True}
    cropped = LazyRows(len(people), lambda row: around(people[row]))
    return pack(cropped, packs, recipe, in_memory=in_memory)


def _pseudo_labelled(people: People, packs: str, in_memory: bool, log: Log) -> Pack:
    from models.distill.pseudo_label import PseudoLabeler, label_dataset

    if not isinstance(people, LabelledPeople):
        raise InputError("pseudo_labels: synthetic people have all labels already")
    decoded = _pack_people(people, packs, False)
    labelled, report = label_dataset(decoded, PseudoLabeler.published(), packs, in_memory=in_memory)
    for line in report.lines:
        log(f"{people.name}: {line}")
    return labelled


def _detector_pack(
    name: str,
    people: People,
    pictures: Sequence[AnnotatedImage],
    wanted: DetectorDatasetSettings,
    data: DataSettings[Any],
    log: Log,
) -> Pack:
    """Pictures with the targets of a detector; those without any usable region are left out."""
    known: dict[str, int] = {}
    if wanted.pseudo_labels:
        labelled = _pseudo_labelled(people, data.packs, False, log)
        known = {source: row for row, source in enumerate(labelled.sources)}
    rows = range(len(pictures))
    if wanted.kind == "coco" and wanted.rows is not None:
        rows = rows[slice(*wanted.rows)]
    finder = PersonFinder.published(DOUBTFUL) if wanted.ignore_unlabelled else None

    def views() -> Iterator[AnnotatedImage]:
        for row in rows:
            view = detector_view(
                pictures[row], lambda source: labelled[known[source]] if source in known else None
            )
            height, width = view.image.shape[:2]
            whole = (view.ignore_px[:, 2:] - view.ignore_px[:, :2] >= (width, height)).all(axis=1)
            if len(view) or not whole.any():
                yield view if finder is None else ignore_unlabelled(view, finder.find(view.image))

    recipe = {
        "detector_view": people.fingerprint,
        "pseudo_labels": wanted.pseudo_labels,
        "rows": wanted.rows,
        "ignore_unlabelled": DOUBTFUL if wanted.ignore_unlabelled else None,
    }
    packed = pack(views(), data.packs, recipe, total=len(rows), in_memory=data.in_memory)
    if not packed.sources:
        raise InputError(
            f"{name}: no usable person in {len(packed)} pictures: a detector needs labelled hips,"
            " shoulders and heads (`pseudo_labels` adds missing ones)"
        )
    log(f"{name}: {len(packed)} pictures with {len(packed.sources)} people")
    return packed


def open_backgrounds(data: PoseDataSettings) -> Sequence[AnnotatedImage]:
    """Pictures to cut crops without a person from; none where the people's own serve."""
    return CocoImages(read_coco(Path(data.root) / data.backgrounds)) if data.backgrounds else ()


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
