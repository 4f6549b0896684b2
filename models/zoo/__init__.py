"""Architectures by name: one file each, functional Keras, no training code.

    from models.zoo import build

    network = build("blazepose", size="lite", keypoints=5)

A new architecture is a file here and a line in `NETWORKS`; `tests/models/zoo` then tests it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from typing import Any, Literal

from blazetrack.errors import InputError, ModelError, did_you_mean
from blazetrack.model_info import Anchors

__all__ = ["NETWORKS", "Network", "anchors_of", "build", "deployed"]


@dataclass(frozen=True, slots=True)
class Network:
    """One architecture.

    Attributes:
        kind: what it is in a pipeline, as `ModelInfo.kind`.
        tiny: options of a network for tests.
    """

    kind: Literal["detector", "landmarks"]
    tiny: Mapping[str, Any]


NETWORKS: Mapping[str, Network] = {
    "blazepose": Network(
        "landmarks",
        {
            "side": 32,
            "keypoints": 5,
            "stem": 8,
            "width": (8, 16, 16),
            "depth": (0, 1, 1),
            "decoder_depth": (1, 1),
            "regression_width": (8, 16, 16),
            "regression_depth": (0, 1, 1),
            "top": 16,
            "head": 16,
        },
    ),
    "blazepose_lite": Network(
        "landmarks", {"side": 32, "keypoints": 5, "depth": (0, 0, 0, 0, 0, 0)}
    ),
    "blazeface_lite": Network("detector", {"side": 32, "depth": (0, 0, 0, 0, 0, 0)}),
    "blazeface": Network("detector", {"side": 32, "width": (8, 8, 16, 16), "depth": (0, 1, 1, 1)}),
}
"""Name → architecture; `models/zoo/<name>.py` holds a function `<name>`, `deployed` and `SIZES`."""


def build(name: str, size: str | None = None, **options: Any) -> Any:
    """A network with fresh weights, as it is trained: a `keras.Model` from picture to dict.

    Args:
        name: of the architecture.
        size: a named size of it, whose options these go on top of.
        options: arguments of the architecture's function.

    Raises:
        InputError: there is no such architecture, size or option.
    """
    function, sizes = getattr(_module(name), name), _module(name).SIZES
    if size is not None and size not in sizes:
        raise InputError(f"{name}: no size '{size}'; {did_you_mean(str(size), sizes)}")
    options = {**(sizes[size] if size else {}), **options}
    known = signature(function).parameters
    for option in options:
        if option not in known:
            raise InputError(f"{name}: no option '{option}'; {did_you_mean(option, known)}")
    return function(**options)


def anchors_of(name: str) -> Anchors:
    """Where the rows of a detector lie.

    Raises:
        InputError: there is no such architecture.
        ModelError: it is no detector.
    """
    if NETWORKS[name].kind != "detector":
        raise ModelError(f"anchors: '{name}' is no detector")
    anchors: Anchors = _module(name).ANCHORS
    return anchors


def deployed(network: Any) -> Any:
    """A network as it is exported; one that was deployed before is returned as it is.

    Raises:
        ModelError: it is of no architecture of the zoo.
    """
    if network.name not in NETWORKS:
        raise ModelError(f"deployed: '{network.name}' is none of {', '.join(sorted(NETWORKS))}")
    return _module(network.name).deployed(network)


def _module(name: str) -> Any:
    if name not in NETWORKS:
        raise InputError(f"zoo: no network '{name}'; {did_you_mean(name, NETWORKS)}")
    return import_module(f"models.zoo.{name}")
