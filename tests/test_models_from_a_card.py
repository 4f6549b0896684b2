"""TFLite pose models of other origin run from a card alone, to poses in image pixels.

The networks are generated: each keypoint is a dot of a colour of its own, and the network finds the
centre of gravity of that colour. Their tensors are those of the documented models, and the cards
are those of docs/models.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from blazetrack import Frame, PoseTracker
from blazetrack.backends import open_interpreter
from blazetrack.cli import main
from blazetrack.errors import ModelError
from blazetrack.skeleton import COCO18
from blazetrack.store.card import card_for

tf = pytest.importorskip("tensorflow", reason="TFLite files are written by TensorFlow")

WIDTH, HEIGHT, BACKGROUND = 360, 300, 60
COLOURS = np.array([c for c in product((0, 127, 255), repeat=3) if len(set(c)) > 1])[:17]
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])  # of ImageNet

# COCO's 17 keypoints of a standing person, hips at 0.
BODY = np.array(
    [(0, -46), (7, -52), (-7, -52), (14, -46), (-14, -46), (18, -30), (-18, -30), (27, -14),
     (-27, -14), (30, 3), (-30, 3), (10, 0), (-10, 0), (11, 20), (-11, 20), (12, 40), (-12, 40)],
    float,
)  # fmt: skip


def truth(index: int) -> np.ndarray:
    """`(17, 2)` keypoints in frame `index`: a person who walks and leans."""
    angle = 0.06 * index
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    xy: np.ndarray = 1.5 * BODY @ turn + (150 + 5 * index, 160 - 3 * index)
    return xy


def picture(index: int) -> np.ndarray:
    image = np.full((HEIGHT, WIDTH, 3), BACKGROUND, np.uint8)
    for (x, y), colour in zip(truth(index), COLOURS.tolist(), strict=True):
        place = (round(x * 16), round(y * 16))
        cv2.circle(image, place, 4 * 16, colour, -1, cv2.LINE_AA, shift=4)
    return image


def centres(pixels: Any) -> tuple[Any, Any, Any]:
    """Of `(1, h, w, 3)` pixels 0..255: x and y in pixels and the score of each colour, `(1, K)`."""
    colours = tf.constant(COLOURS, tf.float32)
    apart = tf.reduce_sum((pixels[:, :, :, None] - colours) ** 2, axis=-1)
    weight = tf.nn.relu(1 - apart / 40.0**2)  # (1, h, w, K)
    total = tf.reduce_sum(weight, axis=(1, 2))
    height, width = pixels.shape[1:3]
    x = tf.reduce_sum(weight * tf.range(width, dtype=tf.float32)[:, None], axis=(1, 2))
    y = tf.reduce_sum(weight * tf.range(height, dtype=tf.float32)[:, None, None], axis=(1, 2))
    score = tf.minimum(total / 10, 0.95)
    return x / (total + 1e-6), y / (total + 1e-6), score


def movenet(pixels: Any) -> Any:
    """`(1, 192, 192, 3)` 0..255 → `(1, 1, 17, 3)` y, x in parts of the side, score."""
    x, y, score = centres(tf.cast(pixels, tf.float32))
    return tf.stack([y / 192, x / 192, score], axis=-1)[:, None]


def heatmaps(values: Any, mean: np.ndarray, std: np.ndarray) -> Any:
    """`(1, 256, 192, 3)` normalised → `(1, 64, 48, 17)`, a Gaussian each."""
    x, y, score = centres((values * std + mean) * 255)
    columns = tf.range(48, dtype=tf.float32) - x[..., None] / 4
    rows = tf.range(64, dtype=tf.float32) - y[..., None] / 4
    across, down = (tf.exp(-(one**2) / 8) for one in (columns, rows))  # (1, 17, w), (1, 17, h)
    return tf.transpose(score[..., None, None] * down[..., None] * across[:, :, None], (0, 2, 3, 1))


def planar_heatmaps(values: Any) -> Any:
    """The same with the channels first, blue before green before red."""
    rgb = tf.transpose(values, (0, 2, 3, 1))[..., ::-1]
    maps = heatmaps(rgb, MEAN.astype(np.float32), STD.astype(np.float32))
    return tf.transpose(maps, (0, 3, 1, 2))


def person_box(values: Any) -> dict[str, Any]:
    """A detector without keypoints that sees one person, always: box of the walk in 360×360."""
    nothing = tf.reduce_sum(values) * 0
    box = tf.constant([[[-0.05 * 64, -0.05 * 64, 0.5 * 64, 0.5 * 64]]])
    return {"boxes": box + nothing, "scores": tf.fill([1, 1, 1], 4.0) + nothing}


def write(path: Path, function: Callable[..., Any], shape: tuple[int, ...], dtype: Any) -> None:
    """A TFLite file of a function, and no card."""
    traced = tf.function(function, input_signature=[tf.TensorSpec(shape, dtype)])
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [traced.get_concrete_function()], traced
    )
    path.write_bytes(converter.convert())


def output_names(path: Path) -> list[str]:
    return list(open_interpreter(path).output_shapes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two landmark networks with two inputs each, and a detector with its card."""
    models: Path = tmp_path_factory.mktemp("models")
    write(models / "movenet_uint8.tflite", movenet, (1, 192, 192, 3), tf.uint8)
    write(models / "movenet_float32.tflite", movenet, (1, 192, 192, 3), tf.float32)
    mean, std = MEAN.astype(np.float32), STD.astype(np.float32)
    write(models / "maps.tflite", lambda x: heatmaps(x, mean, std), (1, 256, 192, 3), tf.float32)
    write(models / "maps_planar.tflite", planar_heatmaps, (1, 3, 256, 192), tf.float32)
    write(models / "boxes.tflite", person_box, (1, 64, 64, 3), tf.float32)
    interpreter = open_interpreter(models / "boxes.tflite")
    boxes, scores = sorted(
        interpreter.output_shapes, key=lambda n: -interpreter.output_shapes[n][2]
    )
    card = f"""
kind: detector
input_hw: [64, 64]
anchors: {{strides: [64], per_map: 1}}
outputs: {{boxes: '{boxes}', scores: '{scores}'}}
"""
    (models / "boxes.tflite.yaml").write_text(card, encoding="utf-8")
    return models


PAGE = (Path(__file__).parents[1] / "docs/models.md").read_text(encoding="utf-8")
MOVENET, MAPS, FIELDS = re.findall(r"^```yaml\n(kind: landmarks\nhead:.*?)^```", PAGE, re.M | re.S)
BGR = "mean: [0.406, 0.456, 0.485]\nstd: [0.225, 0.224, 0.229]\nchannels: bgr\nlayout: nchw\n"
PLANAR = re.sub(r"^mean:.*?^layout:.*?\n", BGR, MAPS, flags=re.M | re.S)
CARDS = {
    "movenet_uint8": MOVENET,
    "movenet_float32": MOVENET.replace("input_dtype: uint8", "input_dtype: float32"),
    "maps": MAPS,
    "maps_planar": PLANAR,
}


def with_card(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.tflite"
    (output,) = output_names(path)
    text = text.replace('"StatefulPartitionedCall:0"', f"'{output}'").replace(
        "heatmap: Identity", f"heatmap: '{output}'"
    )
    (folder / f"{name}.tflite.yaml").write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", CARDS)
def test_tracker_model_from_a_card_finds_and_follows_the_person(folder: Path, name: str) -> None:
    model = with_card(folder, name, CARDS[name])
    with PoseTracker(model, detector=folder / "boxes.tflite") as tracker:
        tracker.smoothing = False
        assert tracker.skeleton.name == "coco17"
        for index in range(8):
            poses = tracker(Frame(picture(index), index, index / 30))
            assert poses.ids.tolist() == [1]
            error = np.abs(poses.landmarks_px[0, :, :2] - truth(index))
            assert error.max() < 1.0
            # The region follows the person: mid-hip, and straight above the lean.
            hips, rim = poses.alignment_px[0]
            np.testing.assert_allclose(hips, truth(index)[11:13].mean(axis=0), atol=1)
            up = (rim - hips) / np.hypot(*(rim - hips))
            np.testing.assert_allclose(up, [np.sin(0.06 * index), -np.cos(0.06 * index)], atol=0.03)
        assert tracker.detector_runs == 1


def test_card_of_a_network_for_several_people_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mobilenet_thin.tflite"
    path.write_bytes(b"not opened")
    path.with_name(f"{path.name}.yaml").write_text(FIELDS, encoding="utf-8")
    info = card_for(path, "0" * 64, {}).info
    assert (info.head, info.skeleton) == ("paf", COCO18)
    assert info.outputs == {"heatmap": "Openpose/concat_stage7:0"}


def test_command_line_run_with_a_model_from_a_card(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = with_card(folder, "movenet_uint8", CARDS["movenet_uint8"])
    pictures, out = tmp_path / "pictures", tmp_path / "poses.jsonl"
    pictures.mkdir()
    for index in range(3):
        cv2.imwrite(str(pictures / f"{index}.png"), picture(index)[..., ::-1])
    detector = folder / "boxes.tflite"
    with pytest.raises(SystemExit) as end:
        main(f"run {pictures} --model {model} --detector {detector} --out {out}".split())
    assert not end.value.code
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 3
    for index, line in enumerate(lines):
        (person,) = line["poses"]
        error = np.abs(np.array(person["landmarks_px"])[:, :2] - truth(index))
        assert error.max() < 1.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("head: regression", "head: regresion"), "no head 'regresion'; did you mean 'regression'"),
        (("order: yx", "ordre: yx"), "head regression has no option 'ordre'; did you mean 'order'"),
        (
            ("third: score", "third: w"),
            "option 'third' of head regression: expected none, score, z",
        ),
        (("outputs: {landmarks:", "outputs: {landmark:"), "no output 'landmark'; did you mean"),
        (("outputs: {landmarks:", "outputs: {score:"), "head regression needs the outputs landm"),
        (("border: zero", "border: zero\nmean: [1, 2]"), "mean: expected a list of 3 numbers"),
        (("border: zero", "border: zero\nstd: [1, 2, 3, 4]"), "std: expected a list of 3 numbers"),
    ],
)
def test_wrong_card_is_one_clear_line(folder: Path, change: tuple[str, str], message: str) -> None:
    text = CARDS["movenet_uint8"]
    assert change[0] in text
    model = with_card(folder, "movenet_uint8", text.replace(*change))
    with pytest.raises(ModelError, match=message) as error:
        PoseTracker(model, detector=folder / "boxes.tflite")
    assert "\n" not in str(error.value)
    assert "movenet_uint8.tflite.yaml: " in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ('"StatefulPartitionedCall:0"', "Identity_7"),
            "has no output tensor 'Identity_7'; did you mean 'Identity'",
        ),
        (
            ("skeleton: coco17", "skeleton: lsp14"),
            r"expected 14 × 3 values, got an output of \(1, 1",
        ),
        (("input_dtype: uint8", ""), r"expected a float32 input, got uint8; correct input_dtype"),
    ],
)
def test_card_that_does_not_fit_the_file_is_one_clear_line(
    folder: Path, change: tuple[str, str], message: str
) -> None:
    model = with_card(folder, "movenet_uint8", CARDS["movenet_uint8"].replace(*change))
    with (
        PoseTracker(model, detector=folder / "boxes.tflite") as tracker,
        pytest.raises(ModelError, match=message),
    ):
        tracker(Frame(picture(0)))


def test_option_of_another_head_is_refused(folder: Path) -> None:
    model = with_card(folder, "maps", CARDS["maps"])
    for options in ({"masks": True}, {"options": {"tracked_landmarks.kernel_size": 9}}):
        with pytest.raises(ModelError, match=r"head heatmap has no option '(masks|kernel_size)'"):
            PoseTracker(model, detector=folder / "boxes.tflite", **options)
