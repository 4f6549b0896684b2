"""Refinement on drawn heatmaps whose centre of gravity is known."""

from __future__ import annotations

import numpy as np
import pytest

from blazetrack.heads.blazepose import refine_landmarks

SIZE = 64


def logit(probability: np.ndarray | float) -> np.ndarray:
    p = np.clip(np.asarray(probability, np.float64), 1e-30, 1 - 1e-7)
    return np.log(p / (1 - p)).astype(np.float32)


def drawn(*spots: tuple[int, int, float], size: int = SIZE) -> np.ndarray:
    """A heatmap of one landmark: `(column, row, probability)`, 0 elsewhere."""
    heat = np.zeros((size, size, 1))
    for column, row, probability in spots:
        heat[row, column] = probability
    return logit(heat)


def refined(heatmap: np.ndarray, column: float, row: float, **options: float) -> list[float]:
    """Where a landmark in cell (column, row) goes, in cells."""
    xy = np.array([[(column + 0.5), (row + 0.5)]], np.float32) / np.float32(heatmap.shape[0])
    result = refine_landmarks(xy, heatmap, **options)  # type: ignore[arg-type]
    assert result.dtype == np.float32
    return (result[0].astype(np.float64) * heatmap.shape[0]).tolist()


def stays(column: float, row: float) -> object:
    return pytest.approx([column + 0.5, row + 0.5], abs=1e-4)


def test_refine_single_cell_gives_its_corner() -> None:
    assert refined(drawn((32, 21, 0.9)), 30, 20) == pytest.approx([32, 21], abs=1e-4)


def test_refine_two_cells_give_their_weighted_mean() -> None:
    heat = drawn((30, 20, 0.9), (32, 20, 0.3))
    assert refined(heat, 30, 20) == pytest.approx([30.5, 20], abs=1e-4)


def test_refine_3x3_block_gives_its_centre_of_gravity() -> None:
    weights = np.array([[0.1, 0.2, 0.1], [0.2, 0.8, 0.4], [0.1, 0.2, 0.1]])
    heat = np.zeros((SIZE, SIZE, 1))
    heat[19:22, 29:32, 0] = weights
    x = (weights.sum(axis=0) * [29, 30, 31]).sum() / weights.sum()
    y = (weights.sum(axis=1) * [19, 20, 21]).sum() / weights.sum()
    assert refined(logit(heat), 30, 20, kernel_size=3) == pytest.approx([x, y], abs=1e-4)


def test_refine_works_on_a_smaller_map() -> None:
    assert refined(drawn((3, 4, 0.9), size=7), 3, 3) == pytest.approx([3, 4], abs=1e-4)


def test_refine_reads_the_window_only() -> None:
    heat = drawn((30, 20, 0.9), (34, 20, 0.9))
    assert refined(heat, 30, 20, kernel_size=7) == pytest.approx([30, 20], abs=1e-4)
    assert refined(heat, 30, 20, kernel_size=9) == pytest.approx([32, 20], abs=1e-4)
    assert refined(heat, 31, 20, kernel_size=7) == pytest.approx([32, 20], abs=1e-4)


@pytest.mark.parametrize(
    ("cell", "spots"),
    [
        ((0, 0), [(0, 0, 0.8), (3, 0, 0.4)]),
        ((63, 63), [(63, 63, 0.8), (60, 63, 0.4)]),
        ((63, 0), [(63, 3, 0.8), (61, 0, 0.4)]),
    ],
)
def test_refine_window_is_clipped_at_the_border(
    cell: tuple[int, int], spots: list[tuple[int, int, float]]
) -> None:
    total = sum(p for _, _, p in spots)
    want = [sum(spot[axis] * spot[2] for spot in spots) / total for axis in (0, 1)]
    assert refined(drawn(*spots), *cell) == pytest.approx(want, abs=1e-4)


def test_refine_low_confidence_moves_nothing() -> None:
    assert refined(drawn((32, 20, 0.49)), 30, 20) == stays(30, 20)
    assert refined(drawn((32, 20, 0.51)), 30, 20) == pytest.approx([32, 20], abs=1e-4)
    assert refined(drawn((32, 20, 0.3)), 30, 20, min_confidence=0.2) == pytest.approx(
        [32, 20], abs=1e-4
    )


@pytest.mark.parametrize("cell", [(-3, 20), (64, 20), (30, -3), (30, 64), (1e9, 0), (np.nan, 0)])
def test_refine_landmark_outside_its_map_is_not_moved(cell: tuple[float, float]) -> None:
    heat = logit(np.full((SIZE, SIZE, 1), 0.9))
    xy = (np.array([cell], np.float32) + 0.5) / SIZE
    np.testing.assert_array_equal(refine_landmarks(xy, heat), xy)


def test_refine_each_landmark_reads_its_own_channel() -> None:
    heat = np.concatenate([drawn((31, 20, 0.9)), drawn((30, 22, 0.9)), drawn((0, 0, 0.9))], axis=2)
    xy = np.full((2, 2), [30.5 / SIZE, 20.5 / SIZE], np.float32)
    np.testing.assert_allclose(refine_landmarks(xy, heat) * SIZE, [[31, 20], [30, 22]], atol=1e-4)


def test_refine_leaves_its_input_unchanged() -> None:
    xy = np.full((1, 2), 0.5, np.float32)
    refine_landmarks(xy, drawn((30, 30, 0.9)))
    assert (xy == 0.5).all()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kernel_size", [3, 7, 9])
def test_refine_equals_plain_loops(seed: int, kernel_size: int) -> None:
    rng = np.random.default_rng(seed)
    heat = rng.normal(-1, 2, (16, 16, 20)).astype(np.float32)
    xy = rng.uniform(-0.1, 1.1, (20, 2)).astype(np.float32)
    want = xy.copy()
    for i, (x, y) in enumerate(xy * np.float32(16)):
        column, row = int(x), int(y)  # towards zero, so less than a cell outside is still held
        if not (0 <= column < 16 and 0 <= row < 16):
            continue
        total = sum_x = sum_y = best = 0.0
        for r in range(row - kernel_size // 2, row + kernel_size // 2 + 1):
            for c in range(column - kernel_size // 2, column + kernel_size // 2 + 1):
                if 0 <= r < 16 and 0 <= c < 16:
                    p = 1 / (1 + np.exp(-float(heat[r, c, i])))
                    total, sum_x, sum_y = total + p, sum_x + p * c, sum_y + p * r
                    best = max(best, p)
        if best >= 0.5:
            want[i] = sum_x / total / 16, sum_y / total / 16
    np.testing.assert_allclose(refine_landmarks(xy, heat, kernel_size), want, atol=1e-6)
