"""Linear assignment: which row goes with which column, at the least total cost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["least_cost_pairs"]


def least_cost_pairs(cost: NDArray[np.float64], impossible: float = 1e6) -> dict[int, int]:
    """Row → column of the assignment of least cost, without impossible pairs.

    Args:
        cost: `(R, C)`; infinite or NaN where a pair is impossible.
        impossible: cost of such a pair to the solver: above all others it assigns as many rows as
            it can, at 0 only pairs of negative cost.
    """
    possible = np.isfinite(cost)
    if not possible.any():
        return {}
    if cost.size == 1:
        return {0: 0}
    from lap import lapjv  # as good as SciPy's solver, which takes 140 MB

    _, columns, _ = lapjv(np.where(possible, cost, impossible), extend_cost=True)
    pairs = enumerate(columns.tolist())
    return {row: at for row, at in pairs if at >= 0 and possible[row, at]}
