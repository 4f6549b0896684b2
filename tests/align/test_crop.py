"""The nodes `crop` and `mediapipe_crop`: pixels, borders and the affine back to the image."""

from __future__ import annotations

from math import pi

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazetrack.align.crop import Crop, sample
from blazetrack.align.roi import whole_roi
from blazetrack.backends import FakeModel
from blazetrack.errors import InputError
from blazetrack.geometry import apply, invert, rectangle_to_image
from blazetrack.model_info import ModelInfo
from blazetrack.parity import crop as parity
from blazetrack.types import Frame, Rois

WIDTH, HEIGHT, SIDE = 200, 160, 128
BOTH = pytest.mark.parametrize("node", [Crop, parity.Crop])


def region(x: float, y: float, width: float, height: float, angle: float = 0.0) -> Rois:
    size = np.array([[width, height]], np.float64)
    return Rois(np.array([[x, y]], np.float64), size, np.array([angle]), np.ones(1, np.int64))


def brightest(picture: np.ndarray) -> np.ndarray:
    """Centre of gravity of the light, x y."""
    light = picture[..., 0].astype(np.float64)
    y, x = np.mgrid[: light.shape[0], : light.shape[1]]
    return np.array([(light * x).sum(), (light * y).sum()]) / light.sum()


def one_pixel(x: int, y: int) -> Frame:
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[y, x] = 255
    return Frame(image)


def smooth_picture() -> np.ndarray:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    waves = [np.sin(x / 23 + k) * np.cos(y / 17 - k) for k in range(3)]
    return (127.5 + 100 * np.stack(waves, axis=-1)).astype(np.uint8)


# Crop pixels smaller than image pixels, so that the lit one cannot fall between two of them.
views = st.tuples(
    st.integers(20, WIDTH - 21),  # the lit pixel
    st.integers(20, HEIGHT - 21),
    st.floats(-0.25, 0.25),  # where it lies in the region, from its centre
    st.floats(-0.25, 0.25),
    st.floats(0.2, 0.6),  # image pixels per crop pixel
    st.floats(-pi, pi),
)


@BOTH
@given(view=views)
def test_crop_lit_pixel_maps_back_to_its_place(node: type[Crop], view: tuple[float, ...]) -> None:
    x, y, aside, below, scale, angle = view
    side = scale * SIDE
    crop = node(size=(SIDE, SIDE))
    cut = crop(one_pixel(x, y), region(x + aside * side, y + below * side, side, side, angle))
    home = apply(cut.to_image[0], brightest(cut.pixels[0])[None])[0]
    np.testing.assert_allclose(home, [x, y], atol=0.5)


@BOTH
@given(view=views)
def test_crop_lit_pixel_is_where_the_inverse_affine_maps_it(
    node: type[Crop], view: tuple[float, ...]
) -> None:
    x, y, aside, below, scale, angle = view
    side = scale * SIDE
    crop = node(size=(SIDE, SIDE))
    cut = crop(one_pixel(x, y), region(x + aside * side, y + below * side, side, side, angle))
    seen = apply(invert(cut.to_image[0]), np.array([[x, y]], np.float64))[0]
    np.testing.assert_allclose(brightest(cut.pixels[0]), seen, atol=0.5)
    column, row = np.round(seen).astype(int)
    assert cut.pixels[0, row, column, 0] > 127


@BOTH
def test_crop_stretched_region_maps_its_pixel_back(node: type[Crop]) -> None:
    crop = node(size=(SIDE, SIDE), letterbox=False)
    cut = crop(one_pixel(90, 70), region(95, 66, 60, 30, 0.7))
    assert not cut.letterboxed
    home = apply(cut.to_image[0], brightest(cut.pixels[0])[None])[0]
    np.testing.assert_allclose(home, [90, 70], atol=0.5)


@BOTH
@pytest.mark.parametrize("size", [(WIDTH, HEIGHT), (HEIGHT, WIDTH)])
def test_crop_whole_image_is_letterboxed_in_the_middle(
    node: type[Crop], size: tuple[int, int]
) -> None:
    width, height = size
    frame = Frame(np.full((height, width, 3), 255, np.uint8))
    crop = node(size=(100, 100), border="zero")
    cut = crop(frame, whole_roi(frame))
    assert cut.letterboxed
    assert cut.image_wh == size
    light = cut.pixels[0, :, :, 0] > 0
    columns, rows = np.flatnonzero(light.any(axis=0)), np.flatnonzero(light.any(axis=1))
    bars = [(columns[0], 99 - columns[-1]), (rows[0], 99 - rows[-1])]
    want = [(0, 0), (10, 10)] if width > height else [(10, 10), (0, 0)]
    np.testing.assert_allclose(bars, want, atol=1)
    assert cut.pixels[0, 0, 0, 0] == 0
    corners = apply(cut.to_image[0], np.array([[0.0, 0.0], [100.0, 100.0]]))
    side = max(size)
    np.testing.assert_allclose(corners.mean(axis=0), np.array(size) / 2)
    np.testing.assert_allclose(corners[1] - corners[0], [side, side])


def test_crop_border_zero_is_black_and_replicate_is_the_edge() -> None:
    frame = Frame(np.full((40, 40, 3), 200, np.uint8))
    for border, value in (("zero", 0), ("replicate", 200)):
        cut = Crop(size=(40, 40), border=border)(frame, region(40, 20, 40, 40))
        assert cut.pixels[0, 20, 5, 0] == 200
        assert cut.pixels[0, 20, 35, 0] == value


def test_crop_border_default_is_replicate() -> None:
    frame = Frame(np.full((40, 40, 3), 200, np.uint8))
    cut = Crop(size=(8, 8))(frame, region(500, 500, 20, 20))
    assert (cut.pixels == 200).all()


def test_sample_border_zero_and_replicate() -> None:
    image = np.full((10, 10, 3), 50, np.uint8)
    far = np.array([[1.0, 0.0, 100.0], [0.0, 1.0, 100.0]])
    assert (sample(image, far, (4, 6)) == 50).all()
    assert (sample(image, far, (4, 6), "zero") == 0).all()
    assert sample(image, far, (4, 6)).shape == (4, 6, 3)


@BOTH
def test_crop_pixels_stay_uint8(node: type[Crop]) -> None:
    image = np.zeros((16, 16, 3), np.uint8)
    image[:, 8:] = 255
    cut = node(size=(16, 16))(Frame(image), region(8, 8, 16, 16))
    assert cut.pixels.dtype == np.uint8
    assert (cut.pixels[0, 8, 2, 0], cut.pixels[0, 8, 13, 0]) == (0, 255)


def test_crop_keeps_the_channel_order() -> None:
    image = np.zeros((16, 16, 3), np.uint8)
    image[:] = 10, 20, 30
    cut = Crop(size=(4, 4))(Frame(image), region(8, 8, 8, 8))
    assert cut.pixels[0, 2, 2].tolist() == [10, 20, 30]


def test_crop_size_and_border_follow_the_model_unless_given() -> None:
    info = ModelInfo("fake", "landmarks", (6, 9), (-1, 1), "zero")
    frame, outside = Frame(np.full((20, 20, 3), 255, np.uint8)), region(90, 90, 10, 10)
    model = FakeModel(info, lambda pixels: {})
    cut = Crop(model)(frame, outside)
    assert cut.pixels.shape == (1, 6, 9, 3)
    assert (cut.pixels == 0).all()
    cut = Crop(model, size=(4, 4), border="replicate")(frame, outside)
    assert cut.pixels.shape == (1, 4, 4, 3)
    assert (cut.pixels == 255).all()


def test_crop_without_model_and_size_is_an_error() -> None:
    with pytest.raises(InputError, match="crop: expected a model or a size, got neither"):
        Crop()


def test_crop_no_regions_give_an_empty_stack() -> None:
    cut = Crop(size=(4, 4))(one_pixel(3, 3), Rois.empty())
    assert cut.pixels.shape == (0, 4, 4, 3)
    assert cut.to_image.shape == (0, 2, 3)


def test_crop_each_region_is_independent() -> None:
    frame = Frame(smooth_picture())
    one, other = region(60, 60, 50, 50, 0.4), region(130, 90, 80, 80, -1.0)
    both = Rois(
        np.concatenate([one.center_px, other.center_px]),
        np.concatenate([one.size_px, other.size_px]),
        np.concatenate([one.angle_rad, other.angle_rad]),
        np.array([1, 2]),
    )
    crop = Crop(size=(32, 32))
    cut = crop(frame, both)
    for row, alone in enumerate((one, other)):
        assert (cut.pixels[row] == crop(frame, alone).pixels[0]).all()
    assert cut.rois is both


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (10, 10000)])
@BOTH
def test_crop_image_of_extreme_shape_works(node: type[Crop], shape: tuple[int, int]) -> None:
    frame = Frame(np.full((*shape, 3), 255, np.uint8))
    crop = node(size=(32, 32), border="replicate")
    assert (crop(frame, whole_roi(frame)).pixels == 255).all()


def test_crop_read_only_image_works() -> None:
    image = smooth_picture()
    image.setflags(write=False)
    assert len(Crop(size=(8, 8))(Frame(image), region(50, 50, 30, 30))) == 1


@given(st.floats(-pi, pi), st.floats(20, 120))
def test_mediapipe_crop_equals_crop_within_two_grey_levels(angle: float, side: float) -> None:
    frame, rois = Frame(smooth_picture()), region(100, 80, side, side, angle)
    plain, exact = (Crop(size=(64, 64))(frame, rois) for sampling in ("linear", "mediapipe"))
    assert np.abs(plain.pixels.astype(int) - exact.pixels.astype(int)).max() <= 2
    assert (plain.to_image == exact.to_image).all()


def test_sample_halfway_is_the_mean_of_the_neighbours() -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    image[1, 1], image[1, 2] = 100, 200
    half_way = rectangle_to_image(
        np.array([[1.5, 1.0]]), np.array([[2.0, 2.0]]), np.zeros(1), (2, 2)
    )[0]
    assert sample(image, half_way, (2, 2))[1, 1, 0] == 150


@given(
    st.floats(-pi, pi),
    st.floats(90, 1400),
    st.floats(-300, 500),
    st.floats(-300, 500),
    st.sampled_from(["zero", "replicate"]),
)
def test_crop_turned_and_reduced_region_equals_sample_within_few_grey_levels(
    angle: float, side: float, x: float, y: float, border: str
) -> None:
    frame, size = Frame(smooth_picture()), (48, 64)
    crop = Crop(size=size, border=border, letterbox=False)
    cut = crop(frame, region(x, y, side, side * 0.75, angle))
    want = sample(frame.image, cut.to_image[0], size, border)
    apart = np.abs(cut.pixels[0].astype(int) - want.astype(int))
    places = apply(cut.to_image[0], np.stack(np.mgrid[:48, :64][::-1], axis=-1).reshape(-1, 2))
    beyond = np.abs(places - np.array([WIDTH - 1, HEIGHT - 1]) / 2)
    beyond -= np.array([WIDTH - 1, HEIGHT - 1]) / 2
    inside = (np.abs(beyond) > 1.1).all(axis=1).reshape(48, 64)  # not across the border
    assert apart[inside | (border == "replicate")].max(initial=0) <= 3


def test_crop_second_region_leaves_the_first_as_it_was() -> None:
    frame, crop = Frame(smooth_picture()), Crop(size=(32, 32))
    first = crop(frame, region(90, 70, 100, 100, 0.3))
    before = first.pixels.copy()
    crop(frame, region(60, 80, 120, 120, -0.7))
    assert (first.pixels == before).all()
