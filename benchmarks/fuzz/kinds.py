"""The kinds of mutated inputs, each with the command lines that read it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from random import Random

import yaml

from benchmarks.fuzz.bases import CARDS, Bases
from benchmarks.fuzz.mutate import (
    NUMBERS,
    WORDS,
    mutate_bytes,
    mutate_json,
    mutate_text,
    near_number,
)  # fmt: skip
from blazetrack.graph.ports import read_signature
from blazetrack.nodes import NODES
from blazetrack.pipeline import load_graph

__all__ = ["COMMANDS", "Case", "make_case"]

SHORT = "synthetic?frames=3&size=160x120"
MODELS = ("--model", "blaze_lite", "--detector", "blaze_detector_lite", "--threads", "1")
FLAGS = (
    "--people", "--follow", "--tiles", "--every", "--threads", "--min-detection",
    "--min-tracking", "--smoothing", "--size", "--fps", "--start", "--end", "--max-frames",
    "--backend", "--graph", "--model", "--detector", "--schedule", "--retry",
)  # fmt: skip
SOURCE_OPTIONS = ("frames", "size", "fps", "seed", "people", "noise", "no_option")


@dataclass(frozen=True, slots=True)
class Case:
    """A command line with its input files.

    Attributes:
        args: without the program's name; files are `in/NAME` and `out/NAME`.
        files: name → bytes, of the folder `in`.
        outs: names that may be written in the folder `out`.
    """

    args: tuple[str, ...]
    files: dict[str, bytes]
    outs: tuple[str, ...] = ()


def make_case(kind: str, seed: int, number: int, bases: Bases) -> Case:
    """The case of that number; the same for the same arguments and bases."""
    return COMMANDS[kind](Random(f"{seed}/{kind}/{number}"), bases)


def _film(rng: Random, bases: Bases) -> Case:
    name = rng.choice(bases.starting("film"))
    files = {name: mutate_bytes(rng, bases.read(name))}
    return _run(f"in/{name}", files, rng.choice((("o.jsonl",), ("o.mp4", "o.jsonl"), ("o.csv",))))


def _picture(rng: Random, bases: Bases) -> Case:
    name = rng.choice(bases.starting("picture"))
    files = {name: mutate_bytes(rng, bases.read(name))}
    if rng.random() < 0.3:  # a folder with a good one beside it
        return _run("in", files | {"a.png": bases.read("picture.png")}, ("o.jsonl",))
    return _run(f"in/{name}", files, rng.choice((("o.jsonl",), ("o.png", "o.jsonl"), ("o.jpg",))))


def _run(source: str, files: dict[str, bytes], outs: tuple[str, ...], *more: str) -> Case:
    places = [arg for out in outs for arg in ("--out", f"out/{out}")]
    return Case(("run", source, *MODELS, "--max-frames", "8", *places, *more), files, outs)


def _tflite(rng: Random, bases: Bases) -> Case:
    kind = rng.choice(tuple(CARDS))
    data = bases.read(f"model_{kind}.tflite")
    tail = rng.choice((2000, 20_000, len(data)))  # the structure lies at the end of these files
    changed = data[:-tail] + mutate_bytes(rng, data[-tail:])
    files = {"m.tflite": changed, "m.tflite.yaml": bases.read(f"card_{kind}.yaml")}
    if rng.random() < 0.1:
        del files["m.tflite.yaml"]
    return _use_model(rng, kind, files)


def _card(rng: Random, bases: Bases) -> Case:
    kind = rng.choice(tuple(CARDS))
    card = _yaml(rng, bases.text(f"card_{kind}.yaml"))
    files = {"m.tflite": bases.read(f"model_{kind}.tflite"), "m.tflite.yaml": card}
    return _use_model(rng, kind, files)


def _yaml(rng: Random, text: str) -> bytes:
    """A changed text, or, as JSON is YAML, a changed value, of which fewer fail to parse."""
    if rng.random() < 0.3:
        return mutate_text(rng, text)
    return mutate_json(rng, yaml.safe_load(text)).encode("utf-8", "surrogatepass")


def _use_model(rng: Random, kind: str, files: dict[str, bytes]) -> Case:
    command = rng.choice(("info", "add", "run"))
    if command != "run":
        return Case(("models", command, "in/m.tflite"), files)
    option = {"landmarks": "--model", "detector": "--detector"}[kind]
    return _run(SHORT, files, ("o.jsonl",), option, "in/m.tflite")


def _recording(rng: Random, bases: Bases) -> Case:
    lines = bases.text("recording.jsonl").splitlines()
    if rng.random() < 0.5:
        at = rng.randrange(len(lines))
        lines[at] = mutate_json(rng, json.loads(lines[at]))
        data = "\n".join([*lines, ""]).encode("utf-8", "surrogatepass")
    else:
        data = mutate_text(rng, "\n".join([*lines, ""]))
    out = rng.choice(("o.png", "o.svg"))
    return Case(("plot", "in/r.jsonl", "--out", f"out/{out}"), {"r.jsonl": data}, (out,))


def _graph(rng: Random, bases: Bases) -> Case:
    files = {"g.yaml": _yaml(rng, bases.text(rng.choice(bases.starting("graph"))))}
    if rng.random() < 0.5:
        return Case(("graph", rng.choice(("check", "check", "show")), "in/g.yaml"), files)
    return _run(SHORT, files, ("o.jsonl",), "--graph", "in/g.yaml")


@lru_cache(maxsize=1)
def _node_options() -> tuple[str, ...]:
    """All `NODE.OPTION` of the graph for one person, and some that it has not."""
    signatures = {node.name: read_signature(NODES[node.use], node.name)
                  for node in load_graph("pose").nodes}  # fmt: skip
    known = [f"{node}.{option}" for node, one in signatures.items() for option in one.options]
    return (*known, "smooth.no_option", "no_node.min_score", "smooth", "min_pose_score")


def _options(rng: Random, bases: Bases) -> Case:
    del bases
    parts, scene, more = {"frames": "3", "size": "160x120"}, "", list[str]()
    for _ in range(rng.choice((1, 2, 3))):
        plain = f"{near_number(rng, rng.choice((1, 10, 0.5, 0.01))):g}"
        value = rng.choice((plain, plain, rng.choice(NUMBERS), rng.choice(WORDS)))
        value = value.replace("\0", "\x01")  # no argument of a process can have it
        place = rng.randrange(4)
        if place <= 1:
            more += ["--set", f"{rng.choice(_node_options())}={value}"]
        elif place == 2:
            more.append(f"{rng.choice(FLAGS)}={value}")
        else:
            scene = rng.choice(("", ":crowd", ":still", ":leaves", f":{value}"))
            parts[rng.choice(SOURCE_OPTIONS)] = value
    source = f"synthetic{scene}?" + "&".join(f"{name}={part}" for name, part in parts.items())
    return _run(source, {}, ("o.jsonl",), *more)


COMMANDS: dict[str, Callable[[Random, Bases], Case]] = {
    "film": _film,
    "picture": _picture,
    "tflite": _tflite,
    "recording": _recording,
    "graph": _graph,
    "card": _card,
    "options": _options,
}
"""Kind of input → its cases."""
