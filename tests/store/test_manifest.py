"""The list of published models, and the cards beside model files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from blazetrack.errors import ModelError
from blazetrack.model_info import Anchors, ModelInfo
from blazetrack.skeleton import COCO17, Skeleton
from blazetrack.store.card import card_for, card_path, card_text, check_card
from blazetrack.store.manifest import PUBLISHED, Card, Download, Package, card_from, published

GOOD = """
kind: landmarks
input_hw: [128, 128]
licence: Apache-2.0
outputs: {landmarks: a, score: b}
"""


def card_of(folder: Path, text: str) -> Card:
    """The card `mine.tflite.yaml` with that text."""
    model = folder / "mine.tflite"
    card_path(model).write_text(text, encoding="utf-8")
    return card_for(model, "0" * 64, published())


def test_published_list_checked_as_cards_is_equal() -> None:
    items = yaml.safe_load(PUBLISHED.read_text(encoding="utf-8"))
    assert [item["name"] for item in items] == list(published())
    for item in items:
        card = published()[item["name"]]
        assert card_from(check_card(item, PUBLISHED)) == card
        assert len(card.sha256) == 64
        assert card.size > 0
        assert isinstance(card.source, (Download, Package))
        assert card.licence == "Apache-2.0"
        assert card.author in ("Google", "blazetrack")


def test_published_list_models_trained_here_name_their_initial_weights() -> None:
    first = {name: one.initial_weights for name, one in published().items()}
    assert {name for name, initial in first.items() if initial} == {
        name for name, card in published().items() if card.author == "blazetrack"
    }
    assert all(published()[name].author == "Google" for name in set(first.values()) - {""})


def test_published_models_have_the_documented_input() -> None:
    detector, full = published()["pose_detector"].info, published()["full"].info
    assert detector.input_hw == (224, 224)
    assert detector.input_range == (-1.0, 1.0)
    assert detector.border == "zero"
    assert detector.anchors == Anchors((8, 16, 32, 32, 32), 2)
    assert full.input_hw == (256, 256)
    assert full.border == "replicate"
    assert full.outputs["world"] == "Identity_4"
    assert full.anchors is None


def test_package_source_lies_in_the_package() -> None:
    assert Package("weights/other.tflite").path.parts[-3:] == (
        *("blazetrack", "weights", "other.tflite"),
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("sha256: abc", "sha256: String should match"),
        ("outputs: {landmarks: a}", "model mine: head blazepose needs the outputs score, got land"),
        ("head: heatmaps", "model mine: no head 'heatmaps'; did you mean 'heatmap'"),
        (
            "head_options: {refined: true}",
            "model mine: head blazepose has no option 'refined'; did you mean 'refine'",
        ),
        (
            "head_options: {kernel_size: 4}",
            "model mine: option 'kernel_size' of head blazepose: expected 1, 3, 5, …, 63, got 4",
        ),
        (
            "outputs: {landmarks: a, score: b, boxes: c}",
            "model mine: head blazepose has no output 'boxes'",
        ),
        ("skeleton: coco_17", "skeleton: .*did you mean 'coco17'"),
        ("colour: red", "colour: there is no such field; known: "),
        ("chanels: bgr", "chanels: there is no such field; did you mean 'channels'"),
        ("outputs: [unclosed", "line 6, column 1: expected YAML: "),
        ("mean: [1, 2]", "mean: expected a list of 3 numbers, one per channel, got 2 of them"),
        ("std: 0.5", "std: expected a list of 3 numbers, one per channel, got 0.5"),
        ("std: [1, 0, 1]", r"std\.1: Input should be greater than 0"),
        ("mean: [1, a, 1]", r"mean\.1: Input should be a valid number"),
        ("channels: rbg", "channels: Input should be 'rgb' or 'bgr'"),
        ("layout: hwc", "layout: Input should be 'nhwc' or 'nchw'"),
        ("input_dtype: int16", "input_dtype: Input should be 'float32', 'uint8' or 'int8'"),
        ("kind: cat", "kind: Input should be 'detector', 'landmarks' or 'refinement'"),
        ("input_range: [1, 0]", "input_range must rise"),
        ("kind: [detector]", "kind: Input should be"),
    ],
)
def test_wrong_card_is_refused_in_one_line(tmp_path: Path, change: str, message: str) -> None:
    key = change.split(":")[0]
    kept = [line for line in GOOD.splitlines() if not line.startswith(f"{key}:")]
    with pytest.raises(ModelError, match=rf"mine\.tflite\.yaml: {message}") as caught:
        card_of(tmp_path, "\n".join([*kept, change]))
    assert "\n" not in str(caught.value)


def test_card_that_is_a_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"mine\.tflite\.yaml: expected `field: value` lines"):
        card_of(tmp_path, "- a")


def test_card_with_input_conversion_survives_writing(tmp_path: Path) -> None:
    model = tmp_path / "mine.tflite"
    info = ModelInfo(
        name="mine",
        kind="landmarks",
        input_hw=(192, 144),
        input_range=(0.0, 1.0),
        border="zero",
        outputs={"landmarks": "a", "score": "b"},
        skeleton=COCO17,
        head="blazepose",
        head_options={"kernel_size": 9},
        mean=(0.1, 0.2, 0.3),
        std=(1.0, 2.0, 3.0),
        channels="bgr",
        layout="nchw",
        input_dtype="uint8",
    )
    card = Card(info, "own", "0" * 64, author="me", initial_weights="full")
    assert card_of(tmp_path, card_text(card)) == card
    plain = replace(info, head_options={}, mean=None, std=None, channels="rgb", head="")
    assert (
        not {"mean", "std", "channels", "head"}
        & yaml.safe_load(card_text(Card(plain, "own"))).keys()
    )
    assert card_of(tmp_path, card_text(Card(plain, "own", "0" * 64))).info == plain
    assert card_path(model).exists()


def test_card_with_another_head_does_not_inherit_outputs(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="input_hw: Field required"):
        card_of(tmp_path, "head: heatmap\noutputs: {heatmap: a}\nskeleton: coco17")
    with pytest.raises(ModelError, match="outputs: Field required"):
        card_of(tmp_path, "head: heatmap\ninput_hw: [64, 64]\nskeleton: coco17")


def test_card_without_a_field_inherits_it(tmp_path: Path) -> None:
    model = tmp_path / "mine.tflite"
    card_path(model).write_text("kind: detector\ninput_hw: [128, 128]\n", encoding="utf-8")
    info = card_for(model, "0" * 64, published(), kind="landmarks").info
    assert info.name == "mine"
    assert info.input_hw == (128, 128)
    assert info.anchors == published()["pose_detector"].info.anchors


def test_card_for_without_a_card_takes_the_published_layout(tmp_path: Path) -> None:
    info = card_for(tmp_path / "mine.tflite", "0" * 64, published()).info
    assert (info.name, info.kind, info.input_hw) == ("mine", "landmarks", (256, 256))


def test_card_for_published_bytes_ignores_the_file_name(tmp_path: Path) -> None:
    sha256 = published()["pose_detector"].sha256
    assert card_for(tmp_path / "a.tflite", sha256, published()).info.name == "pose_detector"


OWN = """
skeleton:
  name: kite
  names: [nose, left_tip, right_tip, tail]
  edges: [[0, 1], [0, 2], [0, 3]]
"""


def test_card_with_its_own_skeleton_survives_writing(tmp_path: Path) -> None:
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
        (("edges", "edgse"), "skeleton.edgse: there is no such field; did you mean 'edges'"),
    ],
)
def test_card_with_a_wrong_skeleton_is_refused(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    model = tmp_path / "kite.tflite"
    card_path(model).write_text(OWN.replace(*change), encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        card_for(model, "0" * 64, published())


def test_card_coefficients_of_the_score_are_those_of_full_for_the_same_outputs(
    tmp_path: Path,
) -> None:
    full = published()["full"].info.score_coefficients
    assert full
    assert card_of(tmp_path, "kind: landmarks").info.score_coefficients == full
    own = card_of(tmp_path, "score_coefficients: {intercept: -1.5, presence: 1}")
    assert own.info.score_coefficients == {"intercept": -1.5, "presence": 1.0}
    assert card_of(tmp_path, card_text(own)).info == own.info


@pytest.mark.parametrize(
    "text", ["score_coefficients: {}", "skeleton: coco17", "outputs: {landmarks: a, score: b}"]
)
def test_card_without_coefficients_or_with_other_outputs_has_none(
    tmp_path: Path, text: str
) -> None:
    assert not card_of(tmp_path, text).info.score_coefficients


def test_card_unknown_feature_of_the_score_is_refused_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="'presense'; did you mean 'presence'"):
        card_of(tmp_path, "score_coefficients: {presense: 1}")
