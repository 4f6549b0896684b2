"""Where something is in an image (mediapipe/framework/formats/location_data.proto).

The fields that drawing reads: relative boxes and keypoints.
"""

from __future__ import annotations

from types import SimpleNamespace

from blazetrack.compat.fields import Enum, Float, Nested
from blazetrack.compat.messages import Message

__all__ = ["LocationData"]

_FORMATS = {"GLOBAL": 0, "BOUNDING_BOX": 1, "RELATIVE_BOUNDING_BOX": 2, "MASK": 3}


class _RelativeBoundingBox(Message, name="LocationData.RelativeBoundingBox"):
    """A box in parts of width and height of the image."""

    __slots__ = ()
    xmin = Float(1)
    ymin = Float(2)
    width = Float(3)
    height = Float(4)


class _RelativeKeypoint(Message, name="LocationData.RelativeKeypoint"):
    """A point in parts of width and height of the image."""

    __slots__ = ()
    x = Float(1)
    y = Float(2)
    score = Float(4)


class LocationData(Message):
    """A box and keypoints in an image."""

    __slots__ = ()
    format = Enum(1, _FORMATS)
    relative_bounding_box = Nested(3, _RelativeBoundingBox)
    relative_keypoints = Nested(5, _RelativeKeypoint, repeated=True)

    RelativeBoundingBox = _RelativeBoundingBox
    RelativeKeypoint = _RelativeKeypoint
    Format = SimpleNamespace(**_FORMATS)
    GLOBAL, BOUNDING_BOX, RELATIVE_BOUNDING_BOX, MASK = _FORMATS.values()
