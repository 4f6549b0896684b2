"""The text of a graph: YAML in, checked names out, every mistake one line.

What a node *means* (its ports, its options, who writes what) is checked in `plan.py`, where
the callables are known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from blazetrack.errors import GraphError, did_you_mean

__all__ = ["GraphSpec", "NodeSpec", "load_graph_spec", "parse_set", "shown"]

if TYPE_CHECKING:
    from yaml import SafeLoader as _BaseLoader
else:
    _BaseLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one needs libyaml


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One line of a graph: which callable, and where its values come from and go to.

    Attributes:
        name: the node's own name.
        use: a name of the node table, or a dotted path `module:Name`.
        out: the stream that the node writes.
        inputs: port → stream of this frame (`in` in the text).
        loop: port → stream of the previous frame.
        when: the stream that must be true for the node to run.
        options: option → value.
    """

    name: str
    use: str
    out: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    loop: Mapping[str, str] = field(default_factory=dict)
    when: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GraphSpec:
    """A graph as it is written.

    Attributes:
        name: the graph's name.
        inputs: streams that the caller gives for every frame.
        outputs: streams that the caller gets for every frame.
        nodes: the nodes, in the order of the text.
        description: one line for lists of graphs.
        models: role → name of a model; the role is what a node's option says.
        source: the file it was read from; empty where there was none.
    """

    name: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    nodes: Sequence[NodeSpec]
    description: str = ""
    models: Mapping[str, str] = field(default_factory=dict)
    source: str = ""

    def where(self, node: str | None = None) -> str:
        """The start of an error message: the file, or the graph's name, and the node."""
        place = self.source or f"graph '{self.name}'"
        return place if node is None else f"{place}: node '{node}'"

    def with_options(self, values: Mapping[str, Any]) -> GraphSpec:
        """A copy with some options set, as `--set node.option=value` does.

        Args:
            values: `node.option` → value.

        Raises:
            GraphError: a key that is not `node.option`, or an unknown node. An unknown option
                or a wrong value is found where those of a file are: in `build_plan`.
        """
        options = {node.name: dict(node.options) for node in self.nodes}
        for key, value in values.items():
            node, option = _split_key(key)
            if node not in options:
                hint = did_you_mean(node, options)
                raise GraphError(f"{self.where()}: '{key}': no node '{node}', {hint}")
            options[node][option] = value
        nodes = [replace(node, options=options[node.name]) for node in self.nodes]
        return replace(self, nodes=nodes)


def load_graph_spec(source: str | Path | Mapping[str, Any]) -> GraphSpec:
    """Read a graph.

    Args:
        source: a file (a `Path`, or a string without a line break), the text itself, or what
            YAML would make of the text.

    Raises:
        GraphError: the file cannot be read, the text is not YAML, or a key or a value is wrong.
    """
    if isinstance(source, Mapping):
        return _validated(dict(source), "")
    if isinstance(source, str) and "\n" in source:
        return _validated(_parsed(source, "graph text"), "")
    try:
        text = Path(source).read_text(encoding="utf-8")
    except OSError as error:
        raise GraphError(f"{source}: cannot read this graph: {error.strerror}") from error
    except ValueError as error:
        raise GraphError(f"{source}: expected a graph in UTF-8 text, got other bytes") from error
    return _validated(_parsed(text, str(source)), str(source))


def parse_set(text: str) -> tuple[str, Any]:
    """Split `node.option=value` of the command line; the value is read as YAML.

    >>> parse_set("detect.min_score=0.6")
    ('detect.min_score', 0.6)
    """
    key, equals, value = text.partition("=")
    if not equals:
        raise GraphError(f"'{text}': expected node.option=value, got no '='")
    _split_key(key)
    return key, _parsed(value, f"'{text}'")


def shown(value: object, limit: int = 60) -> str:
    """A value as an error message prints it: one line, not too long."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _split_key(key: str) -> tuple[str, str]:
    node, _, option = key.partition(".")
    if not node or not option:
        raise GraphError(f"'{key}': expected node.option, as in detect.min_score")
    return node, option


class _Loader(_BaseLoader):
    """Safe YAML that refuses a key given twice, or read as a switch."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                problem = ""
                if (key.tag, key.value) in seen:
                    problem = f"key '{key.value}' is given twice, expected once"
                elif key.tag == "tag:yaml.org,2002:bool":  # on, off, yes, no
                    problem = f"key '{key.value}' reads as true or false, expected a word"
                if problem:
                    raise yaml.constructor.ConstructorError(
                        problem=problem, problem_mark=key.start_mark
                    )
                seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)


# YAML 1.1 reads 1e-3 as text because it has no dot; YAML 1.2, and everybody, reads a number.
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+[eE][-+]?\d+$"), list("-+0123456789")
)


def _parsed(text: str, source: str) -> Any:
    """The value of a YAML text; `source` is what an error names."""
    try:
        return yaml.load(text, Loader=_Loader)  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark, problem = error.problem_mark, error.problem or error.context
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise GraphError(f"{source}: {place}expected YAML: {problem}") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date such as 2020-13-01
        raise GraphError(f"{source}: expected YAML: {' '.join(str(error).split())}") from error


class _Key(NamedTuple):
    """What may stand at a key of the text.

    Attributes:
        expected: the whole value, in words.
        kind: its type.
        inside: each of its items, in words; empty where anything may stand there.
        names: its items, or the text itself, must be names of letters, digits and _.
        needed: must the key be there.
        null: may it be empty.
    """

    expected: str
    kind: type = str
    inside: str = ""
    names: bool = False
    needed: bool = False
    null: bool = False


_STREAM = "the name of a stream"
_STREAMS = _Key("a list of stream names", list, _STREAM, names=True, needed=True)
_WIRES = _Key("a mapping {port: stream name}", dict, _STREAM, names=True)
_GRAPH = {
    "name": _Key("a name", needed=True),
    "inputs": _STREAMS,
    "outputs": _STREAMS,
    "nodes": _Key("a list of nodes", list, needed=True),
    "description": _Key("text"),
    "models": _Key("a mapping {role: model name}", dict, "the name of a model"),
}
_NODE = {
    "name": _Key("a name", names=True, needed=True),
    "use": _Key("the name of a node, or module:Name", needed=True),
    "in": _WIRES,
    "loop": _WIRES,
    "when": _Key(_STREAM, names=True, null=True),
    "out": _Key(_STREAM, names=True, needed=True),
    "options": _Key("a mapping {option: value}", dict),
}
_NAME = re.compile(r"[^\W\d]\w*")


def _validated(data: Any, source: str) -> GraphSpec:
    try:
        fields = _checked(data, _GRAPH, "")
        for stream in ("inputs", "outputs"):
            _listed_once(fields[stream])
        nodes = [_node(item, number) for number, item in enumerate(fields.pop("nodes"), 1)]
        _names_differ(nodes)
    except _Mistake as error:
        raise GraphError(f"{source or 'graph text'}: {error}") from None
    return GraphSpec(nodes=nodes, source=source, **fields)


class _Mistake(Exception):
    """What is wrong with a text, without the place it was read from."""


def _node(item: Any, number: int) -> NodeSpec:
    named = isinstance(item, Mapping) and isinstance(item.get("name"), str)
    fields = _checked(
        item, _NODE, f"node '{item['name']}': " if named else f"node number {number}: "
    )
    return NodeSpec(inputs=fields.pop("in", {}), **fields)


def _checked(data: Any, keys: Mapping[str, _Key], who: str) -> dict[str, Any]:
    """The keys that are there, each with a value of its kind."""
    if not isinstance(data, Mapping):
        raise _Mistake(
            f"{who}expected a mapping with the keys {', '.join(keys)}, got {shown(data)}"
        )
    for key in data:  # first, because it explains the missing key that it was meant to be
        if key not in keys:
            raise _Mistake(f"{who}unknown key '{key}', {did_you_mean(str(key), keys)}")
    for key, rule in keys.items():
        if key in data:
            if data[key] is not None or not rule.null:
                _check_value(data[key], rule, who, key)
        elif rule.needed:
            raise _Mistake(f"{who}key '{key}' is missing, expected {rule.expected}")
    return dict(data)


def _check_value(value: Any, rule: _Key, who: str, key: str) -> None:
    wrong = not isinstance(value, rule.kind)
    if isinstance(value, dict):
        wrong = any(not isinstance(name, str) for name in value)
    if wrong:
        raise _Mistake(f"{who}'{key}': expected {rule.expected}, got {shown(value)}")
    items = {key: value} if rule.kind is str else {}
    if rule.inside:
        pairs = value.items() if rule.kind is dict else enumerate(value)
        items = {f"{key}.{name}": item for name, item in pairs}
    for place, item in items.items():
        expected = rule.inside or rule.expected
        if isinstance(item, str):
            if not rule.names or _NAME.fullmatch(item):
                continue
            expected = "a name of letters, digits and _, no digit first"
        raise _Mistake(f"{who}'{place}': expected {expected}, got {shown(item)}")


def _listed_once(streams: Sequence[str]) -> None:
    for stream in streams:
        if streams.count(stream) > 1:
            raise _Mistake(f"stream '{stream}' is listed twice, expected once")


def _names_differ(nodes: Sequence[NodeSpec]) -> None:
    if not nodes:
        raise _Mistake("'nodes' is empty, expected at least one node")
    first: dict[str, int] = {}
    for number, node in enumerate(nodes, 1):
        if node.name in first:
            raise _Mistake(
                f"node '{node.name}': two nodes have this name (number {first[node.name]} "
                f"and {number}), expected a name of its own for each"
            )
        first[node.name] = number
