"""Pruned models equal the published ones to the bit."""

from __future__ import annotations

import errno
import os
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blazetrack import PoseTracker, open_source
from blazetrack.backends import open_interpreter, open_model
from blazetrack.errors import BackendError, ModelError
from blazetrack.store import Store, StoredModel, prune_outputs
from blazetrack.store.prune_outputs import count
from blazetrack.store.tflite_file import SIGNATURE

# Outputs of most runs, of runs without refinement, and all.
WANTED = [
    {"landmarks", "score", "world", "heatmap"},
    {"landmarks", "score", "world"},
    {"landmarks", "score", "world", "heatmap", "mask"},
]


class AsPublished(Store):
    """A store without pruned variants."""

    def variant(self, model: StoredModel, outputs: object = None) -> Path:
        return model.path


@pytest.fixture
def full(weights: Store) -> StoredModel:
    return weights.find("full")


@pytest.fixture
def mine(weights: Store, tmp_path: Path) -> StoredModel:
    """An own file: the published detector and one byte."""
    path = tmp_path / "mine.tflite"
    path.write_bytes(weights.find("pose_detector").path.read_bytes() + b"\0")
    (tmp_path / "mine.tflite.yaml").write_text("kind: detector")
    return Store(tmp_path / "home").find(path)


def crops(side: int) -> list[np.ndarray]:
    """Drawn people, and noise."""
    source = open_source(f"synthetic?frames=4&size={side}x{side}")
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    return [*(frame.image for frame in source), noise]


def outputs_of(model: StoredModel, path: Path, meanings: set[str]) -> list[dict[str, np.ndarray]]:
    network = open_model(path, model.info, threads=1)
    network.want(*meanings)
    pictures = crops(model.info.input_hw[0])
    return [
        {meaning: value.copy() for meaning, value in network.run(picture).items()}
        for picture in pictures
    ]


@pytest.mark.parametrize("meanings", WANTED, ids=len)
def test_variant_outputs_equal_the_original_to_the_bit(
    weights: Store, full: StoredModel, meanings: set[str]
) -> None:
    pruned = weights.variant(full, meanings)
    assert pruned != full.path
    before, after = outputs_of(full, full.path, meanings), outputs_of(full, pruned, meanings)
    assert max(float(one["score"].item()) for one in before) > 0.5  # a person is visible
    for one, other in zip(before, after, strict=True):
        assert one.keys() == other.keys() == meanings
        for meaning in meanings:
            assert np.array_equal(one[meaning], other[meaning]), meaning


def test_variant_of_the_detector_equals_the_original_to_the_bit(weights: Store) -> None:
    detector = weights.find("pose_detector")
    dense = weights.variant(detector)
    before, after = (
        outputs_of(detector, path, {"boxes", "scores"}) for path in (detector.path, dense)
    )
    for one, other in zip(before, after, strict=True):
        assert np.array_equal(one["scores"], other["scores"])
        assert np.array_equal(one["boxes"], other["boxes"])


def test_variant_landmarks_of_the_golden_clip_equal_the_original(
    weights: Store, full: StoredModel, shared_data: Path
) -> None:
    assert weights.variant(full, WANTED[0]) != full.path
    clip = list(open_source(shared_data / "golden" / "pose_squats.mp4"))
    assert len(clip) == 65
    published = AsPublished(weights.cache.folder)
    with PoseTracker(store=weights) as ours, PoseTracker(store=published) as theirs:
        for frame in clip:
            one, other = ours(frame), theirs(frame)
            assert len(one) == len(other) == 1
            for field in ("landmarks_px", "world_landmarks_m", "visibility", "presence", "scores"):
                same = np.array_equal(getattr(one, field), getattr(other, field))
                assert same, f"frame {frame.index}: {field}"


def test_variant_without_mask_has_no_mask(weights: Store, full: StoredModel) -> None:
    mask = full.info.outputs["mask"]
    with_mask = weights.variant(full, full.info.outputs)
    assert mask in open_interpreter(with_mask).output_shapes
    assert mask not in open_interpreter(weights.variant(full)).output_shapes
    assert count(weights.variant(full)).multiply_adds < count(with_mask).multiply_adds


def test_variant_has_no_weights_to_unpack(weights: Store) -> None:
    detector = weights.find("pose_detector")
    assert {"DENSIFY", "DEQUANTIZE"} <= count(detector.path).operators.keys()
    for name in ("pose_detector", "full"):
        kinds = count(weights.variant(weights.find(name))).operators
        assert not {"DENSIFY", "DEQUANTIZE"} & kinds.keys()


def test_variant_signature_names_outputs_by_meaning(weights: Store, full: StoredModel) -> None:
    interpreter = pytest.importorskip("ai_edge_litert.interpreter").Interpreter
    signatures = interpreter(str(weights.variant(full))).get_signature_list()
    assert list(signatures) == [SIGNATURE]
    assert signatures[SIGNATURE]["inputs"] == ["image"]
    assert set(signatures[SIGNATURE]["outputs"]) == WANTED[0]


def test_count_shows_the_cost_of_the_mask(weights: Store, full: StoredModel) -> None:
    before, after = count(full.path), count(weights.variant(full))
    assert before.multiply_adds == pytest.approx(386e6, abs=0.5e6)
    assert after.multiply_adds == pytest.approx(351e6, abs=0.5e6)
    assert after.parameters < before.parameters
    assert sum(after.operators.values()) < sum(before.operators.values())
    assert (before.size, after.size) == (full.size, weights.variant(full).stat().st_size)


def test_prune_unknown_output_is_refused(full: StoredModel) -> None:
    with pytest.raises(ModelError, match=r"expected outputs \['Elsewhere'\], got \['Identity'"):
        prune_outputs.prune_outputs(full.path, {"score": "Elsewhere"})


def test_variant_is_made_once(mine: StoredModel, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(mine.path.parent / "home")
    made = store.variant(mine)
    monkeypatch.setattr(prune_outputs, "prune_outputs", lambda *args: pytest.fail("made again"))
    assert store.variant(mine) == made
    assert made.is_file()


def test_variant_of_a_changed_original_replaces_the_old_one(mine: StoredModel) -> None:
    store = Store(mine.path.parent / "home")
    stale = [store.variant(mine), store.variant(mine, ["scores"])]
    other = store.cache.folder / "slim" / "mine.too.0123456789abcdef.boxes.00000000.tflite"
    other.touch()  # of a model called `mine.too`
    mine.path.write_bytes(mine.path.read_bytes() + b"\0")
    fresh = store.variant(store.find(mine.path))
    assert sorted(fresh.parent.iterdir()) == sorted([fresh, other])
    assert fresh not in stale


def test_variant_of_other_tensors_is_another_file(mine: StoredModel) -> None:
    store = Store(mine.path.parent / "home")
    boxes, scores = mine.info.outputs["boxes"], mine.info.outputs["scores"]
    swapped = replace(mine, info=replace(mine.info, outputs={"boxes": scores, "scores": boxes}))
    assert list(open_interpreter(store.variant(mine, ["boxes"])).output_shapes) == [boxes]
    assert list(open_interpreter(store.variant(swapped, ["boxes"])).output_shapes) == [scores]


@pytest.mark.parametrize("code", [errno.EROFS, errno.ENOSPC])
def test_variant_without_disk_space_is_the_original(
    mine: StoredModel, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def fail(*args: object) -> None:
        raise OSError(code, os.strerror(code))

    lines: list[str] = []
    store = Store(mine.path.parent / "home", report=lines.append)
    monkeypatch.setattr(os, "replace", fail)
    assert store.variant(mine) == mine.path
    (line,) = lines
    assert line.startswith("'mine' runs as published: cannot write to the model folder")
    assert os.strerror(code) in line
    left = [path for path in store.cache.folder.rglob("*") if path.is_file()]
    assert {path.parent.name for path in left} <= {"verified"}


def test_variant_without_a_folder_is_the_original(mine: StoredModel) -> None:
    home = mine.path.parent / "in_the_way"
    home.touch()
    assert Store(home).variant(mine) == mine.path


def test_variant_without_litert_is_the_original(
    mine: StoredModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise BackendError("TFLite files: need ai-edge-litert")

    lines: list[str] = []
    monkeypatch.setattr(prune_outputs, "tflite_schema", missing)
    assert Store(mine.path.parent / "home", report=lines.append).variant(mine) == mine.path
    assert lines == ["'mine' runs as published: TFLite files: need ai-edge-litert"]


@pytest.mark.parametrize("kept", [0, 8, 1000, 100_000, -1000])
def test_prune_truncated_file_is_refused(mine: StoredModel, kept: int) -> None:
    mine.path.write_bytes(mine.path.read_bytes()[:kept])
    for work in (
        lambda: prune_outputs.prune_outputs(mine.path, mine.info.outputs),
        lambda: count(mine.path),
    ):
        with pytest.raises(ModelError, match=r"mine\.tflite: not a TFLite model") as caught:
            work()
        assert "\n" not in str(caught.value)


def test_prune_damaged_file_works_or_is_refused(mine: StoredModel) -> None:
    """Random bytes changed in the part that holds the graph."""
    whole, chance = mine.path.read_bytes(), random.Random(1)
    reasons: list[str] = []
    for _ in range(30):
        data = bytearray(whole)
        data[-chance.randrange(1, 60_000)] = data[chance.randrange(400)] = chance.randrange(256)
        mine.path.write_bytes(data)
        try:
            prune_outputs.prune_outputs(mine.path, mine.info.outputs)
        except ModelError as error:
            reasons.append(str(error))
    assert 0 < len(reasons) < 30
    assert not any("\n" in reason for reason in reasons)


def test_count_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.tflite: cannot be read: No such file"):
        count(tmp_path / "gone.tflite")
