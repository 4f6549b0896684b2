"""A graph with its models and state, and its nodes by what they can do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, runtime_checkable

from blazetrack.backends import FileModel
from blazetrack.graph import GraphSpec, Hook, SerialScheduler, build_plan
from blazetrack.nodes import NODES
from blazetrack.option_ranges import check_ranges
from blazetrack.types import Frame

__all__ = ["DetectorNode", "FilterNode", "FollowNode", "RunningGraph"]


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


class RunningGraph:
    """A graph that runs, and its nodes by what they can do."""

    def __init__(
        self, spec: GraphSpec, models: Mapping[str, FileModel], hooks: Iterable[Hook]
    ) -> None:
        check_ranges(spec, NODES)
        plan = build_plan(spec, NODES, models)
        self.scheduler = SerialScheduler(plan, hooks)
        calls: dict[str, object] = {node.spec.name: node.call for node in plan.nodes}
        self.followers = [node for node in calls.values() if isinstance(node, FollowNode)]
        self.filters = [node for node in calls.values() if isinstance(node, FilterNode)]
        self._detectors = [name for name, node in calls.items() if isinstance(node, DetectorNode)]

    @property
    def detector_runs(self) -> int:
        return sum(self.scheduler.runs[name] for name in self._detectors)

    def smooth(self, wanted: bool) -> None:
        for node in self.filters:
            node.active = wanted

    def step(self, frame: Frame) -> Any:
        return self.scheduler.step(frame=frame)["poses"]

    def step_alone(self, frame: Frame) -> Any:
        """The poses of a frame that follows no other one."""
        self.scheduler.reset()
        return self.step(frame)
