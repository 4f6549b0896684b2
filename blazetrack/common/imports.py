"""Objects named in a text: `module:Name`, and options such as `?size=1280x720&fps=60`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from types import UnionType
from typing import Any, Union, get_args, get_origin

from blazetrack.common.addresses import shown_source
from blazetrack.common.opencv import explain
from blazetrack.errors import BlazetrackError, did_you_mean

__all__ = ["import_name", "is_import", "make"]

_DOTTED = r"[^\W\d]\w*(\.[^\W\d]\w*)*"


def is_import(text: str) -> bool:
    """Whether a text has the form `module:Name`, maybe with `?options`."""
    return re.fullmatch(rf"{_DOTTED}:{_DOTTED}(\?.*)?", text) is not None


def import_name(
    text: str, where: str, error: type[BlazetrackError], known: Iterable[str] = ()
) -> Any:
    """Import the object `module:Name`; `Name` may be dotted.

    Args:
        text: the name.
        where: start of error messages.
        error: class of errors.
        known: names that the user may have meant instead of the module.
    """
    module, _, path = text.partition(":")
    if not all(part.isidentifier() for part in f"{module}.{path}".split(".")):
        raise error(f"{where}: expected module:Name, got '{shown_source(text)}'")
    try:
        found: Any = import_module(module)
    except Exception as problem:  # any: it runs code of the user's
        if isinstance(problem, ImportError) and (remedy := explain(problem)) is not None:
            raise remedy from None
        near = did_you_mean(module, known)
        hint = f"; {near}" if near.startswith("did") else ""
        raise error(f"{where}: cannot import '{module}' of '{text}': {problem}{hint}") from problem
    for part in path.split("."):
        if not hasattr(found, part):
            hint = did_you_mean(part, (name for name in dir(found) if name[0] != "_"))
            raise error(f"{where}: '{text}': nothing is named '{part}' there, {hint}")
        found = getattr(found, part)
    return found


def make(
    kind: type[Any],
    factory: Any,
    text: str,
    error: type[BlazetrackError],
    *arguments: object,
    offered: Mapping[str, object] | None = None,
) -> Any:
    """Call a factory with the options of a text.

    Args:
        kind: class of the result.
        factory: a class, or a function.
        text: `…?key=value&…`; each value is converted to the type of its parameter.
        error: class of errors.
        arguments: positional arguments.
        offered: defaults of options that the factory may have; None means not set.
    """
    shown = shown_source(text)
    expected = (
        f"{shown}: expected a {kind.__module__}.{kind.__name__}, or a function that makes one"
    )
    if not callable(factory) or (isinstance(factory, type) and not issubclass(factory, kind)):
        raise error(f"{expected}; got {factory!r}")
    try:
        signature = inspect.signature(factory, eval_str=True)
    except NameError:  # an annotation that exists for type checkers only
        signature = inspect.signature(factory)
    try:
        options = _options(text, signature, signature.bind_partial(*arguments).arguments, error)
        for name, value in (offered or {}).items():
            if name in signature.parameters and value is not None:
                options.setdefault(name, value)
        signature.bind(*arguments, **options)
    except TypeError as problem:  # of bind: a missing or a surplus argument
        raise error(f"{shown}: {problem}; options are written ?key=value&key=value") from None
    made = factory(*arguments, **options)
    if not isinstance(made, kind):
        raise error(f"{expected}; it made a {type(made).__name__}")
    return made


def _options(
    text: str,
    signature: inspect.Signature,
    positional: Mapping[str, object],
    error: type[BlazetrackError],
) -> dict[str, Any]:
    """The options behind `?`, converted to the types of the parameters."""
    options: dict[str, Any] = {}
    shown, parameters = shown_source(text), signature.parameters
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    for pair in filter(None, text.partition("?")[2].split("&")):
        key, _, value = pair.partition("=")
        if key not in parameters and not open_ended:
            raise error(f"{shown}: no option '{key}'; {did_you_mean(key, parameters)}")
        if key in options or key in positional:
            raise error(f"{shown}: '{key}' is given twice; give it once")
        annotation = parameters[key].annotation if key in parameters else str
        parse, expected = _parser(annotation)
        try:
            options[key] = parse(value)
        except ValueError:
            raise error(f"{shown}: {key}: expected {expected}, got '{value[:40]}'") from None
    return options


def _parser(annotation: Any) -> tuple[Callable[[str], Any], str]:
    union = get_origin(annotation) in (Union, UnionType)
    types = get_args(annotation) if union else (annotation,)
    return next((_PARSERS[one] for one in types if one in _PARSERS), (str, "a text"))


def _parse_bool(text: str) -> bool:
    return bool(("false", "true", "0", "1").index(text.lower()) % 2)


def _parse_size(text: str) -> tuple[int, int]:
    width, height = text.lower().split("x")
    return _parse_int(width), _parse_int(height)


def _parse_int(text: str) -> int:
    if len(text) > 18:  # of many digits Python reads none; no option needs so many
        raise ValueError
    return int(text)


_PARSERS: dict[Any, tuple[Callable[[str], Any], str]] = {
    bool: (_parse_bool, "true or false"),
    int: (_parse_int, "a whole number"),
    float: (float, "a number"),
    tuple[int, int]: (_parse_size, "WIDTHxHEIGHT in pixels"),
}
