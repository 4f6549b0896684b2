"""The one reader of YAML text: graphs, cards, configs and the values of `--set`.

Plain values only (no dates, no tags of Python), of limited size, depth and number; aliases count as
often as they are used.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from blazetrack.errors import BlazetrackError

__all__ = ["read_yaml"]

MAX_BYTES, MAX_DEPTH, MAX_VALUES = 1 << 20, 50, 20_000
MAX_DIGITS = 40  # of a number

if TYPE_CHECKING:
    from yaml import SafeLoader as _BaseLoader
else:
    _BaseLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one needs libyaml

_CORE = "tag:yaml.org,2002:"


class _Loader(_BaseLoader):
    """Plain values; refuses a duplicate key, or one that reads as a boolean."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                problem = ""
                if (key.tag, key.value) in seen:
                    problem = f"key '{key.value}' is given twice, expected once"
                elif key.tag == _CORE + "bool":  # on, off, yes, no
                    problem = f"key '{key.value}' reads as true or false, expected a word"
                if problem:
                    raise _problem(problem, key)
                seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)

    def construct_number(self, node: yaml.ScalarNode) -> int | float:
        if len(node.value) > MAX_DIGITS:
            raise _problem(
                f"a number of {len(node.value)} characters, expected at most {MAX_DIGITS}", node
            )
        make = self.construct_yaml_int if node.tag == _CORE + "int" else self.construct_yaml_float
        number: int | float = make(node)
        return number


_PLAIN = ("null", "bool", "str", "seq", "map")
_Loader.yaml_constructors = {
    tag: make
    for tag, make in _BaseLoader.yaml_constructors.items()
    if tag is None or tag in {_CORE + name for name in _PLAIN}
}
for _tag in ("int", "float"):
    _Loader.add_constructor(_CORE + _tag, _Loader.construct_number)
_Loader.yaml_implicit_resolvers = {  # a date is text
    first: [(tag, form) for tag, form in forms if tag != _CORE + "timestamp"]
    for first, forms in _BaseLoader.yaml_implicit_resolvers.items()
}
# YAML 1.1 reads 1e-3 as text because it has no dot; YAML 1.2 reads a number.
_Loader.add_implicit_resolver(
    _CORE + "float", re.compile(r"^[-+]?\d+[eE][-+]?\d+$"), list("-+0123456789")
)


def read_yaml(text: str, where: str, error: type[BlazetrackError]) -> Any:
    """The value of a YAML text.

    Args:
        text: at most 1 MiB, 50 levels and 20,000 values.
        where: start of error messages.
        error: class of errors.
    """
    try:
        if len(text) > MAX_BYTES:
            raise yaml.YAMLError(f"a text of at most {MAX_BYTES:,} characters, got {len(text):,}")
        _check_size(text)
        return yaml.load(text, Loader=_Loader)  # a SafeLoader
    except yaml.MarkedYAMLError as problem:
        mark, reason = problem.problem_mark, problem.problem or problem.context
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise error(f"{where}: {place}expected YAML: {reason}") from problem
    except _FAULTS as problem:
        reason = " ".join(str(problem).split()) or "a value that does not fit its tag"
        raise error(f"{where}: expected YAML: {reason}") from problem


# PyYAML's constructors fail in all these ways on a value that does not fit its tag: `!!bool maybe`.
_FAULTS = (
    yaml.YAMLError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RecursionError,
)


def _check_size(text: str) -> None:
    """Refuse too much depth and too many values, before any of them is made."""
    count = 0
    opened: list[tuple[str | None, int]] = []  # anchor of each open collection, values before it
    sizes: dict[str, int] = {}  # values under each anchor
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            if any(anchor == event.anchor for anchor, _ in opened):
                raise _problem(f"alias '{event.anchor}' stands inside its own value", event)
            count += sizes.get(str(event.anchor), 1)
        elif isinstance(event, yaml.NodeEvent):
            if isinstance(event, yaml.CollectionStartEvent):
                opened.append((event.anchor, count))
            elif event.anchor:
                sizes[event.anchor] = 1
            count += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = opened.pop()
            if anchor:
                sizes[anchor] = count - before
        if len(opened) > MAX_DEPTH:
            raise _problem(f"values nested to more than {MAX_DEPTH} levels", event)
        if count > MAX_VALUES:
            raise _problem(f"more than {MAX_VALUES:,} values (aliases count each time)", event)


def _problem(text: str, place: Any) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(problem=text, problem_mark=place.start_mark)
