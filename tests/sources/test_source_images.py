"""Pictures and folders of pictures."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from blazetrack.errors import SourceError
from blazetrack.sources.images import ImageSource, read_picture

RED_BGR, RED_RGB = (0, 0, 255), [255, 0, 0]


def save(path: Path, image: np.ndarray) -> Path:
    assert cv2.imwrite(str(path), image)
    return path


def test_a_picture_is_rgb(tmp_path: Path) -> None:
    path = save(tmp_path / "red.png", np.full((4, 5, 3), RED_BGR, np.uint8))
    (frame,) = ImageSource(path)
    assert frame.image.shape == (4, 5, 3)
    assert frame.image[2, 2].tolist() == RED_RGB
    assert frame.time_s == 0.0


def test_image_source_iterated_again_gives_the_picture_of_the_file(tmp_path: Path) -> None:
    source = ImageSource(save(tmp_path / "red.png", np.full((4, 5, 3), RED_BGR, np.uint8)))
    for frame in source:
        frame.image[:] = 7
    (again,) = source
    assert (again.image == RED_RGB).all()


def test_grey_becomes_three_channels(tmp_path: Path) -> None:
    image = read_picture(save(tmp_path / "grey.png", np.full((4, 5), 77, np.uint8)))
    assert image.shape == (4, 5, 3)
    assert (image == 77).all()


def test_alpha_is_dropped(tmp_path: Path) -> None:
    rgba = np.zeros((4, 5, 4), np.uint8)
    rgba[..., 2] = 255
    rgba[:2, :, 3] = 255
    assert (read_picture(save(tmp_path / "rgba.png", rgba)) == RED_RGB).all()


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    image = read_picture(save(tmp_path / "deep.png", np.full((4, 5), 40_000, np.uint16)))
    assert (image == 40_000 // 256).all()


@pytest.mark.parametrize("ending", [".png", ".tiff"])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_read_picture_lower_bits_of_sixteen_fill_eight(
    tmp_path: Path, bits: int, ending: str
) -> None:
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(np.uint16)
    path = tmp_path / f"a{ending}"
    cv2.imwrite(str(path), image[..., ::-1] << (bits - 8))
    assert np.abs(read_picture(path).astype(int) - image).max() <= 1


def test_read_picture_black_of_sixteen_bits_is_black(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((4, 5, 3), np.uint16))
    assert not read_picture(tmp_path / "a.png").any()


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_read_picture_float_numbers_are_refused_in_one_line(tmp_path: Path, kind: str) -> None:
    cv2.imwrite(str(tmp_path / "a.tiff"), np.full((4, 5, 3), 0.5, kind))
    with pytest.raises(SourceError, match=f"8 or 16 bits per channel, got {kind}; convert it"):
        read_picture(tmp_path / "a.tiff")


@pytest.mark.parametrize("size", [(1, 1), (10, 10_000), (10_000, 10)])
def test_odd_sizes_are_read(tmp_path: Path, size: tuple[int, int]) -> None:
    source = ImageSource(save(tmp_path / "odd.png", np.zeros((*size, 3), np.uint8)))
    assert (source.info.height, source.info.width) == size
    assert [frame.image.shape for frame in source] == [(*size, 3)]


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    wide = np.zeros((16, 32, 3), np.uint8)
    wide[:, :16] = 255  # the left half is white
    jpeg = cv2.imencode(".jpg", wide)[1].tobytes()
    # One EXIF entry: tag 0x0112 (orientation), type short, 6 = turn a quarter clockwise.
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)
    tiff = b"MM\0*" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)
    body = b"Exif\0\0" + tiff
    path = tmp_path / "turned.jpg"
    path.write_bytes(jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:])
    image = read_picture(path)
    assert image.shape == (32, 16, 3)
    assert image[4].mean() > 200 > 50 > image[28].mean()


def test_folder_with_films_and_folders_names_what_it_leaves_out(tmp_path: Path) -> None:
    save(tmp_path / "a.png", np.zeros((2, 2), np.uint8))
    (tmp_path / "b.mp4").write_text("a film")
    (tmp_path / "c").mkdir()
    for number in range(9):
        (tmp_path / f"notes{number}.txt").write_text("text")
    source = ImageSource(tmp_path)
    assert len(list(source)) == 1
    (line,) = source.warnings
    assert line.endswith(
        "left out b.mp4, c/, notes0.txt, notes1.txt, notes2.txt, notes3.txt and 5 more"
    )


@pytest.mark.parametrize("part", [0.3, 0.5, 0.8])
def test_damaged_jpeg_is_refused_without_words_of_the_library(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], part: float
) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (120, 160, 3)).astype(np.uint8)
    path = save(tmp_path / "hole.jpg", noise)
    data = bytearray(path.read_bytes())
    start = round(len(data) * part)
    data[start : start + 400] = bytes(400)
    path.write_bytes(data)
    with pytest.raises(
        SourceError, match=r"hole\.jpg: expected a whole picture, got a damaged one"
    ):
        read_picture(path)
    assert capfd.readouterr().err == ""


def test_png_with_a_changed_bit_is_refused_without_words_of_the_library(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (40, 50, 3)).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "bit.png"), noise)
    data = bytearray((tmp_path / "bit.png").read_bytes())
    data[len(data) // 2] ^= 16
    (tmp_path / "bit.png").write_bytes(data)
    with pytest.raises(SourceError, match=r"bit\.png: expected a"):
        read_picture(tmp_path / "bit.png")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("padding", [b"\0" * 20, b"\xff\xff\xff"])
def test_jpeg_with_padding_of_a_camera_is_whole(tmp_path: Path, padding: bytes) -> None:
    path = save(tmp_path / "padded.jpg", np.full((16, 16, 3), 90, np.uint8))
    data = path.read_bytes()
    path.write_bytes(data[:-2] + padding + data[-2:] + padding)
    assert read_picture(path).shape == (16, 16, 3)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "got an empty file"),
        (b"hello, I am a text", "cannot be decoded"),
        (b"\x89PNG\r\n\x1a\n", "cannot be decoded"),
    ],
)
def test_read_picture_other_file_is_one_line(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "bad.png"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=words) as caught:
        ImageSource(path)
    assert "\n" not in str(caught.value)


def test_a_folder_is_in_natural_order(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        save(tmp_path / f"p{number}.png", np.full((2, 2), number, np.uint8))
    source = ImageSource(tmp_path)
    assert source.info.frames == 3
    frames = list(source)
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [1, 2, 10]
    assert [frame.time_s for frame in frames] == [0.0, 1 / 30, 2 / 30]


def test_unreadable_pictures_are_skipped_and_named(tmp_path: Path) -> None:
    save(tmp_path / "a.png", np.zeros((2, 2), np.uint8))
    (tmp_path / "b.png").write_text("no picture")
    save(tmp_path / "c.png", np.zeros((2, 2), np.uint8))
    (tmp_path / "notes.txt").write_text("no picture and not meant to be")
    (tmp_path / "._a.png").write_text("a hidden companion")
    source = ImageSource(tmp_path)
    for _ in range(2):  # the second pass counts anew
        assert [frame.index for frame in source] == [0, 1]
        assert source.skipped == 1
        assert len(source.warnings) == 2
        assert source.warnings[0].endswith("left out notes.txt")
        assert "b.png" in source.warnings[1]


def test_a_folder_of_broken_pictures_is_an_error(tmp_path: Path) -> None:
    for name in ("a.png", "b.jpg"):
        (tmp_path / name).write_text("no picture")
    with pytest.raises(SourceError, match="none of 2 pictures can be read"):
        list(ImageSource(tmp_path))


def test_a_folder_without_pictures_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(SourceError, match="expected pictures in this folder, got none"):
        ImageSource(tmp_path)
