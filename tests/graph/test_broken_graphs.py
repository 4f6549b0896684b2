"""Broken graphs and the one-line message of each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from blazetrack.errors import GraphError
from blazetrack.graph import build_plan, check_graph, load_graph_spec

GRAPHS = Path(__file__).parent.parent / "graphs"


class Picture:
    pass


class People:
    pass


class Model:
    pass


class Look:
    def __init__(self, size: tuple[int, int], min_score: float = 0.5) -> None: ...

    def __call__(self, picture: Picture) -> People:
        return People()


class Find:
    def __init__(self, model: Model) -> None: ...

    def __call__(self, picture: Picture) -> People:
        return People()


def follow(new: People, old: People | None) -> People:
    return old or new


def count(people: People, *, at_least: Annotated[int, Field(ge=0)] = 1) -> int:
    return at_least


NODES = {"look": Look, "find": Find, "follow": follow, "count": count}

MESSAGES = {
    "alias_of_no_node": (
        "FILE: 'aliases.score': expected a mapping {alias: [node.option, ...]}, with nodes of this "
        "graph, got ['lok.min_score']"
    ),
    "alias_of_no_option": (
        "FILE: alias 'score': 'look' has no option 'min_scor', did you mean 'min_score'?"
    ),
    "bad_name": (
        "FILE: node 'look.twice': 'name': expected a name of letters, digits and _, no digit "
        "first, got 'look.twice'"
    ),
    "bad_path": "FILE: node 'look': expected module:Name, got 'mine.py:Look()'",
    "cycle": (
        "FILE: nodes first → next → first form a cycle, expected one of these wires under 'loop'"
    ),
    "cycle_through_when": (
        "FILE: nodes look → look form a cycle, expected one of these wires under 'loop'"
    ),
    "duplicate_input": "FILE: stream 'picture' is listed twice, expected once",
    "duplicate_key": (
        "FILE: line 6, column 64: expected YAML: key 'out' is given twice, expected once"
    ),
    "duplicate_node": (
        "FILE: node 'look': two nodes have this name (number 1 and 2), expected a name of its "
        "own for each"
    ),
    "boolean_key": (
        "FILE: line 6, column 51: expected YAML: key 'on' reads as true or false, expected a word"
    ),
    "unwritten_loop": (
        "FILE: node 'follow': loop.old: no node writes 'carried', known: people, picture, seen"
    ),
    "missing_key": "FILE: node 'look': key 'out' is missing, expected the name of a stream",
    "missing_name": "FILE: node number 1: key 'name' is missing, expected a name",
    "missing_option": "FILE: node 'look': option 'size' is missing, expected tuple[int, int]",
    "missing_port": "FILE: node 'look': port 'picture' is not wired, expected a stream of Picture",
    "no_nodes": "FILE: 'nodes' is empty, expected at least one node",
    "unread_stream": (
        "FILE: node 'count': out: no node reads 'number', expected a node or the graph's outputs"
        " to read it"
    ),
    "unwritten_stream": (
        "FILE: node 'look': in.picture: no node writes 'pictur', did you mean 'picture'?"
    ),
    "node_is_a_list": (
        "FILE: node number 1: expected a mapping with the keys name, use, in, loop, when, out, "
        "options, got ['look', 'people']"
    ),
    "not_a_mapping": (
        "FILE: expected a mapping with the keys name, inputs, outputs, nodes, description, "
        "models, aliases, got [{'name': 'look', 'use': 'look', 'in': {'picture': 'picture…"
    ),
    "not_a_node": (
        "FILE: node 'look': use 'string:digits': expected a class or a function, got '0123456789'"
    ),
    "option_out_of_range": (
        "FILE: node 'count': option 'at_least': expected int, got -1 (should be greater than or"
        " equal to 0)"
    ),
    "unwritten_output": "FILE: outputs: no node writes 'persons', known: people, picture",
    "port_wired_twice": "FILE: node 'follow': port 'old' is wired twice, expected 'in' or 'loop'",
    "second_writer": (
        "FILE: node 'again': out: expected one writer per stream, 'people' is already written "
        "by node 'look'"
    ),
    "stream_is_a_number": "FILE: node 'look': 'in.picture': expected the name of a stream, got 1",
    "unknown_attribute": (
        "FILE: node 'look': 'collections:OrderedDicr': nothing is named 'OrderedDicr' there, "
        "did you mean 'OrderedDict'?"
    ),
    "unknown_key": "FILE: unknown key 'input', did you mean 'inputs'?",
    "unknown_module": (
        "FILE: node 'look': cannot import 'no_such_package.mine' of "
        "'no_such_package.mine:Look': No module named 'no_such_package'"
    ),
    "unknown_node_key": "FILE: node 'look': unknown key 'option', did you mean 'options'?",
    "unknown_option": (
        "FILE: node 'look': 'look' has no option 'min_scor', did you mean 'min_score'?"
    ),
    "unknown_port": "FILE: node 'look': 'look' has no port 'pictures', did you mean 'picture'?",
    "unknown_role": (
        "FILE: node 'find': option 'model': expected the role of a Model, got 'detektor', did "
        "you mean 'detector'?"
    ),
    "unknown_use": "FILE: node 'look': unknown node 'lok', did you mean 'look'?",
    "boolean_when": "FILE: node 'look': 'when': expected the name of a stream, got True",
    "unwritten_when": "FILE: node 'look': when: no node writes 'need', known: people, picture",
    "writes_an_input": (
        "FILE: node 'look': out: expected one writer per stream, 'picture' is already written "
        "by the graph's inputs"
    ),
    "wrong_loop_type": (
        "FILE: node 'follow': port 'old': expected People | None, got int from 'number' of node"
        " 'count'"
    ),
    "wrong_option": (
        "FILE: node 'look': option 'min_score': expected float, got 'abc' (should be a valid "
        "number)"
    ),
    "wrong_option_item": (
        "FILE: node 'look': option 'size': expected tuple[int, int], got [2, True] (item 1 "
        "should be a valid integer)"
    ),
    "wrong_stream_type": (
        "FILE: node 'again': port 'people': expected People, got int from 'number' of node 'count'"
    ),
    "wrong_type": "FILE: node 'look': 'in': expected a mapping {port: stream name}, got 'picture'",
}


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_build_plan_broken_graph_message(name: str) -> None:
    with pytest.raises(GraphError) as caught:
        build_plan(load_graph_spec(GRAPHS / f"{name}.yaml"), NODES, {"detector": Model()})
    line = str(caught.value)
    assert line.replace(f"{GRAPHS / name}.yaml", "FILE") == MESSAGES[name]


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_check_graph_broken_graph_message(name: str) -> None:
    with pytest.raises(GraphError) as caught:
        check_graph(load_graph_spec(GRAPHS / f"{name}.yaml"), NODES)
    line = str(caught.value)
    assert line.replace(f"{GRAPHS / name}.yaml", "FILE") == MESSAGES[name]


def test_load_syntax_error_names_the_place() -> None:
    # The words after the place are those of the YAML parser, and there are two of them.
    with pytest.raises(GraphError, match=r"syntax\.yaml: line 4, column \d+: expected YAML: .+"):
        load_graph_spec(GRAPHS / "syntax.yaml")


def test_every_broken_graph_has_its_message() -> None:
    assert {path.stem for path in GRAPHS.glob("*.yaml")} == {*MESSAGES, "syntax"}
