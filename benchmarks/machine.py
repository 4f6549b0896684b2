"""Machine and package versions for result files; no host name and no folder."""

from __future__ import annotations

import os
import re
from typing import Any

from blazetrack.cli.info import collect, installed_version
from blazetrack.common.board import read_cpuinfo

__all__ = ["cpu_features", "describe_machine", "package_versions"]

# The instruction sets that decide how fast a float or int8 network runs on a CPU.
FEATURES = re.compile(r"sse4_[12]|avx\w*|fma|f16c|amx\w*|neon|asimd\w*|fphp|i8mm|bf16|sve\w*")
PACKAGES = ("blazetrack", "numpy", "opencv-python", "opencv-python-headless", "ai-edge-litert")


def describe_machine() -> dict[str, Any]:
    """Processor, cores, features, system and load."""
    facts = collect()
    return {
        "processor": facts["processor"],
        "cores": facts["cores"],
        "features": cpu_features(read_cpuinfo()),
        "system": facts["system"],
        "load before (1, 5, 15 minutes)": [round(load, 2) for load in os.getloadavg()],
    }


def cpu_features(cpuinfo: str) -> list[str]:
    """The instruction sets relevant to networks in the text of `/proc/cpuinfo`."""
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    return [flag for flag in flags[1].split() if FEATURES.fullmatch(flag)] if flags else []


def package_versions(*more: str) -> dict[str, str]:
    """Versions of blazetrack, its main dependencies and `more`, where installed."""
    names = (*PACKAGES, *more)  # OpenCV has one of two names
    return {name: found for name in names if (found := installed_version(name))}
