"""Options and helpers that several verbs share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from blazetrack.errors import printable

if TYPE_CHECKING:
    from blazetrack.store import Store

__all__ = ["Backend", "Every", "Graph", "Json", "Model", "Offline", "Threads", "echo", "log",
           "open_store", "print_json"]  # fmt: skip


def _complete_graphs(incomplete: str) -> list[str]:
    from blazetrack.pipeline import shipped_graphs

    return [name for name in shipped_graphs() if name.startswith(incomplete)]


def _complete_models(incomplete: str) -> list[str]:
    from blazetrack.store import Store

    infos = [model.info for model in Store(offline=True).list()]
    names = [info.name for info in infos if info.kind == "landmarks"]
    return [name for name in names if name.startswith(incomplete)]


Backend = Annotated[
    str,
    Option(help="auto, litert, tflite_runtime, tensorflow, openvino, openvino:GPU, openvino:NPU."),
]
Every = Annotated[
    str | None,
    Option(
        metavar="N|auto",
        show_default="1",
        help="Landmark network on every N-th frame, optical flow between; auto: by its error.",
    ),
]
Graph = Annotated[
    str | None,
    Option(
        "--graph",
        "-g",
        help="Graph: a name or a YAML file.",
        autocompletion=_complete_graphs,
        show_default="pose, pose_multi or pose_image, by people and source",
    ),
]
Json = Annotated[bool, Option("--json", help="Print JSON for programs, not a table.")]
Model = Annotated[
    str | None,
    Option(
        "--model",
        "-m",
        help="Landmark model: a name or a .tflite file.",
        autocompletion=_complete_models,
    ),
]
Offline = Annotated[
    bool, Option("--offline", help="Never use the network; fail if a model is missing.")
]
Threads = Annotated[
    int | None, Option(min=1, max=1024, help="Cores for the networks.", show_default="up to 4")
]


def log(line: str) -> None:
    """Print a line on stderr."""
    typer.echo(printable(line), err=True)


def echo(line: object) -> None:
    """Print a line on stdout."""
    typer.echo(printable(str(line)))


def open_store(offline: bool = False) -> Store:
    """The user's model store; it logs downloads."""
    from blazetrack.store import Store

    return Store(offline=offline or None, report=log)


def print_json(value: object) -> None:
    """Print a value as indented JSON."""
    typer.echo(json.dumps(value, indent=2))
