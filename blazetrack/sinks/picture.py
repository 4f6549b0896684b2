"""One drawn picture as a file: JPEG, PNG or WebP."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import SinkError
from blazetrack.sinks.base import Picture, Sink, check_path, truncate
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.types import Frame, Poses

__all__ = ["PICTURE_ENDINGS", "PictureSink", "label_image"]

PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
_OPTIONS = {
    ".jpg": (cv2.IMWRITE_JPEG_QUALITY, 95),
    ".jpeg": (cv2.IMWRITE_JPEG_QUALITY, 95),
    ".webp": (cv2.IMWRITE_WEBP_QUALITY, 95),
}


class PictureSink(Sink):
    """A picture with the people drawn; holds one frame.

    Where the poses have masks, `NAME.mask.png` beside it holds them, see `label_image`.

    Args:
        path: the file; an existing one is replaced.
        skeleton: keypoint set of the poses.
    """

    needs_picture = True
    keeps = True

    def __init__(self, path: str | os.PathLike[str], *, skeleton: Skeleton = BLAZEPOSE33) -> None:
        self._path = check_path(path)
        super().__init__(str(self._path), skeleton)
        self._closed = False

    def write(self, frame: Frame, poses: Poses, picture: Picture | None = None) -> None:
        if self._closed:
            raise SinkError(f"{self.name}: is closed; open a new sink to write more")
        if self.last_frame is not None:
            raise SinkError(
                f"{self.name}: a picture holds one frame, got a second one; write a folder (its "
                "name ends in /), or an .mp4"
            )
        self.check_is_not_source(self._path, frame)
        write_picture(self._path, self.drawn(frame, poses, picture))
        self.last_frame = frame.index
        self.written = [self.name]
        if poses.masks is not None:
            mask = self._path.with_suffix(".mask.png")
            self.check_is_not_source(mask, frame)
            write_picture(mask, label_image(poses))
            self.written.append(str(mask))

    def close(self) -> None:
        self._closed = True


def label_image(poses: Poses) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """The masks of all people in one grey image: the id of each pixel's person, 0 without.

    A pixel in several masks belongs to the one with the highest probability.

    Returns:
        `(H, W)` uint8, or uint16 for ids over 255; larger ids than 65535 are clipped.
    """
    masks = poses.masks
    if masks is None:
        raise SinkError("picture: expected poses with masks, got none; track with masks=True")
    kind = np.uint16 if len(poses) and poses.ids.max() > 255 else np.uint8
    if not len(poses):
        return np.zeros(masks.shape[1:], kind)
    best = masks.argmax(axis=0)
    ids = np.clip(poses.ids, 0, 65535).astype(kind)
    labels: NDArray[np.uint8] | NDArray[np.uint16] = np.where(
        masks.max(axis=0) > 0.5, ids[best], kind(0)
    )
    return labels


def write_picture(path: Path, image: NDArray[np.uint8] | NDArray[np.uint16]) -> None:
    """Write an RGB or grey picture, by the ending of its name; on a full disk nothing is left."""
    ending = path.suffix.lower()
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if image.ndim == 3 else image
    try:
        done, data = cv2.imencode(ending, bgr, _OPTIONS.get(ending, ()))
    except cv2.error:
        done = False
    if not done:
        height, width = image.shape[:2]
        raise SinkError(f"{path}: {width}×{height} pixels are too many for {ending}; write .png")
    try:
        path.write_bytes(data.tobytes())
    except OSError as error:
        truncate(path)
        raise SinkError(f"{path}: cannot be written ({error.strerror})") from None
