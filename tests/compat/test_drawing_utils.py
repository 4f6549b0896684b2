"""Drawing of landmarks: the pixels of MediaPipe's own drawing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from blazetrack.compat.mediapipe.framework.formats import landmark_pb2
from blazetrack.compat.mediapipe.framework.formats.detection_pb2 import Detection
from blazetrack.compat.mediapipe.framework.formats.location_data_pb2 import LocationData
from blazetrack.compat.mediapipe.solutions import drawing_styles, drawing_utils
from blazetrack.compat.mediapipe.solutions.pose import POSE_CONNECTIONS, PoseLandmark
from blazetrack.errors import InputError

Landmark = landmark_pb2.NormalizedLandmark


def points(*places: tuple[float, float]) -> landmark_pb2.NormalizedLandmarkList:
    landmarks = [Landmark(x=x, y=y) for x, y in places]
    return landmark_pb2.NormalizedLandmarkList(landmark=landmarks)


def blank() -> np.ndarray:
    return np.zeros((100, 200, 3), np.uint8)


def test_draw_landmarks_draws_line_rim_and_disc_in_this_order() -> None:
    image, expected = blank(), blank()
    drawing_utils.draw_landmarks(image, points((0.1, 0.5), (0.5, 0.1)), [(0, 1)])
    ends = (20, 50), (100, 10)
    cv2.line(expected, *ends, (224, 224, 224), 2)
    for end in ends:
        cv2.circle(expected, end, 3, (224, 224, 224), 2)
        cv2.circle(expected, end, 2, (0, 0, 255), 2)
    assert np.array_equal(image, expected)


@pytest.mark.parametrize("score", ["visibility", "presence"])
def test_draw_landmarks_omits_one_with_a_low_score(score: str) -> None:
    image, expected = blank(), blank()
    shown = points((0.1, 0.1), (0.5, 0.5))
    setattr(shown.landmark[1], score, 0.4)
    drawing_utils.draw_landmarks(image, shown, [(0, 1)])
    drawing_utils.draw_landmarks(expected, points((0.1, 0.1)))
    assert np.array_equal(image, expected)


def test_draw_landmarks_omits_one_outside_of_the_image() -> None:
    image = blank()
    drawing_utils.draw_landmarks(image, points((1.2, 0.5), (0.5, -0.1), (np.nan, 0.5)), [(0, 1)])
    assert not image.any()


def test_draw_landmarks_takes_specs_by_landmark_and_by_pair() -> None:
    image, spec = blank(), drawing_utils.DrawingSpec((1, 2, 3), 1, 1)
    pair = (0, 1)
    drawing_utils.draw_landmarks(
        image, points((0.1, 0.1), (0.8, 0.8)), [pair], {0: spec, 1: spec}, {pair: spec}
    )
    assert (1, 2, 3) in {tuple(pixel) for pixel in image.reshape(-1, 3).tolist()}


def test_draw_landmarks_without_person_or_specs_draws_nothing() -> None:
    image = blank()
    drawing_utils.draw_landmarks(image, None, POSE_CONNECTIONS)
    drawing_utils.draw_landmarks(image, points((0.1, 0.1), (0.5, 0.5)), [(0, 1)], None, None)
    drawing_utils.draw_landmarks(image, points((0.1, 0.1)), is_drawing_landmarks=False)
    assert not image.any()


@pytest.mark.parametrize(
    ("image", "pairs", "message"),
    [
        (np.zeros((3, 3, 2), np.uint8), None, "three channel bgr data"),
        (np.zeros((3, 3), np.uint8), None, "three channel bgr data"),
        (np.zeros((3, 3, 3), np.uint8), [(0, 2)], "Landmark index is out of range"),
    ],
)
def test_draw_landmarks_refuses_wrong_image_or_index(
    image: np.ndarray, pairs: list[tuple[int, int]] | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        drawing_utils.draw_landmarks(image, points((0.5, 0.5), (0.2, 0.2)), pairs)


def test_draw_detection_draws_box_and_keypoints() -> None:
    image, expected = blank(), blank()
    where = LocationData(format=LocationData.RELATIVE_BOUNDING_BOX)
    where.relative_bounding_box.width = where.relative_bounding_box.height = 1.0
    where.relative_keypoints.add(x=0.5, y=0.5)
    drawing_utils.draw_detection(image, Detection(location_data=where))
    cv2.circle(expected, (100, 50), 2, (0, 0, 255), 2)
    cv2.rectangle(expected, (0, 0), (199, 99), (224, 224, 224), 2)
    assert np.array_equal(image, expected)
    with pytest.raises(InputError, match="must be relative"):
        drawing_utils.draw_detection(image, Detection())


def test_draw_axis_draws_three_arrows_from_the_origin() -> None:
    image, expected = np.zeros((100, 100, 3), np.uint8), np.zeros((100, 100, 3), np.uint8)
    drawing_utils.draw_axis(image, np.eye(3), np.array([0.0, 0.0, -0.2]))
    for tip, color in (((75, 50), (0, 0, 255)), ((50, 24), (0, 128, 0)), ((50, 50), (255, 0, 0))):
        cv2.arrowedLine(expected, (50, 50), tip, color, 2)
    assert np.array_equal(image, expected)


def test_plot_landmarks_opens_a_figure_with_points_and_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    monkeypatch.setattr(pyplot, "show", lambda: None)
    pyplot.close("all")
    drawing_utils.plot_landmarks(points((0.1, 0.1), (0.5, 0.5)), [(0, 1)])
    (axes,) = pyplot.gcf().axes
    assert len(axes.collections) == 2
    assert len(axes.lines) == 1
    pyplot.close("all")


def test_pose_style_is_orange_left_cyan_right_white_nose() -> None:
    style = drawing_styles.get_default_pose_landmarks_style()
    assert len(style) == 33
    assert style[PoseLandmark.LEFT_KNEE].color == (0, 138, 255)
    assert style[PoseLandmark.MOUTH_RIGHT].color == (231, 217, 0)
    assert style[PoseLandmark.NOSE].color == (224, 224, 224)


def test_pixel_of_normalized_coordinates_is_inside_or_none() -> None:
    pixel = drawing_utils._normalized_to_pixel_coordinates
    assert pixel(0.0, 1.0, 100, 50) == (0, 49)
    assert pixel(0.555, 0.5, 100, 50) == (55, 25)
    assert pixel(1.01, 0.5, 100, 50) is None
