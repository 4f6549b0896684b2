"""Messages of a page, valid and malformed, and the frames sent to it."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazetrack.errors import InputError
from blazetrack.types import Frame, Poses
from blazetrack.web.access import Limits
from blazetrack.web.protocol import (
    MAX_WIDTH_PX,
    Follow,
    Record,
    Set,
    Shown,
    TrackedFrame,
    jpeg_size,
    pack_frame,
    parse_image,
    parse_message,
)
from tests.web.frame_parts import header_of, image_of

LIMITS = Limits()
NOISE = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)


def jpeg(image: np.ndarray = NOISE, **flags: int) -> bytes:
    options = [number for name, value in flags.items() for number in (getattr(cv2, name), value)]
    return bytes(cv2.imencode(".jpg", image, options)[1])


PLAIN = jpeg()
PROGRESSIVE = jpeg(IMWRITE_JPEG_PROGRESSIVE=1)
FRAME = PLAIN.index(b"\xff\xc0")  # where the frame header is


def message(coded: bytes, number: int = 1, time_ms: float = 0.0) -> bytes:
    return struct.pack("<Id", number, time_ms) + coded


def resized(coded: bytes, width: int, height: int) -> bytes:
    """A JPEG whose header claims another size."""
    return coded[: FRAME + 5] + struct.pack(">HH", height, width) + coded[FRAME + 9 :]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"type":"set"}', Set(type="set")),
        ('{"type":"set","people":4,"paused":true}', Set(type="set", people=4, paused=True)),
        ('{"type":"follow","at":[1,2.5]}', Follow(type="follow", at=(1, 2.5))),
        ('{"type":"follow","at":null}', Follow(type="follow", at=None)),
        ('{"type":"record","on":false}', Record(type="record", on=False)),
        ('{"type":"shown","number":4294967295}', Shown(type="shown", number=2**32 - 1)),
    ],
)
def test_parse_message_valid(text: str, expected: object) -> None:
    assert parse_message(text, LIMITS) == expected


WRONG = [
    "",
    "null",
    "[]",
    "{",
    '"set"',
    "{}",
    '{"type":1}',
    '{"type":"sets"}',
    '{"type":"set","people":"4"}',
    '{"type":"set","people":4.5}',
    '{"type":"set","people":0}',
    '{"type":"set","people":1e99}',
    '{"type":"set","people":' + "9" * 3000 + "}",
    '{"type":"set","smoothing":true}',
    '{"type":"set","smoothing":1.1}',
    '{"type":"set","min_detection":-0.1}',
    '{"type":"set","min_tracking":"high"}',
    '{"type":"set","masks":1}',
    '{"type":"begin"}',
    '{"type":"set","source":""}',
    '{"type":"set","source":"' + "x" * 201 + '"}',
    '{"type":"set","source":"\\ud800"}',
    '{"type":"set","path":"/etc/passwd"}',
    '{"type":"set","__proto__":{}}',
    '{"type":"follow"}',
    '{"type":"follow","at":[1]}',
    '{"type":"follow","at":[1,2,3]}',
    '{"type":"follow","at":[1,NaN]}',
    '{"type":"follow","at":[1,Infinity]}',
    '{"type":"follow","at":[1,1e300]}',
    '{"type":"record"}',
    '{"type":"record","on":"yes"}',
    '{"type":"shown","number":-1}',
    '{"type":"shown","number":4294967296}',
    '{"type":"shown","number":true}',
    "[" * 4000,
    '{"type":' * 500,
    " " * 4097,
    "\x00",
]


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
def test_parse_message_malformed_is_one_line(text: str) -> None:
    with pytest.raises(InputError, match=r"^message: ") as error:
        parse_message(text, LIMITS)
    assert "\n" not in str(error.value)
    str(error.value).encode()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
_ALMOST_VALID = st.fixed_dictionaries(
    {"type": st.sampled_from(["set", "follow", "record", "begin", "shown"]) | _JSON},
    optional=dict.fromkeys(
        ("source", "model", "graph", "people", "smoothing", "masks", "still", "at", "on", "number"),
        _JSON,
    ),
)


@given(st.text() | _JSON.map(json.dumps) | _ALMOST_VALID.map(json.dumps))
def test_parse_message_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        found = parse_message(text, LIMITS)
    except InputError as error:
        str(error).encode()
    else:
        assert isinstance(found, Set | Follow | Record | Shown)


@pytest.mark.parametrize("coded", [PLAIN, PROGRESSIVE], ids=["plain", "progressive"])
def test_parse_image_decodes_to_rgb(coded: bytes) -> None:
    image = parse_image(message(coded, 7, 12.5), LIMITS)
    assert (image.number, image.time_ms) == (7, 12.5)
    decoded = image.decode()
    assert decoded.shape == (48, 64, 3)
    assert np.array_equal(decoded[..., ::-1], cv2.imdecode(np.frombuffer(coded, np.uint8), 1))


def test_decode_grey_image_has_three_channels() -> None:
    assert parse_image(message(jpeg(NOISE[..., 0])), LIMITS).decode().shape == (48, 64, 3)


def test_decode_ignores_exif_orientation() -> None:
    turned = (
        b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    )
    image = parse_image(message(PLAIN[:2] + turned + PLAIN[2:]), LIMITS)
    assert image.decode().shape == (48, 64, 3)


@pytest.mark.parametrize("time_ms", [-1.0, 1e14, float("nan"), float("inf"), float("-inf")])
def test_parse_image_invalid_time_raises(time_ms: float) -> None:
    with pytest.raises(InputError, match="a time in milliseconds"):
        parse_image(message(PLAIN, time_ms=time_ms), LIMITS)


@pytest.mark.parametrize(
    ("width", "height"), [(60000, 60000), (65535, 16), (16, 1921), (15, 48), (0, 0), (64, 0)]
)
def test_parse_image_too_many_pixels_raises(width: int, height: int) -> None:
    with pytest.raises(InputError, match="pixels a side"):
        parse_image(message(resized(PLAIN, width, height)), LIMITS)


def _behind(front: bytes) -> bytes:
    """The header of a small image behind that of a large one, which hides behind `front`.

    A parser that takes the two bytes after `front` for a length finds the small one.
    """
    large = resized(PLAIN, 6000, 6000)[2:]
    skipped = int.from_bytes((front + large)[2:4], "big")
    filled = (front + large).ljust(2 + skipped, b"\0")[: 2 + skipped]
    return b"\xff\xd8" + filled + PLAIN[FRAME:]


@pytest.mark.parametrize("kind", [0x01, 0xD0, 0xD7, 0xFF, 0xD8, 0xD9, 0xDA, 0xDC, 0x00, 0xC8])
def test_jpeg_size_hidden_second_header_raises(kind: int) -> None:
    with pytest.raises(InputError, match="with its size in front"):
        jpeg_size(_behind(bytes([0xFF, kind])))


@pytest.mark.parametrize(
    ("coded", "text"),
    [
        (b"", "more than 12 bytes"),
        (b"x", "complete JPEG"),
        (b"\xff\xd8", "complete JPEG"),
        (b"\xff\xd8\xff\xd9", "size in front"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "complete JPEG"),
        (PLAIN[:-2], "complete JPEG"),
        (PLAIN + b"\0" * 10, "complete JPEG"),
        (PLAIN[:FRAME] + b"\xff\xe0\x00\x01" + PLAIN[FRAME:], "size in front"),
        (PLAIN[:-2] + b"\xff\xda" * 40 + PLAIN[-2:], "scans"),
        (b"\xff\xd8" + b"\0" * LIMITS.message_bytes + b"\xff\xd9", "bytes"),
    ],
    ids=["nothing", "letter", "cut", "empty", "png", "tail", "more", "step", "scans", "long"],
)
def test_parse_image_no_plain_jpeg_raises(coded: bytes, text: str) -> None:
    with pytest.raises(InputError, match=text):
        parse_image(message(coded), LIMITS)


def check_size(coded: bytes) -> None:
    """Check that an image is refused or decodes to the size in its header."""
    try:
        image = parse_image(message(coded), LIMITS)
        decoded = image.decode()
    except InputError:
        return
    width, height = jpeg_size(coded)
    assert decoded.shape == (height, width, 3)


@given(st.binary(max_size=200))
def test_parse_image_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    check_size(data)
    try:
        parse_image(data, LIMITS).decode()
    except InputError:
        return


@given(st.sampled_from([PLAIN, PROGRESSIVE]), st.integers(0, 3000), st.booleans())
def test_parse_image_truncated_is_parsed_or_refused(coded: bytes, at: int, ended: bool) -> None:
    check_size(coded[:at] + b"\xff\xd9" * ended)


def _flipped(flips: list[tuple[int, int]]) -> Callable[[bytes], bytes]:
    def flip(coded: bytes) -> bytes:
        changed = bytearray(coded)
        for place, value in flips:
            changed[place % len(changed)] = value
        return bytes(changed)

    return flip


_FLIPS = st.lists(st.tuples(st.integers(0, 900), st.integers(0, 255)), min_size=1, max_size=6)


@given(st.sampled_from([PLAIN, PROGRESSIVE]), _FLIPS.map(_flipped))
def test_parse_image_corrupt_is_parsed_or_refused(
    coded: bytes, flip: Callable[[bytes], bytes]
) -> None:
    check_size(flip(coded))


@pytest.mark.parametrize(
    ("width", "height"), [(320, 240), (4000, 3000), (4000, 1), (1, 4000), (16, 1920), (1, 1)]
)
def test_pack_frame_scales_any_shape_down(width: int, height: int) -> None:
    frame = Frame(np.zeros((height, width, 3), np.uint8), 3, 0.1)
    packed = pack_frame(TrackedFrame(frame, Poses.empty(33), 1.0, 2.0, True, np.empty((0, 8))), 7)
    header, image = header_of(packed), image_of(packed)
    assert (header["number"], header["searching"]) == (7, True)
    assert (header["record"]["width"], header["record"]["height"]) == (width, height)
    assert max(image.shape) <= MAX_WIDTH_PX
    assert image.shape[0] == max(1, round(height * min(1, MAX_WIDTH_PX / max(width, height))))
