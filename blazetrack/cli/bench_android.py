"""`blazetrack bench --android`: the networks alone, on a phone, by TensorFlow Lite's program."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from blazetrack.cli.options import log, print_json
from blazetrack.common.adb import Adb
from blazetrack.errors import InputError

__all__ = ["bench_android", "parse_timings"]

FOLDER = "/data/local/tmp"
# Where the program may be: pushed by this command, by hand, or by litert-cli.
PROGRAMS = (f"{FOLDER}/blazetrack/benchmark_model", f"{FOLDER}/benchmark_model",
            f"{FOLDER}/litert-cli/benchmark_model")  # fmt: skip
THREADS = (1, 2, 4)
_SUMMARY = re.compile(
    r"Init: (?P<init>\S+), First inference: (?P<first>\S+), .*Inference \(avg\): (?P<mean>\S+)"
)
_COUNT = re.compile(r"count=(?P<runs>\d+) first=.*")
_FIELD = re.compile(r"(\w+)=(\S+)")


def bench_android(
    model: str | None,
    threads: Sequence[int] | None,
    runs: int,
    tool: Path | None,
    *,
    as_json: bool = False,
) -> None:
    """Measure the networks of the graph `pose` on the connected phone, and print the result.

    Args:
        model: landmark model; None is that of the graph.
        threads: one round for each; None is `THREADS`.
        runs: of each network.
        tool: TensorFlow Lite's program `benchmark_model` for Android; None is the one that is on
            the phone, or the one of litert-cli.

    Raises:
        InputError: there is no phone or no program, or it failed.
    """
    from blazetrack.heads import head_of
    from blazetrack.pipeline import load_graph
    from blazetrack.pipeline.model_choice import open_models
    from blazetrack.store import Store

    if tool is not None and not tool.is_file():
        raise InputError(f"bench: --android-tool {tool}: no such file")
    device = Adb()
    models = open_models(load_graph("pose"), model, None, Store(), "auto", None)
    files = {}
    for role, one in models.items():
        one.want(*head_of(one.info).reads(one.info))
        files[role] = one.path()
    program = _program(device, tool, files["landmarks"])
    before = device.state()
    rounds = []
    for role, file in files.items():
        device.push(file, _remote(role))
    for count in threads or THREADS:
        log(f"bench: {runs} runs of each network, {count} thread(s), on {device.serial} …")
        times = {role: _measure(device, program, role, count, runs) for role in files}
        rounds.append({"backend": "benchmark_model", "threads": count, "networks": times})
    device.shell("rm", "-f", *map(_remote, files))
    result = {
        "machine": _machine(device),
        "board": {"before": asdict(before), "after": asdict(device.state())},
        "source": "networks alone",
        "models": [{"role": role, "name": one.info.name} for role, one in models.items()],
        "rounds": rounds,
    }
    if as_json:
        print_json(result)
    else:
        _print(result)


def parse_timings(output: str) -> dict[str, float | None]:
    """Milliseconds from the output of `benchmark_model`.

    Args:
        output: all lines; of a run of older versions without percentiles too.

    Returns:
        `runs`, `init_ms`, `first_ms`, `mean_ms`, and `median_ms` and `p95_ms`, which are None where
        the version does not print them.

    Raises:
        InputError: it has no result.
    """
    summary = _SUMMARY.search(output)
    counts = [match for line in output.splitlines() if (match := _COUNT.search(line))]
    if summary is None or not counts:
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        last = lines[-1] if lines else "nothing"
        raise InputError(f"bench: expected the times of benchmark_model, got: {last[:200]}")
    fields = dict(_FIELD.findall(counts[-1][0]))  # the first one may be the warm-up
    times: dict[str, float | None] = {"runs": int(counts[-1]["runs"])}
    for name in ("init", "first", "mean"):
        times[f"{name}_ms"] = float(summary[name].rstrip(",")) / 1e3
    for name in ("median", "p95"):
        times[f"{name}_ms"] = float(fields[name]) / 1e3 if name in fields else None
    return times


def _remote(role: str) -> str:
    return f"{FOLDER}/blazetrack/{role}.tflite"


def _program(device: Adb, tool: Path | None, model: Path) -> str:
    """Path of the program on the phone, which it is copied to if need be."""
    device.shell("mkdir", "-p", f"{FOLDER}/blazetrack")
    if tool is not None:
        device.push(tool, PROGRAMS[0])
        device.shell("chmod", "755", PROGRAMS[0])
        return PROGRAMS[0]
    found = device.find([*PROGRAMS])
    if found is None and (litert := shutil.which("litert")):
        log("bench: litert-cli copies its benchmark_model to the phone …")
        command = [litert, "benchmark", str(model), "--android", "--cpu"]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        found = device.find([*PROGRAMS])
    if found is None:
        raise InputError(
            "bench: expected benchmark_model on the phone, found none; give TensorFlow Lite's"
            " program for Android by --android-tool FILE, or pip install litert-cli"
        )
    return found


def _measure(device: Adb, program: str, role: str, threads: int, runs: int) -> dict[str, Any]:
    options = (f"--graph={_remote(role)}", f"--num_threads={threads}", f"--num_runs={runs}")
    return parse_timings(device.shell(program, *options, "--use_xnnpack=true"))


def _machine(device: Adb) -> dict[str, Any]:
    from blazetrack import __version__
    from blazetrack.common.board import cpu_features

    maker, name = device.property("ro.product.manufacturer"), device.property("ro.product.model")
    soc = device.property("ro.soc.model", "ro.board.platform")
    return {
        "processor": f"{maker} {name}".strip(),
        "soc": soc,
        "cores": _cores(device.shell("cat", "/sys/devices/system/cpu/present")),
        "system": f"Android {device.property('ro.build.version.release')}",
        "abi": device.property("ro.product.cpu.abi"),
        "features": cpu_features(device.shell("cat", "/proc/cpuinfo")),
        "blazetrack": __version__,
    }


def _cores(ranges: str) -> int:
    """Number of cores in a list such as `0-3,5`."""
    pairs = [part.partition("-") for part in ranges.strip().split(",")]
    return sum(int(last or first) - int(first) + 1 for first, _, last in pairs)


def _print(result: Mapping[str, Any]) -> None:
    from rich.console import Console

    from blazetrack.cli.bench import board_facts
    from blazetrack.cli.summary import facts_table, figures_table

    console = Console()
    lists = {k: v if isinstance(v, list) else [v] for k, v in result["machine"].items()}
    facts: dict[str, str | None] = {
        name: ", ".join(map(str, values)) for name, values in lists.items() if any(values)
    }
    names = {model["role"]: model["name"] for model in result["models"]}
    console.print(facts_table(facts | board_facts(result["board"])))
    columns = ("runs/s", "mean ms", "median ms", "p95 ms", "first ms", "init ms")
    title = "benchmark_model: networks alone, without the pipeline"
    table = figures_table("threads", "network", *columns, title=title)
    for row in result["rounds"]:
        for role, times in sorted(row["networks"].items(), reverse=True):
            shown = ("mean_ms", "median_ms", "p95_ms", "first_ms", "init_ms")
            cells = [str(row["threads"]), names[role], f"{1e3 / times['mean_ms']:.1f}"]
            table.add_row(*cells, *("–" if times[n] is None else f"{times[n]:.2f}" for n in shown))
    console.print(table)
