"""Drawing of landmarks, detections and axes with OpenCV, the same pixels as MediaPipe's.

Colours, radii, thresholds and the order of drawing are those of
mediapipe/python/solutions/drawing_utils.py (0.10.21).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import floor, isclose
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.compat.mediapipe.framework.formats.location_data_pb2 import LocationData
from blazetrack.compat.names import missing
from blazetrack.errors import InputError

__all__ = ["BLACK_COLOR", "BLUE_COLOR", "GREEN_COLOR", "RED_COLOR", "WHITE_COLOR", "DrawingSpec",
           "draw_axis", "draw_detection", "draw_landmarks", "plot_landmarks"]  # fmt: skip

Color: TypeAlias = tuple[int, int, int]
Image: TypeAlias = NDArray[np.uint8]
Pixel: TypeAlias = tuple[int, int]

WHITE_COLOR: Color = (224, 224, 224)
BLACK_COLOR: Color = (0, 0, 0)
RED_COLOR: Color = (0, 0, 255)
GREEN_COLOR: Color = (0, 128, 0)
BLUE_COLOR: Color = (255, 0, 0)

_MIN_SCORE = 0.5  # of visibility and presence, where they are set


@dataclass
class DrawingSpec:
    """How to draw: BGR colour, thickness in pixels (-1: filled), radius of circles in pixels."""

    color: Color = WHITE_COLOR
    thickness: int = 2
    circle_radius: int = 2


Spec: TypeAlias = "DrawingSpec | Mapping[Any, DrawingSpec] | None"


def draw_landmarks(
    image: Image,
    landmark_list: Any,
    connections: Iterable[tuple[int, int]] | None = None,
    landmark_drawing_spec: Spec = DrawingSpec(color=RED_COLOR),  # noqa: B008 - as in MediaPipe
    connection_drawing_spec: Spec = DrawingSpec(),  # noqa: B008
    is_drawing_landmarks: bool = True,
) -> None:
    """Draw landmarks and the lines between them onto the image.

    Args:
        image: `(H, W, 3)` uint8, BGR; is written.
        landmark_list: a `NormalizedLandmarkList`; with None nothing is drawn.
        connections: pairs of indices.
        landmark_drawing_spec: for all, or by index; None draws no landmarks.
        connection_drawing_spec: for all, or by pair; None draws no lines.
        is_drawing_landmarks: whether to draw landmarks.

    Raises:
        InputError: the image has not three channels, or a pair has an index that there is not.
    """
    if not landmark_list:
        return
    height, width = _size(image)
    places: dict[int, Pixel] = {}
    for index, landmark in _sure(landmark_list):
        place = _normalized_to_pixel_coordinates(landmark.x, landmark.y, width, height)
        if place is not None:
            places[index] = place
    if connections and connection_drawing_spec:
        for pair in _checked(connections, len(landmark_list.landmark)):
            if pair[0] in places and pair[1] in places:
                spec = _spec_of(connection_drawing_spec, pair)
                cv2.line(image, places[pair[0]], places[pair[1]], spec.color, spec.thickness)
    if is_drawing_landmarks and landmark_drawing_spec:
        for index, place in places.items():
            spec = _spec_of(landmark_drawing_spec, index)
            rim = max(spec.circle_radius + 1, int(spec.circle_radius * 1.2))
            cv2.circle(image, place, rim, WHITE_COLOR, spec.thickness)
            cv2.circle(image, place, spec.circle_radius, spec.color, spec.thickness)


def draw_detection(
    image: Image,
    detection: Any,
    keypoint_drawing_spec: DrawingSpec = DrawingSpec(color=RED_COLOR),  # noqa: B008
    bbox_drawing_spec: DrawingSpec = DrawingSpec(),  # noqa: B008
) -> None:
    """Draw the box and the keypoints of a detection onto the image.

    Args:
        image: `(H, W, 3)` uint8, BGR; is written.
        detection: a `Detection` with relative coordinates.
        keypoint_drawing_spec: of the keypoints.
        bbox_drawing_spec: of the box.

    Raises:
        InputError: the image has not three channels, or coordinates are not relative.
    """
    where = detection.location_data
    if not where:
        return
    height, width = _size(image)
    if where.format != LocationData.RELATIVE_BOUNDING_BOX:
        raise InputError("LocationData must be relative for this drawing function to work.")
    spec = keypoint_drawing_spec
    for point in where.relative_keypoints:
        place = _normalized_to_pixel_coordinates(point.x, point.y, width, height)
        if place is not None:
            cv2.circle(image, place, spec.circle_radius, spec.color, spec.thickness)
    if not where.HasField("relative_bounding_box"):
        return
    box, spec = where.relative_bounding_box, bbox_drawing_spec
    right, bottom = box.xmin + box.width, box.ymin + box.height
    first = _normalized_to_pixel_coordinates(box.xmin, box.ymin, width, height)
    last = _normalized_to_pixel_coordinates(right, bottom, width, height)
    if first is not None and last is not None:
        cv2.rectangle(image, first, last, spec.color, spec.thickness)


def draw_axis(
    image: Image,
    rotation: NDArray[Any],
    translation: NDArray[Any],
    focal_length: tuple[float, float] = (1.0, 1.0),
    principal_point: tuple[float, float] = (0.0, 0.0),
    axis_length: float = 0.1,
    axis_drawing_spec: DrawingSpec = DrawingSpec(),  # noqa: B008
) -> None:
    """Draw the axes of an object as arrows: x red, y green, z blue.

    Args:
        image: `(H, W, 3)` uint8, BGR; is written.
        rotation: `(3, 3)`, object to camera.
        translation: `(3,)`, object to camera.
        focal_length: of the camera, x and y, in parts of half the image.
        principal_point: of the camera, x and y, in the same unit.
        axis_length: length of the arrows, in the unit of `translation`.
        axis_drawing_spec: its thickness is used.

    Raises:
        InputError: the image has not three channels.
    """
    height, width = _size(image)
    ends = np.concatenate([np.zeros((1, 3)), axis_length * np.eye(3)]).astype(np.float32)
    points = (rotation @ ends.T).T + translation
    depth = points[:, 2] + 1e-5
    x, y = (
        np.clip(-focus * points[:, axis] / depth + middle, -1.0, 1.0)
        for axis, (focus, middle) in enumerate(zip(focal_length, principal_point, strict=True))
    )
    columns = ((1 + x) * 0.5 * width).astype(np.int32).tolist()
    rows = ((1 - y) * 0.5 * height).astype(np.int32).tolist()
    origin, *tips = zip(columns, rows, strict=True)
    for tip, color in zip(tips, (RED_COLOR, GREEN_COLOR, BLUE_COLOR), strict=True):
        cv2.arrowedLine(image, origin, tip, color, axis_drawing_spec.thickness)


def plot_landmarks(
    landmark_list: Any,
    connections: Iterable[tuple[int, int]] | None = None,
    landmark_drawing_spec: DrawingSpec = DrawingSpec(RED_COLOR, 5),  # noqa: B008
    connection_drawing_spec: DrawingSpec = DrawingSpec(BLACK_COLOR, 5),  # noqa: B008
    elevation: int = 10,
    azimuth: int = 10,
) -> None:
    """Show landmarks and the lines between them in three dimensions, with matplotlib.

    Args:
        landmark_list: a `LandmarkList`; with None nothing is shown.
        connections: pairs of indices.
        landmark_drawing_spec: colour and thickness of the landmarks.
        connection_drawing_spec: colour and thickness of the lines.
        elevation: of the viewer, in degrees.
        azimuth: of the viewer, in degrees.

    Raises:
        InputError: a pair has an index that there is not.
        MissingExtra: matplotlib is not installed.
    """
    if not landmark_list:
        return
    from blazetrack.compat.plot_3d import show_points

    points = {index: (-one.z, one.x, -one.y) for index, one in _sure(landmark_list)}
    pairs = _checked(connections or (), len(landmark_list.landmark))
    show_points(
        list(points.values()),
        [(points[a], points[b]) for a, b in pairs if a in points and b in points],
        (_rgb(landmark_drawing_spec.color), landmark_drawing_spec.thickness),
        (_rgb(connection_drawing_spec.color), connection_drawing_spec.thickness),
        (elevation, azimuth),
    )


def _normalized_to_pixel_coordinates(
    normalized_x: float, normalized_y: float, image_width: int, image_height: int
) -> Pixel | None:
    """Pixel of a point in parts of the image; None outside. Public in practice."""
    if not (_in_image(normalized_x) and _in_image(normalized_y)):
        return None
    x, y = floor(normalized_x * image_width), floor(normalized_y * image_height)
    return min(x, image_width - 1), min(y, image_height - 1)


def _in_image(part: float) -> bool:
    return 0 <= part <= 1 or isclose(part, 1)


def _sure(landmark_list: Any) -> Iterator[tuple[int, Any]]:
    """The landmarks that are not known to be hidden or absent, with their indices."""
    for index, landmark in enumerate(landmark_list.landmark):
        scores = (
            getattr(landmark, name)
            for name in ("visibility", "presence")
            if landmark.HasField(name)
        )
        if all(score >= _MIN_SCORE for score in scores):
            yield index, landmark


def _checked(pairs: Iterable[tuple[int, int]], count: int) -> Iterator[tuple[int, int]]:
    for pair in pairs:
        if not (0 <= pair[0] < count and 0 <= pair[1] < count):
            raise InputError(
                "Landmark index is out of range. Invalid connection from landmark "
                f"#{pair[0]} to landmark #{pair[1]} of {count}."
            )
        yield pair


def _spec_of(spec: Any, key: Any) -> DrawingSpec:
    chosen: DrawingSpec = spec[key] if isinstance(spec, Mapping) else spec
    return chosen


def _size(image: Image) -> tuple[int, int]:
    if image.ndim != 3 or image.shape[2] != 3:
        raise InputError(
            f"Input image must contain three channel bgr data: expected (H, W, 3), "
            f"got {image.shape}"
        )
    return image.shape[0], image.shape[1]


def _rgb(color: Color) -> tuple[float, float, float]:
    """BGR in 0..255 → RGB in 0..1."""
    return color[2] / 255, color[1] / 255, color[0] / 255


def __getattr__(name: str) -> Any:
    raise missing("mediapipe.solutions.drawing_utils", name, __all__)
