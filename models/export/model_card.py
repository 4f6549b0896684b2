"""Write a model file with its card."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from blazetrack.store.card import card_path, card_text
from blazetrack.store.manifest import Card

__all__ = ["write_model"]


def write_model(path: Path, content: bytes, card: Card) -> None:
    """Write a model file, then its card with the file's checksum."""
    sha256 = hashlib.sha256(content).hexdigest()
    new = path.with_name(path.name + ".new")
    path.parent.mkdir(parents=True, exist_ok=True)
    new.write_bytes(content)
    new.replace(path)
    card_path(path).write_text(card_text(replace(card, sha256=sha256)), "utf-8")
