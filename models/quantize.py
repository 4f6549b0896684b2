"""A TFLite file → the same network in 8-bit integers, from pictures that show what it will see.

    python -m models.quantize lite.tflite lite_int8.tflite --run runs/blazepose_lite --on lspet_dev
    python -m models.quantize lite.tflite lite_int8.tflite --pictures crops/

Which pictures decides how well the integers fit: give such as the network was trained on.
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

from blazetrack.errors import InputError, ModelError
from blazetrack.model_info import ModelInfo
from blazetrack.store import Store
from blazetrack.store.manifest import Card
from blazetrack.store.prune_outputs import prune_outputs
from blazetrack.store.tflite_file import load_interpreter
from models.common import command
from models.common.tables import Style, print_table
from models.evaluate.datasets import DATA, open_people_set
from models.evaluate.landmarks import evaluate
from models.evaluate.load_model import open_subject
from models.export.int8 import REACH, Picture, quantize
from models.export.model_card import write_model

__all__ = ["app", "milliseconds", "representative"]

ENDINGS = (".jpg", ".jpeg", ".png")

app = command.new_app("Write a network in 8-bit integers.")


@app.command()
def main(
    model: Annotated[str, typer.Argument(help="A .tflite file or a name in the store.")],
    out: Annotated[Path, typer.Argument(help="The .tflite file to write.")],
    run: Annotated[
        Path | None, typer.Option(help="Folder of a run: its training data, unchanged, serves.")
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option(help="Folder of pictures as the network sees them.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="So many pictures at most.")] = 256,
    reach: Annotated[
        float, typer.Option(min=0.5, max=1, help="Part of the pictures that fit the ranges.")
    ] = REACH,
    all_layers: Annotated[
        bool, typer.Option("--all-layers", help="Put the last layers in integers too.")
    ] = False,
    spare: Annotated[
        int, typer.Option(min=0, help="Leave so many operators in float, the costliest.")
    ] = 0,
    on: Annotated[str | None, typer.Option(help="Data set to measure both files on.")] = None,
    data: Annotated[Path, typer.Option(help="Folder of the data sets.")] = DATA,
    limit: Annotated[int | None, typer.Option(min=1, help="So many people, evenly.")] = None,
) -> None:
    """Write an int8 file with its card; measure size, time and accuracy beside the original's."""
    if out.suffix != ".tflite":
        raise InputError(f"quantize: expected an output that ends in .tflite, got {out}")
    stored = Store().find(model)
    shown = representative(stored.info, run, pictures, count)
    wanted = {name: stored.info.outputs[name] for name in stored.info.outputs if name != "mask"}
    info = replace(stored.info, name=out.stem, outputs={name: name for name in wanted})
    plain = prune_outputs(stored.path, wanted)
    content = quantize(plain, shown, info, reach=reach, all_layers=all_layers, spare=spare)
    source = f"{stored.path.name} in 8-bit integers, by {len(shown)} pictures"
    write_model(
        out, content, Card(info, source, "", 0, stored.licence, stored.sentence, stored.detector)
    )
    files = {model: plain, str(out): content}
    rows = [[name, f"{len(file) / 1e6:.2f}"] for name, file in files.items()]
    for row, time_ms in zip(rows, milliseconds(list(files.values())), strict=True):
        row.append(f"{time_ms:.2f}")
    head = ["model", "MB", "ms, 1 thread"]
    if on is not None:
        testset = open_people_set(on, data, limit)
        head.append(f"PCK@0.2 on {testset.name}")
        for row in rows:
            figures = evaluate(open_subject(row[0]), testset)[0].figures
            row.append("–" if figures.pck is None else f"{figures.pck:.3f}")
    print_table(head, rows, Style.rich)


def representative(
    info: ModelInfo, run: Path | None, pictures: Path | None, count: int
) -> list[Picture]:
    """What a network is shown to find out how large its values get.

    Raises:
        InputError: neither source or both are given, or there is no picture.
    """
    if (run is None) == (pictures is None):
        raise InputError("quantize: give --run FOLDER or --pictures FOLDER, one of them")
    shown = _of_run(run, info, count) if run else _of_folder(pictures or Path(), info, count)
    if not shown:
        raise InputError(
            f"quantize: the representative set is empty: no {', '.join(ENDINGS)} in {pictures}"
        )
    return shown


def milliseconds(files: Sequence[bytes], rounds: int = 15, runs: int = 10) -> list[float]:
    """Median time of one run of each file on one thread; the files take turns."""
    interpreters = [load_interpreter(content) for content in files]
    for interpreter in interpreters:
        shape = interpreter.get_input_details()[0]["shape"]
        picture = np.random.default_rng(0).random(shape, np.float32)
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture)
        interpreter.invoke()
    spent: list[list[float]] = [[] for _ in files]
    for _ in range(rounds):
        for times, interpreter in zip(spent, interpreters, strict=True):
            start = time.perf_counter()
            for _ in range(runs):
                interpreter.invoke()
            times.append((time.perf_counter() - start) / runs * 1e3)
    return [float(np.median(times)) for times in spent]


def _of_run(run: Path, info: ModelInfo, count: int) -> list[Picture]:
    """Training crops of a run without chance in them, evenly mixed as in its batches."""
    from models.train.checkpoint import find_checkpoint
    from models.train.tasks import plain_pictures

    checkpoint = find_checkpoint(run)
    if checkpoint is None:
        raise ModelError(f"quantize: {run} holds no checkpoint")
    return plain_pictures(checkpoint.settings, info.input_hw[0], count)


def _of_folder(folder: Path, info: ModelInfo, count: int) -> list[Picture]:
    from blazetrack.sources.images import read_picture

    if not folder.is_dir():
        raise InputError(f"quantize: --pictures: no folder {folder}")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS)
    rows = np.linspace(0, len(paths) - 1, min(count, len(paths))).round().astype(int)
    height, width = info.input_hw
    return [
        np.asarray(cv2.resize(read_picture(paths[row]), (width, height)), np.uint8) for row in rows
    ]


if __name__ == "__main__":
    command.run(app, "models.quantize")
