"""From settings to labelled people: which data sets a run learns from, taught and packed once.

Packs lie in `data.packs` by a hash of all that went into them, so that the same settings find the
same pack, and other settings make another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from blazetrack.errors import InputError, did_you_mean
from blazetrack.skeleton import SKELETONS, Skeleton
from models.common.config_base import Strict
from models.data.lazy_sequence import Rows
from models.data.readers.coco import coco, coco_people, read_coco
from models.data.readers.dataset import LabelledPictures
from models.data.readers.lsp import lsp
from models.data.readers.mpii import mpii
from models.data.readers.synthetic import SyntheticPeople, synthetic
from models.data.sample import PoseSample
from models.data.shards import Shards, open_pack, pack
from models.data.transforms.augment import AugmentSettings
from models.data.transforms.background_crops import Background, Backgrounds
from models.data.transforms.person_crop import around

__all__ = [
    "PeopleSettings",
    "PoseDataSettings",
    "SkeletonSettings",
    "open_backgrounds",
    "open_people",
    "shares_of",
    "skeleton_of",
    "skeleton_settings",
    "taught",
]

Say = Callable[[str], None]
People = LabelledPictures | SyntheticPeople | Shards


class SkeletonSettings(Strict):
    """A keypoint set of one's own, as `blazetrack.types.Skeleton`."""

    name: str
    names: list[str] = Field(min_length=1)
    edges: list[list[int]] = Field(default_factory=list)
    torso: list[int] | None = None
    swaps: list[list[int]] | None = None


class PeopleSettings(Strict):
    """One data set.

    Attributes:
        kind: `lsp` (LSP or LSPET), `coco` (a JSON file with any keypoints), `people` (cut out of
            COCO, `people.npz`), `mpii`, `synthetic` (drawn), `pack` (written before).
        path: file or folder, from `data.root` on.
        split: of `lsp`: `train`, `dev` or `all`.
        rows: only these of it, from and to; all by default.
        share: of a batch; by default in proportion to the number of people.
        taught: the published `full` network labels what people did not
            (`models.distill.pseudo_label`).
        min_side_px: of `coco` and `mpii`: smaller people are left out.
        partners: of `coco`: pairs of names that change places in a mirror.
        axis: of `coco`: two names, from the first to the second is up.
        count: of `synthetic`, how many.
        seed: of `synthetic`.
    """

    kind: Literal["lsp", "coco", "people", "mpii", "synthetic", "pack"]
    path: str = ""
    split: Literal["train", "dev", "all"] = "train"
    rows: list[int] | None = Field(default=None, min_length=2, max_length=2)
    share: float | None = Field(default=None, gt=0)
    taught: bool = False
    min_side_px: float = Field(default=0.0, ge=0)
    partners: list[list[str]] | None = None
    axis: list[str] | None = Field(default=None, min_length=2, max_length=2)
    count: int = Field(default=2000, gt=0)
    seed: int = Field(default=0, ge=0)


class PoseDataSettings(Strict):
    """What a landmark network learns from.

    Attributes:
        root: where the paths begin; itself from the current folder on.
        packs: folder for decoded and taught people.
        people: data sets by name.
        dev: data sets that are kept aside, by name.
        skeleton: name of the keypoint set, or one of its own; by default that of the first data
            set.
        augment: what is changed by chance.
        negatives: share of crops that show nobody.
        backgrounds: a COCO file that they are cut from; by default the people's own pictures.
        workers: threads that make batches,
        processes: or processes, where there are more than two cores.
        in_memory: hold all pictures in memory; else they are mapped from disk.
    """

    root: str = "."
    packs: str = "runs/packs"
    people: dict[str, PeopleSettings] = Field(min_length=1)
    dev: dict[str, PeopleSettings] = Field(default_factory=dict)
    skeleton: str | SkeletonSettings | None = None
    augment: AugmentSettings = AugmentSettings()
    negatives: float = Field(default=0.1, ge=0, lt=1)
    backgrounds: str = ""
    workers: int = Field(default=2, gt=0)
    processes: bool = False
    in_memory: bool = False


def open_people(
    name: str, wanted: PeopleSettings, data: PoseDataSettings, say: Say
) -> Sequence[PoseSample]:
    """The people of a data set, decoded; the first time this takes a while.

    Args:
        name: what the settings call it.
        wanted: which.
        data: where it lies, and where packs do.
        say: is told one line about what is in it.
    """
    path = Path(data.root) / wanted.path
    if wanted.kind == "pack":
        shards = open_pack(path, in_memory=data.in_memory)
        say(f"{name}: {len(shards)} people")
        return shards
    people = _read(name, path, wanted)
    if wanted.rows is not None:
        people = people[slice(*wanted.rows)]
        if not len(people):
            raise InputError(f"{name}: rows {wanted.rows}: holds nobody")
    say(people.note)
    packs = Path(data.packs)
    if not wanted.taught:
        return _packed(people, packs, data.in_memory)
    if not isinstance(people, LabelledPictures):
        raise InputError(f"{name}: taught: {wanted.kind} people have all labels already")
    return taught(people, packs, data.in_memory, say)


def taught(people: LabelledPictures, packs: Path, in_memory: bool, say: Say) -> Shards:
    """The same people with what the published network adds to their labels; packed."""
    from models.distill.pseudo_label import label_all
    from models.distill.test_time_augmentation import Teacher

    decoded = _packed(people, packs, False)
    shards, report = label_all(decoded, Teacher.published(), packs, in_memory=in_memory)
    for line in report.lines:
        say(f"{people.name}: {line}")
    return shards


def _packed(people: LabelledPictures | SyntheticPeople, packs: Path, in_memory: bool) -> Shards:
    """People decoded, in pictures that are no larger than a crop needs."""
    recipe = {"people": people.fingerprint, "around": True}
    return pack(_Around(people), packs, recipe, in_memory=in_memory)


class _Around(Rows[PoseSample]):
    """Each person in the part of the picture that a crop can reach."""

    def __init__(self, people: Sequence[PoseSample]) -> None:
        self._people = people

    def __len__(self) -> int:
        return len(self._people)

    def row(self, index: int) -> PoseSample:
        return around(self._people[index])


def open_backgrounds(data: PoseDataSettings) -> Sequence[Background]:
    """Pictures to cut crops of nobody from; none where the people's own serve."""
    return Backgrounds(read_coco(Path(data.root) / data.backgrounds)) if data.backgrounds else ()


def shares_of(where: str, wanted: Mapping[str, Any]) -> dict[str, float] | None:
    """The `share` of each data set; None where none has one.

    Raises:
        InputError: some have one and some do not.
    """
    given = {name: one.share for name, one in wanted.items() if one.share is not None}
    if given and len(given) < len(wanted):
        missing = ", ".join(name for name in wanted if name not in given)
        raise InputError(f"{where}: {missing}: has no share, the others do: give all one, or none")
    return given or None


def skeleton_of(wanted: str | SkeletonSettings) -> Skeleton:
    """The keypoint set that settings mean."""
    if isinstance(wanted, str):
        if wanted not in SKELETONS:
            raise InputError(f"data.skeleton: no '{wanted}'; {did_you_mean(wanted, SKELETONS)}")
        return SKELETONS[wanted]
    torso = None
    if wanted.torso is not None:
        a, b, c, d = wanted.torso
        torso = (a, b, c, d)
    edges = tuple((a, b) for a, b in wanted.edges)
    swaps = None if wanted.swaps is None else tuple((a, b) for a, b in wanted.swaps)
    return Skeleton(wanted.name, tuple(wanted.names), edges, torso, swaps)


def skeleton_settings(skeleton: Skeleton) -> str | SkeletonSettings:
    """A keypoint set as settings: its name, if it is one that blazetrack knows."""
    if SKELETONS.get(skeleton.name) == skeleton:
        return skeleton.name
    swaps = [[i, other] for i, other in enumerate(skeleton.partners) if i < other]
    torso = None if skeleton.torso is None else list(skeleton.torso)
    edges = [list(edge) for edge in skeleton.edges]
    return SkeletonSettings(
        name=skeleton.name, names=list(skeleton.names), edges=edges, torso=torso, swaps=swaps
    )


def _read(name: str, path: Path, wanted: PeopleSettings) -> LabelledPictures | SyntheticPeople:
    if wanted.kind == "synthetic":
        return synthetic(wanted.count, seed=wanted.seed)
    if wanted.kind == "lsp":
        return lsp(path, wanted.split, name)
    if wanted.kind == "people":
        return coco_people(path, name)
    if wanted.kind == "mpii":
        return mpii(path, min_side_px=wanted.min_side_px, name=name)
    pairs: Any = wanted.partners and [tuple(pair) for pair in wanted.partners]
    axis: Any = wanted.axis and tuple(wanted.axis)
    return coco(path, partners=pairs, axis=axis, min_side_px=wanted.min_side_px, name=name)
