from __future__ import annotations

import pytest

from blazetrack.graph import check_graph, load_graph_spec
from blazetrack.graph.ports import read_signature
from blazetrack.nodes import NODES
from blazetrack.pipeline import find_graph, shipped_graphs


@pytest.mark.parametrize("use", NODES)
def test_every_node_says_what_it_takes_and_gives(use: str) -> None:
    signature = read_signature(NODES[use], use)
    assert signature.ports
    assert (NODES[use].__doc__ or "").strip()


def test_names_are_in_order_so_that_one_is_found() -> None:
    assert list(NODES) == sorted(NODES)


@pytest.mark.parametrize("graph", shipped_graphs())
def test_the_graphs_that_ship_are_right(graph: str) -> None:
    spec = load_graph_spec(find_graph(graph))
    check_graph(spec, NODES)
    assert spec.name == graph
    assert (list(spec.inputs), list(spec.outputs)) == (["frame"], ["poses"])


def test_every_node_is_used_by_a_graph_that_ships() -> None:
    specs = [load_graph_spec(path) for path in shipped_graphs().values()]
    assert {node.use for spec in specs for node in spec.nodes} == set(NODES)
