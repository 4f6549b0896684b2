"""The options of `PoseTracker` on the command line, for the commands that have all of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import update_wrapper
from typing import Annotated, Any

from typer import Option

from blazetrack.cli.options import Backend, Every, Graph, Model, Threads

__all__ = [
    "Masks",
    "MinDetection",
    "MinTracking",
    "Smoothing",
    "takes_tracker_options",
    "tracker_options",
]

Detector = Annotated[str | None, Option(help="Detector model.")]
People = Annotated[int | None, Option(min=1, show_default="1", help="Maximum number of people.")]
Follow = Annotated[
    str | None, Option(help="Follow one of several: an id, largest, center, or x,y in pixels.")
]
Tiles = Annotated[
    int | None,
    Option(min=0, max=8, show_default="0", help="Tiles along the longer side, for small people."),
]
Masks = Annotated[
    bool,
    Option("--masks", help="Segmentation masks: tinted, in .jsonl as RLE, beside pictures as PNG."),
]
MinDetection = Annotated[
    float | None,
    Option(min=0, max=1, help="Minimum score of a detection.", show_default="of the graph"),
]
MinTracking = Annotated[
    float | None,
    Option(min=0, max=1, help="Minimum score of a person.", show_default="of the graph"),
]
Smoothing = Annotated[
    str | None,
    Option(
        metavar="off|light|strong|0..1",
        help="Strength of the filters over time.",
        show_default="0.5",
    ),
]
Settings = Annotated[
    list[str] | None, Option("--set", help="Override a graph's option: node.option=value.")
]


def tracker_options(
    model: Model = None,
    detector: Detector = None,
    graph: Graph = None,
    people: People = None,
    follow: Follow = None,
    tiles: Tiles = None,
    every: Every = None,
    threads: Threads = None,
    backend: Backend = "auto",
    masks: Masks = False,
    min_detection: MinDetection = None,
    min_tracking: MinTracking = None,
    smoothing: Smoothing = None,
    settings: Settings = None,
) -> dict[str, Any]:
    """The arguments of `PoseTracker`, from the options of a command."""
    given = dict(locals())
    from blazetrack.graph import parse_set

    settings = given.pop("settings")
    return {**given, "options": dict(parse_set(text) for text in settings or [])}


def takes_tracker_options(*without: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Decorator of a command: its parameter `tracker` stands for those of `tracker_options`.

    Args:
        without: options that the command does not have.
    """
    shared = inspect.signature(tracker_options, eval_str=True).parameters
    taken = {name: one for name, one in shared.items() if name not in without}

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        def call(**given: Any) -> None:
            picked = {name: given.pop(name) for name in taken}
            tracker = {
                name: value
                for name, value in tracker_options(**picked).items()
                if name not in without
            }
            command(tracker=tracker, **given)

        def spliced() -> Iterator[inspect.Parameter]:
            for one in inspect.signature(command, eval_str=True).parameters.values():
                yield from taken.values() if one.name == "tracker" else [one]

        parameters = [one.replace(kind=one.KEYWORD_ONLY) for one in spliced()]
        update_wrapper(call, command)
        del call.__dict__["__wrapped__"]  # typer would read its hints
        call.__annotations__ = {one.name: one.annotation for one in parameters}
        call.__dict__["__signature__"] = inspect.Signature(parameters)
        return call

    return decorate
