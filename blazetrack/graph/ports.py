"""Ports and options of a node, read from the signature of its callable.

A node is a class (`__init__` parameters are its options, `__call__` parameters its ports) or a
plain function (keyword-only parameters are its options, the others its ports). The return
annotation is the type of its stream.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from os import PathLike, fspath
from typing import Any

from blazetrack.errors import GraphError, did_you_mean
from blazetrack.graph.spec import shown

__all__ = [
    "REQUIRED",
    "Param",
    "Signature",
    "accepts",
    "option_value",
    "read_signature",
    "type_name",
]

REQUIRED = inspect.Parameter.empty


@dataclass(frozen=True)
class Param:
    """One port or option.

    Attributes:
        annotation: its type; `Any` where the signature has none.
        default: its value where none is given, or `REQUIRED`.
        keyword: True if it can only be passed by name.
    """

    annotation: Any = Any
    default: Any = REQUIRED
    keyword: bool = False

    @property
    def optional(self) -> bool:
        """Whether it may be left out: it has a default, or its type admits None."""
        return self.default is not REQUIRED or _admits_none(self.annotation)

    @property
    def fallback(self) -> Any:
        """The value of an optional port that has none."""
        return None if self.default is REQUIRED else self.default


@dataclass(frozen=True)
class Signature:
    """Options, ports and return type of a callable."""

    options: Mapping[str, Param]
    ports: Mapping[str, Param]
    returns: Any


def read_signature(node: Callable[..., Any], where: str) -> Signature:
    """Read the ports and options of a class or a function.

    Raises:
        GraphError: `node` is something else, has no readable signature, or takes `*args`; the
            message starts with `where`.
    """
    if not isinstance(node, type):
        if not inspect.isroutine(node):
            raise GraphError(f"{where}: expected a class or a function, got {shown(node)}")
        params, returns = _params(node, where)
        ports = {name: param for name, param in params.items() if not param.keyword}
        options = {name: param for name, param in params.items() if param.keyword}
        return Signature(options, ports, returns)
    cls: Any = node
    call = next((vars(base)["__call__"] for base in cls.__mro__ if "__call__" in vars(base)), None)
    if call is None:
        raise GraphError(f"{where}: expected a class with __call__, {cls.__name__} has none")
    options, _ = _params(cls, where, hints_of=cls.__init__)
    ports, returns = _params(call, where)
    return Signature(options, dict(list(ports.items())[1:]), returns)  # without self


def accepts(port: Any, written: Any) -> bool:
    """Whether a port of type `port` can read a stream of type `written`.

    Classes are compared without their type arguments. None on either side is ignored, because a
    node whose required input is None does not run.
    """
    wanted, given = (
        [cls for cls in _members(one) if cls is not types.NoneType] for one in (port, written)
    )
    if Any in wanted or Any in given:
        return True
    return bool(given) and all(any(_is_a(got, want) for want in wanted) for got in given)


def option_value(
    value: Any,
    annotation: Any,
    where: str,
    resources: Mapping[str, object],
) -> Any:
    """The value of an option as its node takes it: a list becomes a tuple, a role its object.

    Args:
        value: from the text.
        annotation: the type of the `__init__` parameter.
        where: the start of an error message.
        resources: role → the object that nodes share; None where there is no object yet.

    Raises:
        GraphError: a wrong value, or an unknown role.
    """
    if value is None and _admits_none(annotation):
        return None
    shareable = tuple(cls for cls in _members(annotation) if _is_shareable(cls))
    is_role = isinstance(value, str) and value in resources
    shared = resources[value] if is_role else None
    if is_role and shareable and (shared is None or _is_instance(shared, shareable)):
        return value if shared is None else shared
    if not any(_is_instance(thing, shareable) for thing in resources.values()):
        converted, fits = _converted(value, annotation, where)
        if fits:
            return converted
    got = f"{shown(value)}, {did_you_mean(str(value), resources)}"
    if shared is not None:
        got = f"'{value}', a {type(shared).__name__}"
    raise GraphError(f"{where}: expected the role of a {type_name(annotation)}, got {got}")


def type_name(annotation: Any) -> str:
    """A type as an error message prints it."""
    if annotation is None or annotation is type(None):
        return "None"
    if typing.get_origin(annotation) in _UNIONS:
        return " | ".join(type_name(part) for part in typing.get_args(annotation))
    if typing.get_origin(annotation) is typing.Annotated:
        return type_name(annotation.__origin__)
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return annotation.__name__
    return str(annotation).replace("typing.", "")


_UNIONS = (typing.Union, types.UnionType)
_NUMBERS = {float: (int,), complex: (int, float)}  # numeric tower of PEP 484


def _params(
    function: Callable[..., Any], where: str, hints_of: Callable[..., Any] | None = None
) -> tuple[dict[str, Param], Any]:
    """Parameters and return type of a callable, with annotations resolved."""
    name = getattr(function, "__qualname__", str(function))
    try:
        signature, hints = _read(function, hints_of or function)
    except NameError as error:  # an import under TYPE_CHECKING
        raise GraphError(
            f"{where}: cannot resolve the annotations of {name}: {error}; import it at run time"
        ) from error
    except (TypeError, ValueError) as error:
        raise GraphError(f"{where}: cannot read the signature of {name}: {error}") from error
    params = {}
    for key, param in signature.parameters.items():
        if param.kind in (param.VAR_POSITIONAL, param.VAR_KEYWORD):
            star = "*" if param.kind is param.VAR_POSITIONAL else "**"
            raise GraphError(f"{where}: expected named parameters, {name} takes {star}{key}")
        keyword = param.kind is param.KEYWORD_ONLY
        params[key] = Param(hints.get(key, Any), param.default, keyword)
    return params, hints.get("return", Any)


@lru_cache(maxsize=256)  # the nodes of a graph share a few callables
def _read(
    function: Callable[..., Any], hints_of: Callable[..., Any]
) -> tuple[inspect.Signature, Mapping[str, Any]]:
    return inspect.signature(function), typing.get_type_hints(hints_of, include_extras=True)


def _converted(value: Any, annotation: Any, where: str) -> tuple[Any, bool]:
    """`value` as pydantic's strict JSON mode reads it, and whether a text can give such a value.

    Strict means: no text for numbers, but lists for tuples. A number, boolean or word of the very
    type wanted needs no pydantic, which takes 0.1 s to import.
    """
    exact = typing.get_args(annotation) if typing.get_origin(annotation) is typing.Literal else ()
    if any(type(value) is type(word) and value == word for word in exact):
        return value, True
    if type(value) is annotation and annotation in (bool, int, float, str):
        return value, True
    import json

    from pydantic import TypeAdapter, ValidationError
    from pydantic.errors import PydanticUserError

    try:
        adapter: TypeAdapter[Any] = TypeAdapter(annotation)
        return adapter.validate_json(json.dumps(value, default=_plain), strict=True), True
    except PydanticUserError:  # a class of objects, which a text cannot give
        return None, False
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        item = "".join(f"item {part} " for part in first["loc"] if isinstance(part, int))
        why = item + first["msg"].replace("Input should", "should")
    except (TypeError, ValueError, RecursionError) as error:  # not a value of a text
        why = str(error)
    wanted = type_name(annotation)
    raise GraphError(f"{where}: expected {wanted}, got {shown(value)} ({why})")


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, PathLike):
        return str(fspath(value))
    raise TypeError(f"{type(value).__name__} is no value of a graph text")


def _members(annotation: Any) -> list[Any]:
    """The classes that an annotation allows; `Any` where unknown."""
    origin = typing.get_origin(annotation)
    alias = annotation if origin is None else origin
    if annotation is None:
        return [types.NoneType]
    if origin in _UNIONS:
        return [cls for part in typing.get_args(annotation) for cls in _members(part)]
    if origin is typing.Literal:
        return [type(part) for part in typing.get_args(annotation)]
    if origin is typing.Annotated:
        return _members(annotation.__origin__)
    if hasattr(alias, "__value__"):  # `type X = …` of Python 3.12
        return _members(alias.__value__)
    if hasattr(annotation, "__supertype__"):  # NewType
        return _members(annotation.__supertype__)
    return [alias] if isinstance(alias, type) else [Any]


def _admits_none(annotation: Any) -> bool:
    return types.NoneType in _members(annotation)


def _is_a(got: type, want: type) -> bool:
    try:
        return issubclass(got, want) or got in _NUMBERS.get(want, ())
    except TypeError:  # a Protocol without runtime check
        return True


def _is_shareable(cls: Any) -> bool:
    return isinstance(cls, type) and cls.__module__ != "builtins"


def _is_instance(thing: object, classes: tuple[type, ...]) -> bool:
    try:
        return isinstance(thing, classes)
    except TypeError:  # a Protocol without runtime check
        return False
