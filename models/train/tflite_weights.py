"""Weights of a TFLite file that was exported from the zoo, as initial weights of a run."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import ModelError
from blazetrack.store.tflite_file import operator_names, parse_model, tensor_name, tflite_schema

__all__ = ["load_tflite_weights"]

Array = NDArray[np.float32]
WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
AXES = {2: (1, 0), 4: (1, 2, 3, 0)}  # of a TFLite kernel by its rank, in the order of Keras


def load_tflite_weights(network: Any, path: Path) -> set[str]:
    """Load the layers of an exported file by name; the names of the layers that fit.

    Kernels and biases are read as float32 from float32, float16 and 8-bit files: of convolutions
    and dense layers; a file holds no others.

    Args:
        network: of the architecture that the file was exported from, of any size.
        path: of the file.

    Raises:
        ModelError: the file cannot be read, or no layer fits.
    """
    try:
        weights = dict(_weights(parse_model(path.read_bytes())))
    except (OSError, ValueError, TypeError, IndexError, struct.error) as error:
        raise ModelError(f"pretrained: {path} is no readable TFLite file: {error}") from error
    loaded = set()
    for layer in network.layers:
        shapes = [tuple(one.shape) for one in layer.weights]
        if layer.name in weights and shapes == [one.shape for one in weights[layer.name]]:
            layer.set_weights(weights[layer.name])
            loaded.add(layer.name)
    if not loaded:
        raise ModelError(f"pretrained: no layer of {network.name} fits one of {path}")
    return loaded


def _weights(model: Any) -> Iterator[tuple[str, list[Array]]]:
    """Layer name → kernel and bias in the layout of Keras."""
    graph, kinds = model.subgraphs[0], operator_names(model)
    operators = list(zip(graph.operators, kinds, strict=True))
    # Weights of 16 bits pass a DEQUANTIZE first.
    source = {one.outputs[0]: one.inputs[0] for one, kind in operators if kind == "DEQUANTIZE"}
    for operator, kind in operators:
        if kind not in WEIGHTED or len(operator.inputs) < 3:
            continue
        kernel, bias = (source.get(index, index) for index in operator.inputs[1:3])
        if kernel < 0 or bias < 0:
            continue
        array = _constant(model, kernel)
        # `blazeface_lite_1/stem_1/convolution`: Keras numbers the scopes of a network called twice
        scopes = re.split("[/;]", tensor_name(graph, kernel))
        name = re.sub(r"_\d+$", "", scopes[-2]) if len(scopes) > 1 else scopes[0]
        yield name, [array.transpose(AXES.get(array.ndim)), _constant(model, bias)]


def _constant(model: Any, index: int) -> Array:
    """Value of a constant tensor."""
    kinds = tflite_schema().TensorType
    dtypes: dict[int, Any] = {
        kinds.FLOAT32: np.float32,
        kinds.FLOAT16: np.float16,
        kinds.INT8: np.int8,
        kinds.INT32: np.int32,
    }
    tensor = model.subgraphs[0].tensors[index]
    data = model.buffers[tensor.buffer].data
    if tensor.type not in dtypes:
        raise ValueError(f"weights of type {tensor.type} are not supported")
    value = np.frombuffer(bytes(data), dtypes[tensor.type]).reshape(tensor.shape)
    given = tensor.quantization
    if given is not None and given.scale is not None and len(given.scale):
        shape = [1] * value.ndim
        if len(given.scale) > 1:
            shape[given.quantizedDimension] = len(given.scale)
        zeros, scales = (np.reshape(one, shape) for one in (given.zeroPoint, given.scale))
        value = (value.astype(np.float64) - zeros) * scales
    return np.asarray(value, np.float32)
