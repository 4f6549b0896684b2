"""Search in orientations and choice of the person, on toy networks."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from blazetrack.errors import GraphError
from blazetrack.model_info import ModelInfo
from blazetrack.types import Frame
from tests import toy_models

FIND_DISCS = toy_models.find_discs
BELOW = (140, 200)  # in the lower half of the image, and in the left one


def find_upper_discs(info: ModelInfo, pixels: np.ndarray) -> dict[str, np.ndarray]:
    """Outputs of a detector that finds discs in the upper half of its crop only."""
    upper = pixels.copy()
    upper[len(upper) // 2 :] = 0
    return FIND_DISCS(info, upper)


@pytest.fixture
def upper(toy: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The toy pipeline, with `find_upper_discs`."""
    monkeypatch.setattr(toy_models, "find_discs", find_upper_discs)
    return toy


@pytest.mark.parametrize(
    ("orientations", "found_in"),
    [([0, 180], 1), ([0, 90, 0, 180], 3), ([180], 0), ([0], None)],
)
@pytest.mark.parametrize("graph", ["pose", "pose_multi"])
def test_clip_orientations_are_searched_one_a_frame(
    upper: Any, graph: str, orientations: list[int], found_in: int | None
) -> None:
    if graph == "pose_multi" and found_in:
        found_in += 1  # the first two frames search the upright image
    with upper.tracker(graph=graph, options={"orientations": orientations}) as tracker:
        found = [len(tracker(upper.frame(i, BELOW))) for i in range(6)]
        assert found.index(1) == found_in if found_in is not None else not any(found)
        assert tracker.detector_runs == (6 if found_in is None else found_in + 1)


@pytest.mark.parametrize(("orientations", "found"), [([0, 90, 180], 1), ([0], 0), ([180], 1)])
def test_still_orientations_are_searched_in_one_call(
    upper: Any, orientations: list[int], found: int
) -> None:
    options = {"orientations": orientations}
    with upper.tracker(graph="pose_image", options=options) as tracker:
        poses = tracker(upper.frame(0, BELOW))
    assert len(poses) == found
    assert np.abs(poses.landmarks_px[..., :2] - BELOW).max(initial=0) < 2


def test_still_with_a_sure_person_is_not_turned(toy: Any) -> None:
    with toy.tracker(graph="pose_image") as tracker:
        tracker(toy.frame(0, (100, 80)))
        assert tracker.runs["turned_detect"] == 0
        tracker(toy.frame(1))
        assert tracker.runs["turned_detect"] == 1


def test_still_without_people_is_empty(toy: Any) -> None:
    with toy.tracker(graph="pose_image", people=3, masks=True) as tracker:
        poses = tracker(toy.frame(0))
    assert len(poses) == 0


@pytest.mark.parametrize("graph", ["pose", "pose_image"])
@pytest.mark.parametrize("places", [((60, 60), (250, 180)), ((250, 180), (60, 60))])
def test_search_takes_the_largest_person(
    toy: Any, graph: str, places: tuple[tuple[int, int], ...]
) -> None:
    small, large = places
    image = toy.picture(small)
    cv2.circle(image, large, toy.radius + 8, (255, 255, 255), -1)
    with toy.tracker(graph=graph) as tracker:
        poses = tracker(Frame(image))
    np.testing.assert_allclose(poses.alignment_px[0, 0], large, atol=2)


@pytest.mark.parametrize("graph", ["pose", "pose_multi", "pose_image"])
def test_unknown_orientation_is_an_error(toy: Any, graph: str) -> None:
    with pytest.raises(GraphError, match=r"orientations.* 45\] \(item 1 should be 0, 90, 180"):
        toy.tracker(graph=graph, options={"orientations": [0, 45]})
