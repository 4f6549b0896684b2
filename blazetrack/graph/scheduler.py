"""Run a plan frame by frame, one node after the other.

A node runs once per frame, unless its `when` stream is false or a required input is None; then
its stream carries None. A port wired under `loop` reads what its stream carried one frame ago,
and None in the first frame. An optional port without a value gets its default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from typing import Any, NamedTuple, Protocol

from blazetrack.errors import BlazetrackError, InputError
from blazetrack.graph.plan import Plan, PlannedNode, add_note

__all__ = ["Hook", "SerialScheduler"]


class Hook(Protocol):
    """Is called before and after every node of every frame."""

    def before(self, node: str, frame: int) -> None:
        """`node` runs or is skipped next."""

    def after(self, node: str, frame: int, ran: bool) -> None:
        """`node` ran, or was skipped."""


class SerialScheduler:
    """Run a plan in this thread.

    Attributes:
        runs: node → number of runs.
        frames: number of frames since the start or the last reset.
    """

    def __init__(self, plan: Plan, hooks: Iterable[Hook] = ()) -> None:
        self.plan = plan
        self.runs = dict.fromkeys((node.spec.name for node in plan.nodes), 0)
        self.frames = 0
        self._hooks = tuple(hooks)
        self._compiled = _compile(plan)
        self._start = list(self._compiled.start)
        self._closed = False

    def step(self, **inputs: Any) -> dict[str, Any]:
        """Run one frame.

        Args:
            inputs: a value for each of the graph's inputs.

        Returns:
            Output stream → value; None where its writer did not run.

        Raises:
            InputError: an input is missing or unknown.
            BlazetrackError: a node refuses its input; other errors of a node pass unchanged.
        """
        compiled = self._compiled
        if inputs.keys() != compiled.inputs.keys():
            raise InputError(
                f"{self.plan.spec.where()}: expected the inputs {sorted(compiled.inputs)}, "
                f"got {sorted(inputs)}"
            )
        values = self._start.copy()
        for stream, value in inputs.items():
            values[compiled.inputs[stream]] = value
        self._run(values)
        for slot, stream_slot in compiled.loops:
            self._start[slot] = values[stream_slot]
        self.frames += 1
        return {stream: values[slot] for stream, slot in compiled.outputs}

    def reset(self) -> None:
        """Clear the previous frame, also in the nodes that have a `reset`."""
        self._start = list(self._compiled.start)
        self.frames = 0
        for node in self.plan.nodes:
            if hasattr(node.call, "reset"):
                node.call.reset()

    def close(self) -> None:
        """Close each node that has a `close` once, even if another one fails."""
        if self._closed:
            return
        self._closed = True
        with ExitStack() as stack:
            for node in self.plan.nodes:
                if hasattr(node.call, "close"):
                    stack.callback(node.call.close)

    def _run(self, values: list[Any]) -> None:
        """Run the nodes over the values of one frame."""
        hooks, runs, frame = self._hooks, self.runs, self.frames
        name = ""
        try:
            for name, call, slots, required, when, out in self._compiled.records:
                for hook in hooks:
                    hook.before(name, frame)
                ran = when is None or bool(values[when])
                if ran:
                    for slot in required:
                        if values[slot] is None:
                            ran = False
                            break
                    else:
                        values[out] = call(*[values[slot] for slot in slots])
                        runs[name] += 1
                for hook in hooks:
                    hook.after(name, frame, ran)
        except BlazetrackError:
            raise
        except Exception as error:
            add_note(error, f"in {self.plan.spec.where(name)}")
            raise


class _Record(NamedTuple):
    """A node, with its wires as indices into the list of values."""

    name: str
    call: Callable[..., Any]
    slots: tuple[int, ...]
    required: tuple[int, ...]
    when: int | None
    out: int


class _Compiled(NamedTuple):
    """A plan as flat tables.

    `start` is the list of values before the first frame: streams, then the values of unwired
    ports, then the loops' previous values.
    """

    records: tuple[_Record, ...]
    inputs: Mapping[str, int]
    outputs: tuple[tuple[str, int], ...]
    loops: tuple[tuple[int, int], ...]
    start: tuple[Any, ...]


def _compile(plan: Plan) -> _Compiled:
    streams = [*plan.spec.inputs, *(node.spec.out for node in plan.nodes)]
    slot_of = {stream: slot for slot, stream in enumerate(streams)}
    start: list[Any] = [None] * len(streams)
    previous: dict[str, int] = {}
    records = []
    for node in plan.nodes:
        slots, required = [], []
        for port, param in node.ports.items():
            if port in node.spec.inputs:
                slot = slot_of[node.spec.inputs[port]]
            elif port in node.spec.loop:
                slot = previous.setdefault(node.spec.loop[port], len(start))
                start += [None] * (slot == len(start))
            else:
                slot = len(start)
                start.append(param.fallback)
            slots.append(slot)
            if not param.optional:
                required.append(slot)
        when = None if node.spec.when is None else slot_of[node.spec.when]
        out = slot_of[node.spec.out]
        call = _adapted(node)
        records.append(_Record(node.spec.name, call, tuple(slots), tuple(required), when, out))
    return _Compiled(
        records=tuple(records),
        inputs={stream: slot_of[stream] for stream in plan.spec.inputs},
        outputs=tuple((stream, slot_of[stream]) for stream in plan.spec.outputs),
        loops=tuple((slot, slot_of[stream]) for stream, slot in previous.items()),
        start=tuple(start),
    )


def _adapted(node: PlannedNode) -> Callable[..., Any]:
    """A callable with one positional parameter per port.

    Most nodes are that already. Others have keyword-only ports, or a default that replaces the
    None of a wired stream.
    """
    call, params = node.call, tuple(node.ports.items())
    wired = {*node.spec.inputs, *node.spec.loop}
    named = tuple(port for port, param in params if param.keyword)
    defaults = {
        place: param.default
        for place, (port, param) in enumerate(params)
        if port in wired and param.optional and param.fallback is not None
    }
    if not named and not defaults:
        return call

    def adapted(*values: Any) -> Any:
        full = [defaults.get(i) if value is None else value for i, value in enumerate(values)]
        count = len(full) - len(named)  # keyword-only parameters are last
        return call(*full[:count], **dict(zip(named, full[count:], strict=True)))

    return adapted
