"""Kinds of picture files by their first bytes, whatever their names end in."""

from __future__ import annotations

import struct

__all__ = ["HEAD_BYTES", "MANY", "count_pictures", "is_heif", "is_picture"]

HEAD_BYTES = 64
MANY = 2**31  # more than one; the number is not stated

_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"BM",
           b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")  # fmt: skip
_PNM = tuple(b"P%d%c" % (kind, space) for kind in range(1, 7) for space in b" \t\n\r")
# Image sequences (`avis`, `hevc`, `msf1`) are videos.
_HEIF = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2", b"miaf", b"avif", b"MiHE"}


def is_picture(head: bytes) -> bool:
    """Whether a file that begins with these bytes is a picture of a known format."""
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    bmp_or_other = head.startswith(_STARTS) and (head[:2] != b"BM" or head[6:10] == b"\0" * 4)
    return webp or bmp_or_other or head.startswith(_PNM) or is_heif(head)


def is_heif(head: bytes) -> bool:
    """Whether a file that begins with these bytes is a HEIF picture (HEIC, AVIF)."""
    return head[4:8] == b"ftyp" and head[8:12] in _HEIF


def count_pictures(data: bytes) -> int:
    """Number of pictures in a file of a known format, as far as it is stated; else 1 or `MANY`."""
    if data.startswith(b"\x89PNG"):
        at = data.find(b"acTL", 8, 4096)  # animation control, before the first picture
        return _number(data, at + 4, ">I") if at > 0 else 1
    if data[:4] == b"RIFF" and data[8:16] == b"WEBPVP8X" and len(data) > 20 and data[20] & 2:
        return data.count(b"ANMF")
    if data[:4] in (b"II*\0", b"MM\0*"):
        order = "<" if data[:1] == b"I" else ">"
        first = _number(data, 4, f"{order}I")
        entries = _number(data, first, f"{order}H")
        return MANY if _number(data, first + 2 + 12 * entries, f"{order}I") else 1
    return MANY if data[4:12] == b"ftypavis" else 1


def _number(data: bytes, at: int, form: str) -> int:
    """A number in the file; 0 behind its end."""
    field = data[at : at + struct.calcsize(form)]
    return int(struct.unpack(form, field)[0]) if len(field) == struct.calcsize(form) else 0
