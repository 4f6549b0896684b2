"""Messages: protobuf's interface, texts and bytes, with and without protobuf."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from blazetrack.compat.mediapipe.framework.formats import landmark_pb2
from blazetrack.compat.mediapipe.framework.formats.detection_pb2 import Detection
from blazetrack.compat.mediapipe.framework.formats.location_data_pb2 import LocationData
from blazetrack.errors import InputError

Landmark = landmark_pb2.NormalizedLandmark
LandmarkList = landmark_pb2.NormalizedLandmarkList


def two() -> Any:
    return LandmarkList(landmark=[Landmark(x=0.1, y=0.5), Landmark(x=0.5, visibility=0.25)])


def test_landmark_keeps_float32_and_what_is_set() -> None:
    one = Landmark(x=0.1)
    assert one.x == float(np.float32(0.1))
    assert one.HasField("x")
    assert not one.HasField("presence")
    assert one.presence == 0.0
    one.presence = np.float64(0.5)
    assert one.HasField("presence")
    one.ClearField("presence")
    assert not one.HasField("presence")


def test_list_adds_extends_slices_and_iterates() -> None:
    points = LandmarkList()
    added = points.landmark.add(x=1.0)
    added.y = 2.0
    points.landmark.add().CopyFrom(Landmark(x=3.0))
    points.landmark.extend([Landmark(x=4.0), Landmark(x=5.0)])
    points.landmark.append(Landmark(x=6.0))
    assert [one.x for one in points.landmark] == [1.0, 3.0, 4.0, 5.0, 6.0]
    assert [one.x for one in points.landmark[1:3]] == [3.0, 4.0]
    assert points.landmark[0].y == 2.0
    del points.landmark[1:]
    assert len(points.landmark) == 1


def test_list_holds_copies_of_what_is_appended() -> None:
    one, points = Landmark(x=1.0), LandmarkList()
    points.landmark.append(one)
    one.x = 2.0
    assert points.landmark[0].x == 1.0


@pytest.mark.parametrize(
    "copied",
    [
        copy.deepcopy,
        copy.copy,
        lambda one: pickle.loads(pickle.dumps(one)),
        lambda one: LandmarkList.FromString(one.SerializeToString()),
    ],
)
def test_copy_of_a_list_is_equal_and_apart(copied: Callable[[Any], Any]) -> None:
    first = two()
    second = copied(first)
    assert second == first
    second.landmark[0].x = 0.75
    assert second != first
    assert first == two()


def test_kinds_of_messages_differ() -> None:
    assert Landmark(x=1.0) != landmark_pb2.Landmark(x=1.0)
    with pytest.raises(TypeError, match="must be instance of same class"):
        Landmark().CopyFrom(landmark_pb2.Landmark())
    with pytest.raises(TypeError, match="must be instance of same class"):
        LandmarkList().landmark.append(landmark_pb2.Landmark())


def test_str_is_protobuf_text() -> None:
    one = Landmark(x=1, y=0.1, z=1e-5, visibility=123456789)
    assert str(one) == "x: 1\ny: 0.1\nz: 1e-05\nvisibility: 123456792\n"
    assert repr(two()) == (
        "landmark {\n  x: 0.1\n  y: 0.5\n}\nlandmark {\n  x: 0.5\n  visibility: 0.25\n}\n"
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Landmark(q=1), ValueError, 'NormalizedLandmark has no "q" field'),
        (lambda: Landmark().HasField("q"), ValueError, 'has no "q" field'),
        (lambda: LandmarkList().HasField("landmark"), ValueError, "does not have presence"),
        (lambda: Landmark(x="a"), TypeError, "must be real number, not str"),
        (lambda: Landmark().q, AttributeError, "q"),
        (lambda: setattr(Landmark(), "q", 1), AttributeError, "q"),
        (lambda: setattr(LandmarkList(), "landmark", []), AttributeError, "not allowed"),
        (lambda: LandmarkList().landmark.__setitem__(0, 1), TypeError, "item assignment"),
        (lambda: hash(Landmark()), TypeError, "unhashable"),
        (lambda: setattr(LocationData(), "format", 9), ValueError, "invalid enumerator 9"),
        (lambda: LandmarkList.FromString(b"\x0a\x7f\x00"), InputError, "damaged"),
        (lambda: LandmarkList.FromString(b"\xff" * 20), InputError, "damaged"),
    ],
)
def test_wrong_use_gives_the_error_of_protobuf(
    call: Callable[[], object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call()


def test_nested_message_counts_as_set_once_it_has_values() -> None:
    where = LocationData()
    assert not where.HasField("relative_bounding_box")
    assert where.relative_bounding_box.width == 0.0
    assert not where.HasField("relative_bounding_box")
    where.relative_bounding_box.width = 1.0
    assert where.HasField("relative_bounding_box")
    again = LocationData.FromString(where.SerializeToString())
    assert again == where


def test_unknown_fields_of_serialized_messages_are_skipped() -> None:
    data = Landmark(x=0.5).SerializeToString() + b"\x32\x02ab\x38\x01\x41" + bytes(8)
    assert Landmark.FromString(data) == Landmark(x=0.5)


def test_text_format_of_protobuf_reads_and_writes_messages() -> None:
    text_format = pytest.importorskip("google.protobuf.text_format")
    text = (
        "location_data { format: RELATIVE_BOUNDING_BOX relative_keypoints { x: 0 y: 1 } "
        "relative_bounding_box { xmin: 0 width: 1 } }"
    )
    parsed = text_format.Parse(text, Detection())
    where = parsed.location_data
    assert where.format == LocationData.RELATIVE_BOUNDING_BOX
    assert [(one.x, one.y) for one in where.relative_keypoints] == [(0.0, 1.0)]
    assert where.HasField("relative_bounding_box")
    assert text_format.Parse(text_format.MessageToString(parsed), Detection()) == parsed
    assert text_format.Parse(str(parsed), Detection()) == parsed


def test_json_format_of_protobuf_reads_and_writes_messages() -> None:
    json_format = pytest.importorskip("google.protobuf.json_format")
    values = json_format.MessageToDict(two())
    assert values == {"landmark": [{"x": 0.1, "y": 0.5}, {"x": 0.5, "visibility": 0.25}]}
    assert json_format.ParseDict(values, LandmarkList()) == two()
