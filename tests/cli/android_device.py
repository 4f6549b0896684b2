"""A stand-in for the program adb, with one phone: python android_device.py FOLDER WORDS…

FOLDER holds `devices`, what `adb devices` prints; files that were pushed; `commands`, all that ran.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

PROPERTIES = {
    "ro.product.manufacturer": "Maker",
    "ro.product.model": "Phone 1",
    "ro.board.platform": "chip42",
    "ro.build.version.release": "15",
    "ro.product.cpu.abi": "arm64-v8a",
}
FILES = {
    "/proc/cpuinfo": "processor : 0\nFeatures : fp asimd asimddp fphp\n",
    "/sys/devices/system/cpu/present": "0-3,6-7\n",
}
SERVICES = {
    "battery": "Current Battery Service state:\n  level: 80\n  temperature: 287\n",
    "thermalservice": "IsStatusOverride: false\nThermal Status: 1\n",
}
# In the format of TensorFlow Lite 2.17; older versions print no percentiles.
TIMINGS = """INFO: STARTING!
INFO: Graph: [{graph}]
INFO: Initialized session in 5.579ms.
INFO: count=9 first=20000 curr=9000 min=9000 max=20000 avg=10000 std=1 p5=9000 median=9100 p95=19000

INFO: count={runs} first=9500 curr=9000 min=8000 max=12000 avg={mean} std=70 p5=8100 \
median={median} p95=11000

INFO: Inference timings in us: Init: 5579, First inference: 20000, Warmup (avg): 10000, \
Inference (avg): {mean}
INFO: Memory footprint delta from the start of the tool (MB): init=6.3 overall=19.8
"""


def shell(folder: Path, command: str) -> int:
    program, *words = shlex.split(command)
    if program == "getprop":
        print(PROPERTIES.get(words[0], ""))
    elif program == "cat":
        print(FILES[words[0]], end="")
    elif program == "dumpsys":
        print(SERVICES[words[0]], end="")
    elif program == "test":
        return int(not (folder / Path(words[1]).name).exists())
    elif Path(program).name == "benchmark_model":
        options = dict(word.lstrip("-").split("=") for word in words)
        if not (folder / Path(options["graph"]).name).exists():
            print(f"ERROR: Failed to load model {options['graph']}")
            return 1
        mean = 2e4 / int(options["num_threads"]) / (1 if "landmarks" in options["graph"] else 2)
        text = TIMINGS.format(
            graph=options["graph"], runs=options["num_runs"], mean=f"{mean:.5e}", median=mean - 500
        )
        print(text)
    return 0


def main(folder: Path, words: list[str]) -> int:
    if words == ["devices"]:
        print((folder / "devices").read_text(), end="")
        return 0
    _, serial, verb, *rest = words
    with open(folder / "commands", "a") as file:
        print(serial, verb, *rest, file=file)
    if verb == "push":
        shutil.copyfile(rest[0], folder / Path(rest[1]).name)
        return 0
    return shell(folder, rest[0])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
