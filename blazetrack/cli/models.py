"""`blazetrack models`: list, fetch, inspect and add models."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blazetrack.cli.options import Json, Offline, echo, open_store, print_json
from blazetrack.errors import printable

if TYPE_CHECKING:
    from blazetrack.store import Store, StoredModel

__all__ = ["app"]

WIDE = 100  # columns of a terminal from which authors and licences are listed

app = typer.Typer(
    help="List, fetch, inspect and add models. They are kept in one folder, BLAZETRACK_HOME.",
    no_args_is_help=True,
)


@app.command()
def pull(
    names: Annotated[
        list[str] | None, typer.Argument(help="Models to fetch.", show_default="all that pip has")
    ] = None,
    offline: Offline = False,
) -> None:
    """Fetch published models into the model folder, and check their SHA-256.

    pip fetches the wheel with pose_detector and full, npm (of Node.js) the package with lite and
    heavy, so their mirrors and proxies are respected:
    PIP_INDEX_URL=https://mirror.example/simple blazetrack models pull
    """
    for model in open_store(offline).pull(names or None):
        echo(model.path)


@app.command("list")
def list_models(as_json: Json = False) -> None:
    """List the published models and your own, and whether they are on this machine."""
    models = open_store().list()
    if as_json:
        print_json([_as_dict(model) for model in models])
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    origin = ("author", "licence") if console.width >= WIDE else ()
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for title in ("name", "kind", "here", "MB", *origin):
        table.add_column(title, no_wrap=True)
    table.add_column("what it does")
    for model in models:
        here = "yes" if model.present else "no"
        size = f"{model.size / 1e6:.1f}"
        about = (model.author or "–", model.licence)[: len(origin)]
        cells = (model.info.name, model.info.kind, here, size, *about, model.sentence)
        table.add_row(*(Text(printable(cell)) for cell in cells))  # no markup: free text
    console.print(table)
    if not origin:
        echo("author and licence: blazetrack models info NAME")


@app.command()
def info(
    name: Annotated[str, typer.Argument(help="A model's name, or the path of a .tflite file.")],
    as_json: Json = False,
) -> None:
    """Show the card of a model: its input, its outputs, its file. Fetches nothing.

    For a model on this machine also the cost of a run: published → pruned (without the mask).
    Of a .tflite file without a card the tensors and a starter card, as YAML that can be redirected.
    """
    store = open_store()
    model = store.describe(name)
    if not model.described and _show_starter(store, model, as_json):
        return
    fields, costs = _as_dict(model), _costs(store, model)
    if as_json:
        print_json({**fields, "costs": costs})
        return
    from rich.console import Console

    from blazetrack.cli.summary import facts_table

    fields |= _before_and_after(costs)
    Console().print(facts_table({name: _cell(value) for name, value in fields.items()}))


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="A .tflite file or a .task bundle.")],
    name: Annotated[
        str | None,
        typer.Option("--name", help="Name of the model.", show_default="the file's name"),
    ] = None,
    card: Annotated[
        Path | None,
        typer.Option("--card", help="Its card.", show_default="mine.tflite.yaml beside the file"),
    ] = None,
) -> None:
    """Copy a model of your own into the model folder, to use it by name.

    A card describes its input and outputs, and must fit them; without one the file counts as a
    re-export of the published model. `models info mine.tflite` prints a card to start from.
    A .task bundle gives two models, NAME and NAME_detector.
    """
    for model in open_store().add(file, name, card):
        echo(model.path)


def _show_starter(store: Store, model: StoredModel, as_json: bool) -> bool:
    """Print the tensors and a starter card, unless the file is like a published model."""
    from blazetrack.errors import ModelError
    from blazetrack.store.starter_card import starter_card
    from blazetrack.store.tensors import check_fit

    tensors = store.tensors(model)
    try:
        check_fit(model.info, tensors, str(model.path))
    except ModelError:
        pass
    else:
        return False
    card, file = starter_card(model.info.name, tensors), model.path
    if as_json:
        about = {"path": str(file), "size": model.size, "sha256": model.sha256}
        print_json({**about, "tensors": asdict(tensors), "starter_card": card})
        return True
    echo(f"# {file.name} has no card. Complete this one as {file.name}.yaml beside it, or as CARD:")
    echo(f"# blazetrack models add {file.name} --card CARD".replace("\n", " "))
    echo(card.rstrip())
    return True


def _as_dict(model: StoredModel) -> dict[str, Any]:
    from blazetrack.heads import STANDARD_HEADS

    about = asdict(model)
    about.pop("described")
    skeleton = model.info.skeleton.name if model.info.skeleton else None
    head = model.info.head or STANDARD_HEADS[model.info.kind]
    fields = {**about.pop("info"), "skeleton": skeleton, "head": head}
    return {**fields, **about, "path": str(model.path)}


def _costs(store: Store, model: StoredModel) -> dict[str, dict[str, Any]]:
    """Cost of a local model, as published and pruned; a program may read the key `slim`."""
    if not model.present:
        return {}
    from blazetrack.store.prune_outputs import count

    files = {"published": model.path, "slim": store.variant(model)}
    return {which: asdict(count(path)) for which, path in files.items()}


def _before_and_after(costs: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Rows of the table: `published → pruned`."""
    rows = {
        "operators": lambda cost: f"{sum(cost['operators'].values())}",
        "multiply_adds": lambda cost: f"{cost['multiply_adds'] / 1e6:.0f} M",
        "parameters": lambda cost: f"{cost['parameters'] / 1e6:.2f} M",
        "size": lambda cost: f"{cost['size'] / 1e6:.1f} MB",
    }
    return {name: " → ".join(map(text, costs.values())) for name, text in rows.items() if costs}


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_cell(part)}" for key, part in value.items())
    if isinstance(value, tuple):
        return ", ".join(f"{part:g}" for part in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None else str(value)
