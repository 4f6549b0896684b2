"""Damage that a decoder conceals: libjpeg fills it with grey and only prints a message."""

from __future__ import annotations

import re

__all__ = ["MESSAGE", "damage"]

# The beginning of libjpeg's, libpng's and libtiff's messages on stderr.
MESSAGE = re.compile(
    rb"libpng |Corrupt JPEG data|Premature end of JPEG|Invalid (JPEG|SOS|component)|TIFF|"
    rb"Inconsistent progression|Unsupported (JPEG|marker)|Warning: unknown JFIF"
)
_DAMAGE = re.compile(r"Corrupt JPEG data|Premature end of JPEG|Inconsistent progression")
_SURPLUS = re.compile(r"(\d+) extraneous bytes before marker 0xd9")
_END = b"\xff\xd9"


def damage(messages: list[str], data: bytes) -> str:
    """What is damaged in a picture that was decoded all the same; empty if nothing is.

    Args:
        messages: of its decoding.
        data: the file. Zeros before its end, as some cameras write them, are no damage.
    """
    for line in filter(_DAMAGE.match, messages):
        surplus = _SURPLUS.search(line)
        end = data.rfind(_END)
        if surplus and not data[max(end - int(surplus[1]), 0) : end].strip(b"\0\xff"):
            continue
        return line.partition(": ")[2] or line
    return ""
