"""Drawn people: labels, seeds, fingerprints."""

from __future__ import annotations

import numpy as np
import pytest

from blazetrack.errors import InputError
from blazetrack.skeleton import BLAZEPOSE33
from models.data.readers.synthetic import synthetic

HIPS = (BLAZEPOSE33.index("left_hip"), BLAZEPOSE33.index("right_hip"))


def test_a_person_follows_from_seed_and_number():
    people = synthetic(5, size=96, seed=2)
    again = synthetic(9, size=96, seed=2)[3]
    np.testing.assert_array_equal(people[3].image, again.image)
    np.testing.assert_array_equal(people[3].points_px, again.points_px)
    assert not np.array_equal(people[2].points_px, again.points_px)
    assert not np.array_equal(synthetic(5, size=96, seed=3)[3].points_px, again.points_px)
    assert people[3:][0].source == people[3].source == "synthetic/2-00003"


def test_synthetic_person_is_fully_labelled():
    for person in synthetic(6, size=96):
        assert person.labelled.all()
        assert np.isfinite(person.points_px).all()
        assert np.isfinite(person.visibility).all()
        hips = list(HIPS)
        np.testing.assert_allclose(person.world_m[0, hips].mean(0), 0, atol=1e-6)
        np.testing.assert_allclose(person.points_px[0, hips, 2].mean(), 0, atol=1e-4)
        np.testing.assert_allclose(
            person.alignment_px[0, 0], person.points_px[0, hips, :2].mean(0), 1e-4
        )


@pytest.mark.parametrize("rotation_share", [0.0, 1.0])
def test_metres_are_the_pixels_in_another_scale(rotation_share):
    for person in synthetic(4, size=96, rotation_share=rotation_share):
        points = person.points_px.copy()
        points[..., :2] -= points[0, list(HIPS), :2].mean(0)
        scale = np.abs(person.world_m).sum() / np.abs(points).sum()
        np.testing.assert_allclose(points * scale, person.world_m, atol=1e-4)
        height = np.ptp(synthetic(1, size=96, rotation_share=0)[0].world_m[0, :, 1])
        assert 1.2 < height < 2.2


def test_the_nose_is_nearer_than_the_ears():
    for person in synthetic(4, size=96):
        nose, ears = person.points_px[0, 0, 2], person.points_px[0, [7, 8], 2]
        assert nose < ears.max()


def test_the_labels_lie_on_the_drawn_person():
    black, white = (np.full((96, 96, 3), grey, np.uint8) for grey in (0, 255))
    seen = 0
    for number in range(12):
        dark, bright = (
            synthetic(12, size=96, rotation_share=0, backgrounds=[behind])[number]
            for behind in (black, white)
        )
        if not np.abs(dark.image.astype(int) - bright.image).max() > 200:
            continue  # before a drawn room
        seen += 1
        inside = dark.visibility[0] > 0
        body = [i for i in range(11, 29) if inside[i]]
        x, y = np.rint(dark.points_px[0, body, :2]).astype(int).T
        same = (np.abs(dark.image.astype(int) - bright.image) < 60).all(axis=2)
        assert same[y.clip(0, 95), x.clip(0, 95)].mean() > 0.8
    assert seen > 2


def test_the_fingerprint_changes_with_what_is_drawn():
    prints = {
        synthetic(3, size=64).fingerprint,
        synthetic(4, size=64).fingerprint,
        synthetic(3, size=65).fingerprint,
        synthetic(3, size=64, seed=1).fingerprint,
        synthetic(3, size=64, backgrounds=[np.zeros((4, 4, 3), np.uint8)]).fingerprint,
    }
    assert len(prints) == 5


@pytest.mark.parametrize(
    "wrong", [{"count": 0}, {"size": 8}, {"seed": -1}, {"rotation_share": 1.5}]
)
def test_synthetic_number_out_of_range_is_refused(wrong):
    with pytest.raises(InputError, match=f"synthetic: {next(iter(wrong))}: expected"):
        synthetic(**{"count": 3, **wrong})
