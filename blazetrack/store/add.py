"""Add models to the cache: a `.tflite` file, or both models of a `.task` bundle."""

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
from blazetrack.store.card import card_for, card_path, card_text, has_card
from blazetrack.store.manifest import Card, same_bytes
from blazetrack.store.tensors import check_fit, read_tensors
from blazetrack.store.tflite_file import SUFFIX
from blazetrack.store.verify import verify_file

__all__ = ["add_file"]

# Members of a PoseLandmarker bundle of MediaPipe → kind, suffix of the model's name.
MEMBERS = {
    "pose_detector.tflite": ("detector", "_detector"),
    "pose_landmarks_detector.tflite": ("landmarks", ""),
}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


class _Part(NamedTuple):
    """One model to add."""

    file: Path  # copy in the workspace
    origin: Path
    card: Path | None
    label: str  # name in messages
    kind: str
    suffix: str  # of the model's name


def add_file(
    cache: Cache, path: Path, name: str | None, known: Mapping[str, Card], card: Path | None = None
) -> list[str]:
    """Copy a model, or all models of a bundle, into the cache: all of them or none.

    Args:
        cache: target folder.
        path: a `.tflite` file, with or without a card beside it, or a `.task` bundle.
        name: of the model; by default the published name of published bytes, else the file's own
            name. `_detector` is appended for the detector of a bundle.
        known: the published models.
        card: of a `.tflite` file, if it is not beside it.

    Returns:
        The names of the added models.

    Raises:
        ModelError: a file cannot be run, or its card does not fit it.
    """
    bundle = is_zip(path)
    if bundle and card is not None:
        raise ModelError(f"{path} is a bundle of published kinds: leave out --card {card}")
    ready: dict[str, tuple[Path, Card]] = {}
    with cache.workspace() as work:
        for part in list(_unbundle(path, work) if bundle else _copy(path, work, card)):
            sha256 = identify(part.file, part.label)
            described = card_for(part.origin, sha256, known, part.kind, part.card)
            chosen = _choose_name(part, sha256, name, path.stem, known)
            ready[chosen] = part.file, described.renamed(chosen, f"added from {path.name}")
            if same_bytes(sha256, known) is None and not cache.is_verified(sha256):
                verify_file(part.file, part.label)
            if part.card or same_bytes(sha256, known) is None:
                _check_fit(part, described)
        for chosen, (file, described) in ready.items():
            if chosen not in known:
                text = card_path(file)
                text.write_text(card_text(described), encoding="utf-8")
                os.replace(text, card_path(cache.path(chosen)))
            cache.place(file, chosen, described.sha256)
            cache.note_verified(described.sha256)
    return list(ready)


def _copy(path: Path, work: Path, card: Path | None) -> Iterator[_Part]:
    identify(path)  # first: another file is not copied
    if path.stat().st_size > MAX_BYTES:
        raise ModelError(f"{path} has more than the {MAX_BYTES:,} bytes that a model may have")
    copy = Path(shutil.copyfile(path, work / "model"))
    card = card or (card_path(path) if has_card(path) else None)
    yield _Part(copy, path, card, str(path), "landmarks", "")


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
            yield _Part(file, file, None, f"{path.name}: {member}", *MEMBERS[member])


def _check_fit(part: _Part, described: Card) -> None:
    try:
        check_fit(described.info, read_tensors(part.file, part.label), part.label)
    except ModelError as error:
        problem = f"{part.label} has no card, and is no re-export of a published model"
        if part.card:
            problem = f"card {part.card} does not fit {part.label}"
        raise ModelError(f"{problem}: {error}") from None


def _choose_name(
    part: _Part, sha256: str, given: str | None, stem: str, known: Mapping[str, Card]
) -> str:
    published = same_bytes(sha256, known)
    if given is None and published and part.card is None:
        return published.info.name
    name = (stem if given is None else given) + part.suffix
    if not NAME.fullmatch(name) or name.endswith((".", SUFFIX, ".task", ".yaml")):
        raise ModelError(
            f"{name[:100]!r} cannot be a model's name: up to 80 letters, digits, '.', '_' and '-',"
            " a letter or digit first, and no ending of a file; give one with --name"
        )
    taken = next((one for one in known.values() if one.info.name.lower() == name.lower()), None)
    if taken and taken is not published:
        raise ModelError(
            f"'{taken.info.name}' is a published model and {part.label} is another file:"
            " give it its own name with --name"
        )
    return taken.info.name if taken else name
