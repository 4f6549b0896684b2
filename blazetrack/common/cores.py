"""The cores of this machine."""

from __future__ import annotations

import os

__all__ = ["usable_cores"]


def usable_cores() -> int:
    """The cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))  # respects taskset and containers; Linux only
    except AttributeError:
        return os.cpu_count() or 1
