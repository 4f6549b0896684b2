"""The compared implementations: blazetrack, `solutions` of mediapipe 0.10.21, the newest Tasks."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.reference.environment import MEDIAPIPE, reference_python
from benchmarks.reference.installed_size import blazetrack_sizes, package_sizes, site_packages
from benchmarks.reference.landmark_files import COMPLEXITIES, install_landmark_files
from benchmarks.reference.worker_process import last_line
from benchmarks.reference.workers import Implementation, write_task_bundle
from blazetrack.backends import installed
from blazetrack.errors import BlazetrackError
from blazetrack.store import Store

__all__ = ["implementations", "installed_bytes", "newest_tasks"]

DETECTOR = "pose_detector"  # of landmark models that name none

PUBLISHED = (
    "the default graph on {backend}; the landmark network `{model}` cut to landmarks, score, world "
    "and heatmap, so the segmentation branch is not computed; heatmap refinement; smoothing; as "
    "many threads as cores"
)
OTHER_MODEL = (
    "the default graph on {backend} with {model} and {detector}; smoothing; as many threads as "
    "cores"
)
MEDIAPIPE_WORK = (
    "smoothing on, segmentation mask off; the same weights as published, so the segmentation "
    "branch is always computed; MediaPipe's default number of threads"
)
SOLUTIONS = "`solutions.pose`, `model_complexity={complexity}`, other options default; {work}"
TASKS = (
    "Tasks `PoseLandmarker` with `{model}`, video mode, `num_poses=1`, other options default; "
    "{work}"
)


def implementations(bundle: Path, newest: str = "", model: str = "full") -> list[Implementation]:
    """All of them, ready to run, blazetrack first: environments, weights and bundle are in place.

    blazetrack runs once per installed backend. MediaPipe runs the network of the same name, and
    `full` beside a model that it does not have.

    Args:
        bundle: path for the `.task` bundle.
        newest: version of mediapipe for Tasks; empty is the newest published.
        model: blazetrack's landmark model.

    Raises:
        BlazetrackError: something cannot be installed or fetched; there is no such model.
    """
    detector, store = _detector(model), Store()
    for name in (detector, model):
        store.variant(store.find(name))
    solutions = reference_python(MEDIAPIPE)
    theirs = model if model in COMPLEXITIES else "full"
    if theirs != "full":
        install_landmark_files(solutions)
    version, tasks = newest_tasks(bundle, newest, theirs)
    old, complexity = MEDIAPIPE.partition("==")[2], COMPLEXITIES.index(theirs)
    words = {"complexity": complexity, "model": theirs, "work": MEDIAPIPE_WORK}
    by_solutions, by_tasks = SOLUTIONS.format(**words), TASKS.format(**words)
    return [
        *_blazetrack(model, detector),
        Implementation(
            f"solutions {old}", solutions, "time_solutions.py", by_solutions, str(complexity)
        ),
        Implementation(f"tasks {version}", tasks, "time_tasks.py", by_tasks, bundle),
    ]


def _blazetrack(model: str, detector: str) -> list[Implementation]:
    """blazetrack on its default backend, and on OpenVINO where it is installed."""
    text = PUBLISHED if model in COMPLEXITIES else OTHER_MODEL
    found = installed() or ("auto",)
    backends = [name for name in found if name in (*found[:1], "openvino")]
    return [
        Implementation(
            "blazetrack" if len(backends) == 1 else f"blazetrack {backend}",
            Path(sys.executable),
            "time_blazetrack.py",
            text.format(backend=backend, model=model, detector=detector),
            model,
            backend,
        )
        for backend in backends
    ]


def newest_tasks(bundle: Path, newest: str = "", model: str = "full") -> tuple[str, Path]:
    """Version of mediapipe for Tasks and the Python that has it; writes the `.task` bundle.

    Args:
        bundle: path for the `.task` bundle, written by 0.10.21, the last release with weights.
        newest: version of mediapipe; empty is the newest published.
        model: the bundle's landmark network, a name of `COMPLEXITIES`.

    Raises:
        BlazetrackError: something cannot be installed.
    """
    solutions = reference_python(MEDIAPIPE)
    version = newest or _newest(solutions)
    write_task_bundle(solutions, bundle, model)
    return version, reference_python(f"mediapipe=={version}")


def installed_bytes(compared: Sequence[Implementation]) -> dict[str, int]:
    """Name → bytes on disk, packages and weights; blazetrack is installed afresh for it."""
    ours, *others = compared
    out = {ours.name: sum(blazetrack_sizes().values()) + _our_weights(str(ours.model))}
    for one in others:
        if one.backend:  # the default dependencies have the first backend only
            continue
        bundle = one.model.stat().st_size if isinstance(one.model, Path) else 0
        out[one.name] = sum(package_sizes(site_packages(one.python)).values()) + bundle
    return out


def _newest(python: Path) -> str:
    """The newest mediapipe that has a wheel for that Python's version."""
    command = [str(python), "-I", "-m", "pip", "index", "versions", "mediapipe"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    match = re.match(r"mediapipe \(([^)]+)\)", done.stdout)
    if match is None:
        raise BlazetrackError(
            "reference: expected the newest version of mediapipe from pip, got: "
            f"{last_line(done.stderr)}: name a version with --newest"
        )
    return match[1]


def _our_weights(model: str) -> int:
    """Bytes of the models and of their slim copies: both are kept."""
    store, files = Store(), set()
    for name in (_detector(model), model):
        found = store.find(name)
        files |= {found.path, store.variant(found, found.info.outputs.keys() - {"mask"})}
    return sum(file.stat().st_size for file in files)


def _detector(model: str) -> str:
    """The detector that goes with a landmark model."""
    return Store().describe(model).detector or DETECTOR
