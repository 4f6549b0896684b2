"""Reference of the nodes of a table: ports, options, defaults, ranges and meanings, as text."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from blazetrack.graph.ports import REQUIRED, read_signature, type_name

__all__ = ["describe_nodes", "nodes_as_markdown", "nodes_as_text"]

Range = tuple[float, float]
_INTRO = """\
# Nodes

The nodes that graphs name in `use`, printed by `blazetrack graph nodes --markdown`; `blazetrack
graph nodes detect` prints one. How to wire them is in [graphs/README.md](../graphs/README.md).

A port with `?` may be left out. A model is given by its role in the graph. `null` is None in Python
and leaves the choice to the model or to the rest of the graph."""


def describe_nodes(
    nodes: Mapping[str, Callable[..., Any]], ranges: Mapping[str, Range]
) -> list[dict[str, Any]]:
    """One record per node, from its signature and docstring.

    Args:
        nodes: name in `use` → class or function.
        ranges: option → smallest and largest value.

    Returns:
        Records with the keys use, meaning, ports (port → whether it may be left out), result, and
        options: records with name, type, required, default, range (two numbers or None), meaning.
    """
    texts = {use: inspect.getdoc(node) or "" for use, node in nodes.items()}
    return [_describe(use, node, texts, ranges) for use, node in nodes.items()]


def nodes_as_text(rows: list[dict[str, Any]]) -> str:
    """The records for a terminal: a paragraph per node, a line per option."""
    parts = []
    for row in rows:
        lines = [f"{row['use']}: {_ports(row)} → {row['result']}", f"  {row['meaning']}"]
        cells = [(_setting(one), _values(one), one["meaning"]) for one in row["options"]]
        widths = [max((len(cell[i]) for cell in cells), default=0) for i in (0, 1)]
        lines += [f"    {a.ljust(widths[0])}  {b.ljust(widths[1])}  {c}" for a, b, c in cells]
        parts.append("\n".join(line.rstrip() for line in lines))
    return "\n\n".join(parts)


def nodes_as_markdown(rows: list[dict[str, Any]]) -> str:
    """The records as a page: a section per node, a table of its options."""
    parts = [_INTRO]
    for row in rows:
        parts.append(f"## {row['use']}\n\n{row['meaning']}")
        parts.append(f"`{_ports(row)}` → `{row['result']}`")
        if row["options"]:
            table = ["| option and default | values | meaning |", "|---|---|---|"]
            for one in row["options"]:
                values = _values(one).replace("|", "\\|")
                table.append(f"| `{_setting(one)}` | {values} | {one['meaning']} |")
            parts.append("\n".join(table))
    return "\n\n".join(parts)


def _describe(
    use: str, node: Callable[..., Any], texts: Mapping[str, str], ranges: Mapping[str, Range]
) -> dict[str, Any]:
    signature = read_signature(node, use)
    summary = " ".join(texts[use].split("\n\n")[0].split())
    meanings = _arguments(texts[use])
    for other in re.findall(r"`(\w+)`", summary):  # "as the node `crop`"
        meanings = _arguments(texts.get(other, "")) | meanings
    options = [
        {
            "name": name,
            "type": type_name(param.annotation),
            "required": param.default is REQUIRED,
            "default": None if param.default is REQUIRED else param.default,
            "range": ranges.get(name),
            "meaning": meanings.get(name, ""),
        }
        for name, param in signature.options.items()
    ]
    return {
        "use": use,
        "meaning": summary,
        "ports": {name: param.optional for name, param in signature.ports.items()},
        "result": type_name(signature.returns),
        "options": options,
    }


def _arguments(text: str) -> dict[str, str]:
    """Argument → meaning, from the section `Args:` of a docstring, with a capital first letter."""
    section = re.search(r"^Args:\n((?:[ \t]+.*\n?|\n)*)", text, re.M)
    found = re.findall(r"^    (\w+): ((?:.|\n {5,})*)", section[1] if section else "", re.M)
    joined = {name: " ".join(meaning.split()) for name, meaning in found}
    return {name: meaning[:1].upper() + meaning[1:] for name, meaning in joined.items()}


def _ports(row: dict[str, Any]) -> str:
    return ", ".join(f"{port}?" if optional else port for port, optional in row["ports"].items())


def _setting(option: dict[str, Any]) -> str:
    """`name: default` as in a graph; the name alone where it is required."""
    return option["name"] if option["required"] else f"{option['name']}: {_yaml(option['default'])}"


def _values(option: dict[str, Any]) -> str:
    """Type and range of an option, or its words."""
    words = re.sub(
        r"Literal\[([^]]*)\]", lambda found: found[1].replace(", ", " | "), option["type"]
    )
    words = words.replace(" | None", "").replace("'", "")
    tuples = re.sub(
        r"tuple\[(.*)\]", lambda found: f"list of {found[1].replace(', ...', '')}", words
    )
    limits = option["range"]
    return f"{tuples}, {limits[0]:g} to {limits[1]:g}" if limits else tuples


def _yaml(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(list(value) if isinstance(value, tuple) else value)
