"""Build a plan from a graph: check every wire, then make every node."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from graphlib import CycleError, TopologicalSorter
from typing import Any

from blazetrack.common.imports import import_name
from blazetrack.errors import BlazetrackError, GraphError, did_you_mean
from blazetrack.graph.ports import (
    REQUIRED,
    Param,
    Signature,
    accepts,
    option_value,
    read_signature,
    type_name,
)
from blazetrack.graph.spec import GraphSpec, NodeSpec, split_key

__all__ = ["Plan", "PlannedNode", "add_note", "build_plan", "check_graph", "describe"]


@dataclass(frozen=True)
class PlannedNode:
    """A node that can run.

    Attributes:
        spec: its line of the text.
        call: the object or function, called once per frame.
        ports: every port of `call` in the order of its parameters, wired or not.
    """

    spec: NodeSpec
    call: Callable[..., Any]
    ports: Mapping[str, Param]


@dataclass(frozen=True)
class Plan:
    """A checked graph with its nodes; one scheduler runs and closes it.

    `nodes` are in an order in which every stream is written before it is read.
    """

    spec: GraphSpec
    nodes: tuple[PlannedNode, ...]


def build_plan(
    spec: GraphSpec,
    nodes: Mapping[str, Callable[..., Any]],
    resources: Mapping[str, object] | None = None,
) -> Plan:
    """Check a graph and make its nodes.

    Args:
        spec: the graph.
        nodes: the node table: name under `use` → class or function.
        resources: role → an object that nodes share; an option of its class takes the role.

    Raises:
        GraphError: something in the text is wrong.
        BlazetrackError: a node refuses its options.
    """
    made: list[PlannedNode] = []
    with ExitStack() as undo:
        for step in _checked(spec, nodes, resources or {}):
            call = _made(step)
            if hasattr(call, "close"):
                undo.callback(call.close)
            made.append(PlannedNode(step.spec, call, step.signature.ports))
        undo.pop_all()  # from here on the scheduler closes them
    return Plan(spec, tuple(made))


def check_graph(spec: GraphSpec, nodes: Mapping[str, Callable[..., Any]]) -> None:
    """Check a graph without making a node or loading a model.

    Raises:
        GraphError: something in the text is wrong. The known roles are those of its `models`.
    """
    _checked(spec, nodes, dict.fromkeys(spec.models))


def describe(spec: GraphSpec) -> list[dict[str, str]]:
    """One row of text per node, with the keys name, use, in, loop, when, out, options."""
    return [
        {
            "name": node.name,
            "use": node.use,
            "in": _pairs(node.inputs),
            "loop": _pairs(node.loop),
            "when": node.when or "",
            "out": node.out,
            "options": _pairs(node.options),
        }
        for node in spec.nodes
    ]


def add_note(error: BaseException, note: str) -> None:
    """Note the place of a foreign error, from Python 3.11 on."""
    if sys.version_info >= (3, 11):
        error.add_note(note)


@dataclass(frozen=True)
class _Step:
    """A node that is checked but not made."""

    spec: NodeSpec
    where: str
    factory: Callable[..., Any]
    signature: Signature
    options: dict[str, Any]


def _checked(
    spec: GraphSpec,
    nodes: Mapping[str, Callable[..., Any]],
    resources: Mapping[str, object],
) -> list[_Step]:
    """The checked nodes in run order."""
    steps = []
    for node in spec.nodes:
        where = spec.where(node.name)
        factory = _resolved(node.use, nodes, where)
        signature = read_signature(factory, f"{where}: use '{node.use}'")
        _check_ports(node, signature, where)
        options = _options(node, signature, where, resources)
        steps.append(_Step(node, where, factory, signature, options))
    _check_streams(spec, steps)
    _check_aliases(spec, steps)
    return [steps[number] for number in _run_order(spec)]


def _made(step: _Step) -> Callable[..., Any]:
    if not isinstance(step.factory, type):
        return partial(step.factory, **step.options) if step.options else step.factory
    try:
        return step.factory(**step.options)  # type: ignore[no-any-return]
    except BlazetrackError:
        raise
    except Exception as error:
        add_note(error, f"while making {step.where}")
        raise


def _resolved(use: str, nodes: Mapping[str, Callable[..., Any]], where: str) -> Callable[..., Any]:
    """The callable behind `use`: from the table, or imported from `module:Name`."""
    if ":" not in use:
        if use not in nodes:
            raise GraphError(f"{where}: unknown node '{use}', {did_you_mean(use, nodes)}")
        return nodes[use]
    return import_name(use, where, GraphError)  # type: ignore[no-any-return]


def _options(
    node: NodeSpec, signature: Signature, where: str, resources: Mapping[str, object]
) -> dict[str, Any]:
    """The options as the callable takes them; those not given keep their default."""
    for name in node.options:
        if name not in signature.options:
            hint = did_you_mean(name, signature.options)
            raise GraphError(f"{where}: '{node.use}' has no option '{name}', {hint}")
    options = {}
    for name, param in signature.options.items():
        here = f"{where}: option '{name}'"
        if name in node.options:
            value = node.options[name]
            options[name] = option_value(value, param.annotation, here, resources)
        elif param.default is REQUIRED:
            raise GraphError(f"{here} is missing, expected {type_name(param.annotation)}")
    return options


def _check_ports(node: NodeSpec, signature: Signature, where: str) -> None:
    """Wired ports exist, and required ports are wired once."""
    for port in (*node.inputs, *node.loop):
        if port not in signature.ports:
            hint = did_you_mean(port, signature.ports)
            raise GraphError(f"{where}: '{node.use}' has no port '{port}', {hint}")
        if port in node.inputs and port in node.loop:
            raise GraphError(f"{where}: port '{port}' is wired twice, expected 'in' or 'loop'")
    for port, param in signature.ports.items():
        if not param.optional and port not in node.inputs and port not in node.loop:
            wanted = type_name(param.annotation)
            raise GraphError(f"{where}: port '{port}' is not wired, expected a stream of {wanted}")


def _check_aliases(spec: GraphSpec, steps: list[_Step]) -> None:
    known = {step.spec.name: step.signature.options for step in steps}
    for alias, targets in spec.aliases.items():
        for node, option in map(split_key, targets):
            if option not in known[node]:
                hint = did_you_mean(option, known[node])
                raise GraphError(
                    f"{spec.where()}: alias '{alias}': '{node}' has no option '{option}', {hint}"
                )


def _check_streams(spec: GraphSpec, steps: list[_Step]) -> None:
    """Every stream has one writer, of the type its readers take, and at least one reader."""
    carries: dict[str, Any] = dict.fromkeys(spec.inputs, Any)
    writer = dict.fromkeys(spec.inputs, "the graph's inputs")
    for step in steps:
        stream = step.spec.out
        if stream in writer:
            raise GraphError(
                f"{step.where}: out: expected one writer per stream, "
                f"'{stream}' is already written by {writer[stream]}"
            )
        carries[stream], writer[stream] = step.signature.returns, f"node '{step.spec.name}'"
    for who, how, stream in _reads(spec):
        if stream not in writer:
            hint = did_you_mean(stream, writer)
            raise GraphError(f"{spec.where(who)}: {how}: no node writes '{stream}', {hint}")
    read = {stream for _, _, stream in _reads(spec)}
    for step in steps:
        if step.spec.out not in read:
            raise GraphError(
                f"{step.where}: out: no node reads '{step.spec.out}', "
                "expected a node or the graph's outputs to read it"
            )
        for port, stream in (*step.spec.inputs.items(), *step.spec.loop.items()):
            wanted = step.signature.ports[port].annotation
            if not accepts(wanted, carries[stream]):
                raise GraphError(
                    f"{step.where}: port '{port}': expected {type_name(wanted)}, got "
                    f"{type_name(carries[stream])} from '{stream}' of {writer[stream]}"
                )


def _reads(spec: GraphSpec) -> Iterable[tuple[str | None, str, str]]:
    """Reader (None is the graph itself), key and stream of each read."""
    for node in spec.nodes:
        yield from ((node.name, f"in.{port}", stream) for port, stream in node.inputs.items())
        yield from ((node.name, f"loop.{port}", stream) for port, stream in node.loop.items())
        if node.when is not None:
            yield node.name, "when", node.when
    yield from ((None, "outputs", stream) for stream in spec.outputs)


def _run_order(spec: GraphSpec) -> list[int]:
    """Indices of the nodes, writers before readers; else in the order of the text."""
    number = {node.out: i for i, node in enumerate(spec.nodes)}
    sorter = TopologicalSorter(
        {
            i: [number[read] for read in (*node.inputs.values(), node.when) if read in number]
            for i, node in enumerate(spec.nodes)
        }
    )
    try:
        sorter.prepare()
    except CycleError as error:
        names = [spec.nodes[i].name for i in error.args[1]]
        raise GraphError(
            f"{spec.where()}: nodes {' → '.join(names)} form a cycle, "
            "expected one of these wires under 'loop'"
        ) from None
    order: list[int] = []
    ready: list[int] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()])
        order.append(ready.pop(0))
        sorter.done(order[-1])
    return order


def _pairs(values: Mapping[str, object]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in values.items())
