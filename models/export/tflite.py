"""Export a network from Keras to TFLite: float32 or float16, named tensors, with a card.

    python -m models.export runs/blaze_lite blaze_lite.tflite
    python -m models.export runs/blaze_lite blaze_lite_f16.tflite --float16
    python -m models.export runs/hrnet models/weights/zoo/hrnet.tflite --float16 --keep-card

Before a file is written, its outputs are compared with those of Keras on noise and on drawn people;
a difference above 1e-4 of a float32 file is an error.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from blazetrack.errors import InputError, ModelError
from blazetrack.model_info import ModelInfo
from blazetrack.store.manifest import Card
from blazetrack.store.tflite_file import (
    load_interpreter,
    pack_model,
    parse_model,
    set_signature,
)
from models.common import command
from models.export.model_card import replaced_card, write_model
from models.train.data_settings import RefinementDataSettings
from models.train.settings import skeleton_of_run
from models.zoo import deployed, model_info

__all__ = [
    "Difference",
    "app",
    "compare",
    "export",
    "rename_tensors",
    "to_tflite",
    "unsupported_ops",
]

Array = NDArray[Any]

TOLERANCE = 1e-4
COMPARED = 4  # images of each kind
# Outputs in crop pixels; those of other heads depend on their options.
PIXEL_OUTPUTS = {"blazepose": {"landmarks"}, "ssd": {"boxes"}}
# Float operators of the XNNPACK delegate (tensorflow/lite/delegates/xnnpack/README.md).
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
    """Maximum difference between a file and its network in one output.

    Attributes:
        output: its name.
        noise: on random pixels.
        people: on drawn people.
    """

    output: str
    noise: float
    people: float


@app.command()
def main(
    model: Annotated[Path, typer.Argument(help="A .keras file or the folder of a training run.")],
    out: Annotated[Path, typer.Argument(help="The .tflite file to write.")],
    float16: Annotated[bool, typer.Option("--float16", help="Store weights in 16 bits.")] = False,
    name: Annotated[str | None, typer.Option(help="Name on its card.")] = None,
    licence: Annotated[str, typer.Option(help="Licence of the weights, for the card.")] = "unknown",
    sentence: Annotated[str, typer.Option(help="One sentence about it, for the card.")] = "",
    detector: Annotated[str, typer.Option(help="Detector to use it with.")] = "",
    refines: Annotated[
        str, typer.Option(help="Landmark model that it refines, for the card.")
    ] = "",
    stages: Annotated[
        bool, typer.Option("--stages", help="Keep the outputs of intermediate stages.")
    ] = False,
    keep_card: Annotated[
        bool,
        typer.Option("--keep-card", help="Keep the texts of the card that lies beside the output."),
    ] = False,
) -> None:
    """Write a network as a TFLite file with its card; print the difference between the two."""
    from rich.console import Console
    from rich.table import Table

    from models.train.checkpoint import load_network

    os.environ["KERAS_BACKEND"] = "tensorflow"  # reads the checkpoints of every backend

    if out.suffix != ".tflite":
        raise InputError(f"export: expected an output that ends in .tflite, got {out}")
    network, settings = load_network(model)
    info = model_info(deployed(network), name or out.stem, skeleton_of_run(settings))
    network = deployed(network, stages)
    if settings is not None and isinstance(settings.data, RefinementDataSettings):
        refines = refines or Path(settings.data.previous).stem
    card = Card(
        info,
        f"{model}",
        licence=licence,
        sentence=sentence,
        detector=detector,
        refines=refines,
    )
    if keep_card:
        card = replaced_card(out, card)
    table = Table("output", "on noise", "on drawn people", title=f"{out}: difference from Keras")
    for one in export(network, out, card, float16=float16):
        table.add_row(one.output, f"{one.noise:.1e}", f"{one.people:.1e}")
    Console().print(table)
    slow = unsupported_ops(out.read_bytes())
    if slow and not float16:
        print(f"slow operators: XNNPACK does not run {', '.join(slow)}", file=sys.stderr)


def to_tflite(network: Any, float16: bool = False) -> bytes:
    """A deployed network as a TFLite file with batch size 1.

    Batch norms are folded into their convolutions; tensors and signature are named by meaning.

    Args:
        network: `(B, h, w, 3)` float32 in 0..1 → dict of outputs by meaning.
        float16: store weights in 16 bits; they are converted when the file is opened.

    Raises:
        ModelError: the Keras backend is not tensorflow.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ModelError(
            f"export: expected the Keras backend tensorflow, got {keras.backend.backend()}:"
            " export the checkpoint with KERAS_BACKEND=tensorflow"
        )
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    height, width = network.input_shape[1:3]
    names = sorted(network.output)  # the order of a dict in TensorFlow

    @tf.function(  # type: ignore[untyped-decorator]
        input_signature=[tf.TensorSpec((1, height, width, 3), tf.float32, "image")]
    )
    def run(image: Any) -> list[Any]:
        outputs = network(image, training=False)
        return [outputs[name] for name in names]

    with command.quiet_stderr():
        # Batch norms are folded only in a frozen graph.
        frozen = convert_variables_to_constants_v2(run.get_concrete_function())
        converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
        if float16:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        model = parse_model(converter.convert())
        set_signature(model, names)
        return pack_model(rename_tensors(model))


def compare(network: Any, content: bytes, info: ModelInfo) -> list[Difference]:
    """Maximum difference between the outputs of a file and of its deployed network.

    Coordinates in crop pixels are compared in parts of the crop's side.
    """
    side, pixels = info.input_hw[0], pixel_outputs(info)
    runner = load_interpreter(content).get_signature_runner()

    def errors(images: Array) -> dict[str, float]:
        each: dict[str, list[float]] = defaultdict(list)
        for image in images:
            want = network(image[None], training=False)
            for name, value in runner(image=image[None]).items():
                error = float(np.abs(value - np.asarray(want[name])).max())
                each[name].append(error / side if name in pixels else error)
        return {name: float(np.max(one)) for name, one in each.items()}  # NaN stays NaN

    noise = errors(np.random.default_rng(0).random((COMPARED, side, side, 3), np.float32))
    people = errors(_people(side))
    return [Difference(name, noise[name], people[name]) for name in noise]


def pixel_outputs(info: ModelInfo) -> set[str]:
    """Outputs of a network that are coordinates in crop pixels, by its head."""
    if info.head in PIXEL_OUTPUTS:
        return PIXEL_OUTPUTS[info.head]
    return {"landmarks", "offsets"} if info.head_options.get("coordinates") == "pixel" else set()


def export(network: Any, out: Path, card: Card, *, float16: bool = False) -> list[Difference]:
    """Write a deployed network as `out` with its card beside it.

    Raises:
        ModelError: the outputs of file and network differ; nothing was written.
    """
    content = to_tflite(network, float16)
    differences = compare(network, content, card.info)
    bad = [one for one in differences if not max(one.noise, one.people) <= TOLERANCE]
    if bad and not float16:
        text = ", ".join(f"{one.output} {max(one.noise, one.people):.1e}" for one in bad)
        raise ModelError(
            f"export: {out} would differ from Keras by more than {TOLERANCE:g} ({text}); nothing"
            " was written"
        )
    write_model(out, content, card)
    return differences


def unsupported_ops(content: bytes) -> list[str]:
    """Operators of a file that the XNNPACK delegate does not run."""
    interpreter = load_interpreter(content, delegates=False)
    kinds = {str(operator["op_name"]) for operator in interpreter._get_ops_details()}
    return sorted(kinds - XNNPACK)


def rename_tensors(model: Any) -> Any:
    """Name the input and output tensors of a model as in its signature, in place."""
    signature = model.signatureDefs[0]
    for entry in [*signature.inputs, *signature.outputs]:
        model.subgraphs[0].tensors[entry.tensorIndex].name = entry.name
    return model


def _people(side: int) -> Array:
    import cv2

    from blazetrack.sources.synthetic import SyntheticSource

    clip = SyntheticSource("jacks", frames=COMPARED, size=(256, 256))
    images = [cv2.resize(frame.image, (side, side)) for frame in clip]
    return np.stack(images).astype(np.float32) / np.float32(255)
