"""Checked plans."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest

from blazetrack.errors import GraphError, InputError
from blazetrack.graph import SerialScheduler, build_plan, check_graph, describe, load_graph_spec


class Model:
    def __init__(self, gain: float) -> None:
        self.gain = gain


class Scale:
    def __init__(self, model: Model, limits: tuple[int, int] = (0, 9)) -> None:
        if limits[0] > limits[1]:
            raise InputError("limits: expected low before high")
        if limits == (0, 0):
            raise ZeroDivisionError("no room")
        self.model, self.limits = model, limits

    def __call__(self, value: int) -> float:
        return value * self.model.gain


class Noisy:
    closed = 0

    def __call__(self, value: int) -> int:
        return value

    def close(self) -> None:
        type(self).closed += 1


def add(a: float, b: float | None = None, *, by: float = 0) -> float:
    return a + (b or 0) + by


NODES = {"scale": Scale, "add": add, "noisy": Noisy}

TEXT = """
name: small
inputs: [number]
outputs: [sum]
models: {main: any}
nodes:
- {name: total, use: add,   in: {a: scaled}, loop: {b: sum}, out: sum}
- name: scale
  use: scale
  in: {value: number}
  out: scaled
  options: {model: main, limits: [1, 2]}
"""


def test_plan_sorts_nodes() -> None:
    plan = build_plan(load_graph_spec(TEXT), NODES, {"main": Model(2)})
    assert [node.spec.name for node in plan.nodes] == ["scale", "total"]
    assert SerialScheduler(plan).step(number=3) == {"sum": 6}


def test_plan_converts_lists_and_roles() -> None:
    model = Model(2)
    scale = build_plan(load_graph_spec(TEXT), NODES, {"main": model}).nodes[0].call
    assert isinstance(scale, Scale)
    assert scale.limits == (1, 2)
    assert scale.model is model


def test_check_graph_needs_no_models() -> None:
    check_graph(load_graph_spec(TEXT), NODES)
    with pytest.raises(GraphError, match="got 'other', known: main"):
        check_graph(load_graph_spec(TEXT.replace("model: main", "model: other")), NODES)


def test_with_options_is_checked_like_the_file() -> None:
    spec = load_graph_spec(TEXT).with_options({"total.by": 1})
    plan = build_plan(spec, NODES, {"main": Model(2)})
    assert SerialScheduler(plan).step(number=3) == {"sum": 7}
    with pytest.raises(GraphError, match="node 'total': 'add' has no option 'bye', did you mean"):
        build_plan(spec.with_options({"total.bye": 1}), NODES, {"main": Model(2)})
    with pytest.raises(GraphError, match="option 'by': expected float, got 'x'"):
        build_plan(spec.with_options({"total.by": "x"}), NODES, {"main": Model(2)})


def test_plan_library_error_of_constructor_passes() -> None:
    spec = load_graph_spec(TEXT).with_options({"scale.limits": [2, 1]})
    with pytest.raises(InputError, match=r"^limits: expected low before high$"):
        build_plan(spec, NODES, {"main": Model(2)})


@pytest.mark.skipif(sys.version_info < (3, 11), reason="notes came with Python 3.11")
def test_plan_foreign_error_of_constructor_gets_a_note() -> None:
    spec = load_graph_spec(TEXT).with_options({"scale.limits": [0, 0]})
    with pytest.raises(ZeroDivisionError) as caught:
        build_plan(spec, NODES, {"main": Model(2)})
    assert caught.value.__notes__ == ["while making graph 'small': node 'scale'"]


def test_plan_closes_made_nodes_on_failure() -> None:
    text = TEXT.replace("in: {value: number}", "in: {value: same}")
    spec = load_graph_spec(text + "- {name: noisy, use: noisy, in: {value: number}, out: same}\n")
    before = Noisy.closed
    with pytest.raises(InputError):
        build_plan(spec.with_options({"scale.limits": [2, 1]}), NODES, {"main": Model(2)})
    assert Noisy.closed == before + 1


def test_plan_imports_node_by_dotted_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
        class Outer:
            class Half:
                def __call__(self, value: int) -> float:
                    return value / 2
    """
    (tmp_path / "strangers_nodes.py").write_text(textwrap.dedent(code), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    spec = load_graph_spec(
        {
            "name": "half",
            "inputs": ["value"],
            "outputs": ["half"],
            "nodes": [
                {
                    "name": "half",
                    "use": "strangers_nodes:Outer.Half",
                    "in": {"value": "value"},
                    "out": "half",
                }
            ],
        }
    )
    assert SerialScheduler(build_plan(spec, {})).step(value=3) == {"half": 1.5}


def test_describe_gives_rows_of_text() -> None:
    spec = load_graph_spec(TEXT)
    assert [row["name"] for row in describe(spec)] == ["total", "scale"]
    assert describe(spec)[1] == {
        "name": "scale",
        "use": "scale",
        "in": "value: number",
        "loop": "",
        "when": "",
        "out": "scaled",
        "options": "model: main, limits: [1, 2]",
    }
