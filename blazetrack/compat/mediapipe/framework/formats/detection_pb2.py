"""A detection in an image (mediapipe/framework/formats/detection.proto): its location."""

from __future__ import annotations

from blazetrack.compat.fields import Nested
from blazetrack.compat.mediapipe.framework.formats.location_data_pb2 import LocationData
from blazetrack.compat.messages import Message

__all__ = ["Detection", "DetectionList"]


class Detection(Message):
    """Something that was found."""

    __slots__ = ()
    location_data = Nested(4, LocationData)


class DetectionList(Message):
    """What was found in one image."""

    __slots__ = ()
    detection = Nested(1, Detection, repeated=True)
