"""`blazetrack graph`: list, show and check graphs, and list their nodes."""

from __future__ import annotations

from typing import Annotated

import typer

from blazetrack.cli.options import Json, echo, print_json

__all__ = ["app"]

app = typer.Typer(
    help="List, show and check graphs, the YAML files that connect the stages, and list nodes.",
    no_args_is_help=True,
)


def _complete_nodes(incomplete: str) -> list[str]:
    from blazetrack.nodes import NODES

    return [name for name in NODES if name.startswith(incomplete)]


Name = Annotated[str, typer.Argument(help="A graph that ships with blazetrack, or a YAML file.")]


@app.command("list")
def list_graphs(as_json: Json = False) -> None:
    """Show the graphs that ship with blazetrack."""
    from blazetrack.pipeline import load_graph, shipped_graphs

    rows = []
    for name, path in shipped_graphs().items():
        spec = load_graph(path)
        rows.append({"name": name, "file": str(path), "nodes": len(spec.nodes)})
        rows[-1]["description"] = spec.description
    if as_json:
        print_json(rows)
        return
    for row in rows:
        echo(f"{row['name']:16} {row['nodes']:2} nodes  {row['description']:60} {row['file']}")


@app.command()
def show(name: Name, as_json: Json = False) -> None:
    """Show a graph as a table, one node per row."""
    from blazetrack.graph import describe
    from blazetrack.pipeline import load_graph

    rows = describe(load_graph(name))
    if as_json:
        print_json(rows)
        return
    widths = {key: max(len(key), *(len(row[key]) for row in rows)) for key in rows[0]}
    for row in [{key: key for key in widths}, *rows]:
        cells = (row[key].ljust(width) for key, width in widths.items())
        echo("  ".join(cells).rstrip())


@app.command()
def check(name: Name) -> None:
    """Check a graph without running it; exit code 2 and one line if it is wrong."""
    from blazetrack.graph import check_graph
    from blazetrack.nodes import NODES
    from blazetrack.pipeline import load_graph
    from blazetrack.pipeline.option_ranges import check_ranges
    from blazetrack.pipeline.running_graph import check_ends

    spec = load_graph(name)
    check_ranges(spec, NODES)
    check_graph(spec, NODES)
    check_ends(spec)
    echo(f"{name}: {len(spec.nodes)} nodes, no error")


@app.command()
def nodes(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NODE]", help="Only this node.", autocompletion=_complete_nodes),
    ] = None,
    as_json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a page.")] = False,
) -> None:
    """Show the nodes that graphs may use: ports, options, defaults and ranges."""
    from blazetrack.errors import GraphError, did_you_mean
    from blazetrack.graph import describe_nodes, nodes_as_markdown, nodes_as_text
    from blazetrack.nodes import NODES
    from blazetrack.pipeline.option_ranges import RANGES

    if name is not None and name not in NODES:
        raise GraphError(f"no node '{name}', {did_you_mean(name, NODES)}")
    rows = [row for row in describe_nodes(NODES, RANGES) if name in (None, row["use"])]
    if as_json:
        print_json(rows)
    else:
        echo(nodes_as_markdown(rows) if markdown else nodes_as_text(rows))
