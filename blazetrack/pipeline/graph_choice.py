"""Which graph runs, and with which options: shipped graphs by name, options of any graph."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from blazetrack.common.files import expand
from blazetrack.errors import GraphError, did_you_mean
from blazetrack.graph import GraphSpec, load_graph_spec
from blazetrack.graph.ports import read_signature
from blazetrack.nodes import NODES, RENAMED

__all__ = ["current_value", "find_graph", "graph_for", "has_option", "load_graph",
           "set_everywhere", "set_where_known", "shipped_graphs"]  # fmt: skip

# Options that a user sets without a node → how the command line and Python name them.
_SHOWN = {
    "network_every": "every",
    "max_people": "people",
    "min_detection_score": "min_detection",
    "min_tracking_score": "min_tracking",
    "strength": "smoothing",
}


def shipped_graphs() -> dict[str, Path]:
    """Graphs that come with the package, by name."""
    package = Path(__file__).parents[1]
    folder = package / "graphs"
    if not folder.is_dir():  # a checkout: the folder is beside the package
        folder = package.parent / "graphs"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def find_graph(name_or_path: str | Path) -> Path:
    """The file of a graph: the name of a shipped one, or a path.

    Raises:
        GraphError: there is no such graph.
    """
    text, shipped = str(name_or_path), shipped_graphs()
    if text in shipped:
        return shipped[text]
    path = expand(text)
    if os.path.exists(path):  # reading it refuses a folder or a pipe
        return path
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
        raise GraphError(f"graph {text}: no such file")
    raise GraphError(f"no graph '{text}'; {did_you_mean(text, shipped)}")


def load_graph(name_or_path: str | Path) -> GraphSpec:
    """Read a graph by name or path; names of the previous release are accepted with a warning.

    Raises:
        GraphError: there is no such graph, or its text is wrong.
    """
    return load_graph_spec(find_graph(name_or_path), RENAMED)


def graph_for(
    people: int, follow: int | str | None = None, *, still: bool = False, several: bool = False
) -> str:
    """The default graph.

    Args:
        people: maximum number of people.
        follow: one of several.
        still: single pictures.
        several: the landmark model finds several people in one picture (`finds_several`).
    """
    if several:
        return "pose_bottomup"
    if still:
        return "pose_image"
    return "pose" if people == 1 and follow is None else "pose_multi"


def set_everywhere(spec: GraphSpec, values: Mapping[str, Any]) -> GraphSpec:
    """Set options: the graph's alias of that name, else every node with an option of that name.

    Values of None are not set.

    Raises:
        GraphError: the graph has no node with such an option.
    """
    for option, value in values.items():
        if value is None:
            continue
        keys = _keys(spec, option)
        if not keys:
            name = _SHOWN.get(option, option)
            raise GraphError(f"graph {spec.name}: no node has the option '{name}'{_advice(option)}")
        spec = spec.with_options(dict.fromkeys(keys, value))
    return spec


def current_value(spec: GraphSpec, option: str) -> Any:
    """The value of an option that `set_everywhere` sets, of the first node; None without one."""
    for key in _keys(spec, option):
        name, _, part = spec.aliases.get(key, (key,))[0].partition(".")
        node = next(node for node in spec.nodes if node.name == name)
        if part in node.options:
            return node.options[part]
        if part in (known := _options(node.use)):
            return known[part].fallback
    return None


def has_option(spec: GraphSpec, option: str) -> bool:
    """Whether the graph has a node with an option that `set_everywhere` sets."""
    return bool(_keys(spec, option))


def set_where_known(spec: GraphSpec, values: Mapping[str, Any]) -> GraphSpec:
    """As `set_everywhere`, without the options that the graph lacks; also takes `node.option`."""
    nodes = {node.name: node.use for node in spec.nodes}
    for key, value in values.items():
        node, _, option = key.partition(".")
        if not option:
            keys = _keys(spec, key)
        else:
            keys = [key] if option in _options(nodes.get(node, "")) else []
        if value is not None and keys:
            spec = spec.with_options(dict.fromkeys(keys, value))
    return spec


def _keys(spec: GraphSpec, option: str) -> list[str]:
    """The alias of that name, else `node.option` of every node that has it."""
    if option in spec.aliases:
        return [option]
    return [f"{node.name}.{option}" for node in spec.nodes if option in _options(node.use)]


@cache
def _options(use: str) -> Mapping[str, Any]:
    """The options of a node of the table; none for one of a user's own."""
    return read_signature(NODES[use], use).options if use in NODES else {}


def _advice(option: str) -> str:
    """Where an option does apply, for the end of a message."""
    having = [name for name in shipped_graphs() if _keys(load_graph(name), option)]
    return f"; graphs with it: {', '.join(having)}" if having else ""
