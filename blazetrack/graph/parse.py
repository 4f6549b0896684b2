"""Read the text of a graph: YAML in, a `GraphSpec` out; every mistake is one line.

The schema is written by hand: pydantic takes 40 ms to import and its messages name neither the node
nor the expected value.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from types import UnionType
from typing import Any, NamedTuple

from blazetrack.common.files import read_text
from blazetrack.common.yaml_text import read_yaml
from blazetrack.errors import GraphError, did_you_mean
from blazetrack.graph.spec import GraphSpec, NodeSpec, Renamed, shown

__all__ = ["load_graph_spec", "parse_set"]


def load_graph_spec(
    source: str | Path | Mapping[str, Any], renamed: Renamed | None = None
) -> GraphSpec:
    """Read a graph.

    Args:
        source: a file (a `Path`, or a string without a line break), the text itself, or the
            mapping that YAML makes of the text.
        renamed: old names that are accepted with a warning.

    Raises:
        GraphError: the file cannot be read, the text is not YAML, or a key or a value is wrong.
    """
    if isinstance(source, Mapping):
        data, place = dict(source), ""
    elif isinstance(source, str) and "\n" in source:
        data, place = read_yaml(source, "graph text", GraphError), ""
    else:
        data, place = _read_file(source), str(source)
    return _graph(data, place, renamed or Renamed())


def parse_set(text: str) -> tuple[str, Any]:
    """Split `node.option=value` of the command line; the value is read as YAML.

    >>> parse_set("detect.min_score=0.6")
    ('detect.min_score', 0.6)
    """
    key, equals, value = text.partition("=")
    if not equals:
        raise GraphError(f"'{text}': expected node.option=value, got no '='")
    return key, read_yaml(value, f"'{text}'", GraphError)


def _read_file(path: str | Path) -> Any:
    return read_yaml(read_text(path, "graph", GraphError), str(path), GraphError)


class _Key(NamedTuple):
    """Schema of one key.

    Attributes:
        expected: the whole value, in words.
        kind: its type.
        inside: each of its items, in words; empty where anything is allowed.
        names: its items, or the text itself, must be names of letters, digits and _.
        needed: the key is required.
    """

    expected: str
    kind: type | UnionType = str
    inside: str = ""
    names: bool = False
    needed: bool = False


_STREAM = "the name of a stream"
_STREAMS = _Key("a list of stream names", list, _STREAM, names=True, needed=True)
_WIRES = _Key("a mapping {port: stream name}", dict, _STREAM, names=True)
_ALIASES = "a mapping {alias: [node.option, ...]}"
_GRAPH = {
    "name": _Key("a name", needed=True),
    "inputs": _STREAMS,
    "outputs": _STREAMS,
    "nodes": _Key("a list of nodes", list, needed=True),
    "description": _Key("text"),
    "models": _Key("a mapping {role: model name}", dict, "the name of a model"),
    "aliases": _Key(_ALIASES, dict),
}
_NODE = {
    "name": _Key("a name", names=True, needed=True),
    "use": _Key("the name of a node, or module:Name", needed=True),
    "in": _WIRES,
    "loop": _WIRES,
    "when": _Key(_STREAM, str | None, names=True),
    "out": _Key(_STREAM, names=True, needed=True),
    "options": _Key("a mapping {option: value}", dict),
}
_NAME = re.compile(r"[^\W\d]\w*")


def _graph(data: Any, source: str, renamed: Renamed) -> GraphSpec:
    where = f"{source or 'graph text'}: "
    fields = _checked(data, _GRAPH, where)
    for stream in (name for key in ("inputs", "outputs") for name in fields[key]):
        if max(fields["inputs"].count(stream), fields["outputs"].count(stream)) > 1:
            raise GraphError(f"{where}stream '{stream}' is listed twice, expected once")
    nodes = [_node(item, number, where) for number, item in enumerate(fields.pop("nodes"), 1)]
    names = [node.name for node in nodes]
    if not nodes:
        raise GraphError(f"{where}'nodes' is empty, expected at least one node")
    for number, name in enumerate(names, 1):
        if (first := names.index(name) + 1) < number:
            raise GraphError(
                f"{where}node '{name}': two nodes have this name (number {first} and {number}), "
                "expected a name of its own for each"
            )
    for alias, targets in fields.get("aliases", {}).items():
        if not _are_keys(targets, names):
            expected = f"expected {_ALIASES}, with nodes of this graph"
            raise GraphError(f"{where}'aliases.{alias}': {expected}, got {shown(targets)}")
    spec = GraphSpec(nodes=(), source=source, renamed=renamed, **fields)
    return replace(spec, nodes=[renamed.update(node, spec.where(node.name)) for node in nodes])


def _are_keys(targets: Any, nodes: Collection[str]) -> bool:
    """Whether it is a list of `node.option`, of these nodes."""
    if not isinstance(targets, list) or not all(isinstance(key, str) for key in targets):
        return False
    return bool(targets) and all(key.partition(".")[0] in nodes for key in targets)


def _node(item: Any, number: int, where: str) -> NodeSpec:
    named = isinstance(item, Mapping) and isinstance(item.get("name"), str)
    node = f"'{item['name']}'" if named else f"number {number}"
    fields = _checked(item, _NODE, f"{where}node {node}: ")
    return NodeSpec(inputs=fields.pop("in", {}), **fields)


def _checked(data: Any, keys: Mapping[str, _Key], where: str) -> dict[str, Any]:
    """The keys that are there, each with a value of its kind."""
    if not isinstance(data, Mapping):
        expected = f"expected a mapping with the keys {', '.join(keys)}"
        raise GraphError(f"{where}{expected}, got {shown(data)}")
    for key in data:  # first: an unknown key explains the missing one that it was meant to be
        if key not in keys:
            raise GraphError(f"{where}unknown key '{key}', {did_you_mean(str(key), keys)}")
    for key, rule in keys.items():
        if key in data:
            _check_value(data[key], rule, where, key)
        elif rule.needed:
            raise GraphError(f"{where}key '{key}' is missing, expected {rule.expected}")
    return dict(data)


def _check_value(value: Any, rule: _Key, where: str, key: str) -> None:
    fits = isinstance(value, rule.kind)
    if not fits or (isinstance(value, dict) and not all(isinstance(name, str) for name in value)):
        raise GraphError(f"{where}'{key}': expected {rule.expected}, got {shown(value)}")
    items = {key: value} if isinstance(value, str) else {}
    if rule.inside:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        items = {f"{key}.{name}": item for name, item in pairs}
    for place, item in items.items():
        if not isinstance(item, str):
            raise GraphError(f"{where}'{place}': expected {rule.inside}, got {shown(item)}")
        if rule.names and not _NAME.fullmatch(item):
            expected = "expected a name of letters, digits and _, no digit first"
            raise GraphError(f"{where}'{place}': {expected}, got {shown(item)}")
