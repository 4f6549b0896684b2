"""`PoseTracker`: load a graph, give it frames, get people: the five-line API."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.backends import FileModel
from blazetrack.detect.detector import Detector
from blazetrack.errors import GraphError, InputError, did_you_mean
from blazetrack.graph import GraphSpec, Hook, SerialScheduler, build_plan, load_graph_spec
from blazetrack.graph.ports import read_signature
from blazetrack.nodes import NODES
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.smooth import PoseSmoother
from blazetrack.sources import frame_from_array
from blazetrack.store import Store, StoredModel
from blazetrack.track.follow import Lock
from blazetrack.types import Frame, Poses

__all__ = ["PoseTracker", "find_graph", "graph_for", "shipped_graphs"]

# Whoever is to be followed is told apart from so many, themselves included.
TO_CHOOSE_FROM = 4


def shipped_graphs() -> dict[str, Path]:
    """Graphs that come with the package, by name."""
    folder = Path(__file__).parent / "graphs"
    if not folder.is_dir():  # a checkout: the graphs stand beside the package
        folder = folder.parent.parent / "graphs"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def find_graph(name_or_path: str | Path) -> Path:
    """The file of a graph: one that ships with the package by name, or a path."""
    text, shipped = str(name_or_path), shipped_graphs()
    if text in shipped:
        return shipped[text]
    path = Path(text)
    if path.is_file():
        return path
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
        raise GraphError(f"graph {text}: no such file")
    raise GraphError(f"no graph '{text}'; {did_you_mean(text, shipped)}")


def graph_for(people: int, follow: int | str | None = None) -> str:
    """The graph for so many people, or for one of them."""
    return "pose" if people == 1 and follow is None else "pose_multi"


class PoseTracker:
    """Track people through frames.

    Args:
        model: landmark model, by name in the store or path; None is the graph's own.
        graph: a graph that ships with the package, or a path to a YAML file; None is `pose` for
            one person and `pose_multi` for more, or to choose one of them.
        people: how many to follow at most; None is one, or with `follow` a few to choose from.
        follow: let only this person through: an id, `largest`, `center` or `x,y` in pixels.
        tiles: look for small people too, in so many parts along the longer side of the picture.
        detector: detector model, as `model`; None is the one that goes with the model, else the
            graph's own.
        threads: cores for the networks; None takes what this process may use, at most 4.
        backend: `auto`, `litert`, `tflite_runtime` or `tensorflow`.
        masks: also compute a segmentation mask per person.
        options: `{"node.option": value}`, over what the graph's text says.
        store: where models are; None is the user's own cache.
        hooks: told of every node of every frame, such as a `Trace`.
        clock: seconds, for `process` without a time.

    Raises:
        GraphError: the graph is wrong, or an option does not fit.
        ModelError: a model is missing or broken.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        graph: str | Path | None = None,
        people: int | None = None,
        follow: int | str | None = None,
        tiles: int | None = None,
        detector: str | Path | None = None,
        threads: int | None = None,
        backend: str = "auto",
        masks: bool = False,
        options: Mapping[str, Any] | None = None,
        store: Store | None = None,
        hooks: Iterable[Hook] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if people is None:
            people = 1 if follow is None else TO_CHOOSE_FROM
        if people < 1:
            raise InputError(f"tracker: people must be 1 or more, got {people}")
        spec = load_graph_spec(find_graph(graph or graph_for(people, follow)))
        asked = {
            "masks": masks or None,
            "max_people": people if people != 1 else None,
            "follow": follow,
            "tiles": tiles,
        }
        for option, value in asked.items():
            if value is not None:
                spec = _set_where_known(spec, option, value)
        spec = spec.with_options(options or {})
        self._models = _open_models(spec, model, detector, store or Store(), backend, threads)
        plan = build_plan(spec, NODES, self._models)
        self._scheduler = SerialScheduler(plan, hooks)
        self._detectors = [n.spec.name for n in plan.nodes if isinstance(n.call, Detector)]
        self._locks = [n.call for n in plan.nodes if isinstance(n.call, Lock)]
        self._smoothers = [n.call for n in plan.nodes if isinstance(n.call, PoseSmoother)]
        self._clock = clock
        self._closed = False
        self._count = 0
        self._last_s: float | None = None
        self._zero_s: float | None = None
        self.time_faults = 0

    @property
    def graph(self) -> GraphSpec:
        """The graph as it runs, with all overrides in it."""
        return self._scheduler.plan.spec

    @property
    def skeleton(self) -> Skeleton:
        """The keypoint set of the results."""
        infos = (model.info for model in self._models.values())
        return next((info.skeleton for info in infos if info.skeleton), BLAZEPOSE33)

    @property
    def detector_runs(self) -> int:
        """How often a detector ran since the tracker was made."""
        return sum(self._scheduler.runs[name] for name in self._detectors)

    @property
    def models(self) -> Mapping[str, FileModel]:
        """The networks by their role in the graph."""
        return self._models

    @property
    def network_seconds(self) -> float:
        """How long the networks themselves took, over all runs but the first of each."""
        return sum(model.seconds for model in self._models.values())

    @property
    def runs(self) -> Mapping[str, int]:
        """How often each node ran since the tracker was made."""
        return dict(self._scheduler.runs)

    def __call__(self, frame: Frame) -> Poses:
        """Find the people of the next frame; nobody is an empty result.

        Frames are expected in the order of their times; one that is not later than the frame
        before is tracked without smoothing and counted in `time_faults`.
        """
        if self._closed:
            raise InputError("tracker: is closed; make a new one")
        if self._last_s is not None and frame.time_s <= self._last_s:
            self.time_faults += 1
        self._last_s = frame.time_s
        self._count += 1
        poses = self._scheduler.step(frame=frame)["poses"]
        return poses if isinstance(poses, Poses) else Poses.empty(len(self.skeleton))

    def process(self, image: NDArray[np.uint8], time_s: float | None = None) -> Poses:
        """Find the people of the next picture.

        Args:
            image: `(H, W, 3)` uint8, RGB.
            time_s: when it was taken; None is now.

        Raises:
            InputError: the picture has another shape or type, or the time is not finite.
        """
        if time_s is None:
            now = self._clock()
            self._zero_s = now if self._zero_s is None else self._zero_s
            time_s = now - self._zero_s
        return self(frame_from_array(image, self._count, time_s))

    @property
    def can_follow(self) -> bool:
        """Whether the graph can let one of several people through: has a lock."""
        return bool(self._locks)

    @property
    def detector_seconds(self) -> float:
        """The detector's part of `network_seconds`."""
        detectors = (model for model in self._models.values() if model.info.kind == "detector")
        return sum(model.seconds for model in detectors)

    def follow(self, choice: int | str | tuple[float, float] | None) -> None:
        """Let only this person through from the next frame on; None is everybody again.

        Args:
            choice: an id, `largest`, `center`, or a point in image pixels.

        Raises:
            GraphError: the graph follows everybody: it has no lock.
            InputError: the choice is none of these.
        """
        if not self._locks:
            raise GraphError(
                f"graph {self.graph.name}: cannot follow one of several; use pose_multi"
            )
        for lock in self._locks:
            lock.follow(choice)

    @property
    def can_smooth(self) -> bool:
        """Whether the graph has a node that filters landmarks over time."""
        return bool(self._smoothers)

    @property
    def smoothing(self) -> bool:
        """Whether landmarks are filtered over time; may be switched between frames."""
        return any(one.active for one in self._smoothers)

    @smoothing.setter
    def smoothing(self, wanted: bool) -> None:
        if wanted and not self._smoothers:
            raise GraphError(f"graph {self.graph.name}: has no node that smooths")
        for one in self._smoothers:
            one.active = wanted

    def reset(self) -> None:
        """Forget everybody, as before the first frame; ids start at 1 again."""
        self._scheduler.reset()
        self._count = 0
        self._last_s = None
        self._zero_s = None

    def close(self) -> None:
        """Let go of the models; harmless when called twice."""
        self._closed = True
        self._scheduler.close()
        for model in self._models.values():
            model.close()

    def __enter__(self) -> PoseTracker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _open_models(
    spec: GraphSpec,
    model: str | Path | None,
    detector: str | Path | None,
    store: Store,
    backend: str,
    threads: int | None,
) -> dict[str, FileModel]:
    """Role → model, found on this machine or fetched; opened at the first run."""
    asked = {"landmarks": model, "detector": detector}
    names: dict[str, str | Path] = dict(spec.models)
    for role, name in asked.items():
        if name is not None:
            if role not in names:
                hint = did_you_mean(role, names)
                raise GraphError(f"graph {spec.name}: has no model with the role '{role}'; {hint}")
            names[role] = name
    found: dict[str, StoredModel] = {}
    if model is not None:
        found["landmarks"] = store.find(model)
        if detector is None and "detector" in names:
            names["detector"] = found["landmarks"].detector or names["detector"]
    models = {}
    for role, name in names.items():
        stored = found.get(role) or store.find(name)
        models[role] = FileModel(stored.info, partial(store.variant, stored), backend, threads)
    return models


def _set_where_known(spec: GraphSpec, option: str, value: Any) -> GraphSpec:
    """Set an option on every node that has one of that name."""
    known = {
        f"{node.name}.{option}": value
        for node in spec.nodes
        if node.use in NODES and option in read_signature(NODES[node.use], node.use).options
    }
    if not known:
        raise GraphError(f"graph {spec.name}: no node has the option '{option}'")
    return spec.with_options(known)
