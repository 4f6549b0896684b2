"""Data sets of training runs: people by their labels, pseudo-labels, and packs.

Packs lie in `data.packs` by a hash of all that went into them: the same settings find the same
pack, other settings make another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blazetrack.errors import InputError
from models.data.annotated import AnnotatedImage
from models.data.lazy_sequence import LazyRows
from models.data.pack import Pack, pack
from models.data.readers.coco import coco, coco_people
from models.data.readers.dataset import LabelledPeople, read_json
from models.data.readers.lsp import lsp
from models.data.readers.mpii import mpii
from models.data.readers.synthetic import SyntheticPeople, synthetic
from models.data.transforms.person_crop import around
from models.train.data_settings import DatasetSettings, DataSettings, PoseDatasetSettings

__all__ = [
    "DOUBTFUL",
    "Datasets",
    "Log",
    "People",
    "open_each",
    "pack_people",
    "pseudo_labelled",
    "read_people",
]

Log = Callable[[str], None]
People = LabelledPeople | SyntheticPeople

# Detections from this score on may be unlabelled people (`ignore_unlabelled`).
DOUBTFUL = 0.3


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


def open_each(data: DataSettings[Any], open_one: Callable[[str, Any], Pack]) -> Datasets:
    """All data sets of a run; `open_one` opens one of them by its name and settings."""
    train, dev = (
        {name: open_one(name, one) for name, one in sets.items()} for sets in (data.train, data.dev)
    )
    return Datasets(train, dev)


def read_people(name: str, path: Path, wanted: DatasetSettings, root: Path) -> People:
    """The labels of a data set of people, one in each image; no picture is opened.

    Args:
        name: in the settings.
        path: of the data set.
        wanted: the data set.
        root: where the paths of its settings begin.

    Raises:
        InputError: its `rows` hold no people.
    """
    people = _read(name, path, wanted, root)
    if wanted.rows is not None:
        people = people.part(slice(*wanted.rows))
        if not len(people):
            raise InputError(f"{name}: rows {wanted.rows}: without people")
    return people


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


def pack_people(people: People, packs: str, in_memory: bool) -> Pack:
    """People decoded, in pictures that are no larger than a crop needs."""
    recipe = {"people": people.fingerprint, "around": True}
    cropped = LazyRows(len(people), lambda row: around(people[row]))
    return pack(cropped, packs, recipe, in_memory=in_memory)


def pseudo_labelled(people: People, packs: str, in_memory: bool, log: Log) -> Pack:
    """People decoded, with labels of the published network where they have none.

    Raises:
        InputError: drawn people, which have all labels.
    """
    from models.distill.pseudo_label import PseudoLabeler, label_dataset

    if not isinstance(people, LabelledPeople):
        raise InputError("pseudo_labels: synthetic people have all labels already")
    decoded = pack_people(people, packs, False)
    labelled, report = label_dataset(decoded, PseudoLabeler.published(), packs, in_memory=in_memory)
    for line in report.lines:
        log(f"{people.name}: {line}")
    return labelled
