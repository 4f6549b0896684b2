"""HEIF pictures: whole, cropped and upright, or refused."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path

import av
import numpy as np
import pytest

from blazetrack.errors import SourceError
from blazetrack.sources import open_source
from blazetrack.sources.heif import read_heif
from tests.sources.heif_file import ENCODER, box, heif

pytestmark = pytest.mark.skipif(
    ENCODER not in av.codecs_available, reason=f"PyAV has no encoder {ENCODER}"
)

SIDE = 64
COLOURS = [
    (200, 30, 30),
    (30, 200, 30),
    (30, 30, 200),
    (200, 200, 30),
    (30, 200, 200),
    (90, 90, 90),
]


def tiles(count: int) -> list[np.ndarray]:
    return [np.full((SIDE, SIDE, 3), COLOURS[i], np.uint8) for i in range(count)]


def whole(rows: int, columns: int) -> np.ndarray:
    parts = tiles(rows * columns)
    return np.vstack([np.hstack(parts[r * columns : (r + 1) * columns]) for r in range(rows)])


def assert_near(image: np.ndarray, expected: np.ndarray) -> None:
    assert image.shape == expected.shape
    assert np.abs(image.astype(int) - expected).max() < 12


@pytest.mark.parametrize("grid", [(2, 3), (3, 2), (1, 2), (1, 1)])
def test_read_heif_grid_is_the_whole_picture(tmp_path: Path, grid: tuple[int, int]) -> None:
    path = tmp_path / "phone.heic"
    path.write_bytes(heif(tiles(grid[0] * grid[1]), grid=grid))
    (frame,) = open_source(path)
    assert_near(frame.image, whole(*grid))
    assert frame.image.flags.c_contiguous


def test_read_heif_grid_with_smaller_size_is_cropped() -> None:
    image = read_heif(heif(tiles(6), grid=(2, 3), size=(150, 101)), "a")
    assert_near(image, whole(2, 3)[:101, :150])


def test_read_heif_single_picture_is_without_padding_of_the_codec() -> None:
    assert_near(read_heif(heif(tiles(1), size=(29, 50)), "a"), tiles(1)[0][:50, :29])


@pytest.mark.parametrize("turns", range(4))
def test_read_heif_rotation_is_applied(turns: int) -> None:
    data = heif(tiles(6), grid=(2, 3), turn=[box(b"irot", bytes([turns]))])
    assert_near(read_heif(data, "a"), np.rot90(whole(2, 3), turns))


@pytest.mark.parametrize("axis", [0, 1])
def test_read_heif_mirror_is_applied_after_rotation(axis: int) -> None:
    turn = [box(b"irot", b"\1"), box(b"imir", bytes([axis]))]
    turned = np.rot90(whole(2, 3))
    expected = turned[:, ::-1] if axis else turned[::-1]
    assert_near(read_heif(heif(tiles(6), grid=(2, 3), turn=turn), "a"), expected)


def test_read_heif_clean_aperture_is_cropped() -> None:
    centre = struct.pack(">IIIIiIiI", 32, 1, 16, 1, -16, 1, -24, 1)
    image = read_heif(heif(tiles(2), grid=(1, 2), turn=[box(b"clap", centre)]), "a")
    assert_near(image, whole(1, 2)[0:16, 32:64])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"grid": (3, 3)}, "gives none"),
        ({"grid": (2, 3), "size": (400, 100)}, "do not cover 400×100 pixels"),
        ({"grid": (2, 3), "kind": b"iovl"}, "no decoder for an item of the kind 'iovl'"),
    ],
)
def test_read_heif_incomplete_grid_is_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(SourceError, match=words) as caught:
        read_heif(heif(tiles(6), **options), "phone.heic")  # type: ignore[arg-type]
    assert str(caught.value).startswith("phone.heic: ")
    assert "\n" not in str(caught.value)


def test_read_heif_cut_at_any_place_is_refused_or_whole() -> None:
    data, expected = heif(tiles(6), grid=(2, 3)), whole(2, 3)
    for end in range(12, len(data), 61):
        with pytest.raises(SourceError):
            read_heif(data[:end], "cut.heic")
    assert_near(read_heif(data, "a"), expected)


def test_read_heif_changed_byte_raises_nothing_else() -> None:
    data, rng = heif(tiles(2), grid=(1, 2)), np.random.default_rng(0)
    for _ in range(150):
        changed = bytearray(data)
        changed[rng.integers(12, 900)] = rng.integers(256)
        with suppress(SourceError):
            read_heif(bytes(changed), "changed.heic")
