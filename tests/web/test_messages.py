"""What a page says is checked before it is used, whatever the bytes."""

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
from blazetrack.web.limits import Limits
from blazetrack.web.messages import (
    Follow,
    Record,
    Set,
    Shown,
    jpeg_size,
    parse_picture,
    parse_text,
)

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
    """A JPEG that claims to be of another size."""
    return coded[: FRAME + 5] + struct.pack(">HH", height, width) + coded[FRAME + 9 :]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"type":"set"}', Set(type="set")),
        ('{"type":"set","people":4,"paused":true}', Set(type="set", people=4, paused=True)),
        ('{"type":"follow","at":[1,2.5]}', Follow(type="follow", at=[1, 2.5])),
        ('{"type":"follow","at":null}', Follow(type="follow", at=None)),
        ('{"type":"record","on":false}', Record(type="record", on=False)),
        ('{"type":"shown","number":4294967295}', Shown(type="shown", number=2**32 - 1)),
    ],
)
def test_what_a_page_says_is_understood(text: str, expected: object) -> None:
    assert parse_text(text, LIMITS) == expected


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
    '{"type":"set","smoothing":1}',
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
def test_what_it_must_not_say_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError, match=r"^message: ") as error:
        parse_text(text, LIMITS)
    assert "\n" not in str(error.value)
    str(error.value).encode()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
_NEARLY = st.fixed_dictionaries(
    {"type": st.sampled_from(["set", "follow", "record", "shown"]) | _JSON},
    optional=dict.fromkeys(
        ("source", "model", "graph", "people", "smoothing", "at", "on", "number"), _JSON
    ),
)


@given(st.text() | _JSON.map(json.dumps) | _NEARLY.map(json.dumps))
def test_any_text_is_a_message_or_refused(text: str) -> None:
    try:
        found = parse_text(text, LIMITS)
    except InputError as error:
        str(error).encode()
    else:
        assert isinstance(found, Set | Follow | Record | Shown)


@pytest.mark.parametrize("coded", [PLAIN, PROGRESSIVE], ids=["plain", "progressive"])
def test_a_picture_comes_whole(coded: bytes) -> None:
    picture = parse_picture(message(coded, 7, 12.5), LIMITS)
    assert (picture.number, picture.time_ms) == (7, 12.5)
    decoded = picture.decode()
    assert decoded.shape == (48, 64, 3)
    assert np.array_equal(decoded[..., ::-1], cv2.imdecode(np.frombuffer(coded, np.uint8), 1))


def test_a_grey_picture_gets_three_channels() -> None:
    assert parse_picture(message(jpeg(NOISE[..., 0])), LIMITS).decode().shape == (48, 64, 3)


def test_a_phone_that_was_turned_does_not_swap_the_sides() -> None:
    turned = (
        b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    )
    picture = parse_picture(message(PLAIN[:2] + turned + PLAIN[2:]), LIMITS)
    assert picture.decode().shape == (48, 64, 3)


@pytest.mark.parametrize("time_ms", [-1.0, 1e14, float("nan"), float("inf"), float("-inf")])
def test_a_picture_has_a_time(time_ms: float) -> None:
    with pytest.raises(InputError, match="a time in milliseconds"):
        parse_picture(message(PLAIN, time_ms=time_ms), LIMITS)


@pytest.mark.parametrize(
    ("width", "height"), [(60000, 60000), (65535, 16), (16, 1921), (15, 48), (0, 0), (64, 0)]
)
def test_a_picture_that_unfolds_too_far_is_never_decoded(width: int, height: int) -> None:
    with pytest.raises(InputError, match="pixels a side"):
        parse_picture(message(resized(PLAIN, width, height)), LIMITS)


def _behind(front: bytes) -> bytes:
    """The head of a small picture behind that of a large one, which hides behind `front`.

    Whoever takes the two bytes after `front` for a length comes to the small one.
    """
    large = resized(PLAIN, 6000, 6000)[2:]
    skipped = int.from_bytes((front + large)[2:4], "big")
    filled = (front + large).ljust(2 + skipped, b"\0")[: 2 + skipped]
    return b"\xff\xd8" + filled + PLAIN[FRAME:]


@pytest.mark.parametrize("kind", [0x01, 0xD0, 0xD7, 0xFF, 0xD8, 0xD9, 0xDA, 0xDC, 0x00, 0xC8])
def test_no_marker_hides_a_large_picture_behind_a_small_one(kind: int) -> None:
    with pytest.raises(InputError, match="with its size in front"):
        jpeg_size(_behind(bytes([0xFF, kind])))


@pytest.mark.parametrize(
    ("coded", "says"),
    [
        (b"", "more than 12 bytes"),
        (b"x", "whole JPEG"),
        (b"\xff\xd8", "whole JPEG"),
        (b"\xff\xd8\xff\xd9", "size in front"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "whole JPEG"),
        (PLAIN[:-2], "whole JPEG"),
        (PLAIN + b"\0" * 10, "whole JPEG"),
        (PLAIN[:FRAME] + b"\xff\xe0\x00\x01" + PLAIN[FRAME:], "size in front"),
        (PLAIN[:-2] + b"\xff\xda" * 40 + PLAIN[-2:], "scans"),
        (b"\xff\xd8" + b"\0" * LIMITS.message_bytes + b"\xff\xd9", "bytes"),
    ],
    ids=["nothing", "letter", "cut", "empty", "png", "tail", "more", "step", "scans", "long"],
)
def test_what_is_no_plain_jpeg_is_refused(coded: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse_picture(message(coded), LIMITS)


def survives(coded: bytes) -> None:
    """It is refused, or decodes to what its head says."""
    try:
        picture = parse_picture(message(coded), LIMITS)
        decoded = picture.decode()
    except InputError:
        return
    width, height = jpeg_size(coded)
    assert decoded.shape == (height, width, 3)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_picture_or_refused(data: bytes) -> None:
    survives(data)
    try:
        parse_picture(data, LIMITS).decode()
    except InputError:
        return


@given(st.sampled_from([PLAIN, PROGRESSIVE]), st.integers(0, 3000), st.booleans())
def test_a_picture_cut_anywhere_is_handled(coded: bytes, at: int, ended: bool) -> None:
    survives(coded[:at] + b"\xff\xd9" * ended)


def _flipped(flips: list[tuple[int, int]]) -> Callable[[bytes], bytes]:
    def flip(coded: bytes) -> bytes:
        changed = bytearray(coded)
        for place, value in flips:
            changed[place % len(changed)] = value
        return bytes(changed)

    return flip


_FLIPS = st.lists(st.tuples(st.integers(0, 900), st.integers(0, 255)), min_size=1, max_size=6)


@given(st.sampled_from([PLAIN, PROGRESSIVE]), _FLIPS.map(_flipped))
def test_a_picture_with_wrong_bytes_is_handled(
    coded: bytes, flip: Callable[[bytes], bytes]
) -> None:
    survives(flip(coded))
