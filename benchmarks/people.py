"""Cost of a frame against the number of people, one by one and as one batch.

    python -m benchmarks.people [--frames N] [--threads N] [--json FILE]

Six tiles of one size form a picture; one to six of them show the same drawn person. The graph
`pose_multi` first finds all of them; the timed frames are those after that without a detector run,
in which no person may be lost or change id. Each row also gives the network alone, run once per
person and run on all of them as one batch (the same file with a free first dimension). The caption
gives the graph `pose` with one person.

Exit code 2 if it could not be measured.
"""

from __future__ import annotations

import argparse
import time
import timeit
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.report import check_writable, exit_2_on_error, write_json
from blazetrack.errors import BlazetrackError
from blazetrack.pipeline import PoseTracker
from blazetrack.sources import open_source
from blazetrack.store import Store
from blazetrack.store.tflite_file import operator_names, pack_model, parse_model
from blazetrack.types import Frame

MAX_PEOPLE = 6
TILE_WH = (640, 540)
COLUMNS_ROWS = (3, 2)  # of tiles: they make 1920×1080
WARM_UP = 30  # frames within which all people must be found
SETTLED = 5  # frames with all people tracked before timing starts
COLUMNS = ("people", "frame ms", "ms per person", "network ms", "batch ms", "other ms")


def tile_pairs(frames: int) -> list[tuple[Frame, Frame]]:
    """For each frame a tile with a moving person and an empty one."""
    size = "x".join(map(str, TILE_WH))
    with (
        open_source(f"synthetic?size={size}&frames={frames}") as person,
        open_source(f"synthetic:empty?size={size}&frames={frames}") as empty,
    ):
        return list(zip(person, empty, strict=True))


def crowd(pairs: Iterable[tuple[Frame, Frame]], people: int) -> Iterator[Frame]:
    """Pictures of six tiles with a person in the first `people` of them."""
    columns, rows = COLUMNS_ROWS
    for person, empty in pairs:
        tiles = [(person if k < people else empty).image for k in range(columns * rows)]
        lines = [np.hstack(tiles[row * columns :][:columns]) for row in range(rows)]
        yield replace(person, image=np.vstack(lines))


def track(
    pairs: Sequence[tuple[Frame, Frame]], people: int, threads: int, graph: str = "pose_multi"
) -> dict[str, float]:
    """Median times of a frame and of the network in it, once all people are tracked.

    Raises:
        BlazetrackError: not all people were found in time, or one was lost or changed id.
    """
    frame_s, network_s = [], []
    ids: list[int] = []
    since = 0
    with PoseTracker(graph=graph, people=people, threads=threads) as tracker:
        for frame in crowd(pairs, people):
            runs, before = tracker.detector_runs, tracker.network_seconds
            start = time.perf_counter()
            now = tracker(frame).ids.tolist()
            took = time.perf_counter() - start
            if len(ids) < people:  # still searching
                ids, since = now, frame.index
                if len(ids) < people and frame.index >= WARM_UP:
                    raise _not_measured(f"{people} people found by frame {WARM_UP}", f"{len(ids)}")
            elif now != ids:
                raise _not_measured(f"people {ids} in every frame", f"{now} in frame {frame.index}")
            elif frame.index - since > SETTLED and tracker.detector_runs == runs:
                frame_s.append(took)
                network_s.append(tracker.network_seconds - before)
    if not frame_s:
        raise _not_measured("frames without a detector run", "none")
    frame_ms, network_ms = median(frame_s) * 1e3, median(network_s) * 1e3
    return {"frame ms": frame_ms, "network ms": network_ms, "other ms": frame_ms - network_ms}


def _not_measured(expected: str, got: str) -> BlazetrackError:
    return BlazetrackError(f"people: expected {expected}, got {got}: nothing was measured")


def batched(content: bytes) -> bytes:
    """The same model with a free first dimension: its input may be resized to several crops."""
    model = parse_model(content)
    graph = model.subgraphs[0]
    for operator, kind in zip(graph.operators, operator_names(model), strict=True):
        if kind == "RESHAPE":
            buffer = model.buffers[graph.tensors[operator.inputs[1]].buffer]
            shape = np.frombuffer(bytes(buffer.data), np.int32).copy()
            shape[0] = -1
            buffer.data = np.frombuffer(shape.tobytes(), np.uint8)
            if operator.builtinOptions is not None:
                operator.builtinOptions.newShape = shape
    return pack_model(model)


def batch_ms(people: int, threads: int, runs: int = 40) -> float:
    """Median time of the network on a batch of `people` crops."""
    from ai_edge_litert.interpreter import Interpreter

    store = Store()
    stored = store.find("full")
    path = store.variant(stored, stored.info.outputs.keys() - {"mask"})
    network: Any = Interpreter(model_content=batched(path.read_bytes()), num_threads=threads)
    number = network.get_input_details()[0]["index"]
    network.resize_tensor_input(number, [people, *stored.info.input_hw, 3])
    network.allocate_tensors()
    network.set_tensor(number, np.full((people, *stored.info.input_hw, 3), 0.5, np.float32))
    network.invoke()  # the first run packs the weights
    return median(timeit.repeat(network.invoke, number=1, repeat=runs)) * 1e3


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.people", description=__doc__)
    parser.add_argument("--frames", type=int, default=60, help="minimum frames per row")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args(arguments)
    with exit_2_on_error():
        check_writable(options.json)
        pairs = tile_pairs(WARM_UP + SETTLED + 1 + options.frames)
        alone = track(pairs, 1, options.threads, "pose")
        rows = []
        for people in range(1, MAX_PEOPLE + 1):
            row = track(pairs, people, options.threads)
            row |= {"people": people, "ms per person": row["frame ms"] / people}
            rows.append({**row, "batch ms": batch_ms(people, options.threads)})
        _print(rows, alone, options.threads)
        write_json(options.json, {"pose_multi": rows, "pose": alone})


def _print(rows: list[dict[str, float]], alone: dict[str, float], threads: int) -> None:
    table = Table(
        *COLUMNS,
        title=f"pose_multi, {threads} thread(s), 1920×1080",
        caption=f"pose, 1 person: {alone['frame ms']:.2f} ms a frame",
    )
    for row in rows:
        table.add_row(*(f"{row[key]:.2f}" if key != "people" else str(row[key]) for key in COLUMNS))
    Console().print(table)


if __name__ == "__main__":
    main()
