"""HEIF pictures, whole and upright: HEIC of phones, whose picture is a grid of tiles, and AVIF.

libav decodes the single items; which item is the picture, how tiles make it up, and how it is
cropped, rotated and mirrored is in the file's `meta` box (ISO/IEC 23008-12).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from typing import Any

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from blazetrack.errors import SourceError, reason
from blazetrack.sources.heif_items import Items, read_items

__all__ = ["read_heif"]

Image = NDArray[np.uint8]

_MAX_PIXELS = 2**28  # a file that states a larger picture is wrong
_MAX_DEPTH = 4  # of items made from items
_BT709 = 1  # AVCOL_SPC_BT709


def read_heif(data: bytes, name: str) -> Image:
    """Read the primary picture.

    Args:
        data: the file.
        name: names it in a message.

    Returns:
        `(H, W, 3)` uint8, RGB.

    Raises:
        SourceError: it is damaged, or made in a way that is not known here.
    """
    try:
        items = read_items(data)
        return _picture(items, items.primary, _decoded(data, items), 0)
    except (FFmpegError, OSError) as error:
        problem = reason(error)
    except (struct.error, IndexError, KeyError, ValueError, ArithmeticError) as error:
        problem = str(error) if isinstance(error, ValueError) else "its index is damaged"
    raise SourceError(
        f"{name}: expected a whole picture, got a HEIF file that gives none ({problem}); "
        "convert it to JPEG"
    )


def _decoded(data: bytes, items: Items) -> dict[int, Image]:
    """The coded items that make up the primary picture, by their id."""
    wanted, images = items.coded(items.primary, _MAX_DEPTH), {}
    with av.open(io.BytesIO(data), "r") as container:
        known: list[Any] = [s for s in container.streams.video if s.id in wanted]
        streams = [stream for stream in known if stream.codec_context is not None]
        for packet in container.demux(streams) if streams else ():
            stream: Any = packet.stream
            for frame in stream.decode(packet):
                matrix = "ITU709" if frame.colorspace == _BT709 else None
                images[stream.id] = frame.to_ndarray(format="rgb24", src_colorspace=matrix)
    return images


def _picture(items: Items, item: int, decoded: Mapping[int, Image], depth: int) -> Image:
    """An item, with its transformations applied."""
    kind, parts = items.kinds[item], items.parts.get(item, [])
    if depth > _MAX_DEPTH:
        raise ValueError("its pictures are made from each other")
    if item in items.cut:
        raise ValueError("it is truncated")
    if kind == b"grid":
        tiles = [_picture(items, part, decoded, depth + 1) for part in parts]
        image = _from_tiles(tiles, *items.grid(item))
    elif kind == b"iden" and len(parts) == 1:
        image = _picture(items, parts[0], decoded, depth + 1)
    elif item in decoded:
        image = decoded[item]
    else:
        raise ValueError(f"no decoder for an item of the kind '{kind.decode('latin-1').strip()}'")
    return _transformed(image, items.properties(item))


def _from_tiles(tiles: list[Image], rows: int, columns: int, width: int, height: int) -> Image:
    """Rows of equal tiles, cropped to the size of the picture."""
    if len(tiles) != rows * columns or len({tile.shape for tile in tiles}) != 1:
        raise ValueError(f"expected {rows * columns} equal tiles, got {len(tiles)}")
    tile_height, tile_width = tiles[0].shape[:2]
    if width * height > _MAX_PIXELS or not (
        0 < width <= columns * tile_width and 0 < height <= rows * tile_height
    ):
        raise ValueError(f"its tiles do not cover {width}×{height} pixels")
    image = np.empty((height, width, 3), np.uint8)
    for number, tile in enumerate(tiles):
        y, x = (number // columns) * tile_height, (number % columns) * tile_width
        part = image[y : y + tile_height, x : x + tile_width]
        part[:] = tile[: part.shape[0], : part.shape[1]]
    return image


def _transformed(image: Image, properties: list[tuple[bytes, bytes]]) -> Image:
    """An image with the transformations of its item, in their order."""
    for kind, body in properties:
        if kind == b"ispe":
            width, height = struct.unpack(">II", body[4:12])
            if width > image.shape[1] or height > image.shape[0]:
                got = f"{image.shape[1]}×{image.shape[0]}"
                raise ValueError(f"it states {width}×{height} pixels but holds {got}")
            image = image[:height, :width]  # without the padding of the codec
        elif kind == b"clap":
            image = _clean(image, *struct.unpack(">IIIIiIiI", body[:32]))
        elif kind == b"irot":  # quarter turns, counterclockwise
            image = np.rot90(image, body[0] & 3)
        elif kind == b"imir":  # 0 exchanges top and bottom, 1 left and right
            image = image[:, ::-1] if body[0] & 1 else image[::-1]
    return np.ascontiguousarray(image)


def _clean(image: Image, *values: int) -> Image:
    """The clean aperture: width, height and the offset of its centre, each as a fraction."""
    width, height, dx, dy = (values[i] / values[i + 1] for i in range(0, 8, 2))
    left = round((image.shape[1] - width) / 2 + dx)
    top = round((image.shape[0] - height) / 2 + dy)
    right, bottom = left + round(width), top + round(height)
    if not (0 <= left < right <= image.shape[1] and 0 <= top < bottom <= image.shape[0]):
        raise ValueError("its clean aperture is outside of the picture")
    return image[top:bottom, left:right]
