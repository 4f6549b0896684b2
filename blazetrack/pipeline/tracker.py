"""`PoseTracker`: a graph and its models, called frame by frame; the five-line API."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from blazetrack.backends import FileModel
from blazetrack.common.clock import CallClock
from blazetrack.errors import GraphError, InputError
from blazetrack.graph import GraphSpec, Hook
from blazetrack.pipeline.graph_choice import (
    graph_for,
    load_graph,
    set_everywhere,
    set_where_known,
)
from blazetrack.pipeline.model_choice import finds_several, open_models
from blazetrack.pipeline.running_graph import RunningGraph
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.smooth import parse_strength
from blazetrack.sources import frame_from_array
from blazetrack.store import Store, card_path
from blazetrack.types import Frame, Poses

__all__ = ["PoseTracker"]

STILL_GRAPH = "pose_image"
# People tracked where one of them is followed, unless `people` is given.
FOLLOW_PEOPLE = 4


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
        static: every image is a picture on its own, as `static_image_mode` of MediaPipe; the
            default graph is then `pose_image`. Frames that are `still`, such as those of a folder
            of pictures, are treated so in any case.
        min_detection: minimum score of a detection, 0..1; None is the graph's own.
        min_tracking: minimum score of a tracked or new person, 0..1; None is the graph's own.
        smoothing: `off`, `light`, `strong`, or a number from 0 (off) to 1; 0.5 is the default.
        fps: frame rate of the images that `process` gets without a time; None is the clock.
        options: `node.option`, or an alias of the graph → value; overrides the graph's text.
        store: where models are; None is the user's own cache.
        hooks: called before and after every node of every frame, such as a `Trace`.
        clock: seconds, for `process` without a time.

    Raises:
        GraphError: the graph is wrong, or an option does not fit.
        InputError: an option is out of range.
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
        static: bool = False,
        min_detection: float | None = None,
        min_tracking: float | None = None,
        smoothing: str | float | None = None,
        fps: float | None = None,
        options: Mapping[str, Any] | None = None,
        store: Store | None = None,
        hooks: Iterable[Hook] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        people = _people(people, follow)
        strength = parse_strength(smoothing)
        given = {
            "masks": masks or None,
            "max_people": people if people > 1 else None,
            "follow": follow,
            "tiles": tiles,
            "network_every": every,
            "min_detection_score": _share("min_detection", min_detection),
            "min_tracking_score": _share("min_tracking", min_tracking),
            "strength": strength or None,
        }
        store = store or Store()
        several = graph is None and finds_several(model, store)
        name = graph or graph_for(people, follow, still=static, several=several)
        spec = set_everywhere(load_graph(name), given).with_options(options or {})
        self._models = open_models(spec, model, detector, store, backend, threads)
        self._hooks = tuple(hooks)
        self._main = RunningGraph(spec, self._models, self._hooks)
        self._off = strength == 0
        self._main.smooth(not self._off)
        self._still: RunningGraph | None = self._main if graph or static or several else None
        self._given = {**given, **(options or {})}
        self._static = static
        self._clock = CallClock(_rate(fps), clock)
        self._lock = threading.RLock()
        self._closed = False
        self._count = 0
        self._last_s: float | None = None
        self._file = ""
        self.time_faults = 0

    @property
    def graph(self) -> GraphSpec:
        """The graph as it runs, with all overrides."""
        return self._main.scheduler.plan.spec

    @property
    def still_graph_name(self) -> str:
        """Name of the graph that runs on pictures on their own."""
        return self.graph.name if self._still is self._main else STILL_GRAPH

    @property
    def skeleton(self) -> Skeleton:
        """The keypoint set of the results."""
        infos = (model.info for model in self._models.values())
        return next((info.skeleton for info in infos if info.skeleton), BLAZEPOSE33)

    @property
    def has_world(self) -> bool:
        """Whether the landmark model gives world landmarks; without them they are 0."""
        return any("world" in model.info.outputs for model in self._models.values())

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that it reads, which no output may overwrite: graph, models and their cards."""
        models = [model.file for model in self._models.values() if model.file is not None]
        graph = [Path(self.graph.source)] if self.graph.source else []
        return (*graph, *models, *map(card_path, models))

    @property
    def models(self) -> Mapping[str, FileModel]:
        """The networks by their role in the graph."""
        return self._models

    @property
    def _pipelines(self) -> tuple[RunningGraph, ...]:
        """The pipeline of clips and, once there was a still picture, its own."""
        both = self._still is not None and self._still is not self._main
        return (self._main, self._still) if both and self._still else (self._main,)

    @property
    def runs(self) -> Mapping[str, int]:
        """Number of runs of each node."""
        runs: Counter[str] = Counter()
        for pipeline in self._pipelines:
            runs.update(pipeline.scheduler.runs)
        return dict(runs)

    @property
    def detector_runs(self) -> int:
        """Number of runs of all detectors."""
        return sum(pipeline.detector_runs for pipeline in self._pipelines)

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
        before is counted in `time_faults`, and taken for the next one in the usual rhythm
        (graphs with the node `timeline`). A cut to another scene begins anew, with new ids. A
        `still` frame is treated on its own: nothing is carried over from another one, and ids start
        at 1; likewise between two frames of different files.
        """
        if not isinstance(frame, Frame):
            raise InputError(
                f"tracker: expected a Frame of a source, got {type(frame).__name__}; for an image"
                " as an array: tracker.process(image_rgb)"
            )
        if not self._lock.acquire(blocking=False):
            raise InputError("tracker: is in use by another thread; make a tracker for each thread")
        try:
            poses = self._step(frame)
        finally:
            self._lock.release()
        return Poses.empty(len(self.skeleton)) if poses is None else poses

    def _step(self, frame: Frame) -> Poses | None:
        if self._closed:
            raise InputError("tracker: is closed; make a new one")
        self._count += 1
        if frame.still or self._static:
            return self._still_pipeline().step_alone(frame)
        if frame.file != self._file:
            self._begin_file(frame.file)
        if self._last_s is not None and frame.time_s <= self._last_s:
            self.time_faults += 1
        self._last_s = frame.time_s
        return self._main.step(frame)

    def process(
        self, image: NDArray[np.uint8], time_s: float | None = None, *, still: bool = False
    ) -> Poses:
        """Find the people of the next image.

        Args:
            image: `(H, W, 3)` uint8, RGB.
            time_s: capture time; None is the number of the image divided by the tracker's `fps`,
                or now. For a file pass `i / fps`.
            still: a picture on its own, not one of a clip.

        Raises:
            InputError: the image has another shape or type, or the time is not finite.
        """
        still = still or self._static
        if time_s is not None or still:
            return self(replace(frame_from_array(image, self._count, time_s or 0.0), still=still))
        with self._clock.call():
            return self(frame_from_array(image, self._count, self._clock.next_s()))

    def _begin_file(self, file: str) -> None:
        """Begin another clip: nothing is carried over from one file to the next."""
        if self._last_s is not None:
            self._main.scheduler.reset()
        self._file, self._last_s = file, None

    def _still_pipeline(self) -> RunningGraph:
        """The pipeline of single pictures: the given graph, else `pose_image`."""
        if self._still is None:
            spec = set_where_known(load_graph(STILL_GRAPH), self._given)
            self._still = RunningGraph(spec, self._models, self._hooks)
        return self._still

    @property
    def can_follow(self) -> bool:
        """Whether the graph can return one of several people: it has a follow node."""
        return bool(self._main.followers)

    def follow(self, choice: int | str | tuple[float, float] | None) -> None:
        """Return only this person from the next frame on; None is all people.

        Args:
            choice: an id, `largest`, `center`, or a point in image pixels.

        Raises:
            GraphError: the graph has no follow node.
            InputError: the choice is none of these.
        """
        if not self._main.followers:
            raise GraphError(
                f"graph {self.graph.name}: cannot follow one of several; use"
                " PoseTracker(people=4), or the graph pose_multi"
            )
        self._given["follow"] = choice
        for pipeline in self._pipelines:
            for node in pipeline.followers:
                node.follow(choice)

    @property
    def can_smooth(self) -> bool:
        """Whether the graph has a temporal filter."""
        return bool(self._main.filters)

    @property
    def smoothing(self) -> bool:
        """Whether landmarks are filtered over time; may be switched between frames."""
        return any(node.active for node in self._main.filters)

    @smoothing.setter
    def smoothing(self, wanted: bool) -> None:
        if wanted and not self._main.filters:
            raise GraphError(f"graph {self.graph.name}: has no node that smooths")
        self._main.smooth(wanted)

    @property
    def smoothing_strength(self) -> float | None:
        """Strength of the temporal filter, 0 (off) to 1; None for a graph without one.

        May be set between frames; the filters then start afresh. `InputError` for another number,
        `GraphError` for a graph without a filter.
        """
        return self._main.strength

    @smoothing_strength.setter
    def smoothing_strength(self, strength: float) -> None:
        strength = parse_strength(strength) or 0.0
        if strength and not self._main.filters:
            raise GraphError(f"graph {self.graph.name}: has no node that smooths")
        self._main.strength = strength

    def reset(self) -> None:
        """Return to the state before the first frame; ids start at 1 again."""
        with self._lock:
            for pipeline in self._pipelines:
                pipeline.scheduler.reset()
            self._clock.reset()
            self._count = 0
            self._last_s = None
            self._file = ""

    def close(self) -> None:
        """Close the models; may be called twice."""
        with self._lock:
            self._closed = True
            for pipeline in self._pipelines:
                pipeline.scheduler.close()
            for model in self._models.values():
                model.close()

    def __reduce__(self) -> NoReturn:
        raise InputError("tracker: cannot be copied or pickled; make one in each process")

    def __enter__(self) -> PoseTracker:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _share(name: str, value: float | None) -> float | None:
    if value is not None and not 0 <= value <= 1:
        raise InputError(f"tracker: {name}: expected 0 to 1, got {value}")
    return value


def _rate(fps: float | None) -> float | None:
    if fps is not None and not 0 < fps <= 1000:
        raise InputError(f"tracker: fps: expected over 0 and up to 1000, got {fps}")
    return fps


def _people(people: int | None, follow: int | str | None) -> int:
    """Maximum number of people; by default 1, or some more to follow one of them."""
    if people is None:
        return 1 if follow is None else FOLLOW_PEOPLE
    if people < 1:
        raise InputError(f"tracker: people must be 1 or more, got {people}")
    return people
