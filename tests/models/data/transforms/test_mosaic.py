"""Canvases of a detector: pixels and people move together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from blazetrack.errors import InputError
from blazetrack.model_info import Anchors
from blazetrack.skeleton import COCO17
from models.data.annotated import AnnotatedImage
from models.data.batches import Batches
from models.data.examples import Canvases
from models.data.targets.ssd import SsdTargets
from models.data.transforms.detector_view import MID_SHOULDER
from models.data.transforms.mosaic import CanvasSettings, draw, place
from models.data.transforms.photometric import ColourSettings, DamageSettings

# Nothing that changes pixels, so that a lit spot can be found again.
PLAIN = {
    "colour": ColourSettings(
        brightness=0.0, contrast=0.0, gamma=0.0, saturation=0.0, hue_deg=0.0, tint=0.0, grey=0.0
    ),
    "damage": DamageSettings(small=0.0, blur=0.0, motion=0.0, noise=0.0, jpeg=0.0),
    "sharp": 0.0,
}
LAYOUT = Anchors(strides=(8, 16, 16, 16), per_map=2)


def scene(
    x: float = 70.0, y: float = 40.0, radius: float = 50.0, lit: bool = True
) -> AnnotatedImage:
    """A dark picture of 160 × 120 with a person whose head is a bright spot."""
    image = np.zeros((120, 160, 3), np.uint8)
    if lit:
        rows, columns = np.mgrid[:120, :160]
        spot = np.exp(-0.5 * ((columns - x) ** 2 + (rows - y) ** 2) / 3.0**2)
        image[..., 0] = np.rint(255 * spot)
    head, half = np.array([x, y]), radius / 4
    hips = np.array([x, y + 0.7 * radius])
    return AnnotatedImage.of(
        image,
        MID_SHOULDER,
        np.array([[[x, y + 0.2 * radius]]]),
        np.stack([hips, hips - (0, radius)])[None],
        ["test/0"],
        boxes_px=np.concatenate([head - half, head + half])[None],
        ignore_px=np.array([[5.0, 90, 25, 110]]),
    )


def brightest(image: np.ndarray) -> np.ndarray:
    red = image[..., 0].astype(float)
    weights = np.where(red > 0.5 * red.max(), red, 0)
    y, x = np.mgrid[: red.shape[0], : red.shape[1]]
    return np.array([(x * weights).sum(), (y * weights).sum()]) / weights.sum()


@pytest.mark.parametrize("kind", ["whole", "one", "roam"])
def test_draw_head_box_is_on_the_lit_head(kind: str) -> None:
    shares = {"whole": 0.0, "roam": 0.0, "mosaic": 0.0, "rotation_share": 0.5, kind: 1.0}
    shares.pop("one", None)
    settings = CanvasSettings(**PLAIN, **shares)
    dark, checked = scene(lit=False), 0
    for seed in range(40):
        canvas = draw(scene(), lambda: dark, 128, np.random.default_rng(seed), settings)
        assert canvas.image.shape == (128, 128, 3)
        if not len(canvas):
            continue
        middle = canvas.boxes_px.reshape(-1, 2, 2).mean(axis=1)[0]
        if (middle > 8).all() and (middle < 120).all():
            assert brightest(canvas.image) == pytest.approx(middle, abs=0.6)
            checked += 1
    assert checked >= 8


def test_draw_mosaic_head_box_is_on_the_lit_head() -> None:
    settings = CanvasSettings(**PLAIN, mosaic=1.0, whole=0.0, roam=0.0)
    dark = AnnotatedImage.empty(np.zeros((120, 160, 3), np.uint8), MID_SHOULDER, np.float64)
    checked = 0
    for seed in range(60):
        canvas = draw(scene(), lambda: dark, 128, np.random.default_rng(seed), settings)
        for middle in canvas.boxes_px.reshape(-1, 2, 2).mean(axis=1):
            if canvas.image.max() > 100 and (middle > 8).all() and (middle < 56).all():
                assert brightest(canvas.image) == pytest.approx(middle, abs=0.7)
                checked += 1
    assert checked >= 5


def test_place_moves_sizes_and_uprights() -> None:
    half_turn = np.array([[-2.0, 0, 160], [0, -2, 120]])  # canvas → picture
    canvas = place(scene(), half_turn, (60, 80))
    assert canvas.diameters_px[0] == pytest.approx(50)
    up = canvas.alignment_px[0, 1] - canvas.alignment_px[0, 0]
    assert up == pytest.approx([0, 25])
    assert canvas.boxes_px[0] == pytest.approx([45 - 6.25, 40 - 6.25, 45 + 6.25, 40 + 6.25])
    assert canvas.points_px[0, 0, :2] == pytest.approx([45, 35])
    assert canvas.ignore_px.tolist() == [[67.5, 5, 77.5, 15]]


def test_place_person_cut_off_or_of_other_size_is_ignored() -> None:
    same = np.array([[1.0, 0, 0], [0, 1, 0]])
    assert len(place(scene(), same, (120, 160))) == 1
    cut = place(scene(), same, (120, 69))
    assert len(cut) == 0
    assert len(cut.ignore_px) == 2
    small = place(scene(), same, (120, 160), sizes=(0.7, 1.0))
    assert len(small) == 0
    assert len(small.ignore_px) == 2
    away = place(scene(), np.array([[1.0, 0, 1000], [0, 1, 0]]), (120, 160))
    assert len(away) == len(away.ignore_px) == 0


def test_draw_whole_picture_as_at_run_time() -> None:
    settings = CanvasSettings(
        **PLAIN, whole=1.0, mosaic=0.0, roam=0.0, rotation_share=0.0, tilt_deg=0.0,
        shift=0.0, grow=1.0, flip=0.0, cut={"black": 1.0, "picture": 0.0},
    )  # fmt: skip
    bright = scene()
    bright.image[..., 1] = 255
    canvas = draw(bright, lambda: bright, 160, np.random.default_rng(3), settings)
    rows = np.flatnonzero(canvas.image[:, 80, 1] == 255)
    assert len(rows) in range(117, 128)  # the picture is shown up to 5 % larger
    assert canvas.image[2, :, 1].max() == 0


def test_draw_people_keep_within_the_sizes() -> None:
    settings = CanvasSettings(
        **PLAIN, whole=0.0, mosaic=0.0, roam=0.0, min_person=0.4, max_person=0.8, enlarge=20.0
    )
    for seed in range(20):
        canvas = draw(scene(), scene, 128, np.random.default_rng(seed), settings)
        if len(canvas):
            assert 0.4 <= canvas.diameters_px[0] / 128 <= 0.8


def make_batches(size: int = 4, seed: int = 5, answers: Any = None, **changes: Any) -> Batches:
    example = Canvases(64, SsdTargets(LAYOUT, soft_labels=answers))
    return Batches([scene(), scene(30, 20, 20)], size, example, seed=seed, **changes)


def test_batch_has_the_documented_shapes() -> None:
    with make_batches() as batches:
        batch = next(batches)
    assert {name: array.shape for name, array in batch.items()} == {
        "image": (4, 64, 64, 3), "boxes": (4, 224, 10), "positives": (4, 224),
        "weights": (4, 224),
    }  # fmt: skip
    assert batch["image"].dtype == np.uint8
    assert {batch[name].dtype for name in ("boxes", "positives", "weights")} == {np.dtype("f4")}
    assert batch["positives"].any()


def test_batch_with_soft_labels() -> None:
    def answers(image: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        mean = np.float32(image.mean())
        return np.full((224, 10), mean, np.float32), np.full(224, mean, np.float32)

    with make_batches(answers=answers) as batches:
        batch = next(batches)
    assert batch["distilled_boxes"].shape == (4, 224, 10)
    assert batch["distilled_scores"].shape == (4, 224)
    np.testing.assert_allclose(batch["distilled_scores"][:, 0], batch["image"].mean((1, 2, 3)))


def test_batches_follow_from_seed_and_step_alone() -> None:
    with make_batches(workers=2) as batches, make_batches(start=3) as later:
        fourth = [next(batches) for _ in range(4)][3]
        resumed = next(later)
    for name, array in fourth.items():
        assert np.array_equal(array, resumed[name])
    other = make_batches(seed=6).batch(3)
    assert not np.array_equal(other["image"], fourth["image"])


def test_processes_make_the_same_batches() -> None:
    with make_batches(processes=True, start=2) as batches:
        third = next(batches)
    for name, array in make_batches().batch(2).items():
        assert np.array_equal(array, third[name])


def test_closed_batches_go_on_where_they_were() -> None:
    batches = make_batches()
    first = next(batches)
    batches.close()
    second = next(batches)
    batches.close()
    assert np.array_equal(first["image"], batches.batch(0)["image"])
    assert np.array_equal(second["image"], batches.batch(1)["image"])


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(InputError, match="batches: workers: expected 1 or more, got 0"):
        make_batches(workers=0)
    with pytest.raises(InputError, match="size: expected 1 or more"):
        make_batches(size=0)
    with pytest.raises(InputError, match="'empty' has no samples"):
        Batches({"empty": []}, 1, Canvases(64, SsdTargets(LAYOUT)))
    with pytest.raises(InputError, match="no source lspet"):
        make_batches(weights={"lspet": 1.0})


def test_place_mirrored_people_keep_all_keypoints_with_sides_swapped(make_person: Any) -> None:
    person = make_person(COCO17, boxes_px=np.array([20, 10, 100, 150], np.float32))
    both = person.joined([replace(person, points_px=person.points_px + np.float32(5))])
    mirror = np.array([[-1.0, 0, 119], [0, 1, 0]])
    canvas = place(both, mirror, (160, 120))
    assert len(canvas) == 2
    left, right = COCO17.index("left_wrist"), COCO17.index("right_wrist")
    want = both.points_px[:, left, :2] * (-1, 1) + (119, 0)
    np.testing.assert_allclose(canvas.points_px[:, right, :2], want, rtol=1e-5)
    assert canvas.labelled.sum() == both.labelled.sum()
