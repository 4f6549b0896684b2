"""What a frame costs against the number of people in it, one by one and as one batch.

    python -m benchmarks.people [--frames N] [--threads N] [--json FILE]

Six rooms of one size are laid side by side into a picture, and in one to six of them stands the
same drawn person. The graph `pose_multi` finds them all and follows them; on the clock are the
frames after that in which the detector does not run, and nobody may get lost or another id there.
Beside every row stands the floor: what the network alone takes, run once for each person, and run
on all of them as one batch (the same file with a free first dimension). Below stands what the graph
`pose` takes for one person.

Ends with exit code 2 if it could not be measured.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.report import check_writable, write_json
from blazetrack.errors import BlazetrackError
from blazetrack.pipeline import PoseTracker
from blazetrack.sources import open_source
from blazetrack.store import Store
from blazetrack.store.prune_outputs import batched
from blazetrack.types import Frame

MOST = 6
TILE_WH = (640, 540)
COLUMNS_ROWS = (3, 2)  # of tiles: they make 1920×1080
WARM_UP = 30  # frames in which everybody must have been found
SETTLED = 5  # frames in which everybody is followed before the clock runs
COLUMNS = ("people", "frame ms", "a person ms", "network ms", "as a batch ms", "all else ms")


def rooms(frames: int) -> list[tuple[Frame, Frame]]:
    """Frame by frame a room with a person who moves, and one without."""
    size = "x".join(map(str, TILE_WH))
    with (
        open_source(f"synthetic?size={size}&frames={frames}") as person,
        open_source(f"synthetic:empty?size={size}&frames={frames}") as nobody,
    ):
        return list(zip(person, nobody, strict=True))


def crowd(pairs: Iterable[tuple[Frame, Frame]], people: int) -> Iterator[Frame]:
    """Pictures of six rooms with somebody in the first `people` of them."""
    columns, rows = COLUMNS_ROWS
    for person, nobody in pairs:
        tiles = [(person if k < people else nobody).image for k in range(columns * rows)]
        lines = [np.hstack(tiles[row * columns :][:columns]) for row in range(rows)]
        yield replace(person, image=np.vstack(lines))


def follow(
    pairs: Sequence[tuple[Frame, Frame]], people: int, threads: int, graph: str = "pose_multi"
) -> dict[str, float]:
    """Median times of a frame and of the network in it, once everybody is followed.

    Raises:
        BlazetrackError: not everybody was found in time, or somebody got lost or another id.
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
            if len(ids) < people:  # still looking for them
                ids, since = now, frame.index
                if len(ids) < people and frame.index >= WARM_UP:
                    raise _lost(f"{people} people found by frame {WARM_UP}", f"{len(ids)}")
            elif now != ids:
                raise _lost(f"people {ids} in every frame", f"{now} in frame {frame.index}")
            elif frame.index - since > SETTLED and tracker.detector_runs == runs:
                frame_s.append(took)
                network_s.append(tracker.network_seconds - before)
    if not frame_s:
        raise _lost("frames without a detector run", "none")
    frame_ms, network_ms = median(frame_s) * 1e3, median(network_s) * 1e3
    return {"frame ms": frame_ms, "network ms": network_ms, "all else ms": frame_ms - network_ms}


def _lost(expected: str, got: str) -> BlazetrackError:
    return BlazetrackError(f"people: expected {expected}, got {got}: nothing was measured")


def batch_ms(people: int, threads: int, runs: int = 40) -> float:
    """Median time of the network on all people as one batch."""
    from ai_edge_litert.interpreter import Interpreter

    store = Store()
    stored = store.find("full")
    path = store.variant(stored, stored.info.outputs.keys() - {"mask"})
    network: Any = Interpreter(model_content=batched(path), num_threads=threads)
    number = network.get_input_details()[0]["index"]
    network.resize_tensor_input(number, [people, *stored.info.input_hw, 3])
    network.allocate_tensors()
    network.set_tensor(number, np.full((people, *stored.info.input_hw, 3), 0.5, np.float32))
    network.invoke()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        network.invoke()
        seconds.append(time.perf_counter() - start)
    return median(seconds) * 1e3


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.people", description=__doc__)
    parser.add_argument("--frames", type=int, default=60, help="frames per row, at least")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args(arguments)
    try:
        check_writable(options.json)
        pairs = rooms(WARM_UP + SETTLED + 1 + options.frames)
        alone = follow(pairs, 1, options.threads, "pose")
        rows = []
        for people in range(1, MOST + 1):
            row = follow(pairs, people, options.threads)
            row |= {"people": people, "a person ms": row["frame ms"] / people}
            rows.append({**row, "as a batch ms": batch_ms(people, options.threads)})
        _print(rows, alone, options.threads)
        write_json(options.json, {"pose_multi": rows, "pose": alone})
    except BlazetrackError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


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
