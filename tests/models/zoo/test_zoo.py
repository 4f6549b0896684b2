"""What every network of the zoo must do, and what only one of them does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

keras = pytest.importorskip("keras", reason="the workshop needs Keras")

from blazetrack.errors import InputError, ModelError  # noqa: E402
from blazetrack.heads.anchors import anchor_centers  # noqa: E402
from blazetrack.heads.blazepose import decode_rows  # noqa: E402
from blazetrack.store import prune_outputs  # noqa: E402
from models.train.loss_config import DetectorLossSettings, PoseLossSettings  # noqa: E402
from models.train.losses import detector_loss, pose_loss  # noqa: E402
from models.zoo import NETWORKS, anchors_of, build, deployed  # noqa: E402
from models.zoo.stats import count  # noqa: E402

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

Arrays = dict[str, NDArray[np.float32]]

KEYPOINTS, SIDE, BATCH = 5, 32, 4
POSE = sorted(name for name, one in NETWORKS.items() if one.kind == "landmarks")
SHAPES = {
    name: {
        "points": (KEYPOINTS + 2, 3),
        "visibility": (KEYPOINTS,),
        "presence": (KEYPOINTS,),
        "world": (KEYPOINTS, 3),
        "score": (1,),
        "heatmap": (8, 8, KEYPOINTS),
        "offsets": (8, 8, 2 * KEYPOINTS),
    }
    for name in POSE
}
DETECTORS = sorted(name for name, one in NETWORKS.items() if one.kind == "detector")
ROWS = {"blazeface": 56, "blazeface_lite": 20}
SHAPES |= {name: {"boxes": (ROWS[name], 10), "scores": (ROWS[name], 1)} for name in DETECTORS}
DEPLOYED = {
    name: {
        "landmarks": (5 * (KEYPOINTS + 2),),
        "score": (1,),
        "world": (3 * KEYPOINTS,),
    }
    for name in POSE
}
DEPLOYED |= {name: SHAPES[name] for name in DETECTORS}
# Parameters and multiply-adds of what is exported.
COUNTS = {
    ("blazepose", "lite"): (1_707_539, 102_273_536),
    ("blazepose", "full"): (2_770_835, 430_412_288),
    ("blazepose_lite", "lite"): (976_151, 87_206_328),
    ("blazepose_lite", "full"): (2_167_647, 333_236_056),
    ("blazeface_lite", "lite"): (565_542, 123_008_816),
    ("blazeface_lite", "full"): (2_936_694, 388_878_112),
    ("blazeface", "lite"): (247_768, 52_643_840),
    ("blazeface", "full"): (533_624, 222_446_592),
}
REGRESSION = ("points", "z", "visibility", "presence", "world", "score")


def pictures(seed: int = 0, side: int = SIDE) -> NDArray[np.float32]:
    return np.random.default_rng(seed).random((BATCH, side, side, 3), np.float32)


def pose_targets() -> Arrays:
    rng = np.random.default_rng(1)
    targets = {"score": rng.integers(0, 2, (BATCH, 1))}
    for name in ("points", "visibility", "presence", "world"):
        targets[name] = rng.random((BATCH, *SHAPES["blazepose"][name]))
        targets[f"{name}_weight"] = np.ones_like(targets[name])
    return {name: value.astype(np.float32) for name, value in targets.items()}


def detector_targets(name: str) -> Arrays:
    rng = np.random.default_rng(1)
    boxes = rng.normal(0, 8, (BATCH, *SHAPES[name]["boxes"]))
    positives = rng.random(boxes.shape[:2]) < 0.1
    targets = {"boxes": boxes, "positives": positives, "weights": np.ones_like(positives)}
    return {name: value.astype(np.float32) for name, value in targets.items()}


def loss_of(name: str, targets: Any, outputs: Any) -> Any:
    if name in POSE:
        return pose_loss(targets, outputs, PoseLossSettings())["total"]
    return detector_loss(targets, outputs, DetectorLossSettings())["total"]


def trainee(network: Any, loss: Any, optimizer: Any, eager: bool = False) -> Any:
    class Trainee(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.network = network
            self.built = True

        def call(self, images: Any, training: bool = False) -> Any:
            return self.network(images, training=training)

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return loss(y, y_pred)

    model = Trainee()
    model.compile(optimizer, run_eagerly=eager, jit_compile=False)
    return model


def numbers(outputs: Any) -> Arrays:
    return {name: keras.ops.convert_to_numpy(value) for name, value in outputs.items()}


def run(network: Any, images: NDArray[np.float32]) -> Arrays:
    return numbers(network(images, training=False))


@pytest.fixture(scope="module", params=sorted(NETWORKS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def fresh(name: str) -> Any:
    keras.utils.set_random_seed(3)
    return build(name, **NETWORKS[name].tiny)


@pytest.fixture(scope="module")
def losses(name: str) -> list[float]:
    return []


@pytest.fixture(scope="module")
def trained(name: str, losses: list[float]) -> Any:
    """A network after a few steps, so that no weight and no statistic is what it began with."""
    keras.utils.set_random_seed(3)
    network = build(name, **NETWORKS[name].tiny)
    targets = pose_targets() if name in POSE else detector_targets(name)
    optimizer = keras.optimizers.Adam(3e-3)
    model = trainee(network, lambda y, got: loss_of(name, y, got), optimizer)
    losses += [float(model.train_on_batch(pictures(), targets)) for _ in range(20)]
    return network


def test_outputs_have_the_shapes_of_the_contract(name: str, fresh: Any) -> None:
    got = run(fresh, pictures())
    assert {key: value.shape[1:] for key, value in got.items()} == SHAPES[name]
    assert all(value.dtype == np.float32 for value in got.values())
    got = run(deployed(fresh), pictures())
    assert {key: value.shape[1:] for key, value in got.items()} == DEPLOYED[name]


def test_what_is_deployed_is_deployed_once(fresh: Any) -> None:
    once = deployed(fresh)
    assert deployed(once) is once


@pytest.mark.parametrize(("name", "size"), COUNTS)
def test_named_sizes_are_as_large_as_they_say(name: str, size: str) -> None:
    assert count(build(name, size)) == COUNTS[name, size]


def test_a_few_steps_lower_the_loss(trained: Any, losses: list[float]) -> None:
    assert len(losses) == 20
    # train_on_batch gives the mean of all steps so far: the last is lower than that.
    assert losses[-1] < 0.8 * losses[0]


def test_a_saved_network_says_the_same_when_loaded(trained: Any, tmp_path: Path) -> None:
    trained.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras", compile=False)
    for network in (trained, deployed(trained)):
        other = again if network is trained else deployed(again)
        want, got = run(network, pictures(5)), run(other, pictures(5))
        for key, value in want.items():
            np.testing.assert_array_equal(got[key], value, key)


def test_the_file_says_what_keras_says(name: str, trained: Any, tmp_path: Path) -> None:
    interpreter, path = exported(trained, tmp_path)
    want = run(deployed(trained), pictures(7)[:1])
    got = interpreter.get_signature_runner()(image=pictures(7)[:1])
    for key, value in want.items():
        unit = SIDE if key in ("landmarks", "boxes") else 1  # pixels
        assert np.abs(got[key] - value).max() / unit < 1e-4, key
    assert prune_outputs.count(path).multiply_adds == count(trained)[1]


def test_the_file_holds_only_what_is_fast(trained: Any, tmp_path: Path) -> None:
    _, path = exported(trained, tmp_path)
    known = {"CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "ADD", "PAD", "RESIZE_BILINEAR"}
    known |= {"RESHAPE", "CONCATENATION", "FULLY_CONNECTED", "LOGISTIC", "TRANSPOSE", "SOFTMAX"}
    known |= {"RELU6"}  # behind an enlarged map
    assert set(prune_outputs.count(path).operators) <= known


def exported(network: Any, folder: Path) -> tuple[Any, Path]:
    if keras.backend.backend() != "tensorflow":
        pytest.skip("TFLite files come from Keras on tensorflow")
    from ai_edge_litert.interpreter import Interpreter

    from models.export.tflite import to_tflite

    path = folder / "network.tflite"
    path.write_bytes(to_tflite(deployed(network)))
    return Interpreter(model_path=str(path), num_threads=1), path


@pytest.fixture(scope="module", params=POSE)
def pose(request: pytest.FixtureRequest) -> Any:
    """A fresh landmark network."""
    keras.utils.set_random_seed(4)
    return build(request.param, **NETWORKS[request.param].tiny)


def test_the_exported_pose_network_holds_no_heatmap(pose: Any, tmp_path: Path) -> None:
    interpreter, _ = exported(pose, tmp_path)
    shapes = {tuple(one["shape"]) for one in interpreter.get_tensor_details()}
    heads = {pose.get_layer(head).kernel.shape for head in ("heatmap", "offsets")}
    for _, _, channels, values in heads:
        assert (1, 8, 8, values) not in shapes
        assert (values, 1, 1, channels) not in shapes
    read = pose.get_layer("heatmap").input.shape[1:]
    assert (1, *read) in shapes, "the map that they are read from"


@pytest.mark.filterwarnings("ignore:Gradients do not exist for variables")
@pytest.mark.parametrize("part", REGRESSION)
def test_regression_gives_no_gradient_to_the_heatmap_part(pose: Any, part: str) -> None:
    only = PoseLossSettings(**{key: float(key == part) for key in (*REGRESSION, *MAPS)})
    moved = moved_by(pose, only)
    assert not moved & heatmap_part(pose)
    assert len(moved) > 10, "the regression learns"


@pytest.mark.filterwarnings("ignore:Gradients do not exist for variables")
def test_heatmaps_and_offsets_teach_all_of_their_part_and_nothing_else(pose: Any) -> None:
    only = PoseLossSettings(**{key: float(key in MAPS) for key in (*REGRESSION, *MAPS)})
    part = keras.Model(pose.input, [pose.get_layer(head).output for head in MAPS])
    assert moved_by(pose, only) == {weight.path for weight in part.trainable_variables}


MAPS = ("heatmap", "offsets")


def heatmap_part(network: Any) -> set[str]:
    """Paths of the weights of the heatmap part.

    Those that heatmaps and offsets depend on; without the encoder where the regression hangs on
    it too.
    """
    part = keras.Model(network.input, [network.get_layer(head).output for head in MAPS])
    layers = part.layers
    if network.name == "blazepose_lite":
        layers = [one for one in layers if one.name.startswith(("decoder", *MAPS))]
    return {weight.path for layer in layers for weight in layer.trainable_variables}


def moved_by(network: Any, settings: PoseLossSettings) -> set[str]:
    """Paths of the weights that one step of plain descent changes."""
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    before = {one.path: keras.ops.convert_to_numpy(one) for one in copy.trainable_variables}
    model = trainee(
        copy,
        lambda y, got: pose_loss(y, got, settings)["total"],
        keras.optimizers.SGD(1.0),
        eager=True,
    )
    model.train_on_batch(pictures(), pose_targets())
    return {
        one.path
        for one in copy.trainable_variables
        if (keras.ops.convert_to_numpy(one) != before[one.path]).any()
    }


def test_the_deployed_rows_are_what_was_trained(pose: Any) -> None:
    rng = np.random.default_rng(0)
    for head in ("points", "visibility", "presence", "world", "score"):
        layer = pose.get_layer(head)
        layer.set_weights([rng.normal(0, 0.1, one.shape) for one in layer.get_weights()])
    images = pictures(9)
    want, got = run(pose, images), run(deployed(pose), images)
    for row in range(BATCH):
        decoded = decode_rows(got["landmarks"][row : row + 1], KEYPOINTS)
        np.testing.assert_allclose(decoded[:, :3], want["points"][row] * SIDE, atol=1e-4)
        for column, key in ((3, "visibility"), (4, "presence")):
            probability = 1 / (1 + np.exp(-want[key][row]))
            np.testing.assert_allclose(decoded[:KEYPOINTS, column], probability, atol=1e-5)
    np.testing.assert_allclose(got["score"], 1 / (1 + np.exp(-want["score"])), atol=1e-5)
    np.testing.assert_allclose(got["world"], want["world"].reshape(BATCH, -1), atol=1e-5)


@pytest.mark.parametrize("name", POSE)
def test_untrained_points_lie_in_the_middle(name: str) -> None:
    keras.utils.set_random_seed(5)
    points = run(build(name, **NETWORKS[name].tiny), pictures())["points"]
    assert np.abs(points - (0.5, 0.5, 0)).max() < 0.15


@pytest.mark.parametrize("block", ["bottleneck", "depthwise"])
def test_both_kinds_of_blocks_make_a_network(block: str) -> None:
    network = build("blazepose", **{**NETWORKS["blazepose"].tiny, "block": block})
    kinds = {type(layer).__name__ for layer in network.layers}
    assert ("DepthwiseConv2D" in kinds) == (block == "depthwise")
    assert run(network, pictures())["points"].shape == (BATCH, KEYPOINTS + 2, 3)


def test_anchor_rows_are_where_the_decoder_looks_for_them() -> None:
    """Light one patch: the rows that change must be those of the anchors around it."""
    keras.utils.set_random_seed(6)
    side, spot = 256, np.array([48, 200])
    network = build("blazeface", side=side, width=(8, 8, 16, 16), depth=(0, 0, 0, 0))
    anchors = anchors_of("blazeface")
    dark = np.zeros((1, side, side, 3), np.float32)
    lit = dark.copy()
    lit[0, spot[1] - 4 : spot[1] + 4, spot[0] - 4 : spot[0] + 4] = 1
    before, after = run(network, dark), run(network, lit)
    changed = np.abs(after["scores"] - before["scores"])[0, :, 0]
    centers = anchor_centers(anchors, (side, side)) * side
    assert len(centers) == len(changed)
    fine = 2 * (side // 8) ** 2
    for rows in (slice(0, fine), slice(fine, None)):
        weight = changed[rows] / changed[rows].sum()
        assert np.abs(weight @ centers[rows] - spot).max() < 16
        far = np.abs(centers[rows] - spot).max(axis=1) > 80
        assert not changed[rows][far].any()
    moved = np.abs(after["boxes"] - before["boxes"])[0].max(axis=1)
    assert not moved[changed == 0].any()


@pytest.mark.parametrize("name", DETECTORS)
def test_there_is_an_anchor_for_each_row(name: str) -> None:
    assert len(anchor_centers(anchors_of(name), (SIDE, SIDE))) == ROWS[name]


@pytest.mark.parametrize(
    ("network", "options", "message"),
    [
        ("blazepoze", {}, "no network 'blazepoze'; did you mean 'blazepose'?"),
        ("blazepose", {"size": "light"}, "no size 'light'; did you mean 'lite'?"),
        ("blazepose", {"widht": (8, 8)}, "no option 'widht'; did you mean 'width'?"),
        ("blazepose", {"block": "bottelneck"}, "did you mean 'bottleneck'?"),
        ("blazepose", {"side": 100}, "side: expected a multiple of 32, got 100"),
        ("blazepose", {"width": 32}, "width: expected numbers of 2 levels or more, got 32"),
        ("blazepose", {"depth": (1, 1)}, r"depth: expected 4 numbers, got \(1, 1\)"),
        ("blazepose", {"stem": 0}, "stem: expected whole numbers from 1, got 0"),
        ("blazepose", {"keypoints": 2.5}, "keypoints: expected whole numbers from 1, got 2.5"),
        ("blazepose_lite", {"depth": (1, 1)}, r"depth: expected 6 numbers, got \(1, 1\)"),
        ("blazepose_lite", {"depth": (9, 0, 0, 0, 0, 0)}, r"depth: expected up to \(0, 1, 1, 2"),
        ("blazepose_lite", {"keep": (0.5,)}, r"keep: expected 6 numbers, got \(0.5,\)"),
        (
            "blazeface_lite",
            {"keep": (1, 1, 1, 1, 1, 2)},
            "keep: expected parts above 0 and up to 1",
        ),
        ("blazeface_lite", {"points": 1}, "points: expected mid-hip, circle"),
        ("blazeface", {"side": 120}, "side: expected a multiple of 16, got 120"),
        ("blazeface", {"width": (8, 8)}, r"width: expected 4 numbers, got \(8, 8\)"),
        ("blazeface", {"points": 1}, "points: expected mid-hip, circle"),
    ],
)
def test_wrong_options_are_told(network: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        build(network, **options)


def test_only_networks_of_the_zoo_are_deployed() -> None:
    image = keras.Input((8, 8, 3))
    stranger = keras.Model(image, keras.layers.Flatten()(image), name="stranger")
    with pytest.raises(ModelError, match="'stranger' is none of blazeface, blazeface_lite"):
        deployed(stranger)
    for name in NETWORKS:
        impostor = keras.Model(image, {"x": keras.layers.Flatten()(image)}, name=name)
        with pytest.raises(ModelError, match=f"expected a network of {name}"):
            deployed(impostor)
