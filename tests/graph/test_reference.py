"""Reference of nodes, from signatures and docstrings."""

from __future__ import annotations

from typing import Literal

import pytest

from blazetrack.graph import describe_nodes, nodes_as_markdown, nodes_as_text


class Scale:
    """Multiply a number.

    Args:
        factor: what it is multiplied by; over
            two lines.
        mode: kind of rounding.
    """

    def __init__(self, factor: float, mode: Literal["up", "down"] | None = None) -> None: ...

    def __call__(self, value: float, offset: float | None = None) -> float: ...


def scale_again(value: float, *, factor: float = 2.0) -> float:
    """As the node `scale`."""
    return value * factor


ROWS = describe_nodes({"scale": Scale, "scale_again": scale_again}, {"factor": (0, 10)})


def test_describe_nodes_class_has_ports_options_and_meanings() -> None:
    scale = ROWS[0]
    assert (scale["use"], scale["meaning"]) == ("scale", "Multiply a number.")
    assert scale["ports"] == {"value": False, "offset": True}
    assert scale["result"] == "float"
    factor, mode = scale["options"]
    assert (factor["required"], factor["range"]) == (True, (0, 10))
    assert factor["meaning"] == "What it is multiplied by; over two lines."
    assert (mode["required"], mode["default"], mode["range"]) == (False, None, None)


def test_describe_nodes_option_without_meaning_takes_that_of_the_named_node() -> None:
    (factor,) = ROWS[1]["options"]
    assert (factor["default"], factor["meaning"]) == (2.0, ROWS[0]["options"][0]["meaning"])


@pytest.mark.parametrize("line", ["| `mode: null` | up \\| down | Kind of rounding. |", "## scale"])
def test_nodes_as_markdown_has_a_row_per_option(line: str) -> None:
    assert line in nodes_as_markdown(ROWS).splitlines()


def test_nodes_as_text_has_a_paragraph_per_node() -> None:
    first, second = nodes_as_text(ROWS).split("\n\n")
    assert first.splitlines()[0] == "scale: value, offset? → float"
    assert second.splitlines()[-1].split()[:2] == ["factor:", "2.0"]
