"""Latency of the live page, from a browser camera's picture to its landmarks on the screen.

    python -m benchmarks.live [--seconds S] [--viewers N] [--model M] [--json FILE]

A server process and headless Chromium on the loopback; the camera shows the drawn person. The page
itself measures from the arrival of a frame in it until its landmarks are drawn. First one viewer,
then N at once for S seconds: every viewer must get its share of frames, and neither latency nor the
server's memory may grow.

Exit code 1 if a limit does not hold, 2 if it could not be measured.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.browser import Served, open_browser, serve, until, write_clip
from benchmarks.report import check_writable, write_json
from blazetrack.errors import BlazetrackError

MARGIN_MS = 25.0  # added to the networks' own time
SETTLE_S = 5.0
MAX_GROWTH = 1.2  # second half ÷ first half
MIN_SHARE = 0.5  # of the mean number of frames per viewer
# Latencies and network times since the last call.
TAKE = """const page = window.blazetrack;
const taken = [page.latencies.splice(0), page.networks.splice(0), page.frames];
page.frames = 0; return taken;"""


def begin(page: Any) -> None:
    """Start the camera of a page."""
    until(page, "page.hello")
    page.find_element("id", "start").click()
    until(page, "page.camera.running && page.latencies.length > 3", 90)


def measure(served: Served, clip: Path, viewers: int, seconds: float) -> dict[str, Any]:
    """Run `viewers` pages at once for `seconds`."""
    with ExitStack() as stack:
        pages = [stack.enter_context(open_browser(clip)) for _ in range(viewers)]
        for page in pages:
            page.get(served.url)
            begin(page)
        time.sleep(SETTLE_S)
        for page in pages:
            page.execute_script(TAKE)
        memory, rounds = [served.rss_mb()], []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(min(5.0, max(0.1, end - time.monotonic())))
            rounds.append([page.execute_script(TAKE) for page in pages])
            memory.append(served.rss_mb())
    halves = [rounds[: len(rounds) // 2 or 1], rounds[len(rounds) // 2 :]]
    latency = [median(ms for one in half for page in one for ms in page[0]) for half in halves]
    frames = [sum(one[k][2] for one in rounds) for k in range(viewers)]
    return {
        "viewers": viewers,
        "seconds": seconds,
        "latency_ms": median(ms for one in rounds for page in one for ms in page[0]),
        "latency_first_half_ms": latency[0],
        "latency_second_half_ms": latency[-1],
        "network_ms": median(ms for one in rounds for page in one for ms in page[1]),
        "frames": frames,
        "fps": [round(count / seconds, 1) for count in frames],
        "memory_first_mb": memory[0],
        "memory_last_mb": memory[-1],
    }


def verdicts(one: dict[str, Any], many: dict[str, Any]) -> dict[str, bool]:
    """Limit in words → whether it holds."""
    grown = many["latency_second_half_ms"] / many["latency_first_half_ms"]
    fair = min(many["frames"]) / (sum(many["frames"]) / len(many["frames"]))
    return {
        f"one viewer: latency <= networks + {MARGIN_MS:.0f} ms": one["latency_ms"]
        <= one["network_ms"] + MARGIN_MS,
        f"{many['viewers']} viewers: latency does not grow": grown <= MAX_GROWTH,
        f"{many['viewers']} viewers: memory does not grow": many["memory_last_mb"]
        <= 1.05 * many["memory_first_mb"],
        f"{many['viewers']} viewers: each gets its share of frames": fair >= MIN_SHARE,
    }


def main(args: list[str] | None = None) -> int:
    """Measure and print; the exit code."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.live", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--viewers", type=int, default=4)
    parser.add_argument("--model", default="full")
    parser.add_argument("--json", type=Path)
    wanted = parser.parse_args(args)
    check_writable(wanted.json)
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mjpeg"
        write_clip(clip)
        with serve("--threads", "1", "--model", wanted.model) as served:
            one = measure(served, clip, 1, wanted.seconds / 2)
        with serve("--threads", "1", "--model", wanted.model) as served:
            many = measure(served, clip, wanted.viewers, wanted.seconds)
    table = Table("", "1 viewer", f"{wanted.viewers} viewers")
    for name in one:
        if name not in ("viewers", "frames"):
            table.add_row(name, *(_text(each[name]) for each in (one, many)))
    Console().print(table)
    held = verdicts(one, many)
    for name, holds in held.items():
        print(f"{'yes' if holds else 'NO ':3}  {name}")
    write_json(wanted.json, {"one": one, "many": many, "holds": held})
    return 0 if all(held.values()) else 1


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else f"{value:.1f}"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (BlazetrackError, RuntimeError) as error:
        print(f"benchmarks.live: {error}", file=sys.stderr)
        sys.exit(2)
