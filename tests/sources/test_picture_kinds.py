"""Kinds of picture files by their content."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from blazetrack.sources import open_source
from blazetrack.sources.picture_kinds import HEAD_BYTES, MANY, count_pictures, is_heif, is_picture

IMAGE = np.full((12, 10, 3), 120, np.uint8)
ENDINGS = [".jpg", ".png", ".webp", ".tiff", ".bmp", ".jp2", ".ppm", ".pgm"]


def encoded(ending: str) -> bytes:
    image = IMAGE if ending != ".pgm" else IMAGE[..., 0]
    if ending == ".jp2":
        image = np.full((64, 64, 3), 120, np.uint8)
    return bytes(cv2.imencode(ending, image)[1])


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", ["noext", "photo.download", "film.mp4"])
def test_open_source_picture_of_another_name_is_a_picture(
    tmp_path: Path, ending: str, name: str
) -> None:
    (tmp_path / name).write_bytes(encoded(ending))
    with open_source(tmp_path / name) as source:
        assert source.info.kind == "stills"
        (frame,) = source
    assert frame.image.ndim == 3


@pytest.mark.parametrize("ending", ENDINGS)
def test_count_pictures_of_one_is_one(ending: str) -> None:
    data = encoded(ending)
    assert is_picture(data[:HEAD_BYTES])
    assert count_pictures(data) == 1


@pytest.mark.parametrize("head", [b"", b"\0\0\0\x20ftypisom", b"\x1aE\xdf\xa3", b"GIF89a", b"BM\1"])
def test_is_picture_other_head_is_false(head: bytes) -> None:
    assert not is_picture(head + b"\xff" * HEAD_BYTES)


@pytest.mark.parametrize(
    ("brand", "expected"), [(b"heic", True), (b"avif", True), (b"avis", False), (b"isom", False)]
)
def test_is_heif_by_brand(brand: bytes, expected: bool) -> None:
    assert is_heif(b"\0\0\0\x18ftyp" + brand + bytes(4)) is expected


def animated(ending: str) -> bytes:
    images = [np.full((12, 10, 3), 60 * i, np.uint8) for i in range(3)]
    if ending == ".tiff":
        return bytes(cv2.imencodemulti(ending, images)[1])
    data = encoded(ending)
    if ending == ".png":  # an animation control chunk behind the header
        return data[:33] + struct.pack(">I4sIII", 8, b"acTL", 3, 0, 0) + data[33:]
    frames = b"ANMF" * 3
    return b"RIFF" + bytes(4) + b"WEBPVP8X" + struct.pack("<IB", 10, 2) + bytes(9) + frames


@pytest.mark.parametrize(("ending", "count"), [(".png", 3), (".webp", 3), (".tiff", MANY)])
def test_count_pictures_of_several(ending: str, count: int) -> None:
    assert count_pictures(animated(ending)) == count


@pytest.mark.parametrize("end", range(0, 60, 7))
def test_count_pictures_of_cut_file_is_no_error(end: int) -> None:
    for ending in (".png", ".webp", ".tiff"):
        assert count_pictures(animated(ending)[:end]) >= 0


def test_open_source_picture_of_several_says_so(tmp_path: Path) -> None:
    (tmp_path / "pages.tiff").write_bytes(animated(".tiff"))
    source = open_source(tmp_path / "pages.tiff")
    assert len(list(source)) == 1
    assert source.warnings[0].endswith("holds several pictures; only the first is read")
