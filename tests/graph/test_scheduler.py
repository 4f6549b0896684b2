"""Frames through a plan."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazetrack.errors import BlazetrackError, InputError
from blazetrack.graph import SerialScheduler, build_plan, load_graph_spec

ONE = "name: one\ninputs: [x]\noutputs: [y]\nnodes:\n"


def scheduler(text: str, hooks: tuple[Any, ...] = (), **nodes: Callable[..., Any]) -> Any:
    return SerialScheduler(build_plan(load_graph_spec(text), nodes), hooks)


def same(x: Any) -> Any:
    return x


def add(a: int, b: int) -> int:
    return a + b


class Counter:
    """Counts its calls and closes."""

    def __init__(self) -> None:
        self.calls = 0
        self.closed = 0

    def __call__(self, x: int) -> int:
        self.calls += 1
        return self.calls

    def reset(self) -> None:
        self.calls = 0

    def close(self) -> None:
        self.closed += 1


class BadCloser(Counter):
    def close(self) -> None:
        super().close()
        raise OSError("stuck")


@pytest.mark.parametrize(
    ("gate", "runs"),
    [
        (True, 1),
        (False, 0),
        (None, 0),
        (np.True_, 1),
        (np.False_, 0),
        (0, 0),
    ],
)
def test_scheduler_when_gates_a_node(gate: Any, runs: int) -> None:
    text = (
        ONE.replace("[x]", "[x, gate]") + "- {name: n, use: same, in: {x: x}, when: gate, out: y}"
    )
    graph = scheduler(text, same=same)
    assert graph.step(x=5, gate=gate) == {"y": 5 if runs else None}
    assert graph.runs == {"n": runs}


def test_scheduler_missing_input_skips_dependents() -> None:
    text = (
        ONE
        + "- {name: a, use: same, in: {x: x}, out: z}\n- {name: b, use: same, in: {x: z}, out: y}"
    )
    graph = scheduler(text, same=same)
    assert graph.step(x=None) == {"y": None}
    assert graph.step(x=0) == {"y": 0}
    assert graph.runs == {"a": 1, "b": 1}


def test_scheduler_optional_port_without_value_runs() -> None:
    def maybe(x: Any, a: int | None, b: int | None = None, c: int = 7) -> tuple[Any, ...]:
        return x, a, b, c

    graph = scheduler(ONE + "- {name: n, use: maybe, in: {x: x}, out: y}", maybe=maybe)
    assert graph.step(x=1) == {"y": (1, None, None, 7)}


def test_scheduler_none_gives_port_default() -> None:
    def maybe(x: int = 7, *, by: int = 1) -> int:
        return x * by

    graph = scheduler(
        ONE + "- {name: n, use: maybe, in: {x: x}, out: y, options: {by: 2}}", maybe=maybe
    )
    assert graph.step(x=None) == {"y": 14}
    assert graph.step(x=0) == {"y": 0}


def test_scheduler_keyword_ports_are_passed_by_name() -> None:
    class Named:
        def __call__(self, x: int, *, z: int = 3, w: int | None = None) -> tuple[Any, ...]:
            return x, z, w

    graph = scheduler(ONE + "- {name: n, use: named, in: {x: x, w: x}, out: y}", named=Named)
    assert graph.step(x=1) == {"y": (1, 3, 1)}


def test_scheduler_loop_reads_previous_frame() -> None:
    def pair(now: int, before: int | None) -> tuple[int, int | None]:
        return now, before

    graph = scheduler(
        ONE + "- {name: n, use: pair, in: {now: x}, loop: {before: x}, out: y}", pair=pair
    )
    assert [graph.step(x=i)["y"] for i in range(3)] == [(0, None), (1, 0), (2, 1)]


def test_scheduler_loop_spans_several_nodes() -> None:
    def grow(x: int, old: int | None) -> int:
        return x + (old or 0)

    text = (
        "name: sum\ninputs: [x]\noutputs: [y]\nnodes:\n"
        "- {name: grow, use: grow, in: {x: x}, loop: {old: y}, out: z}\n"
        "- {name: same, use: same, in: {x: z}, out: y}"
    )
    graph = scheduler(text, grow=grow, same=same)
    assert [graph.step(x=i)["y"] for i in (1, 2, 3)] == [1, 3, 6]


def test_scheduler_required_loop_skips_first_frame() -> None:
    text = ONE + "- {name: n, use: add, in: {a: x}, loop: {b: x}, out: y}"
    graph = scheduler(text, add=add)
    assert [graph.step(x=i)["y"] for i in (1, 2, 3)] == [None, 3, 5]


def test_scheduler_skipped_writer_loops_none() -> None:
    def note(x: int | None, old: int | None) -> tuple[int | None, int | None]:
        return x, old

    text = (
        "name: skip\ninputs: [x]\noutputs: [y]\nnodes:\n"
        "- {name: same, use: same, in: {x: x}, when: x, out: z}\n"
        "- {name: note, use: note, in: {x: z}, loop: {old: z}, out: y}"
    )
    graph = scheduler(text, note=note, same=same)
    assert [graph.step(x=x)["y"] for x in (1, 0, 2)] == [(1, None), (None, 1), (2, None)]


def test_scheduler_reset_clears_loops_and_nodes() -> None:
    def pair(x: int, old: int | None) -> tuple[int, int | None]:
        return x, old

    text = (
        "name: r\ninputs: [x]\noutputs: [y]\nnodes:\n"
        "- {name: count, use: counter, in: {x: x}, out: z}\n"
        "- {name: pair, use: pair, in: {x: z}, loop: {old: z}, out: y}"
    )
    graph = scheduler(text, pair=pair, counter=Counter)
    assert [graph.step(x=0)["y"] for _ in range(2)] == [(1, None), (2, 1)]
    graph.reset()
    assert graph.frames == 0
    assert graph.step(x=0)["y"] == (1, None)
    assert graph.runs == {"count": 3, "pair": 3}


def test_schedulers_are_independent() -> None:
    text = ONE + "- {name: n, use: counter, in: {x: x}, out: y}"
    one, two = scheduler(text, counter=Counter), scheduler(text, counter=Counter)
    assert [one.step(x=0)["y"], one.step(x=0)["y"], two.step(x=0)["y"]] == [1, 2, 1]


@pytest.mark.parametrize("inputs", [{}, {"z": 1}, {"x": 1, "z": 1}])
def test_scheduler_wrong_inputs_are_an_error(inputs: dict[str, int]) -> None:
    graph = scheduler(ONE + "- {name: n, use: same, in: {x: x}, out: y}", same=same)
    with pytest.raises(InputError, match=r"^graph 'one': expected the inputs \['x'\], got \["):
        graph.step(**inputs)


def test_scheduler_failed_frame_keeps_previous_one() -> None:
    def pair(x: int, old: int | None) -> tuple[int, int | None]:
        if x == 13:
            raise ZeroDivisionError("bad luck")
        return x, old

    graph = scheduler(ONE + "- {name: n, use: pair, in: {x: x}, loop: {old: x}, out: y}", pair=pair)
    graph.step(x=1)
    with pytest.raises(ZeroDivisionError) as caught:
        graph.step(x=13)
    if sys.version_info >= (3, 11):
        assert caught.value.__notes__ == ["in graph 'one': node 'n'"]
    assert graph.step(x=2) == {"y": (2, 1)}


def test_scheduler_library_error_passes_unchanged() -> None:
    error = BlazetrackError("one line")

    def fail(x: int) -> int:
        raise error

    graph = scheduler(ONE + "- {name: n, use: fail, in: {x: x}, out: y}", fail=fail)
    with pytest.raises(BlazetrackError) as caught:
        graph.step(x=1)
    assert caught.value is error
    assert not hasattr(error, "__notes__")


def test_scheduler_close_closes_all_nodes_once() -> None:
    text = (
        "name: c\ninputs: [x]\noutputs: [a, b, c]\nnodes:\n"
        "- {name: a, use: good, in: {x: x}, out: a}\n"
        "- {name: b, use: bad, in: {x: x}, out: b}\n"
        "- {name: c, use: good, in: {x: x}, out: c}"
    )
    graph = scheduler(text, good=Counter, bad=BadCloser)
    with pytest.raises(OSError, match="stuck"):
        graph.close()
    graph.close()
    assert [node.call.closed for node in graph.plan.nodes] == [1, 1, 1]


def test_scheduler_hooks_get_skipped_nodes_too() -> None:
    calls: list[tuple[Any, ...]] = []

    class Hook:
        def before(self, node: str, frame: int) -> None:
            calls.append(("before", node, frame))

        def after(self, node: str, frame: int, ran: bool) -> None:
            calls.append(("after", node, frame, ran))

    text = ONE + "- {name: n, use: same, in: {x: x}, when: x, out: y}"
    graph = scheduler(text, (Hook(),), same=same)
    graph.step(x=1)
    graph.step(x=0)
    assert calls == [
        ("before", "n", 0),
        ("after", "n", 0, True),
        ("before", "n", 1),
        ("after", "n", 1, False),
    ]


def mix(a: int, b: int | None, old: int | None, *, by: int) -> int:
    return (3 * a + 5 * (b or 0) + 7 * (old or 0) + by) % 1009


@given(st.data())
def test_scheduler_random_graph_equals_direct_evaluation(data: Any) -> None:
    size = data.draw(st.integers(1, 8), "nodes")
    earlier = [data.draw(st.integers(0, i), "a") for i in range(size)]
    second = [data.draw(st.none() | st.integers(0, i), "b") for i in range(size)]
    loop = [data.draw(st.none() | st.integers(0, size), "loop") for _ in range(size)]
    when = [data.draw(st.none() | st.integers(0, i), "when") for i in range(size)]
    # Stream 0 is the input; node i writes stream i + 1.
    nodes = [
        {
            "name": f"n{i}",
            "use": "mix",
            "in": {"a": f"s{earlier[i]}"} | ({} if second[i] is None else {"b": f"s{second[i]}"}),
            "loop": {} if loop[i] is None else {"old": f"s{loop[i]}"},
            "out": f"s{i + 1}",
            "options": {"by": i},
        }
        | ({} if when[i] is None else {"when": f"s{when[i]}"})
        for i in range(size)
    ]
    streams = [f"s{i}" for i in range(size + 1)]
    graph = {
        "name": "random",
        "inputs": ["s0"],
        "outputs": streams,
        "nodes": data.draw(st.permutations(nodes), "text order"),
    }
    run = SerialScheduler(build_plan(load_graph_spec(graph), {"mix": mix}))
    before: list[int | None] = [None] * (size + 1)
    for x in data.draw(st.lists(st.none() | st.integers(0, 3), min_size=1, max_size=4), "frames"):
        now: list[int | None] = [x] + [None] * size
        for i in range(size):
            a, gate = now[earlier[i]], when[i]
            if a is None or (gate is not None and not now[gate]):
                continue
            b = None if second[i] is None else now[second[i]]
            old = None if loop[i] is None else before[loop[i]]
            now[i + 1] = mix(a, b, old, by=i)
        assert run.step(s0=x) == dict(zip(streams, now, strict=True))
        before = now


class Cut:
    """Restarts where the input is negative."""

    restarts = False

    def __call__(self, x: int) -> int:
        self.restarts = x < 0
        return x


class Total:
    """The sum of its inputs since the last restart."""

    def __init__(self) -> None:
        self.total = self.restarted = 0

    def restart(self) -> None:
        self.total, self.restarted = 0, self.restarted + 1

    def reset(self) -> None:
        self.total = -1000

    def __call__(self, x: int, before: int | None = None) -> int:
        self.total += x
        return self.total + 100 * (before is None)


def test_node_that_restarts_clears_loops_and_other_nodes() -> None:
    text = ONE + (
        "- {name: cut, use: cut, in: {x: x}, out: c}\n"
        "- {name: total, use: total, in: {x: c}, loop: {before: y}, out: y}\n"
    )
    running = scheduler(text, cut=Cut, total=Total)
    assert [running.step(x=x)["y"] for x in (1, 2, 3, -5, 4)] == [101, 3, 6, 95, -1]
    running.reset()
    assert running.step(x=0)["y"] == -900
