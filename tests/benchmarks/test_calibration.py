"""AUROC, calibration error and the reliability diagram."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.calibration import (
    Scored,
    auroc,
    calibration_error,
    draw_reliability,
    reliability,
)
from blazetrack.errors import SinkError


def scored(*pairs: tuple[float, int]) -> Scored:
    scores, right = zip(*pairs, strict=True)
    return Scored(np.array(scores, float), np.array(right, bool))


def test_auroc_is_the_share_of_pairs_in_the_right_order() -> None:
    assert auroc(scored((0.1, 0), (0.2, 0), (0.8, 1), (0.9, 1))) == 1
    assert auroc(scored((0.9, 0), (0.1, 1))) == 0
    assert auroc(scored((0.1, 0), (0.5, 1), (0.6, 0), (0.9, 1))) == pytest.approx(3 / 4)


def test_auroc_ties_count_half() -> None:
    assert auroc(scored((0.5, 0), (0.5, 1), (0.5, 1))) == pytest.approx(0.5)


def test_auroc_of_one_kind_is_nan() -> None:
    assert np.isnan(auroc(scored((0.5, 1), (0.6, 1))))


def test_reliability_counts_bins_of_equal_width() -> None:
    count, mean, share = reliability(scored((0.05, 0), (0.95, 1), (1.0, 0)), bins=2).T
    assert count.tolist() == [1, 2]
    assert mean == pytest.approx([0.05, 0.975])
    assert share == pytest.approx([0, 0.5])


def test_calibration_error_is_the_mean_difference_over_poses() -> None:
    assert calibration_error(scored((0.5, 0), (0.5, 1))) == 0
    found = calibration_error(scored((0.9, 1), (0.9, 0), (0.9, 0), (0.1, 0)))
    assert found == pytest.approx((3 * abs(0.9 - 1 / 3) + 0.1) / 4)


def test_draw_reliability_writes_a_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    draw_reliability({"full": scored((0.2, 0), (0.9, 1))}, tmp_path / "out.png")
    assert (tmp_path / "out.png").stat().st_size > 1000
    with pytest.raises(SinkError, match="--plot"):
        draw_reliability({"full": scored((0.2, 0))}, tmp_path / "none" / "out.png")
