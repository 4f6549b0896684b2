"""Fewer channels inside a network's blocks, and what is left made to say the same.

Which channels go is decided as in optimal brain surgeon (Hassibi and Stork, 1993), but for whole
channels: one by one the one without which the others can still say best what the convolution behind
them said. That convolution is then solved anew by least squares, on what the narrow network gives
it to read by now (channel pruning, arXiv 1707.06168); where its output is added to another map, it
makes up for what is wrong in that one too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

__all__ = ["prune"]

Array = NDArray[np.float32]
Places = NDArray[np.int64]
Steps = list[tuple[Any, list[str]]]  # operations in order, with the names of those they read
Readers = Mapping[str, Steps]

CHUNK = 32  # pictures at once
CELLS = 12_000  # of all pictures, that a convolution is solved on
CHOOSING = 20_000  # that its inputs are chosen on
RIDGE = 1e-3  # what the weights there were are worth against what is read
PROJECT = "_project"  # names of the convolutions that are solved anew end in this


def prune(whole: Any, narrow: Any, names: Collection[str], pictures: Array, seed: int = 0) -> None:
    """Give a network the weights of one with more channels inside its blocks.

    Args:
        whole: the network with the weights.
        narrow: the same one but for the numbers of channels; it gets weights.
        names: layers whose weights mean something. They and all between them and the picture are
            gone through; all others get the weights there are if those fit.
        pictures: `(N, S, S, 3)` float32 in 0..1, what both networks read.
        seed: of which cells are looked at.
    """
    rng = np.random.default_rng(seed)
    wide_steps, steps = _towards(whole, names), _towards(narrow, names)
    wide_readers, readers = _readers(wide_steps), _readers(steps)
    left = Counter(one for _, reads in steps for one in reads)
    said: dict[str, Array] = {}  # by the narrow network's layers: what the whole network says there
    says: dict[str, Array] = {}  # and what the narrow one does
    kept: dict[str, Places | None] = {}  # which of its channels are there; None is all
    for (wide, _), (step, reads) in zip(wide_steps, steps, strict=True):
        name = step.name
        if isinstance(step, layers.InputLayer):
            said[name], says[name], kept[name] = pictures, pictures, None
            continue
        said[name], kept[name] = _run(wide, [said[one] for one in reads]), kept[reads[0]]
        if isinstance(step, layers.DepthwiseConv2D):
            kernel, bias = wide.get_weights()
            rows = _rows(kept[name])
            step.set_weights([kernel[:, :, rows], bias[rows]])
        elif isinstance(step, layers.Conv2D):
            kernel, bias = wide.get_weights()
            kernel, kept[name] = kernel[:, :, _rows(kept[name])], None
            if step.filters < wide.filters:
                kept[name] = _choose(wide, said[name], step.filters, wide_readers, rng)
                kernel, bias = kernel[..., kept[name]], bias[kept[name]]
            elif name.endswith(PROJECT):
                want = said[name]
                for other in _added_to(name, readers):
                    if other in says:
                        want = want + said[other] - says[other]
                kernel, bias = _solved(says[reads[0]], want, kernel, bias, rng)
            step.set_weights([kernel, bias])
        says[name] = _run(step, [says[one] for one in reads])
        for one in reads:
            left[one] -= 1
            if not left[one]:
                del said[one], says[one]
    _copy_others(whole, narrow, {step.name for step, _ in steps})


def _copy_others(whole: Any, narrow: Any, done: Collection[str]) -> None:
    for wide, layer in zip(whole.layers, narrow.layers, strict=True):
        shapes = [[one.shape for one in of.get_weights()] for of in (wide, layer)]
        if layer.name not in done and shapes[0] == shapes[1]:
            layer.set_weights(wide.get_weights())


def _rows(kept: Places | None) -> Any:
    return slice(None) if kept is None else kept


def _towards(network: Any, names: Collection[str]) -> Steps:
    """What is done between the picture and the named layers, in order."""
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


def _readers(steps: Steps) -> Readers:
    """Who reads what an operation says, by the name of that."""
    readers: dict[str, Steps] = defaultdict(list)
    for operation, reads in steps:
        for one in reads:
            readers[one].append((operation, reads))
    return readers


def _added_to(name: str, readers: Readers) -> list[str]:
    """The maps that a layer's output is added to."""
    adds = [reads for one, reads in readers[name] if isinstance(one, layers.Add)]
    return [other for reads in adds for other in reads if other != name]


def _run(operation: Any, inputs: Sequence[Array]) -> Array:
    """An operation on all pictures."""
    parts = []
    for start in range(0, len(inputs[0]), CHUNK):
        some = [ops.convert_to_tensor(one[start : start + CHUNK]) for one in inputs]
        parts.append(ops.convert_to_numpy(operation(some if len(some) > 1 else some[0])))
    return np.concatenate(parts)


def _choose(
    convolution: Any, said: Array, count: int, readers: Readers, rng: np.random.Generator
) -> Places:
    """Which `count` outputs of a convolution stay, for the projection behind it."""
    reader = _reader(convolution, readers)
    while not reader.name.endswith(PROJECT):
        said, reader = _run(reader, [said]), _reader(reader, readers)
    rows = _cells(said, CHOOSING, rng)
    return _surgeon(rows.astype(np.float64), reader.get_weights()[0][0, 0], count)


def _reader(operation: Any, readers: Readers) -> Any:
    """What reads an operation's output: a projection, if there is one."""
    each = [one for one, _ in readers[operation.name]]
    return next((one for one in each if one.name.endswith(PROJECT)), each[0])


def _surgeon(read: NDArray[np.float64], kernel: Array, count: int) -> Places:
    """Which `count` of the C columns of `read` `(N, C)` say best what `read @ kernel` says."""
    read = read - read.mean(axis=0)
    size = np.sqrt(np.mean(read**2, axis=0)) + 1e-12
    weights = kernel.astype(np.float64) * size[:, None]
    inverse = np.linalg.inv((read / size).T @ (read / size) / len(read) + RIDGE * np.eye(len(size)))
    there = np.ones(len(size), bool)
    for _ in range(len(size) - count):
        price = (weights**2).sum(axis=1) / np.maximum(np.diag(inverse), 1e-12)
        gone = int(np.where(there, price, np.inf).argmin())
        column = inverse[:, gone] / inverse[gone, gone]
        weights -= column[:, None] * weights[gone]
        inverse -= np.outer(column, inverse[gone])
        there[gone] = False
    return np.flatnonzero(there)


def _solved(
    read: Array, want: Array, kernel: Array, bias: Array, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Kernel and bias of a 1×1 convolution that says `want`, not far from those it had."""
    shape, cells = kernel.shape, rng.integers(0, 2**32)
    rows = _cells(read, CELLS, np.random.default_rng(cells)).astype(np.float64)
    rows = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
    before = np.concatenate([kernel.reshape(shape[-2:]), bias[None]]).astype(np.float64)
    off = _cells(want, CELLS, np.random.default_rng(cells)) - rows @ before
    square = rows.T @ rows
    worth = np.diag(square).copy()
    worth[-1] = 0.0  # the bias is free
    square[np.diag_indices_from(square)] += RIDGE * worth + 1e-9 * worth.max()
    after = (before + np.linalg.solve(square, rows.T @ off)).astype(np.float32)
    return after[:-1].reshape(shape), after[-1]


def _cells(maps: Array, most: int, rng: np.random.Generator) -> Array:
    """`(N, C)` some cells of `(B, h, w, C)`; the same ones for the same chance."""
    cells = maps.reshape(-1, maps.shape[-1])
    return cells[rng.permutation(len(cells))[:most]]
