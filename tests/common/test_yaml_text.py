"""The reader of all YAML texts: plain values within limits, one line for everything else."""

from __future__ import annotations

import pytest

from blazetrack.common.yaml_text import MAX_DEPTH, read_yaml
from blazetrack.errors import GraphError

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def test_read_yaml_plain_values_become_python_values() -> None:
    text = "{a: [1, 2.5, 1e-3, true, null, word], b: {c: 'x'}, d: 2020-13-45}"
    value = {"a": [1, 2.5, 1e-3, True, None, "word"], "b": {"c": "x"}, "d": "2020-13-45"}
    assert read_yaml(text, "here", GraphError) == value


def test_read_yaml_alias_used_a_few_times_is_accepted() -> None:
    assert read_yaml("{a: &one [1], b: *one, c: *one}", "here", GraphError)["c"] == [1]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (LAUGHS, "more than 20,000 values"),
        ("[" * 20_000, "nest"),
        ("[" * 900 + "]" * 900, "more than 50 levels"),
        ("- " * 200 + "x", "more than 50 levels"),
        ("x: &x [*x]", "inside its own value"),
        ("x: *y", "undefined alias"),
        ("[" + "1," * 30_000 + "]", "more than 20,000 values"),
        ("#" * (2 << 20), "at most 1,048,576 characters"),
        ("0x" + "f" * 100_000, "a number of 100002 characters"),
        ("1" * 5000, "a number of 5000 characters"),
        ("59" + ":59" * 5000, "a number of 15002 characters"),
        ("!!timestamp x", "could not determine a constructor"),
        ("!!python/object/apply:os.system [x]", "could not determine a constructor"),
        ("!!bool maybe", "maybe"),
        ("!!int ''", "expected YAML"),
        ("!!float ''", "expected YAML"),
        ("!!float [1]", "expected YAML"),
        ("? [a]\n: b", "unhashable"),
        ("a: 1\na: 2", "given twice"),
        ("yes: 1", "reads as true or false"),
        ("a: 'b", "expected YAML"),
        ("a: \0", "expected YAML"),
        ("\ud800", "expected YAML"),
    ],
)
def test_read_yaml_bad_text_gives_one_line(text: str, problem: str) -> None:
    with pytest.raises(GraphError) as error:
        read_yaml(text, "mine.yaml", GraphError)
    message = str(error.value)
    assert message.startswith("mine.yaml: ")
    assert problem in message
    assert "\n" not in message
    assert len(message) < 300


def test_read_yaml_deepest_allowed_text_is_read() -> None:
    value = read_yaml("[" * MAX_DEPTH + "]" * MAX_DEPTH, "here", GraphError)
    for _ in range(MAX_DEPTH - 1):
        (value,) = value
    assert value == []
