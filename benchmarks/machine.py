"""What a measurement was taken on, for result files; no name and no folder of the machine."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from blazetrack.cli.info import collect

__all__ = ["describe", "features"]

# The instruction sets that decide how fast a float or int8 network runs on a CPU.
FEATURES = re.compile(r"sse4_[12]|avx\w*|fma|f16c|amx\w*|neon|asimd\w*|fphp|i8mm|bf16|sve\w*")


def describe() -> dict[str, Any]:
    """Processor, cores, features, system, and how busy it is."""
    facts = collect()
    try:
        cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        cpuinfo = ""
    return {
        "processor": facts["processor"],
        "cores": facts["cores"],
        "features": features(cpuinfo),
        "system": facts["system"],
        "load before (1, 5, 15 minutes)": [round(load, 2) for load in os.getloadavg()],
    }


def features(cpuinfo: str) -> list[str]:
    """The instruction sets that matter to networks, out of the text of `/proc/cpuinfo`."""
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    return [flag for flag in flags[1].split() if FEATURES.fullmatch(flag)] if flags else []
