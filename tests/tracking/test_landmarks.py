"""The node `landmarks`."""

from __future__ import annotations

from dataclasses import replace
from math import isnan, nan
from typing import Any

import numpy as np
import pytest

from blazetrack import heads
from blazetrack.backends import FakeModel
from blazetrack.errors import ModelError
from blazetrack.heads import HEADS
from blazetrack.model_info import ModelInfo
from blazetrack.skeleton import get_skeleton
from blazetrack.tracking.landmarks import Landmarker
from blazetrack.types import Crops, Landmarks, Rois

SIDE = 64
NAMES = ("landmarks", "score", "mask", "heatmap", "world")
INFO = ModelInfo(
    "fake", "landmarks", (SIDE, SIDE), (0, 1), "replicate", {name: name for name in NAMES}
)


def info_with(*outputs: str, skeleton: str = "blazepose33") -> ModelInfo:
    named = {name: name for name in outputs}
    return ModelInfo(
        "fake", "landmarks", (SIDE, SIDE), (0, 1), "zero", named, get_skeleton(skeleton)
    )


def crops(*scores: float) -> Crops:
    """Crops whose pixels are the score of the fake network in percent, 255 for NaN."""
    n = len(scores)
    percent = [255 if isnan(score) else round(100 * score) for score in scores]
    pixels = np.empty((n, SIDE, SIDE, 3), np.uint8)
    pixels[:] = np.reshape(percent, (n, 1, 1, 1))
    rois = Rois(np.zeros((n, 2)), np.ones((n, 2)), np.zeros(n), np.zeros(n, np.int64))
    return Crops(pixels, np.zeros((n, 2, 3)), rois, (SIDE, SIDE))


def network_outputs(pixels: np.ndarray, keypoints: int = 33) -> dict[str, np.ndarray]:
    """Every landmark in the middle of cell (20, 20), its heatmap lit two cells to the right."""
    rows = np.zeros((1, 39, 5), np.float32)
    rows[..., :3] = 20.5, 20.5, -7.0
    rows[0, keypoints : keypoints + 2, :2] = [[30, 40], [30, 10]]
    rows[..., 3], rows[..., 4] = 2.0, 3.0
    heat = np.full((1, SIDE, SIDE, 39), -50, np.float32)
    heat[0, 20, 22] = 5
    heat[..., keypoints : keypoints + 2] = -50
    percent = int(pixels[0, 0, 0])
    return {
        "landmarks": rows.reshape(1, -1),
        "score": np.array([[nan if percent == 255 else percent / 100]], np.float32),
        "mask": np.full((1, SIDE, SIDE, 1), 100, np.float32),
        "heatmap": heat,
        "world": np.arange(39 * 3, dtype=np.float32)[None],
    }


def test_landmarker_crop_with_a_person_gives_a_row() -> None:
    found = Landmarker(FakeModel(INFO, network_outputs))(crops(0.75))
    assert found.xyz_crop.shape == (1, 33, 3)
    np.testing.assert_allclose(found.xyz_crop[0], [[22, 20, -7]] * 33, atol=1e-4)
    np.testing.assert_allclose(found.alignment_crop, [[[30, 40], [30, 10]]])
    np.testing.assert_allclose(found.world_m[0].ravel(), np.arange(99))
    np.testing.assert_allclose(found.visibility, 1 / (1 + np.exp(-2.0)), rtol=1e-6)
    np.testing.assert_allclose(found.presence, 1 / (1 + np.exp(-3.0)), rtol=1e-6)
    assert (found.scores.tolist(), found.row.tolist()) == ([0.75], [0])
    assert found.masks_crop is None


def test_landmarker_without_refine_keeps_the_regression() -> None:
    found = Landmarker(FakeModel(INFO, network_outputs), refine=False)(crops(0.75))
    np.testing.assert_allclose(found.xyz_crop[0, :, 0], 20.5)


def test_landmarker_kernel_size_reaches_the_refinement() -> None:
    found = Landmarker(FakeModel(INFO, network_outputs), kernel_size=3)(crops(0.75))
    np.testing.assert_allclose(found.xyz_crop[0, :, 0], 20.5)


@pytest.mark.parametrize("score", [0.5, 0.1, nan])
def test_landmarker_score_at_or_below_min_score_is_dropped(score: float) -> None:
    found = Landmarker(FakeModel(INFO, network_outputs))(crops(score))
    assert len(found) == 0
    assert found.xyz_crop.shape == (0, 33, 3)
    assert found.world_m.shape == (0, 33, 3)


def test_landmarker_min_score_is_an_option() -> None:
    assert len(Landmarker(FakeModel(INFO, network_outputs), min_score=0.2)(crops(0.25))) == 1


def test_landmarker_row_is_the_index_of_the_crop() -> None:
    model = FakeModel(INFO, network_outputs)
    found = Landmarker(model)(crops(0.75, 0.25, 1.0))
    assert found.row.tolist() == [0, 2]
    assert found.scores.tolist() == [0.75, 1.0]
    assert model.runs == 3


def test_landmarker_without_crops_does_not_run_the_model() -> None:
    model = FakeModel(INFO, network_outputs)
    found = Landmarker(model, masks=True)(crops())
    assert (len(found), model.runs) == (0, 0)
    assert found.masks_crop is not None
    assert found.masks_crop.shape == (0, SIDE, SIDE)


def test_landmarker_masks_on_request() -> None:
    found = Landmarker(FakeModel(INFO, network_outputs), masks=True)(crops(0.75, 0.25, 0.75))
    assert found.masks_crop is not None
    assert (found.masks_crop.shape, found.masks_crop.dtype) == ((2, SIDE, SIDE), np.float32)
    assert (found.masks_crop == 1).all()


def test_landmarker_model_without_heatmaps_is_not_refined() -> None:
    model = FakeModel(info_with("landmarks", "score", "world"), network_outputs)
    np.testing.assert_allclose(Landmarker(model)(crops(0.75)).xyz_crop[0, :, 0], 20.5)


def test_landmarker_model_without_world_gives_zeros() -> None:
    model = FakeModel(info_with("landmarks", "score"), network_outputs)
    assert (Landmarker(model)(crops(0.75)).world_m == 0).all()


def test_landmarker_reads_the_rows_of_the_skeleton() -> None:
    info = info_with("landmarks", "score", "heatmap", "world", skeleton="coco17")
    found = Landmarker(FakeModel(info, lambda pixels: network_outputs(pixels, 17)))(crops(0.75))
    assert found.xyz_crop.shape == (1, 17, 3)
    assert found.world_m.shape == (1, 17, 3)
    np.testing.assert_allclose(found.alignment_crop, [[[30, 40], [30, 10]]])


def test_landmarker_announces_outputs_before_the_first_run() -> None:
    wanted: list[str] = []

    class Recorder(FakeModel):
        def want(self, *meanings: str) -> None:
            wanted.extend(meanings)

    Landmarker(Recorder(INFO, network_outputs), refine=False)
    assert sorted(wanted) == ["landmarks", "score", "world"]
    wanted.clear()
    Landmarker(Recorder(INFO, network_outputs), masks=True)
    assert sorted(wanted) == ["heatmap", "landmarks", "mask", "score", "world"]


def test_landmarker_refuses_a_detector() -> None:
    info = ModelInfo("pose_detector", "detector", (SIDE, SIDE), (0, 1), "zero")
    with pytest.raises(ModelError, match=r"expected a landmark model, got pose_detector"):
        Landmarker(FakeModel(info, network_outputs))


def test_landmarker_option_of_another_head_is_refused() -> None:
    info = replace(info_with("landmarks"), head="regression")
    given: dict[str, Any]
    for given in ({"refine": True}, {"kernel_size": 9}, {"masks": True}):
        with pytest.raises(
            ModelError, match=f"head regression has no option '{next(iter(given))}'"
        ):
            Landmarker(FakeModel(info, network_outputs), **given)
    assert Landmarker(FakeModel(info, network_outputs), masks=False)


def test_landmarker_options_of_the_card_hold_unless_given() -> None:
    info = replace(INFO, head_options={"kernel_size": 3})
    kept = Landmarker(FakeModel(info, network_outputs))(crops(0.75))
    given = Landmarker(FakeModel(info, network_outputs), kernel_size=7)(crops(0.75))
    np.testing.assert_allclose(kept.xyz_crop[0, :, 0], 20.5)
    np.testing.assert_allclose(given.xyz_crop[0, :, 0], 22, atol=1e-4)


def test_landmarker_head_with_several_people_per_crop(monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a bottom-up network: each crop gives its people, those above the score are kept."""

    def decode(outputs: Any, info: ModelInfo) -> Landmarks:
        scores = outputs["people"]
        n = len(scores)
        points, grid = np.zeros((n, 33, 3)), np.ones((n, 33))
        return Landmarks(points, points, grid, grid, scores, np.zeros(n, np.int64))

    several = replace(HEADS["heatmap"], decode=decode, required=("people",), optional={})
    monkeypatch.setattr(heads, "HEADS", {"several": several})
    people = {75: [0.9, 0.1, 0.8], 25: [], 100: [0.7]}
    model = FakeModel(
        replace(INFO, head="several"),
        lambda pixels: {"people": np.array(people[pixels[0, 0, 0]], float)},
    )
    found = Landmarker(model)(crops(0.75, 0.25, 1.0))
    assert found.scores.tolist() == [0.9, 0.8, 0.7]
    assert found.row.tolist() == [0, 0, 2]
