"""Prune a TFLite file to the operators that the wanted outputs need.

The published landmark network computes a segmentation mask at 256×256 in every run, over 40 % of
its time. Without it, every landmark stays the same to the bit. Constants are folded as well:
float16 and sparse weights become plain float32, so the interpreter does not unpack them at every
start.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import BackendError, ModelError
from blazetrack.store.tflite_file import (
    load_interpreter,
    operator_names,
    pack_model,
    parse_model,
    set_signature,
    tensor_name,
    tflite_schema,
)
from blazetrack.store.verify import check_structure

__all__ = ["Counts", "count", "prune_outputs"]


@dataclass(frozen=True, slots=True)
class Counts:
    """The size of a model.

    Attributes:
        operators: number of operators of each kind.
        multiply_adds: of one run.
        parameters: numbers in the weights.
        size: of the file in bytes.
    """

    operators: Mapping[str, int]
    multiply_adds: int
    parameters: int
    size: int


def prune_outputs(path: Path, outputs: Mapping[str, str]) -> bytes:
    """A smaller model with only the wanted outputs, equal to the bit.

    Args:
        path: a `.tflite` file with one subgraph.
        outputs: meaning → tensor name of the wanted outputs. The new file has the same tensor
            names, and a signature that names them by meaning.

    Returns:
        The bytes of the new file.

    Raises:
        ModelError: the file has no output of such a name, or cannot be pruned.
        BackendError: LiteRT is not installed.
    """
    model = _read(path)
    graph = model.subgraphs[0]
    names = {tensor_name(graph, i): i for i in graph.outputs}
    missing = set(outputs.values()) - names.keys()
    if missing:
        raise ModelError(f"prune {path}: expected outputs {sorted(missing)}, got {sorted(names)}")
    graph.outputs = np.array([names[name] for name in outputs.values()], np.int32)
    with _refusing(path):
        _drop_unreached(graph)
        _fold_constants(model, path)
        _drop_unused(model)
        set_signature(model, list(outputs))
        return pack_model(model)


def count(path: Path) -> Counts:
    """Operators, multiply-adds, parameters and size of a `.tflite` file."""
    model = _read(path)
    with _refusing(path):
        graph, kinds = model.subgraphs[0], operator_names(model)
        work = sum(map(_multiply_adds, [graph] * len(kinds), kinds, graph.operators))
        weights = {i for op in graph.operators for i in op.inputs if _is_constant(model, graph, i)}
        types = tflite_schema().TensorType
        numbers = (types.FLOAT32, types.FLOAT16, types.INT8)
        tensors = [graph.tensors[i] for i in weights]
        parameters = sum(prod(one.shape) for one in tensors if one.type in numbers)
    return Counts(dict(Counter(kinds)), work, int(parameters), path.stat().st_size)


def _read(path: Path) -> Any:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"prune {path}: cannot be read: {error.strerror}") from error
    tflite_schema()
    with _refusing(path):
        load_interpreter(content, allocate=False)  # unlike the schema, checks every offset
        model = parse_model(content)
        try:
            check_structure(model)
        except ModelError as error:
            raise ValueError(error) from error
    if len(model.subgraphs) != 1:
        raise ModelError(f"prune {path}: expected one subgraph, got {len(model.subgraphs)}")
    return model


# Of the interpreter, of flatbuffers and of the schema's classes.
_FAULTS = (ValueError, RuntimeError, LookupError, TypeError, AttributeError, ArithmeticError,
           struct.error, MemoryError)  # fmt: skip


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Raise `ModelError` in one line for a file that the interpreter or the schema refuses."""
    try:
        yield
    except (BackendError, ModelError):
        raise
    except _FAULTS as error:
        reason = next(iter(str(error).strip().splitlines()), "no reason given")
        raise ModelError(f"prune {path}: not a TFLite model that can be run: {reason}") from error


def _is_constant(model: Any, graph: Any, tensor: int) -> bool:
    if tensor < 0:  # an absent optional input
        return True
    data = model.buffers[graph.tensors[tensor].buffer].data
    return data is not None and len(data) > 0


def _drop_unreached(graph: Any) -> None:
    """Keep the operators that the outputs depend on, in their order."""
    needed = set(graph.outputs)
    kept = []
    for operator in reversed(graph.operators):
        if needed.intersection(operator.outputs):
            kept.append(operator)
            needed.update(i for i in operator.inputs if i >= 0)
    graph.operators = kept[::-1]


def _fold_constants(model: Any, path: Path) -> None:
    """Replace every operator that reads only constants by its result.

    The interpreter itself computes the results, so they are those of every run.
    """
    graph = model.subgraphs[0]
    known: set[int] = set()
    rest = []
    for operator in graph.operators:
        if all(i in known or _is_constant(model, graph, i) for i in operator.inputs):
            known.update(operator.outputs)
        else:
            rest.append(operator)
    if not known:
        return
    graph.operators = rest
    needed = {i for operator in rest for i in operator.inputs} & known
    buffer = type(model.buffers[0])
    for tensor, value in _computed(path, sorted(needed)).items():
        folded = buffer()
        folded.data = np.frombuffer(value.tobytes(), np.uint8)
        model.buffers.append(folded)
        graph.tensors[tensor].buffer = len(model.buffers) - 1
        graph.tensors[tensor].sparsity = None


def _computed(path: Path, tensors: list[int]) -> dict[int, NDArray[Any]]:
    """Values of tensors that depend on constants only."""
    with _refusing(path):
        interpreter = load_interpreter(path.read_bytes(), delegates=False, keep_tensors=True)
        interpreter.invoke()
    return {tensor: interpreter.get_tensor(tensor) for tensor in tensors}


def _drop_unused(model: Any) -> None:
    """Remove unread tensors, buffers and operator codes, and renumber the others."""
    graph = model.subgraphs[0]
    used = {int(i) for op in graph.operators for i in [*op.inputs, *op.outputs] if i >= 0}
    tensors = sorted(used.union(map(int, graph.inputs), map(int, graph.outputs)))
    new_index = {old: new for new, old in enumerate(tensors)} | {-1: -1}
    graph.tensors = [graph.tensors[i] for i in tensors]
    for holder in [graph, *graph.operators]:
        holder.inputs = np.array([new_index[int(i)] for i in holder.inputs], np.int32)
        holder.outputs = np.array([new_index[int(i)] for i in holder.outputs], np.int32)
    model.metadata = model.metadataBuffer = None  # describe the original
    # Buffer 0 is the empty one, by convention.
    buffers = [0, *sorted({t.buffer for t in graph.tensors} - {0})]
    model.buffers = [model.buffers[i] for i in buffers]
    for tensor in graph.tensors:
        tensor.buffer = buffers.index(tensor.buffer)
    codes = sorted({op.opcodeIndex for op in graph.operators})
    model.operatorCodes = [model.operatorCodes[i] for i in codes]
    for operator in graph.operators:
        operator.opcodeIndex = codes.index(operator.opcodeIndex)


def _multiply_adds(graph: Any, kind: str, operator: Any) -> int:
    """Of one operator: outputs times the inputs that each of them reads.

    Of a transposed convolution, inputs times the outputs that each of them adds to.
    """
    if kind == "TRANSPOSE_CONV":
        _, kernel, image = (graph.tensors[i].shape for i in operator.inputs[:3])
        return int(prod(image) * prod(kernel[:3]))
    if kind == "BATCH_MATMUL":
        left, out = (graph.tensors[i].shape for i in (operator.inputs[0], operator.outputs[0]))
        return int(prod(out) * left[-2 if operator.builtinOptions.adjX else -1])
    if kind not in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        return 0
    weights = graph.tensors[operator.inputs[1]].shape
    out = graph.tensors[operator.outputs[0]].shape
    reads = prod(weights[1:3]) if kind == "DEPTHWISE_CONV_2D" else prod(weights[1:])
    return int(prod(out) * reads)
