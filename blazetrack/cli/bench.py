"""`blazetrack bench`: frame rate of this machine, time per node, start-up, memory."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blazetrack.cli.options import Every, Graph, Json, Model, log, print_json
from blazetrack.errors import InputError

if TYPE_CHECKING:
    from rich.table import Table

__all__ = [
    "bench",
    "board_facts",
    "machine",
    "measure",
    "model_sizes",
    "skipped_frame_ms",
    "start_up",
]

SOURCE = "synthetic?size=1280x720&frames=300"
WARM_UP = 10  # frames off the clock: the interpreter packs the weights

# Code of the fresh process of `start_up`; it reads its frame first, off the clock.
_FIRST = """
import sys, time
spawned, source, model, graph = float(sys.argv[1]), sys.argv[2], sys.argv[3] or None, sys.argv[4]
from blazetrack import PoseTracker, open_source
reading = time.time()
with open_source(source, max_frames=1) as opened:
    frame = next(iter(opened))
reading = time.time() - reading
with PoseTracker(model, graph=graph, threads=1) as tracker:
    tracker(frame)
print(time.time() - spawned - reading)
try:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if sys.platform == "linux":  # there that figure includes the process that started this one
        status = open("/proc/self/status").read()
        peak = int(status.partition("VmHWM:")[2].split()[0])
    print(peak / (2**20 if sys.platform == "darwin" else 2**10))
except ImportError:
    print("nan")
"""


def bench(
    source: Annotated[str, typer.Argument(help="Source, as in `blazetrack run`.")] = SOURCE,
    model: Model = None,
    graph: Graph = None,
    people: Annotated[int, typer.Option(min=1, help="Maximum number of people.")] = 1,
    every: Every = None,
    threads: Annotated[
        list[int] | None,
        typer.Option(min=1, max=1024, help="May be repeated.", show_default="1 … all cores"),
    ] = None,
    frames: Annotated[int, typer.Option(min=20, help="Frames per round.")] = 200,
    backend: Annotated[str, typer.Option(help="As in `blazetrack run`, or all.")] = "auto",
    android: Annotated[
        bool, typer.Option("--android", help="The networks alone, on a phone at USB, by adb.")
    ] = False,
    android_tool: Annotated[
        Path | None,
        typer.Option(
            help="TensorFlow Lite's program benchmark_model for Android.",
            show_default="the one on the phone, else that of litert-cli",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure frames per second, the time of every node, start-up and memory.

    Only tracking is on the clock, not reading or drawing. Close other programs, and compare
    figures of one run only: the speed of a machine varies.
    """
    if android or android_tool is not None:
        from blazetrack.cli.bench_android import bench_android

        changed = (source != SOURCE, graph, people != 1, every, backend != "auto")
        if any(changed):
            raise InputError(
                "bench: --android runs the networks alone: expected no source, --graph, --people,"
                " --every or --backend"
            )
        bench_android(model, threads, frames, android_tool, as_json=as_json)
        return
    from blazetrack.backends import default_threads, installed
    from blazetrack.common.board import read_board
    from blazetrack.pipeline import finds_several, graph_for
    from blazetrack.store import Store

    graph = graph or graph_for(people, several=finds_several(model, Store()))
    before = read_board()
    rounds = []
    for count in threads or range(1, default_threads() + 1):
        for name in installed() if backend == "all" else (backend,):
            log(f"bench: {frames} frames, {count} thread(s), backend {name} …")
            options = {"model": model, "graph": graph, "people": people, "every": every}
            options["backend"] = name
            rounds.append({"backend": name, **measure(source, frames, threads=count, **options)})
    result = {
        "machine": machine(),
        "board": {"before": asdict(before), "after": asdict(read_board())},
        "source": source,
        "graph": graph,
        "every": every,
        "models": model_sizes(graph, model),
        "start": start_up(source, model, graph),
        "skipped_frame_ms": skipped_frame_ms(graph, model),
        "rounds": rounds,
    }
    if as_json:
        print_json(result)
    else:
        _print(result)


def measure(source: str, frames: int, *, threads: int, **tracker_options: Any) -> dict[str, Any]:
    """Track one source and time each frame, and its networks separately.

    Returns:
        Milliseconds as medians over the frames in which only the landmark network ran; frames per
        second and the detector's share of network time over all frames; PCK of a drawn source; a
        row per node.
    """
    import numpy as np

    from blazetrack.cli.drawn_pck import Score
    from blazetrack.graph import Trace
    from blazetrack.pipeline import PoseTracker
    from blazetrack.sources import open_source

    trace = Trace()
    whole, network, calm = [], [], []
    with (
        open_source(source, max_frames=frames + WARM_UP) as opened,
        PoseTracker(threads=threads, hooks=[trace], **tracker_options) as tracker,
    ):
        score = Score(opened, tracker.skeleton)
        for index, frame in enumerate(opened):
            spent, runs, start = tracker.network_seconds, tracker.detector_runs, time.perf_counter()
            poses = tracker(frame)
            whole_s = time.perf_counter() - start
            score.add(frame, poses)
            if index >= WARM_UP:
                whole.append(whole_s)
                network.append(tracker.network_seconds - spent)
                calm.append(tracker.detector_runs == runs and tracker.network_seconds > spent)
    if not any(calm):
        raise InputError(f"bench {source}: no person was tracked for over {WARM_UP} frames")
    frame_ms, network_ms = np.array(whole)[calm] * 1e3, np.array(network)[calm] * 1e3
    other_ms = frame_ms - network_ms
    return {
        "threads": threads,
        "frames": len(whole),
        "fps": len(whole) / sum(whole),
        "frame_ms": float(np.median(frame_ms)),
        "frame_p90_ms": float(np.percentile(whole, 90) * 1e3),
        "network_ms": float(np.median(network_ms)),
        "other_ms": float(np.median(other_ms)),
        "other_share": float(np.median(other_ms) / np.median(network_ms)),
        "detector_runs": tracker.detector_runs,
        "detector_share": tracker.detector_seconds / tracker.network_seconds,
        "pck": score.value(),
        "nodes": [asdict(node) for node in trace.summary()],
    }


def start_up(source: str, model: str | None, graph: str, repeats: int = 3) -> dict[str, float]:
    """A fresh process: seconds from its start to the first result, and its peak memory."""
    seconds, memory = [], []
    for _ in range(repeats):
        command = [sys.executable, "-c", _FIRST, str(time.time()), source, model or "", graph]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise InputError(f"bench: a fresh process failed: {last}")
        first, peak = (float(line) for line in done.stdout.split())
        seconds.append(first)
        memory.append(peak)
    return {"seconds": sorted(seconds)[repeats // 2], "peak_mib": sorted(memory)[repeats // 2]}


def skipped_frame_ms(graph: str, model: str | None = None, repeats: int = 500) -> float:
    """Milliseconds of the engine itself: a frame on which `when` switches every node off."""
    from blazetrack.graph import SerialScheduler, build_plan
    from blazetrack.nodes import NODES
    from blazetrack.pipeline import PoseTracker

    with PoseTracker(model, graph=graph) as tracker:
        spec = tracker.graph
        # A node with a `when` of its own is off too: the node that writes that stream is.
        nodes = [replace(node, when=node.when or "switch") for node in spec.nodes]
        off = replace(spec, inputs=[*spec.inputs, "switch"], nodes=nodes)
        scheduler = SerialScheduler(build_plan(off, NODES, tracker.models))
        values = dict.fromkeys(spec.inputs)
        start = time.perf_counter()
        for _ in range(repeats):
            scheduler.step(**values, switch=False)
        return (time.perf_counter() - start) / repeats * 1e3


def machine() -> dict[str, Any]:
    """Processor, its features, backend and versions."""
    from blazetrack.cli.info import collect
    from blazetrack.common.board import cpu_features, read_cpuinfo, soc_name

    facts, features = collect(), cpu_features(read_cpuinfo())
    names = ("processor", "cores", "system", "python", "blazetrack", "backends", "packages")
    return {name: facts[name] for name in names} | {"features": features, "soc": soc_name()}


def model_sizes(graph: str, model: str | None) -> list[dict[str, Any]]:
    """Name and size of each model as published, and of the file that is run."""
    from blazetrack.pipeline import PoseTracker
    from blazetrack.store import Store

    store = Store()
    with PoseTracker(model, graph=graph, store=store) as tracker:
        return [
            {
                "role": role,
                "name": used.info.name,
                "published_mb": (used.file or used.path()).stat().st_size / 1e6,
                "runs_mb": used.path().stat().st_size / 1e6,
            }
            for role, used in tracker.models.items()
        ]


def board_facts(board: Mapping[str, Any]) -> dict[str, str]:
    """Temperature, clock and throttling before and after the run, where they are known."""
    from blazetrack.common.board import BoardState

    before, after = (BoardState(**board[name]).facts() for name in ("before", "after"))
    return {name: f"{before.get(name, '?')} → {text}" for name, text in after.items()}


def _print(result: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    from blazetrack.cli.summary import facts_table

    console, start = Console(), result["start"]
    pck = result["rounds"][0]["pck"]
    lists = {k: v if isinstance(v, list) else [v] for k, v in result["machine"].items()}
    facts = {name: ", ".join(map(str, values)) for name, values in lists.items() if any(values)}
    for model in result["models"]:
        sizes = f"{model['published_mb']:.1f} MB, runs as {model['runs_mb']:.1f} MB"
        facts[f"model {model['name']}"] = sizes
    facts |= board_facts(result["board"])
    facts |= {
        "start to first result": f"{start['seconds']:.2f} s, 1 thread",
        "peak memory": f"{start['peak_mib']:.0f} MiB",
        "frame with all nodes skipped": f"{result['skipped_frame_ms']:.3f} ms",
        **({} if pck is None else {"PCK@0.2 against the drawn truth": f"{pck:.3f}"}),
    }
    console.print(facts_table(facts))
    console.print(_rounds_table(result))
    nodes = Table("node", "runs", "p50 ms", "p90 ms", "p99 ms", title="per node, first row above")
    for node in result["rounds"][0]["nodes"]:
        if node["runs"]:
            marks = (f"{node[mark]:.3f}" for mark in ("p50_ms", "p90_ms", "p99_ms"))
            nodes.add_row(node["name"], str(node["runs"]), *marks)
    console.print(nodes)


def _rounds_table(result: Mapping[str, Any]) -> Table:
    """A row per round."""
    from blazetrack.cli.summary import figures_table

    table = figures_table(
        *("backend", "threads", "frames\nper s", "frame\nms", "network\nms", "other\nms"),
        *("other /\nnetwork", "detector\nruns", "detector\nshare"),
        title=f"{result['source']}, graph {result['graph']}",
    )
    for row in result["rounds"]:
        times = (row["frame_ms"], row["network_ms"], row["other_ms"])
        cells = [row["backend"], str(row["threads"]), f"{row['fps']:.1f}"]
        cells += [f"{t:.2f}" for t in times]
        detector = (str(row["detector_runs"]), f"{row['detector_share']:.1%}")
        table.add_row(*cells, f"{row['other_share']:.1%}", *detector)
    return table
