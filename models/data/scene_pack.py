"""Decoded scenes in one folder: raw pixels end to end, and who is in them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from blazetrack.errors import InputError
from models.common.person_finder import Finder
from models.data.lazy_sequence import Rows
from models.data.scenes import People, Scene, with_found

__all__ = ["ScenePack", "open_scenes", "pack_scenes"]

FORMAT = 1


class ScenePack(Rows[Scene]):
    """The scenes of a folder; pictures are read-only views.

    Attributes:
        place: the folder.
    """

    def __init__(
        self, place: Path, pixels: NDArray[np.uint8], labels: dict[str, NDArray[Any]]
    ) -> None:
        self.place = place
        self._pixels, self._labels = pixels, labels

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process opens the folder by itself."""
        return open_scenes, (self.place,)

    def __len__(self) -> int:
        return len(self._labels["starts"])

    def row(self, index: int) -> Scene:
        labels, row = self._labels, range(len(self))[index]
        height, width = labels["sizes_hw"][row].tolist()
        start = int(labels["starts"][row])
        flat = np.asarray(self._pixels[start : start + 3 * height * width])
        mine = slice(*labels["people_from"][row : row + 2].tolist())
        people = People(
            labels["heads_px"][mine], labels["alignment_px"][mine], labels["shoulders_px"][mine]
        )
        ignored = slice(*labels["ignore_from"][row : row + 2].tolist())
        return Scene(flat.reshape(height, width, 3), people, labels["ignore_px"][ignored])


def pack_scenes(
    scenes: Sequence[Scene],
    place: Path | str,
    *,
    finder: Finder | None = None,
    recipe: str = "",
    progress: bool = True,
) -> ScenePack:
    """Write scenes into the folder `place`, unless the same recipe lies there already.

    Pictures without a person and without anything but ignored ground are left out.

    Args:
        scenes: any.
        place: the folder; made where it is missing.
        finder: also ignore whom it finds and nobody labelled; at a low score.
        recipe: what went in, in words: another recipe writes anew.
        progress: show a bar on stderr.

    Raises:
        InputError: there is no scene that can be used.
    """
    place = Path(place)
    if _recipe(place) == {"format": FORMAT, "recipe": recipe}:
        return open_scenes(place)
    place.mkdir(parents=True, exist_ok=True)
    (place / "index.json").unlink(missing_ok=True)
    temporary = place / f"pixels.{os.getpid()}.tmp"
    with temporary.open("wb") as file:
        rows = track(
            range(len(scenes)),
            f"packing {place.name}",
            console=Console(stderr=True),
            disable=not progress,
        )
        usable = (scene for row in rows if not _useless(scene := scenes[row]))
        kept = [_written(scene, finder, file) for scene in usable]
    if not kept:
        temporary.unlink()
        raise InputError(f"{place}: none of {len(scenes)} scenes can be used")
    temporary.replace(place / "pixels.bin")
    np.savez(place / "labels.npz", **_labels(kept))  # type: ignore[arg-type]
    index = json.dumps({"format": FORMAT, "recipe": recipe})
    (place / "index.json").write_text(index, encoding="utf-8")
    return open_scenes(place)


def open_scenes(place: Path | str, *, in_memory: bool = False) -> ScenePack:
    """The scenes that `pack_scenes` wrote.

    Args:
        place: the folder.
        in_memory: read all pictures now; else they are mapped, and the system keeps what fits.

    Raises:
        InputError: it is not there, not finished or damaged.
    """
    place = Path(place)
    if _recipe(place) is None:
        raise InputError(f"scenes: {place} is no finished pack")
    try:
        with np.load(place / "labels.npz", allow_pickle=False) as arrays:
            labels = {name: arrays[name] for name in arrays.files}
        pixels: NDArray[np.uint8] = np.memmap(place / "pixels.bin", np.uint8, "r")
        size = int(labels["starts"][-1] + 3 * labels["sizes_hw"][-1].prod())
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise InputError(f"scenes: {place} is damaged, remove it: {error}") from error
    if len(pixels) != size:
        raise InputError(f"scenes: {place} is damaged, remove it: {len(pixels)} of {size} bytes")
    return ScenePack(place, np.array(pixels) if in_memory else pixels, labels)


def _recipe(place: Path) -> Any:
    try:
        return json.loads((place / "index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _useless(scene: Scene) -> bool:
    height, width = scene.image.shape[:2]
    covered = (scene.ignore_px[:, 2:] - scene.ignore_px[:, :2] >= (width, height)).all(axis=1)
    return not len(scene.people) and bool(covered.any())


def _written(scene: Scene, finder: Finder | None, file: BinaryIO) -> Scene:
    """Write the pixels; what is kept of the scene has none, but their shape."""
    if finder is not None:
        scene = with_found(scene, finder.find(scene.image))
    file.write(np.ascontiguousarray(scene.image).tobytes())
    shape_only = np.broadcast_to(np.zeros((), np.uint8), scene.image.shape)
    return Scene(shape_only, scene.people, scene.ignore_px)


def _labels(scenes: Sequence[Scene]) -> dict[str, NDArray[Any]]:
    everyone = People.joined([scene.people for scene in scenes])
    sizes = np.array([scene.image.shape[:2] for scene in scenes], np.int64)

    def starts(counts: Sequence[int]) -> NDArray[np.int64]:
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    return {
        "starts": starts([3 * height * width for height, width in sizes.tolist()])[:-1],
        "sizes_hw": sizes,
        "people_from": starts([len(scene.people) for scene in scenes]),
        "ignore_from": starts([len(scene.ignore_px) for scene in scenes]),
        "heads_px": everyone.heads_px,
        "alignment_px": everyone.alignment_px,
        "shoulders_px": everyone.shoulders_px,
        "ignore_px": np.concatenate([scene.ignore_px for scene in scenes]),
    }
