"""Keras → TFLite: float32 or float16, named inputs and outputs, a card beside it.

    python -m models.export runs/blazepose_lite lite.tflite
    python -m models.export runs/blazepose_lite lite_f16.tflite --float16

What is written was run first: its outputs are compared with those of Keras on noise and on drawn
people, and a float32 file that differs by more than 1e-4 is refused.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from blazetrack.errors import InputError, ModelError
from blazetrack.store.manifest import Card
from blazetrack.store.tflite_file import (
    load_interpreter,
    pack_model,
    parse_model,
    set_signature,
)
from models.common import command
from models.export.model_card import info_of, write_model
from models.train.config import skeleton_of_run
from models.zoo import deployed

__all__ = ["Difference", "app", "compare", "export", "rename_tensors", "strangers", "to_tflite"]

Array = NDArray[Any]

TOLERANCE = 1e-4
# Operators that the XNNPACK delegate takes in float (tensorflow/lite/delegates/xnnpack/README.md).
XNNPACK = frozenset(
    word
    for line in (
        "ABS ADD AVERAGE_POOL_2D BATCH_MATMUL CEIL CONCATENATION CONV_2D DEPTH_TO_SPACE",
        "DEPTHWISE_CONV_2D DEQUANTIZE DIV ELU EXP FLOOR FULLY_CONNECTED GELU HARD_SWISH",
        "LEAKY_RELU LOG LOGISTIC MAX_POOL_2D MAXIMUM MEAN MINIMUM MUL NEG PAD PRELU QUANTIZE",
        "RELU RELU6 RELU_N1_TO_1 RESHAPE RESIZE_BILINEAR ROUND SLICE SOFTMAX SPACE_TO_DEPTH",
        "SPLIT SQRT SQUARE SQUARED_DIFFERENCE STRIDED_SLICE SUB SUM TANH TRANSPOSE",
        "TRANSPOSE_CONV",
    )
    for word in line.split()
)

app = command.new_app("Write a trained network as a TFLite file.")


@dataclass(frozen=True, slots=True)
class Difference:
    """How far a file is from its network, in one output.

    Attributes:
        output: its name.
        noise: largest difference on random pixels.
        people: largest difference on drawn people.
    """

    output: str
    noise: float
    people: float


@app.command()
def main(
    model: Annotated[Path, typer.Argument(help="A .keras file or the folder of a training run.")],
    out: Annotated[Path, typer.Argument(help="The .tflite file to write.")],
    float16: Annotated[bool, typer.Option("--float16", help="Keep weights in 16 bits.")] = False,
    name: Annotated[str | None, typer.Option(help="What its card calls it.")] = None,
    licence: Annotated[str, typer.Option(help="Of the weights, for the card.")] = "unknown",
    sentence: Annotated[str, typer.Option(help="What it is good for, for the card.")] = "",
    detector: Annotated[str, typer.Option(help="The detector that goes with it.")] = "",
) -> None:
    """Write a network as a TFLite file with its card, and say how far the two differ."""
    from rich.console import Console
    from rich.table import Table

    from models.train.checkpoint import load_network

    if out.suffix != ".tflite":
        raise InputError(f"export: expected an output that ends in .tflite, got {out}")
    network, settings = load_network(model)
    network = deployed(network)
    info = info_of(network, name or out.stem, skeleton_of_run(settings))
    card = Card(info, f"{model}", "", 0, licence, sentence, detector)
    table = Table("output", "on noise", "on drawn people", title=f"{out}: difference from Keras")
    for one in export(network, out, card, float16=float16):
        table.add_row(one.output, f"{one.noise:.1e}", f"{one.people:.1e}")
    Console().print(table)
    left = strangers(out.read_bytes())
    if left and not float16:
        print(f"slower than need be: XNNPACK does not take {', '.join(left)}", file=sys.stderr)


def to_tflite(network: Any, float16: bool = False) -> bytes:
    """A deployed network as a TFLite file for one picture at a time.

    Batch norms are folded into their convolutions. Tensors and signature are named by meaning.

    Args:
        network: `(B, h, w, 3)` float32 in 0..1 → dict of outputs by meaning.
        float16: keep weights in 16 bits; they are widened when the file is opened.

    Raises:
        ModelError: Keras does not run on tensorflow.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ModelError(
            f"export: Keras runs on {keras.backend.backend()}, TFLite files come from tensorflow:"
            " export the checkpoint with KERAS_BACKEND=tensorflow"
        )
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    height, width = network.input_shape[1:3]
    names = sorted(network.output)  # as TensorFlow orders a dict

    @tf.function(  # type: ignore[untyped-decorator]
        input_signature=[tf.TensorSpec((1, height, width, 3), tf.float32, "image")]
    )
    def run(image: Any) -> list[Any]:
        outputs = network(image, training=False)
        return [outputs[name] for name in names]

    with command.quiet_stderr():
        # Only a frozen graph has its batch norms folded.
        frozen = convert_variables_to_constants_v2(run.get_concrete_function())
        converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
        if float16:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        return _signed(converter.convert(), names)


def compare(network: Any, content: bytes) -> list[Difference]:
    """Run a file beside its network: per output the largest difference.

    Values in crop pixels (`landmarks`, `boxes`) are compared in parts of the crop's side.
    """
    side = network.input_shape[1]
    worst: dict[str, dict[str, float]] = {}
    interpreter = load_interpreter(content)
    runner = interpreter.get_signature_runner()
    for kind, pictures in (("noise", _noise(side)), ("people", _people(side))):
        for picture in pictures:
            want = network(picture[None], training=False)
            got = runner(image=picture[None])
            for name, value in got.items():
                unit = side if name in ("landmarks", "boxes") else 1
                off = float(np.abs(value - np.asarray(want[name])).max()) / unit
                of_kind = worst.setdefault(name, {})
                of_kind[kind] = float(np.maximum(of_kind.get(kind, 0.0), off))  # NaN stays NaN
    del runner, interpreter
    return [Difference(name, off["noise"], off["people"]) for name, off in worst.items()]


def export(network: Any, out: Path, card: Card, *, float16: bool = False) -> list[Difference]:
    """Write a deployed network as `out` with its card beside it.

    Args:
        network: what `models.zoo.deployed` gave.
        out: the file.
        card: what to say of it.
        float16: see `to_tflite`.

    Raises:
        ModelError: the file's outputs are not those of the network; nothing was written.
    """
    content = to_tflite(network, float16)
    differences = compare(network, content)
    bad = [one for one in differences if not max(one.noise, one.people) <= TOLERANCE]
    if bad and not float16:
        text = ", ".join(f"{one.output} {max(one.noise, one.people):.1e}" for one in bad)
        raise ModelError(
            f"export: {out} would differ from Keras by more than {TOLERANCE:g} ({text}); nothing"
            " was written"
        )
    write_model(out, content, card)
    return differences


def strangers(content: bytes) -> list[str]:
    """Operators of a file that the XNNPACK delegate does not take, so that it cannot hold all."""
    interpreter = load_interpreter(content, delegates=False)
    kinds = {str(operator["op_name"]) for operator in interpreter._get_ops_details()}
    return sorted(kinds - XNNPACK)


def _signed(content: bytes, names: Sequence[str]) -> bytes:
    """The same file with a signature, input `image` and outputs by name; tensors have its names."""
    model = parse_model(content)
    set_signature(model, names)
    return pack_model(rename_tensors(model))


def rename_tensors(model: Any) -> Any:
    """Name the input and output tensors of a model as its signature does, in place."""
    signature = model.signatureDefs[0]
    for entry in [*signature.inputs, *signature.outputs]:
        model.subgraphs[0].tensors[entry.tensorIndex].name = entry.name
    return model


def _noise(side: int, count: int = 4) -> Array:
    return np.random.default_rng(0).random((count, side, side, 3), np.float32)


def _people(side: int, count: int = 4) -> Array:
    import cv2

    from blazetrack.sources.synthetic import SyntheticSource

    clip = SyntheticSource("jacks", frames=count, size=(256, 256))
    pictures = [cv2.resize(frame.image, (side, side)) for frame in clip]
    return np.stack(pictures).astype(np.float32) / np.float32(255)
