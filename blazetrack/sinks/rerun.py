"""The rerun viewer, and its `.rrd` recordings: picture, people, space and angles over time."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from blazetrack.angles import Angle, AngleSet
from blazetrack.errors import MissingExtra, SinkError
from blazetrack.render.people import id_color
from blazetrack.sinks.base import Sink, check_path
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.types import Frame, Poses

__all__ = ["RerunSink"]

_COLORS = 12  # people beyond share them
_JPEG_QUALITY = 75
_CLOSE_S = 10.0


class RerunSink(Sink):
    """`rerun` opens the viewer; a file that ends in `.rrd` is opened by it later; needs rerun-sdk.

    Args:
        path: the file; empty opens the viewer.
        skeleton: keypoint set of the poses.
        angles: angles of one's own besides the standard ones.

    Raises:
        MissingExtra: rerun-sdk is not installed.
        SinkError: not allowed to write, or the viewer cannot be started.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] = "",
        *,
        skeleton: Skeleton = BLAZEPOSE33,
        angles: Sequence[Angle] = (),
    ) -> None:
        try:
            import rerun
        except ImportError:
            raise MissingExtra("rerun-sdk", "rerun") from None
        self._path: Path | None = check_path(path) if os.fspath(path) else None
        super().__init__(str(self._path or "rerun"), skeleton)
        self.keeps = self._path is not None
        self._rr: Any = rerun
        self._angles = AngleSet(skeleton, angles)
        self._stream: Any = None if self.keeps else self._open()
        self._shown: set[int] = set()
        self._last_index: int | None = None
        self._closed = False

    def write(self, frame: Frame, poses: Poses, picture: Any = None) -> None:
        if self._closed:
            raise SinkError(f"{self.name}: is closed; open a new sink to write more")
        self.check_keypoints(poses)
        if self._stream is None:
            assert self._path is not None
            self.check_is_not_source(self._path, frame)
            self._stream = self._open()
        rr, log = self._rr, self._stream.log
        self._stream.set_time("frame", sequence=frame.index)
        self._stream.set_time("time", duration=float(frame.time_s))
        log("picture", rr.Image(frame.image).compress(jpeg_quality=_JPEG_QUALITY))
        degrees = self._angles(poses.world_landmarks_m).tolist() if len(poses) else []
        shown, keypoints = self._shown, np.arange(len(self.skeleton))
        self._shown = set(poses.ids.tolist())
        for number in shown - self._shown:
            for place in ("picture", "space"):
                log(f"{place}/person_{number}", rr.Clear(recursive=True))
        for row, number in enumerate(poses.ids.tolist()):
            kind = {"class_ids": number % _COLORS, "keypoint_ids": keypoints}
            xy = poses.landmarks_px[row, :, :2]
            log(f"picture/person_{number}", rr.Points2D(xy, radii=2.5, **kind))
            metres = poses.world_landmarks_m[row]
            if metres.any():
                log(f"space/person_{number}", rr.Points3D(metres, radii=0.012, **kind))
            for name, angle in zip(self._angles.names, degrees[row], strict=True):
                if angle == angle:
                    log(f"angles/person_{number}/{name}", rr.Scalars(angle))
        self._last_index = frame.index

    def close(self) -> None:
        self._closed = True
        stream, self._stream = self._stream, None
        if stream is None:
            return
        try:
            stream.flush(timeout_sec=_CLOSE_S)
        except (RuntimeError, ValueError) as error:
            raise self._error("finished", error) from None
        finally:
            stream.disconnect()
        if self._path is not None:
            self.last_frame, self.written = self._last_index, [self.name]

    def _open(self) -> Any:
        rr = self._rr
        has_display = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
        if self._path is None and sys.platform.startswith("linux") and not has_display:
            raise SinkError(
                f"{self.name}: no display (DISPLAY is not set); write a file for another machine's "
                "viewer: --out poses.rrd"
            )
        stream = rr.RecordingStream("blazetrack")
        try:
            if self._path is None:
                stream.spawn()
            else:
                stream.save(self._path)
        except (RuntimeError, OSError) as error:
            raise self._error("opened", error) from None
        names = list(enumerate(self.skeleton.names))
        people = [
            rr.ClassDescription(
                info=rr.AnnotationInfo(number, f"person {number}", id_color(number)),
                keypoint_annotations=[rr.AnnotationInfo(*one) for one in names],
                keypoint_connections=list(self.skeleton.edges),
            )
            for number in range(_COLORS)
        ]
        stream.log("/", rr.AnnotationContext(people), static=True)
        stream.log("space", rr.ViewCoordinates.RIGHT_HAND_Y_DOWN, static=True)
        return stream

    def _error(self, what: str, error: Exception) -> SinkError:
        return SinkError(f"{self.name}: cannot be {what} ({' '.join(str(error).split())[:200]})")
