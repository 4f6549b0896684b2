"""The nodes `project` and `mediapipe_project`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import cos, pi, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazetrack.align.crop import Crop
from blazetrack.align.project import RegionFrom, project
from blazetrack.align.roi import rois_from_alignment
from blazetrack.geometry import apply
from blazetrack.parity import project as parity
from blazetrack.skeleton import COCO17
from blazetrack.types import Crops, Frame, Landmarks, Poses, Rois

WIDTH, HEIGHT, SIDE = 320, 240, 64
BOTH = pytest.mark.parametrize("node", [project, parity.project])


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
def test_project_middle_of_the_crop_is_the_middle_of_the_region(node: Callable[..., Poses]) -> None:
    poses = node(at((32, 32, 0)), crops((100, 80, 128, 0.7)))
    np.testing.assert_allclose(poses.landmarks_px[0, :, :2], [[100, 80]] * 33, atol=1e-4)
    np.testing.assert_allclose(poses.alignment_px[0], [[100, 80]] * 2, atol=1e-4)


@BOTH
def test_project_points_turn_with_the_region(node: Callable[..., Poses]) -> None:
    quarter = crops((100, 80, 128, pi / 2))
    poses = node(at((42, 32, 0)), quarter)
    np.testing.assert_allclose(poses.landmarks_px[0, 0, :2], [100, 100], atol=1e-4)


@BOTH
def test_project_points_follow_the_affine_of_the_crop(node: Callable[..., Poses]) -> None:
    cut, landmarks = crops((100, 80, 128, 0.3), (200, 120, 40, -2.5)), marks([0, 1])
    poses = node(landmarks, cut)
    home = apply(cut.to_image, landmarks.xyz_crop[..., :2])
    np.testing.assert_allclose(poses.landmarks_px[..., :2], home, atol=1e-3)
    home = apply(cut.to_image, landmarks.alignment_crop)
    np.testing.assert_allclose(poses.alignment_px, home, atol=1e-3)


def test_project_depth_scales_like_width_and_height() -> None:
    poses = project(at((0, 0, -16)), crops((100, 80, 128, 1.1)))
    np.testing.assert_allclose(poses.landmarks_px[0, :, 2], -32)


@given(st.floats(-pi, pi))
def test_project_world_points_turn_with_the_region(angle: float) -> None:
    poses = project(at((0, 0, 0), world=(0.3, -0.5, 0.2)), crops((100, 80, 64, angle)))
    want = [0.3 * cos(angle) + 0.5 * sin(angle), 0.3 * sin(angle) - 0.5 * cos(angle), 0.2]
    np.testing.assert_allclose(poses.world_landmarks_m[0, 0], want, atol=1e-12)


def test_project_rows_select_their_regions() -> None:
    cut, landmarks = crops((100, 80, 128, 0.3), (200, 120, 40, -2.5)), marks([1])
    poses = project(landmarks, cut)
    assert poses.ids.tolist() == [6]
    home = apply(cut.to_image[1:], landmarks.xyz_crop[..., :2])
    np.testing.assert_allclose(poses.landmarks_px[..., :2], home)
    for name in ("visibility", "presence", "scores"):
        assert (getattr(poses, name) == getattr(landmarks, name)).all()


@BOTH
def test_project_no_people_give_empty_poses(node: Callable[..., Poses]) -> None:
    none = marks([], masks=np.zeros((0, SIDE, SIDE), np.float32))
    for cut in (crops((100, 80, 128, 0.3)), crops()):
        poses = node(none, cut)
        assert len(poses) == 0
        assert poses.masks is not None
        assert poses.masks.shape == (0, HEIGHT, WIDTH)


def test_project_without_masks_gives_none() -> None:
    assert project(marks([0]), crops((100, 80, 128, 0.3))).masks is None


def test_project_mask_covers_its_region_only() -> None:
    masks = np.ones((1, SIDE, SIDE), np.float32)
    poses = project(marks([0], masks=masks), crops((100, 80, 100, 0)))
    assert poses.masks is not None
    assert (poses.masks.shape, poses.masks.dtype) == ((1, HEIGHT, WIDTH), np.float32)
    y, x = np.nonzero(poses.masks[0] > 0.5)
    np.testing.assert_allclose([x.min(), x.max(), y.min(), y.max()], [50, 150, 30, 130], atol=2)


@pytest.mark.parametrize("angle", [0.0, 0.6, -2.0])
def test_project_mask_pixel_and_landmark_land_together(angle: float) -> None:
    masks = np.zeros((1, SIDE, SIDE), np.float32)
    masks[0, 20, 41] = 1
    poses = project(at((41, 20, 0)), crops((150, 110, 180, angle)))
    lit = project(marks([0], masks=masks), crops((150, 110, 180, angle))).masks
    assert lit is not None
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    center = [(lit[0] * x).sum() / lit[0].sum(), (lit[0] * y).sum() / lit[0].sum()]
    np.testing.assert_allclose(center, poses.landmarks_px[0, 0, :2], atol=0.5)


@given(st.floats(60, 200), st.floats(60, 160), st.floats(10, 100), st.floats(-pi, pi))
def test_project_alignment_of_a_region_gives_the_same_region(
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


def coco(x: float, y: float, scores: float = 0.9, ankle_score: float = 0.9) -> Landmarks:
    """An upright person in crop pixels: hips at (x, y), shoulders 10 above, ankles 20 below."""
    points = np.full((1, 17, 3), np.nan)
    points[..., 2] = 0
    points[0, 5:7, :2] = [[x + 5, y - 10], [x - 5, y - 10]]
    points[0, 11:13, :2] = [[x + 3, y], [x - 3, y]]
    points[0, 15:17, :2] = [[x + 3, y + 20], [x - 3, y + 20]]
    points[..., :2] = np.where(np.isfinite(points[..., :2]), points[..., :2], [x, y])
    seen = np.full((1, 17), scores)
    seen[0, 15:] = ankle_score
    row = np.zeros(1, np.int64)
    return Landmarks(points, 0 * points, seen, seen, np.ones(1), row, skeleton=COCO17)


@given(st.floats(-pi, pi))
def test_project_without_alignment_takes_the_circle_of_the_keypoints(angle: float) -> None:
    cut = crops((160, 120, 128, angle))
    poses = project(coco(32, 30), cut)
    radius = 1.1 * np.hypot(3, 20)
    want = apply(cut.to_image, np.array([[[32.0, 30.0], [32.0, 30.0 - radius]]]))
    np.testing.assert_allclose(poses.alignment_px, want, atol=1e-6)


def test_project_unsure_keypoints_do_not_widen_the_circle() -> None:
    near, far = (project(coco(32, 30, 0.9, s), crops((160, 120, 64, 0))) for s in (0.1, 0.9))
    np.testing.assert_allclose(near.radius_px, 1.75 * 10)
    assert far.radius_px > near.radius_px


def test_project_without_any_sure_keypoint_keeps_the_region() -> None:
    cut = crops((160, 120, 100, 0.3))
    for marks_ in (coco(32, 30, 0.1, 0.1), replace(coco(32, 30), skeleton=None)):
        again = rois_from_alignment(project(marks_, cut).alignment_px, np.array([5]))
        np.testing.assert_allclose(again.center_px, cut.rois.center_px)
        np.testing.assert_allclose(again.side_px, cut.rois.side_px)
        np.testing.assert_allclose(again.angle_rad, cut.rois.angle_rad)


def test_project_exact_arithmetic_without_alignment_agrees() -> None:
    cut = crops((160, 120, 100, 0.3))
    plain, exact = (node(coco(32, 30), cut) for node in (project, parity.project))
    np.testing.assert_allclose(exact.landmarks_px, plain.landmarks_px, atol=1e-3)
    np.testing.assert_allclose(exact.alignment_px, plain.alignment_px, atol=1e-3)


def aligned(alignment: list[list[float]]) -> Landmarks:
    """`coco` with alignment points."""
    return replace(coco(32, 30), alignment_crop=np.array([alignment], np.float64))


@pytest.mark.parametrize(
    ("region_from", "center_y", "radius"),
    [("alignment", 40.0, 10.0), ("keypoints", 30.0, 22.0), ("both", 35.0, 16.0)],
)
def test_project_region_from_selects_the_circle(
    region_from: RegionFrom, center_y: float, radius: float
) -> None:
    landmarks = aligned([[32, 40], [32, 30]])
    landmarks.xyz_crop[0, 15:17, 0] = 32  # both ankles below the mid-hip
    poses = project(landmarks, crops((32, 32, SIDE, 0)), region_from=region_from)
    np.testing.assert_allclose(poses.alignment_px[0, 0], [32, center_y], atol=1e-6)
    np.testing.assert_allclose(poses.radius_px, radius, atol=1e-6)


def test_project_region_from_keypoints_without_skeleton_is_that_of_the_network() -> None:
    cut, landmarks = crops((100, 80, 128, 0.3)), marks([0])
    want = project(landmarks, cut).alignment_px
    assert (project(landmarks, cut, region_from="keypoints").alignment_px == want).all()
