"""Properties of DeepPose, of efficient localization and of iterative error feedback."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="models needs Keras")

from blazetrack.errors import InputError  # noqa: E402
from models.zoo import ARCHITECTURES, build  # noqa: E402
from models.zoo.efficient_localization import cut_windows, highest_cells  # noqa: E402
from models.zoo.error_feedback import MEAN_POSE, gaussian_maps  # noqa: E402

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def numpy(value: Any) -> Any:
    return keras.ops.convert_to_numpy(value)


def tiny(name: str, **options: Any) -> Any:
    keras.utils.set_random_seed(2)
    return build(name, **{"keypoints": 5, **ARCHITECTURES[name].tiny, **options})


def test_deeppose_alexnet_has_the_layers_of_the_paper() -> None:
    network = build("deeppose", "alexnet", keypoints=14)
    assert network.input_shape == (None, 220, 220, 3)
    maps = [one for one in network.layers if isinstance(one, keras.layers.Conv2D)]
    assert [one.kernel_size[0] for one in maps] == [11, 5, 3, 3, 3]
    assert [one.output.shape[1:] for one in maps] == [
        *((55, 55, 96), (27, 27, 256)),
        *((13, 13, 384), (13, 13, 384), (13, 13, 256)),
    ]
    dense = [one.units for one in network.layers if isinstance(one, keras.layers.Dense)]
    assert dense[:2] == [4096, 4096]
    assert network.get_layer("landmarks").units == 28


def test_highest_cells_several_highest_is_the_first() -> None:
    rng = np.random.default_rng(0)
    maps = rng.integers(0, 5, (3, 4, 6, 7)).astype(np.float32)
    row, column = (numpy(one) for one in highest_cells(keras.ops.convert_to_tensor(maps)))
    want = maps.reshape(3, 24, 7).argmax(axis=1)
    np.testing.assert_array_equal(row, want // 6)
    np.testing.assert_array_equal(column, want % 6)


def test_cut_windows_are_slices_with_zeros_outside() -> None:
    rng = np.random.default_rng(1)
    maps = rng.random((2, 8, 8, 3), np.float32)  # 4 coarse cells of 2
    row = np.array([[0, 3], [1, 2]], np.float32)
    column = np.array([[3, 1], [0, 2]], np.float32)
    got = numpy(cut_windows(*map(keras.ops.convert_to_tensor, (maps, row, column)), 4))
    assert got.shape == (4, 6, 6, 3)
    padded = np.pad(maps, ((0, 0), (2, 2), (2, 2), (0, 0)))
    for one in range(4):
        y, x = int(2 * row.flat[one]), int(2 * column.flat[one])
        np.testing.assert_array_equal(got[one], padded[one // 2, y : y + 6, x : x + 6])


def test_efficient_localization_windows_follow_the_coarse_maximum() -> None:
    """The fine map of a keypoint changes with the picture inside of its window only."""
    network = tiny("efficient_localization", side=128)
    picture = np.random.default_rng(3).random((1, 128, 128, 3), np.float32)
    before = {name: numpy(one) for name, one in network(picture).items()}
    row, column = np.divmod(before["heatmap"][0].reshape(256, 5).argmax(axis=0), 16)
    far = int(np.argmax(np.hypot(row - 8, column - 8)))
    y, x = (0 if one[far] >= 8 else 112 for one in (row, column))
    maps = network.get_layer("heatmap")
    same = keras.Model(
        network.input, {"heatmap": maps.output, "windows": network.output["windows"]}
    )
    changed = picture.copy()
    changed[0, y : y + 8, x : x + 8] = 1
    after = {name: numpy(one) for name, one in same(changed).items()}
    moved = after["heatmap"][0].reshape(256, 5).argmax(axis=0) != row * 16 + column
    if not moved[far]:
        np.testing.assert_allclose(
            after["windows"][..., far], before["windows"][..., far], atol=1e-6
        )


def test_gaussian_maps_are_highest_at_the_keypoints() -> None:
    cells = np.array([[3, 10], [12, 0]])  # x y
    pose = ((cells + 0.5) / 16 - 0.5).astype(np.float32).reshape(1, 4)
    maps = numpy(gaussian_maps(keras.ops.convert_to_tensor(pose), 16, 2, 1.5))[0]
    for k, (x, y) in enumerate(cells):
        assert maps[y, x, k] == pytest.approx(1, abs=1e-5)
        assert maps[y, x - 1, k] == pytest.approx(np.exp(-0.5 / 1.5**2), abs=1e-5)
        assert np.unravel_index(maps[..., k].argmax(), (16, 16)) == (y, x)


@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_error_feedback_corrections_are_bounded(scale: float) -> None:
    network = tiny("error_feedback", max_step=0.05)
    last = network.get_layer("correction")
    last.set_weights([scale * np.random.default_rng(4).normal(size=last.kernel.shape), last.bias])
    outputs = network(np.random.default_rng(5).random((2, 32, 32, 3), np.float32))
    poses = [numpy(outputs[f"landmarks{end}"]) for end in ("_0", "_1", "_2", "")]
    lengths = [
        np.linalg.norm((after - before).reshape(2, 5, 2), axis=-1)
        for before, after in pairwise(poses)
    ]
    assert np.max(lengths) <= 0.05 + 1e-6
    assert scale == 1 or np.min(lengths) > 0.049


@pytest.mark.filterwarnings("ignore:Gradients do not exist for variables")
def test_error_feedback_correction_above_the_limit_becomes_shorter_by_training() -> None:
    network = tiny("error_feedback", max_step=0.05)
    last = network.get_layer("correction")
    last.set_weights([np.zeros(last.kernel.shape), np.ones(last.bias.shape)])
    first = keras.Model(network.input, network.output["landmarks_1"])
    first.compile(keras.optimizers.SGD(1.0), "mse", run_eagerly=True)
    images = np.random.default_rng(5).random((2, 32, 32, 3), np.float32)
    first.train_on_batch(images, np.zeros((2, 10), np.float32))  # the mean pose
    assert numpy(last.bias).max() < 1


def test_error_feedback_begins_at_its_mean_pose() -> None:
    network = tiny("error_feedback")
    pose = np.linspace(-0.4, 0.4, 10, dtype=np.float32)
    norm = network.get_layer(MEAN_POSE)
    norm.set_weights([pose, *norm.get_weights()[1:]])
    outputs = network(np.random.default_rng(6).random((2, 32, 32, 3), np.float32))
    np.testing.assert_allclose(numpy(outputs["landmarks_0"]), [pose, pose], atol=1e-6)


@pytest.mark.parametrize(
    ("network", "options", "message"),
    [
        ("deeppose", {"width": (8, 8)}, r"width: expected 5 numbers, got \(8, 8\)"),
        ("deeppose", {"side": 32, "stride": 4}, "side: expected one that leaves cells"),
        ("deeppose", {"stride": 0}, "stride: expected whole numbers from 1, got 0"),
        ("deeppose", {"dropout": 1.5}, "dropout: expected a share of 0 to 1, got 1.5"),
        ("efficient_localization", {"side": 120}, "side: expected a multiple of 32, got 120"),
        ("efficient_localization", {"fine": (8,)}, r"fine: expected 3 numbers, got \(8,\)"),
        ("efficient_localization", {"dropout": 1}, "dropout: expected a share of 0 to 1, got 1"),
        ("error_feedback", {"steps": 0}, "steps: expected whole numbers from 1, got 0"),
        ("error_feedback", {"depth": (1,)}, r"depth: expected 4 numbers, got \(1,\)"),
        ("error_feedback", {"max_step": 0}, "max_step: expected a part of the side, got 0"),
        ("error_feedback", {"sigma": 0}, "sigma: expected a number above 0, got 0"),
    ],
)
def test_build_wrong_option_is_one_line(
    network: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        build(network, **options)
