"""The processor of this machine: its name, its temperature, its clock, and what slows it down."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["BoardState", "cpu_features", "processor_name", "read_board", "read_cpuinfo",
           "read_throttling", "soc_name"]  # fmt: skip

_ROOT = Path("/")
# Raspberry Pi documentation, `vcgencmd get_throttled`: bit → meaning; 16 bits higher the same
# since the start of the system.
_THROTTLED = {
    0: "under-voltage",
    1: "frequency capped",
    2: "throttled",
    3: "soft temperature limit",
}
_TIMEOUT_S = 5.0
# The instruction sets that decide how fast a float or int8 network runs.
_FEATURES = re.compile(r"sse4_[12]|avx\w*|fma|f16c|amx\w*|neon|asimd\w*|fphp|i8mm|bf16|sve\w*")


@dataclass(frozen=True, slots=True)
class BoardState:
    """What the system reports at one moment; None or empty where it reports nothing.

    Attributes:
        temperature_c: of the hottest sensor, in degrees Celsius.
        clock_mhz: of the fastest core.
        max_clock_mhz: the highest that is allowed.
        throttling: what slows a Raspberry Pi down, now or since its start; `none`, or empty where
            this is not known.
    """

    temperature_c: float | None = None
    clock_mhz: float | None = None
    max_clock_mhz: float | None = None
    throttling: str = ""

    def facts(self) -> dict[str, str]:
        """The known values as text."""
        facts = {}
        if self.temperature_c is not None:
            facts["temperature"] = f"{self.temperature_c:.1f} °C"
        if self.clock_mhz is not None:
            limit = f" of {self.max_clock_mhz:.0f}" if self.max_clock_mhz else ""
            facts["clock"] = f"{self.clock_mhz:.0f}{limit} MHz"
        if self.throttling:
            facts["throttling"] = self.throttling
        return facts


def cpu_features(cpuinfo: str) -> list[str]:
    """The instruction sets relevant to networks in the text of `/proc/cpuinfo`."""
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    return [flag for flag in flags[1].split() if _FEATURES.fullmatch(flag)] if flags else []


def read_cpuinfo() -> str:
    """The text of `/proc/cpuinfo`; empty on systems without it."""
    return _text(Path("/proc/cpuinfo"))


def processor_name(cpuinfo: str | None = None, root: Path = _ROOT) -> str:
    """The board of a single-board computer, else the processor.

    Args:
        cpuinfo: text of `/proc/cpuinfo`; None reads it.
        root: folder in which the system's files are.
    """
    text = read_cpuinfo() if cpuinfo is None else cpuinfo
    for name in (_field("Model", text), _device_tree(root), _field("model name", text)):
        if name:
            return name
    return platform.processor() or platform.machine()


def soc_name(root: Path = _ROOT) -> str:
    """The chip of a board, as its device tree names it; empty on other machines."""
    words = _text(root / "proc" / "device-tree" / "compatible").strip("\0 \n").split("\0")
    return words[-1].rpartition(",")[2]


def read_board(
    root: Path = _ROOT, throttling: Callable[[], int | None] | None = None
) -> BoardState:
    """Temperature, clock and throttling.

    Args:
        root: folder in which the system's files are.
        throttling: reads the bits of `vcgencmd get_throttled`; None is `read_throttling`.
    """
    sensors = _numbers(root, "sys/class/thermal/thermal_zone*/temp")
    cores = "sys/devices/system/cpu/cpu[0-9]*/cpufreq"
    clocks = _numbers(root, f"{cores}/scaling_cur_freq")
    limits = _numbers(root, f"{cores}/scaling_max_freq")
    bits = (throttling or read_throttling)()
    return BoardState(
        temperature_c=max(sensors) / 1000 if sensors else None,
        clock_mhz=max(clocks) / 1000 if clocks else None,
        max_clock_mhz=max(limits) / 1000 if limits else None,
        throttling="" if bits is None else _throttling_text(bits),
    )


def read_throttling() -> int | None:
    """The bits that a Raspberry Pi's firmware reports; None on other machines."""
    program = shutil.which("vcgencmd")
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, "get_throttled"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"throttled=(0x[0-9a-fA-F]+)", done.stdout)
    return int(found[1], 16) if found else None


def _throttling_text(bits: int) -> str:
    now = [name for bit, name in _THROTTLED.items() if bits >> bit & 1]
    past = [name for bit, name in _THROTTLED.items() if bits >> (bit + 16) & 1]
    past = [name for name in past if name not in now]
    parts = [f"{', '.join(names)} {when}" for names, when in ((now, "now"), (past, "before"))
             if names]  # fmt: skip
    return "; ".join(parts) or "none"


def _field(name: str, cpuinfo: str) -> str:
    """A field of `/proc/cpuinfo`."""
    found = re.search(rf"^{name}\s*:[ \t]*(\S.*)$", cpuinfo, re.MULTILINE)
    return found[1].strip() if found else ""


def _device_tree(root: Path) -> str:
    """The model of a board, as its device tree gives it; ends with a zero byte."""
    return _text(root / "proc" / "device-tree" / "model").strip("\0 \n")


def _numbers(root: Path, pattern: str) -> list[float]:
    """The numbers in all files of a pattern."""
    texts = (_text(path).strip() for path in root.glob(pattern))
    return [float(text) for text in texts if re.fullmatch(r"-?\d+", text)]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
