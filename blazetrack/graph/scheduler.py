"""Run a plan frame by frame, one node after the other.

A node runs once per frame, unless its `when` stream is false or a required input is None; then
its stream carries None. A port wired under `loop` reads what its stream carried one frame ago,
and None in the first frame. An optional port without a value gets its default.

A node whose attribute `restarts` is true after it ran begins a new clip: all loops carry None, and
the other nodes begin anew, by their `restart` where they have one, else by their `reset`. In the
text it comes before the nodes that carry something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
        self._closed = False
        streams = [*plan.spec.inputs, *(node.spec.out for node in plan.nodes)]
        self._slots = {stream: slot for slot, stream in enumerate(streams)}
        # Slots of streams, of the values of unwired ports, and of the loops' previous values.
        self._initial: list[Any] = [None] * len(streams)
        self._loops: dict[str, int] = {}  # stream → slot of its previous value
        self._records = [self._record(node) for node in plan.nodes]
        self._start = self._initial.copy()

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
        spec = self.plan.spec
        if inputs.keys() != set(spec.inputs):
            wanted = sorted(spec.inputs)
            raise InputError(f"{spec.where()}: expected the inputs {wanted}, got {sorted(inputs)}")
        values = self._start.copy()
        for stream, value in inputs.items():
            values[self._slots[stream]] = value
        self._run(values)
        for stream, slot in self._loops.items():
            self._start[slot] = values[self._slots[stream]]
        self.frames += 1
        return {stream: values[self._slots[stream]] for stream in spec.outputs}

    def reset(self) -> None:
        """Clear the previous frame, also in the nodes that have a `reset`."""
        self._start = self._initial.copy()
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
            for name, call, slots, required, when, out, restarter in self._records:
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
                        if restarter is not None and restarter.restarts:
                            self._restart(values, restarter)
                for hook in hooks:
                    hook.after(name, frame, ran)
        except BlazetrackError:
            raise
        except Exception as error:
            add_note(error, f"in {self.plan.spec.where(name)}")
            raise

    def _restart(self, values: list[Any], restarter: Any) -> None:
        """Clear what loops and nodes carry, within a frame."""
        for slot in self._loops.values():
            values[slot] = None
        for node in self.plan.nodes:
            if node.call is not restarter:
                begin = getattr(node.call, "restart", None) or getattr(node.call, "reset", None)
                if begin is not None:
                    begin()

    def _record(self, node: PlannedNode) -> _Record:
        slots, required = [], []
        for port, param in node.ports.items():
            if port in node.spec.inputs:
                slot = self._slots[node.spec.inputs[port]]
            elif (stream := node.spec.loop.get(port)) in self._loops:
                slot = self._loops[stream]
            else:
                slot = len(self._initial)
                self._initial.append(None if stream else param.fallback)
                if stream:
                    self._loops[stream] = slot
            slots.append(slot)
            if not param.optional:
                required.append(slot)
        when = None if node.spec.when is None else self._slots[node.spec.when]
        out, call = self._slots[node.spec.out], _adapted(node)
        restarter = node.call if hasattr(node.call, "restarts") else None
        return _Record(node.spec.name, call, tuple(slots), tuple(required), when, out, restarter)


class _Record(NamedTuple):
    """A node, with its wires as indices into the list of values."""

    name: str
    call: Callable[..., Any]
    slots: tuple[int, ...]
    required: tuple[int, ...]
    when: int | None
    out: int
    restarter: Any  # the node, if it may begin a new clip


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
