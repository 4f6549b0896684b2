"""Graph surgery on TFLite files: keep what the wanted outputs need, drop the rest.

The published landmark network computes a segmentation mask at 256×256 whether or not anybody
wants one, and that is over 40 % of its time. Cut away, not one landmark changes by a bit. On the
way constants are folded: float16 and sparse weights become plain float32, so the interpreter does
not unpack them at every start.
"""

from __future__ import annotations

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

__all__ = ["Counts", "batched", "count", "prune_outputs"]

SIGNATURE = "serving_default"


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a model is.

    Attributes:
        operators: how many operators of each kind.
        multiply_adds: of one run.
        parameters: numbers in its weights.
        size: of the file in bytes.
    """

    operators: Mapping[str, int]
    multiply_adds: int
    parameters: int
    size: int


def prune_outputs(path: Path, outputs: Mapping[str, str]) -> bytes:
    """A smaller model that gives only the wanted outputs, and those to the bit.

    Args:
        path: a `.tflite` file with one subgraph.
        outputs: meaning → tensor name of what is wanted. The new file has the same tensor names,
            and a signature that names them by meaning.

    Returns:
        The bytes of the new file.

    Raises:
        ModelError: the file has no output of such a name, or is no model that can be cut.
        BackendError: LiteRT is not installed.
    """
    schema = _schema()
    model = _load(schema, path)
    graph = model.subgraphs[0]
    names = {_name(graph, i): i for i in graph.outputs}
    missing = set(outputs.values()) - names.keys()
    if missing:
        raise ModelError(f"slim {path}: expected outputs {sorted(missing)}, got {sorted(names)}")
    graph.outputs = np.array([names[name] for name in outputs.values()], np.int32)
    _drop_unreached(graph)
    _fold_constants(model, path)
    _drop_unused(model)
    _sign(schema, model, outputs)
    return _pack(schema, model)


def batched(path: Path) -> bytes:
    """The same model with a free first dimension: its input may be resized to several crops."""
    schema = _schema()
    model = _load(schema, path)
    graph = model.subgraphs[0]
    for operator in graph.operators:
        if _kind(schema, model, operator) == "RESHAPE":
            buffer = model.buffers[graph.tensors[operator.inputs[1]].buffer]
            shape = np.frombuffer(bytes(buffer.data), np.int32).copy()
            shape[0] = -1
            buffer.data = np.frombuffer(shape.tobytes(), np.uint8)
            if operator.builtinOptions is not None:
                operator.builtinOptions.newShape = shape
    return _pack(schema, model)


def count(path: Path) -> Counts:
    """Operators, multiply-adds, parameters and size of a `.tflite` file."""
    schema = _schema()
    model = _load(schema, path)
    graph = model.subgraphs[0]
    kinds = [_kind(schema, model, op) for op in graph.operators]
    steps = zip(kinds, graph.operators, strict=True)
    work = sum(_multiply_adds(graph, kind, operator) for kind, operator in steps)
    weights = {i for op in graph.operators for i in op.inputs if _is_constant(model, graph, i)}
    floats = (schema.TensorType.FLOAT32, schema.TensorType.FLOAT16, schema.TensorType.INT8)
    parameters = sum(
        prod(graph.tensors[i].shape) for i in weights if graph.tensors[i].type in floats
    )
    return Counts(dict(Counter(kinds)), work, int(parameters), path.stat().st_size)


def _schema() -> Any:
    try:
        from ai_edge_litert import schema_py_generated
    except ImportError as error:
        raise BackendError("slim: needs ai-edge-litert: pip install ai-edge-litert") from error
    return schema_py_generated


def _load(schema: Any, path: Path) -> Any:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"slim {path}: cannot be read: {error.strerror}") from error
    with _refusing(path):
        _interpreter(content)  # checks every offset, which the schema's own reader does not
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(bytearray(content), 0))
    if len(model.subgraphs) != 1:
        raise ModelError(f"slim {path}: expected one subgraph, got {len(model.subgraphs)}")
    return model


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Tell in one line what the interpreter has against a file."""
    try:
        yield
    except (ValueError, RuntimeError) as error:
        reason = next(iter(str(error).strip().splitlines()), "no reason given")
        raise ModelError(f"slim {path}: not a TFLite model that can be run: {reason}") from error


def _interpreter(content: bytes) -> Any:
    """An interpreter that keeps what every operator computes."""
    import warnings

    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # says that keeping tensors takes memory
        return Interpreter(
            model_content=content,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            experimental_preserve_all_tensors=True,
        )


def _name(graph: Any, tensor: int) -> str:
    return (graph.tensors[tensor].name or b"").decode(errors="replace")


def _kind(schema: Any, model: Any, operator: Any) -> str:
    code = model.operatorCodes[operator.opcodeIndex]
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    names = {v: k for k, v in vars(schema.BuiltinOperator).items() if not k.startswith("_")}
    return str(names.get(number, number))


def _is_constant(model: Any, graph: Any, tensor: int) -> bool:
    if tensor < 0:  # an optional input that is not there
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
    """Replace every operator that reads only constants by what it computes.

    The interpreter itself computes the values, so they are those of every run.
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
        interpreter = _interpreter(path.read_bytes())
        interpreter.allocate_tensors()
        interpreter.invoke()
    return {tensor: interpreter.get_tensor(tensor) for tensor in tensors}


def _drop_unused(model: Any) -> None:
    """Remove tensors, buffers and operator codes that nobody reads, and renumber."""
    graph = model.subgraphs[0]
    used = {int(i) for op in graph.operators for i in [*op.inputs, *op.outputs] if i >= 0}
    used.update(int(i) for i in [*graph.inputs, *graph.outputs])
    order = sorted(used)
    place = {old: new for new, old in enumerate(order)} | {-1: -1}
    graph.tensors = [graph.tensors[i] for i in order]
    for holder in [graph, *graph.operators]:
        holder.inputs = np.array([place[int(i)] for i in holder.inputs], np.int32)
        holder.outputs = np.array([place[int(i)] for i in holder.outputs], np.int32)
    model.metadata = model.metadataBuffer = None  # describe the parent
    # Buffer 0 is the empty one, by convention.
    buffers = [0, *sorted({t.buffer for t in graph.tensors} - {0})]
    place = {old: new for new, old in enumerate(buffers)}
    model.buffers = [model.buffers[i] for i in buffers]
    for tensor in graph.tensors:
        tensor.buffer = place[tensor.buffer]
    codes = sorted({op.opcodeIndex for op in graph.operators})
    model.operatorCodes = [model.operatorCodes[i] for i in codes]
    for operator in graph.operators:
        operator.opcodeIndex = codes.index(operator.opcodeIndex)


def _sign(schema: Any, model: Any, outputs: Mapping[str, str]) -> None:
    """Name the input `image` and the outputs by meaning."""
    graph = model.subgraphs[0]
    names = {_name(graph, i): int(i) for i in graph.outputs}

    def tensor_map(name: str, tensor: int) -> Any:
        entry = schema.TensorMapT()
        entry.name, entry.tensorIndex = name, tensor
        return entry

    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = SIGNATURE, 0
    signature.inputs = [tensor_map("image", int(graph.inputs[0]))]
    signature.outputs = [tensor_map(meaning, names[name]) for meaning, name in outputs.items()]
    model.signatureDefs = [signature]


def _pack(schema: Any, model: Any) -> bytes:
    import flatbuffers

    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _multiply_adds(graph: Any, kind: str, operator: Any) -> int:
    """Of one operator: outputs times the inputs that each of them reads."""
    if kind not in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        return 0
    weights = graph.tensors[operator.inputs[1]].shape
    out = graph.tensors[operator.outputs[0]].shape
    reads = prod(weights[1:3]) if kind == "DEPTHWISE_CONV_2D" else prod(weights[1:])
    return int(prod(out) * reads)
