"""A virtual camera, which video calls and OBS take for a real one."""

from __future__ import annotations

from typing import Any

from blazetrack.errors import MissingExtra, SinkError
from blazetrack.sinks.base import Picture, Sink
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.types import Frame, Poses

__all__ = ["VirtualCameraSink"]

_REMEDY = (
    "on Linux load v4l2loopback (sudo modprobe v4l2loopback), on Windows and macOS install OBS and "
    "start its virtual camera once"
)


class VirtualCameraSink(Sink):
    """`virtual_camera`: the drawn pictures; needs pyvirtualcam and a virtual camera of the system.

    The camera has the size of the first frame; pictures of another size are refused.

    Args:
        fps: frame rate that it announces.
        device: one of several, such as `/dev/video2`; empty is the first free one.
        skeleton: keypoint set of the poses.

    Raises:
        MissingExtra: pyvirtualcam is not installed.
    """

    needs_picture = True

    def __init__(
        self, *, fps: float = 30.0, device: str = "", skeleton: Skeleton = BLAZEPOSE33
    ) -> None:
        try:
            import pyvirtualcam
        except ImportError:
            raise MissingExtra("pyvirtualcam", "virtual-camera") from None
        super().__init__("virtual_camera", skeleton)
        self._make: Any = pyvirtualcam.Camera
        self._fps, self._device = fps, device
        self._camera: Any = None
        self._closed = False

    def write(self, frame: Frame, poses: Poses, picture: Picture | None = None) -> None:
        if self._closed:
            raise SinkError(f"{self.name}: is closed; open a new sink to write more")
        drawn = self.drawn(frame, poses, picture)
        height, width = drawn.shape[:2]
        if self._camera is None:
            self._camera = self._open(width, height)
        if (self._camera.width, self._camera.height) != (width, height):
            raise SinkError(
                f"{self.name}: expected pictures of {self._camera.width}×{self._camera.height}, "
                f"got {width}×{height}; use a source of one size"
            )
        self._camera.send(drawn)

    def close(self) -> None:
        self._closed = True
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()

    def _open(self, width: int, height: int) -> Any:
        try:
            return self._make(
                width=width, height=height, fps=self._fps, device=self._device or None
            )
        except (RuntimeError, ValueError) as error:
            line = " ".join(str(error).split()).rstrip(".")
            raise SinkError(f"{self.name}: cannot be opened ({line}); {_REMEDY}") from None
