"""Tracker options that a page can choose, and how they depend on each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from blazetrack.graph import Trace
from blazetrack.pipeline import PoseTracker
from blazetrack.pipeline.graph_choice import current_value, has_option, load_graph

__all__ = ["Choice", "MakeTracker", "tracker_values"]


@dataclass(frozen=True, slots=True)
class Choice:
    """Tracker options that a page can choose."""

    model: str | None = None  # landmark model; None is the graph's own
    graph: str | None = None  # None is the one that fits the number of people
    people: int = 1  # maximum number
    smoothing: float | None = None  # strength, 0 (off) to 1; None is the graph's own
    masks: bool = False  # segmentation masks
    min_detection: float | None = None  # minimum score of a detection; None is the graph's own
    min_tracking: float | None = None  # minimum score of a person; None is the graph's own

    def changed(self, **options: Any) -> Choice:
        """The choice with other options, and with those that depend on them.

        More than one person is tracked with a graph that can return one of several: a graph of one
        person gives way to the default one, or takes the number of people back to 1 where the
        graph is what was chosen. The thresholds of another graph are that graph's own.

        Raises:
            GraphError: there is no such graph.
        """
        wanted = dict(options)
        graph, people = wanted.get("graph", self.graph), wanted.get("people", self.people)
        if graph is not None and people > 1 and not has_option(load_graph(graph), "follow"):
            if "graph" not in wanted:
                wanted["graph"] = None
            elif "people" not in wanted:
                wanted["people"] = 1
        if wanted.get("graph", self.graph) != self.graph:
            wanted = {"min_detection": None, "min_tracking": None, **wanted}
        return replace(self, **wanted)

    def tracker_options(self) -> dict[str, Any]:
        """Arguments of `PoseTracker`; the smoothing is set afterwards, where the graph has one."""
        return {
            "model": self.model,
            "graph": self.graph,
            "people": self.people,
            "masks": self.masks,
            "min_detection": self.min_detection,
            "min_tracking": self.min_tracking,
        }


MakeTracker: TypeAlias = Callable[[Choice], tuple[PoseTracker, Trace]]


def tracker_values(tracker: PoseTracker) -> dict[str, Any]:
    """The options as a tracker runs; None for one that its graph lacks."""
    graph = tracker.graph
    return {
        "people": current_value(graph, "max_people") or 1,
        "smoothing": tracker.smoothing_strength,
        "masks": current_value(graph, "masks"),
        "min_detection": current_value(graph, "min_detection_score"),
        "min_tracking": current_value(graph, "min_tracking_score"),
    }
