"""The graph engine: YAML text → checked plan → frames. It is independent of poses.

spec = load_graph_spec("graphs/pose.yaml")
scheduler = SerialScheduler(build_plan(spec, NODES))
outputs = scheduler.step(frame=frame)
"""

from __future__ import annotations

from blazetrack.graph.parse import load_graph_spec, parse_set
from blazetrack.graph.pipelining import Pipelining
from blazetrack.graph.plan import Plan, build_plan, check_graph, describe
from blazetrack.graph.reference import describe_nodes, nodes_as_markdown, nodes_as_text
from blazetrack.graph.scheduler import Hook, SerialScheduler
from blazetrack.graph.spec import GraphSpec, NodeSpec, Renamed
from blazetrack.graph.trace import NodeSummary, Trace

__all__ = [
    "GraphSpec",
    "Hook",
    "NodeSpec",
    "NodeSummary",
    "Pipelining",
    "Plan",
    "Renamed",
    "SerialScheduler",
    "Trace",
    "build_plan",
    "check_graph",
    "describe",
    "describe_nodes",
    "load_graph_spec",
    "nodes_as_markdown",
    "nodes_as_text",
    "parse_set",
]
