"""Annotated images as WebP files end to end, small enough to be carried to another machine.

A folder with `pictures.bin`, `starts.npy` (its offsets) and `labels`, a pack of the same images
with one pixel each. Labels are rounded to 1/64 pixel, 1 mm and 1/256, which halves their deflated
size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import InputError
from models.data.annotated import PEOPLE, AnnotatedImage
from models.data.lazy_sequence import LazySequence
from models.data.pack import open_pack, pack

__all__ = ["EncodedImages", "encode_picture", "rounded", "shrunk", "write_encoded"]

STEPS = {"world_m": 1e-3, "visibility": 1 / 256, "weights": 1 / 256}
PIXEL_STEP = 1 / 64


class EncodedImages(LazySequence[AnnotatedImage]):
    """The images of a folder that `write_encoded` wrote; a picture is decoded on access.

    Raises:
        InputError: the folder is incomplete or damaged.
    """

    def __init__(self, place: Path) -> None:
        self.place, self._labels = place, open_pack(place / "labels")
        try:
            self._starts = np.load(place / "starts.npy", allow_pickle=False)
            self._pictures = np.memmap(place / "pictures.bin", np.uint8, "r")
        except (OSError, ValueError) as error:
            raise InputError(f"pack: {place.name} is damaged: {error}") from error
        if len(self._starts) != len(self) + 1 or self._starts[-1] != len(self._pictures):
            raise InputError(f"pack: {place.name} is damaged: pictures and labels do not match")

    def __len__(self) -> int:
        return len(self._labels)

    def row(self, index: int) -> AnnotatedImage:
        index = range(len(self))[index]
        data = np.asarray(self._pictures[self._starts[index] : self._starts[index + 1]])
        bgr = cv2.imdecode(data, cv2.IMREAD_COLOR)
        if bgr is None:
            raise InputError(f"pack: {self.place.name} is damaged: picture {index}")
        return replace(
            self._labels[index], image=np.asarray(np.ascontiguousarray(bgr[..., ::-1]), np.uint8)
        )


def encode_picture(image: NDArray[np.uint8], quality: int) -> bytes:
    """A picture `(H, W, 3)`, RGB, as WebP: a third smaller than a JPEG that looks the same."""
    bgr = np.ascontiguousarray(image[..., ::-1])
    _, data = cv2.imencode(".webp", bgr, [cv2.IMWRITE_WEBP_QUALITY, quality])
    return bytes(data)


def write_encoded(images: Iterable[AnnotatedImage], place: Path, quality: int, total: int) -> None:
    """Write images of one skeleton into a new folder, with a progress bar.

    Args:
        images: any number above 0.
        place: the folder.
        quality: of the WebP files, 1 to 100.
        total: number of images.
    """
    place.mkdir(parents=True)
    starts = [0]

    def labels() -> Iterator[AnnotatedImage]:
        for image in images:
            starts.append(starts[-1] + file.write(encode_picture(image.image, quality)))
            yield replace(rounded(image), image=image.image[:1, :1])

    with (place / "pictures.bin").open("wb") as file:
        packed = pack(labels(), place, {"set": place.name}, total=total)
    packed.place.rename(place / "labels")
    np.save(place / "starts.npy", np.array(starts, np.int64))


def rounded(image: AnnotatedImage) -> AnnotatedImage:
    """The same image with float32 labels of limited precision."""
    labels: dict[str, Any] = {}
    for name in (*PEOPLE, "ignore_px"):
        step = STEPS.get(name, PIXEL_STEP)
        labels[name] = (np.round(getattr(image, name) / step) * step).astype(np.float32)
    return replace(image, **labels)


def shrunk(image: AnnotatedImage, max_px: int) -> AnnotatedImage:
    """A whole picture whose longer side is at most `max_px`; small ones stay as they are."""
    height, width = image.image.shape[:2]
    scale = max_px / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    picture = np.asarray(cv2.resize(image.image, size, interpolation=cv2.INTER_AREA), np.uint8)
    offset = 0.5 * scale - 0.5  # pixel centres are at whole numbers
    return image.transformed(picture, np.array([[scale, 0, offset], [0, scale, offset]]))
