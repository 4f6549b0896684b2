"""HEIF files for tests: HEVC tiles in boxes made here."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from fractions import Fraction

import av
import numpy as np

ENCODER = "libx265"


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def coded(images: Sequence[np.ndarray]) -> tuple[bytes, list[bytes]]:
    """The box `hvcC` and the samples of equally large images."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream(ENCODER, rate=1)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = "yuv444p"
        stream.options = {"x265-params": "keyint=1:bframes=0:log-level=none", "crf": "1"}
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 1)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    data = file.getvalue()
    at = data.index(b"hvcC") - 4
    config = data[at : at + struct.unpack(">I", data[at : at + 4])[0]]
    with av.open(io.BytesIO(data)) as container:
        return config, [bytes(packet) for packet in container.demux(video=0) if packet.size]


def heif(
    tiles: Sequence[np.ndarray],
    *,
    grid: tuple[int, int] | None = None,
    size: tuple[int, int] | None = None,
    turn: Sequence[bytes] = (),
    kind: bytes = b"grid",
) -> bytes:
    """A file of one picture.

    Args:
        tiles: the coded images; more than one is a grid.
        grid: rows and columns.
        size: width and height that it states; that of the tiles by default.
        turn: further boxes of properties, such as `irot`, of the whole picture.
        kind: of the item that holds the tiles together.
    """
    config, samples = coded(tiles)
    height, width = tiles[0].shape[:2]
    rows, columns = grid or (1, 1)
    size = size or (columns * width, rows * height)
    part = box(b"ispe", bytes(4), struct.pack(">II", width, height))
    whole = box(b"ispe", bytes(4), struct.pack(">II", *size))
    ids = list(range(1, len(tiles) + 1))
    primary = len(tiles) + 1 if grid else 1
    kinds = dict.fromkeys(ids, b"hvc1") | ({primary: kind} if grid else {})
    entries = [
        box(b"infe", b"\2\0\0\0", struct.pack(">HH", i, 0), k, b"\0") for i, k in kinds.items()
    ]
    own = list(range(3, 4 + len(turn)))  # properties: config, ispe of a tile, ispe, turn …
    use = {i: [1, 2] for i in ids} | {primary: own if grid else [1, *own]}
    links = [struct.pack(">HB", i, len(p)) + bytes(p) for i, p in use.items()]
    description = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, *size)

    def meta(start: int) -> bytes:
        places, at = [], start
        for i, sample in zip(ids, samples, strict=True):
            places.append(struct.pack(">HHHHII", i, 0, 0, 1, at, len(sample)))
            at += len(sample)
        if grid:
            places.append(struct.pack(">HHHHII", primary, 1, 0, 1, 0, len(description)))
        return box(
            b"meta",
            bytes(4),
            box(b"hdlr", bytes(8), b"pict", bytes(13)),
            box(b"pitm", bytes(4), struct.pack(">H", primary)),
            box(b"iloc", b"\1\0\0\0\x44\0", struct.pack(">H", len(places)), *places),
            box(b"iinf", bytes(4), struct.pack(">H", len(entries)), *entries),
            box(
                b"iref",
                bytes(4),
                box(b"dimg", struct.pack(f">HH{len(ids)}H", primary, len(ids), *ids)),
            )
            if grid
            else b"",
            box(
                b"iprp",
                box(b"ipco", config, part, whole, *turn),
                box(b"ipma", bytes(4), struct.pack(">I", len(links)), *links),
            ),
            box(b"idat", description) if grid else b"",
        )

    head = box(b"ftyp", b"heic", bytes(4), b"mif1heic")
    start = len(head) + len(meta(0)) + 8
    return head + meta(start) + box(b"mdat", *samples)
