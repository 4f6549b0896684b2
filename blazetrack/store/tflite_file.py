"""TFLite files as objects of their schema, and loaded from memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from blazetrack.errors import BackendError

__all__ = [
    "MAGIC",
    "SIGNATURE",
    "SUFFIX",
    "load_interpreter",
    "operator_names",
    "pack_model",
    "parse_model",
    "set_signature",
    "tensor_name",
    "tflite_schema",
]

SUFFIX = ".tflite"
MAGIC = b"TFL3"  # bytes 4..8 of every file (schema.fbs, file_identifier)
SIGNATURE = "serving_default"


def tflite_schema() -> Any:
    """The module of the schema's classes; `BackendError` where LiteRT is not installed."""
    try:
        from ai_edge_litert import schema_py_generated
    except ImportError as error:
        message = "TFLite files: need ai-edge-litert: pip install ai-edge-litert"
        raise BackendError(message) from error
    return schema_py_generated


def parse_model(content: bytes) -> Any:
    """A file as a `ModelT` of the schema; offsets are not checked."""
    import numpy as np

    schema = tflite_schema()
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(bytearray(content), 0))
    for buffer in model.buffers:
        if buffer.offset > 1:  # its bytes lie behind the flatbuffer
            data = content[buffer.offset : buffer.offset + buffer.size]
            buffer.data, buffer.offset, buffer.size = np.frombuffer(data, np.uint8), 0, 0
    return model


def pack_model(model: Any) -> bytes:
    """A file from a `ModelT`."""
    import flatbuffers

    for code in model.operatorCodes:  # as schema.fbs demands; OpenVINO reads the old field first
        code.deprecatedBuiltinCode = min(max(code.builtinCode, code.deprecatedBuiltinCode), 127)
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), file_identifier=MAGIC)
    return bytes(builder.Output())


def tensor_name(graph: Any, tensor: int) -> str:
    """Name of a tensor of a subgraph."""
    return bytes(graph.tensors[tensor].name or b"").decode(errors="replace")


def operator_names(model: Any) -> list[str]:
    """Kind of each operator of the first subgraph, as `CONV_2D`."""
    codes = vars(tflite_schema().BuiltinOperator).items()
    names = {number: name for name, number in codes if not name.startswith("_")}
    # A code over 127 stands in `builtinCode` only, a file of an old converter has only the other.
    numbers = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    kinds = [str(names.get(number, number)) for number in numbers]
    return [kinds[operator.opcodeIndex] for operator in model.subgraphs[0].operators]


def set_signature(model: Any, outputs: Sequence[str]) -> None:
    """Give a model the signature input `image` → `outputs`, in the order of its output tensors."""
    schema, graph = tflite_schema(), model.subgraphs[0]

    def entry(name: str, tensor: int) -> Any:
        one = schema.TensorMapT()
        one.name, one.tensorIndex = name, int(tensor)
        return one

    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = SIGNATURE, 0
    signature.inputs = [entry("image", graph.inputs[0])]
    signature.outputs = list(map(entry, outputs, graph.outputs))
    model.signatureDefs = [signature]


def load_interpreter(
    content: bytes, *, delegates: bool = True, keep_tensors: bool = False, allocate: bool = True
) -> Any:
    """A TFLite interpreter of a file in memory.

    Args:
        content: the file; `ValueError` or `RuntimeError` where it is broken.
        delegates: False runs the operators as they are in the file.
        keep_tensors: keep the result of every operator.
        allocate: False only checks the file.
    """
    import warnings

    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    kinds = OpResolverType
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # keeping tensors takes memory
        interpreter = Interpreter(
            model_content=content,
            num_threads=1,
            experimental_op_resolver_type=(
                kinds.AUTO if delegates else kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES
            ),
            experimental_preserve_all_tensors=keep_tensors,
        )
    if allocate:
        interpreter.allocate_tensors()
    return interpreter
