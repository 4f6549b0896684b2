"""`blazetrack graph`: list, show and check graphs."""

from __future__ import annotations

from typing import Annotated

import typer

from blazetrack.cli.options import Json, echo, print_json

__all__ = ["app"]

app = typer.Typer(
    help="List, show and check graphs: the YAML files that connect the stages.",
    no_args_is_help=True,
)

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
    from blazetrack.option_ranges import check_ranges
    from blazetrack.pipeline import load_graph

    spec = load_graph(name)
    check_ranges(spec, NODES)
    check_graph(spec, NODES)
    echo(f"{name}: {len(spec.nodes)} nodes, no error")
