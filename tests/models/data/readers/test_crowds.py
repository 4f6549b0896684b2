"""Drawn pictures of several people."""

from __future__ import annotations

import numpy as np
import pytest

from blazetrack.errors import InputError
from models.data.readers.crowds import crowds


def test_crowds_same_number_is_the_same_picture() -> None:
    one, again, other = crowds(5, seed=3)[2], crowds(9, seed=3)[2], crowds(5, seed=4)[2]
    np.testing.assert_array_equal(one.image, again.image)
    np.testing.assert_array_equal(one.points_px, again.points_px)
    assert (one.image != other.image).any()
    assert crowds(5, seed=3).fingerprint != crowds(5, seed=4).fingerprint


def test_crowds_labels_lie_in_the_picture_and_boxes_around_them() -> None:
    counts = []
    for image in crowds(12):
        counts.append(len(image))
        assert image.image.shape == (240, 320, 3)
        points = np.where(image.labelled[..., None], image.points_px[..., :2], np.nan)
        assert not ((points < 0) | (points >= (320, 240))).any()  # false for NaN
        low, high = np.nanmin(points, axis=1), np.nanmax(points, axis=1)
        np.testing.assert_allclose(image.boxes_px, np.concatenate([low, high], axis=1), atol=1e-3)
        assert (image.visibility[image.labelled] >= 0).all()
    assert max(counts) > 2


@pytest.mark.parametrize(("count", "seed"), [(0, 0), (3, -1)])
def test_crowds_wrong_number_is_one_line(count: int, seed: int) -> None:
    with pytest.raises(InputError, match="crowds: expected 1 or more pictures and a seed from 0"):
        crowds(count, seed=seed)
