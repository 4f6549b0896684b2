"""Channel pruning with least-squares reconstruction.

The channels to remove are chosen as in optimal brain surgeon (Hassibi and Stork, 1993), applied to
whole channels: one by one, the channel whose removal adds the smallest error to the output of the
convolution behind it. That convolution is then solved again by least squares from the inputs that
the pruned network gives it (channel pruning, arXiv 1707.06168); where its output is added to
another map, it also compensates the error of that map.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

__all__ = ["prune"]

Array = NDArray[np.float32]
Channels = NDArray[np.int64]
Steps = list[tuple[Any, list[str]]]  # operations in execution order, with the names of their inputs
Consumers = Mapping[str, Steps]

BATCH = 32  # images per forward pass
SOLVE_CELLS = 12_000  # map cells of all images that a least-squares solution uses
SELECT_CELLS = 20_000  # map cells that the selection of channels uses
RIDGE = 1e-3  # weight of the old kernel relative to the data
PROJECT = "_project"  # name suffix of the convolutions that are solved again


def prune(whole: Any, narrow: Any, names: Collection[str], images: Array, seed: int = 0) -> None:
    """Initialize a network from one with more channels inside its blocks.

    Args:
        whole: the network with the weights.
        narrow: the same network with fewer channels; its weights are set.
        names: layers with meaningful weights. They and all layers between them and the input are
            pruned; the weights of all other layers are copied where their shapes are equal.
        images: `(N, S, S, 3)` float32 in 0..1, input of both networks.
        seed: of the choice of cells.
    """
    rng = np.random.default_rng(seed)
    wide_steps, steps = _steps_to(whole, names), _steps_to(narrow, names)
    wide_consumers, consumers = _consumers(wide_steps), _consumers(steps)
    unused = Counter(source for _, inputs in steps for source in inputs)
    wide_maps: dict[str, Array] = {}  # output of each layer of the whole network, kept channels
    maps: dict[str, Array] = {}  # output of each layer of the narrow network
    kept: dict[str, Channels | None] = {}  # channels of the whole network that are left; None: all
    for (wide, _), (step, inputs) in zip(wide_steps, steps, strict=True):
        name = step.name
        if isinstance(step, layers.InputLayer):
            wide_maps[name], maps[name], kept[name] = images, images, None
            continue
        wide_maps[name] = _run(wide, [wide_maps[source] for source in inputs])
        kept[name] = kept[inputs[0]]
        if isinstance(step, layers.DepthwiseConv2D):
            kernel, bias = wide.get_weights()
            rows = _index(kept[name])
            step.set_weights([kernel[:, :, rows], bias[rows]])
        elif isinstance(step, layers.Conv2D):
            kernel, bias = wide.get_weights()
            kernel, kept[name] = kernel[:, :, _index(kept[name])], None
            if step.filters < wide.filters:
                kept[name] = _select(wide, wide_maps[name], step.filters, wide_consumers, rng)
                kernel, bias = kernel[..., kept[name]], bias[kept[name]]
            elif name.endswith(PROJECT):
                target = wide_maps[name]
                for other in _addends(name, consumers):
                    if other in maps:
                        target = target + wide_maps[other] - maps[other]
                kernel, bias = _solve(maps[inputs[0]], target, kernel, bias, rng)
            step.set_weights([kernel, bias])
        maps[name] = _run(step, [maps[source] for source in inputs])
        for source in _finished(inputs, unused):
            del wide_maps[source], maps[source]
    _copy_others(whole, narrow, {step.name for step, _ in steps})


def _finished(inputs: Sequence[str], unused: Counter[str]) -> Iterator[str]:
    """Count down the uses of each input; those that no later operation reads."""
    for source in inputs:
        unused[source] -= 1
        if not unused[source]:
            yield source


def _copy_others(whole: Any, narrow: Any, done: Collection[str]) -> None:
    for wide, layer in zip(whole.layers, narrow.layers, strict=True):
        shapes = [[array.shape for array in one.get_weights()] for one in (wide, layer)]
        if layer.name not in done and shapes[0] == shapes[1]:
            layer.set_weights(wide.get_weights())


def _index(kept: Channels | None) -> Any:
    return slice(None) if kept is None else kept


def _steps_to(network: Any, names: Collection[str]) -> Steps:
    """All operations between the input and the named layers, in execution order."""
    steps: dict[str, tuple[Any, list[str]]] = {}

    def visit(tensor: Any) -> str:
        operation, node, _ = tensor._keras_history
        if operation.name not in steps:
            before = operation._inbound_nodes[node].input_tensors
            steps[operation.name] = (operation, [visit(one) for one in before])
        return str(operation.name)

    for layer in network.layers:
        if layer.name in names:
            visit(layer.output)
    return list(steps.values())


def _consumers(steps: Steps) -> Consumers:
    """Name of an operation → the operations that read its output."""
    consumers: dict[str, Steps] = defaultdict(list)
    for operation, inputs in steps:
        for source in inputs:
            consumers[source].append((operation, inputs))
    return consumers


def _addends(name: str, consumers: Consumers) -> list[str]:
    """The maps that the output of a layer is added to."""
    adds = [inputs for one, inputs in consumers[name] if isinstance(one, layers.Add)]
    return [other for inputs in adds for other in inputs if other != name]


def _run(operation: Any, inputs: Sequence[Array]) -> Array:
    """Output of an operation for all images, computed in batches."""
    parts = []
    for start in range(0, len(inputs[0]), BATCH):
        batch = [ops.convert_to_tensor(one[start : start + BATCH]) for one in inputs]
        parts.append(ops.convert_to_numpy(operation(batch if len(batch) > 1 else batch[0])))
    return np.concatenate(parts)


def _select(
    convolution: Any, output: Array, count: int, consumers: Consumers, rng: np.random.Generator
) -> Channels:
    """The `count` output channels of a convolution that its projection needs most."""
    consumer = _consumer(convolution, consumers)
    while not consumer.name.endswith(PROJECT):
        output, consumer = _run(consumer, [output]), _consumer(consumer, consumers)
    cells = _sample_cells(output, SELECT_CELLS, rng)
    return _brain_surgeon(cells.astype(np.float64), consumer.get_weights()[0][0, 0], count)


def _consumer(operation: Any, consumers: Consumers) -> Any:
    """What reads an operation's output: a projection, if there is one."""
    each = [one for one, _ in consumers[operation.name]]
    return next((one for one in each if one.name.endswith(PROJECT)), each[0])


def _brain_surgeon(inputs: NDArray[np.float64], kernel: Array, count: int) -> Channels:
    """The `count` of the C columns of `inputs` `(N, C)` that best reproduce `inputs @ kernel`."""
    inputs = inputs - inputs.mean(axis=0)
    size = np.sqrt(np.mean(inputs**2, axis=0)) + 1e-12
    weights = kernel.astype(np.float64) * size[:, None]
    unit = inputs / size
    inverse = np.linalg.inv(unit.T @ unit / len(inputs) + RIDGE * np.eye(len(size)))
    alive = np.ones(len(size), bool)
    for _ in range(len(size) - count):
        saliency = (weights**2).sum(axis=1) / np.maximum(np.diag(inverse), 1e-12)
        removed = int(np.where(alive, saliency, np.inf).argmin())
        column = inverse[:, removed] / inverse[removed, removed]
        weights -= column[:, None] * weights[removed]
        inverse -= np.outer(column, inverse[removed])
        alive[removed] = False
    return np.flatnonzero(alive)


def _solve(
    inputs: Array, target: Array, kernel: Array, bias: Array, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Kernel and bias of a 1×1 convolution from `inputs` to `target`, close to the old ones."""
    shape, seed = kernel.shape, rng.integers(0, 2**32)
    rows = _sample_cells(inputs, SOLVE_CELLS, np.random.default_rng(seed)).astype(np.float64)
    rows = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
    before = np.concatenate([kernel.reshape(shape[-2:]), bias[None]]).astype(np.float64)
    error = _sample_cells(target, SOLVE_CELLS, np.random.default_rng(seed)) - rows @ before
    square = rows.T @ rows
    ridge = np.diag(square).copy()
    ridge[-1] = 0.0  # none for the bias
    square[np.diag_indices_from(square)] += RIDGE * ridge + 1e-9 * ridge.max()
    after = (before + np.linalg.solve(square, rows.T @ error)).astype(np.float32)
    return after[:-1].reshape(shape), after[-1]


def _sample_cells(maps: Array, count: int, rng: np.random.Generator) -> Array:
    """Up to `count` random cells of `(B, h, w, C)` as `(N, C)`."""
    cells = maps.reshape(-1, maps.shape[-1])
    return cells[rng.permutation(len(cells))[:count]]
