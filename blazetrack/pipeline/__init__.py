"""A graph and its models, called frame by frame."""

from blazetrack.pipeline.clip import track
from blazetrack.pipeline.graph_choice import find_graph, graph_for, load_graph, shipped_graphs
from blazetrack.pipeline.model_choice import finds_several
from blazetrack.pipeline.tracker import PoseTracker

__all__ = [
    "PoseTracker",
    "find_graph",
    "finds_several",
    "graph_for",
    "load_graph",
    "shipped_graphs",
    "track",
]
