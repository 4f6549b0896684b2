"""The three that are compared: blazetrack, `solutions` of 0.10.21 and the newest Tasks."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.footprint import sizes
from benchmarks.reference.environment import MEDIAPIPE, reference_python
from benchmarks.reference.workers import Side, write_task_bundle
from blazetrack.errors import BlazetrackError
from blazetrack.store import Store

__all__ = ["installed_bytes", "newest_tasks", "three_sides"]

ROOT = Path(__file__).resolve().parents[2]
DETECTOR = "pose_detector"  # of landmark models that name none

OURS = (
    "the default graph; the full landmark network cut to landmarks, score, world and heatmap, "
    "so the segmentation branch is not computed; heatmap refinement; smoothing; as many threads "
    "as cores"
)
OTHERS = "the default graph with {model} and {detector}; smoothing; as many threads as cores"
THEIRS = (
    "smoothing on, no mask asked for; the same weights as published, so the segmentation branch "
    "is always computed; the number of threads is its own choice"
)
SOLUTIONS = f"`solutions.pose`, `model_complexity=1`, all else by default; {THEIRS}"
TASKS = f"Tasks `PoseLandmarker`, video mode, `num_poses=1`, all else by default; {THEIRS}"


def three_sides(bundle: Path, newest: str = "", model: str = "full") -> list[Side]:
    """All sides, ready to run, ours first: environments made, weights here, bundle written.

    Args:
        bundle: where the `.task` bundle goes.
        newest: version of mediapipe for Tasks; empty is the newest published.
        model: landmark model of ours.

    Raises:
        BlazetrackError: something cannot be installed or fetched; there is no such model.
    """
    detector, store = _detector(model), Store()
    for name in (detector, model):
        store.variant(store.find(name))
    computes = OURS if model == "full" else OTHERS.format(model=model, detector=detector)
    solutions = reference_python(MEDIAPIPE)
    version, tasks = newest_tasks(bundle, newest)
    old = MEDIAPIPE.partition("==")[2]
    return [
        Side("blazetrack", Path(sys.executable), "time_blazetrack.py", computes, model),
        Side(f"solutions {old}", solutions, "time_solutions.py", SOLUTIONS),
        Side(f"tasks {version}", tasks, "time_tasks.py", TASKS, bundle),
    ]


def newest_tasks(bundle: Path, newest: str = "") -> tuple[str, Path]:
    """Version of mediapipe for Tasks and the Python that has it; the `.task` bundle is written.

    Args:
        bundle: where the `.task` bundle goes: 0.10.21, the last that holds weights, writes it.
        newest: version of mediapipe; empty is the newest published.

    Raises:
        BlazetrackError: something cannot be installed.
    """
    solutions = reference_python(MEDIAPIPE)
    version = newest or _newest(solutions)
    write_task_bundle(solutions, bundle)
    return version, reference_python(f"mediapipe=={version}")


def installed_bytes(sides: Sequence[Side]) -> dict[str, int]:
    """Side → bytes on the disk, packages and weights; ours is installed afresh to be measured."""
    ours, *theirs = sides
    out = {ours.name: _our_packages() + _our_weights(str(ours.model))}
    for side in theirs:
        code = "import sysconfig; print(sysconfig.get_path('purelib'))"
        site = subprocess.check_output([str(side.python), "-I", "-c", code], text=True).strip()
        bundle = side.model.stat().st_size if isinstance(side.model, Path) else 0
        out[side.name] = sum(sizes(Path(site)).values()) + bundle
    return out


def _newest(python: Path) -> str:
    """The newest mediapipe that has a wheel for that Python's version."""
    command = [str(python), "-I", "-m", "pip", "index", "versions", "mediapipe"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    match = re.match(r"mediapipe \(([^)]+)\)", done.stdout)
    if match is None:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise BlazetrackError(
            f"reference: expected pip to tell the newest mediapipe, it said: {last}: "
            "name a version with --newest"
        )
    return match[1]


def _our_packages() -> int:
    with tempfile.TemporaryDirectory(prefix="blazetrack-size-") as name:
        file = Path(name) / "size.json"
        command = [sys.executable, "-m", "benchmarks.footprint", "--json", str(file)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise BlazetrackError(f"versus: the size was not measured: {last}: or use --no-size")
        installed = json.loads(file.read_text(encoding="utf-8"))["installed"]
    return int(installed["blazetrack"]["bytes"])


def _our_weights(model: str) -> int:
    """The models and their slim forms: both are kept."""
    store, files = Store(), set()
    for name in (_detector(model), model):
        found = store.find(name)
        files |= {found.path, store.variant(found, found.info.outputs.keys() - {"mask"})}
    return sum(file.stat().st_size for file in files)


def _detector(model: str) -> str:
    """The detector that goes with a landmark model."""
    return Store().describe(model).detector or DETECTOR
