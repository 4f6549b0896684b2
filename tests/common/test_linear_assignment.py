"""Pairs of least total cost."""

from __future__ import annotations

import numpy as np
import pytest

from blazetrack.common.linear_assignment import least_cost_pairs

INF = np.inf


@pytest.mark.parametrize(
    ("cost", "pairs"),
    [
        ([[INF, 1.0], [INF, INF]], {0: 1}),
        ([[0.1, INF], [0.2, INF]], {0: 0}),
        ([[5.0, INF], [0.0, 5.0]], {0: 0, 1: 1}),  # two pairs rather than one that is cheaper
        ([[INF, INF]], {}),
        ([[1.0, 0.5, INF]], {0: 1}),
        ([[INF]], {}),
        ([[0.5]], {0: 0}),
        ([[-0.3]], {0: 0}),
    ],
)
def test_least_cost_pairs_drops_impossible_pairs(
    cost: list[list[float]], pairs: dict[int, int]
) -> None:
    assert least_cost_pairs(np.array(cost)) == pairs


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_least_cost_pairs_of_empty_cost_is_empty(shape: tuple[int, int]) -> None:
    assert least_cost_pairs(np.zeros(shape)) == {}
