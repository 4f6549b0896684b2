"""Decoded pictures as RGB: the pixels of a plain conversion, in memory that is used again."""

from __future__ import annotations

import gc
from itertools import product
from typing import Any

import av
import numpy as np
import pytest

from blazetrack.sources.rgb import RgbConverter

NEW = int(av.__version__.split(".")[0]) >= 17
FORMATS = ["yuv420p", "yuvj420p", "yuv444p", "yuv420p10le", "nv12", "gray", "rgb24", "gbrp"]


def picture(pixel_format: str, width: int = 128, height: int = 50, seed: int = 0) -> Any:
    noise = np.random.default_rng(seed).integers(0, 255, (height, width, 3)).astype(np.uint8)
    return av.VideoFrame.from_ndarray(noise, format="rgb24").reformat(format=pixel_format)


@pytest.mark.parametrize("pixel_format", FORMATS)
def test_rgb_converter_gives_the_pixels_of_a_reformat(pixel_format: str) -> None:
    convert = RgbConverter()
    for width, space, value_range in product((128, 130), (1, 2, 5, 9), (0, 1, 2)):
        given = picture(pixel_format, width)
        given.colorspace, given.color_range = space, value_range
        expected = given.reformat(format="rgb24").to_ndarray()
        pixels = convert(given, "a film")
        assert pixels.flags.c_contiguous
        assert np.array_equal(pixels, expected)


@pytest.mark.skipif(not NEW, reason="older PyAV cannot set the transfer")
def test_rgb_converter_reserved_transfer_is_converted() -> None:
    given = picture("yuv420p")
    expected = given.reformat(format="rgb24").to_ndarray()
    given.color_trc = given.color_primaries = 3  # reserved: swscale refuses it
    assert np.array_equal(RgbConverter()(given, "a film"), expected)


def test_rgb_converter_size_changes_gives_the_new_size() -> None:
    convert = RgbConverter()
    shapes = [convert(picture("yuv420p", width, 48), "a film").shape for width in (64, 128, 70)]
    assert shapes == [(48, 64, 3), (48, 128, 3), (48, 70, 3)]


def test_rgb_converter_kept_pixels_do_not_change() -> None:
    convert = RgbConverter()
    kept = [convert(picture("rgb24" if i % 2 else "yuv444p", seed=i), "a film") for i in range(6)]
    copies = [pixels.copy() for pixels in kept]
    for seed in range(6, 20):
        convert(picture("yuv444p", seed=seed), "a film")
    del convert
    gc.collect()
    assert all(map(np.array_equal, kept, copies))


@pytest.mark.skipif(not NEW, reason="older PyAV has no pool")
def test_rgb_converter_memory_is_used_again() -> None:
    convert = RgbConverter()
    places = {
        convert(picture("yuv420p", 640, 480, seed), "a film").ctypes.data for seed in range(8)
    }
    assert len(places) <= 2
