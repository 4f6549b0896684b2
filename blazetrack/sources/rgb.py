"""Decoded pictures as RGB arrays, in memory that is used again."""

from __future__ import annotations

from typing import Any, TypeAlias

import av
import numpy as np
from av.error import FFmpegError
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from blazetrack.errors import SourceError, reason

__all__ = ["RgbConverter"]

# From PyAV 17 on, a reformatter starts threads, and gives the same pixels as a filter graph.
_IS_NEW = int(av.__version__.split(".")[0]) >= 17
_ONE_THREAD: Any = {"threads": 1} if _IS_NEW else {}
_LINE_BYTES = 64  # libav pads the lines of a pooled buffer to a multiple of it, at most
_UNSPECIFIED = 2  # AVCOL_TRC_UNSPECIFIED, AVCOL_PRI_UNSPECIFIED (libavutil/pixfmt.h)

_Kind: TypeAlias = tuple[int, int, str, int, int]


class RgbConverter:
    """Converts the pictures of one film to RGB, by the matrix and range that they state.

    A filter graph of libav has a pool of buffers: one returns to it when nothing refers to its
    array any more. Allocated one by one, pictures of 25 MB leave gaps in the heaps of malloc, so
    that a 4K film takes more memory the longer it runs.
    """

    def __init__(self) -> None:
        self._kind: _Kind | None = None  # of the pictures that the graph is made for
        self._graph: Graph | None = None
        self._reformatter = VideoReformatter()

    def __call__(self, picture: VideoFrame, name: str) -> NDArray[np.uint8]:
        """The pixels of a picture.

        Args:
            picture: of any pixel format.
            name: names the film in a message.

        Returns:
            `(H, W, 3)` uint8, C-contiguous, where possible without a copy.

        Raises:
            SourceError: the pixel format cannot be converted.
        """
        try:
            rgb = self._converted(picture)
        except (FFmpegError, ValueError) as error:
            raise SourceError(
                f"{name}: expected pictures that can be converted to RGB, got the pixel format "
                f"{picture.format.name} ({reason(error)}); convert it to H.264"
            ) from None
        plane: Any = rgb.planes[0]
        if plane.line_size != 3 * rgb.width:
            return np.ascontiguousarray(rgb.to_ndarray())
        pixels = np.frombuffer(plane, np.uint8, 3 * rgb.width * rgb.height)
        return pixels.reshape(rgb.height, rgb.width, 3)

    def _converted(self, picture: VideoFrame) -> VideoFrame:
        if not _IS_NEW or 3 * picture.width % _LINE_BYTES:
            return self._reformatter.reformat(picture, format="rgb24", **_ONE_THREAD)
        space, value_range = int(picture.colorspace), int(picture.color_range)
        kind = (picture.width, picture.height, picture.format.name, space, value_range)
        if self._graph is None or kind != self._kind:
            self._graph, self._kind = _rgb_graph(*kind), kind
        # As a reformatter does: only matrix and range are converted.
        picture.color_trc = picture.color_primaries = _UNSPECIFIED
        self._graph.vpush(picture)
        return self._graph.vpull()


def _rgb_graph(width: int, height: int, pixels: str, space: int, value_range: int) -> Graph:
    graph = Graph()
    graph.threads = 1
    source = graph.add(
        "buffer",
        f"video_size={width}x{height}:pix_fmt={pixels}:colorspace={space}:range={value_range}:"
        "time_base=1/1000:pixel_aspect=1/1",
    )
    scale = graph.add("scale", "flags=bilinear")
    graph.link_nodes(source, scale, graph.add("format", "pix_fmts=rgb24"), graph.add("buffersink"))
    graph.configure()
    return graph
