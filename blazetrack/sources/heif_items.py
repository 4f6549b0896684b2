"""The items of a HEIF file: boxes of ISO/IEC 14496-12 and 23008-12, read from bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Items", "boxes", "read_items"]

_MAX_BOXES = 100_000


@dataclass(frozen=True)
class Items:
    """What a file states about its items.

    Attributes:
        primary: id of the item that is the picture.
        kinds: id → four letters.
        parts: id → ids of the items that it is made from, in order.
        data: id → bytes of a derived item (a grid's size).
        cut: ids of the items whose bytes are not all in the file.
    """

    primary: int
    kinds: dict[int, bytes]
    parts: dict[int, list[int]]
    data: dict[int, bytes]
    cut: set[int]
    _all_properties: list[tuple[bytes, bytes]]
    _associated: dict[int, list[int]]

    def properties(self, item: int) -> list[tuple[bytes, bytes]]:
        """Kind and body of the item's properties, in order."""
        return [self._all_properties[number - 1] for number in self._associated.get(item, ())]

    def grid(self, item: int) -> tuple[int, int, int, int]:
        """Rows, columns, width and height of a grid."""
        data = self.data[item]
        size = struct.unpack(">II" if data[1] & 1 else ">HH", data[4 : 12 if data[1] & 1 else 8])
        return data[2] + 1, data[3] + 1, *size

    def coded(self, item: int, depth: int) -> set[int]:
        """The items without parts of their own that an item is made from, with itself."""
        parts = self.parts.get(item, []) if depth >= 0 else []
        return {item}.union(*(self.coded(part, depth - 1) for part in parts))


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and body of each box."""
    at = 0
    for _ in range(_MAX_BOXES):
        if at + 8 > len(data):
            return
        size, head = struct.unpack(">I", data[at : at + 4])[0], 8
        if size == 1:
            size, head = struct.unpack(">Q", data[at + 8 : at + 16])[0], 16
        end = at + size if size else len(data)
        if size and size < head:
            raise ValueError("a box is shorter than its head")
        yield data[at + 4 : at + 8], data[at + head : end]
        at = end


def read_items(data: bytes) -> Items:
    """Read the `meta` box of a file.

    Raises:
        ValueError, KeyError, IndexError, struct.error: the file is damaged.
    """
    meta = dict(boxes(dict(boxes(data))[b"meta"][4:]))
    pitm = meta[b"pitm"]
    primary = struct.unpack(">I", pitm[4:8])[0] if pitm[0] else struct.unpack(">H", pitm[4:6])[0]
    kinds = _kinds(meta[b"iinf"])
    iprp = dict(boxes(meta[b"iprp"]))
    grids = {item for item, kind in kinds.items() if kind == b"grid"}
    found, cut = _locations(meta[b"iloc"], data, meta.get(b"idat", b""), grids)
    return Items(
        primary=primary,
        kinds=kinds,
        parts=_parts(meta.get(b"iref", b"\0\0\0\0")),
        data=found,
        cut=cut,
        _all_properties=list(boxes(iprp[b"ipco"])),
        _associated=_associations(iprp[b"ipma"]),
    )


def _kinds(iinf: bytes) -> dict[int, bytes]:
    kinds = {}
    for kind, body in boxes(iinf[8 if iinf[0] else 6 :]):
        if kind == b"infe" and body[0] >= 2:
            wide = body[0] > 2
            item = struct.unpack(">I" if wide else ">H", body[4 : 8 if wide else 6])[0]
            at = 10 if wide else 8  # behind the protection index
            kinds[item] = body[at : at + 4]
    return kinds


def _parts(iref: bytes) -> dict[int, list[int]]:
    parts = {}
    size, letter = (4, "I") if iref[0] else (2, "H")
    for kind, body in boxes(iref[4:]):
        if kind == b"dimg":
            count = struct.unpack(">H", body[size : size + 2])[0]
            values = struct.unpack(f">{count}{letter}", body[size + 2 :][: count * size])
            parts[struct.unpack(f">{letter}", body[:size])[0]] = list(values)
    return parts


def _associations(ipma: bytes) -> dict[int, list[int]]:
    reader, found = _Reader(ipma, 4), {}
    wide_id, wide = ipma[0] > 0, ipma[3] & 1
    for _ in range(reader.take(4)):
        item = reader.take(4 if wide_id else 2)
        numbers = [reader.take(2) & 0x7FFF if wide else reader.take(1) & 0x7F
                   for _ in range(reader.take(1))]  # fmt: skip
        found[item] = [number for number in numbers if number]
    return found


def _locations(
    iloc: bytes, file: bytes, idat: bytes, wanted: set[int]
) -> tuple[dict[int, bytes], set[int]]:
    """The bytes of the wanted items, and the items whose bytes are not all there."""
    version, reader = iloc[0], _Reader(iloc, 4)
    found: dict[int, bytes] = {}
    cut: set[int] = set()
    sizes = reader.take(2)
    offset_size, length_size, base_size, index_size = (sizes >> s & 15 for s in (12, 8, 4, 0))
    for _ in range(reader.take(4 if version == 2 else 2)):
        item = reader.take(4 if version == 2 else 2)
        source = idat if version and reader.take(2) & 15 == 1 else file
        reader.take(2)
        base, data = reader.take(base_size), b""
        for _ in range(reader.take(2)):
            reader.take(index_size if version else 0)
            start, length = base + reader.take(offset_size), reader.take(length_size)
            data += source[start : start + length] if item in wanted else b""
            if start + length > len(source):
                cut.add(item)
        if item in wanted:
            found[item] = data
    return found, cut


class _Reader:
    """Big-endian numbers, one after the other."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at

    def take(self, size: int) -> int:
        """The next number of `size` bytes."""
        end = self._at + size
        if end > len(self._data):
            raise ValueError("its index is damaged")
        value = int.from_bytes(self._data[self._at : end], "big")
        self._at = end
        return value
