"""graphs/README.md: its example is valid."""

from __future__ import annotations

import re
from pathlib import Path

from blazetrack.graph import check_graph, load_graph_spec
from blazetrack.nodes import NODES

README = Path(__file__).parents[2] / "graphs" / "README.md"


def test_readme_example_is_a_valid_graph() -> None:
    text = README.read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert example is not None
    check_graph(load_graph_spec(example[1]), NODES)
