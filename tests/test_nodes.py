"""The node table and the shipped graphs."""

from __future__ import annotations

import pytest

from blazetrack.graph import check_graph, load_graph_spec
from blazetrack.graph.ports import read_signature
from blazetrack.nodes import NODES
from blazetrack.pipeline import find_graph, shipped_graphs


@pytest.mark.parametrize("use", NODES)
def test_nodes_have_signatures_and_docstrings(use: str) -> None:
    signature = read_signature(NODES[use], use)
    assert signature.ports
    assert (NODES[use].__doc__ or "").strip()


def test_nodes_are_sorted() -> None:
    assert list(NODES) == sorted(NODES)


@pytest.mark.parametrize("graph", shipped_graphs())
def test_shipped_graphs_are_valid(graph: str) -> None:
    spec = load_graph_spec(find_graph(graph))
    check_graph(spec, NODES)
    assert spec.name == graph
    assert (list(spec.inputs), list(spec.outputs)) == (["frame"], ["poses"])


def test_nodes_are_used_by_shipped_graphs() -> None:
    specs = [load_graph_spec(path) for path in shipped_graphs().values()]
    assert {node.use for spec in specs for node in spec.nodes} == set(NODES)
