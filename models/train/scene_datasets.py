"""From settings to scenes: which pictures a detector learns from, packed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from blazetrack.errors import InputError
from models.common.config_base import Strict
from models.common.person_finder import Finder
from models.data.readers.coco import coco, read_coco
from models.data.readers.lsp import lsp
from models.data.readers.synthetic import synthetic
from models.data.sample import PoseSample
from models.data.scene_pack import ScenePack, pack_scenes
from models.data.scenes import BySource, PersonScenes, PictureScenes, Scene
from models.data.shards import pack_key
from models.data.targets.anchors import MatchSettings
from models.data.transforms.mosaic import CanvasSettings
from models.train.datasets import Say, taught

__all__ = ["SceneDataSettings", "ScenesSettings", "open_scenes"]

# Findings from this score on may be people whom nobody labelled: they count neither way.
DOUBTFUL = 0.3


class ScenesSettings(Strict):
    """Pictures of one data set.

    Attributes:
        kind: `lsp` (one person each), `coco` (a JSON file, everybody in its pictures) or
            `synthetic` (drawn, one person each).
        path: file or folder, from `data.root` on.
        split: of `lsp`: `train`, `dev` or `all`.
        rows: only these people or pictures, from and to; all by default.
        share: of a batch; by default in proportion to the number of pictures.
        taught: the published `full` network gives shoulders, hips and heads that people did not
            label (`models.distill.pseudo_label`).
        search: whom the published detector finds and nobody labelled counts neither way.
        count: of `synthetic`, how many.
        seed: of `synthetic`.
    """

    kind: Literal["lsp", "coco", "synthetic"]
    path: str = ""
    split: Literal["train", "dev", "all"] = "train"
    rows: list[int] | None = Field(default=None, min_length=2, max_length=2)
    share: float | None = Field(default=None, gt=0)
    taught: bool = False
    search: bool = False
    count: int = Field(default=2000, gt=0)
    seed: int = Field(default=0, ge=0)


class SceneDataSettings(Strict):
    """What a detector learns from.

    Attributes:
        root: where the paths begin; itself from the current folder on.
        packs: folder for decoded scenes and taught people.
        scenes: data sets by name.
        dev: data sets that are kept aside, by name.
        canvas: what is shown, and what is changed by chance.
        matching: which anchors answer for whom.
        answers: what the published detector answers on each canvas is learnt too, see
            `models.distill.detector_targets`; for a network of its side and cells.
        workers: threads that make batches,
        processes: or processes, where there are more than two cores.
    """

    root: str = "."
    packs: str = "runs/packs"
    scenes: dict[str, ScenesSettings] = Field(min_length=1)
    dev: dict[str, ScenesSettings] = Field(default_factory=dict)
    canvas: CanvasSettings = CanvasSettings()
    matching: MatchSettings = MatchSettings()
    answers: bool = False
    workers: int = Field(default=2, gt=0)
    processes: bool = False


def open_scenes(name: str, wanted: ScenesSettings, data: SceneDataSettings, say: Say) -> ScenePack:
    """The scenes of a data set, decoded; the first time this takes a while.

    Args:
        name: what the settings call it.
        wanted: which.
        data: where it lies, and where packs do.
        say: is told one line about what is in it.
    """
    scenes, fingerprint = _read(name, wanted, data, say)
    recipe = {
        "scenes": fingerprint,
        "taught": wanted.taught,
        "rows": wanted.rows,
        "search": DOUBTFUL if wanted.search else None,
    }
    if wanted.rows is not None and wanted.kind != "lsp":
        scenes = scenes[slice(*wanted.rows)]
    key = pack_key(recipe)
    finder = Finder.published(DOUBTFUL) if wanted.search else None
    pack = pack_scenes(scenes, Path(data.packs) / f"scenes_{key}", finder=finder, recipe=key)
    people = sum(len(scene.people) for scene in pack)
    if not people:
        raise InputError(
            f"{name}: nobody in its {len(pack)} pictures can teach a detector, which takes labelled"
            " hips, shoulders and heads (`taught` adds what people lack)"
        )
    say(f"{name}: {len(pack)} pictures with {people} people")
    return pack


def _read(
    name: str, wanted: ScenesSettings, data: SceneDataSettings, say: Say
) -> tuple[Sequence[Scene], str]:
    """Scenes, and what changes when they do."""
    if wanted.kind == "synthetic":
        drawn = synthetic(wanted.count, seed=wanted.seed)
        return PersonScenes(drawn), drawn.fingerprint
    path = Path(data.root) / wanted.path
    people = lsp(path, wanted.split, name) if wanted.kind == "lsp" else coco(path, name=name)
    if wanted.rows is not None and wanted.kind == "lsp":
        people = people[slice(*wanted.rows)]
    say(people.note)
    known: Mapping[str, PoseSample] = {}
    if wanted.taught:
        known = BySource(taught(people, Path(data.packs), False, say))
    if wanted.kind == "lsp":
        return PersonScenes(people, known), people.fingerprint
    return PictureScenes(read_coco(path, name=name), known), people.fingerprint
