"""graphs/README.md: its example is valid, and its table of nodes is complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from blazetrack.graph import check_graph, load_graph_spec
from blazetrack.graph.ports import REQUIRED, read_signature
from blazetrack.nodes import NODES

README = Path(__file__).parents[2] / "graphs" / "README.md"


def test_readme_example_is_a_valid_graph() -> None:
    text = README.read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert example is not None
    check_graph(load_graph_spec(example[1]), NODES)


def as_yaml(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(list(value) if isinstance(value, tuple) else value)


@pytest.mark.parametrize("use", NODES)
def test_readme_lists_the_ports_and_options_of_each_node(use: str) -> None:
    signature = read_signature(NODES[use], use)
    ports = ", ".join(f"`{port}`" for port in signature.ports)
    options = ", ".join(
        f"`{name}`" if param.default is REQUIRED else f"`{name}: {as_yaml(param.default)}`"
        for name, param in signature.options.items()
    )
    row = f"\n| `{use}` | {ports} | {options or '–'} | "
    assert row in README.read_text(encoding="utf-8")
