"""The part of a picture without people; samples of a toy network."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.right_poses import LabelledFrame, People
from benchmarks.score_samples import Samples, free_part, sample_poses
from blazetrack.model_info import SCORE_FEATURES
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.types import Frame, Poses, Rois


def people(*boxes: tuple[float, ...]) -> People:
    count = len(boxes)
    return People(
        np.full((count, 17, 2), 50.0),
        np.ones((count, 17), bool),
        np.array(boxes, float).reshape(-1, 4),
        np.zeros((0, 4)),
    )


def test_free_part_is_the_largest_rectangle_beside_people() -> None:
    frame = Frame(np.zeros((200, 400, 3), np.uint8))
    frame.image[:, 151:] = 255
    part = free_part(frame, people((0, 0, 148, 200)))
    assert part is not None
    assert (part.width, part.height) == (249, 200)
    assert (part.image == 255).all()


@pytest.mark.parametrize("boxes", [[(0, 0, 400, 150)], [(50, 0, 350, 200)], [(0, 0, 1, 1)] * 13])
def test_free_part_without_room_or_in_a_crowd_is_none(boxes: list[tuple[float, ...]]) -> None:
    assert free_part(Frame(np.zeros((200, 400, 3), np.uint8)), people(*boxes)) is None


class OneDetection:
    """Detector and network of one region; the pose is at the labels unless the region is turned."""

    skeleton = BLAZEPOSE33

    def detections(self, frame: Frame) -> Rois:
        return Rois(np.full((1, 2), 50.0), np.full((1, 2), 80.0), np.zeros(1), np.zeros(1, int))

    def poses(self, frame: Frame, rois: Rois) -> tuple[Poses, np.ndarray]:
        empty = Poses.empty()
        points = np.full((1, 33, 3), 50.0 if abs(rois.angle_rad[0]) < 0.01 else 500.0)
        alignment = np.array([[[50.0, 50.0], [50.0, 18.0]]])
        one = Poses(
            points,
            np.zeros((1, 33, 3)),
            np.ones((1, 33)),
            np.ones((1, 33)),
            np.array([0.9]),
            np.zeros(1, np.int64),
            alignment,
            empty.masks,
        )
        return one, np.zeros((1, len(SCORE_FEATURES)))


def test_sample_poses_of_detections_are_usual_and_provoked_ones_weigh_less() -> None:
    picture = LabelledFrame(Frame(np.zeros((100, 100, 3), np.uint8)), people((10, 10, 90, 90)))
    looker: object = OneDetection()
    found = Samples.joined(sample_poses(looker, [picture]))  # type: ignore[arg-type]
    assert found.usual.tolist() == [True, True] + [False] * 5
    assert found.right[:5].tolist() == [True, True, False, False, False]
    assert found.weights.tolist() == [1.0, 1.0] + [0.3] * 5
    alone = Samples.joined(
        sample_poses(looker, [picture], weight=0.5, provoke=False)  # type: ignore[arg-type]
    )
    assert alone.weights.tolist() == [0.5, 0.5]
