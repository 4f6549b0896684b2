"""Ports and options of nodes."""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Literal,
    NewType,
    Optional,
    Protocol,
    TypeVar,
    Union,
    runtime_checkable,
)

import pytest
from pydantic import Field

from blazetrack.errors import GraphError
from blazetrack.graph.ports import (
    REQUIRED,
    Param,
    Signature,
    accepts,
    option_value,
    read_signature,
)


class Picture:
    pass


class Drawing(Picture):
    pass


class People:
    pass


@runtime_checkable
class Model(Protocol):
    def infer(self) -> None: ...


class Callback(Protocol):
    size: int


class Tiny:
    def infer(self) -> None: ...


class Look:
    def __init__(self, size: tuple[int, int], model: Model | None = None) -> None: ...

    def __call__(self, picture: Picture, hint: People | None, *, gain: float = 1.0) -> People:
        return People()


@dataclass
class Count:
    at_least: int = 1

    def __call__(self, people):  # type: ignore[no-untyped-def]
        return self.at_least


def follow(new: People, old: Optional[People] = None, *, keep: bool = False) -> People:  # noqa: UP045
    return new


def test_read_signature_of_a_class() -> None:
    assert read_signature(Look, "x") == Signature(
        options={"size": Param(tuple[int, int]), "model": Param(Model | None, None)},
        ports={
            "picture": Param(Picture),
            "hint": Param(People | None),
            "gain": Param(float, 1.0, keyword=True),
        },
        returns=People,
    )


def test_read_signature_twice_names_each_place_of_an_error() -> None:
    for where in ("one", "other"):
        with pytest.raises(GraphError, match=f"^{where}: expected named parameters"):
            read_signature(takes_many, where)


def test_read_signature_of_a_function() -> None:
    signature = read_signature(follow, "x")
    assert signature.options == {"keep": Param(bool, False, keyword=True)}
    assert signature.ports == {"new": Param(People), "old": Param(Optional[People], None)}  # noqa: UP045


def test_read_signature_without_annotation_is_any() -> None:
    signature = read_signature(Count, "x")
    assert signature == Signature({"at_least": Param(int, 1)}, {"people": Param()}, Any)
    assert list(read_signature(operator.add, "x").ports) == ["a", "b"]


@pytest.mark.parametrize(
    ("param", "optional"),
    [
        (Param(int), False),
        (Param(int, 3), True),
        (Param(int | None), True),
        (Param(Annotated[int | None, "x"]), True),
        (Param(Any), False),
    ],
)
def test_param_optional_by_default_or_none(param: Param, optional: bool) -> None:
    assert param.optional is optional


def takes_many(*values: int) -> int:
    return 0


def takes_unknown(value: Nowhere) -> int:  # type: ignore[name-defined]  # noqa: F821
    return 0


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (takes_many, "x: expected named parameters, takes_many takes *values"),
        (takes_unknown, "x: cannot resolve the annotations of takes_unknown: name 'Nowhere' is"),
        (People, "x: expected a class with __call__, People has none"),
        (3, "x: expected a class or a function, got 3"),
        (functools.partial(follow, keep=True), "x: expected a class or a function, got functools"),
    ],
)
def test_read_signature_of_no_node_is_an_error(node: Any, message: str) -> None:
    with pytest.raises(GraphError) as caught:
        read_signature(node, "x")
    assert str(caught.value).startswith(message)


Id = NewType("Id", int)
T = TypeVar("T")


@pytest.mark.parametrize(
    ("port", "written", "fits"),
    [
        (Picture, Picture, True),
        (Picture, Drawing, True),
        (Drawing, Picture, False),
        (Picture, People, False),
        (Picture | None, Picture, True),
        (Picture, Optional[Picture], True),  # noqa: UP045
        (Picture | None, People | None, False),
        (Union[Picture, People], People, True),  # noqa: UP007
        (Picture, Picture | People, False),
        (Picture, None, False),
        (Any, People, True),
        (Picture, Any, True),
        (object, People, True),
        (T, People, True),
        (float, int, True),
        (int, float, False),
        (int, bool, True),
        (int, Id, True),
        (str, Literal["a", "b"], True),
        (list[int], list[str], True),
        (list, tuple[int, ...], False),
        (Annotated[Picture, "x"], Drawing, True),
        (Model, Tiny, True),
        (Model, People, False),
        (Callback, People, True),
    ],
)
def test_accepts_compatible_types(port: Any, written: Any, fits: bool) -> None:
    assert accepts(port, written) is fits


def option(value: Any, annotation: Any, **resources: object) -> Any:
    return option_value(value, annotation, "x", resources)


@pytest.mark.parametrize(
    ("value", "annotation", "taken"),
    [
        ([224, 224], tuple[int, int], (224, 224)),
        ([-1, 1], tuple[float, float], (-1.0, 1.0)),
        (1, float, 1.0),
        (None, float | None, None),
        ("a", Literal["a", "b"], "a"),
        ("a.tflite", Path, Path("a.tflite")),
        (Path("a.tflite"), Path, Path("a.tflite")),
        ({"a": 1}, dict[str, int], {"a": 1}),
        ([1, "a"], Any, [1, "a"]),
        (float("inf"), float, float("inf")),
    ],
)
def test_option_value_converts_to_parameter_type(value: Any, annotation: Any, taken: Any) -> None:
    got = option(value, annotation)
    assert (got, type(got)) == (taken, type(taken))


@pytest.mark.parametrize(
    ("value", "annotation", "message"),
    [
        ("abc", float, "x: expected float, got 'abc' (should be a valid number)"),
        ("1.5", float, "x: expected float, got '1.5' (should be a valid number)"),
        (True, int, "x: expected int, got True (should be a valid integer)"),
        (True, float, "x: expected float, got True (should be a valid number)"),
        (1, bool, "x: expected bool, got 1 (should be a valid boolean)"),
        (None, int, "x: expected int, got None (should be a valid integer)"),
        (3, str, "x: expected str, got 3 (should be a valid string)"),
        ("c", Literal["a", "b"], "x: expected Literal['a', 'b'], got 'c' (should be 'a' or 'b')"),
        (
            [1, "b"],
            tuple[int, int],
            "x: expected tuple[int, int], got [1, 'b'] (item 1 should be a valid integer)",
        ),
        (
            2.0,
            Annotated[float, Field(le=1)],
            "x: expected float, got 2.0 (should be less than or equal to 1)",
        ),
        (b"1", int, "x: expected int, got b'1' (bytes is no value of a graph text)"),
    ],
)
def test_option_value_wrong_value_is_an_error(value: Any, annotation: Any, message: str) -> None:
    with pytest.raises(GraphError) as caught:
        option(value, annotation)
    assert str(caught.value) == message


def test_option_value_role_becomes_shared_object() -> None:
    tiny = Tiny()
    assert option("detector", Model, detector=tiny) is tiny
    assert option("detector", Model | None, detector=tiny, other=3) is tiny
    assert option(None, Model | None, detector=tiny) is None


def test_option_value_role_needs_matching_class() -> None:
    assert option("detector", str, detector=Tiny()) == "detector"


@pytest.mark.parametrize(
    ("value", "resources", "message"),
    [
        (
            "detektor",
            {"detector": Tiny()},
            "x: expected the role of a Model, got 'detektor', did you mean 'detector'?",
        ),
        (
            "landmarks",
            {"detector": Tiny(), "landmarks": 3},
            "x: expected the role of a Model, got 'landmarks', a int",
        ),
        ("detector", {}, "x: expected the role of a Model, got 'detector', none are known"),
        (3, {"detector": Tiny()}, "x: expected the role of a Model, got 3, known: detector"),
    ],
)
def test_option_value_wrong_role_is_an_error(
    value: Any, resources: dict[str, object], message: str
) -> None:
    with pytest.raises(GraphError) as caught:
        option(value, Model, **resources)
    assert str(caught.value) == message


def test_required_is_what_inspect_says() -> None:
    assert Param().default is REQUIRED
