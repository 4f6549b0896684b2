"""`PoseTracker`: a graph and its models, called frame by frame; the five-line API."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from blazetrack.backends import FileModel
from blazetrack.errors import GraphError, InputError, did_you_mean
from blazetrack.graph import GraphSpec, Hook, SerialScheduler, build_plan, load_graph_spec
from blazetrack.graph.ports import read_signature
from blazetrack.nodes import NODES, RENAMED
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.sources import frame_from_array
from blazetrack.store import Store, StoredModel
from blazetrack.types import Frame, Poses

__all__ = ["PoseTracker", "find_graph", "graph_for", "load_graph", "shipped_graphs"]

# People tracked where one of them is followed, unless `people` is given.
FOLLOW_PEOPLE = 4


@runtime_checkable
class DetectorNode(Protocol):
    """A node whose runs count as `detector_runs`."""

    is_detector: bool


@runtime_checkable
class FollowNode(Protocol):
    """A node that passes on one of several people."""

    def follow(self, choice: int | str | tuple[float, float] | None) -> None:
        """Follow another person from the next frame on."""


@runtime_checkable
class FilterNode(Protocol):
    """A temporal filter that can be switched off."""

    active: bool


def shipped_graphs() -> dict[str, Path]:
    """Graphs that come with the package, by name."""
    folder = Path(__file__).parent / "graphs"
    if not folder.is_dir():  # a checkout: the folder is beside the package
        folder = folder.parent.parent / "graphs"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def find_graph(name_or_path: str | Path) -> Path:
    """The file of a graph: the name of a shipped one, or a path.

    Raises:
        GraphError: there is no such graph.
    """
    text, shipped = str(name_or_path), shipped_graphs()
    if text in shipped:
        return shipped[text]
    path = Path(text)
    if path.is_file():
        return path
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
        raise GraphError(f"graph {text}: no such file")
    raise GraphError(f"no graph '{text}'; {did_you_mean(text, shipped)}")


def load_graph(name_or_path: str | Path) -> GraphSpec:
    """Read a graph by name or path; names of the previous release are accepted with a warning.

    Raises:
        GraphError: there is no such graph, or its text is wrong.
    """
    return load_graph_spec(find_graph(name_or_path), RENAMED)


def graph_for(people: int, follow: int | str | None = None) -> str:
    """The default graph for a number of people, or for one of several."""
    return "pose" if people == 1 and follow is None else "pose_multi"


class PoseTracker:
    """Track people through frames.

    Args:
        model: landmark model, by name in the store or path; None is the graph's own.
        graph: a graph that ships with the package, or a path to a YAML file; None is `pose` for
            one person and `pose_multi` for more, or to follow one of them.
        people: maximum number of people; None is 1, or 4 with `follow`.
        follow: return only this person: an id, `largest`, `center` or `x,y` in pixels.
        tiles: also search small people, in so many tiles along the longer side of the image.
        every: run the landmark network on every N-th frame and move the keypoints by optical flow
            in between; `auto` decides by the error of the flow. None is every frame.
        detector: detector model, as `model`; None is the one that goes with the model, else the
            graph's own.
        threads: cores for the networks; None takes what this process may use, at most 4.
        backend: `auto`, `litert`, `tflite_runtime`, `tensorflow` or `openvino`, the last with a
            device if need be: `openvino:GPU`.
        masks: also compute a segmentation mask per person.
        options: `node.option`, or an alias of the graph → value; overrides the graph's text.
        store: where models are; None is the user's own cache.
        hooks: called before and after every node of every frame, such as a `Trace`.
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
        every: int | str | None = None,
        detector: str | Path | None = None,
        threads: int | None = None,
        backend: str = "auto",
        masks: bool = False,
        options: Mapping[str, Any] | None = None,
        store: Store | None = None,
        hooks: Iterable[Hook] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        people = _people(people, follow)
        given = {
            "masks": masks or None,
            "max_people": people if people > 1 else None,
            "follow": follow,
            "tiles": tiles,
            "network_every": every,
        }
        spec = _set_everywhere(load_graph(graph or graph_for(people, follow)), given)
        spec = spec.with_options(options or {})
        self._models = _open_models(spec, model, detector, store or Store(), backend, threads)
        plan = build_plan(spec, NODES, self._models)
        self._scheduler = SerialScheduler(plan, hooks)
        calls: dict[str, object] = {node.spec.name: node.call for node in plan.nodes}
        self._detectors = [name for name, node in calls.items() if isinstance(node, DetectorNode)]
        self._followers = [node for node in calls.values() if isinstance(node, FollowNode)]
        self._filters = [node for node in calls.values() if isinstance(node, FilterNode)]
        self._clock = clock
        self._closed = False
        self._count = 0
        self._last_s: float | None = None
        self._zero_s: float | None = None
        self.time_faults = 0

    @property
    def graph(self) -> GraphSpec:
        """The graph as it runs, with all overrides."""
        return self._scheduler.plan.spec

    @property
    def skeleton(self) -> Skeleton:
        """The keypoint set of the results."""
        infos = (model.info for model in self._models.values())
        return next((info.skeleton for info in infos if info.skeleton), BLAZEPOSE33)

    @property
    def models(self) -> Mapping[str, FileModel]:
        """The networks by their role in the graph."""
        return self._models

    @property
    def runs(self) -> Mapping[str, int]:
        """Number of runs of each node."""
        return dict(self._scheduler.runs)

    @property
    def detector_runs(self) -> int:
        """Number of runs of all detectors."""
        return sum(self._scheduler.runs[name] for name in self._detectors)

    @property
    def network_seconds(self) -> float:
        """Time spent in all networks, without the first run of each."""
        return sum(model.seconds for model in self._models.values())

    @property
    def detector_seconds(self) -> float:
        """The detectors' part of `network_seconds`."""
        detectors = (model for model in self._models.values() if model.info.kind == "detector")
        return sum(model.seconds for model in detectors)

    def __call__(self, frame: Frame) -> Poses:
        """Find the people of the next frame; the result is empty where there are none.

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
        """Find the people of the next image.

        Args:
            image: `(H, W, 3)` uint8, RGB.
            time_s: capture time; None is now.

        Raises:
            InputError: the image has another shape or type, or the time is not finite.
        """
        if time_s is None:
            now = self._clock()
            self._zero_s = now if self._zero_s is None else self._zero_s
            time_s = now - self._zero_s
        return self(frame_from_array(image, self._count, time_s))

    @property
    def can_follow(self) -> bool:
        """Whether the graph can return one of several people: it has a follow node."""
        return bool(self._followers)

    def follow(self, choice: int | str | tuple[float, float] | None) -> None:
        """Return only this person from the next frame on; None is all people.

        Args:
            choice: an id, `largest`, `center`, or a point in image pixels.

        Raises:
            GraphError: the graph has no follow node.
            InputError: the choice is none of these.
        """
        if not self._followers:
            raise GraphError(
                f"graph {self.graph.name}: cannot follow one of several; use pose_multi"
            )
        for node in self._followers:
            node.follow(choice)

    @property
    def can_smooth(self) -> bool:
        """Whether the graph has a temporal filter."""
        return bool(self._filters)

    @property
    def smoothing(self) -> bool:
        """Whether landmarks are filtered over time; may be switched between frames."""
        return any(node.active for node in self._filters)

    @smoothing.setter
    def smoothing(self, wanted: bool) -> None:
        if wanted and not self._filters:
            raise GraphError(f"graph {self.graph.name}: has no node that smooths")
        for node in self._filters:
            node.active = wanted

    def reset(self) -> None:
        """Return to the state before the first frame; ids start at 1 again."""
        self._scheduler.reset()
        self._count = 0
        self._last_s = None
        self._zero_s = None

    def close(self) -> None:
        """Close the models; may be called twice."""
        self._closed = True
        self._scheduler.close()
        for model in self._models.values():
            model.close()

    def __enter__(self) -> PoseTracker:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _people(people: int | None, follow: int | str | None) -> int:
    """Maximum number of people; by default 1, or some more to follow one of them."""
    if people is None:
        return 1 if follow is None else FOLLOW_PEOPLE
    if people < 1:
        raise InputError(f"tracker: people must be 1 or more, got {people}")
    return people


def _open_models(
    spec: GraphSpec,
    model: str | Path | None,
    detector: str | Path | None,
    store: Store,
    backend: str,
    threads: int | None,
) -> dict[str, FileModel]:
    """Role → model, found on this machine or fetched; files are opened at the first run."""
    names: dict[str, str | Path] = dict(spec.models)
    for role, name in {"landmarks": model, "detector": detector}.items():
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


def _set_everywhere(spec: GraphSpec, values: Mapping[str, Any]) -> GraphSpec:
    """Set options: the graph's alias of that name, else every node with an option of that name."""
    for option, value in values.items():
        if value is None:
            continue
        known = [option] if option in spec.aliases else []
        for node in spec.nodes if not known else ():
            if node.use in NODES and option in read_signature(NODES[node.use], node.use).options:
                known.append(f"{node.name}.{option}")
        if not known:
            raise GraphError(f"graph {spec.name}: no node has the option '{option}'")
        spec = spec.with_options(dict.fromkeys(known, value))
    return spec
