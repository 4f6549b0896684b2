"""Damage that is concealed in a decoded picture."""

from __future__ import annotations

import pytest

from blazetrack.sources.picture_damage import damage

SURPLUS = "Corrupt JPEG data: 20 extraneous bytes before marker 0xd9"


@pytest.mark.parametrize(
    ("line", "before_end", "expected"),
    [
        ("Corrupt JPEG data: bad Huffman code", b"", "bad Huffman code"),
        ("Corrupt JPEG data: premature end of data segment", b"", "premature end of data segment"),
        ("Premature end of JPEG file", b"", "Premature end of JPEG file"),
        (SURPLUS, bytes(20), ""),
        (SURPLUS, b"\x1b" * 20, "20 extraneous bytes before marker 0xd9"),
        ("libpng warning: iCCP: known incorrect sRGB profile", b"", ""),
    ],
)
def test_damage_of_a_message(line: str, before_end: bytes, expected: str) -> None:
    assert damage([line], b"\xff\xd8\x12" + before_end + b"\xff\xd9") == expected
