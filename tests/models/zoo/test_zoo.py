"""Contract of every network of the zoo, and properties of single ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

keras = pytest.importorskip("keras", reason="models needs Keras")


from blazetrack.errors import InputError, ModelError, RenamedWarning  # noqa: E402
from blazetrack.heads import HEADS, check_head  # noqa: E402
from blazetrack.heads.anchors import anchor_centers  # noqa: E402
from blazetrack.heads.blazepose import decode_rows  # noqa: E402
from blazetrack.model_info import ModelInfo  # noqa: E402
from blazetrack.skeleton import Skeleton  # noqa: E402
from blazetrack.store import prune_outputs  # noqa: E402
from models.export.tflite import pixel_outputs  # noqa: E402
from models.train.losses import LOSS_SETTINGS, LandmarkLossSettings, head_loss  # noqa: E402
from models.zoo import (  # noqa: E402
    ARCHITECTURES,
    anchors_of,
    build,
    current_name,
    deployed,
    model_info,
)
from models.zoo.stages import stage_of  # noqa: E402
from models.zoo.stats import network_stats  # noqa: E402

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

Arrays = dict[str, NDArray[np.float32]]

KEYPOINTS, SIDE, BATCH, STEPS = 5, 32, 4, 12
SKELETON = Skeleton("five", ("a", "b", "c", "d", "e"), ((0, 1), (1, 2), (2, 3), (3, 4)))
BLAZEPOSE = sorted(name for name, one in ARCHITECTURES.items() if one.head == "blazepose")
DETECTORS = sorted(name for name, one in ARCHITECTURES.items() if one.kind == "detector")
# Parameters and multiply-adds of the exported network.
STATS = {
    ("blazepose", "lite"): (1_707_539, 102_273_536),
    ("blazepose", "full"): (2_770_835, 430_412_288),
    ("blazepose_lite", "lite"): (1_344_991, 166_257_240),
    ("blazepose_lite", "full"): (3_131_487, 351_030_232),
    ("blazeface_lite", "lite"): (2_936_694, 126_980_608),
    ("blazeface_lite", "full"): (2_936_694, 388_878_112),
    ("blazeface", "lite"): (247_768, 52_643_840),
    ("blazeface", "full"): (533_624, 222_446_592),
    ("deeppose", "small"): (1_236_484, 55_287_552),
    ("deeppose_refinement", "small"): (246_754, 3_700_736),
    ("efficient_localization", "small"): (194_122, 65_354_080),
    ("error_feedback", "small"): (778_372, 60_899_072),
    ("openpose", "mobilenet_thin"): (1_928_952, 4_227_349_032),
    ("openpose", "small"): (381_346, 139_825_152),
}
# Operators of single networks: Gaussian maps and bounded steps, windows around the highest cells.
OPERATORS = {
    "error_feedback": {
        *("EXP", "MINIMUM", "MUL", "RSQRT", "SQUARE", "SQUARED_DIFFERENCE"),
        *("STRIDED_SLICE", "SUB", "SUM"),
    },
    "efficient_localization": {
        *("ABS", "AVERAGE_POOL_2D", "BATCH_MATMUL", "FLOOR", "GREATER_EQUAL", "MEAN", "MUL"),
        *("REDUCE_MAX", "REDUCE_MIN", "SELECT_V2", "STRIDED_SLICE", "SUB", "SUM"),
    },
    "simple_baseline": {"MEAN", "TRANSPOSE_CONV"},
    "simcc": {"MEAN", "MUL", "TRANSPOSE_CONV"},
    "hrnet": {"MEAN"},
    "stacked_hourglass": {"MEAN", "MUL"},  # a norm before its convolution
    "cpm": {"MEAN"},
    "cascaded_hourglass": {"AVERAGE_POOL_2D", "MEAN", "MUL"},
}
# Multiply-adds of tiny networks that do not depend on the picture: the convolution of the maps of
# the mean pose.
FOLDED = {"error_feedback": 8 * 8 * 5 * 8}
# Settings of the loss that its config needs.
LOSSES = {"error_feedback": {"max_step": 20 / 224}}
REGRESSION = ("points", "z", "visibility", "presence", "world", "score")
MAPS = ("heatmap", "offsets")


def random_images(seed: int = 0, side: int = SIDE) -> NDArray[np.float32]:
    return np.random.default_rng(seed).random((BATCH, side, side, 3), np.float32)


def tiny(name: str) -> Any:
    one = ARCHITECTURES[name]
    points = {} if one.kind == "detector" else {"keypoints": KEYPOINTS}
    return build(name, **{**points, **one.tiny})


def info_of(network: Any) -> ModelInfo:
    return model_info(deployed(network), "test", SKELETON)


def random_targets(info: ModelInfo) -> Arrays:
    """Targets as of `models.data` for landmark networks and for detectors."""
    rng = np.random.default_rng(1)
    if info.kind == "detector":
        assert info.anchors is not None
        boxes = rng.normal(0, 8, (BATCH, len(anchor_centers(info.anchors, info.input_hw)), 10))
        positives = rng.random(boxes.shape[:2]) < 0.1
        targets = {"boxes": boxes, "positives": positives, "weights": np.ones_like(positives)}
    elif info.head == "paf":
        cells = (BATCH, SIDE // 8, SIDE // 8)
        targets = {"heatmap": rng.random((*cells, KEYPOINTS + 1)), "weights": np.ones((*cells, 1))}
        targets["paf"] = rng.uniform(-1, 1, (*cells, 2 * len(SKELETON.edges)))
    elif info.kind == "refinement":
        shape = (BATCH, KEYPOINTS, 2)
        targets = {"displacements": rng.random(shape), "displacements_weight": np.ones(shape)}
    else:
        shapes = {
            "points": (KEYPOINTS + 2, 3),
            "visibility": (KEYPOINTS,),
            "presence": (KEYPOINTS,),
            "world": (KEYPOINTS, 3),
        }
        targets = {"score": rng.integers(0, 2, (BATCH, 1))}
        for name, shape in shapes.items():
            targets[name] = rng.random((BATCH, *shape))
            targets[f"{name}_weight"] = np.ones_like(targets[name])
    return {name: value.astype(np.float32) for name, value in targets.items()}


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
    jit = keras.backend.backend() == "jax"  # which is slow operator by operator
    model.compile(optimizer, run_eagerly=eager and not jit, jit_compile=jit)
    return model


def numbers(outputs: Any) -> Arrays:
    return {name: keras.ops.convert_to_numpy(value) for name, value in outputs.items()}


def predict(network: Any, images: NDArray[np.float32]) -> Arrays:
    return numbers(network(images, training=False))


@pytest.fixture(scope="module", params=sorted(ARCHITECTURES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def fresh(name: str) -> Any:
    keras.utils.set_random_seed(3)
    return tiny(name)


@pytest.fixture(scope="module")
def losses(name: str) -> list[float]:
    return []


@pytest.fixture(scope="module")
def trained(name: str, losses: list[float]) -> Any:
    """A network after a few steps, so that no weight and no statistic has its initial value."""
    keras.utils.set_random_seed(3)
    network = tiny(name)
    info = info_of(network)
    settings = LOSS_SETTINGS[info.head](**LOSSES.get(name, {}))
    optimizer = keras.optimizers.Adam(1e-2)
    model = trainee(
        network,
        lambda y, got: head_loss(info.head, y, got, settings, info)["total"],
        optimizer,
        eager=True,
    )
    targets = random_targets(info)
    for _ in range(STEPS):
        model.reset_metrics()  # else Keras returns the mean of all steps so far
        losses.append(float(model.train_on_batch(random_images(), targets)))
    return network


def test_outputs_deployed_are_those_of_the_head(name: str, fresh: Any) -> None:
    head = HEADS[ARCHITECTURES[name].head]
    got = predict(fresh, random_images())
    assert all(value.dtype == np.float32 and len(value) == BATCH for value in got.values())
    got = predict(deployed(fresh), random_images())
    assert set(head.required) <= set(got) <= {*head.required, *head.optional}
    info = info_of(fresh)
    assert check_head(info) is head
    for row in range(BATCH):
        people = head.decode({key: value[row : row + 1] for key, value in got.items()}, info)
        if head.kind == "landmarks":
            count = len(people) if head.several else 1
            assert people.xyz_crop.shape == (count, KEYPOINTS, 3)


def test_parts_of_the_loss_have_weights(name: str, fresh: Any) -> None:
    info = info_of(fresh)
    settings = LOSS_SETTINGS[info.head]()
    outputs = predict(fresh, random_images())
    got = head_loss(info.head, random_targets(info), outputs, settings, info)
    parts = {stage_of(part)[0] for part in got}
    assert parts - {"total"} <= set(settings.model_dump())
    assert np.isfinite(float(got["total"]))


def test_deployed_twice_is_the_same_network(fresh: Any) -> None:
    once = deployed(fresh)
    assert deployed(once) is once


@pytest.mark.parametrize(("name", "size"), STATS)
def test_network_stats_of_named_sizes(name: str, size: str) -> None:
    assert network_stats(build(name, size)) == STATS[name, size]


def test_training_steps_lower_the_loss(trained: Any, losses: list[float]) -> None:
    assert len(losses) == STEPS
    assert losses[-1] < 0.8 * losses[0]


def test_saved_network_loads_with_equal_outputs(trained: Any, tmp_path: Path) -> None:
    trained.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras", compile=False)
    for network in (trained, deployed(trained)):
        other = again if network is trained else deployed(again)
        want, got = predict(network, random_images(5)), predict(other, random_images(5))
        for key, value in want.items():
            np.testing.assert_array_equal(got[key], value, key)


@pytest.fixture(scope="module")
def written(trained: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """The trained network as a file, converted once, and its interpreter."""
    return exported(trained, tmp_path_factory.mktemp("zoo"))


def test_exported_file_equals_keras(trained: Any, written: tuple[Any, Path]) -> None:
    interpreter, path = written
    pixels = pixel_outputs(info_of(trained))
    want = predict(deployed(trained), random_images(7)[:1])
    got = interpreter.get_signature_runner()(image=random_images(7)[:1])
    for key, value in want.items():
        unit = SIDE if key in pixels else 1
        assert np.abs(got[key] - value).max() / unit < 1e-4, key
    counted = prune_outputs.count(path).multiply_adds + FOLDED.get(trained.name, 0)
    assert counted == network_stats(trained)[1]


def test_exported_file_has_only_fast_operators(name: str, written: tuple[Any, Path]) -> None:
    path = written[1]
    known = {"CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "ADD", "PAD", "RESIZE_BILINEAR"}
    known |= {"RESHAPE", "CONCATENATION", "FULLY_CONNECTED", "LOGISTIC", "TRANSPOSE", "SOFTMAX"}
    known |= {"RELU6"}  # after upsampling
    known |= OPERATORS.get(name, set())
    assert set(prune_outputs.count(path).operators) <= known


def exported(network: Any, folder: Path) -> tuple[Any, Path]:
    if keras.backend.backend() != "tensorflow":
        pytest.skip("TFLite files come from Keras on tensorflow")
    from ai_edge_litert.interpreter import Interpreter

    from models.export.tflite import to_tflite

    path = folder / "network.tflite"
    path.write_bytes(to_tflite(deployed(network)))
    return Interpreter(model_path=str(path), num_threads=1), path


@pytest.fixture(scope="module", params=BLAZEPOSE)
def pose(request: pytest.FixtureRequest) -> Any:
    """A fresh network with the blazepose head."""
    keras.utils.set_random_seed(4)
    return tiny(request.param)


def test_exported_blazepose_has_no_heatmap(pose: Any, tmp_path: Path) -> None:
    interpreter, _ = exported(pose, tmp_path)
    shapes = {tuple(one["shape"]) for one in interpreter.get_tensor_details()}
    heads = {pose.get_layer(head).kernel.shape for head in MAPS}
    for _, _, channels, values in heads:
        assert (1, 8, 8, values) not in shapes
        assert (values, 1, 1, channels) not in shapes
    read = pose.get_layer("heatmap").input.shape[1:]
    assert (1, *read) in shapes, "the input of the heads"


@pytest.mark.filterwarnings("ignore:Gradients do not exist for variables")
@pytest.mark.parametrize("part", REGRESSION)
def test_regression_loss_has_no_gradient_in_heatmap_part(pose: Any, part: str) -> None:
    only = LandmarkLossSettings(**{key: float(key == part) for key in (*REGRESSION, *MAPS)})
    moved = moved_by(pose, only)
    assert not moved & heatmap_part(pose)
    assert len(moved) > 10, "the regression learns"


@pytest.mark.filterwarnings("ignore:Gradients do not exist for variables")
def test_map_losses_train_their_part_only(pose: Any) -> None:
    only = LandmarkLossSettings(**{key: float(key in MAPS) for key in (*REGRESSION, *MAPS)})
    part = keras.Model(pose.input, [pose.get_layer(head).output for head in MAPS])
    assert moved_by(pose, only) == {weight.path for weight in part.trainable_variables}


def heatmap_part(network: Any) -> set[str]:
    """Paths of the weights of the heatmap part.

    Those that heatmaps and offsets depend on; without the encoder where the regression uses it.
    """
    part = keras.Model(network.input, [network.get_layer(head).output for head in MAPS])
    layers = part.layers
    if network.name == "blazepose_lite":
        layers = [one for one in layers if one.name.startswith(("decoder", *MAPS))]
    return {weight.path for layer in layers for weight in layer.trainable_variables}


def moved_by(network: Any, settings: LandmarkLossSettings) -> set[str]:
    """Paths of the weights that one step of plain descent changes."""
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    info = info_of(network)
    before = {one.path: keras.ops.convert_to_numpy(one) for one in copy.trainable_variables}
    model = trainee(
        copy,
        lambda y, got: head_loss("blazepose", y, got, settings, info)["total"],
        keras.optimizers.SGD(1.0),
        eager=True,
    )
    model.train_on_batch(random_images(), random_targets(info))
    return {
        one.path
        for one in copy.trainable_variables
        if (keras.ops.convert_to_numpy(one) != before[one.path]).any()
    }


def test_deployed_blazepose_rows_equal_trained_outputs(pose: Any) -> None:
    rng = np.random.default_rng(0)
    for head in ("points", "visibility", "presence", "world", "score"):
        layer = pose.get_layer(head)
        layer.set_weights([rng.normal(0, 0.1, one.shape) for one in layer.get_weights()])
    images = random_images(9)
    want, got = predict(pose, images), predict(deployed(pose), images)
    for row in range(BATCH):
        decoded = decode_rows(got["landmarks"][row : row + 1], KEYPOINTS)
        np.testing.assert_allclose(decoded[:, :3], want["points"][row] * SIDE, atol=1e-4)
        for column, key in ((3, "visibility"), (4, "presence")):
            probability = 1 / (1 + np.exp(-want[key][row]))
            np.testing.assert_allclose(decoded[:KEYPOINTS, column], probability, atol=1e-5)
    np.testing.assert_allclose(got["score"], 1 / (1 + np.exp(-want["score"])), atol=1e-5)
    np.testing.assert_allclose(got["world"], want["world"].reshape(BATCH, -1), atol=1e-5)


@pytest.mark.parametrize("name", BLAZEPOSE)
def test_untrained_points_are_in_the_centre(name: str) -> None:
    keras.utils.set_random_seed(5)
    points = predict(tiny(name), random_images())["points"]
    assert np.abs(points - (0.5, 0.5, 0)).max() < 0.15


@pytest.mark.parametrize("block", ["bottleneck", "depthwise"])
def test_build_with_each_block(block: str) -> None:
    network = build("blazepose", **{**ARCHITECTURES["blazepose"].tiny, "block": block})
    kinds = {type(layer).__name__ for layer in network.layers}
    assert ("DepthwiseConv2D" in kinds) == (block == "depthwise")
    assert predict(network, random_images())["points"].shape == (BATCH, KEYPOINTS + 2, 3)


def test_anchor_rows_change_around_a_lit_patch() -> None:
    """Rows that change with one patch of the image are those of the anchors around it."""
    keras.utils.set_random_seed(6)
    side, spot = 256, np.array([48, 200])
    network = build("blazeface", side=side, width=(8, 8, 16, 16), depth=(0, 0, 0, 0))
    anchors = anchors_of("blazeface")
    dark = np.zeros((1, side, side, 3), np.float32)
    lit = dark.copy()
    lit[0, spot[1] - 4 : spot[1] + 4, spot[0] - 4 : spot[0] + 4] = 1
    before, after = predict(network, dark), predict(network, lit)
    centers = anchor_centers(anchors, (side, side)) * side
    fine = 2 * (side // 8) ** 2
    for output in ("scores", "boxes"):
        changed = np.abs(after[output] - before[output])[0].max(axis=1)
        assert len(centers) == len(changed)
        for rows in (slice(0, fine), slice(fine, None)):
            weight = changed[rows] / changed[rows].sum()
            assert np.abs(weight @ centers[rows] - spot).max() < 16
            far = np.abs(centers[rows] - spot).max(axis=1) > 80
            assert not changed[rows][far].any()


@pytest.mark.parametrize("name", DETECTORS)
def test_detector_has_one_anchor_per_row(name: str) -> None:
    rows = predict(tiny(name), random_images())["scores"].shape[1]
    assert len(anchor_centers(anchors_of(name), (SIDE, SIDE))) == rows


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
            "keep: expected shares above 0 and up to 1",
        ),
        ("blazeface_lite", {"points": 1}, "points: expected mid-hip, circle"),
        ("blazeface", {"side": 120}, "side: expected a multiple of 16, got 120"),
        ("blazeface", {"width": (8, 8)}, r"width: expected 4 numbers, got \(8, 8\)"),
        ("blazeface", {"points": 1}, "points: expected mid-hip, circle"),
    ],
)
def test_build_wrong_option_is_one_line(
    network: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        build(network, **options)


def test_deployed_other_network_is_error() -> None:
    image = keras.Input((8, 8, 3))
    other = keras.Model(image, keras.layers.Flatten()(image), name="other")
    with pytest.raises(ModelError, match="'other' is none of blazeface, blazeface_lite"):
        deployed(other)
    for name in ARCHITECTURES:
        wrong = keras.Model(image, {"x": keras.layers.Flatten()(image)}, name=name)
        with pytest.raises(ModelError, match=f"expected a network of {name}"):
            deployed(wrong)


def test_model_info_wrong_number_of_keypoints_is_error() -> None:
    with pytest.raises(ModelError, match=r"expected at least 8 × 5 values"):
        model_info(deployed(tiny("blazepose")), "test", Skeleton("six", tuple("abcdef")))


def test_current_name_of_a_renamed_architecture_warns() -> None:
    with pytest.warns(RenamedWarning, match="'blazeface_light' is now 'blazeface_lite'"):
        assert current_name("blazeface_light") == "blazeface_lite"
    assert current_name("blazepose") == "blazepose"
