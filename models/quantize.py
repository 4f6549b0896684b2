"""Quantize a TFLite file to 8-bit integers, calibrated on representative images.

    python -m models.quantize light.tflite light_int8.tflite --run runs/blaze_lite --on lspet_dev
    python -m models.quantize light.tflite light_int8.tflite --pictures crops/

The accuracy of the file depends on the images: use such as the network was trained on.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from blazetrack.common.files import is_same_file
from blazetrack.errors import InputError, ModelError, warn_renamed
from blazetrack.model_info import ModelInfo
from blazetrack.store import Store
from blazetrack.store.manifest import Card
from blazetrack.store.prune_outputs import prune_outputs
from blazetrack.store.tflite_file import load_interpreter
from models.common import command
from models.common.tables import Style, print_table
from models.data.lazy_sequence import evenly_spaced
from models.evaluate.datasets import DATA, open_evaluation_set
from models.evaluate.landmarks import evaluate_landmarks
from models.evaluate.load_model import load_model
from models.export.int8 import PERCENTILE, Image, quantize
from models.export.model_card import write_model

__all__ = ["app", "measure_ms", "representative_images"]

SUFFIXES = (".jpg", ".jpeg", ".png")

app = command.new_app("Quantize a network to 8-bit integers.")


@app.command()
def main(
    model: Annotated[str, typer.Argument(help="A .tflite file or a name in the store.")],
    out: Annotated[Path, typer.Argument(help="The .tflite file to write.")],
    run: Annotated[
        Path | None, typer.Option(help="Folder of a run: calibrate on its training data.")
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option(help="Folder of images like the input in use.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="Maximum number of images.")] = 256,
    percentile: Annotated[
        float, typer.Option(min=50, max=100, help="Percentage of images within the ranges.")
    ] = PERCENTILE,
    all_layers: Annotated[
        bool, typer.Option("--all-layers", help="Quantize the last layers too.")
    ] = False,
    keep_float: Annotated[
        int, typer.Option(min=0, help="Number of most sensitive operators to keep float.")
    ] = 0,
    on: Annotated[str | None, typer.Option(help="Data set to evaluate both files on.")] = None,
    data: Annotated[Path, typer.Option(help="Folder of the data sets.")] = DATA,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Maximum number of people, evenly spaced.")
    ] = None,
    reach: Annotated[float | None, typer.Option(min=0.5, max=1, hidden=True)] = None,
    spare: Annotated[int | None, typer.Option(min=0, hidden=True)] = None,
) -> None:
    """Write an int8 file with its card; compare size, time and accuracy with the original."""
    if reach is not None:
        warn_renamed("quantize", f"--reach {reach}", f"--percentile {100 * reach:g}")
        percentile = 100 * reach
    if spare is not None:
        warn_renamed("quantize", "--spare", "--keep-float")
        keep_float = spare
    if out.suffix != ".tflite":
        raise InputError(f"quantize: expected an output that ends in .tflite, got {out}")
    stored = Store().find(model)
    if is_same_file(out, stored.path):
        raise InputError(f"quantize: {out} is the model itself; choose another output")
    images = representative_images(stored.info, run, pictures, count)
    wanted = {name: stored.info.outputs[name] for name in stored.info.outputs if name != "mask"}
    info = replace(stored.info, name=out.stem, outputs={name: name for name in wanted})
    plain = prune_outputs(stored.path, wanted)
    content = quantize(
        plain, images, info, percentile=percentile, all_layers=all_layers, keep_float=keep_float
    )
    source = f"{stored.path.name} in 8-bit integers, by {len(images)} pictures"
    card = Card(
        info,
        source,
        licence=stored.licence,
        sentence=stored.sentence,
        detector=stored.detector,
    )
    write_model(out, content, card)
    files = {model: plain, str(out): content}
    rows = [[name, f"{len(file) / 1e6:.2f}"] for name, file in files.items()]
    for row, time_ms in zip(rows, measure_ms(list(files.values())), strict=True):
        row.append(f"{time_ms:.2f}")
    head = ["model", "MB", "ms, 1 thread"]
    if on is not None:
        people = open_evaluation_set(on, data, limit)
        head.append(f"PCK@0.2 on {on}")
        for row in rows:
            scores = evaluate_landmarks(load_model(row[0]), people)[0].scores
            row.append("–" if scores.pck is None else f"{scores.pck:.3f}")
    print_table(head, rows, Style.rich)


def representative_images(
    info: ModelInfo, run: Path | None, pictures: Path | None, count: int
) -> list[Image]:
    """Images for the calibration of a network, from a run or a folder.

    Raises:
        InputError: neither source or both are given, or there is no image.
    """
    if (run is None) == (pictures is None):
        raise InputError("quantize: expected --run FOLDER or --pictures FOLDER, one of them")
    images = _of_run(run, info, count) if run else _of_folder(pictures or Path(), info, count)
    if not images:
        raise InputError(
            f"quantize: the representative set is empty: no {', '.join(SUFFIXES)} in {pictures}"
        )
    return images


def measure_ms(files: Sequence[bytes], rounds: int = 15, runs: int = 10) -> list[float]:
    """Median time of one run of each file on one thread, in milliseconds; measured in turns."""
    interpreters = [load_interpreter(content) for content in files]
    for interpreter in interpreters:
        details = interpreter.get_input_details()[0]
        values = np.random.default_rng(0).random(details["shape"], np.float32)
        interpreter.set_tensor(details["index"], values)
        interpreter.invoke()
    spent: list[list[float]] = [[] for _ in files]
    for _ in range(rounds):
        for times, interpreter in zip(spent, interpreters, strict=True):
            start = time.perf_counter()
            for _ in range(runs):
                interpreter.invoke()
            times.append((time.perf_counter() - start) / runs * 1e3)
    return [float(np.median(times)) for times in spent]


def _of_run(run: Path, info: ModelInfo, count: int) -> list[Image]:
    """Training crops of a run without augmentation, from its data sets by their shares."""
    from models.train.checkpoint import find_checkpoint
    from models.train.tasks import plain_images

    checkpoint = find_checkpoint(run)
    if checkpoint is None:
        raise ModelError(f"quantize: {run} holds no checkpoint")
    return plain_images(checkpoint.settings, info.input_hw[0], count)


def _of_folder(folder: Path, info: ModelInfo, count: int) -> list[Image]:
    from blazetrack.sources.images import read_picture

    if not folder.is_dir():
        raise InputError(f"quantize: --pictures: no folder {folder}")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    size = info.input_hw[::-1]
    return [
        np.asarray(cv2.resize(read_picture(path), size), np.uint8)
        for path in evenly_spaced(paths, count)
    ]


if __name__ == "__main__":
    command.run(app, "models.quantize")
