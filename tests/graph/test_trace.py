"""Node timings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blazetrack.errors import InputError, SinkError
from blazetrack.graph import SerialScheduler, Trace, build_plan, load_graph_spec
from blazetrack.graph.trace import NodeSummary

TEXT = """
name: small
inputs: [x]
outputs: [y, z]
nodes:
- {name: always, use: same, in: {x: x}, out: y}
- {name: rarely, use: same, in: {x: x}, when: x, out: z}
"""


def same(x: int) -> int:
    return x


def traced(trace: Trace, values: list[int]) -> None:
    scheduler = SerialScheduler(build_plan(load_graph_spec(TEXT), {"same": same}), [trace])
    for value in values:
        scheduler.step(x=value)


def written(trace: Trace, path: Path) -> list[dict[str, Any]]:
    trace.write(path)
    events: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["traceEvents"]
    return events


def test_trace_file_has_every_node_of_every_frame(tmp_path: Path) -> None:
    trace = Trace(keep=True)
    traced(trace, [1, 0])
    events = [event for event in written(trace, tmp_path / "t.json") if event["ph"] == "X"]
    assert [(event["name"], event["args"]) for event in events] == [
        ("always", {"frame": 0}),
        ("rarely", {"frame": 0}),
        ("always", {"frame": 1}),
        ("rarely", {"frame": 1, "skipped": True}),
    ]
    assert events[3]["dur"] == 0
    assert all(event["ts"] >= 0 and event["dur"] >= 0 for event in events)
    starts = [event["ts"] for event in events]
    assert starts == sorted(starts)


def test_trace_file_names_process_and_threads(tmp_path: Path) -> None:
    trace = Trace(keep=True)
    traced(trace, [1])
    events = written(trace, tmp_path / "t.json")
    names = {event["name"]: event for event in events if event["ph"] == "M"}
    assert names["process_name"]["args"] == {"name": "blazetrack"}
    thread = names["thread_name"]
    assert all(
        (event["pid"], event["tid"]) == (thread["pid"], thread["tid"])
        for event in events
        if event["ph"] == "X"
    )


def test_trace_span_times_other_stages(tmp_path: Path) -> None:
    trace = Trace(keep=True)
    with trace.span("read", frame=4):
        pass
    with pytest.raises(ZeroDivisionError), trace.span("draw"):
        raise ZeroDivisionError
    events = [event for event in written(trace, tmp_path / "t.json") if event["ph"] == "X"]
    assert [(event["name"], event["args"]) for event in events] == [
        ("read", {"frame": 4}),
        ("draw", {}),
    ]
    assert [row.runs for row in trace.summary()] == [1, 1]


def test_trace_summary_counts_runs_and_skips() -> None:
    trace = Trace()
    traced(trace, [1, 0, 1])
    always, rarely = trace.summary()
    assert (always.name, always.runs, always.skips) == ("always", 3, 0)
    assert (rarely.name, rarely.runs, rarely.skips) == ("rarely", 2, 1)
    assert always.p50_ms is not None
    assert always.p99_ms is not None
    assert 0 <= always.p50_ms <= always.p99_ms <= always.total_ms


def test_trace_summary_of_skipped_node_has_no_percentiles() -> None:
    trace = Trace()
    traced(trace, [0])
    assert trace.summary()[1] == NodeSummary("rarely", 0, 1, None, None, None, 0.0)


def test_trace_percentiles_interpolate(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([0])  # the clock when the trace is made, then start and end of every span
    monkeypatch.setattr("blazetrack.graph.trace.perf_counter_ns", lambda: next(ticks))
    trace = Trace()
    ticks = iter(tick for ms in range(11) for tick in (0, ms * 1_000_000))
    for _ in range(11):
        with trace.span("work"):
            pass
    assert trace.summary() == [NodeSummary("work", 11, 0, 5.0, 9.0, pytest.approx(9.9), 55.0)]


def test_trace_memory_is_bounded_without_keep(tmp_path: Path) -> None:
    trace = Trace(window=5)
    traced(trace, [1] * 50)
    assert trace.events == []
    assert trace.summary()[0].runs == 50
    with pytest.raises(InputError, match=r"expected a Trace\(keep=True\)"):
        trace.write(tmp_path / "t.json")


def test_trace_unwritable_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"t\.json: cannot be written: No such file"):
        Trace(keep=True).write(tmp_path / "none" / "t.json")
