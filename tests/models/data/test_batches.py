"""Batches of person crops: labels, order, sources, and values of an earlier release."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from blazetrack.align.project import project
from blazetrack.errors import InputError
from blazetrack.skeleton import BLAZEPOSE33, COCO17, LSP14
from blazetrack.types import Crops, Landmarks
from models.data.annotated import AnnotatedImage
from models.data.batches import Batches
from models.data.examples import PersonCrops
from models.data.pack import pack
from models.data.readers.coco import coco
from models.data.readers.synthetic import synthetic
from models.data.transforms.augment import AugmentSettings, CutSettings, OcclusionSettings
from models.data.transforms.person_crop import cut, region

NONE = AugmentSettings.none()
WRIST = BLAZEPOSE33.index("left_wrist")
OTHER = BLAZEPOSE33.index("right_wrist")


@pytest.fixture
def people(make_person):
    return [make_person(LSP14 if i % 2 else COCO17, number=i) for i in range(6)]


EXAMPLE = ("skeleton", "augment", "negatives", "backgrounds")


def crops(samples, size, side, **options):
    example = {name: options.pop(name) for name in EXAMPLE if name in options}
    return Batches(samples, size, PersonCrops(side, **example), **options)


def lit(person, xy):
    image = np.zeros_like(person.image)
    image[xy[1] - 1 : xy[1] + 2, xy[0] - 1 : xy[0] + 2] = 255
    points = person.points_px.copy()
    points[0, person.skeleton.index("left_wrist"), :2] = xy
    return replace(person, image=image, points_px=points)


def test_batch_has_the_documented_arrays(people):
    batch = next(crops(people, 5, 32, negatives=0.3))
    shapes = {name: array.shape for name, array in batch.items()}
    assert shapes == {
        "image": (5, 32, 32, 3),
        **dict.fromkeys(("points", "points_weight"), (5, 35, 3)),
        **dict.fromkeys(
            ("visibility", "visibility_weight", "presence", "presence_weight"), (5, 33)
        ),
        **dict.fromkeys(("world", "world_weight"), (5, 33, 3)),
        "score": (5, 1),
    }
    assert batch["image"].dtype == np.uint8
    for name, array in batch.items():
        assert name == "image" or array.dtype == np.float32
        assert np.isfinite(array).all()


@pytest.mark.parametrize("flip", [0.0, 1.0])
@pytest.mark.parametrize("border", [{}, {"black": 1.0, "picture": 0.0}])
def test_lit_pixel_and_its_label_land_together(make_person, flip, border):
    person = lit(make_person(LSP14), (80, 80))
    cut = CutSettings(shift=0.1, scale=0.3, angle_deg=180, flip=flip, truncate=0, **border)
    if not border:
        cut = cut.model_copy(update={"black": 0.0, "picture": 0.0})
    batch = crops([person], 24, 128, augment=NONE.model_copy(update={"cut": cut})).batch(0)
    row = OTHER if flip else WRIST
    found = 0
    for image, points, weight in zip(
        batch["image"], batch["points"], batch["points_weight"], strict=True
    ):
        assert weight[row, 0] == 1
        light = image[..., 0].astype(float)
        if (points[row, :2] < 0.05).any() or (points[row, :2] > 0.95).any():
            continue
        y, x = (np.average(axis, weights=light) for axis in np.mgrid[:128, :128])
        np.testing.assert_allclose(points[row, :2] * 128, (x, y), atol=0.25)
        found += 1
    assert found > 12


def test_truncated_picture_and_its_labels_land_together(make_person):
    person = lit(make_person(LSP14), (60, 60))
    cut = NONE.cut.model_copy(update={"truncate": 1.0, "black": 1.0})
    batch = crops([person], 12, 96, augment=NONE.model_copy(update={"cut": cut})).batch(0)
    for image, points, seen in zip(
        batch["image"], batch["points"], batch["visibility"], strict=True
    ):
        light = image[..., 0].astype(float)
        if light.max() > 100:
            y, x = (np.average(axis, weights=light) for axis in np.mgrid[:96, :96])
            np.testing.assert_allclose(points[WRIST, :2] * 96, (x, y), atol=1.0)
        assert (seen[batch["visibility_weight"][0] > 0] <= 1).all()
    hidden = (batch["visibility"] == 0) & (batch["visibility_weight"] > 0)
    assert hidden.any(axis=1).all()


def test_labels_without_augmentation_are_the_persons_own(make_person):
    person = make_person(COCO17)
    batch = crops([person], 1, 64, augment=NONE).batch(0)
    np.testing.assert_allclose(batch["points"][0, -2:], [[0.5, 0.5, 0], [0.5, 0.1, 0]], atol=1e-6)
    np.testing.assert_array_equal(batch["points_weight"][0, -2:], [[1, 1, 0]] * 2)
    labelled = person.to_skeleton(BLAZEPOSE33).labelled[0]
    np.testing.assert_array_equal(batch["points_weight"][0, :33, 0], labelled)
    assert not batch["points_weight"][0, :33, 2].any()  # no depth is known
    np.testing.assert_array_equal(batch["presence"][0], labelled)
    np.testing.assert_array_equal(batch["presence_weight"][0], labelled)
    np.testing.assert_array_equal(batch["visibility_weight"][0], labelled)
    assert not batch["world_weight"].any()
    assert batch["score"] == 1


def test_a_point_outside_of_the_crop_is_absent_and_hidden(make_person):
    person = make_person(LSP14, alignment_px=np.array([[60, 80], [60, 70]], np.float32))
    batch = crops([person], 1, 64, augment=NONE).batch(0)
    ankle = BLAZEPOSE33.index("left_ankle")
    assert batch["points"][0, ankle, 1] > 1
    for name in ("presence", "visibility"):
        assert batch[name][0, ankle] == 0
        assert batch[f"{name}_weight"][0, ankle] == 1


def test_unknown_visibility_has_weight_0_until_it_is_covered(make_person):
    person = make_person(LSP14)
    unknown = replace(person, visibility=np.full((1, 14), np.nan, np.float32))
    batch = crops([unknown], 1, 64, augment=NONE).batch(0)
    assert not batch["visibility_weight"].any()
    all_over = OcclusionSettings(share=1, max_count=1, min_side=1, max_side=1)
    covered = NONE.model_copy(update={"occlusion": all_over})
    batch = crops([unknown], 1, 64, augment=covered).batch(0)
    labelled = unknown.to_skeleton(BLAZEPOSE33).labelled[0]
    np.testing.assert_array_equal(batch["visibility_weight"][0], labelled)
    assert not batch["visibility"].any()


@pytest.mark.parametrize("flip", [0.0, 1.0])
def test_projected_labels_equal_the_persons_own(flip):
    """Points, depth and metres of a batch, read as a network's output, give the person back."""
    person = synthetic(1, size=96, rotation_share=1)[0]
    flipped = {"cut": NONE.cut.model_copy(update={"flip": flip})}
    batch = crops([person], 1, 64, augment=NONE.model_copy(update=flipped)).batch(0)
    points, world = batch["points"][0] * 64, batch["world"][0]
    if flip:
        partner = list(BLAZEPOSE33.partners)
        points[:, 0] = 64 - points[:, 0]
        points[:33], world = points[partner], world[partner] * (-1, 1, 1)
    rois = region(person.alignment_px)
    exact, to_image = cut(person, 64)
    shown = Crops(exact.image[None], to_image[None], rois, (96, 96))
    one = np.ones((1, 33))
    answer = Landmarks(
        points[None, :33].astype(float), world[None].astype(float), one, one, np.ones(1),
        np.zeros(1, np.int64), points[None, 33:, :2].astype(float),
    )  # fmt: skip
    poses = project(answer, shown)
    np.testing.assert_allclose(poses.landmarks_px, person.points_px, atol=1e-3)
    np.testing.assert_allclose(poses.world_landmarks_m, person.world_m, atol=1e-5)
    np.testing.assert_allclose(poses.alignment_px, person.alignment_px, atol=1e-3)


def test_batches_follow_from_seed_and_step(people):
    def take(count, **options):
        with crops(people, 4, 32, negatives=0.2, **options) as batches:
            return [next(batches) for _ in range(count)]

    first = take(5)
    resumed = take(2, start=3)
    threaded = take(5, workers=3, ahead=5)
    other = take(1, seed=1)
    for name in first[0]:
        np.testing.assert_array_equal(resumed[1][name], first[4][name])
        np.testing.assert_array_equal(threaded[4][name], first[4][name])
    assert not np.array_equal(other[0]["image"], first[0]["image"])


def test_processes_make_the_same_batches(people, tmp_path):
    mapped = [person.to_skeleton(BLAZEPOSE33) for person in people]
    packed = pack(mapped, tmp_path, {}, in_memory=True)
    options = {"negatives": 0.2, "seed": 4}
    with crops(packed, 3, 16, processes=True, **options) as batches:
        made = [next(batches) for _ in range(2)]
    for name, array in crops(packed, 3, 16, **options).batch(1).items():
        np.testing.assert_array_equal(made[1][name], array)


def test_closed_batches_go_on_without_a_gap(people):
    with crops(people, 2, 16) as batches:
        whole = [next(batches) for _ in range(4)]
    batches = crops(people, 2, 16)
    some = [next(batches) for _ in range(2)]
    batches.close()
    some += [next(batches) for _ in range(2)]
    batches.close()
    for want, got in zip(whole, some, strict=True):
        np.testing.assert_array_equal(got["image"], want["image"])


def test_negative_crop_has_no_labels(people):
    empty = [AnnotatedImage.empty(np.full((50, 50, 3), 200, np.uint8), LSP14)]
    options = {"augment": NONE, "negatives": 0.5}
    batch = crops(people, 40, 24, backgrounds=empty, **options).batch(0)
    negative = batch["score"][:, 0] == 0
    assert 8 < negative.sum() < 32
    assert (batch["image"][negative] == 200).all()
    for name, array in batch.items():
        if name.endswith("weight"):
            assert not array[negative].any()
    own = crops(people, 40, 24, **options).batch(0)
    np.testing.assert_array_equal(own["score"][:, 0] == 0, negative)


def test_sources_are_mixed_by_weight(make_person):
    dark, bright = (
        [make_person(LSP14, image=np.full((160, 120, 3), grey, np.uint8))] * count
        for grey, count in ((0, 30), (255, 10))
    )
    sources = {"dark": dark, "bright": bright}
    even = crops(sources, 40, 8, augment=NONE, weights={"dark": 1, "bright": 1})
    share = np.mean([even.batch(i)["image"] for i in range(2)]) / 255
    assert share == pytest.approx(0.5, abs=0.1)
    assert crops(sources, 40, 8, augment=NONE).batch(0)["image"].mean() / 255 == 0.25


def test_batch_of_another_skeleton(make_coco):
    kites = coco(make_coco())
    batch = crops(kites, 3, 32, skeleton=kites.skeleton).batch(0)
    assert batch["points"].shape == (3, 7, 3)
    assert batch["points_weight"][:, :5, 0].all()


def test_decoding_error_is_raised_by_the_iterator(make_lsp):
    from models.data.readers.lsp import lsp

    folder = make_lsp()
    people = lsp(folder)
    for path in (folder / "images").iterdir():
        path.write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"lspet/0000\d"), crops(people[1:], 2, 8) as batches:
        next(batches)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "size: expected 1 or more"),
        ({"side": 0}, "side: expected 1 or more"),
        ({"workers": 0}, "workers: expected 1 or more"),
        ({"negatives": 1.0}, "negatives: expected a share"),
        ({"weights": {"lspt": 1}}, "no source lspt; there are samples"),
        ({"weights": {"samples": 0}}, "order: expected weights"),
    ],
)
def test_wrong_argument_is_refused(people, options, message):
    with pytest.raises(InputError, match=message):
        crops(people, **{"size": 2, "side": 16, **options})


def test_unusable_sources_are_refused(people, make_coco):
    with pytest.raises(InputError, match="'none' has no samples"):
        crops({"some": people, "none": []}, 2, 16)
    kites = coco(make_coco())
    with pytest.raises(InputError, match=r"'kites' \(kite\) shares no keypoint with blazepose33"):
        crops({"some": people, "kites": kites}, 2, 16)
