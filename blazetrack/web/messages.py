"""What a page may say, and how a picture comes: everything is checked before it is used.

Text messages are JSON objects with a `type`; a binary message is a picture:

    4 bytes   number of the picture, unsigned, little-endian
    8 bytes   time it was taken in milliseconds, float64, little-endian
    the rest  JPEG
"""

from __future__ import annotations

import math
import struct
from typing import Annotated, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from blazetrack.errors import InputError
from blazetrack.web.limits import Limits

__all__ = ["Follow", "Message", "Picture", "Record", "Set", "Shown", "parse_picture", "parse_text"]

_HEAD = struct.Struct("<Id")
# Segments that may stand before a frame header; all have a length (ITU T.81, table B.1).
_SEGMENTS = {0xC4, 0xCC, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)}
_SCANS = 32  # libjpeg's progressive script has 10; each is a pass over the whole picture
_Name = Annotated[str, Field(min_length=1, max_length=200)]
_Pixel = Annotated[float, Field(ge=-1e5, le=1e5, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Set(_Strict):
    """Change what is not None."""

    type: Literal["set"]
    source: _Name | None = None
    model: _Name | None = None
    graph: _Name | None = None
    people: Annotated[int, Field(ge=1, le=20)] | None = None
    smoothing: bool | None = None
    paused: bool | None = None


class Follow(_Strict):
    """Follow whoever is at this point of the picture, in its pixels; None is everybody."""

    type: Literal["follow"]
    at: Annotated[list[_Pixel], Field(min_length=2, max_length=2)] | None


class Record(_Strict):
    """Begin or end a recording."""

    type: Literal["record"]
    on: bool


class Shown(_Strict):
    """A picture that was sent is on the screen: the next one may come."""

    type: Literal["shown"]
    number: Annotated[int, Field(ge=0, lt=2**32)]


Message = Set | Follow | Record | Shown
_MESSAGES: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="type")])


class Picture(NamedTuple):
    """A picture of a page's camera, still coded; its size is known and within the limits."""

    number: int
    time_ms: float
    jpeg: bytes

    def decode(self) -> NDArray[np.uint8]:
        """`(H, W, 3)` uint8 RGB.

        Raises:
            InputError: the JPEG is broken.
        """
        flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
        try:
            bgr = cv2.imdecode(np.frombuffer(self.jpeg, np.uint8), flags)
        except cv2.error:
            bgr = None
        if bgr is None:
            raise InputError("picture: the JPEG cannot be decoded")
        rgb: NDArray[np.uint8] = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
        return rgb


def parse_text(text: str, limits: Limits) -> Message:
    """A message from its JSON.

    Raises:
        InputError: it is none.
    """
    if len(text) > limits.text_bytes:
        raise InputError(f"message: expected up to {limits.text_bytes} characters, got {len(text)}")
    try:
        return _MESSAGES.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"message: {where + ': ' if where else ''}{first['msg']}") from None


def parse_picture(data: bytes, limits: Limits) -> Picture:
    """A picture from a binary message; not decoded yet, but its size is checked.

    Raises:
        InputError: it is none, or too large.
    """
    if len(data) <= _HEAD.size:
        raise InputError(f"picture: expected more than {_HEAD.size} bytes, got {len(data)}")
    if len(data) > limits.message_bytes:
        raise InputError(f"picture: expected up to {limits.message_bytes} bytes, got {len(data)}")
    number, time_ms = _HEAD.unpack_from(data)
    if not math.isfinite(time_ms) or not 0 <= time_ms < 1e13:
        raise InputError("picture: expected a time in milliseconds, got something else")
    jpeg = data[_HEAD.size :]
    width, height = jpeg_size(jpeg)
    if not 16 <= min(width, height) <= max(width, height) <= limits.side_px:
        raise InputError(
            f"picture: expected 16 to {limits.side_px} pixels a side, got {width}x{height}"
        )
    return Picture(number, time_ms, jpeg)


def jpeg_size(jpeg: bytes) -> tuple[int, int]:
    """Width and height from the head of a JPEG, so that none unfolds into gigabytes.

    Decoders pass over much that does not belong there. What they may read in another way than
    this function is refused, so that what is checked here is what they will see.

    Raises:
        InputError: it is no whole JPEG, or no plain one.
    """
    if jpeg[:2] != b"\xff\xd8" or jpeg[-2:] != b"\xff\xd9":
        raise InputError("picture: expected a whole JPEG, got something else")
    if jpeg.count(b"\xff\xda") > _SCANS:
        raise InputError(f"picture: expected up to {_SCANS} scans, got more")
    place = 2
    while place + 9 <= len(jpeg) and jpeg[place] == 0xFF:
        kind, size = jpeg[place + 1], int.from_bytes(jpeg[place + 2 : place + 4], "big")
        # Frame headers: C4, C8 and CC of the same row are something else.
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", jpeg, place + 5)
            return width, height
        if kind not in _SEGMENTS or size < 2:
            break
        place += 2 + size
    raise InputError("picture: expected a JPEG with its size in front, got something else")
