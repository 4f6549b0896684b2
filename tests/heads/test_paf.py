"""Head `paf`: drawn people are found again, from the tensors of the published networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from blazetrack.errors import ModelError
from blazetrack.heads import check_head, decode
from blazetrack.heads.paf import PAF, RULES, encode, limbs_of
from blazetrack.model_info import ModelInfo
from blazetrack.skeleton import COCO18, Skeleton
from blazetrack.types import Landmarks

HW, MAP = (368, 432), (46, 54)
# A standing person in parts of the height, origin above the middle of the head.
STANDING = np.array(
    [
        (0.00, 0.06), (0.00, 0.18), (-0.10, 0.18), (-0.14, 0.33), (-0.17, 0.47), (0.10, 0.18),
        (0.14, 0.33), (0.17, 0.47), (-0.07, 0.52), (-0.08, 0.75), (-0.09, 0.97), (0.07, 0.52),
        (0.08, 0.75), (0.09, 0.97), (-0.03, 0.03), (0.03, 0.03), (-0.07, 0.04), (0.07, 0.04),
    ]
)  # fmt: skip


def info(*outputs: str, skeleton: Skeleton = COCO18, **options: Any) -> ModelInfo:
    named = {name: name for name in (outputs or ("heatmap",))}
    return ModelInfo("mine", "landmarks", HW, (0, 1), "zero", named, skeleton, None, "paf", options)


def people(xy: Any, skeleton: Skeleton = COCO18) -> Landmarks:
    """`(N, K, 2)` crop pixels; NaN is a keypoint that is not drawn."""
    xy = np.asarray(xy, np.float64).reshape(-1, len(skeleton), 2)
    seen = np.isfinite(xy).all(axis=-1).astype(np.float64)
    xyz = np.concatenate([np.nan_to_num(xy), np.zeros((*xy.shape[:2], 1))], axis=-1)
    none = np.zeros(len(xy), np.int64)
    return Landmarks(xyz, np.zeros_like(xyz), seen, seen, np.ones(len(xy)), none)


def row_of_people(count: int, height: float = 300.0) -> NDArray[np.float64]:
    middle = (np.arange(count) + 0.5) / count * HW[1]
    return STANDING * height + np.stack([middle, np.full(count, 30.0)], axis=1)[:, None]


def crowd(count: int, seed: int) -> NDArray[np.float64]:
    """People of many sizes at random places; they may overlap."""
    rng = np.random.default_rng(seed)
    heights = rng.uniform(80, 240, count)
    x = rng.uniform(0.2 * heights, HW[1] - 0.2 * heights)
    y = rng.uniform(0, HW[0] - heights)
    sway = rng.normal(0, 0.01, (count, 18, 2))
    return (STANDING + sway) * heights[:, None, None] + np.stack([x, y], axis=1)[:, None]


def matches(found: Landmarks, truth: NDArray[np.float64], max_px: float = 8.0) -> int:
    """People of `truth` with nine of ten keypoints found in one person of `found`."""
    apart = np.hypot(*np.moveaxis(found.xyz_crop[:, None, :, :2] - truth[None], -1, 0))
    right = (apart < max_px) & (found.presence > 0)[:, None]
    return int((right.mean(axis=-1) > 0.9).any(axis=0).sum())


@pytest.mark.parametrize("rules", sorted(RULES))
@pytest.mark.parametrize("assignment", ["greedy", "optimal"])
@pytest.mark.parametrize("cells", ["corner", "centre"])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_decode_undoes_encode(rules: str, assignment: str, cells: str, count: int) -> None:
    model = info(rules=rules, assignment=assignment, cells=cells)
    truth = row_of_people(count)
    found = decode(PAF, encode(people(truth), model, MAP), model)
    assert len(found) == count
    order = np.argsort(found.xyz_crop[:, 1, 0])
    apart = np.abs(found.xyz_crop[order, :, :2] - truth)
    # Ears and eyes are a cell from each other: their maxima stay apart.
    assert apart.max(initial=0) < 4.0
    assert apart.mean() < 1.5 if count else True
    assert (found.presence > 0.75).all()
    assert ((found.scores > 0.8) & (found.scores <= 1)).all()
    np.testing.assert_array_equal(found.row, np.zeros(count))


@pytest.mark.parametrize("assignment", ["greedy", "optimal"])
def test_decode_crowd_recall_and_precision(assignment: str) -> None:
    model = info(assignment=assignment, upsample=8)
    whole = shown = given = 0
    for seed in range(6):
        truth = crowd(7, seed)
        found = decode(PAF, encode(people(truth), model, MAP), model)
        whole, shown, given = whole + matches(found, truth), shown + len(truth), given + len(found)
    assert whole / shown > 0.8
    assert whole / given > 0.8


def test_decode_one_output_and_two_outputs_are_equal() -> None:
    truth = people(crowd(3, 1))
    one, two = info("heatmap"), info("heatmap", "paf")
    parts = encode(truth, two, MAP)
    assert (parts["heatmap"].shape, parts["paf"].shape) == ((1, *MAP, 19), (1, *MAP, 38))
    joined = encode(truth, one, MAP)["heatmap"]
    np.testing.assert_array_equal(joined, np.concatenate(list(parts.values()), axis=-1))
    want, got = decode(PAF, parts, two), decode(PAF, {"heatmap": joined}, one)
    np.testing.assert_array_equal(got.xyz_crop, want.xyz_crop)
    without = {**parts, "heatmap": parts["heatmap"][..., :18]}
    np.testing.assert_array_equal(decode(PAF, without, two).xyz_crop, want.xyz_crop)


def test_limbs_of_coco18_have_the_published_channels() -> None:
    limbs = limbs_of(COCO18)
    # Numbers of CocoPairs and CocoPairsNetwork in tf-pose-estimation's common.py.
    assert limbs.pairs.tolist() == [
        [1, 2], [1, 5], [2, 3], [3, 4], [5, 6], [6, 7], [1, 8], [8, 9], [9, 10], [1, 11],
        [11, 12], [12, 13], [1, 0], [0, 14], [14, 16], [0, 15], [15, 17], [2, 16], [5, 17],
    ]  # fmt: skip
    assert limbs.channels.tolist() == [
        12, 20, 14, 16, 22, 24, 0, 2, 4, 6, 8, 10, 28, 30, 34, 32, 36, 18, 26,
    ]  # fmt: skip


def test_encode_field_points_from_first_to_second_keypoint() -> None:
    xy = np.full((1, 18, 2), np.nan)
    xy[0, 1], xy[0, 8] = (200, 100), (200, 260)  # neck, right hip: downwards
    outputs = encode(people(xy), info("heatmap", "paf"), MAP)
    field, column = outputs["paf"][0], 25
    np.testing.assert_allclose(field[20, column, :2], [0, 1], atol=1e-6)
    assert not field[..., 2:].any()
    assert not field[:, 0].any()
    assert outputs["heatmap"][0, 12, 25, 1] > 0.7
    np.testing.assert_allclose(
        outputs["heatmap"][0, ..., 18], 1 - outputs["heatmap"][0, ..., :18].max(axis=-1), atol=1e-6
    )


def test_decode_missing_keypoint_has_no_presence_and_lies_among_the_others() -> None:
    truth = row_of_people(1)
    truth[0, [4, 10]] = np.nan
    model = info()
    found = decode(PAF, encode(people(truth), model, MAP), model)
    assert len(found) == 1
    assert np.flatnonzero(found.presence[0] == 0).tolist() == [4, 10]
    assert np.isfinite(found.xyz_crop).all()
    middle = found.xyz_crop[0, found.presence[0] > 0].mean(axis=0)
    np.testing.assert_allclose(found.xyz_crop[0, [4, 10]], [middle] * 2)


def test_decode_three_keypoints_are_no_person() -> None:
    truth = np.full((1, 18, 2), np.nan)
    truth[0, 1:4] = row_of_people(1)[0, 1:4]
    model = info()
    assert len(decode(PAF, encode(people(truth), model, MAP), model)) == 0


def test_decode_forty_people_in_one_frame() -> None:
    places = np.stack(np.meshgrid(np.arange(10), np.arange(4)), axis=-1).reshape(-1, 1, 2)
    truth = STANDING * 84 + places * (43, 92) + (21, 4)
    model = info()
    outputs = encode(people(truth), model, MAP, sigma=0.7, width=0.7)
    found = decode(PAF, outputs, info(upsample=4))
    assert 30 <= len(found) <= 45


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [0.0, 0.9, np.nan])
@pytest.mark.parametrize("assignment", ["greedy", "optimal"])
def test_decode_flat_maps_are_no_crash(value: float, assignment: str) -> None:
    maps = np.full((1, *MAP, 57), value, np.float32)
    found = decode(PAF, {"heatmap": maps}, info(assignment=assignment))
    assert np.isfinite(found.xyz_crop).all()
    assert len(found) == 0 or value == 0.9


@pytest.mark.parametrize("assignment", ["greedy", "optimal"])
def test_decode_noise_has_no_more_people_than_candidates(assignment: str) -> None:
    noise = np.random.default_rng(0).random((1, *MAP, 57), np.float32)
    found = decode(PAF, {"heatmap": noise}, info(assignment=assignment, upsample=8))
    assert len(found) <= 96 * 17


@pytest.mark.parametrize(
    "shapes",
    [
        {"heatmap": (1, *MAP, 19)},
        {"heatmap": (1, *MAP, 56 - 2)},
        {"heatmap": (1, 57, *MAP)},
        {"heatmap": (1, 57)},
        {"heatmap": (1, *MAP, 19), "paf": (1, *MAP, 36)},
        {"heatmap": (1, *MAP, 19), "paf": (1, 23, 27, 38)},
    ],
)
def test_decode_maps_of_another_shape_are_one_line(shapes: dict[str, tuple[int, ...]]) -> None:
    outputs = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    want = r"mine: expected maps \(1, h, w, 19\) and \(1, h, w, 38\), or both in one, got \(1, "
    with pytest.raises(ModelError, match=want):
        decode(PAF, outputs, info(*shapes))


def test_decode_own_skeleton_has_its_edges_as_limbs() -> None:
    names = ("head", "hip", "left_foot", "right_foot")
    own = Skeleton("own", names, ((0, 1), (1, 2), (1, 3)))
    truth = [[(100, 60), (100, 160), (140, 260), (60, 260)], [(300, 60), (310, 160), (330, 250),
             (270, 260)]]  # fmt: skip
    model = info(skeleton=own)
    outputs = encode(people(truth, own), model, MAP)
    assert outputs["heatmap"].shape == (1, *MAP, 5 + 6)
    found = decode(PAF, outputs, model)
    order = np.argsort(found.xyz_crop[:, 0, 0])
    np.testing.assert_allclose(found.xyz_crop[order, :, :2], truth, atol=4)


def test_decode_skeleton_without_edges_is_one_line() -> None:
    points = Skeleton("points", ("a", "b"))
    with pytest.raises(ModelError, match="head paf: expected a skeleton with edges, got points"):
        decode(PAF, {"heatmap": np.zeros((1, *MAP, 3))}, info(skeleton=points))


def test_check_head_wrong_rules_are_one_line() -> None:
    with pytest.raises(ModelError, match="of head paf: expected paper, tf_pose, got mine"):
        check_head(info(rules="mine"))
