from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from blazetrack.errors import GraphError
from blazetrack.graph import GraphSpec, load_graph_spec, parse_set

TEXT = """
name: small
inputs: [number]
outputs: [sum]
models: {detector: tiny}
nodes:
- {name: add, use: add, in: {a: number}, loop: {b: sum}, when: number, out: sum, options: {by: 1}}
"""


def test_a_graph_is_read_from_text_a_file_and_a_mapping(tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(TEXT, encoding="utf-8")
    spec = load_graph_spec(TEXT)
    for source in (file, str(file), yaml.safe_load(TEXT)):
        assert replace(load_graph_spec(source), source="") == spec


def test_every_key_arrives() -> None:
    spec = load_graph_spec(TEXT)
    (node,) = spec.nodes
    assert (spec.name, spec.inputs, spec.outputs) == ("small", ["number"], ["sum"])
    assert spec.models == {"detector": "tiny"}
    assert (node.name, node.use, node.out, node.when) == ("add", "add", "sum", "number")
    assert (node.inputs, node.loop, node.options) == ({"a": "number"}, {"b": "sum"}, {"by": 1})


def test_an_error_names_the_file_or_else_the_graph(tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(TEXT, encoding="utf-8")
    assert load_graph_spec(file).where("add") == f"{file}: node 'add'"
    assert load_graph_spec(TEXT).where("add") == "graph 'small': node 'add'"


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match=r"none\.yaml: cannot read this graph: No such file"):
        load_graph_spec(tmp_path / "none.yaml")


def test_a_binary_file_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "picture.yaml"
    file.write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(GraphError, match=r"picture\.yaml: expected a graph in UTF-8 text"):
        load_graph_spec(file)


@pytest.mark.parametrize(
    "text", ["\0\n", "a: 2020-13-45\n", "a: &x [*x\n", "!!python/none\n", "\n"]
)
def test_odd_yaml_is_one_line(text: str) -> None:
    with pytest.raises(GraphError) as caught:
        load_graph_spec(text)
    assert "\n" not in str(caught.value)


@given(st.text(alphabet="ab12{}[]:,-&*!|>'\"\n #%@`.<=~", max_size=60))
def test_any_text_gives_a_graph_error(text: str) -> None:
    with pytest.raises(GraphError) as caught:
        load_graph_spec(text + "\n")
    assert "\n" not in str(caught.value)


def test_numbers_with_an_exponent_and_no_dot_are_numbers() -> None:
    spec = load_graph_spec(TEXT.replace("by: 1", "by: 1e-3"))
    assert spec.nodes[0].options == {"by": 0.001}


def test_yaml_cannot_make_objects() -> None:
    with pytest.raises(GraphError, match="could not determine a constructor"):
        load_graph_spec(TEXT.replace("by: 1", "by: !!python/object/apply:os.getcwd []"))


def test_with_options_gives_a_copy() -> None:
    spec = load_graph_spec(TEXT)
    changed = spec.with_options({"add.by": 3, "add.twice": True})
    assert changed.nodes[0].options == {"by": 3, "twice": True}
    assert spec.nodes[0].options == {"by": 1}
    assert changed.where() == spec.where()


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("ad.by", "graph 'small': 'ad.by': no node 'ad', did you mean 'add'?"),
        ("by", "'by': expected node.option, as in detect.min_score"),
        ("add.", "'add.': expected node.option, as in detect.min_score"),
        (".by", "'.by': expected node.option, as in detect.min_score"),
    ],
)
def test_with_options_refuses_what_names_no_node(key: str, message: str) -> None:
    with pytest.raises(GraphError) as caught:
        load_graph_spec(TEXT).with_options({key: 1})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a.b=0.6", 0.6),
        ("a.b=1e-3", 0.001),
        ("a.b=[224, 224]", [224, 224]),
        ("a.b=word", "word"),
        ("a.b=true", True),
        ("a.b=x=y", "x=y"),
        ("a.b=", None),
    ],
)
def test_set_reads_its_value_as_yaml(text: str, value: Any) -> None:
    assert parse_set(text) == ("a.b", value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a.b", "'a.b': expected node.option=value, got no '='"),
        ("b=1", "'b': expected node.option, as in detect.min_score"),
    ],
)
def test_set_refuses_what_is_not_node_option_value(text: str, message: str) -> None:
    with pytest.raises(GraphError) as caught:
        parse_set(text)
    assert str(caught.value) == message


def test_set_refuses_broken_yaml() -> None:
    with pytest.raises(GraphError, match=r"^'a\.b=\[1': line \d, column \d+: expected YAML: .+"):
        parse_set("a.b=[1")


def test_a_spec_does_not_change() -> None:
    spec = load_graph_spec(TEXT)
    assert isinstance(spec, GraphSpec)
    with pytest.raises(FrozenInstanceError):
        spec.name = "other"  # type: ignore[misc]
