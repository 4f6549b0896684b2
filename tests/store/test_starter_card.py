"""The first card for a model file without one, and its fit to the tensors."""

from __future__ import annotations

from pathlib import Path

import pytest

from blazetrack.errors import ModelError
from blazetrack.heads.fit import Tensors
from blazetrack.store.card import card_for, card_path
from blazetrack.store.starter_card import guess_info, starter_card
from blazetrack.store.tensors import check_fit

Shapes = dict[str, tuple[int, ...]]

IMAGE = (1, 256, 192, 3)


def tensors_of(outputs: Shapes, image: tuple[int, ...] = IMAGE, dtype: str = "float32") -> Tensors:
    return Tensors("image", image, dtype, outputs, dict.fromkeys(outputs, "float32"))


NETWORKS = {
    "regression": ({"a": (1, 1, 17, 3)}, IMAGE, {"landmarks": "a"}, "coco17"),
    "heatmap": ({"a": (1, 64, 48, 16)}, IMAGE, {"heatmap": "a"}, "mpii16"),
    "simcc": (
        {"y": (1, 17, 512), "x": (1, 17, 384)},
        (1, 3, 256, 192),
        {"simcc_x": "y", "simcc_y": "x"},
        "coco17",
    ),
    "paf": ({"a": (1, 46, 54, 57)}, (1, 368, 432, 3), {"heatmap": "a"}, "coco18"),
    "blazepose": (
        {"score": (1, 1), "rows": (1, 195), "world": (1, 117)},
        IMAGE,
        {"landmarks": "rows", "score": "score"},
        "blazepose33",
    ),
}


@pytest.mark.parametrize("head", NETWORKS)
def test_starter_card_is_read_and_fits_the_tensors(head: str, tmp_path: Path) -> None:
    shapes, image, outputs, skeleton = NETWORKS[head]
    tensors, path = tensors_of(shapes, image), tmp_path / "mine.tflite"
    card_path(path).write_text(starter_card("mine", tensors), encoding="utf-8")
    info = card_for(path, "0" * 64, {}).info
    check_fit(info, tensors, "mine.tflite")
    assert (info.head, info.outputs) == (head, outputs)
    assert info.skeleton is not None
    assert info.skeleton.name == skeleton


def test_guess_detector_has_its_anchors() -> None:
    outputs: Shapes = {"scores": (1, 2254, 1), "boxes": (1, 2254, 12)}
    info = guess_info("mine", tensors_of(outputs, (1, 224, 224, 3)))
    assert info is not None
    assert (info.kind, info.outputs) == ("detector", {"boxes": "boxes", "scores": "scores"})
    assert info.anchors is not None
    assert info.anchors.strides == (8, 16, 32, 32, 32)


def test_guess_unknown_number_of_keypoints_is_a_set_of_its_own() -> None:
    info = guess_info("hand", tensors_of({"a": (1, 21, 2)}, dtype="uint8"))
    assert info is not None
    assert info.skeleton is not None
    assert (info.head, len(info.skeleton), info.input_range) == ("regression", 21, (0, 255))


@pytest.mark.parametrize(
    ("outputs", "image"), [({"a": (1, 5)}, (1, 16000)), ({"a": (1, 7, 13)}, IMAGE), ({}, IMAGE)]
)
def test_starter_card_of_no_pose_network_states_so(outputs: Shapes, image: tuple[int, ...]) -> None:
    text = starter_card("mine", tensors_of(outputs, image))
    assert "No head of blazetrack fits these outputs" in text
    assert f"# input  image  {list(image)}" in " ".join(text.split(" ")).replace("   ", "  ")


def test_starter_card_quotes_names(tmp_path: Path) -> None:
    name = "a: {b}\n#c\x1b"
    path = tmp_path / "mine.tflite"
    text = starter_card("mine", tensors_of({name: (1, 17, 2)}))
    assert "\x1b" not in text
    card_path(path).write_text(text, encoding="utf-8")
    assert card_for(path, "0" * 64, {}).info.outputs == {"landmarks": name}


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({"b": (1, 17, 3)}, "has no output tensor 'a'"),
        ({"a": (1, 14, 3)}, r"expected 17 × 3 values.*\(head regression, 17 keypoints of coco17\)"),
    ],
)
def test_fit_of_other_outputs_is_refused(outputs: Shapes, message: str) -> None:
    info = guess_info("mine", tensors_of({"a": (1, 17, 3)}))
    assert info is not None
    with pytest.raises(ModelError, match=message):
        check_fit(info, tensors_of(outputs), "mine.tflite")


def test_fit_of_a_score_of_many_values_is_refused() -> None:
    shapes: Shapes = {"a": (1, 17, 2), "score": (1, 1)}
    info = guess_info("mine", tensors_of(shapes))
    assert info is not None
    with pytest.raises(ModelError, match="expected one value as score"):
        check_fit(info, tensors_of({**shapes, "score": (1, 17)}), "mine.tflite")
