"""The text of a graph: YAML in, checked names out, every mistake one line.

What a node *means* (its ports, its options, who writes what) is checked in `plan.py`, where
the callables are known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    StringConstraints,
    ValidationError,
    field_validator,
)
from pydantic_core import PydanticCustomError

from blazetrack.errors import GraphError, did_you_mean

__all__ = ["GraphSpec", "NodeSpec", "load_graph_spec", "parse_set", "shown"]

if TYPE_CHECKING:
    from yaml import SafeLoader as _BaseLoader
else:
    _BaseLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one needs libyaml

Name = Annotated[str, StringConstraints(pattern=r"^[^\W\d]\w*$")]

_STREAM = "the name of a stream"
_EXPECTED = {
    "name": "a name",
    "inputs": "a list of stream names",
    "outputs": "a list of stream names",
    "description": "text",
    "models": "a mapping {role: model name}",
    "nodes": "a list of nodes",
    "use": "the name of a node, or module:Name",
    "in": "a mapping {port: stream name}",
    "loop": "a mapping {port: stream name}",
    "when": _STREAM,
    "out": _STREAM,
    "options": "a mapping {option: value}",
}
_EXPECTED_INSIDE = {
    "inputs": _STREAM,
    "outputs": _STREAM,
    "in": _STREAM,
    "loop": _STREAM,
    "models": "the name of a model",
}
_UNKNOWN_KEY = ("extra_forbidden", "invalid_key")  # the second: a key that is not text


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class NodeSpec(_Strict):
    """One line of a graph: which callable, and where its values come from and go to.

    Attributes:
        name: the node's own name.
        use: a name of the node table, or a dotted path `module:Name`.
        inputs: port → stream of this frame (`in` in the text).
        loop: port → stream of the previous frame.
        when: the stream that must be true for the node to run.
        out: the stream that the node writes.
        options: option → value.
    """

    name: Name
    use: str
    inputs: dict[str, Name] = Field(default_factory=dict, alias="in")
    loop: dict[str, Name] = Field(default_factory=dict)
    when: Name | None = None
    out: Name
    options: dict[str, Any] = Field(default_factory=dict)


class GraphSpec(_Strict):
    """A graph as it is written.

    Attributes:
        name: the graph's name.
        inputs: streams that the caller gives for every frame.
        outputs: streams that the caller gets for every frame.
        nodes: the nodes, in the order of the text.
        description: one line for lists of graphs.
        models: role → name of a model; the role is what a node's option says.
    """

    name: str
    inputs: list[Name]
    outputs: list[Name]
    nodes: list[NodeSpec]
    description: str = ""
    models: dict[str, str] = Field(default_factory=dict)
    _source: str = PrivateAttr("")

    @field_validator("inputs", "outputs")
    @classmethod
    def _listed_once(cls, streams: list[str]) -> list[str]:
        for stream in streams:
            if streams.count(stream) > 1:
                raise _mistake(f"stream '{stream}' is listed twice, expected once")
        return streams

    @field_validator("nodes")
    @classmethod
    def _names_differ(cls, nodes: list[NodeSpec]) -> list[NodeSpec]:
        if not nodes:
            raise _mistake("'nodes' is empty, expected at least one node")
        first: dict[str, int] = {}
        for number, node in enumerate(nodes, 1):
            if node.name in first:
                raise _mistake(
                    f"node '{node.name}': two nodes have this name (number {first[node.name]} "
                    f"and {number}), expected a name of its own for each"
                )
            first[node.name] = number
        return nodes

    def where(self, node: str | None = None) -> str:
        """The start of an error message: the file, or the graph's name, and the node."""
        place = self._source or f"graph '{self.name}'"
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
        nodes = [node.model_copy(update={"options": options[node.name]}) for node in self.nodes]
        return self.model_copy(update={"nodes": nodes})


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


def _validated(data: Any, source: str) -> GraphSpec:
    try:
        spec = GraphSpec.model_validate(data)
    except ValidationError as error:
        raise GraphError(f"{source or 'graph text'}: {_explained(error, data)}") from None
    spec._source = source
    return spec


def _explained(error: ValidationError, data: Any) -> str:
    """The first mistake that pydantic found, in the words of the format."""
    errors = error.errors(include_url=False)
    # An unknown key explains the missing one that it was meant to be.
    first = next((one for one in errors if one["type"] in _UNKNOWN_KEY), errors[0])
    kind, got = first["type"], shown(first["input"])
    if kind == "graph":
        return first["msg"]
    path, who = list(first["loc"]), ""
    model: type[BaseModel] = GraphSpec
    if len(path) > 1 and path[0] == "nodes":
        node, number = data["nodes"][path[1]], int(path[1]) + 1
        named = isinstance(node, Mapping) and isinstance(node.get("name"), str)
        who = f"node '{node['name']}': " if named else f"node number {number}: "
        path, model = path[2:], NodeSpec
    keys = [field.alias or name for name, field in model.model_fields.items()]
    if not path:
        return f"{who}expected a mapping with the keys {', '.join(keys)}, got {got}"
    if kind in _UNKNOWN_KEY:
        return f"{who}unknown key '{path[0]}', {did_you_mean(str(path[0]), keys)}"
    if kind == "missing":
        return f"{who}key '{path[0]}' is missing, expected {_EXPECTED[str(path[0])]}"
    expected = _EXPECTED[str(path[0])]
    if len(path) > 1 and path[-1] != "[key]":
        expected = _EXPECTED_INSIDE[str(path[0])]
    if kind == "string_pattern_mismatch":
        expected = "a name of letters, digits and _, no digit first"
    dotted = ".".join(str(part) for part in path if part != "[key]")
    return f"{who}'{dotted}': expected {expected}, got {got}"


def _mistake(line: str) -> PydanticCustomError:
    return PydanticCustomError("graph", "{line}", {"line": line})
