"""A graph with its models and state, and its nodes by what they can do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, runtime_checkable

from blazetrack.backends import FileModel
from blazetrack.errors import GraphError
from blazetrack.graph import GraphSpec, Hook, SerialScheduler, build_plan
from blazetrack.graph.spec import shown
from blazetrack.nodes import NODES
from blazetrack.pipeline.option_ranges import check_ranges
from blazetrack.smooth import DEFAULT_STRENGTH
from blazetrack.types import Frame, Poses

__all__ = [
    "DetectorNode", "FilterNode", "FollowNode", "RunningGraph", "StrengthNode", "check_ends",
]  # fmt: skip


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


@runtime_checkable
class StrengthNode(Protocol):
    """A temporal filter whose strength can be changed."""

    active: bool
    strength: float


class RunningGraph:
    """A graph that runs, and its nodes by what they can do.

    Raises:
        GraphError: its only input is not `frame`, or it has no output `poses`.
    """

    def __init__(
        self, spec: GraphSpec, models: Mapping[str, FileModel], hooks: Iterable[Hook]
    ) -> None:
        check_ends(spec)
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

    @property
    def strength(self) -> float | None:
        """Strength of the temporal filters, 0 while they are off; None without one."""
        if not self.filters:
            return None
        node = self.filters[0]
        full = node.strength if isinstance(node, StrengthNode) else DEFAULT_STRENGTH
        return full if node.active else 0.0

    @strength.setter
    def strength(self, strength: float) -> None:
        for node in self.filters:
            if isinstance(node, StrengthNode):
                node.strength = strength
            node.active = strength > 0

    def step(self, frame: Frame) -> Poses | None:
        """The poses of the next frame; None if their writer did not run.

        Raises:
            GraphError: the stream `poses` has something else.
        """
        poses = self.scheduler.step(frame=frame)["poses"]
        if poses is not None and not isinstance(poses, Poses):
            raise GraphError(
                f"{self.scheduler.plan.spec.where()}: output 'poses': expected Poses, "
                f"got {type(poses).__name__}"
            )
        return poses

    def step_alone(self, frame: Frame) -> Poses | None:
        """The poses of a frame that follows no other one."""
        self.scheduler.reset()
        return self.step(frame)


def check_ends(spec: GraphSpec) -> None:
    """Refuse a graph that does not lead from frames to poses.

    Raises:
        GraphError: its only input is not `frame`, or it has no output `poses`.
    """
    inputs, outputs = list(spec.inputs), list(spec.outputs)
    if set(inputs) != {"frame"}:
        raise GraphError(f"{spec.where()}: inputs: expected [frame], got {shown(inputs)}")
    if "poses" not in outputs:
        raise GraphError(f"{spec.where()}: outputs: expected poses, got {shown(outputs)}")
