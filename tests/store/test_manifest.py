from __future__ import annotations

from pathlib import Path

import pytest

from blazetrack.errors import ModelError
from blazetrack.model_info import Anchors
from blazetrack.skeleton import Skeleton
from blazetrack.store.card import card_for, card_path, card_text, load_manifest
from blazetrack.store.manifest import PUBLISHED, published

ENTRY = """
- name: lite
  kind: landmarks
  sha256: {sha256}
  size: 12
  source: {source}
  input_hw: [128, 128]
  input_range: [0, 1]
  border: replicate
  licence: Apache-2.0
  sentence: A model.
  outputs: {outputs}
"""
GOOD = {
    "sha256": "a" * 64,
    "source": "{package: weights/other.tflite}",
    "outputs": "{landmarks: a, score: b}",
}


def test_the_list_that_ships_is_read_as_it_is_checked() -> None:
    assert published() == load_manifest(PUBLISHED)


def test_published_models_say_what_the_pipeline_needs() -> None:
    detector, full = published()["pose_detector"].info, published()["full"].info
    assert detector.input_hw == (224, 224)
    assert detector.input_range == (-1.0, 1.0)
    assert detector.border == "zero"
    assert detector.anchors == Anchors((8, 16, 32, 32, 32), 2)
    assert full.input_hw == (256, 256)
    assert full.border == "replicate"
    assert full.outputs["world"] == "Identity_4"
    assert full.anchors is None


def test_a_model_may_ship_with_the_package(tmp_path: Path) -> None:
    path = tmp_path / "list.yaml"
    path.write_text(ENTRY.format(**GOOD), encoding="utf-8")
    entry = load_manifest(path)["lite"]
    assert entry.source.path.parts[-3:] == ("blazetrack", "weights", "other.tflite")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sha256": "abc"}, "sha256"),
        ({"source": "{file: a.tflite}"}, "source"),
        ({"outputs": "{landmarks: a}"}, "expected .*score"),
        ({"outputs": "{landmarks: a, score: b, boxes: c}"}, "got .*boxes"),
        ({"outputs": "{landmarks: a, score: b}\n  skeleton: ape"}, "skeleton must be one of"),
        ({"outputs": "{landmarks: a, score: b}\n  colour: red"}, "colour: Extra inputs"),
        ({"outputs": "[unclosed"}, "cannot be read as YAML"),
    ],
)
def test_a_wrong_list_is_refused_in_one_line(
    tmp_path: Path, change: dict[str, str], message: str
) -> None:
    path = tmp_path / "list.yaml"
    path.write_text(ENTRY.format(**{**GOOD, **change}), encoding="utf-8")
    with pytest.raises(ModelError, match=message) as caught:
        load_manifest(path)
    assert "\n" not in str(caught.value)


def test_a_card_only_says_what_differs(tmp_path: Path) -> None:
    model = tmp_path / "mine.tflite"
    card_path(model).write_text("kind: detector\ninput_hw: [128, 128]\n", encoding="utf-8")
    info = card_for(model, "0" * 64, published(), kind="landmarks").info
    assert info.name == "mine"
    assert info.input_hw == (128, 128)
    assert info.anchors == published()["pose_detector"].info.anchors


def test_without_a_card_the_published_layout_is_assumed(tmp_path: Path) -> None:
    info = card_for(tmp_path / "mine.tflite", "0" * 64, published()).info
    assert (info.name, info.kind, info.input_hw) == ("mine", "landmarks", (256, 256))


def test_published_bytes_are_known_under_any_name(tmp_path: Path) -> None:
    sha256 = published()["pose_detector"].sha256
    assert card_for(tmp_path / "a.tflite", sha256, published()).info.name == "pose_detector"


@pytest.mark.parametrize("text", ["kind: cat", "- a", "input_range: [1, 0]", "kind: [detector]"])
def test_a_wrong_card_is_refused(tmp_path: Path, text: str) -> None:
    model = tmp_path / "mine.tflite"
    card_path(model).write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=r"mine\.tflite\.yaml"):
        card_for(model, "0" * 64, published())


OWN = """
skeleton:
  name: kite
  names: [nose, left_tip, right_tip, tail]
  edges: [[0, 1], [0, 2], [0, 3]]
"""


def test_a_card_may_bring_its_own_skeleton(tmp_path: Path) -> None:
    model = tmp_path / "kite.tflite"
    card_path(model).write_text(OWN, encoding="utf-8")
    card = card_for(model, "0" * 64, published())
    assert card.info.skeleton == Skeleton(
        "kite", ("nose", "left_tip", "right_tip", "tail"), ((0, 1), (0, 2), (0, 3))
    )
    assert card.info.skeleton.partners == (0, 2, 1, 3)
    card_path(model).write_text(card_text(card), encoding="utf-8")
    assert card_for(model, "0" * 64, published()) == card


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[0, 3]]", "[0, 4]]"), "numbers below 4"),
        (("right_tip", "left_tip"), "names must differ"),
        (("edges", "edgse"), "edgse"),
    ],
)
def test_a_skeleton_that_cannot_be_is_refused(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    model = tmp_path / "kite.tflite"
    card_path(model).write_text(OWN.replace(*change), encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        card_for(model, "0" * 64, published())
