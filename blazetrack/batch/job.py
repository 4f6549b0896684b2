"""What a batch does with each input: its options, its inputs, their outcomes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from blazetrack._version import __version__
from blazetrack.angles import parse_angle
from blazetrack.errors import InputError, did_you_mean
from blazetrack.pipeline import PoseTracker
from blazetrack.sinks import SINKS, Sink, open_sink
from blazetrack.sinks.picture import PICTURE_ENDINGS
from blazetrack.store import Store
from blazetrack.store.cache import sha256_of

__all__ = ["Item", "Job", "Outcome", "ResultFile", "check_formats", "known_formats",
           "options_key"]  # fmt: skip

# Options of `PoseTracker` that its graph and models do not show, and their defaults.
_BESIDE_GRAPH = {"backend": "auto", "smoothing": None, "static": False}


@dataclass(frozen=True, slots=True)
class Item:
    """One input of a batch.

    Attributes:
        source: the text that names it; relative to the job's folder.
        shown: the same for messages and the index, without a password.
        key: identifies it in the folder: its real path, or for no file a hash of its text.
        identity: size and time of change of a file; another one is another input.
        name: path of its results in the output folder, with `/`, without their ending; before
            `name_results`, the path that it is made from.
        size: bytes, 0 where unknown.
        is_file: it is a path, whatever its text.
    """

    source: str
    shown: str
    key: str
    identity: str
    name: str
    size: int = 0
    is_file: bool = True


@dataclass(frozen=True, slots=True)
class ResultFile:
    """A written file: its name behind that of the input, its bytes and their SHA-256."""

    ending: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an input.

    Attributes:
        item: the input.
        status: `done`, `failed` where the input is at fault, `stop` where the batch cannot go on.
        error: one line, empty when done.
        part: name of the folder below `PARTS` with the results, when done.
        files: the results, in the order of the formats; some formats write a file per person.
        frames: tracked frames.
        frames_with_people: of them, those with at least one person.
        people: number of ids.
        unreadable: pictures or packets that could not be read.
        warnings: lines of the source.
        seconds: wall time.
    """

    item: Item
    status: Literal["done", "failed", "stop"]
    error: str = ""
    part: str = ""
    files: tuple[ResultFile, ...] = ()
    frames: int = 0
    frames_with_people: int = 0
    people: int = 0
    unreadable: int = 0
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Job:
    """What every process of a batch needs.

    Attributes:
        out: the output folder.
        formats: endings of the results, such as `.jsonl`.
        options: of `PoseTracker`.
        angles: further angles of tables, such as `lean=mid_hip,nose`.
        offline: never use the network.
        folder: the working folder that relative paths start from.
        key: see `options_key`; empty where it is not known yet.
        version: of blazetrack; all processes must have the same.
    """

    out: Path
    formats: tuple[str, ...]
    options: Mapping[str, Any]
    angles: tuple[str, ...] = ()
    offline: bool = False
    folder: str = field(default_factory=os.getcwd)
    key: str = ""
    version: str = __version__

    def open_tracker(self) -> PoseTracker:
        """A tracker with one thread, as all processes of the batch use it."""
        return PoseTracker(threads=1, store=Store(offline=self.offline or None), **self.options)

    def open_sinks(self, tracker: PoseTracker, base: Path) -> list[Sink]:
        """A sink per format; their files begin with the path `base`."""
        angles = [parse_angle(text) for text in self.angles]
        sinks = []
        for ending in self.formats:
            path = base.with_name(base.name + ending)
            sinks.append(open_sink(path, skeleton=tracker.skeleton, angles=angles))
        return sinks


def known_formats() -> list[str]:
    """The endings of sinks that take all frames of a clip."""
    return [key for key in SINKS if key.startswith(".") and key not in PICTURE_ENDINGS]


def check_formats(formats: Sequence[str]) -> tuple[str, ...]:
    """The endings of the results, each once.

    Raises:
        InputError: an ending without a sink that takes all frames of a clip.
    """
    known = known_formats()
    found = []
    for text in formats:
        ending = f".{text.lower().removeprefix('.')}"
        if ending not in known:
            raise InputError(
                f"--format: expected one of {' '.join(known)}, got '{text}'; "
                f"{did_you_mean(ending, known)}"
            )
        found.append(ending)
    return tuple(dict.fromkeys(found))


def options_key(job: Job, tracker: PoseTracker) -> str:
    """Identifies all that decides on a result: graph, models by content, backend, formats."""
    graph = asdict(tracker.graph)
    for name in ("source", "description", "renamed"):
        del graph[name]
    models = {
        role: [repr(model.info), "" if model.file is None else sha256_of(model.file)]
        for role, model in tracker.models.items()
    }
    given = {name: job.options.get(name, default) for name, default in _BESIDE_GRAPH.items()}
    parts = [graph, models, given, job.formats, job.angles]
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
