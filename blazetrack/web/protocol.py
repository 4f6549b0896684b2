"""Messages between page and server, encode beside decode; input is validated before it is used.

Text messages are JSON objects with a `type`. Binary messages hold one image:

    to the server   4 bytes  image number, unsigned, little-endian
                    8 bytes  capture time in milliseconds, float64, little-endian
                    rest     JPEG
    to the page     4 bytes  length of the JSON, unsigned, little-endian
                    JSON     message of type `frame`
                    rest     JPEG
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from blazetrack.errors import InputError
from blazetrack.sinks.jsonl import to_record
from blazetrack.types import Frame, Poses
from blazetrack.web.access import Limits

__all__ = [
    "Begin", "EncodedImage", "Follow", "Message", "Record", "Set", "Shown", "TrackedFrame",
    "encode", "frame_message", "pack_frame", "parse_image", "parse_message",
]  # fmt: skip

MAX_WIDTH_PX = 960  # longer side of the images sent to the pages
MASK_SIDE_PX = 480  # longer side of the masks sent to the pages
JPEG_QUALITY = 80
_HEADER = struct.Struct("<Id")
# Segments that may precede a frame header; all have a length (ITU T.81, table B.1).
_SEGMENTS = {0xC4, 0xCC, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)}
_MAX_SCANS = 32  # libjpeg's progressive script has 10; each is a pass over the whole image
_Name = Annotated[str, Field(min_length=1, max_length=200)]
_Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_Pixel = Annotated[float, Field(ge=-1e5, le=1e5, allow_inf_nan=False)]


class TrackedFrame(NamedTuple):
    """A frame with its poses."""

    frame: Frame
    poses: Poses
    network_ms: float
    track_ms: float  # time of the whole tracker
    searching: bool  # the detector ran
    angles: NDArray[np.float64]  # `(N, J)` in degrees, see `blazetrack.angles`


def encode(message: Mapping[str, Any]) -> str:
    """JSON text of a message."""
    return json.dumps(message, separators=(",", ":"), allow_nan=False)


def frame_message(tracked: TrackedFrame, number: int) -> dict[str, Any]:
    """Message of type `frame`; masks are reduced to `MASK_SIDE_PX`."""
    poses = tracked.poses
    if poses.masks is not None:
        step = -(-max(poses.masks.shape[1:]) // MASK_SIDE_PX)
        poses = replace(poses, masks=poses.masks[:, ::step, ::step])
    angles = np.round(tracked.angles, 1).tolist()
    return {
        "type": "frame",
        "number": number,
        "network_ms": round(tracked.network_ms, 3),
        "track_ms": round(tracked.track_ms, 3),
        "searching": tracked.searching,
        "angles": [[one if math.isfinite(one) else None for one in row] for row in angles],
        "calibrated": poses.calibrated,
        "record": to_record(replace(tracked.frame, file=""), poses),
    }


def pack_frame(tracked: TrackedFrame, number: int) -> bytes:
    """Binary message of a frame and its image, scaled down to `MAX_WIDTH_PX`."""
    image = tracked.frame.image
    scale = MAX_WIDTH_PX / max(image.shape[:2])
    if scale < 1:
        size = [max(1, round(scale * side)) for side in (tracked.frame.width, tracked.frame.height)]
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    text = encode(frame_message(tracked, number)).encode()
    return struct.pack("<I", len(text)) + text + bytes(jpeg)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Set(_Strict):
    """Change the options that are not None."""

    type: Literal["set"]
    source: _Name | None = None
    model: _Name | None = None
    graph: _Name | None = None
    people: Annotated[int, Field(ge=1, le=20)] | None = None
    smoothing: _Share | None = None
    masks: bool | None = None
    min_detection: _Share | None = None
    min_tracking: _Share | None = None
    paused: bool | None = None


class Follow(_Strict):
    """Follow the person at this point in image pixels; None follows all people."""

    type: Literal["follow"]
    at: tuple[_Pixel, _Pixel] | None


class Record(_Strict):
    """Start or stop a recording."""

    type: Literal["record"]
    on: bool


class Begin(_Strict):
    """Announce the first image of another film, picture or camera of the browser."""

    type: Literal["begin"]
    still: bool  # each image is a picture on its own


class Shown(_Strict):
    """Confirm that an image is on the screen: the next one may be sent."""

    type: Literal["shown"]
    number: Annotated[int, Field(ge=0, lt=2**32)]


Message = Set | Follow | Record | Begin | Shown
_MESSAGES: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="type")])


class EncodedImage(NamedTuple):
    """JPEG image of a browser camera whose size is within the limits."""

    number: int
    time_ms: float
    jpeg: bytes

    def decode(self) -> NDArray[np.uint8]:
        """Decode to `(H, W, 3)` uint8 RGB; `InputError` if the JPEG is corrupt."""
        flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
        try:
            bgr = cv2.imdecode(np.frombuffer(self.jpeg, np.uint8), flags)
        except cv2.error:
            bgr = None
        if bgr is None:
            raise InputError("image: the JPEG cannot be decoded")
        rgb: NDArray[np.uint8] = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
        return rgb


def parse_message(text: str, limits: Limits) -> Message:
    """Parse a JSON message; `InputError` if it is malformed."""
    if len(text) > limits.text_bytes:
        raise InputError(f"message: expected up to {limits.text_bytes} characters, got {len(text)}")
    try:
        return _MESSAGES.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"message: {where + ': ' if where else ''}{first['msg']}") from None


def parse_image(data: bytes, limits: Limits) -> EncodedImage:
    """Parse a binary message and check the image size; `InputError` if it is malformed."""
    if len(data) <= _HEADER.size:
        raise InputError(f"image: expected more than {_HEADER.size} bytes, got {len(data)}")
    if len(data) > limits.message_bytes:
        raise InputError(f"image: expected up to {limits.message_bytes} bytes, got {len(data)}")
    number, time_ms = _HEADER.unpack_from(data)
    if not math.isfinite(time_ms) or not 0 <= time_ms < 1e13:
        raise InputError("image: expected a time in milliseconds, got something else")
    jpeg = data[_HEADER.size :]
    width, height = jpeg_size(jpeg)
    if not 16 <= min(width, height) <= max(width, height) <= limits.side_px:
        raise InputError(
            f"image: expected 16 to {limits.side_px} pixels a side, got {width}x{height}"
        )
    return EncodedImage(number, time_ms, jpeg)


def jpeg_size(jpeg: bytes) -> tuple[int, int]:
    """Width and height from the header of a JPEG, so that no image decodes to gigabytes.

    Decoders skip malformed segments. A file that a decoder may read in another way than this
    function is refused with `InputError`, so that the checked size is the decoded size.
    """
    if jpeg[:2] != b"\xff\xd8" or jpeg[-2:] != b"\xff\xd9":
        raise InputError("image: expected a complete JPEG, got something else")
    if jpeg.count(b"\xff\xda") > _MAX_SCANS:
        raise InputError(f"image: expected up to {_MAX_SCANS} scans, got more")
    offset = 2
    while offset + 9 <= len(jpeg) and jpeg[offset] == 0xFF:
        kind, size = jpeg[offset + 1], int.from_bytes(jpeg[offset + 2 : offset + 4], "big")
        # Frame headers: C4, C8 and CC of the same row are something else.
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", jpeg, offset + 5)
            return width, height
        if kind not in _SEGMENTS or size < 2:
            break
        offset += 2 + size
    raise InputError("image: expected a JPEG with its size in front, got something else")
