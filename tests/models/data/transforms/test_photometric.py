"""Photometric augmentation."""

from __future__ import annotations

import numpy as np
import pytest

from models.data.transforms.photometric import (
    ColourSettings,
    DamageSettings,
    blurred,
    damaged,
    recoloured,
)

CALM = {"small": 0.0, "blur": 0.0, "motion": 0.0, "noise": 0.0, "jpeg": 0.0}
STILL = dict.fromkeys(
    ("brightness", "contrast", "gamma", "saturation", "hue_deg", "tint", "grey"), 0.0
)


@pytest.mark.parametrize("kind", ["small", "blur", "motion", "jpeg"])
@pytest.mark.parametrize("seed", range(3))
def test_no_damage_moves_a_lit_spot(kind, seed):
    image = np.zeros((96, 96, 3), np.uint8)
    image[40:49, 50:59] = 255
    settings = DamageSettings(**{**CALM, kind: 1.0})
    worse = damaged(image, np.random.default_rng(seed), settings)
    assert worse.shape == image.shape
    light = np.maximum(worse[..., 0].astype(float) - 8, 0)
    y, x = (np.average(axis, weights=light) for axis in np.mgrid[:96, :96])
    assert (x, y) == pytest.approx((54, 44), abs=0.35)


def test_noise_spreads_evenly_around_the_picture():
    image = np.full((64, 64, 3), 128, np.uint8)
    settings = DamageSettings(**{**CALM, "noise": 1.0, "noise_sigma": 0.1})
    off = damaged(image, np.random.default_rng(0), settings).astype(float) - 128
    assert abs(off.mean()) < 0.5
    assert 1 < off.std() < 26


def test_the_same_seed_does_the_same_damage():
    image = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)
    all_of_it = DamageSettings(small=1, blur=1, motion=1, noise=1, jpeg=1)
    one, two = (damaged(image, np.random.default_rng(5), all_of_it) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, image)


def test_grey_has_three_equal_channels_of_the_same_lightness():
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    grey = recoloured(image, np.random.default_rng(0), ColourSettings(**{**STILL, "grey": 1.0}))
    assert np.ptp(grey, axis=2).max() == 0
    np.testing.assert_allclose(grey[..., 0], image @ (0.299, 0.587, 0.114), atol=1)


@pytest.mark.parametrize("name", ["hue_deg", "saturation"])
def test_recoloured_hue_and_saturation_keep_grey(name):
    image = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    bound = {**STILL, name: 90.0 if name == "hue_deg" else 1.0}
    for seed in range(4):
        same = recoloured(image, np.random.default_rng(seed), ColourSettings(**bound))
        np.testing.assert_allclose(same, image, atol=1)


@pytest.mark.parametrize("name", ["brightness", "contrast", "gamma", "tint"])
def test_light_changes_the_picture(name):
    image = np.full((4, 4, 3), 90, np.uint8)
    other = recoloured(image, np.random.default_rng(0), ColourSettings(**{**STILL, name: 0.5}))
    assert not np.array_equal(other, image)


def test_blurred_by_sigma_0_is_identity():
    image = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    assert blurred(image, 0.1) is image
