"""Models of your own into the store: a `.tflite` file, or both models of a `.task` bundle."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from blazetrack.errors import ModelError
from blazetrack.store.archive import MAX_BYTES, escapes, extract, opened
from blazetrack.store.cache import Cache, identify, is_zip
from blazetrack.store.card import card_for, card_path, card_text
from blazetrack.store.manifest import Card, same_bytes

__all__ = ["add_file"]

# What a PoseLandmarker bundle of MediaPipe holds: member → kind, ending of the name here.
MEMBERS = {
    "pose_detector.tflite": ("detector", "_detector"),
    "pose_landmarks_detector.tflite": ("landmarks", ""),
}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class _Part(NamedTuple):
    """One model on its way in: a copy in the workspace, and what it was before."""

    file: Path
    origin: Path  # its card lies beside this
    label: str  # what messages call it
    kind: str
    ending: str


def add_file(cache: Cache, path: Path, name: str | None, known: Mapping[str, Card]) -> list[str]:
    """Copy a model, or the models of a bundle, into the cache: all of them or none.

    Args:
        cache: where to.
        path: a `.tflite` file (a card beside it is taken along) or a `.task` bundle.
        name: what to call it; by default the published name where the bytes are published, else
            the file's own. The detector of a bundle gets `_detector` after it.
        known: the published models.

    Returns:
        The names under which the store now finds what was added.
    """
    take_apart = _unbundle if is_zip(path) else _copy
    ready: dict[str, tuple[Path, Card]] = {}
    with cache.workspace() as work:
        for part in list(take_apart(path, work)):
            sha256 = identify(part.file, part.label)
            card = card_for(part.origin, sha256, known, part.kind)
            called = _choose_name(part, sha256, name, path.stem, known)
            ready[called] = part.file, card.renamed(called, f"added from {path.name}")
        for called, (file, card) in ready.items():
            if called not in known:
                text = card_path(file)
                text.write_text(card_text(card), encoding="utf-8")
                os.replace(text, card_path(cache.path(called)))
            cache.place(file, called, str(card.sha256))
    return list(ready)


def _copy(path: Path, work: Path) -> Iterator[_Part]:
    if path.stat().st_size > MAX_BYTES:
        raise ModelError(f"{path} has more than the {MAX_BYTES:,} bytes that a model may have")
    copy = Path(shutil.copyfile(path, work / "model"))
    yield _Part(copy, path, str(path), "landmarks", "")


def _unbundle(path: Path, work: Path) -> Iterator[_Part]:
    with opened(path) as archive:
        members = archive.namelist()
        if bad := next((member for member in members if escapes(member)), None):
            raise ModelError(f"{path.name}: member {bad!r} points out of the bundle; nothing added")
        wanted = [member for member in MEMBERS if member in members]
        if not wanted:
            raise ModelError(
                f"{path.name} is not a pose bundle: expected {' and '.join(MEMBERS)} in it,"
                f" found {', '.join(members[:5]) or 'nothing'}"
            )
        for member in wanted:
            file = extract(archive, member, work / member)
            yield _Part(file, file, f"{path.name}: {member}", *MEMBERS[member])


def _choose_name(
    part: _Part, sha256: str, asked: str | None, stem: str, known: Mapping[str, Card]
) -> str:
    published = same_bytes(sha256, known)
    if asked is None and published and not card_path(part.origin).exists():
        return published.info.name
    name = (stem if asked is None else asked) + part.ending
    if not NAME.fullmatch(name):
        raise ModelError(
            f"{name!r} cannot be a model's name: letters, digits, '.', '_' and '-' only, and a"
            " letter or digit first; give one with --name"
        )
    taken = next(
        (entry for entry in known.values() if entry.info.name.lower() == name.lower()), None
    )
    if taken and taken is not published:
        raise ModelError(
            f"'{taken.info.name}' is a published model and {part.label} is another file:"
            " give it its own name with --name"
        )
    return taken.info.name if taken else name
