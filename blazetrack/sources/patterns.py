"""Patterns of file names, such as `pictures/*.jpg`."""

from __future__ import annotations

import glob
import os
import re
from typing import TypeAlias

from blazetrack.common.imports import is_import
from blazetrack.errors import SourceError

__all__ = ["Text", "expand_pattern", "is_pattern"]

Text: TypeAlias = str | int | os.PathLike[str]


def expand_pattern(text: Text) -> list[Text]:
    """The files that a pattern such as `pictures/*.jpg` names, in natural order; else the text.

    A file of that very name comes first. Addresses, `synthetic?…` and `module:Name?…` are no
    patterns.

    Raises:
        SourceError: no file fits.
    """
    if not isinstance(text, str) or not is_pattern(text):
        return [text]
    found = sorted(glob.glob(os.path.expanduser(text), recursive=True), key=_natural_order)
    if not found:
        raise SourceError(f"{text!r}: no file fits this pattern; check the folder and the ending")
    return [*found]


def is_pattern(text: str) -> bool:
    """Whether a text holds `*`, `[…]`, or `?` that does not begin options."""
    if os.path.lexists(os.path.expanduser(text)) or re.match(r"[a-z][a-z0-9+.-]+://", text, re.I):
        return False
    return re.search(r"\*|\[[^\]]+\]|\?(?!\w+=)", text) is not None and not is_import(text)


def _natural_order(name: str) -> list[tuple[int, str]]:
    """Key by which 2.jpg comes before 10.jpg."""
    parts = re.split(r"(\d+)", name.lower())
    return [(int(part) if part.isdecimal() else -1, part) for part in parts]
