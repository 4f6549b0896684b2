"""Landmarks and lists of them (mediapipe/framework/formats/landmark.proto)."""

from __future__ import annotations

from blazetrack.compat.fields import Float, Nested
from blazetrack.compat.messages import Message

__all__ = ["Landmark", "LandmarkList", "LandmarkListCollection", "NormalizedLandmark",
           "NormalizedLandmarkList", "NormalizedLandmarkListCollection"]  # fmt: skip


class Landmark(Message):
    """A point in metres."""

    __slots__ = ()
    x = Float(1)
    y = Float(2)
    z = Float(3)
    visibility = Float(4)
    presence = Float(5)


class LandmarkList(Message):
    """The points of one person, in metres."""

    __slots__ = ()
    landmark = Nested(1, Landmark, repeated=True)


class LandmarkListCollection(Message):
    """The points of several people, in metres."""

    __slots__ = ()
    landmark_list = Nested(1, LandmarkList, repeated=True)


class NormalizedLandmark(Message):
    """A point in parts of the width (x, z) and the height (y) of the image."""

    __slots__ = ()
    x = Float(1)
    y = Float(2)
    z = Float(3)
    visibility = Float(4)
    presence = Float(5)


class NormalizedLandmarkList(Message):
    """The points of one person, in parts of the image."""

    __slots__ = ()
    landmark = Nested(1, NormalizedLandmark, repeated=True)


class NormalizedLandmarkListCollection(Message):
    """The points of several people, in parts of the image."""

    __slots__ = ()
    landmark_list = Nested(1, NormalizedLandmarkList, repeated=True)
