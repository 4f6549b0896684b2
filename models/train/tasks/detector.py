"""People of a whole picture: face box, mid-hip, circle and mid-shoulder of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from blazetrack.errors import InputError
from models.common.person_finder import PersonFinder
from models.data.annotated import AnnotatedImage
from models.data.examples import Canvases, Example
from models.data.pack import Pack, pack
from models.data.readers.coco import CocoImages, read_coco
from models.data.targets import TARGETS
from models.data.transforms.detector_view import (
    SURE,
    TO_SHOULDER,
    detector_view,
    ignore_unlabelled,
)
from models.distill.detector_targets import DetectorSoftLabels
from models.train.data_settings import DetectorDatasetSettings, DetectorDataSettings
from models.train.datasets import DOUBTFUL, Datasets, Log, open_each, pseudo_labelled, read_people
from models.train.tasks.base import Task
from models.zoo import ARCHITECTURES, anchors_of

__all__ = ["DetectorTask", "open_views"]


class DetectorTask(Task):
    """Canvases with whole pictures, with the targets of the network's anchors."""

    @staticmethod
    def open(data: DetectorDataSettings, log: Log) -> Datasets:
        """All data sets of a run; `log` is called with lines about their content."""
        return open_each(data, lambda name, one: open_views(name, one, data, log))

    def example(self, side: int) -> Example:
        """What makes one canvas of `side` pixels with its targets."""
        data, network = self.settings.data, self.settings.network.name
        assert isinstance(data, DetectorDataSettings)
        anchors = anchors_of(network)
        soft_labels = DetectorSoftLabels(anchors, side) if data.distill_detector else None
        encode = TARGETS[ARCHITECTURES[network].head]
        return Canvases(side, encode(anchors, data.matching, soft_labels), data.canvas)


def open_views(
    name: str, wanted: DetectorDatasetSettings, data: DetectorDataSettings, log: Log
) -> Pack:
    """The pictures of a data set as `detector_view` makes them; the first time this takes a while.

    Args:
        name: in the settings.
        wanted: the data set.
        data: where it lies, and where packs do.
        log: called with lines about its content.

    Returns:
        Pictures with the targets of a detector; those without any usable region are left out.

    Raises:
        InputError: no person has the labels that a detector needs.
    """
    path, whole = Path(data.root) / wanted.path, wanted.kind == "coco"
    # The rows of a COCO file count its pictures.
    every = wanted.model_copy(update={"rows": None}) if whole else wanted
    people = read_people(name, path, every, Path(data.root))
    log(people.note)
    leave_out = frozenset(wanted.leave_out_pictures)
    pictures = CocoImages(read_coco(path, name=name), leave_out) if whole else people
    labelled = pseudo_labelled(people, data.packs, False, log) if wanted.pseudo_labels else None
    rows = range(len(pictures))
    if whole and wanted.rows is not None:
        rows = rows[slice(*wanted.rows)]
    recipe = {
        "detector_view": people.fingerprint,
        "to_shoulder": TO_SHOULDER,
        "pseudo_labels": wanted.pseudo_labels,
        "rows": wanted.rows,
        "ignore_unlabelled": DOUBTFUL if wanted.ignore_unlabelled else None,
        # Only where they are set, so that packs made without them are found.
        **({"detected_labels": SURE} if wanted.detected_labels else {}),
        **({"leave_out_pictures": sorted(leave_out)} if leave_out else {}),
    }
    views = _views((pictures[row] for row in rows), wanted, labelled)
    packed = pack(views, data.packs, recipe, total=len(rows), in_memory=data.in_memory)
    if not packed.sources:
        raise InputError(
            f"{name}: no usable person in {len(packed)} pictures: a detector needs labelled hips,"
            " shoulders and heads (`pseudo_labels` adds missing ones)"
        )
    log(f"{name}: {len(packed)} pictures with {len(packed.sources)} people")
    return packed


def _views(
    pictures: Iterable[AnnotatedImage],
    wanted: DetectorDatasetSettings,
    labelled: Pack | None,
) -> Iterator[AnnotatedImage]:
    """The usable ones of the pictures, with the labels that their data set has.

    Args:
        pictures: of the data set.
        wanted: the data set.
        labelled: its people with pseudo-labels.
    """
    detects = wanted.ignore_unlabelled or wanted.detected_labels
    finder = PersonFinder.published(DOUBTFUL) if detects else None
    row_of = {} if labelled is None else {one: row for row, one in enumerate(labelled.sources)}

    def pseudo_labels(source: str) -> AnnotatedImage | None:
        return labelled[row_of[source]] if labelled is not None and source in row_of else None

    for picture in pictures:
        found = None if finder is None else finder.find(picture.image)
        view = detector_view(picture, pseudo_labels, found if wanted.detected_labels else None)
        if not len(view) and _all_ignored(view):
            continue
        if wanted.ignore_unlabelled and found is not None:
            view = ignore_unlabelled(view, found)
        yield view


def _all_ignored(view: AnnotatedImage) -> bool:
    """Whether one ignored region is the whole picture."""
    height, width = view.image.shape[:2]
    sizes = view.ignore_px[:, 2:] - view.ignore_px[:, :2]
    return bool((sizes >= (width, height)).all(axis=1).any())
