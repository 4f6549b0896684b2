"""Static 8-bit quantization of a TFLite file, calibrated on images.

Weights have a scale per channel, activations one per tensor, from the minimum and maximum on the
calibration images. These stay float: input and outputs; the last layer before each output, which
has pixels and logits in one tensor, too different for one scale of 8 bits; and the operators from
a softmax on, whose probabilities in 8 bits are too coarse for positions between map cells.
"""

from __future__ import annotations

import re
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.backends import input_tensor
from blazetrack.errors import InputError, MissingExtra
from blazetrack.model_info import ModelInfo
from blazetrack.store.tflite_file import (
    SIGNATURE,
    load_interpreter,
    operator_names,
    pack_model,
    parse_model,
    tensor_name,
)
from models.common import command
from models.export.tflite import rename_tensors

__all__ = [
    "PERCENTILE",
    "Image",
    "Quantizer",
    "last_layers",
    "most_sensitive",
    "quantize",
    "softmax_tail",
]

Image = NDArray[np.uint8]

# Of a partly trained network, on people outside the calibration set, outputs changed by 0.19 of
# their spread (95th percentile); by 0.21 with 100, and by 0.74 with averaged extremes, which clip
# half of the images.
PERCENTILE = 99.0
ENDS = ("min", "max")
COMPARED = 16  # images that the sensitivity of operators is measured on
WEIGHTED = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "BATCH_MATMUL", "TRANSPOSE_CONV"}


class Quantizer:
    """Static 8-bit quantization of a float32 file, calibrated once.

    Args:
        content: a file with a signature and float32 weights, as from `prune_outputs`.
        images: `(h, w, 3)` uint8 each, like the input in use.
        info: size and range of its input.
        percentile: percentage of the images whose extremes a tensor's range holds; those of the
            others are clipped.

    Raises:
        InputError: there are no images.
        MissingExtra: `ai-edge-quantizer` is not installed.
    """

    def __init__(
        self,
        content: bytes,
        images: Sequence[Image],
        info: ModelInfo,
        percentile: float = PERCENTILE,
    ) -> None:
        if not len(images):
            raise InputError("quantize: the representative set is empty: expected images")
        try:
            from ai_edge_quantizer.calibrator import Calibrator
        except ImportError as error:
            raise MissingExtra("ai-edge-quantizer", "train") from error
        self._content = content
        inputs = {SIGNATURE: [{"image": input_tensor(info, image)} for image in images]}
        with _no_warnings():
            calibrator = Calibrator(content, num_threads=1, qsv_update_func=_append_extremes)
            calibrator.calibrate(inputs, _recipe([]))
            seen = calibrator.get_model_qsvs()
        share = percentile / 100
        self._ranges = {tensor: _range(extremes, share) for tensor, extremes in seen.items()}

    def write(self, kept_float: Sequence[str] = ()) -> bytes:
        """The quantized file; same signature, float input and outputs.

        Args:
            kept_float: output tensors of the operators that stay float.
        """
        from ai_edge_quantizer.quantizer import Quantizer as Tool

        with tempfile.TemporaryDirectory() as folder, _no_warnings():
            path = Path(folder) / "float.tflite"
            path.write_bytes(self._content)
            tool = Tool(str(path), _recipe(kept_float).get_quantization_recipe())
            result = tool.quantize(self._ranges, enable_progress_report=False)
            return pack_model(rename_tensors(parse_model(bytes(result.quantized_model))))


def _recipe(kept_float: Sequence[str]) -> Any:
    """All operators in integers except those of some tensors, inputs and outputs."""
    from ai_edge_quantizer.qtyping import TFLOperationName as Kind
    from ai_edge_quantizer.recipe_manager import RecipeManager

    recipe = RecipeManager()
    recipe.add_static_config(".*", Kind.ALL_SUPPORTED, 8, 8)
    # The quantizer names an operator by its output tensors, `a;b`.
    kept = [(f"(^|;){re.escape(name)}(;|$)", Kind.ALL_SUPPORTED) for name in kept_float]
    for regex, kind in ((".*", Kind.INPUT), (".*", Kind.OUTPUT), *kept):
        recipe.add_quantization_config(regex, kind, algorithm_key="no_quantize")
    return recipe


def _append_extremes(before: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Minimum and maximum of a tensor for every image so far."""
    lists = [(before.get(f"all_{end}") or [before[end]]) if before else [] for end in ENDS]
    return {**new, **{f"all_{end}": [*old, new[end]] for end, old in zip(ENDS, lists, strict=True)}}


def _range(extremes: dict[str, Any], share: float) -> dict[str, Any]:
    """The quantization range of a tensor; constants have one value."""
    if "all_min" not in extremes:
        return extremes
    low, high = (np.stack(extremes[f"all_{end}"]) for end in ENDS)
    ends = np.quantile(low, 1 - share, axis=0), np.quantile(high, share, axis=0)
    return {end: value.astype(np.float32) for end, value in zip(ENDS, ends, strict=True)}


@contextmanager
def _no_warnings() -> Iterator[None]:
    with warnings.catch_warnings(), command.quiet_stderr():
        warnings.simplefilter("ignore")  # on the calibrator's interpreter, which keeps every tensor
        yield


def quantize(
    content: bytes,
    images: Sequence[Image],
    info: ModelInfo,
    *,
    percentile: float = PERCENTILE,
    all_layers: bool = False,
    keep_float: int = 0,
) -> bytes:
    """A float32 file in static 8-bit integers.

    Args:
        content, images, info, percentile: see `Quantizer`.
        all_layers: quantize the last layer before each output and softmax tails too.
        keep_float: number of further operators that stay float, see `most_sensitive`.
    """
    quantizer = Quantizer(content, images, info, percentile)
    kept = [] if all_layers else sorted({*last_layers(content), *softmax_tail(content)})
    if keep_float:
        kept += most_sensitive(quantizer, content, images[:COMPARED], info, kept)[:keep_float]
    return quantizer.write(kept)


def most_sensitive(
    quantizer: Quantizer,
    content: bytes,
    images: Sequence[Image],
    info: ModelInfo,
    kept: Sequence[str],
) -> list[str]:
    """Output tensors of the operators with weights, the most sensitive to quantization first.

    Each is kept float alone, and the outputs are compared with those of the float file.
    """
    values = [input_tensor(info, image) for image in images]
    truth = _run(content, values)
    unit = {name: np.maximum(np.std(truth[name], axis=0), 1e-6).mean() for name in truth}

    def error(kept_float: Sequence[str]) -> float:
        outputs = _run(quantizer.write(kept_float), values)
        return float(sum(np.abs(outputs[key] - truth[key]).mean() / unit[key] for key in truth))

    operators = _operators(parse_model(content))
    names = [name for name, kind in operators if kind in WEIGHTED and name not in kept]
    return sorted(names, key=lambda name: error([*kept, name]))


def softmax_tail(content: bytes) -> list[str]:
    """Output tensors of softmaxes, of the weights before them, and of all operators after them."""
    model = parse_model(content)
    graph = model.subgraphs[0]
    tail: set[int] = set()  # tensors
    names: list[str] = []
    for operator, (name, kind) in zip(graph.operators, _operators(model), strict=True):
        inputs = {int(tensor) for tensor in operator.inputs}
        if kind == "SOFTMAX" or inputs & tail:
            tail |= {int(tensor) for tensor in operator.outputs}
            names.append(name)
        if kind == "SOFTMAX":
            names += _back_to_weights(model, inputs)
    return names


def last_layers(content: bytes) -> list[str]:
    """Output tensors of the operators from the last weights before each output on."""
    model = parse_model(content)
    return _back_to_weights(model, [int(tensor) for tensor in model.subgraphs[0].outputs])


def _back_to_weights(model: Any, tensors: Iterable[int]) -> list[str]:
    """Output tensors of the operators between the nearest weights and some tensors."""
    graph = model.subgraphs[0]
    kinds = dict(_operators(model))
    producer = {int(operator.outputs[0]): operator for operator in graph.operators}
    waiting, names = list(tensors), []
    while waiting:
        tensor = waiting.pop()
        operator = producer.get(tensor)
        if operator is None:  # the input, or a constant
            continue
        names.append(tensor_name(graph, tensor))
        if kinds[names[-1]] not in WEIGHTED:
            waiting += [int(one) for one in operator.inputs]
    return names


def _operators(model: Any) -> list[tuple[str, str]]:
    """Output tensor and kind of each operator, in the order of the file."""
    graph = model.subgraphs[0]
    names = [tensor_name(graph, operator.outputs[0]) for operator in graph.operators]
    return list(zip(names, operator_names(model), strict=True))


def _run(content: bytes, values: Sequence[NDArray[np.float32]]) -> dict[str, NDArray[Any]]:
    """Outputs by name, of all images."""
    runner = load_interpreter(content).get_signature_runner()
    outputs = [runner(image=value) for value in values]
    return {name: np.concatenate([one[name] for one in outputs]) for name in outputs[0]}
