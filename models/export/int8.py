"""Static 8-bit integers for a TFLite file: which operators, from which pictures.

Weights have a scale per channel, activations one per tensor, from the least and largest values
that the representative pictures give. Input and outputs stay float, and so does the last layer
before each output: it gives pixels in one tensor with logits, and 8 bits for both would be coarse.
So does what reads a map by a softmax: a place between the cells of a map has no room in 8 bits of
its probabilities.
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

__all__ = ["REACH", "Quantizer", "costliest", "last_layers", "places", "quantize"]

Picture = NDArray[np.uint8]

# Of a half trained network, on people whom it was not calibrated with, outputs moved by 0.19 of
# their spread (95th percentile); by 0.21 with 1, and by 0.74 with averaged extremes, which clip
# half of the pictures.
REACH = 0.99
ENDS = ("min", "max")
SHOWN = 16  # pictures by which operators are compared
WEIGHTED = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "BATCH_MATMUL", "TRANSPOSE_CONV"}


class Quantizer:
    """A float32 file, ready to be written in static 8-bit integers.

    Args:
        content: a file with a signature whose weights are float32, as `prune_outputs` gives it.
        pictures: `(h, w, 3)` uint8 each, what the network will see.
        info: size and range of its input.
        reach: a tensor's range holds the extremes of this part of the pictures; the others are
            clipped.

    Raises:
        InputError: there are no pictures.
        MissingExtra: `ai-edge-quantizer` is not installed.
    """

    def __init__(
        self, content: bytes, pictures: Sequence[Picture], info: ModelInfo, reach: float = REACH
    ) -> None:
        if not len(pictures):
            raise InputError("quantize: the representative set is empty: expected pictures")
        try:
            from ai_edge_quantizer.calibrator import Calibrator
        except ImportError as error:
            raise MissingExtra("ai-edge-quantizer", "train") from error
        self._content = content
        shown = {SIGNATURE: [{"image": input_tensor(info, picture)} for picture in pictures]}
        with _quietly():
            watcher = Calibrator(content, num_threads=1, qsv_update_func=_remembered)
            watcher.calibrate(shown, _recipe([]))
            seen = watcher.get_model_qsvs()
        self._ranges = {tensor: _range(extremes, reach) for tensor, extremes in seen.items()}

    def write(self, kept_float: Sequence[str] = ()) -> bytes:
        """The file in integers; same signature, float input and outputs.

        Args:
            kept_float: tensors whose operators stay float.
        """
        from ai_edge_quantizer.quantizer import Quantizer as Tool

        with tempfile.TemporaryDirectory() as folder, _quietly():
            path = Path(folder) / "float.tflite"
            path.write_bytes(self._content)
            tool = Tool(str(path), _recipe(kept_float).get_quantization_recipe())
            result = tool.quantize(self._ranges, enable_progress_report=False)
            return pack_model(rename_tensors(parse_model(bytes(result.quantized_model))))


def _recipe(kept_float: Sequence[str]) -> Any:
    """All operators in integers but those of some tensors, and the ends of the network."""
    from ai_edge_quantizer.qtyping import TFLOperationName as Kind
    from ai_edge_quantizer.recipe_manager import RecipeManager

    recipe = RecipeManager()
    recipe.add_static_config(".*", Kind.ALL_SUPPORTED, 8, 8)
    spared = [(_scope(name), Kind.ALL_SUPPORTED) for name in kept_float]
    for regex, kind in ((".*", Kind.INPUT), (".*", Kind.OUTPUT), *spared):
        recipe.add_quantization_config(regex, kind, algorithm_key="no_quantize")
    return recipe


def _remembered(before: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Least and largest value of a tensor, and those of every picture before."""
    lists = [(before.get(f"all_{end}") or [before[end]]) if before else [] for end in ENDS]
    return {**new, **{f"all_{end}": [*old, new[end]] for end, old in zip(ENDS, lists, strict=True)}}


def _range(extremes: dict[str, Any], reach: float) -> dict[str, Any]:
    """What of a tensor's values is to be told apart; constants were seen once."""
    if "all_min" not in extremes:
        return extremes
    low, high = (np.stack(extremes[f"all_{end}"]) for end in ENDS)
    ends = np.quantile(low, 1 - reach, axis=0), np.quantile(high, reach, axis=0)
    return {end: value.astype(np.float32) for end, value in zip(ENDS, ends, strict=True)}


@contextmanager
def _quietly() -> Iterator[None]:
    with warnings.catch_warnings(), command.quiet_stderr():
        warnings.simplefilter("ignore")  # the calibrator's interpreter keeps every tensor
        yield


def quantize(
    content: bytes,
    pictures: Sequence[Picture],
    info: ModelInfo,
    *,
    reach: float = REACH,
    all_layers: bool = False,
    spare: int = 0,
) -> bytes:
    """A float32 file in static 8-bit integers.

    Args:
        content: see `Quantizer`.
        pictures: see `Quantizer`.
        info: see `Quantizer`.
        reach: see `Quantizer`.
        all_layers: put the last layer before each output and what reads places in integers too.
        spare: leave so many more operators in float: those that cost most, see `costliest`.
    """
    work = Quantizer(content, pictures, info, reach)
    kept = [] if all_layers else sorted({*last_layers(content), *places(content)})
    if spare:
        kept += costliest(work, content, pictures[:SHOWN], info, kept)[:spare]
    return work.write(kept)


def costliest(
    work: Quantizer,
    content: bytes,
    pictures: Sequence[Picture],
    info: ModelInfo,
    kept: Sequence[str],
) -> list[str]:
    """Tensors of the operators with weights, first the one that gains most by staying float.

    Each is left in float alone, and the outputs are compared with those of the float file.
    """
    values = [input_tensor(info, picture) for picture in pictures]
    truth = _run(content, values)
    unit = {name: np.maximum(np.std(truth[name], axis=0), 1e-6).mean() for name in truth}

    def wrong(kept_float: Sequence[str]) -> float:
        said = _run(work.write(kept_float), values)
        return float(sum(np.abs(said[name] - truth[name]).mean() / unit[name] for name in truth))

    names = [
        name
        for name, kind in _operators(parse_model(content))
        if kind in WEIGHTED and name not in kept
    ]
    return sorted(names, key=lambda name: wrong([*kept, name]))


def places(content: bytes) -> list[str]:
    """Output tensors of softmaxes, of the weights before them, and of all that hangs on them."""
    model = parse_model(content)
    graph = model.subgraphs[0]
    hanging: set[int] = set()  # tensors
    names: list[str] = []
    for operator, (name, kind) in zip(graph.operators, _operators(model), strict=True):
        inputs = {int(tensor) for tensor in operator.inputs}
        if kind == "SOFTMAX" or inputs & hanging:
            hanging |= {int(tensor) for tensor in operator.outputs}
            names.append(name)
        if kind == "SOFTMAX":
            names += _back_to_weights(model, inputs)
    return names


def last_layers(content: bytes) -> list[str]:
    """Output tensors of the operators from the last weights before each output on."""
    model = parse_model(content)
    return _back_to_weights(model, [int(tensor) for tensor in model.subgraphs[0].outputs])


def _back_to_weights(model: Any, tensors: Iterable[int]) -> list[str]:
    """Output tensors of the operators that make some, from the nearest weights on."""
    graph = model.subgraphs[0]
    kinds = dict(_operators(model))
    maker = {int(operator.outputs[0]): operator for operator in graph.operators}
    waiting, names = list(tensors), []
    while waiting:
        tensor = waiting.pop()
        operator = maker.get(tensor)
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
    """Outputs by name, of all pictures."""
    runner = load_interpreter(content).get_signature_runner()
    answers = [runner(image=value) for value in values]
    return {name: np.concatenate([one[name] for one in answers]) for name in answers[0]}


def _scope(name: str) -> str:
    """A pattern for the operator that gives a tensor, as the quantizer calls it."""
    return f"(^|;){re.escape(name)}(;|$)"
