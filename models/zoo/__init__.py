"""Architectures by name: one file each, functional Keras, no training code.

    from models.zoo import build

    network = build("blazepose", size="lite", keypoints=5)

A new architecture is a file here and a line in `ARCHITECTURES`, with a head of
`blazetrack.heads.HEADS`. Training, evaluation, export and `tests/models/zoo` follow from the head.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from inspect import signature
from typing import Any

import numpy as np

from blazetrack.errors import InputError, MissingExtra, ModelError, did_you_mean, warn_renamed
from blazetrack.heads import HEADS, check_head
from blazetrack.model_info import Anchors, ModelInfo
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from models.zoo.stages import stage_of

__all__ = [
    "ARCHITECTURES",
    "RENAMED",
    "Architecture",
    "Published",
    "anchors_of",
    "build",
    "current_name",
    "deployed",
    "model_info",
]


@dataclass(frozen=True, slots=True)
class Published:
    """Published counts of a named size.

    Attributes:
        parameters: in millions.
        multiply_adds: of one picture in the paper's unit, see `models.zoo.stats.paper_giga`; None
            where there are none.
        input_hw: of that picture.
        keypoints: K.
        source: where the numbers are published.
    """

    parameters: float
    multiply_adds: float | None
    input_hw: tuple[int, int]
    keypoints: int
    source: str


@dataclass(frozen=True, slots=True)
class Architecture:
    """One architecture.

    Attributes:
        head: meaning of its outputs, a name in `blazetrack.heads.HEADS`.
        tiny: arguments of a network for tests.
        head_options: options of the head, see `ModelInfo`.
        published: named size → counts of its paper, which ours equal within 3 %.
    """

    head: str
    tiny: Mapping[str, Any]
    head_options: Mapping[str, object] = field(default_factory=dict)
    published: Mapping[str, Published] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """`landmarks`, `detector` or `refinement`."""
        return HEADS[self.head].kind


HRNET_TABLE = "arXiv 1902.09212, table 1"

ARCHITECTURES: Mapping[str, Architecture] = {
    "blazepose": Architecture(
        "blazepose",
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
    "blazepose_lite": Architecture(
        "blazepose", {"side": 32, "keypoints": 5, "depth": (0, 0, 0, 0, 0, 0)}
    ),
    "blazeface_lite": Architecture("ssd", {"side": 32, "depth": (0, 0, 0, 0, 0, 0)}),
    "blazeface": Architecture("ssd", {"side": 32, "width": (8, 8, 16, 16), "depth": (0, 1, 1, 1)}),
    "deeppose": Architecture(
        "regression",
        {"side": 32, "width": (8,) * 5, "dense": (32, 32), "stride": 1, "dropout": 0.0},
        {"coordinates": "centred", "activation": "sigmoid"},
    ),
    "deeppose_refinement": Architecture(
        "displacement",
        {"side": 32, "width": (8,) * 5, "dense": (32,), "stride": 1, "dropout": 0.0},
        {"region_percent": 33},
    ),
    "efficient_localization": Architecture(
        "heatmap",
        {"side": 32, "width": (8,) * 3, "kernel": 3, "top": (16, 16), "fine": (8, 8, 8)},
        {"decoding": "windows"},
    ),
    "error_feedback": Architecture(
        "regression",
        {"side": 32, "width": (8, 8, 16), "depth": (0, 0, 1), "dense": 32, "steps": 3},
        {"coordinates": "centred", "activation": "sigmoid"},
    ),
    "openpose": Architecture(
        "paf",
        {"side": 32, "limbs": 4, "backbone": "small", "stages": 2, "width": 0.25},
        {"rules": "paper", "upsample": 4, "cells": "centre"},
        {
            "cmu": Published(
                52.3, None, (368, 368), 18, "OpenPose: pose_iter_440000.caffemodel, 209 MB float32"
            )
        },
    ),
    "simple_baseline": Architecture(
        "heatmap",
        {
            "side": 32,
            "stem": 8,
            "width": (8, 8, 16, 16),
            "depth": (1, 1, 1, 1),
            "block": "basic",
            "deconvolutions": (16, 8),
        },
        published={
            "resnet50": Published(34.0, 8.90, (256, 192), 17, HRNET_TABLE),
            "resnet101": Published(53.0, 12.4, (256, 192), 17, HRNET_TABLE),
            "resnet152": Published(68.6, 15.7, (256, 192), 17, HRNET_TABLE),
        },
    ),
    "simcc": Architecture(
        "simcc",
        {
            "side": 32,
            "stem": 8,
            "width": (8, 8, 16, 16),
            "depth": (1, 1, 1, 1),
            "block": "basic",
            "deconvolutions": (16,),
        },
    ),
    "hrnet": Architecture(
        "heatmap",
        {"side": 32, "stem": (8, 8), "first": (4, 1), "width": 8, "modules": (1, 1), "blocks": 1},
        published={
            "w32": Published(28.5, 7.10, (256, 192), 17, HRNET_TABLE),
            "w48": Published(63.6, 14.6, (256, 192), 17, HRNET_TABLE),
        },
    ),
    "stacked_hourglass": Architecture(
        "heatmap",
        {"side": 32, "stem": (8, 8, 8), "channels": 16, "stacks": 2, "halvings": 2},
        published={
            "stacks8": Published(
                25.1, 19.48, (256, 192), 17, "arXiv 1902.09212, table 1; arXiv 1711.07319, table 3"
            ),
        },
    ),
    "cpm": Architecture(
        "heatmap",
        {
            "side": 32,
            "trunk": (8, 8, 16),
            "kernels": (3, 3, 3),
            "first": (16, 16),
            "features": 8,
            "refine": 16,
            "refine_kernel": 3,
            "stages": 2,
        },
    ),
    "cascaded_hourglass": Architecture(
        "heatmap",
        {
            "side": 32,
            "stem": 8,
            "channels": (8, 8, 16),
            "hourglasses": (1, 2, 1),
            "halvings": (1, 1, 1),
        },
    ),
}
"""Name → architecture; `models/zoo/<name>.py` holds a function `<name>`, `SIZES`, and `ANCHORS`."""

RENAMED = {"blazepose_light": "blazepose_lite", "blazeface_light": "blazeface_lite"}


def build(name: str, size: str | None = None, **options: Any) -> Any:
    """A network with fresh weights, as for training: a `keras.Model` from image to dict.

    Args:
        name: of the architecture.
        size: a named size of it, whose arguments `options` override.
        options: arguments of the architecture's function.

    Raises:
        InputError: there is no such architecture, size or option.
    """
    module = _module(name)
    function, sizes = getattr(module, name), module.SIZES
    if size is not None and size not in sizes:
        raise InputError(f"{name}: no size '{size}'; {did_you_mean(str(size), sizes)}")
    options = {**(sizes[size] if size else {}), **options}
    known = signature(function).parameters
    for option in options:
        if option not in known:
            raise InputError(f"{name}: no option '{option}'; {did_you_mean(option, known)}")
    return function(**options)


def anchors_of(name: str) -> Anchors:
    """Layout of the anchors of a detector.

    Raises:
        InputError: there is no such architecture.
        ModelError: it is not a detector.
    """
    module = _module(name)
    if ARCHITECTURES[name].kind != "detector":
        raise ModelError(f"anchors: '{name}' is not a detector")
    anchors: Anchors = module.ANCHORS
    return anchors


def current_name(name: str) -> str:
    """The name of an architecture; an old one is replaced with a warning."""
    if name in RENAMED:
        warn_renamed("network.name", name, RENAMED[name])
    return RENAMED.get(name, name)


def deployed(network: Any, stages: bool = False) -> Any:
    """The network for inference: only the outputs that its head decodes, folded where it folds.

    Args:
        network: of the zoo; one that is deployed already is returned unchanged.
        stages: keep those of intermediate stages too, to evaluate them.

    Raises:
        ModelError: it is not of the zoo, or lacks an output of its head.
    """
    if network.name not in ARCHITECTURES:
        names = ", ".join(sorted(ARCHITECTURES))
        raise ModelError(f"deployed: '{network.name}' is none of {names}")
    name = ARCHITECTURES[network.name].head
    outputs = set(network.output) if isinstance(network.output, Mapping) else set()
    head = HEADS[name]
    required, known = set(head.required), {*head.required, *head.optional}
    if stages:
        known |= {output for output in outputs if stage_of(output)[0] in known}
    if required <= outputs <= known:
        return network
    fold = getattr(import_module(f"models.zoo.heads.{name}"), "fold", None)
    if fold is not None:
        return fold(network)
    if not required <= outputs:
        got = ", ".join(sorted(outputs)) or "one output"
        raise ModelError(f"deployed: expected a network of {network.name}, got one of {got}")
    import keras

    kept = {name: network.output[name] for name in sorted(outputs & known)}
    return keras.Model(network.input, kept, name=network.name)


def model_info(network: Any, name: str, skeleton: Skeleton = BLAZEPOSE33) -> ModelInfo:
    """The description of a deployed network, as its card holds it.

    Args:
        network: of the zoo, see `deployed`.
        name: of the model.
        skeleton: the keypoints of a landmark network.

    Raises:
        ModelError: its outputs do not fit the head, or the number of keypoints.
    """
    architecture = ARCHITECTURES[network.name]
    detector = architecture.kind == "detector"
    info = ModelInfo(
        name=name,
        kind=architecture.kind,
        input_hw=tuple(network.input_shape[1:3]),
        input_range=(0.0, 1.0),
        border=_border(architecture),
        outputs={output: output for output in network.output},
        skeleton=None if detector else skeleton,
        anchors=anchors_of(network.name) if detector else None,
        head=architecture.head,
        head_options=architecture.head_options,
    )
    zeros = {key: np.zeros((1, *one.shape[1:]), np.float32) for key, one in network.output.items()}
    check_head(info).decode(zeros, info)
    return info


def _border(architecture: Architecture) -> str:
    """Pixels outside the image: crops of people repeat its edge, whole images have black."""
    return "zero" if HEADS[architecture.head].several else "replicate"


def _module(name: str) -> Any:
    if name not in ARCHITECTURES:
        raise InputError(f"zoo: no network '{name}'; {did_you_mean(name, ARCHITECTURES)}")
    try:
        return import_module(f"models.zoo.{name}")
    except ModuleNotFoundError as error:
        if error.name != "keras":
            raise
        raise MissingExtra("Keras", "train") from None
