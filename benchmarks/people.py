"""What a frame costs against the number of people in it, one by one and as one batch.

    python -m benchmarks.people [--frames N] [--threads N] [--json FILE]

One drawn person is laid side by side up to six times into a picture of one size, and everybody is
followed from a region that is given: finding people is not on the clock. Beside every row stands
the floor: what the network alone takes, run once for each person, and run on all of them as one
batch (the same file with a free first dimension).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.report import check_writable, write_json
from blazetrack.align.roi import rois_from_poses
from blazetrack.backends import TfliteModel
from blazetrack.graph import SerialScheduler, build_plan, load_graph_spec
from blazetrack.nodes import NODES
from blazetrack.pipeline import PoseTracker
from blazetrack.sources import open_source
from blazetrack.store import Store
from blazetrack.store.slim import batched
from blazetrack.types import Frame, Rois

MOST = 6
TILE_WH = (640, 540)  # three columns and two rows make 1920×1080
GRAPH = """
name: given
inputs: [frame, given]
outputs: [poses]
models: {landmarks: full}
nodes:
- {name: choose, use: merge_rois, in: {new: given}, loop: {carried: next}, out: rois,
   options: {max_people: 6}}
- {name: cut, use: crop, in: {frame: frame, rois: rois}, out: cuts, options: {model: landmarks}}
- {name: track, use: landmarks, in: {crop: cuts}, out: marks, options: {model: landmarks}}
- {name: home, use: project, in: {landmarks: marks, crop: cuts}, out: people}
- {name: smooth, use: smooth, in: {poses: people, frame: frame}, out: poses}
- {name: carry, use: rois_from_poses, in: {poses: poses, frame: frame}, out: next}
"""
COLUMNS = ("people", "frame ms", "a person ms", "network ms", "as a batch ms", "all else ms")


def crowd(frames: int) -> tuple[list[Frame], Rois]:
    """Pictures with one person in each of six tiles, and the regions of all in the first one."""
    width, height = TILE_WH
    with (
        open_source(f"synthetic?size={width}x{height}&frames={frames}") as source,
        PoseTracker(threads=1) as tracker,
    ):
        tiles = list(source)
        first = rois_from_poses(tracker(tiles[0]), tiles[0])
    shifts = np.array([[x * width, y * height] for y in (0, 1) for x in (0, 1, 2)], float)
    rois = Rois(
        first.center_px + shifts,
        first.size_px.repeat(MOST, axis=0),
        first.angle_rad.repeat(MOST),
        np.arange(1, MOST + 1),
    )
    return [replace(tile, image=np.tile(tile.image, (2, 3, 1))) for tile in tiles], rois


def follow(frames: list[Frame], rois: Rois, threads: int) -> dict[str, float]:
    """Median times of a frame and of the network in it; fails if somebody is lost."""
    store = Store()
    stored = store.find("full")
    model = TfliteModel(stored.info, lambda want: store.variant(stored, want), "auto", threads)
    scheduler = SerialScheduler(build_plan(load_graph_spec(GRAPH), NODES, {"landmarks": model}))
    frame_s, network_s = [], []
    for frame in frames:
        start, before = time.perf_counter(), model.seconds
        poses = scheduler.step(frame=frame, given=rois if frame.index == 0 else None)["poses"]
        frame_s.append(time.perf_counter() - start)
        network_s.append(model.seconds - before)
        if len(poses) != len(rois):
            raise SystemExit(f"people: {len(poses)} of {len(rois)} followed at {frame.index}")
    frame_ms, network_ms = median(frame_s[5:]) * 1e3, median(network_s[5:]) * 1e3
    return {"frame ms": frame_ms, "network ms": network_ms, "all else ms": frame_ms - network_ms}


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
    parser.add_argument("--frames", type=int, default=60, help="frames per row")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args(arguments)
    check_writable(options.json)
    frames, rois = crowd(options.frames)
    rows = []
    for people in range(1, MOST + 1):
        row = follow(frames, rois.take(slice(people)), options.threads)
        row |= {"people": people, "a person ms": row["frame ms"] / people}
        rows.append({**row, "as a batch ms": batch_ms(people, options.threads)})
    table = Table(*COLUMNS, title=f"{options.threads} thread(s), 1920×1080")
    for row in rows:
        table.add_row(*(f"{row[key]:.2f}" if key != "people" else str(row[key]) for key in COLUMNS))
    Console().print(table)
    write_json(options.json, rows)


if __name__ == "__main__":
    main()
