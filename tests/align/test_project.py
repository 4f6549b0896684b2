from __future__ import annotations

from math import cos, pi, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazetrack.align.crop import Crop
from blazetrack.align.project import project
from blazetrack.align.roi import rois_from_alignment
from blazetrack.geometry import apply
from blazetrack.types import Crops, Frame, Landmarks, Poses, Rois

WIDTH, HEIGHT, SIDE = 320, 240, 64
BOTH = pytest.mark.parametrize("arithmetic", ["float64", "mediapipe"])


def crops(*regions: tuple[float, float, float, float]) -> Crops:
    """Crops of square regions `(x, y, side, angle)` with ids from 5."""
    x, y, side, angle = np.reshape(regions, (len(regions), 4)).astype(np.float64).T
    ids = np.arange(5, 5 + len(regions))
    rois = Rois(np.stack([x, y], 1), np.stack([side, side], 1), angle, ids)
    return Crop(size=(SIDE, SIDE))(Frame(np.zeros((HEIGHT, WIDTH, 3), np.uint8)), rois)


def marks(row: list[int], seed: int = 0, masks: np.ndarray | None = None) -> Landmarks:
    rng = np.random.default_rng(seed)
    n = len(row)
    return Landmarks(
        xyz_crop=rng.uniform(0, SIDE, (n, 33, 3)),
        alignment_crop=rng.uniform(0, SIDE, (n, 2, 2)),
        world_m=rng.normal(0, 0.5, (n, 33, 3)),
        visibility=rng.random((n, 33)),
        presence=rng.random((n, 33)),
        scores=rng.random(n),
        row=np.array(row, np.int64),
        masks_crop=masks,
    )


def at(xyz: tuple[float, float, float], world: tuple[float, float, float] = (0, 0, 0)) -> Landmarks:
    """One person, all of whose keypoints are at one place."""
    one = np.zeros((1, 33, 3))
    return Landmarks(
        one + xyz,
        one + world,
        one[..., 0],
        one[..., 0],
        np.ones(1),
        np.zeros(1, np.int64),
        np.array([[xyz[:2], xyz[:2]]], np.float64),
    )


@BOTH
def test_the_middle_of_the_crop_is_the_middle_of_the_region(arithmetic: str) -> None:
    poses = project(at((32, 32, 0)), crops((100, 80, 128, 0.7)), arithmetic=arithmetic)
    np.testing.assert_allclose(poses.landmarks_px[0, :, :2], [[100, 80]] * 33, atol=1e-4)
    np.testing.assert_allclose(poses.alignment_px[0], [[100, 80]] * 2, atol=1e-4)


@BOTH
def test_points_turn_with_the_region(arithmetic: str) -> None:
    quarter = crops((100, 80, 128, pi / 2))
    poses = project(at((42, 32, 0)), quarter, arithmetic=arithmetic)
    np.testing.assert_allclose(poses.landmarks_px[0, 0, :2], [100, 100], atol=1e-4)


@BOTH
def test_points_come_home_by_the_crop_s_own_affine(arithmetic: str) -> None:
    cut, landmarks = crops((100, 80, 128, 0.3), (200, 120, 40, -2.5)), marks([0, 1])
    poses = project(landmarks, cut, arithmetic=arithmetic)
    home = apply(cut.to_image, landmarks.xyz_crop[..., :2])
    np.testing.assert_allclose(poses.landmarks_px[..., :2], home, atol=1e-3)
    home = apply(cut.to_image, landmarks.alignment_crop)
    np.testing.assert_allclose(poses.alignment_px, home, atol=1e-3)


def test_depth_scales_like_width_and_height() -> None:
    poses = project(at((0, 0, -16)), crops((100, 80, 128, 1.1)))
    np.testing.assert_allclose(poses.landmarks_px[0, :, 2], -32)


@given(st.floats(-pi, pi))
def test_world_points_turn_as_the_region_does(angle: float) -> None:
    poses = project(at((0, 0, 0), world=(0.3, -0.5, 0.2)), crops((100, 80, 64, angle)))
    want = [0.3 * cos(angle) + 0.5 * sin(angle), 0.3 * sin(angle) - 0.5 * cos(angle), 0.2]
    np.testing.assert_allclose(poses.world_landmarks_m[0, 0], want, atol=1e-12)


def test_people_without_a_row_are_gone_and_the_others_keep_their_region() -> None:
    cut, landmarks = crops((100, 80, 128, 0.3), (200, 120, 40, -2.5)), marks([1])
    poses = project(landmarks, cut)
    assert poses.ids.tolist() == [6]
    home = apply(cut.to_image[1:], landmarks.xyz_crop[..., :2])
    np.testing.assert_allclose(poses.landmarks_px[..., :2], home)
    for name in ("visibility", "presence", "scores"):
        assert (getattr(poses, name) == getattr(landmarks, name)).all()


@BOTH
def test_nobody_comes_home_as_nobody(arithmetic: str) -> None:
    none = marks([], masks=np.zeros((0, SIDE, SIDE), np.float32))
    for cut in (crops((100, 80, 128, 0.3)), crops()):
        poses = project(none, cut, arithmetic=arithmetic)
        assert len(poses) == 0
        assert poses.masks is not None
        assert poses.masks.shape == (0, HEIGHT, WIDTH)


def test_no_masks_stay_none() -> None:
    assert project(marks([0]), crops((100, 80, 128, 0.3))).masks is None


def test_a_mask_covers_its_region_and_nothing_else() -> None:
    masks = np.ones((1, SIDE, SIDE), np.float32)
    poses = project(marks([0], masks=masks), crops((100, 80, 100, 0)))
    assert poses.masks is not None
    assert (poses.masks.shape, poses.masks.dtype) == ((1, HEIGHT, WIDTH), np.float32)
    y, x = np.nonzero(poses.masks[0] > 0.5)
    np.testing.assert_allclose([x.min(), x.max(), y.min(), y.max()], [50, 150, 30, 130], atol=2)


@pytest.mark.parametrize("angle", [0.0, 0.6, -2.0])
def test_a_lit_mask_pixel_lands_where_a_landmark_of_that_pixel_does(angle: float) -> None:
    masks = np.zeros((1, SIDE, SIDE), np.float32)
    masks[0, 20, 41] = 1
    poses = project(at((41, 20, 0)), crops((150, 110, 180, angle)))
    lit = project(marks([0], masks=masks), crops((150, 110, 180, angle))).masks
    assert lit is not None
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    center = [(lit[0] * x).sum() / lit[0].sum(), (lit[0] * y).sum() / lit[0].sum()]
    np.testing.assert_allclose(center, poses.landmarks_px[0, 0, :2], atol=0.5)


@given(st.floats(60, 200), st.floats(60, 160), st.floats(10, 100), st.floats(-pi, pi))
def test_a_region_from_its_own_points_is_itself(
    x: float, y: float, radius: float, angle: float
) -> None:
    """Alignment points at the middle and the upper rim of the circle lead back to the region."""
    side = 2.5 * radius
    top = 32 - 64 / 2.5
    rim = Landmarks(
        np.zeros((1, 33, 3)),
        np.zeros((1, 33, 3)),
        np.zeros((1, 33)),
        np.zeros((1, 33)),
        np.ones(1),
        np.zeros(1, np.int64),
        np.array([[[32.0, 32.0], [32.0, top]]]),
    )
    poses: Poses = project(rim, crops((x, y, side, angle)))
    again = rois_from_alignment(poses.alignment_px, poses.ids)
    np.testing.assert_allclose(again.center_px, [[x, y]], atol=1e-9)
    np.testing.assert_allclose(again.side_px, [side], atol=1e-9)
    np.testing.assert_allclose(np.cos(again.angle_rad - angle), [1], atol=1e-9)
