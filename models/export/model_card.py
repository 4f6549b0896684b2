"""Write a model file with its card, which may keep the texts of the card before."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from blazetrack.errors import InputError
from blazetrack.store import Store
from blazetrack.store.card import card_path, card_text
from blazetrack.store.manifest import Card

__all__ = ["replaced_card", "write_model"]


def write_model(path: Path, content: bytes, card: Card) -> None:
    """Write a model file, then its card with the file's checksum."""
    sha256 = hashlib.sha256(content).hexdigest()
    new = path.with_name(path.name + ".new")
    path.parent.mkdir(parents=True, exist_ok=True)
    new.write_bytes(content)
    new.replace(path)
    card_path(path).write_text(card_text(replace(card, sha256=sha256)), "utf-8")


def replaced_card(path: Path, card: Card) -> Card:
    """A new card for a model file that is replaced, with the texts of the card beside the file.

    Raises:
        InputError: there is no card beside the file, or the new one has texts too.
    """
    if not card_path(path).exists():
        raise InputError(f"export: --keep-card: expected {card_path(path)}, which does not exist")
    if card.licence != "unknown" or card.sentence or card.detector:
        raise InputError(
            "export: --keep-card keeps licence, sentence and detector of the card: give either"
            " those or --keep-card"
        )
    return replace(Store().describe(path), info=card.info, sha256="", size=0)
