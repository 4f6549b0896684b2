"""A graph as it is written: names only. `plan.py` checks them against the callables."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from blazetrack.errors import GraphError, did_you_mean, warn_renamed

__all__ = ["GraphSpec", "NodeSpec", "Renamed", "shown", "split_key"]


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One line of a graph: a callable, and the streams it reads and writes.

    Attributes:
        name: the node's own name.
        use: a name of the node table, or a dotted path `module:Name`.
        out: the stream that the node writes.
        inputs: port → stream of this frame (`in` in the text).
        loop: port → stream of the previous frame.
        when: the stream that must be true for the node to run.
        options: option → value.
    """

    name: str
    use: str
    out: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    loop: Mapping[str, str] = field(default_factory=dict)
    when: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Renamed:
    """Names of the previous release that still work; each use of one warns.

    Attributes:
        uses: old name under `use` → new name.
        params: `use.name` of an old port or option, by the new `use` → new name.
        nodes: old `node` or `node.option` of an option key → new nodes; the first one that the
            graph has takes its place.
        removed: `use.name` of an option that no longer exists → what to do.
    """

    uses: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    nodes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    removed: Mapping[str, str] = field(default_factory=dict)

    def update(self, node: NodeSpec, where: str) -> NodeSpec:
        """A node under its new names."""
        use = self.uses.get(node.use, node.use)
        if use != node.use:
            warn_renamed(where, node.use, use)

        def renamed(values: Mapping[str, Any]) -> dict[str, Any]:
            return {self.param(use, name, where): value for name, value in values.items()}

        inputs, loop, options = map(renamed, (node.inputs, node.loop, node.options))
        return replace(node, use=use, inputs=inputs, loop=loop, options=options)

    def param(self, use: str, name: str, where: str) -> str:
        """The new name of a port or option; `GraphError` for one that was removed."""
        if (advice := self.removed.get(f"{use}.{name}")) is not None:
            raise GraphError(f"{where}: '{use}' has no option '{name}' any more, {advice}")
        new = self.params.get(f"{use}.{name}", name)
        if new != name:
            warn_renamed(where, name, new)
        return new

    def node(self, node: str, option: str, known: Collection[str], where: str) -> str:
        """The new name of the node of an option key."""
        for old in (f"{node}.{option}", *([] if node in known else [node])):
            new = next((name for name in self.nodes.get(old, ()) if name in known), None)
            if new:
                warn_renamed(where, f"{node}.{option}", f"{new}.{option}")
                return new
        return node


@dataclass(frozen=True, slots=True)
class GraphSpec:
    """A graph as it is written.

    Attributes:
        name: the graph's name.
        inputs: streams that the caller gives for every frame.
        outputs: streams that the caller gets for every frame.
        nodes: the nodes, in the order of the text.
        description: one line for lists of graphs.
        models: role → name of a model; a node's option names the role.
        aliases: public option name → the `node.option` keys that it sets.
        source: the file it was read from; empty where there was none.
        renamed: old names that `with_options` takes.
    """

    name: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    nodes: Sequence[NodeSpec]
    description: str = ""
    models: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)
    source: str = ""
    renamed: Renamed = field(default=Renamed(), repr=False)

    def where(self, node: str | None = None) -> str:
        """The start of an error message: the file, or the graph's name, and the node."""
        place = self.source or f"graph '{self.name}'"
        return place if node is None else f"{place}: node '{node}'"

    def with_options(self, values: Mapping[str, Any]) -> GraphSpec:
        """A copy with some options set, as `--set node.option=value` does.

        Args:
            values: `node.option`, or one of the `aliases` → value.

        Raises:
            GraphError: a key that is neither, or an unknown node. `build_plan` checks the options
                and their values.
        """
        options = {node.name: dict(node.options) for node in self.nodes}
        uses = {node.name: node.use for node in self.nodes}
        for key, value in values.items():
            for target in self.aliases.get(key, (key,)):
                node, option = split_key(target, self.aliases)
                node = self.renamed.node(node, option, uses, self.where())
                if node not in options:
                    hint = did_you_mean(node, options)
                    raise GraphError(f"{self.where()}: '{key}': no node '{node}', {hint}")
                option = self.renamed.param(uses[node], option, self.where(node))
                options[node][option] = value
        nodes = [replace(node, options=options[node.name]) for node in self.nodes]
        return replace(self, nodes=nodes)


def shown(value: object, limit: int = 60) -> str:
    """A value as an error message prints it: one line, not too long."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of more digits than Python prints
        text = f"a {type(value).__name__}"
    return text if len(text) <= limit else text[: limit - 1] + "…"


def split_key(key: str, aliases: Collection[str] = ()) -> tuple[str, str]:
    """Split `node.option`.

    Raises:
        GraphError: it is not of that form; the message lists the `aliases` that would do too.
    """
    node, _, option = key.partition(".")
    if not node or not option:
        others = f", or one of {', '.join(sorted(aliases))}" if aliases else ""
        raise GraphError(f"'{key}': expected node.option, as in detect.min_score{others}")
    return node, option
