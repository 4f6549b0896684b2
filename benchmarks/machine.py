"""Machine and package versions for result files; no host name and no folder."""

from __future__ import annotations

import os
from typing import Any

from blazetrack.cli.info import collect, installed_version
from blazetrack.common.board import cpu_features, read_cpuinfo

__all__ = ["describe_machine", "package_versions"]

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


def package_versions(*more: str) -> dict[str, str]:
    """Versions of blazetrack, its main dependencies and `more`, where installed."""
    names = (*PACKAGES, *more)  # OpenCV has one of two names
    return {name: found for name in names if (found := installed_version(name))}
