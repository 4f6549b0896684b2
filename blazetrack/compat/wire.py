"""Protobuf's binary format, for the field types that landmarks and detections need.

(https://protobuf.dev/programming-guides/encoding: a key is number << 3 | wire type.)
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any

from blazetrack.compat.fields import Field
from blazetrack.errors import InputError

__all__ = ["read_fields", "write_fields"]

_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5
_MAX_SHIFT = 63  # bits of a varint


def write_fields(fields: Iterable[tuple[Field, Any]]) -> bytes:
    """The set fields of a message, in the order given, as bytes."""
    out = bytearray()
    for field, value in fields:
        key = _varint(field.number << 3 | field.wire_type)
        if field.wire_type == _FOUR_BYTES:
            out += key + struct.pack("<f", value)
        elif field.wire_type == _VARINT:
            out += key + _varint(value)
        else:
            for message in value if field.is_repeated else (value,):
                inner = message.SerializeToString()
                out += key + _varint(len(inner)) + inner
    return bytes(out)


def read_fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Number and value of each field: an int, a float of four bytes, or the bytes of a message.

    Raises:
        InputError: the bytes are no message.
    """
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        number, wire_type = key >> 3, key & 7
        if wire_type == _VARINT:
            value, at = _read_varint(data, at)
            yield number, value
            continue
        if wire_type == _LENGTH:
            size, at = _read_varint(data, at)
        else:
            size = {_FOUR_BYTES: 4, _EIGHT_BYTES: 8}.get(wire_type, len(data) + 1)
        if at + size > len(data) or not number:
            raise _damaged()
        part, at = data[at : at + size], at + size
        if wire_type == _FOUR_BYTES:
            yield number, struct.unpack("<f", part)[0]
        elif wire_type == _LENGTH:
            yield number, part


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins at this byte, and where it ends."""
    value = shift = 0
    while at < len(data) and shift <= _MAX_SHIFT:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise _damaged()


def _damaged() -> InputError:
    return InputError("landmarks: expected a serialized protobuf message, got damaged bytes")
