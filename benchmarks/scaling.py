"""Cost of a frame against its size, the number of threads and the length of the clip.

    python -m benchmarks.scaling             # sizes and threads
    python -m benchmarks.scaling --length    # memory over 10,000 frames

Each row also gives the network alone. `benchmarks.people` varies the number of people instead.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.report import check_writable, write_json
from blazetrack.backends import default_threads
from blazetrack.cli.bench import measure
from blazetrack.pipeline import PoseTracker
from blazetrack.sources import open_source

SIZES = {"360p": "640x360", "720p": "1280x720", "1080p": "1920x1080", "4K": "3840x2160"}
LENGTH = 10_000
SETTLED = 500  # frames until memory must have settled


def sizes_and_threads(frames: int) -> list[dict[str, Any]]:
    """One row per picture size and number of threads."""
    rows: list[dict[str, Any]] = []
    for name, size in SIZES.items():
        for threads in range(1, default_threads() + 1):
            row = measure(f"synthetic?size={size}&frames={frames + 10}", frames, threads=threads)
            rows.append({"size": name, **{key: row[key] for key in COLUMNS}})
    return rows


COLUMNS = ("threads", "frame_ms", "network_ms", "other_ms", "other_share", "fps")


def resident_mb() -> float:
    """Resident memory of this process in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def memory_over_length(frames: int = LENGTH) -> dict[str, float]:
    """Resident memory after the first frames and at the end of a long clip."""
    with (
        open_source(f"synthetic?size=640x480&frames={frames}") as source,
        PoseTracker(threads=1) as tracker,
    ):
        settled = 0.0
        for frame in source:
            tracker(frame)
            if frame.index == SETTLED:
                settled = resident_mb()
        return {"frames": frames, "settled_mb": settled, "growth_mb": resident_mb() - settled}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, or the growth of memory."""
    parser = argparse.ArgumentParser(prog="benchmarks.scaling", description=__doc__)
    parser.add_argument("--frames", type=int, default=60, help="frames per row")
    parser.add_argument("--length", action="store_true", help="memory over a long clip instead")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args(arguments)
    check_writable(options.json)
    if options.length:
        result: dict[str, Any] = memory_over_length()
        Console().print(result)
    else:
        rows = sizes_and_threads(options.frames)
        result = {"rows": rows}
        table = Table("size", *COLUMNS)
        for row in rows:
            cells = [f"{row[key]:.2f}" if key != "threads" else str(row[key]) for key in COLUMNS]
            table.add_row(str(row["size"]), *cells)
        Console().print(table)
    write_json(options.json, result)


if __name__ == "__main__":
    main()
