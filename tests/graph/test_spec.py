"""The text of a graph."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from blazetrack.errors import GraphError, RenamedWarning
from blazetrack.graph import GraphSpec, Renamed, load_graph_spec, parse_set

TEXT = """
name: small
inputs: [number]
outputs: [sum]
models: {detector: tiny}
nodes:
- {name: add, use: add, in: {a: number}, loop: {b: sum}, when: number, out: sum, options: {by: 1}}
"""


def test_load_from_text_file_and_mapping(tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(TEXT, encoding="utf-8")
    spec = load_graph_spec(TEXT)
    for source in (file, str(file), yaml.safe_load(TEXT)):
        assert replace(load_graph_spec(source), source="") == spec


def test_load_keeps_every_key() -> None:
    spec = load_graph_spec(TEXT)
    (node,) = spec.nodes
    assert (spec.name, spec.inputs, spec.outputs) == ("small", ["number"], ["sum"])
    assert spec.models == {"detector": "tiny"}
    assert (node.name, node.use, node.out, node.when) == ("add", "add", "sum", "number")
    assert (node.inputs, node.loop, node.options) == ({"a": "number"}, {"b": "sum"}, {"by": 1})


def test_where_names_file_or_graph(tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(TEXT, encoding="utf-8")
    assert load_graph_spec(file).where("add") == f"{file}: node 'add'"
    assert load_graph_spec(TEXT).where("add") == "graph 'small': node 'add'"


def test_load_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match=r"none\.yaml: cannot read this graph: No such file"):
        load_graph_spec(tmp_path / "none.yaml")


def test_load_binary_file_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "picture.yaml"
    file.write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(GraphError, match=r"picture\.yaml: expected a graph in UTF-8 text"):
        load_graph_spec(file)


@pytest.mark.parametrize(
    "text", ["\0\n", "a: 2020-13-45\n", "a: &x [*x\n", "!!python/none\n", "\n"]
)
def test_load_odd_yaml_is_an_error(text: str) -> None:
    with pytest.raises(GraphError) as caught:
        load_graph_spec(text)
    assert "\n" not in str(caught.value)


@given(st.text(alphabet="ab12{}[]:,-&*!|>'\"\n #%@`.<=~", max_size=60))
def test_load_any_text_is_a_graph_error(text: str) -> None:
    with pytest.raises(GraphError) as caught:
        load_graph_spec(text + "\n")
    assert "\n" not in str(caught.value)


def test_load_exponent_without_dot_is_a_number() -> None:
    spec = load_graph_spec(TEXT.replace("by: 1", "by: 1e-3"))
    assert spec.nodes[0].options == {"by": 0.001}


def test_load_yaml_objects_are_an_error() -> None:
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
def test_with_options_unknown_node_is_an_error(key: str, message: str) -> None:
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
def test_parse_set_reads_yaml_value(text: str, value: Any) -> None:
    assert parse_set(text) == ("a.b", value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a.b", "'a.b': expected node.option=value, got no '='"),
    ],
)
def test_parse_set_without_equals_is_an_error(text: str, message: str) -> None:
    with pytest.raises(GraphError) as caught:
        parse_set(text)
    assert str(caught.value) == message


def test_parse_set_broken_yaml_is_an_error() -> None:
    with pytest.raises(GraphError, match=r"^'a\.b=\[1': line \d, column \d+: expected YAML: .+"):
        parse_set("a.b=[1")


def test_spec_is_frozen() -> None:
    spec = load_graph_spec(TEXT)
    assert isinstance(spec, GraphSpec)
    with pytest.raises(FrozenInstanceError):
        spec.name = "other"  # type: ignore[misc]


def test_with_options_alias_sets_all_its_targets() -> None:
    spec = load_graph_spec(TEXT + "aliases: {gain: [add.by, add.factor]}\n")
    changed = spec.with_options({"gain": 3, "add.factor": 2})
    assert changed.nodes[0].options == {"by": 3, "factor": 2}
    with pytest.raises(GraphError, match=r"'gian': expected node.option, as in .*, or one of gain"):
        spec.with_options({"gian": 3})


RENAMED = Renamed(
    uses={"plus": "add"},
    params={"add.x": "a", "add.y": "b", "add.amount": "by"},
    nodes={"sum": ["total", "add"], "add.scale": ["other"]},
)


def test_load_renamed_names_warn_and_give_the_new_graph() -> None:
    old = TEXT.replace("use: add, in: {a:", "use: plus, in: {x:").replace("loop: {b:", "loop: {y:")
    with pytest.warns(RenamedWarning) as caught:
        spec = load_graph_spec(old.replace("by: 1", "amount: 1"), RENAMED)
    assert spec.nodes == load_graph_spec(TEXT).nodes
    assert [str(one.message) for one in caught] == [
        f"graph 'small': node 'add': '{a}' is now '{b}'"
        for a, b in (("plus", "add"), ("x", "a"), ("y", "b"), ("amount", "by"))
    ]


def test_with_options_renamed_node_and_option_warn_and_set_the_new_one() -> None:
    spec = load_graph_spec(TEXT, RENAMED)
    with pytest.warns(RenamedWarning) as caught:
        changed = spec.with_options({"sum.amount": 5, "add.scale": 2})
    assert changed.nodes[0].options == {"by": 5, "scale": 2}
    assert [str(one.message) for one in caught] == [
        "graph 'small': 'sum.amount' is now 'add.amount'",
        "graph 'small': node 'add': 'amount' is now 'by'",
    ]
